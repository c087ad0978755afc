/* prim/process.h: worker processes, interrupts of the coordinator, and the worker's crash handler.
 *
 * PR1  a child leads a process group of its own, and dies when its parent dies.
 * PR2  stw_process_finish leaves no descendant of the child alive, also not one that left its
 *      group, and reaps them all; every process that was started is finished.
 * PR3  the child's output never reaches the parent's terminal; the last of it is kept.
 * PR4  signals that the parent ignores act on the child as they do by default; which those are is
 *      asked once, at the first start.
 * PR5  a gated child reads the end of its standard input only after stw_process_open: until then
 *      stw_process_await_gate does not return in it.
 * One thread starts and waits: the death of the starting thread would count as the parent's. */
#ifndef STW_PRIM_PROCESS_H
#define STW_PRIM_PROCESS_H

#include <stwlab/base.h>

#include <signal.h>
#include <stdint.h>

#define STW_PROCESS_SHARED 3 /* the descriptor's number in the child */
#define STW_PROCESS_TAIL_BYTES 4096u

struct stw_process_spec {
    const char *executable;
    char *const *arguments; /* argv, null at the end */
    int shared;             /* descriptor that the child inherits as STW_PROCESS_SHARED */
    uint64_t memory_bytes;  /* limit of private writable memory (RLIMIT_DATA); 0: none */
    int is_gated;           /* PR5 */
};

struct stw_process {
    int32_t pid;
    int handle; /* pidfd */
    int output; /* reading end of the child's stdout and stderr */
    int gate;   /* writing end of a gated child's stdin, -1 once it is open */
    uint64_t memory_bytes; /* its limit, or 0 */
    uint64_t oom_kills; /* the kernel's count before it began */
    uint64_t rss_floor_bytes; /* what the kernel reports as its peak is at least so much */
    uint64_t rss_seen_bytes;  /* its peak when its time was up, or 0 */
    uint32_t tail_bytes;
    char tail[STW_PROCESS_TAIL_BYTES]; /* the last that it printed; not terminated */
};

struct stw_process_end {
    int32_t signal;      /* that ended it, or 0 */
    int32_t exit_status; /* when signal is 0 */
    uint64_t cpu_ns;     /* user + system */
    uint64_t rss_peak_bytes;  /* 0: not known, but not above rss_floor_bytes */
    uint64_t rss_floor_bytes; /* about as much as the parent ever had */
    uint64_t oom_kills;  /* processes that the kernel killed for memory meanwhile, on the machine */
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
/* Waits until the child ends, the monotonic clock reaches `deadline_ns`, or the descriptor `wake`
 * (-1: none) is readable. */
uint32_t stw_process_wait(struct stw_process *process, uint64_t deadline_ns, int wake);
/* Kills what is left of the child and its descendants and reaps it. */
void stw_process_finish(struct stw_process *process, struct stw_process_end *end);

/* SIGINT and SIGTERM as something to be counted, not to die from. */
struct stw_interrupts {
    int descriptor; /* readable while one is pending */
    uint32_t count;
    sigset_t before;
};
stw_status stw_interrupts_begin(struct stw_interrupts *interrupts);
/* How many came since begin; one that comes twice before it is counted, counts once. */
uint32_t stw_interrupts_count(struct stw_interrupts *interrupts);
void stw_interrupts_end(struct stw_interrupts *interrupts);

/* Where the crash handler writes; memory that outlives the process. */
struct stw_crash_note {
    int32_t *signal;
    uint32_t *at_limit; /* 1: private memory was within 32 MiB or 5 % of its limit */
    uint64_t *address;  /* of the fault; 0 for signals that were sent */
    uint64_t *rss_peak_bytes;
};
/* Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGSYS: notes the first, then lets it end
 * the process as it would have. */
void stw_crash_handler_install(const struct stw_crash_note *note);

#endif
