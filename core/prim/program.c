/* prim/program.c: starts a program with a pipe for its output.
 *
 * vforked rather than spawned, for the death signal, which posix_spawn cannot set. */
#include "prim/program.h"

#include "base/error.h"
#include "prim/process.h"
#include "prim/sandbox.h"
#include "prim/thread.h"
#include "prim/variables.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct start {
    char *const *arguments;
    char *const *environment;
    const char *folder;
    const struct stw_sandbox *sandbox;
    pid_t parent;
    int output;
    sigset_t mask;
    int told; /* end of a pipe that takes the child's errno, and that exec closes */
};

/* Handlers and what is ignored, so that nothing of ours runs in the child. */
static void reset_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ};
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &standard, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between vfork and exec: async-signal-safe calls alone. */
static _Noreturn void child_run(struct start *start)
{
    int input = open("/dev/null", O_RDONLY);
    reset_signals();
    int ready = input >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0
             && dup2(input, STDIN_FILENO) == STDIN_FILENO
             && dup2(start->output, STDOUT_FILENO) == STDOUT_FILENO
             && dup2(start->output, STDERR_FILENO) == STDERR_FILENO
             && close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0
             && (!start->folder || chdir(start->folder) == 0);
    if (getppid() != start->parent)
        _exit(127); /* the parent died before it was tied to it */
    if (ready && start->sandbox) {
        struct stw_error error = STW_ERROR_INIT;
        errno = EPERM;
        ready = stw_sandbox_enter(start->sandbox, &error) == STW_OK;
    }
    if (ready)
        execvpe(start->arguments[0], start->arguments, start->environment);
    int failed = errno;
    _exit(write(start->told, &failed, sizeof failed) < 0 ? 126 : 127);
}

/* A function of its own, with nothing in it that the child could spoil for the parent. */
static __attribute__((noinline)) pid_t start_child(struct start *start)
{
    pid_t pid = vfork();
    if (pid == 0)
        child_run(start);
    return pid;
}

/* 0 or an error number. No handler runs while the child has our memory; it has a copy of it where
 * vfork is fork, under ThreadSanitizer: so a pipe tells what failed. */
static int spawn(struct start *start, int32_t *pid)
{
    sigset_t all;
    int told[2], failed = 0;
    if (pipe2(told, O_CLOEXEC) != 0)
        return errno;
    sigfillset(&all);
    start->parent = getpid();
    start->told = told[1];
    pthread_sigmask(SIG_SETMASK, &all, &start->mask);
    *pid = start_child(start);
    if (*pid < 0)
        failed = errno;
    close(told[1]);
    if (*pid > 0 && read(told[0], &failed, sizeof failed) != sizeof failed)
        failed = 0; /* closed by exec */
    close(told[0]);
    pthread_sigmask(SIG_SETMASK, &start->mask, NULL);
    if (*pid > 0 && failed)
        stw_process_reap(*pid, stw_clock_ns() + STW_PROCESS_KILL_NS, NULL, NULL);
    return failed;
}

static const struct stw_sandbox *next_sandbox;

void stw_program_confine(const struct stw_sandbox *sandbox)
{
    next_sandbox = sandbox;
}

stw_status stw_program_start(char *const *arguments, const char *const *settings,
                             const char *folder, uint64_t limit_ns, struct stw_program *program,
                             struct stw_error *error)
{
    int ends[2];
    *program = (struct stw_program){
        .deadline_ns = limit_ns ? stw_clock_ns() + limit_ns : UINT64_MAX};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return stw_error_set(error, STW_E_IO, NULL, "%s: no pipe for its output: %s", arguments[0],
                             strerror(errno));
    struct stw_variables environment = {0};
    stw_variables_set_all(&environment, (const char *const *)environ);
    stw_variables_set_all(&environment, settings);
    struct start start = {
        .arguments = arguments, .environment = stw_variables_list(&environment), .folder = folder,
        .sandbox = next_sandbox, .output = ends[1]};
    int failed = spawn(&start, &program->pid);
    stw_variables_free(&environment);
    close(ends[1]);
    program->output = ends[0];
    if (!failed)
        return STW_OK;
    close(ends[0]);
    return stw_error_set(error, STW_E_IO, NULL, "%s: cannot be run: %s", arguments[0],
                         strerror(failed));
}

/* Reads more output; 0 at its end, or when the time is up. */
static int fill(struct stw_program *program)
{
    program->at = program->held = 0;
    for (;;) {
        struct pollfd output = {program->output, POLLIN, 0};
        uint64_t now_ns = stw_clock_ns();
        uint64_t left_ns = program->deadline_ns > now_ns ? program->deadline_ns - now_ns : 0;
        struct timespec left = {(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
        int ready = ppoll(&output, 1, &left, NULL);
        ssize_t got = ready > 0 ? read(program->output, program->bytes, sizeof program->bytes) : 0;
        if (got > 0)
            program->held = (uint32_t)got;
        if (got > 0 || (ready > 0 && (got == 0 || errno != EINTR)))
            return got > 0;
        if (left_ns == 0) {
            program->is_late = 1;
            kill(program->pid, SIGKILL);
            return 0;
        }
    }
}

int stw_program_line(struct stw_program *program, char *line, size_t room)
{
    size_t length = 0;
    while (length + 1 < room && (length == 0 || line[length - 1] != '\n')) {
        if (program->at == program->held && !fill(program))
            break;
        const char *from = program->bytes + program->at;
        size_t left = program->held - program->at, most = room - 1 - length;
        const char *end = memchr(from, '\n', left);
        size_t count = end ? (size_t)(end - from) + 1 : left;
        count = count < most ? count : most;
        memcpy(line + length, from, count);
        length += count;
        program->at += (uint32_t)count;
    }
    line[length] = '\0';
    return length > 0;
}

static uint64_t ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

/* A program may close its output and go on: until its time is up. */
static int await_end(struct stw_program *program, int *status, struct rusage *usage)
{
    if (program->deadline_ns == UINT64_MAX) {
        while (wait4(program->pid, status, 0, usage) < 0 && errno == EINTR)
            continue;
        return 1;
    }
    int reaped = stw_process_reap(program->pid, program->deadline_ns, status, usage);
    if (reaped != 0)
        return reaped;
    program->is_late = 1;
    kill(program->pid, SIGKILL);
    return stw_process_reap(program->pid, stw_clock_ns() + STW_PROCESS_KILL_NS, status, usage);
}

int32_t stw_program_end(struct stw_program *program)
{
    struct rusage usage = {0};
    int status = SIGKILL;
    close(program->output);
    await_end(program, &status, &usage);
    program->cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
    program->rss_peak_bytes = (uint64_t)usage.ru_maxrss * 1024u;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void stw_program_die(int32_t signal_number)
{
    signal(signal_number, SIG_DFL);
    kill(getpid(), signal_number);
}
