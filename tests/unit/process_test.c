/* unit/process_test.c: worker processes are contained, timed, limited and never left behind.
 * Method: /bin/sh as the worker; it reports on its own surroundings through its exit status or its
 * output. */
#include "prim/process.h"

#include "base/error.h"
#include "base/sanitizer.h"
#include "prim/guard.h"
#include "prim/interrupt.h"
#include "prim/memory.h"
#include "prim/program.h"
#include "prim/self.h"
#include "prim/thread.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull

static struct stw_process process;

static void start_as(const char *script, uint64_t memory_bytes, int is_gated)
{
    static char shell[] = "/bin/sh", option[] = "-c";
    char *arguments[] = {shell, option, (char *)(uintptr_t)script, NULL};
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_process_spec spec = {.executable = shell, .arguments = arguments,
                                          .shared = stw_memory_share("test", 4096),
                                          .memory_bytes = memory_bytes, .is_gated = is_gated};
    cr_assert_eq(stw_process_start(&spec, &process, &error), STW_OK, "%s", error.message);
    close(spec.shared);
}

static void start_limited(const char *script, uint64_t memory_bytes)
{
    start_as(script, memory_bytes, 0);
}

static struct stw_process_end run(const char *script)
{
    struct stw_process_end end;
    start_limited(script, 0);
    cr_assert_eq(stw_process_wait(&process, stw_clock_ns() + 20 * SECOND_NS, -1), STW_WAIT_ENDED);
    stw_process_finish(&process, &end);
    return end;
}

/* The last that it printed, terminated. */
static const char *printed(void)
{
    static char text[STW_PROCESS_TAIL_BYTES + 1];
    memcpy(text, process.tail, process.tail_bytes);
    text[process.tail_bytes] = '\0';
    return text;
}

Test(process, exit_status_and_signal_are_told_apart)
{
    struct stw_process_end end = run("exit 3");
    cr_assert_eq(end.signal, 0);
    cr_assert_eq(end.exit_status, 3);
    end = run("kill -SEGV $$");
    cr_assert_eq(end.signal, SIGSEGV);
}

Test(process, costs_are_measured)
{
    struct stw_process_end end = run("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done");
    cr_assert_gt(end.cpu_ns, 1000000);
    end = run("x=$(head -c 100000000 /dev/zero | tr '\\0' a)");
    cr_assert_gt(end.rss_peak_bytes, 100000000);
    cr_assert_lt(end.rss_floor_bytes, 100000000);
}

/* The system's report begins with the parent's peak: what is not above it is not believed. */
Test(process, memory_of_a_small_child_is_not_taken_for_the_parents)
{
    struct stw_process_end end = run("exit 0");
    cr_assert_eq(end.rss_peak_bytes, 0);
    cr_assert_gt(end.rss_floor_bytes, 1000000);
    const struct stw_process_memory own = stw_memory_of(0);
    cr_assert_gt(own.rss_peak_bytes, 500000);
    cr_assert_leq(own.rss_peak_bytes, end.rss_floor_bytes);
    cr_assert_gt(own.data_bytes, 0);
    cr_assert_eq(stw_memory_of(INT32_MAX).rss_peak_bytes, 0);
}

/* prim.PR3 */
Test(process, only_the_last_output_is_kept)
{
    run("echo early; i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo line $i; done; echo end >&2");
    cr_assert_eq(process.tail_bytes, STW_PROCESS_TAIL_BYTES);
    cr_assert_not_null(strstr(printed(), "line 4000\nend\n"));
    cr_assert_null(strstr(printed(), "early"));
    run("printf hello");
    cr_assert_str_eq(printed(), "hello");
}

