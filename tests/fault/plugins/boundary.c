/* fault/plugins/boundary.c: strategies that try to keep the coordinator waiting, to end it, or to
 * leave work behind. Each does so when its trial begins. */
#include <stwlab/plugin.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void spin(void)
{
    for (volatile uint64_t turns = 0;; turns++)
        if (turns == UINT64_MAX)
            return;
}

/* joins-group: the coordinator's, so that killing the worker's own misses it. */
static void join(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self, (void)next, (void)m;
    setpgid(0, getpgid(getppid()));
    spin();
}

/* traced: one thread makes the coordinator its tracer, the process ends in another. */
static void *be_traced(void *unused)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    for (;;)
        pause();
    return unused;
}

static void trace(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    pthread_t thread;
    (void)self, (void)next, (void)m;
    if (pthread_create(&thread, NULL, be_traced, NULL) == 0)
        usleep(50000);
    _exit(0);
}

/* leaves-child: one that nobody waits for, in a session of its own. */
static void leave(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        setsid();
        for (;;)
            pause();
    }
    waitpid(child, NULL, 0);
    stw_next_begin(next, m);
}

/* leaves-and-spins: likewise, and goes on for ever. */
static void leave_and_spin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    leave(self, next, m);
    spin();
}

/* kills-coordinator */
static void kill_parent(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    kill(getppid(), SIGKILL);
    stw_next_begin(next, m);
}

#define STRATEGY(name, slot)                                                                       \
    static const struct stw_strategy_ops name = {.struct_size = sizeof name, .begin = slot}
STRATEGY(joins_group, join);
STRATEGY(traced, trace);
STRATEGY(leaves_child, leave);
STRATEGY(leaves_and_spins, leave_and_spin);
STRATEGY(kills_coordinator, kill_parent);

STW_MANIFEST(STW_PLUGIN("strategy", "joins-group", "Joins the coordinator's process group")
             STW_PLUGIN("strategy", "traced", "Has a thread that the coordinator traces")
             STW_PLUGIN("strategy", "leaves-child", "Leaves a process behind")
             STW_PLUGIN("strategy", "leaves-and-spins", "Leaves a process behind, and goes on")
             STW_PLUGIN("strategy", "kills-coordinator", "Kills the coordinator"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "joins-group", &joins_group),
           STW_OFFER(STW_KIND_STRATEGY, "traced", &traced),
           STW_OFFER(STW_KIND_STRATEGY, "leaves-child", &leaves_child),
           STW_OFFER(STW_KIND_STRATEGY, "leaves-and-spins", &leaves_and_spins),
           STW_OFFER(STW_KIND_STRATEGY, "kills-coordinator", &kills_coordinator));
