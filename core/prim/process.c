/* prim/process.c: starting, waiting for and finishing worker processes.
 *
 * The child is vforked, not spawned: limits, death signal and descriptors are set between vfork and
 * exec, by async-signal-safe calls alone; it writes to nothing of the parent's but its own frames.
 * A pipe that exec closes tells the parent that it worked, or which step failed. The output pipe is
 * drained while waiting, so a child that prints without end neither blocks nor fills memory.
 * The parent is a subreaper: whatever a child leaves behind becomes a child of the parent, and is
 * killed with it. Children that the parent had before its first worker are not ours to kill.
 * The price of vfork: the peak memory that the system reports for the child begins with the
 * parent's. A report that is not above that says nothing (rss_floor_bytes); what the child says of
 * itself, or what /proc said before it was killed, does.
 * Rejected: fork, which copies the parent's page tables and makes both sides fault on every page
 * that they write next: 2 to 3 ms of a null trial's 13 on a paravirtual machine; RLIMIT_AS, because
 * the heap reserves far more address space than it uses. */
#include "prim/process.h"

#include "base/error.h"
#include "base/sanitizer.h"
#include "base/text.h"
#include "prim/self.h"
#include "prim/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Room in the static TLS block for plugins whose libraries want it (jemalloc does). */
#define TUNABLES "GLIBC_TUNABLES="
#define TLS_TUNABLE "glibc.rtld.optional_static_tls=16384"

#define FREE_DESCRIPTOR 16   /* above those that the child rearranges */
#define DRAIN_READS_MAX 64   /* at once; a child may print faster than we read */
#define SWEEPS_MAX 1000      /* a descendant may fork faster than we kill */
#define RSS_SLACK_BYTES (1ull << 20) /* the kernel counts pages of a process in batches */

/* What the child reports when it cannot become the worker. */
struct failure {
    int32_t error;
    char step[28];
};

struct child {
    const struct stw_process_spec *spec;
    char **environment;
    const sigset_t *ignored; /* signals */
    pid_t parent;
    int input, output, status;
};