/* prim.PR3 */
Test(process, the_first_output_is_kept_too)
{
    run("printf hello");
    struct stw_printed kept = stw_process_printed(&process);
    cr_assert_eq(kept.bytes, 5);
    cr_assert_eq(kept.head_bytes, 5);
    cr_assert_eq(kept.tail_bytes, 0);
    cr_assert_eq(memcmp(kept.head, "hello", 5), 0);
    run("i=1000; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done");
    kept = stw_process_printed(&process);
    cr_assert_eq(kept.bytes, 5000);
    cr_assert_eq(kept.head_bytes + kept.tail_bytes, 5000, "nothing twice, nothing lost");
    cr_assert_eq(memcmp(kept.head, "1000\n", 5), 0);
    cr_assert_eq(memcmp(kept.tail + kept.tail_bytes - 5, "1999\n", 5), 0);
    run("i=1000; while [ $i -lt 9000 ]; do echo $i; i=$((i+1)); done; kill -KILL $$");
    kept = stw_process_printed(&process);
    cr_assert_eq(kept.bytes, 40000);
    cr_assert_eq(kept.head_bytes, STW_PROCESS_HEAD_BYTES);
    cr_assert_eq(kept.tail_bytes, STW_PROCESS_TAIL_BYTES);
    cr_assert_eq(memcmp(kept.head, "1000\n", 5), 0);
    cr_assert_eq(memcmp(kept.tail + kept.tail_bytes - 5, "8999\n", 5), 0);
}

/* prim.PR6 */
Test(process, endless_output_does_not_stop_the_clock)
{
    struct stw_process_end end;
    start_limited("while :; do echo noise; done", 0);
    cr_assert_eq(stw_process_wait(&process, stw_clock_ns() + SECOND_NS / 5, -1),
                 STW_WAIT_DEADLINE);
    stw_process_finish(&process, &end);
    cr_assert_eq(end.signal, SIGKILL);
}

Test(process, the_whole_group_dies_with_it)
{
    struct stw_process_end end = run("sleep 60 & echo $!");
    cr_assert_eq(end.exit_status, 0);
    pid_t grandchild = atoi(printed());
    cr_assert_gt(grandchild, 1);
    for (int i = 0; i < 200 && kill(grandchild, 0) == 0; i++) {
        char path[64], state[512] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", grandchild);
        FILE *file = fopen(path, "r");
        size_t got = file ? fread(state, 1, sizeof state - 1, file) : 0;
        if (file)
            fclose(file);
        if (got == 0 || strstr(state, ") Z"))
            return; /* dead, waiting for init */
        usleep(10000);
    }
    cr_assert(kill(grandchild, 0) != 0 && errno == ESRCH, "the grandchild lives");
}

/* prim.PR2 */
Test(process, who_leaves_the_group_dies_with_it_too)
{
    run("setsid sh -c 'setsid sleep 60 & echo $!; exec sleep 60' & sleep 0.3; echo $!");
    int first = 0, second = 0;
    cr_assert_eq(sscanf(printed(), "%d %d", &first, &second), 2, "%s", printed());
    cr_assert(kill(first, 0) != 0 && errno == ESRCH);
    cr_assert(kill(second, 0) != 0 && errno == ESRCH);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1); /* nothing left to reap */
}

Test(process, children_of_before_are_left_alone)
{
    pid_t stranger = fork();
    if (stranger == 0) {
        pause();
        _exit(0);
    }
    run("setsid sleep 60 &");
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), 0, "the stranger is gone");
    cr_assert_eq(kill(stranger, SIGKILL), 0);
    cr_assert_eq(waitpid(stranger, NULL, 0), stranger);
}

Test(process, a_wake_descriptor_ends_the_wait)
{
    int pipe_ends[2];
    struct stw_process_end end;
    cr_assert_eq(pipe(pipe_ends), 0);
    cr_assert_eq(write(pipe_ends[1], "x", 1), 1);
    start_limited("sleep 60", 0);
    cr_assert_eq(stw_process_wait(&process, UINT64_MAX, pipe_ends[0]), STW_WAIT_WOKEN);
    stw_process_finish(&process, &end);
    cr_assert_eq(end.signal, SIGKILL);
}

