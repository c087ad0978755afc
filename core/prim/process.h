/* prim/process.h: worker processes, and the worker's crash handler.
 *
 * PR1  a child leads a process group of its own, and dies when its parent dies.
 * PR2  stw_process_finish leaves no descendant of the child alive, also not one that left its
 *      group, and reaps them all; every process that was started is finished. What cannot be
 *      ended within STW_PROCESS_KILL_NS, because the system holds on to it, is told and left.
 * PR3  the child's output never reaches the parent's terminal; the first and the last of it are
 *      kept, in memory of a fixed size, and what a killed child had written with them.
 * PR4  signals that the parent ignores or handles act on the child as they do by default; which
 *      those are is asked once, at the first start.
 * PR5  a gated child reads the end of its standard input only after stw_process_open: until then
 *      stw_process_await_gate does not return in it.
 * PR6  no wait for a child is without a bound but stw_process_wait, whose bound the caller gives;
 *      threads that made the parent their tracer are reaped as they end, so they hide no end.
 * PR7  a child with a scratch folder writes no larger file than it may take memory; its warden is
 *      asked while it is waited for.
 * One thread starts and waits: the death of the starting thread would count as the parent's. */
#ifndef STW_PRIM_PROCESS_H
#define STW_PRIM_PROCESS_H

#include "prim/warden.h"

#include <stwlab/base.h>

#include <signal.h>
#include <stdint.h>

#define STW_PROCESS_SHARED 3 /* the descriptor's number in the child */
#define STW_PROCESS_TAIL_BYTES 4096u /* of what it prints: kept of the end, */
#define STW_PROCESS_HEAD_BYTES 4096u /* and of the beginning */
#define STW_PROCESS_KILL_NS 5000000000ull /* what is killed is gone in milliseconds, or is stuck */

struct stw_process_spec {
    const char *executable;
    char *const *arguments; /* argv, null at the end */
    int shared;             /* descriptor that the child inherits as STW_PROCESS_SHARED */
    uint64_t memory_bytes;  /* limit of private writable memory (RLIMIT_DATA); 0: none */
    int is_gated;           /* PR5 */
    /* Of a child that is to enter a sandbox; else null or zero. */
    char *const *environment;  /* null at the end; null: the parent's */
    const char *scratch;       /* its working folder, without links; PR7 */
};

struct stw_process {
    int32_t pid;
    int handle; /* pidfd */
    int output; /* reading end of the child's stdout and stderr */
    int shared; /* the spec's */
    int gate;   /* writing end of a gated child's stdin, -1 once it is open */
    uint64_t memory_bytes; /* its limit, or 0 */
    uint64_t oom_kills; /* the kernel's count before it began */
    uint64_t rss_floor_bytes; /* what the kernel reports as its peak is at least so much */
    uint64_t rss_seen_bytes;  /* its peak when its time was up, or 0 */
    int has_ended;            /* without being killed by us */
    uint64_t whole_bytes;     /* what it and its children took when that was beyond its limit */
    struct stw_warden warden; /* of one with a scratch folder */
    uint64_t printed_bytes;
    uint32_t head_bytes, tail_bytes;
    char head[STW_PROCESS_HEAD_BYTES]; /* the first that it printed; not terminated */
    char tail[STW_PROCESS_TAIL_BYTES]; /* the last that it printed; not terminated */
};

struct stw_process_end {
    int32_t signal;      /* that ended it, or 0 */
    int32_t exit_status; /* when signal is 0 */
    uint64_t cpu_ns;     /* user + system */
    uint64_t rss_peak_bytes;  /* 0: not known, but not above rss_floor_bytes */
    uint64_t rss_floor_bytes; /* about as much as the parent ever had */
    uint64_t oom_kills;  /* processes that the kernel killed for memory meanwhile, on the machine */
    uint32_t left_behind; /* descendants that were alive when it had ended by itself */
    uint32_t stuck;       /* processes that are still there; it, too, then has signal SIGKILL */
    uint64_t others_cpu_ns; /* used by descendants that it did not wait for */
    uint64_t others_rss_peak_bytes; /* of the largest of them */
};

/* Returns once the executable runs. STW_E_IO or STW_E_NOMEM with the system's words. */
stw_status stw_process_start(const struct stw_process_spec *spec, struct stw_process *process,
                             struct stw_error *error);

/* Lets a gated child pass; does nothing when it may already. */
void stw_process_open(struct stw_process *process);
/* In the child: returns when the gate is open, at once when it has none. */
void stw_process_await_gate(void);

/* Why a wait returned. */
#define STW_WAIT_ENDED 0u
#define STW_WAIT_DEADLINE 1u
#define STW_WAIT_WOKEN 2u
#define STW_WAIT_FORBIDDEN 3u /* it made a call that its sandbox forbids */
#define STW_WAIT_MEMORY 4u    /* with shared mappings and children it took more than its limit */
/* Waits until the child ends, the monotonic clock reaches `deadline_ns`, the descriptor `wake` (-1:
 * none) is readable, or there is a reason to kill it. */
uint32_t stw_process_wait(struct stw_process *process, uint64_t deadline_ns, int wake);
/* Kills what is left of the child and its descendants and reaps it. */
void stw_process_finish(struct stw_process *process, struct stw_process_end *end);
/* What it printed: the first of it, and the last of what follows. Borrowed. */
struct stw_printed {
    uint64_t bytes; /* in all: more than the two together when something between them is lost */
    const char *head, *tail;
    uint32_t head_bytes, tail_bytes;
};
struct stw_printed stw_process_printed(const struct stw_process *process);
/* A child that is nobody's descendant to be killed: stw_process_finish leaves it alone. */
void stw_process_spare(int32_t pid);
/* Waits until the child `pid` has ended and reaps it, but not beyond the monotonic clock's
 * `deadline_ns`. 1: done; 0: it is still there; -1: there is no such child. `status` and `usage` as
 * wait4. */
struct rusage;
int stw_process_reap(int32_t pid, uint64_t deadline_ns, int *status, struct rusage *usage);

/* Where the crash handler writes; memory that outlives the process. */
struct stw_crash_note {
    int32_t *signal;
    uint32_t *at_limit; /* 1: private memory was within 32 MiB or 5 % of its limit */
    uint64_t *address;  /* of the fault; 0 for signals that were sent */
    uint64_t *rss_peak_bytes;
    /* If the thread has overflowed its stack: how large that is, and what `who` says of the thread,
     * in the handler. May be null, all of them. */
    uint64_t *stack_bytes;
    uint32_t *thread;
    uint32_t (*who)(void);
    /* 1: a register held `freed_word`, but for its lowest 16 bits. Null: nobody fills with it. */
    uint32_t *used_freed;
    uint64_t freed_word;
};
/* Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGSYS: notes the first, then lets it end
 * the process as it would have. */
void stw_crash_handler_install(const struct stw_crash_note *note);
/* Calls `tell` in the signal handler of a thread that has crashed, after the note (`crashed`: 1),
 * or that stw_process_ask asks (0), with where the thread is. Async-signal-safe calls only. */
struct stw_code_place;
void stw_crash_tell_install(void (*tell)(const struct stw_code_place *place, int crashed));
/* Asks a thread of the child, by its number, where it is. The thread does not go on: the child is
 * to be killed next. One that is not prepared ends with STW_ASK_SIGNAL. */
#define STW_ASK_SIGNAL SIGQUIT
void stw_process_ask(const struct stw_process *process, int32_t thread);

#endif
