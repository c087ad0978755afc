/* gc/watched.h: plugin code inside a stop: whose it is, and what it does there that it may not.
 *
 * While the world is stopped every call of a plugin stands between stw__watch_begin and
 * stw__watch_end. With gc->options.watch the thread's page faults, waits and calls of malloc are
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
#ifndef STW_GC_WATCHED_H
#define STW_GC_WATCHED_H

#include "gc/watch.h"
#include "prim/usage.h"

struct stw_gc;

struct stw_watch {
    struct stw_watch_counts places[STW_WATCH_PLACES]; /* atomic adds */
    struct stw_thread_use before; /* the call under way */
    uint64_t stop_faults;         /* of the stopper, before the stop under way */
    uint32_t sees_waits, sees_allocs; /* prim/usage.h says in which builds */
};

/* Before other threads are started. */
void stw__watch_init(struct stw_gc *gc);
void stw__watch_begin(struct stw_gc *gc, uint32_t place);
void stw__watch_end(struct stw_gc *gc);
/* Around a call of the allocator that may be outside of a stop: nothing is counted. Any thread. */
void stw__watch_enter(struct stw_gc *gc, uint32_t place);
void stw__watch_leave(struct stw_gc *gc);
/* A mutator allocates: if the calling thread is inside one of these calls, the embedder is told and
 * the trial ends. Any thread. */
void stw__watch_alloc(struct stw_gc *gc);
/* Around a whole stop: its record gets the stopper's page faults. */
void stw__watch_stop_begin(struct stw_gc *gc);
void stw__watch_stop_end(struct stw_gc *gc);

#endif
