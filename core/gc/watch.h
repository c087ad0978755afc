/* gc/watch.h: plugin code inside a stop: whose it is, and what it does there that it may not.
 *
 * While the world is stopped every call of a plugin stands between stw_watch_begin and
 * stw_watch_end. With gc->options.watch the thread's page faults, waits and calls of malloc are
 * counted over the call. Allocation of managed memory, and calls of host functions that may wait,
 * are noticed always, because they would wait for a stop that cannot end: also in slots of the
 * allocator outside of stops, which a stop waits for.
 *
 * V1  a call that waited and took no page fault has blocked. One that also took page faults proves
 *     nothing: the system may make a thread wait while it serves a fault (for the lock of the
 *     address space, which other threads' mmap holds), and counts both. It is not reported; who
 *     blocks does so in other calls too.
 * V2  taking a free lock, a futex wake and sched_yield are no waits; a signal that stops the
 *     process is.
 * Threads: the one that stopped the world. */
#ifndef STW_GC_WATCH_H
#define STW_GC_WATCH_H

#include "prim/usage.h"

#define STW_CYCLE_HOOKS 16u

/* Places where plugins are called: slots of the allocator, then the cycle hooks one by one. */
#define STW_WATCH_FLUSH 0u
#define STW_WATCH_SWEEP 1u
#define STW_WATCH_CYCLE_END 2u
#define STW_WATCH_AUDIT 3u
#define STW_WATCH_RELEASE 4u
#define STW_WATCH_REFILL 5u
#define STW_WATCH_LARGE 6u
#define STW_WATCH_HOOK 7u /* + its index */
#define STW_WATCH_PLACES (STW_WATCH_HOOK + STW_CYCLE_HOOKS)
/* "flush", ..., "cycle hook"; never null. */
const char *stw_watch_place_name(uint32_t place);

/* Calls under way on threads that have no flight recorder: gc->options.under_way. An entry as of
 * stw_trace, 0: none. Atomic. */
#define STW_UNDER_WAY_STOP 0u  /* of whoever stopped the world */
#define STW_UNDER_WAY_SWEEP 1u /* of the background thread */
#define STW_UNDER_WAYS 2u

struct stw_watch_counts {
    uint64_t calls;
    uint64_t faults; /* page faults */
    uint64_t blocks; /* waits without a page fault (V1); 0 where sees_waits is */
    uint64_t allocs; /* calls of malloc & co; 0 where sees_allocs is */
};

struct stw_watch {
    struct stw_watch_counts places[STW_WATCH_PLACES];
    struct stw_thread_use before; /* the call under way */
    uint64_t stop_faults;         /* of the stopper, before the stop under way */
    uint32_t sees_waits, sees_allocs; /* prim/usage.h says in which builds */
};

struct stw_gc;
/* Before other threads are started. */
void stw_watch_init(struct stw_gc *gc);
void stw_watch_begin(struct stw_gc *gc, uint32_t place);
void stw_watch_end(struct stw_gc *gc);
/* Around a call of the allocator that may be outside of a stop: nothing is counted. Any thread. */
void stw_watch_enter(struct stw_gc *gc, uint32_t place);
void stw_watch_leave(struct stw_gc *gc);
/* A mutator allocates, or `function` of the host table is called, which may wait: if the calling
 * thread is inside one of these calls, the embedder is told and the trial ends. Any thread. */
void stw_watch_alloc(struct stw_gc *gc);
void stw_watch_wait(struct stw_gc *gc, const char *function);
/* Around a whole stop: its record gets the stopper's page faults. */
void stw_watch_stop_begin(struct stw_gc *gc);
void stw_watch_stop_end(struct stw_gc *gc);

#endif
