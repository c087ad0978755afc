/* unit/sandbox_test.c: what a sandboxed process may do, and what its warden says to the rest.
 *
 * Method: a child enters the sandbox with a scratch folder, does one thing and exits with 0 if that
 * succeeded; meanwhile the test is its warden. Nothing that is forbidden may have been done. */
#include "prim/sandbox.h"

#include "base/error.h"
#include "prim/calls.h"
#include "prim/warden.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/stw-sandbox.XXXXXX";
static char scratch[64];
static struct stw_warden warden;

static void open_base(void)
{
    if (!stw_sandbox_support().filters)
        cr_skip_test("this build or kernel has no sandbox");
    cr_assert_not_null(mkdtemp(base));
    cr_assert_eq(chdir(base), 0);
    snprintf(scratch, sizeof scratch, "%s/scratch", base);
    cr_assert_eq(mkdir("scratch", 0700), 0);
    cr_assert_eq(mkdir("scratch-not", 0700), 0);
    cr_assert_eq(symlink("..", "scratch/up"), 0);
    cr_assert_eq(symlink("missing", "scratch/dangling"), 0);
    cr_assert_geq(open("canary", O_CREAT | O_WRONLY, 0600), 0);
    cr_assert_geq(open("scratch/own", O_CREAT | O_WRONLY, 0600), 0);
}

static void close_base(void)
{
    struct stat about;
    char command[128];
    if (!scratch[0])
        return;
    cr_assert_eq(stat("canary", &about), 0, "the canary is gone");
    cr_assert_eq(about.st_mode & 07777, 0600);
    cr_assert_eq(access("left", F_OK), -1, "something was left outside");
    snprintf(command, sizeof command, "rm -rf %s", base);
    cr_assert_eq(system(command), 0);
}

TestSuite(sandbox, .init = open_base, .fini = close_base);

/* In the child. */
static _Noreturn void enter_and_do(uint32_t permitted, int (*what)(void))
{
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_sandbox sandbox = {.permitted = permitted, .control = warden.child};
    if (chdir(scratch) != 0 || stw_sandbox_enter(&sandbox, &error) != STW_OK)
        _exit(99);
    _exit(what() == 0 ? 0 : 1);
}

