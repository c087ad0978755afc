/* gc/collector.h: the collector: its parts, and what holds between them. For core/gc alone, and for
 * its unit tests; everyone else includes gc/gc.h.
 *
 * Mark and sweep, non-moving, non-generational, after Go's collector since 1.8
 * (docs/design/collector.md). A cycle in mode `concurrent`:
 *
 *   off --window 1--> mark, mutators running --window 2--> off, sweeping while mutators run
 *
 * Window 1 turns the barrier on. Then stacks are scanned one at a time, each by its own mutator at
 * a safepoint or by another thread while it is blocked; the others run on meanwhile. Marking is
 * done by mutators at safepoints (a fraction of their time, and assists in proportion to
 * allocation) and by worker threads on processors of their own (dedicated) or idle ones. When no
 * work is left, every mutator flushes its barrier buffer once; if that brings no new work, window 2
 * turns the barrier off, sets the next goal, and sweeping begins.
 * Mode `stw` does all of it in one stop. Mode `rescan` is Go before 1.8: the barrier records new
 * pointers only, so window 2 scans all stacks again and marks what they hide.
 * With `stepped` there are no threads but mutators, one processor, and no clock: marking is done in
 * fixed quanta at slow allocations, so every count repeats exactly.
 *
 * G1  while marking, every cell reachable at window 1 is marked or reachable from a grey cell, an
 *     unflushed barrier entry, an unscanned root or an unscanned stack (hybrid barrier).
 * G2  cells handed out while marking are black: their mark bits are set when their run is.
 * G3  `marking`, `phase` and the sweep generation change only while the world is stopped.
 * G4  a mutator that runs holds a processor; there are never more running threads than processors.
 * G5  nothing but a marker inside stw__mark_drain holds grey cells in a local buffer.
 *
 * Each part has a header with its state and the rules for its callers, and a file that says how:
 * world (stop, start, handshakes), processors, mutator (runs), barrier, work (what is grey), mark,
 * scan, roots, cycle, share (mutators' share of marking), mark_workers, background, sweep, pacer,
 * limiter, watched (plugins' code in stops), ends (hooks after cycles), deaths (notices of cells'
 * death), audit; alloc.c, grants.c and spans.c serve plugins. */
#ifndef STW_GC_COLLECTOR_H
#define STW_GC_COLLECTOR_H

#include "base/atomic.h"
#include "base/check.h"
#include "base/limits.h"
#include "gc/background.h"
#include "gc/deaths.h"
#include "gc/ends.h"
#include "gc/gc.h"
#include "gc/limiter.h"
#include "gc/mark.h"
#include "gc/mark_workers.h"
#include "gc/mutator.h"
#include "gc/pacer.h"
#include "gc/processors.h"
#include "gc/roots.h"
#include "gc/sweep.h"
#include "gc/watched.h"
#include "gc/work.h"
#include "gc/world.h"
#include "heap/heap.h"
#include "prim/hostile.h"
#include "prim/thread.h"

struct stw_gc {
    struct stw_heap heap;
    struct stw_gc_options options;
    uint32_t phase; /* atomic read */
    int64_t heap_live; /* atomic; with external_bytes */
    int64_t external_bytes; /* atomic; plugins' own memory, charged to the live heap */
    struct stw_world world;
    struct stw_processors processors;
    struct stw_pacer pacer;
    struct stw_limiter limiter;
    struct stw_roots roots;
    struct stw_mutator_record *mutators[STW_MUTATORS];
    uint32_t mutator_count; /* changes under world.lock */
    struct stw_hook hooks[STW_CYCLE_HOOKS];
    uint32_t hook_count;
    struct stw_ends ends;
    struct stw_deaths deaths;
    struct stw_watch watch;
    struct stw_marking mark;
    struct stw_work_lists work;
    struct stw_sweeping sweep;
    uint64_t marked_bytes; /* atomic: this cycle */
    uint64_t cycle_scan_bytes, cycle_stack_bytes, cycle_root_bytes; /* atomic */
    pthread_mutex_t cycle_lock; /* held while a cycle is being started */
    uint32_t cycles_done;       /* futex: +1 when a mark phase ends */
    uint32_t is_cycle_forced;   /* the last that began; set under cycle_lock, before its stops */
    uint32_t end_waiters;       /* atomic: mutators that sleep until it does */
    uint64_t marked_ns;         /* atomic: when that was; 0: never, or there is no gc.period */
    struct stw_totals totals;   /* atomic adds; gc.sweep counts spans_swept */
    struct stw_workers workers;
    struct stw_background background;
};

/* A zeroed one becomes usable for roots and hooks; its heap is for the caller to make. */
void stw__gc_init(struct stw_gc *gc);

static inline uint32_t stw__phase(const struct stw_gc *gc)
{
    return __atomic_load_n(&gc->phase, __ATOMIC_ACQUIRE);
}

/* Pages that the allocator has. */
static inline uint64_t stw__allocator_pages(const struct stw_gc *gc)
{
    return STW_LOAD(gc->heap.space.used_pages) + STW_LOAD(gc->heap.adopted_pages);
}

/* How many of options.pauses are in use. */
static inline uint64_t stw__pauses_stored(const struct stw_gc *gc)
{
    uint64_t pauses = STW_LOAD(gc->totals.pauses), capacity = gc->options.pause_capacity;
    return pauses < capacity ? pauses : capacity;
}

/* One that was woken found nothing to do, and sleeps again (gc.N4). */
static inline void stw__futile_wake(struct stw_gc *gc)
{
    STW_ADD(gc->totals.futile_wakes, 1);
}

#endif
