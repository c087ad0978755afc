/* prim/guard.c: a forked process that waits for the end of a pipe.
 *
 * Rejected: a process id namespace, whose end the system sees to: it takes root, or a user
 * namespace, in which a user's files have other owners. A parent of all workers that starts them on
 * demand: knows its descendants without a mark, but each trial would pay for two messages.
 * docs/decisions/0007-attempts.md */
#include "prim/guard.h"

#include "base/text.h"
#include "prim/proc.h"
#include "prim/process.h"
#include "prim/thread.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define HUNT_NS 5000000000ull /* what is killed may have started something meanwhile */
#define ROUND_NS 5000000

static int32_t guard_pid = -1;
static int alive = -1; /* writing end: closed by the system at the latest */

/* As a whole variable: `mark` is "NAME=VALUE". */
static int has_mark(const char *pid, const char *mark)
{
    char path[64];
    struct stw_text text = {0};
    int is_there = 0;
    snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
    stw_proc_read(path, &text);
    const char *at = stw_text_get(&text), *end = at + text.length;
    for (; at < end && !is_there; at += strlen(at) + 1)
        is_there = strcmp(at, mark) == 0;
    stw_text_free(&text);
    return is_there;
}

/* Returns how many were killed. The handle is taken first: a number may be another's by then. */
static uint32_t kill_marked(const char *mark)
{
    uint32_t killed = 0;
    DIR *all = opendir("/proc");
    for (struct dirent *entry; all && (entry = readdir(all));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        int handle = pid > 0 && pid != getpid() ? pidfd_open(pid, 0) : -1;
        if (handle >= 0 && has_mark(entry->d_name, mark))
            killed += pidfd_send_signal(handle, SIGKILL, NULL, 0) == 0;
        if (handle >= 0)
            close(handle);
    }
    if (all)
        closedir(all);
    return killed;
}

static _Noreturn void guard(int end, const char *mark)
{
    static const struct timespec rest = {0, ROUND_NS};
    char byte;
    ssize_t got;
    dup2(end, STDIN_FILENO);
    close_range(STDIN_FILENO + 1, ~0u, 0);
    setsid();
    prctl(PR_SET_NAME, "stwlab-guard");
    if (chdir("/") != 0)
        _exit(1);
    signal(SIGINT, SIG_IGN); /* of a killing of this session, from outside */
    signal(SIGTERM, SIG_IGN);
    do
        got = read(STDIN_FILENO, &byte, 1);
    while (got < 0 && errno == EINTR);
    uint64_t deadline_ns = stw_clock_ns() + HUNT_NS;
    while (got == 0 && kill_marked(mark) > 0 && stw_clock_ns() < deadline_ns)
        nanosleep(&rest, NULL);
    _exit(0);
}

void stw_guard_begin(void)
{
    int ends[2];
    char value[64];
    struct stw_text mark = {0};
    snprintf(value, sizeof value, "%d.%" PRIx64, (int)getpid(), stw_clock_ns());
    stw_text_add(&mark, STW_GUARD_MARK "=%s", value);
    if (pipe2(ends, O_CLOEXEC) == 0) {
        guard_pid = fork();
        if (guard_pid == 0)
            guard(ends[0], mark.bytes);
        close(ends[0]);
        alive = ends[1];
    }
    stw_text_free(&mark);
    if (guard_pid < 0) {
        stw_guard_end();
        return;
    }
    stw_process_spare(guard_pid);
    setenv(STW_GUARD_MARK, value, 1);
}

void stw_guard_end(void)
{
    ssize_t ignored = alive >= 0 ? write(alive, "", 1) : 0;
    (void)ignored;
    if (alive >= 0)
        close(alive);
    if (guard_pid >= 0)
        stw_process_reap(guard_pid, stw_clock_ns() + STW_PROCESS_KILL_NS, NULL, NULL);
    alive = guard_pid = -1;
    unsetenv(STW_GUARD_MARK);
}