/* prim.PR4 of signals, and what else is inherited. */
Test(process, surroundings_are_clean)
{
    int stray = dup(1); /* not close-on-exec */
    signal(SIGINT, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    run("for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do"
        " [ -e /proc/$$/fd/$i ] && printf '%s ' $i; done; readlink /proc/$$/fd/0; ulimit -c;"
        " grep -E 'Sig(Blk|Ign)' /proc/$$/status | tr -d '\\n\\t'; echo; echo $GLIBC_TUNABLES");
    cr_assert_str_eq(printed(), "0 1 2 3 /dev/null\n0\n"
                                "SigBlk:0000000000000000SigIgn:0000000000000000\n"
                                "glibc.rtld.optional_static_tls=16384\n");
    close(stray);
}

Test(process, the_users_tunables_stay)
{
    setenv("GLIBC_TUNABLES", "glibc.malloc.check=0", 1);
    run("printf %s $GLIBC_TUNABLES");
    cr_assert_str_eq(printed(), "glibc.malloc.check=0:glibc.rtld.optional_static_tls=16384");
}

/* prim.PR1 */
Test(process, it_leads_a_group_of_its_own)
{
    run("ps -o pid=,pgid= -p $$ 2>/dev/null || cut -d' ' -f1,5 /proc/$$/stat");
    int pid = 0, group = 0;
    cr_assert_eq(sscanf(printed(), "%d %d", &pid, &group), 2);
    cr_assert_eq(pid, group);
}

#if !STW_ASAN && !STW_TSAN
Test(process, memory_is_limited)
{
    struct stw_process_end end;
    start_limited("ulimit -d", 64u << 20);
    stw_process_wait(&process, UINT64_MAX, -1);
    stw_process_finish(&process, &end);
    cr_assert_str_eq(printed(), "65536\n");
}
#endif

/* prim.PR7: dash counts blocks of 512 bytes. */
Test(process, files_are_limited_with_a_scratch_folder)
{
    char shell[] = "/bin/sh", option[] = "-c", script[] = "ulimit -f; pwd -P";
    char *arguments[] = {shell, option, script, NULL};
    struct stw_process_end end;
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_process_spec spec = {.executable = shell, .arguments = arguments,
                                          .shared = stw_memory_share("test", 4096),
                                          .memory_bytes = 64u << 20, .scratch = "/usr"};
    cr_assert_eq(stw_process_start(&spec, &process, &error), STW_OK, "%s", error.message);
    cr_assert_eq(stw_process_wait(&process, stw_clock_ns() + 20 * SECOND_NS, -1), STW_WAIT_ENDED);
    stw_process_finish(&process, &end);
    cr_assert_str_eq(printed(), "131072\n/usr\n");
}

Test(process, what_cannot_be_executed_is_an_error)
{
    char name[] = "/nonexistent/worker", *arguments[] = {name, NULL};
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_process_spec spec = {.executable = name, .arguments = arguments};
    cr_assert_eq(stw_process_start(&spec, &process, &error), STW_E_IO);
    cr_assert_str_eq(error.message, "cannot start the worker /nonexistent/worker: cannot execute "
                                    "it: No such file or directory");
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1); /* nothing left to reap */
}

/* prim.PR5 */
Test(process, a_gate_keeps_it_until_it_is_opened)
{
    struct stw_process_end end;
    start_as("cat; exit 5", 0, 1);
    cr_assert_eq(stw_process_wait(&process, stw_clock_ns() + SECOND_NS / 5, -1),
                 STW_WAIT_DEADLINE);
    stw_process_open(&process);
    stw_process_open(&process);
    cr_assert_eq(stw_process_wait(&process, stw_clock_ns() + 20 * SECOND_NS, -1), STW_WAIT_ENDED);
    stw_process_finish(&process, &end);
    cr_assert_eq(end.exit_status, 5);
}

Test(process, a_gated_one_that_is_finished_never_passes)
{
    struct stw_process_end end;
    start_as("cat; exit 5", 0, 1);
    stw_process_finish(&process, &end);
    cr_assert_eq(end.signal, SIGKILL);
}

/* What `start` starts in a process that is killed then. */
static void expect_death_with_parent(pid_t (*start)(void))
{
    int told[2];
    pid_t child = 0;
    cr_assert_eq(pipe(told), 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t started = start();
        ssize_t sent = write(told[1], &started, sizeof started);
        raise(sent == sizeof started ? SIGKILL : SIGABRT);
    }
    waitpid(parent, NULL, 0);
    cr_assert_eq(read(told[0], &child, sizeof child), (ssize_t)sizeof child);
    cr_assert_gt(child, 1);
    for (int i = 0; i < 500 && kill(child, 0) == 0; i++)
        usleep(10000);
    cr_assert(kill(child, 0) != 0 && errno == ESRCH, "the child outlives its parent");
}