static void child_fail(int status, const char *step)
{
    struct failure failure = {.error = errno};
    for (size_t i = 0; step[i] && i + 1 < sizeof failure.step; i++)
        failure.step[i] = step[i];
    ssize_t ignored = write(status, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

/* What the parent ignores is the child's by default; exec resets the rest. */
static void child_reset_signals(const sigset_t *ignored)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        if (sigismember(ignored, i) == 1)
            sigaction(i, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_limits(uint64_t memory_bytes)
{
    const struct rlimit core = {0, 0}, data = {memory_bytes, memory_bytes};
    if (setrlimit(RLIMIT_CORE, &core) != 0)
        return -1;
    if (STW_ASAN || STW_TSAN)
        return 0; /* shadow memory is private and writable, and larger than any limit */
    return memory_bytes ? setrlimit(RLIMIT_DATA, &data) : 0;
}

/* 0: input, 1 and 2: output, 3: shared; all others are closed by exec. */
static int child_descriptors(int input, int output, int shared)
{
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        return -1;
    if (dup2(shared, STW_PROCESS_SHARED) < 0)
        return -1;
    return close_range(STW_PROCESS_SHARED + 1, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* Between vfork and exec, on the parent's stack. */
static _Noreturn void child_run(const struct child *child)
{
    int status = fcntl(child->status, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int input = fcntl(child->input, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int output = fcntl(child->output, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int shared = fcntl(child->spec->shared, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    if (status < 0 || input < 0 || output < 0 || shared < 0)
        child_fail(child->status, "duplicate descriptors");
    setpgid(0, 0); /* fails only when the parent's own call came first */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        child_fail(status, "tie it to its parent");
    if (getppid() != child->parent)
        _exit(127); /* the parent died before the line above */
    child_reset_signals(child->ignored);
    if (child_limits(child->spec->memory_bytes) != 0)
        child_fail(status, "limit its memory");
    if (child_descriptors(input, output, shared) != 0)
        child_fail(status, "arrange descriptors");
    execve(child->spec->executable, child->spec->arguments, child->environment);
    child_fail(status, "execute it");
    _exit(127);
}

/* Asked once: who ignores signals does so before the first worker. */
static const sigset_t *ignored_signals(void)
{
    static sigset_t ignored;
    static int is_known;
    struct sigaction action;
    if (is_known)
        return &ignored;
    sigemptyset(&ignored);
    for (int i = 1; i < NSIG; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(&ignored, i);
    is_known = 1;
    return &ignored;
}

/* A function of its own, with nothing in it that the child could spoil for the parent. */
static __attribute__((noinline)) pid_t start_child(const struct child *child)
{
    pid_t pid = vfork();
    if (pid == 0)
        child_run(child);
    return pid;
}

/* The parent's environment with our tunable; element 0 is freed with the array. */
static char **environment_new(void)
{
    size_t count = 0;
    const char *given = getenv("GLIBC_TUNABLES");
    struct stw_text tunables = {0};
    stw_text_add(&tunables, TUNABLES "%s%s" TLS_TUNABLE, given ? given : "",
                 given && *given ? ":" : "");
    while (environ && environ[count])
        count++;
    char **all = stw_new(count + 2, sizeof *all);
    size_t kept = 0;
    all[kept++] = tunables.bytes;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], TUNABLES, sizeof TUNABLES - 1) != 0)
            all[kept++] = environ[i];
    return all;
}

static void environment_free(char **environment)
{
    free(environment[0]);
    free(environment);
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

/* Reads the child's report; nothing means that exec closed the pipe. */
static int await_exec(int status, struct failure *failure)
{
    ssize_t got;
    do
        got = read(status, failure, sizeof *failure);
    while (got < 0 && errno == EINTR);
    failure->step[sizeof failure->step - 1] = '\0';
    return got == (ssize_t)sizeof *failure ? -1 : 0;
}

static stw_status system_failed(struct stw_error *error, const char *what)
{
    int code = errno;
    return stw_error_set(error, code == ENOMEM ? STW_E_NOMEM : STW_E_IO, NULL,
                         "cannot start a worker: %s: %s", what, strerror(code));
}

static stw_status parent_continue(const struct stw_process_spec *spec, int status,
                                  struct stw_process *process, struct stw_error *error)
{
    struct failure failure;
    setpgid(process->pid, process->pid); /* fails only when the child's own call came first */
    int failed = await_exec(status, &failure);
    process->handle = failed ? -1 : pidfd_open(process->pid, 0);
    if (process->handle >= 0)
        return STW_OK;
    stw_status result = failed
        ? stw_error_set(error, failure.error == ENOMEM ? STW_E_NOMEM : STW_E_IO, NULL,
                        "cannot start the worker %s: cannot %s: %s", spec->executable,
                        failure.step, strerror(failure.error))
        : system_failed(error, "pidfd_open");
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return result;
}

/* The whole of a file of /proc, or as much of it as can be read. */
static void read_proc(const char *path, struct stw_text *text)
{
    char bytes[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : 1;
    while (got > 0 || (got < 0 && errno == EINTR)) {
        got = read(file, bytes, sizeof bytes);
        if (got > 0)
            stw_text_add_bytes(text, bytes, (size_t)got);
    }
    if (file >= 0)
        close(file);
}

/* How many processes the kernel has killed for memory since it booted. */
static uint64_t count_oom_kills(void)
{
    static const char name[] = "\noom_kill ";
    struct stw_text text = {0};
    read_proc("/proc/vmstat", &text);
    const char *at = strstr(stw_text_get(&text), name);
    uint64_t count = at ? strtoull(at + sizeof name - 1, NULL, 10) : 0;
    stw_text_free(&text);
    return count;
}

/* " PID PID ... " of this process's children, zombies included. */
static void list_children(struct stw_text *text)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    stw_text_add(text, " ");
    read_proc(path, text);
}

/* The children of before the first worker. */
static struct stw_text strangers;

static void become_reaper(void)
{
    if (!strangers.length)
        list_children(&strangers);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int is_stranger(long pid)
{
    char word[32];
    snprintf(word, sizeof word, " %ld ", pid);
    return strstr(strangers.bytes, word) != NULL;
}

/* Kills and reaps the children that there are; returns how many. Theirs become ours by that. */
static uint32_t sweep_children(void)
{
    struct stw_text text = {0};
    uint32_t swept = 0;
    list_children(&text);
    char *at = text.bytes, *end;
    for (long pid = strtol(at, &end, 10); end != at; at = end, pid = strtol(at, &end, 10)) {
        if (pid <= 0 || is_stranger(pid))
            continue;
        kill((pid_t)pid, SIGKILL);
        while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        swept++;
    }
    stw_text_free(&text);
    return swept;
}

/* The pipes of a child: what it reads is a gate, or nothing at all. */
struct pipes {
    int input[2], output[2], status[2];
};

static int open_pipes(struct pipes *pipes, int is_gated)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (is_gated ? pipe2(pipes->input, O_CLOEXEC) != 0
                 : (pipes->input[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        return -1;
    return pipe2(pipes->output, O_CLOEXEC) != 0 || pipe2(pipes->status, O_CLOEXEC) != 0 ? -1 : 0;
}

static void close_pipes(struct pipes *pipes)
{
    close_pair(pipes->input);
    close_pair(pipes->output);
    close_pair(pipes->status);
}

/* Forgets an end of a pipe, which then stays open. */
static int keep_open(int *descriptor)
{
    int kept = *descriptor;
    *descriptor = -1;
    return kept;
}

stw_status stw_process_start(const struct stw_process_spec *spec, struct stw_process *process,
                             struct stw_error *error)
{
    struct pipes pipes;
    struct rusage own;
    *process = (struct stw_process){.handle = -1, .output = -1, .gate = -1,
                                    .memory_bytes = spec->memory_bytes};
    if (open_pipes(&pipes, spec->is_gated) != 0) {
        stw_status failed = system_failed(error, "pipe");
        close_pipes(&pipes);
        return failed;
    }
    struct child child = {spec, environment_new(), ignored_signals(), getpid(),
                          pipes.input[0], pipes.output[1], pipes.status[1]};
    become_reaper();
    process->oom_kills = count_oom_kills();
    process->pid = start_child(&child);
    stw_status result = process->pid < 0 ? system_failed(error, "vfork") : STW_OK;
    getrusage(RUSAGE_SELF, &own);
    process->rss_floor_bytes = (uint64_t)own.ru_maxrss * 1024u + RSS_SLACK_BYTES;
    environment_free(child.environment);
    close(keep_open(&pipes.status[1])); /* so that its end can be read */
    if (result == STW_OK)
        result = parent_continue(spec, pipes.status[0], process, error);
    if (result == STW_OK) {
        process->output = keep_open(&pipes.output[0]);
        process->gate = keep_open(&pipes.input[1]);
        fcntl(process->output, F_SETFL, O_NONBLOCK);
    }
    close_pipes(&pipes);
    return result;
}

void stw_process_open(struct stw_process *process)
{
    if (process->gate >= 0)
        close(keep_open(&process->gate));
}

void stw_process_await_gate(void)
{
    char byte;
    while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR)
        continue;
}

static void keep_tail(struct stw_process *process, const char *bytes, size_t count)
{
    const size_t room = sizeof process->tail;
    if (count > room) {
        bytes += count - room;
        count = room;
    }
    size_t old = process->tail_bytes, keep = old < room - count ? old : room - count;
    memmove(process->tail, process->tail + (old - keep), keep);
    memcpy(process->tail + keep, bytes, count);
    process->tail_bytes = (uint32_t)(keep + count);
}

/* Takes what the output pipe holds. Closes it at its end, so that polling it does not spin. */
static void drain(struct stw_process *process)
{
    char bytes[STW_PROCESS_TAIL_BYTES];
    for (int i = 0; i < DRAIN_READS_MAX && process->output >= 0; i++) {
        ssize_t got = read(process->output, bytes, sizeof bytes);
        if (got > 0) {
            keep_tail(process, bytes, (size_t)got);
        } else if (got == 0 || errno != EINTR) {
            int over = got == 0 || errno != EAGAIN;
            if (over) {
                close(process->output);
                process->output = -1;
            }
            return;
        }
    }
}

uint32_t stw_process_wait(struct stw_process *process, uint64_t deadline_ns, int wake)
{
    for (;;) {
        struct pollfd all[3] = {{process->handle, POLLIN, 0}, {process->output, POLLIN, 0},
                                {wake, POLLIN, 0}};
        uint64_t now_ns = stw_clock_ns(), left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
        struct timespec left = {(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
        int ready = ppoll(all, 3, &left, NULL);
        if (ready > 0 && all[1].revents)
            drain(process);
        if (ready > 0 && all[0].revents)
            return STW_WAIT_ENDED;
        if (ready > 0 && all[2].revents)
            return STW_WAIT_WOKEN;
        if (left_ns == 0) {
            process->rss_seen_bytes = stw_memory_of(process->pid).rss_peak_bytes;
            return STW_WAIT_DEADLINE;
        }
    }
}

static uint64_t ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

void stw_process_finish(struct stw_process *process, struct stw_process_end *end)
{
    struct rusage usage = {0};
    int status = 0;
    kill(-process->pid, SIGKILL); /* its leader is not reaped yet: the group is still ours */
    stw_process_open(process);
    while (wait4(process->pid, &status, 0, &usage) < 0 && errno == EINTR)
        continue;
    for (uint32_t i = 0; i < SWEEPS_MAX && sweep_children() > 0; i++)
        continue;
    drain(process);
    if (process->output >= 0)
        close(process->output);
    close(process->handle);
    uint64_t peak_bytes = (uint64_t)usage.ru_maxrss * 1024u;
    *end = (struct stw_process_end){
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
        .cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime),
        .rss_peak_bytes =
            peak_bytes > process->rss_floor_bytes ? peak_bytes : process->rss_seen_bytes,
        .rss_floor_bytes = process->rss_floor_bytes,
        .oom_kills = count_oom_kills() - process->oom_kills,
    };
}

stw_status stw_interrupts_begin(struct stw_interrupts *interrupts)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    interrupts->count = 0;
    interrupts->descriptor = signalfd(-1, &both, SFD_CLOEXEC | SFD_NONBLOCK);
    if (interrupts->descriptor < 0)
        return STW_E_IO;
    pthread_sigmask(SIG_BLOCK, &both, &interrupts->before);
    return STW_OK;
}

uint32_t stw_interrupts_count(struct stw_interrupts *interrupts)
{
    struct signalfd_siginfo info;
    while (read(interrupts->descriptor, &info, sizeof info) == (ssize_t)sizeof info)
        interrupts->count++;
    return interrupts->count;
}

void stw_interrupts_end(struct stw_interrupts *interrupts)
{
    stw_interrupts_count(interrupts); /* what is pending would kill when it is let through */
    close(interrupts->descriptor);
    pthread_sigmask(SIG_SETMASK, &interrupts->before, NULL);
}
