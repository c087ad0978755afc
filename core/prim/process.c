/* prim/process.c: starting, waiting for and finishing worker processes.
 *
 * The child is vforked, not spawned: limits, death signal and descriptors are set between vfork and
 * exec, by async-signal-safe calls alone; it writes to nothing of the parent's but its own frames.
 * A pipe that exec closes tells the parent that it worked, or which step failed. The output pipe is
 * drained while waiting, so a child that prints without end neither blocks nor fills memory.
 * The parent is a subreaper: whatever a child leaves behind becomes a child of the parent, and is
 * killed with it. Children that the parent had before its first worker are not ours to kill.
 * Killing goes on until nothing is left or its time is over: each round kills the children that
 * there are, which makes theirs ours. A child may have made us the tracer of its threads, or one of
 * its own descendants; then its end shows only when those are gone, and SIGCHLD tells of the first.
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
#include "prim/proc.h"
#include "prim/self.h"
#include "prim/thread.h"
#include "prim/variables.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Room in the static TLS block for plugins whose libraries want it (jemalloc does). */
#define TUNABLES "GLIBC_TUNABLES"
#define TLS_TUNABLE "glibc.rtld.optional_static_tls=16384"

#define FREE_DESCRIPTOR 16   /* above those that the child rearranges */
#define DRAIN_READS_MAX 64   /* at once; a child may print faster than we read */
#define ROUND_NS_MIN 50000u      /* between two rounds of killing, doubled each time */
#define ROUND_NS_MAX 5000000u
#define LOOK_NS 100000000u   /* between two looks at the memory of all processes of a child */
#define RSS_SLACK_BYTES (1ull << 20) /* the kernel counts pages of a process in batches */

/* What the child reports when it cannot become the worker. */
struct failure {
    int32_t error;
    char step[28];
};