static pid_t start_sleeper(void)
{
    start_limited("sleep 60", 0);
    return process.pid;
}

/* prim.PR1 */
Test(process, it_dies_with_its_parent)
{
    expect_death_with_parent(start_sleeper);
}

Test(interrupt, they_are_counted_not_died_from)
{
    struct stw_interrupts interrupts;
    cr_assert_eq(stw_interrupts_begin(&interrupts), STW_OK);
    cr_assert_eq(stw_interrupts_count(&interrupts), 0);
    raise(SIGINT);
    raise(SIGINT); /* at once after it: the same one */
    cr_assert_eq(stw_interrupts_count(&interrupts), 1);
    raise(SIGTERM);
    cr_assert_eq(stw_interrupts_count(&interrupts), 2);
    stw_interrupts_end(&interrupts);
}

/* What a forked process that interrupts itself wrote to standard error; its end. */
static int interrupted(void (*act)(void), char words[64])
{
    int ends[2], status = 0;
    memset(words, 0, 64);
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        act();
        _exit(77);
    }
    close(ends[1]);
    waitpid(child, &status, 0);
    cr_assert_geq(read(ends[0], words, 63), 0);
    close(ends[0]);
    return status;
}

static void be_interrupted(void)
{
    stw_interrupts_quit("so it ends\n", 5);
    raise(SIGTERM);
}

static void be_interrupted_thrice(void)
{
    struct stw_interrupts interrupts;
    stw_interrupts_quit("so it ends\n", 5);
    stw_interrupts_begin(&interrupts);
    for (int i = 0; i < 3; i++) {
        usleep(30000);
        raise(SIGINT);
    }
}

/* prim.IN1 */
Test(interrupt, one_that_is_not_counted_and_the_third_end_the_process)
{
    char words[64];
    void (*const acts[])(void) = {be_interrupted, be_interrupted_thrice};
    for (int i = 0; i < 2; i++) {
        int status = interrupted(acts[i], words);
        cr_assert(WIFEXITED(status));
        cr_assert_eq(WEXITSTATUS(status), 5);
        cr_assert_str_eq(words, "so it ends\n");
    }
}

/* prim.PR6: another process traces it, so that its parent cannot reap it. */
Test(process, what_cannot_be_ended_is_left_in_bounded_time)
{
    int told[2];
    struct stw_process_end end;
    cr_assert_eq(pipe(told), 0);
    pid_t stranger = fork();
    if (stranger == 0) {
        pid_t pid = 0;
        if (read(told[0], &pid, sizeof pid) != (ssize_t)sizeof pid)
            _exit(1);
        if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0)
            _exit(2);
        for (;;)
            pause();
    }
    start_limited("sleep 60", 0);
    cr_assert_eq(write(told[1], &process.pid, sizeof process.pid), (ssize_t)sizeof process.pid);
    usleep(200000);
    if (waitpid(stranger, NULL, WNOHANG) != 0)
        cr_skip_test("this system lets nobody trace");
    uint64_t began_ns = stw_clock_ns();
    stw_process_finish(&process, &end);
    cr_assert_lt(stw_clock_ns() - began_ns, 4 * STW_PROCESS_KILL_NS);
    cr_assert_eq(end.stuck, 1);
    cr_assert_eq(end.signal, SIGKILL);
    end = run("exit 3"); /* which does not wait for the other again */
    cr_assert_eq(end.exit_status, 3);
    cr_assert_eq(end.stuck, 0);
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
}

Test(process, what_it_left_behind_is_counted)
{
    struct stw_process_end end = run("exit 0");
    cr_assert_eq(end.left_behind, 0);
    end = run("sleep 60 & setsid sleep 60 & sleep 0.3");
    cr_assert_eq(end.left_behind, 2);
    end = run("true & sleep 0.3"); /* it ended before */
    cr_assert_eq(end.left_behind, 0);
}

/* A program in whose environment the mark is the end of another variable, and of all; its number
 * goes into the pipe. */
static int bystanders[2];