/* Its exit status; -1: it was killed for what it called. */
static int run_as(uint32_t permitted, int (*what)(void))
{
    int status = 0, is_forbidden = 0;
    stw_warden_init(&warden, scratch);
    cr_assert_eq(stw_warden_begin(&warden), STW_OK);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        enter_and_do(permitted, what);
    stw_warden_started(&warden);
    while (!is_forbidden && stw_warden_descriptor(&warden) >= 0) {
        struct pollfd asked = {stw_warden_descriptor(&warden), POLLIN, 0};
        cr_assert_gt(poll(&asked, 1, 10000), 0, "the child neither ends nor asks");
        is_forbidden = stw_warden_answer(&warden, asked.revents & POLLIN);
    }
    if (is_forbidden)
        kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, &status, 0), child);
    stw_warden_end(&warden);
    if (is_forbidden)
        return -1;
    cr_assert(WIFEXITED(status), "signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* prim.SB4: it is named, with the path. */
static void expect_forbidden_to(uint32_t permitted, int (*what)(void), const char *call,
                                const char *path)
{
    cr_assert_eq(run_as(permitted, what), -1, "%s was not forbidden", call);
    cr_assert(warden.forbidden.is_set);
    const char *title = stw_call_title(warden.forbidden.call);
    cr_assert_str_eq(title ? title : "?", call);
    cr_assert_str_eq(warden.forbidden.path, path);
}

static void expect_forbidden(int (*what)(void), const char *call, const char *path)
{
    expect_forbidden_to(0, what, call, path);
}

/* A function that does it and returns whether that failed. */
#define DO(name, ...) static int name(void) { return (__VA_ARGS__); }

/* Files: prim.SB1. */

DO(create, open("new", O_CREAT | O_WRONLY, 0600) < 0)
DO(make_below, mkdir("d", 0700) || mkdir("d/e", 0700) || rename("d/e", "f") || rmdir("d/../f")
   || unlink("own") || symlink("/etc/passwd", "s") || unlink("./s"))
DO(without_name, open(scratch, O_TMPFILE | O_WRONLY, 0600) < 0)
DO(null_device, open("/dev/null", O_WRONLY) < 0)
DO(reads_outside, open("../canary", O_RDONLY) < 0 || open("/proc/self/status", O_RDONLY) < 0)
DO(nowhere, open("missing/x", O_CREAT | O_WRONLY, 0600) >= 0)

Test(sandbox, its_scratch_folder_is_its_own)
{
    cr_assert_eq(run_as(0, create), 0);
    cr_assert_eq(run_as(0, make_below), 0);
    cr_assert_eq(run_as(0, without_name), 0);
    cr_assert_eq(run_as(0, null_device), 0);
    cr_assert_eq(run_as(0, reads_outside), 0);
    cr_assert_eq(run_as(0, nowhere), 0);
    cr_assert_eq(access("scratch/new", F_OK), 0);
}

DO(parent, open("../left", O_CREAT | O_WRONLY, 0600) < 0)
DO(dots, open("./../scratch/../left", O_CREAT | O_WRONLY, 0600) < 0)
DO(absolute, open("/tmp/../tmp/left", O_CREAT | O_WRONLY, 0600) < 0)
DO(likeness, open("../scratch-not/left", O_CREAT | O_WRONLY, 0600) < 0)
DO(through_link, open("up/canary", O_WRONLY | O_TRUNC) < 0)
DO(link_at_end, symlink("../canary", "l") || open("l", O_WRONLY) < 0)
DO(dangling, open("dangling", O_CREAT | O_WRONLY, 0600) < 0)
DO(hard_link, link("../canary", "mine"))
DO(take, rename("../canary", "mine"))
DO(give, rename("own", "../left"))
DO(own_folder, rmdir("../scratch"))
DO(up_itself, rmdir(".."))
DO(by_descriptor, unlinkat(open("..", O_RDONLY | O_DIRECTORY), "canary", 0))
DO(after_chdir, chdir("..") || open("left", O_CREAT | O_WRONLY, 0600) < 0)
DO(mode, chmod("own", 0644))
DO(times, utimensat(AT_FDCWD, "own", NULL, 0))

static int lock(void)
{
    struct flock whole = {.l_type = F_RDLCK};
    return fcntl(open("../canary", O_RDONLY), F_SETLK, &whole);
}

Test(sandbox, nothing_outside_is_changed)
{
    expect_forbidden(parent, "openat", "../left");
    expect_forbidden(dots, "openat", "./../scratch/../left");
    expect_forbidden(absolute, "openat", "/tmp/../tmp/left");
    expect_forbidden(likeness, "openat", "../scratch-not/left");
    expect_forbidden(through_link, "openat", "up/canary");
    expect_forbidden(link_at_end, "openat", "l");
    expect_forbidden(dangling, "openat", "dangling");
    expect_forbidden(hard_link, "link", "../canary");
    expect_forbidden(take, "rename", "../canary");
    expect_forbidden(give, "rename", "../left");
    expect_forbidden(own_folder, "rmdir", "../scratch");
    expect_forbidden(up_itself, "rmdir", "..");
    expect_forbidden(by_descriptor, "unlinkat", "canary");
    expect_forbidden(after_chdir, "openat", "left");
    expect_forbidden(mode, "chmod", "");
    expect_forbidden(times, "utimensat", "");
    expect_forbidden(lock, "fcntl", "");
}

/* prim.WA1: a path that changes between the two looks. One thread turns a link to and fro, the
 * other opens through it: the warden says no, or the kernel does, or it was the scratch folder. */
static void *turn(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
        rename("in", "way");
        symlink(".", "in");
        rename("out", "way");
        symlink("..", "out");
    }
    return NULL;
}

