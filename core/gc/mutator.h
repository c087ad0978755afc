/* gc/mutator.h: the collector's record of a mutator, and its runs (mutator.c). */
#ifndef STW_GC_MUTATOR_H
#define STW_GC_MUTATOR_H

#include "gc/block.h"
#include "gc/mark.h"
#include "gc/processors.h"
#include "gc/taken.h"
#include "prim/thread.h"

#include <stwlab/mutator.h>

#define STW_FRAME_WORDS 16u

/* Bits of stw_mutator.poll, served in this order. */
#define STW_POLL_STOP 1u    /* park until the world starts */
#define STW_POLL_CACHES 2u  /* give cached spans back: a mark phase ended */
#define STW_POLL_SCAN 4u    /* scan your stack */
#define STW_POLL_FLUSH 8u   /* flush your barrier buffer */
#define STW_POLL_YIELD 16u  /* pass your processor on */
#define STW_POLL_WORK 32u   /* do your fraction of marking */

/* stw_mutator_record.state */
#define STW_STATE_RUNNING 0u
#define STW_STATE_PARKED 1u  /* at a safepoint, while the world is stopped */
#define STW_STATE_BLOCKED 2u /* outside managed code; counts as stopped */
#define STW_STATE_HELD 3u    /* blocked, and a collector thread works on its behalf */
#define STW_STATE_AWAITED 4u /* held, and somebody sleeps until it no longer is */

/* Words of a stopped mutator that are not on its stack from stack_low up. */
struct stw_saved_words {
    uintptr_t registers[STW_REGISTERS];
    uintptr_t frame[STW_FRAME_WORDS]; /* while blocked: what block_begin's frame saved */
};

/* Where a run lies. */
struct stw_run_span {
    struct stw_span_record *record;
    uintptr_t start; /* cells from here to the cursor are not yet in alloc_bits */
    uintptr_t end;   /* of the grant; under stress the run shows one cell of it at a time */
    uint64_t charged; /* bytes of the live heap: of the span what may still be handed out */
};

/* A mutator: the public prefix, then the collector's part. */
struct stw_mutator_record {
    struct stw_mutator mutator;
    struct stw_gc *gc;
    uint32_t state;   /* atomic; futex word while held */
    uint32_t counted; /* the stop under way saw it parked */
    uint32_t late_call; /* the stop under way sleeps for it: mutator.strategy_call then, or 0 */
    uint64_t late_cpu_ns; /* likewise: its CPU time then, or 0; atomic, by the stopper */
    uint64_t parked_cpu_ns; /* its CPU time when it parked; atomic, 0 unless it found the above */
    clockid_t cpu_clock;
    uint32_t is_rejoining;     /* it comes from outside, and a stop may act for it */
    uint32_t are_runs_black;   /* it blackened its runs before it parked */
    uint32_t are_runs_closed;  /* from window 2 until it gives its caches back */
    uint32_t is_in_cycle;      /* its time is logged as a cycle's already */
    uint32_t detached; /* atomic: its thread has ended; nothing of its stack counts */
    uint32_t is_sweeping; /* inside stw__sweep_some, which logs the time */
    uint32_t is_refused;  /* its next grant is to be refused once */
    uint32_t padding;
    struct stw_block block; /* by a plugin, the last */
    uint64_t parked_ns; /* atomic */
    uint64_t flushed_words; /* on its way to window 2, which takes them back */
    uintptr_t stack_low, stack_top; /* scanned words while parked, blocked or polling */
    struct stw_saved_words saved;
    struct stw_marker marker;
    uint64_t active_runs[STW_SPAN_CLASSES / 64]; /* classes whose run has a span */
    struct stw_run_span run_spans[STW_SPAN_CLASSES];
    int64_t assist_balance; /* bytes allowed before the next assist; negative: debt */
    uint64_t mark_work_ns;  /* fractional work in this cycle */
    uint64_t slow_allocs;
    uint64_t scannable;     /* granted cells with pointers, in bytes, not in pacer.scannable yet */
    uint64_t marked;        /* handed out black, in bytes, not in gc.marked_bytes yet */
    uint64_t turn_start_ns; /* when it got its processor */
    struct stw_turn turn;
    /* Counters; own thread, or world stopped. */
    uint64_t alloc_objects, alloc_bytes, alloc_large;
    uint64_t barrier_words, barrier_flushes;
    struct stw_timeline timeline;
};

static inline struct stw_mutator_record *stw__record_of(struct stw_mutator *m)
{
    return (struct stw_mutator_record *)m;
}
static inline int stw__is_detached(const struct stw_mutator_record *m)
{
    return __atomic_load_n(&m->detached, __ATOMIC_ACQUIRE) != 0;
}

/* By its own thread, or by one that holds it, or world stopped. A run, or all and the rest. */
void stw__run_check(const struct stw_mutator_record *m, uint32_t span_class);
void stw__mutator_check(const struct stw_mutator_record *m);

/* The mutator that the calling thread is, or null. */
struct stw_mutator_record *stw__mutator_self(void);
/* stw_futex_wait by the calling mutator m (may be null), counted in asleep_ns. */
int stw__mutator_sleep(struct stw_mutator_record *m, uint32_t *word, uint32_t expected,
                       uint64_t timeout_ns);
/* Waits until nobody has the lock, which is not taken: another may be faster. For the calling
 * mutator, blocked; without its processor, if who holds the lock may wait for one. */
void stw__mutator_await_lock(struct stw_mutator_record *m, pthread_mutex_t *lock);
/* Runs (gc.R1-R3). World stopped, or m's own thread, or a thread that holds m. Blacken makes
 * allocation bits exact and marks what is left of the runs; close counts them as marked, and leaves
 * bits as they are unless there are audits; drop makes bits exact and gives the runs up. */
void stw__mutator_blacken_runs(struct stw_mutator_record *m);
void stw__mutator_close_runs(struct stw_mutator_record *m);
void stw__mutator_drop_runs(struct stw_mutator_record *m);
/* At each new span, not at each run: an atomic add waits for all stores before it, 80 ns a run. */
void stw__mutator_tell_bytes(struct stw_mutator_record *m);
void stw__mutator_retire_run(struct stw_mutator_record *m, uint32_t span_class);
/* Charges and credits (gc.R4): the span of a run is another now, or none. */
void stw__mutator_take_span(struct stw_mutator_record *m, uint32_t span_class,
                            struct stw_span_record *record);

#endif