static void start_bystander(void)
{
    char variable[128];
    char *const environment[] = {variable, NULL};
    snprintf(variable, sizeof variable, "X=" STW_GUARD_MARK "=%s", getenv(STW_GUARD_MARK));
    pid_t bystander = fork();
    if (bystander == 0) {
        execle("/bin/sleep", "sleep", "60", (char *)NULL, environment);
        _exit(1);
    }
    cr_assert_eq(write(bystanders[1], &bystander, sizeof bystander), (ssize_t)sizeof bystander);
}

static pid_t start_under_guard(void)
{
    stw_guard_begin();
    start_bystander(); /* before: the guard comes to it first */
    start_limited("setsid sh -c 'setsid sleep 60 & echo $!' ; exec sleep 60", 0);
    stw_process_wait(&process, stw_clock_ns() + SECOND_NS, -1);
    return atoi(printed());
}

/* prim.GU1: it starts a child that leaves its session, and is killed. Who does not have the mark
 * lives on. */
Test(guard, what_a_killed_process_left_behind_dies)
{
    pid_t bystander = 0;
    cr_assert_eq(pipe(bystanders), 0);
    expect_death_with_parent(start_under_guard);
    cr_assert_eq(read(bystanders[0], &bystander, sizeof bystander), (ssize_t)sizeof bystander);
    cr_assert_eq(kill(bystander, SIGKILL), 0, "it is dead already");
}

Test(guard, one_that_is_ended_leaves_all_alone)
{
    pid_t child = 0;
    stw_guard_begin();
    cr_assert_not_null(getenv(STW_GUARD_MARK));
    child = fork();
    if (child == 0) {
        execlp("sleep", "sleep", "60", (char *)NULL);
        _exit(1);
    }
    stw_guard_end();
    cr_assert_null(getenv(STW_GUARD_MARK));
    cr_assert_eq(waitpid(child, NULL, WNOHANG), 0);
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1); /* the guard is gone */
}

static struct stw_program program;

static void start_program(const char *script, uint64_t limit_ns)
{
    static char shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, (char *)(uintptr_t)script, NULL};
    static const char *const settings[] = {"PG_TEST=yes", NULL};
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_program_start(arguments, settings, "/", limit_ns, &program, &error), STW_OK,
                 "%s", error.message);
}

Test(program, lines_and_status)
{
    char line[16];
    start_program("echo $PG_TEST; pwd; printf '%s' 0123456789abcdefXYZ; exit 4", 0);
    static const char *const lines[] = {"yes\n", "/\n", "0123456789abcde", "fXYZ"};
    for (int i = 0; i < 4; i++) {
        cr_assert(stw_program_line(&program, line, sizeof line));
        cr_assert_str_eq(line, lines[i]);
    }
    cr_assert(!stw_program_line(&program, line, sizeof line));
    cr_assert_eq(stw_program_end(&program), 4);
    char name[] = "no-such-program-here", *arguments[] = {name, NULL};
    static const char *const none[] = {NULL};
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_program_start(arguments, none, NULL, 0, &program, &error), STW_E_IO);
    cr_assert_str_eq(error.message,
                     "no-such-program-here: cannot be run: No such file or directory");
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
}

/* prim.PG1 */
Test(program, one_that_does_not_end_is_killed)
{
    char line[16];
    start_program("echo on; exec sleep 60", SECOND_NS / 2);
    cr_assert(stw_program_line(&program, line, sizeof line));
    cr_assert(!stw_program_line(&program, line, sizeof line));
    cr_assert_eq(stw_program_end(&program), -SIGKILL);
    cr_assert(program.is_late);
    start_program("exec >/dev/null 2>&1; exec sleep 60", SECOND_NS / 2);
    cr_assert(!stw_program_line(&program, line, sizeof line));
    cr_assert_eq(stw_program_end(&program), -SIGKILL);
}

static pid_t start_sleeping_program(void)
{
    start_program("exec sleep 60", 0);
    return program.pid;
}

/* prim.PG1 */
Test(program, it_dies_with_its_parent)
{
    expect_death_with_parent(start_sleeping_program);
}

#define FREED 0xdbdbdbdbdbdbdbdbu /* in every word of freed memory */