static int race(void)
{
    static int stop;
    pthread_t thread;
    if (symlink(".", "in") != 0 || symlink("..", "out") != 0
        || pthread_create(&thread, NULL, turn, &stop) != 0)
        return -1;
    for (int i = 0; i < 300; i++) {
        int file = open("way/left", O_CREAT | O_WRONLY, 0600);
        if (file >= 0)
            close(file);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    return pthread_join(thread, NULL);
}

Test(sandbox, a_race_with_the_warden_wins_nothing)
{
    if (!stw_sandbox_support().landlock)
        cr_skip_test("the kernel has no Landlock");
    for (int i = 0; i < 10; i++)
        run_as(0, race); /* close_base looks for what it may have made */
}

/* Processes, and what it is: prim.SB2, prim.SB3. */

DO(open_socket, socket(AF_INET, SOCK_STREAM, 0) < 0)
DO(start, fork() < 0)
DO(execute, execl("/bin/true", "true", NULL))
DO(signal_self, kill(getpid(), 0))
DO(signal_parent, kill(getppid(), SIGTERM))
DO(signal_all, kill(-1, 0))
DO(own_filter, prctl(PR_SET_SECCOMP, 2, NULL))
DO(unknown, syscall(500) < 0)
DO(write_foreign_memory, open("/proc/1/mem", O_RDWR) < 0)

/* Whether a file of its parent's in /proc can be read. */
static int reads(const char *name)
{
    char path[64], byte;
    snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
    int file = open(path, O_RDONLY);
    return file >= 0 && read(file, &byte, 1) == 1;
}
DO(sees_parent, reads("environ") || reads("maps") || reads("smaps") || reads("mem")
   || reads("auxv") || reads("syscall") || reads("stack"))

static int pin(pid_t thread)
{
    cpu_set_t all;
    return sched_getaffinity(0, sizeof all, &all) || sched_setaffinity(thread, sizeof all, &all);
}
DO(pin_parent, pin(getppid()))
DO(pin_self, pin(gettid()))

static int limit(__rlimit_resource_t which)
{
    struct rlimit own;
    return getrlimit(which, &own) || setrlimit(which, &own);
}
DO(limit_time, limit(RLIMIT_CPU))
DO(limit_files, limit(RLIMIT_NOFILE))

Test(sandbox, memory_of_others_is_not_seen)
{
    if (!stw_sandbox_support().landlock)
        cr_skip_test("the kernel has no Landlock");
    cr_assert_eq(run_as(0, sees_parent), 0);
    cr_assert_eq(run_as((1u << STW_PERMITS) - 1, sees_parent), 0);
}

Test(sandbox, others_are_out_of_its_reach)
{
    expect_forbidden(open_socket, "socket", "");
    expect_forbidden(start, "clone", "");
    expect_forbidden(execute, "execve", "");
    expect_forbidden(signal_parent, "kill", "");
    expect_forbidden(signal_all, "kill", "");
    expect_forbidden(pin_parent, "sched_setaffinity", "");
    expect_forbidden(limit_time, "prlimit64", "");
    expect_forbidden(own_filter, "prctl", "");
    expect_forbidden(unknown, "?", ""); /* prim.CL1 */
    expect_forbidden(write_foreign_memory, "openat", "/proc/1/mem");
}

static void *call_socket(void *unused)
{
    (void)unused;
    socket(AF_INET, SOCK_STREAM, 0);
    return NULL;
}

static int in_a_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, call_socket, NULL) || pthread_join(thread, NULL);
}

static int blocked(void) /* prim.SB4 */
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

Test(sandbox, itself_is_within_its_reach_and_threads_are_no_way_out)
{
    cr_assert_eq(run_as(0, signal_self), 0);
    cr_assert_eq(run_as(0, pin_self), 0);
    cr_assert_eq(run_as(0, limit_files), 0);
    expect_forbidden(in_a_thread, "socket", "");
    expect_forbidden(blocked, "socket", "");
}

DO(program_signals, system("kill -0 1 2>/dev/null; kill -0 $$")) /* 1 is no child */
DO(program_writes, system("echo x >../left"))