struct child {
    const struct stw_process_spec *spec;
    char *const *environment;
    const sigset_t *changed; /* signals that the parent ignores or handles */
    pid_t parent;
    int input, output, status, control;
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

/* What the parent ignores is the child's by default; and none of its handlers runs here, in its
 * memory. */
static void child_reset_signals(const sigset_t *changed)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        if (sigismember(changed, i) == 1)
            sigaction(i, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int child_limits(uint64_t memory_bytes, int is_boxed)
{
    const struct rlimit core = {0, 0}, data = {memory_bytes, memory_bytes};
    if (setrlimit(RLIMIT_CORE, &core) != 0)
        return -1;
    if (is_boxed && memory_bytes && setrlimit(RLIMIT_FSIZE, &data) != 0)
        return -1;
    if (STW_ASAN || STW_TSAN)
        return 0; /* shadow memory is private and writable, and larger than any limit */
    return memory_bytes ? setrlimit(RLIMIT_DATA, &data) : 0;
}

/* 0: input, 1 and 2: output, 3: shared, 4: its warden's; all others are closed by exec. */
static int child_descriptors(int input, int output, int shared, int control)
{
    unsigned int last = STW_PROCESS_SHARED;
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        return -1;
    if (dup2(shared, STW_PROCESS_SHARED) < 0)
        return -1;
    if (control >= 0 && dup2(control, STW_WARDEN_CONTROL) < 0)
        return -1;
    last += control >= 0;
    return close_range(last + 1, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* Between vfork and exec, on the parent's stack. */
static _Noreturn void child_run(const struct child *child)
{
    int status = fcntl(child->status, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int input = fcntl(child->input, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int output = fcntl(child->output, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int shared = fcntl(child->spec->shared, F_DUPFD_CLOEXEC, FREE_DESCRIPTOR);
    int control = child->control < 0 ? -1 : fcntl(child->control, F_DUPFD_CLOEXEC,
                                                  FREE_DESCRIPTOR);
    if (status < 0 || input < 0 || output < 0 || shared < 0 || (child->control >= 0 && control < 0))
        child_fail(child->status, "duplicate descriptors");
    setpgid(0, 0); /* fails only when the parent's own call came first */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        child_fail(status, "tie it to its parent");
    if (getppid() != child->parent)
        _exit(127); /* the parent died before the line above */
    child_reset_signals(child->changed);
    if (child_limits(child->spec->memory_bytes, child->spec->scratch != NULL) != 0)
        child_fail(status, "limit its memory");
    if (child_descriptors(input, output, shared, control) != 0)
        child_fail(status, "arrange descriptors");
    if (child->spec->scratch && chdir(child->spec->scratch) != 0)
        child_fail(status, "enter its scratch folder");
    execve(child->spec->executable, child->spec->arguments, child->environment);
    child_fail(status, "execute it");
    _exit(127);
}

/* Asked once: who ignores or handles signals does so before the first worker. */
static const sigset_t *changed_signals(void)
{
    static sigset_t changed;
    static int is_known;
    struct sigaction action;
    if (is_known)
        return &changed;
    sigemptyset(&changed);
    for (int i = 1; i < NSIG; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            sigaddset(&changed, i);
    is_known = 1;
    return &changed;
}

/* A function of its own, with nothing in it that the child could spoil for the parent. */
static __attribute__((noinline)) pid_t vfork_child(const struct child *child)
{
    pid_t pid = vfork();
    if (pid == 0)
        child_run(child);
    return pid;
}

/* No handler runs while the child has our memory. */
static pid_t start_child(const struct child *child)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork_child(child);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* Adds ours to the tunables of the C library. */
static void add_tunable(struct stw_variables *environment)
{
    const char *own = stw_variables_get(environment, TUNABLES);
    struct stw_text tunables = {0};
    stw_text_add(&tunables, "%s%s" TLS_TUNABLE, own ? own : "", own && *own ? ":" : "");
    stw_variables_set_value(environment, TUNABLES, tunables.bytes);
    stw_text_free(&tunables);
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
    if (stw_process_reap(process->pid, stw_clock_ns() + STW_PROCESS_KILL_NS, NULL, NULL) == 0)
        stw_process_spare(process->pid);
    return result;
}

void stw_process_ask(const struct stw_process *process, int32_t thread)
{
    if (thread > 0)
        syscall(SYS_tgkill, process->pid, thread, STW_ASK_SIGNAL);
}

/* How many processes the kernel has killed for memory since it booted. */
static uint64_t count_oom_kills(void)
{
    static const char name[] = "\noom_kill ";
    struct stw_text text = {0};
    stw_proc_read("/proc/vmstat", &text);
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
    stw_proc_read(path, text);
}

/* The children of before the first worker. */
static struct stw_text strangers;

static void become_reaper(void)
{
    static int is_reaper;
    if (!is_reaper)
        list_children(&strangers);
    is_reaper = 1;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int is_stranger(long pid)
{
    char word[32];
    snprintf(word, sizeof word, " %ld ", pid);
    return strstr(strangers.bytes, word) != NULL;
}

/* Not ended yet: what has ended and waits for being reaped does nothing any more. */
static int is_alive(pid_t pid)
{
    char path[64];
    struct stw_text text = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    stw_proc_read(path, &text);
    const char *end = text.bytes ? strrchr(text.bytes, ')') : NULL;
    int alive = end && strlen(end) > 2 && end[2] != 'Z' && end[2] != 'X';
    stw_text_free(&text);
    return alive;
}

/* Reaps the threads of a child that made us their tracer and have ended: until then it counts as
 * running. */
static void reap_threads(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads && (entry = readdir(threads));) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0 && thread != pid)
            waitpid(thread, NULL, __WALL | WNOHANG);
    }
    if (threads)
        closedir(threads);
}

/* 1: it has ended and is reaped; 0: it runs, or is stopped; -1: there is no such child. */
static int try_reap(pid_t pid, int *status, struct rusage *usage)
{
    int how = 0;
    pid_t got;
    do
        got = wait4(pid, &how, __WALL | WNOHANG, usage);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -1;
    if (got == 0 || (!WIFEXITED(how) && !WIFSIGNALED(how)))
        return 0;
    if (status)
        *status = how;
    return 1;
}

/* Between two looks at what does not tell of its end. */
static void rest(uint64_t *round_ns)
{
    const struct timespec time = {0, (long)*round_ns};
    nanosleep(&time, NULL);
    *round_ns = 2 * *round_ns < ROUND_NS_MAX ? 2 * *round_ns : ROUND_NS_MAX;
}

int stw_process_reap(int32_t pid, uint64_t deadline_ns, int *status, struct rusage *usage)
{
    uint64_t round_ns = ROUND_NS_MIN;
    for (;;) {
        int reaped = try_reap(pid, status, usage);
        if (reaped != 0)
            return reaped;
        reap_threads(pid);
        if (stw_clock_ns() >= deadline_ns)
            return 0;
        rest(&round_ns);
    }
}

void stw_process_spare(int32_t pid)
{
    stw_text_add(&strangers, "%s%d ", strangers.length ? "" : " ", (int)pid);
}

/* What a killing has come to. */
struct killing {
    pid_t worker;        /* -1: reaped */
    int status;
    struct rusage usage; /* the worker's */
    uint32_t alive;      /* of others, when it was first looked for them */
    uint64_t others_cpu_ns, others_rss_peak_bytes;
    int has_looked;
};

static uint64_t ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static void take_usage(struct killing *killing, const struct rusage *usage)
{
    uint64_t peak_bytes = (uint64_t)usage->ru_maxrss * 1024u;
    killing->others_cpu_ns += ns_of(usage->ru_utime) + ns_of(usage->ru_stime);
    if (peak_bytes > killing->others_rss_peak_bytes)
        killing->others_rss_peak_bytes = peak_bytes;
}

/* Kills and reaps the children that there are, but not the worker; returns how many are left, some
 * of which may be ours only now. */
static uint32_t sweep_children(struct killing *killing)
{
    struct stw_text text = {0};
    uint32_t left = 0;
    list_children(&text);
    char *at = text.bytes, *end;
    for (long pid = strtol(at, &end, 10); end != at; at = end, pid = strtol(at, &end, 10)) {
        struct rusage usage;
        if (pid <= 0 || pid == killing->worker || is_stranger(pid))
            continue;
        killing->alive += !killing->has_looked && is_alive((pid_t)pid);
        kill((pid_t)pid, SIGKILL); /* not reaped yet: the number is still its own */
        reap_threads((pid_t)pid);
        if (try_reap((pid_t)pid, NULL, &usage) == 1)
            take_usage(killing, &usage);
        left++;
    }
    killing->has_looked = 1;
    stw_text_free(&text);
    return left;
}

/* Spares what could not be ended, so that the next trial does not wait for it again. */
static uint32_t leave_children(void)
{
    struct stw_text text = {0};
    uint32_t left = 0;
    list_children(&text);
    char *at = text.bytes, *end;
    for (long pid = strtol(at, &end, 10); end != at; at = end, pid = strtol(at, &end, 10))
        if (pid > 0 && !is_stranger(pid)) {
            stw_process_spare((int32_t)pid);
            left++;
        }
    stw_text_free(&text);
    return left;
}

/* Returns how many processes are still there when the time is over. */
static uint32_t end_all(struct killing *killing)
{
    uint64_t deadline_ns = stw_clock_ns() + STW_PROCESS_KILL_NS, round_ns = ROUND_NS_MIN;
    for (;;) {
        if (killing->worker >= 0 && try_reap(killing->worker, &killing->status, &killing->usage))
            killing->worker = -1;
        if (killing->worker >= 0)
            reap_threads(killing->worker);
        if (sweep_children(killing) == 0 && killing->worker < 0)
            return 0;
        if (stw_clock_ns() >= deadline_ns)
            return leave_children();
        rest(&round_ns);
    }
}

/* Readable when a child or a thread that we trace has ended; -1 when there cannot be one. */
static int ended_descriptor(void)
{
    static int descriptor = -1;
    if (descriptor >= 0)
        return descriptor;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    descriptor = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor >= 0)
        pthread_sigmask(SIG_BLOCK, &child, NULL);
    return descriptor;
}

static void take_ended(int descriptor, pid_t pid)
{
    struct signalfd_siginfo info;
    while (read(descriptor, &info, sizeof info) == (ssize_t)sizeof info)
        continue;
    reap_threads(pid);
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
    *process = (struct stw_process){.handle = -1, .output = -1, .gate = -1, .shared = spec->shared,
                                    .memory_bytes = spec->memory_bytes};
    stw_warden_init(&process->warden, spec->scratch);
    if (open_pipes(&pipes, spec->is_gated) != 0
        || (spec->scratch && stw_warden_begin(&process->warden) != STW_OK)) {
        stw_status failed = system_failed(error, "pipe");
        close_pipes(&pipes);
        stw_warden_end(&process->warden);
        return failed;
    }
    struct stw_variables environment = {0};
    stw_variables_set_all(&environment, (const char *const *)(spec->environment ? spec->environment
                                                                                : environ));
    add_tunable(&environment);
    struct child child = {spec, stw_variables_list(&environment), changed_signals(), getpid(),
                          pipes.input[0], pipes.output[1], pipes.status[1],
                          process->warden.child};
    become_reaper();
    process->oom_kills = count_oom_kills();
    process->pid = start_child(&child);
    stw_status result = process->pid < 0 ? system_failed(error, "vfork") : STW_OK;
    getrusage(RUSAGE_SELF, &own);
    process->rss_floor_bytes = (uint64_t)own.ru_maxrss * 1024u + RSS_SLACK_BYTES;
    stw_variables_free(&environment);
    stw_warden_started(&process->warden);
    close(keep_open(&pipes.status[1])); /* so that its end can be read */
    if (result == STW_OK)
        result = parent_continue(spec, pipes.status[0], process, error);
    if (result == STW_OK) {
        process->output = keep_open(&pipes.output[0]);
        process->gate = keep_open(&pipes.input[1]);
        fcntl(process->output, F_SETFL, O_NONBLOCK);
    }
    if (result != STW_OK)
        stw_warden_end(&process->warden);
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

static void keep_output(struct stw_process *process, const char *bytes, size_t count)
{
    size_t left = sizeof process->head - process->head_bytes;
    size_t first = count < left ? count : left;
    memcpy(process->head + process->head_bytes, bytes, first);
    process->head_bytes += (uint32_t)first;
    process->printed_bytes += count;
    keep_tail(process, bytes, count);
}

struct stw_printed stw_process_printed(const struct stw_process *process)
{
    uint64_t behind = process->printed_bytes - process->head_bytes;
    uint32_t last = behind < process->tail_bytes ? (uint32_t)behind : process->tail_bytes;
    return (struct stw_printed){
        .bytes = process->printed_bytes,
        .head = process->head,
        .tail = process->tail + (process->tail_bytes - last),
        .head_bytes = process->head_bytes,
        .tail_bytes = last,
    };
}

/* Takes what the output pipe holds. Closes it at its end, so that polling it does not spin. */
static void drain(struct stw_process *process)
{
    char bytes[STW_PROCESS_TAIL_BYTES];
    for (int i = 0; i < DRAIN_READS_MAX && process->output >= 0; i++) {
        ssize_t got = read(process->output, bytes, sizeof bytes);
        if (got > 0) {
            keep_output(process, bytes, (size_t)got);
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

/* 1: the child and what it started hold more memory than it may, shared mappings included, but not
 * the one that the parent gave it. */
static int is_too_large(struct stw_process *process)
{
    struct stat given;
    if (!process->memory_bytes || fstat(process->shared, &given) != 0)
        return 0;
    uint64_t bytes = stw_memory_of_tree(process->pid);
    if (bytes > process->memory_bytes + (uint64_t)given.st_blocks * 512u)
        process->whole_bytes = bytes;
    return process->whole_bytes != 0;
}

uint32_t stw_process_wait(struct stw_process *process, uint64_t deadline_ns, int wake)
{
    int ended = ended_descriptor();
    uint64_t look_ns = stw_clock_ns() + LOOK_NS;
    for (;;) {
        struct pollfd all[5] = {{process->handle, POLLIN, 0}, {process->output, POLLIN, 0},
                                {wake, POLLIN, 0},
                                {stw_warden_descriptor(&process->warden), POLLIN, 0},
                                {ended, POLLIN, 0}};
        uint64_t now_ns = stw_clock_ns(), left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
        uint64_t until_ns = look_ns > now_ns ? look_ns - now_ns : 0;
        uint64_t next_ns = until_ns < left_ns ? until_ns : left_ns;
        struct timespec next = {(time_t)(next_ns / 1000000000u), (long)(next_ns % 1000000000u)};
        int ready = ppoll(all, 5, &next, NULL);
        if (ready > 0 && all[1].revents)
            drain(process);
        if (ready > 0 && all[0].revents) {
            process->has_ended = 1;
            return STW_WAIT_ENDED;
        }
        if (ready > 0 && all[4].revents)
            take_ended(ended, process->pid);
        if (ready > 0 && all[3].revents
            && stw_warden_answer(&process->warden, all[3].revents & POLLIN))
            return STW_WAIT_FORBIDDEN;
        if (ready > 0 && all[2].revents)
            return STW_WAIT_WOKEN;
        if (left_ns == 0) {
            process->rss_seen_bytes = stw_memory_of(process->pid).rss_peak_bytes;
            return STW_WAIT_DEADLINE;
        }
        if (until_ns == 0 && is_too_large(process))
            return STW_WAIT_MEMORY;
        look_ns = until_ns == 0 ? stw_clock_ns() + LOOK_NS : look_ns;
    }
}

void stw_process_finish(struct stw_process *process, struct stw_process_end *end)
{
    struct killing killing = {.worker = process->pid, .status = SIGKILL};
    if (!process->has_ended) {
        kill(-process->pid, SIGKILL); /* its leader is not reaped yet: the group is still ours */
        pidfd_send_signal(process->handle, SIGKILL, NULL, 0); /* it may have left its group */
    }
    stw_process_open(process);
    uint32_t stuck = end_all(&killing);
    const struct rusage usage = killing.usage;
    const int status = killing.status;
    drain(process);
    stw_warden_end(&process->warden);
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
        .left_behind = process->has_ended ? killing.alive : 0,
        .stuck = stuck,
        .others_cpu_ns = killing.others_cpu_ns,
        .others_rss_peak_bytes = killing.others_rss_peak_bytes,
    };
}