/* What the crash handler noted in a forked process that does `crash`. */
static int32_t *crash_in_child(void (*crash)(void), int *status)
{
    static int32_t *words;
    words = stw_memory_map_shared(stw_memory_share("test", 4096), 4096);
    pid_t child = fork();
    if (child == 0) {
        const struct stw_crash_note note = {words, (uint32_t *)words + 1, (uint64_t *)words + 1,
                                            (uint64_t *)words + 2, NULL, NULL, NULL,
                                            (uint32_t *)words + 6, FREED};
        stw_crash_handler_install(&note);
        crash();
        _exit(0);
    }
    waitpid(child, status, 0);
    return words;
}

static void write_at_64(void)
{
    static volatile uintptr_t address = 64;
    *(volatile int *)address = 1;
}

Test(crash, signal_and_address_are_noted)
{
    int status = 0;
    int32_t *words = crash_in_child(write_at_64, &status);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    cr_assert_eq(words[0], SIGSEGV);
    cr_assert_eq(words[1], 0);
    cr_assert_eq(*(uint64_t *)(words + 2), 64);
    cr_assert_gt(*(uint64_t *)(words + 4), 500000);
}

__attribute__((no_sanitize("alignment", "thread"))) static void follow_freed(void)
{
    static uint64_t *volatile freed = (uint64_t *)FREED;
    *(volatile uint64_t *)(freed + 2) = 1;
}

Test(crash, a_pointer_of_freed_memory_is_noticed)
{
    int status = 0;
    cr_assert_eq(crash_in_child(write_at_64, &status)[6], 0);
    int32_t *words = crash_in_child(follow_freed, &status);
    cr_assert_eq(words[0], SIGSEGV);
    cr_assert_eq(words[6], 1);
}

Test(crash, an_abort_has_no_address)
{
    int status = 0;
    int32_t *words = crash_in_child(abort, &status);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    cr_assert_eq(words[0], SIGABRT);
    cr_assert_eq(*(uint64_t *)(words + 2), 0);
}

static void *crash_together(void *barrier)
{
    pthread_barrier_wait(barrier);
    write_at_64();
    return NULL;
}

static void crash_on_four_threads(void)
{
    pthread_barrier_t barrier;
    pthread_t threads[4];
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 4; i++)
        stw_thread_start(&threads[i], 0, crash_together, &barrier);
    pause();
}

Test(crash, threads_that_crash_together_leave_a_whole_note)
{
    const struct rlimit far = {1ull << 46, 1ull << 46}; /* so the handler looks at /proc */
    cr_assert_eq(setrlimit(RLIMIT_DATA, &far), 0);
    for (int round = 0; round < 50; round++) {
        int status = 0;
        int32_t *words = crash_in_child(crash_on_four_threads, &status);
        cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        cr_assert_eq(words[0], SIGSEGV, "round %d", round);
        cr_assert_eq(*(uint64_t *)(words + 2), 64);
    }
}

static int overflow(uint32_t depth)
{
    volatile char frame[4096];
    frame[depth % sizeof frame] = 1;
    return depth ? overflow(depth - 1) + frame[0] : 0;
}

static void overflow_stack(void)
{
    _exit(overflow(1u << 20) & 1);
}

Test(crash, a_stack_overflow_is_noted)
{
    int status = 0;
    int32_t *words = crash_in_child(overflow_stack, &status);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    cr_assert_eq(words[0], SIGSEGV);
}

#if !STW_ASAN && !STW_TSAN
static void crash_for_memory(void)
{
    for (;;) {
        char *volatile block = malloc(1u << 20); /* volatile: a compiler may drop the pair */
        memset(block, 1, 1u << 20);
    }
}

Test(crash, the_memory_limit_is_noticed)
{
    const struct rlimit data = {256u << 20, 256u << 20};
    int status = 0;
    cr_assert_eq(setrlimit(RLIMIT_DATA, &data), 0);
    int32_t *words = crash_in_child(crash_for_memory, &status);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    cr_assert_eq(words[1], 1);
    words = crash_in_child(write_at_64, &status);
    cr_assert_eq(words[1], 0, "far from the limit");
}
#endif