Test(sandbox, permissions_are_for_what_they_name)
{
    cr_assert_eq(run_as(STW_PERMIT_NETWORK, open_socket), 0);
    cr_assert_eq(run_as(STW_PERMIT_FILES, mode), 0);
    cr_assert_eq(run_as(STW_PERMIT_FILES, lock), 0);
    cr_assert_eq(run_as(STW_PERMIT_PROCESSES, program_signals), 0);
    cr_assert_eq(run_as(STW_PERMIT_SCHEDULING, limit_time), 0);
    expect_forbidden_to(STW_PERMIT_FILES, open_socket, "socket", "");
    expect_forbidden_to(STW_PERMIT_NETWORK, parent, "openat", "../left");
    expect_forbidden_to(STW_PERMIT_SCHEDULING, start, "clone", "");
    expect_forbidden_to(STW_PERMIT_PROCESSES, program_writes, "openat", "../left"); /* prim.SB3 */
}

/* prim.WA2: the filter's end is not in the process any more, so it cannot answer itself. */
static int has_no_end(void)
{
    for (int i = 3; i < 256; i++) {
        char path[32], what[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", i);
        if (readlink(path, what, sizeof what - 1) > 0 && strstr(what, "seccomp"))
            return -1;
    }
    return fcntl(warden.child, F_GETFD) < 0 ? 0 : -1;
}

Test(sandbox, the_wardens_end_does_not_stay_in_the_process)
{
    cr_assert_eq(run_as(0, has_no_end), 0);
}

/* Until the process has ended nobody is left to ask; polling its end would return at once. */
DO(nothing, 0)

Test(sandbox, a_warden_without_anybody_in_its_sandbox_is_not_polled)
{
    cr_assert_eq(run_as(0, nothing), 0);
    cr_assert_eq(stw_warden_descriptor(&warden), -1);
}

/* Costs. Without SPEC_ALLOW a kernel that finds the mitigation useful turns it on in the child. */

static char before[128];

static void speculation(char text[128])
{
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    text[0] = '\0';
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "Speculation_Store_Bypass", 24) == 0)
            snprintf(text, 128, "%s", line);
    if (status)
        fclose(status);
}

static int speculates_as_before(void)
{
    char now[128];
    speculation(now);
    return strcmp(now, before) == 0 ? 0 : -1;
}

Test(sandbox, no_mitigation_is_turned_on_by_entering)
{
    speculation(before);
    cr_assert_eq(run_as(0, speculates_as_before), 0);
}

/* prim.CL2: of what may reach others, nothing is allowed as it is; permissions change their own
 * only. */
Test(sandbox, the_table_allows_nothing_that_reaches_out)
{
    static const uint32_t out[] = {SYS_open, SYS_openat, SYS_unlink, SYS_rename, SYS_chmod,
        SYS_chown, SYS_socket, SYS_connect, SYS_sendmsg, SYS_clone, SYS_fork, SYS_vfork,
        SYS_execve, SYS_kill, SYS_tkill, SYS_tgkill, SYS_setsid, SYS_setpgid, SYS_ptrace,
        SYS_prlimit64, SYS_setpriority, SYS_sched_setaffinity, SYS_mount, SYS_bpf,
        SYS_io_uring_setup, SYS_shmget, SYS_keyctl, SYS_prctl, SYS_ioctl, SYS_fcntl, SYS_seccomp};
    static const uint32_t never[] = {SYS_ptrace, SYS_mount, SYS_bpf, SYS_io_uring_setup,
        SYS_keyctl, SYS_prctl, SYS_ioctl, SYS_seccomp, SYS_unshare, SYS_setns, SYS_reboot};
    uint8_t rules[STW_CALLS_TABLE];
    stw__calls_rules(0, rules);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        cr_assert_neq(rules[out[i]], STW_RULE_ALLOW, "%u", out[i]);
    for (uint32_t i = 470; i < STW_CALLS_TABLE; i++)
        cr_assert_eq(rules[i], STW_RULE_FORBID, "%u", i); /* prim.CL1 */
    stw__calls_rules((1u << STW_PERMITS) - 1, rules);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        cr_assert_neq(rules[never[i]], STW_RULE_ALLOW, "%u", never[i]);
}
