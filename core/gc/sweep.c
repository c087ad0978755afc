/* gc/sweep.c: drives the allocator's sweeping, and gives free memory back to the system.
 *
 * After a mark phase every span is unswept. Allocating mutators sweep in proportion: whoever is
 * about to take a span first sweeps until as much of the heap is swept as is used up of the way to
 * the trigger, so sweeping is done when the next cycle begins (Go: gcPaceSweeper and
 * deductSweepCredit, runtime/mgcsweep.go). The background thread sweeps on idle processors, and
 * what is left all the same is swept before and in window 1. The allocator owns the lists, the heap
 * flips the bits.
 *
 * Near the memory limit a span is not taken before garbage has been swept to make room for it (Go:
 * mheap.reclaim), and free pages beyond the limit go back to the system before it is used. Beyond
 * the goals of the last commit they go back in the background (Go: gcPaceScavenger), and at once,
 * by as much as it grows, when the heap grows all the same: nothing fits into these pages.
 *
 * U9  a stop is charged for what is swept in it by the thread that made it: all others sweep while
 *     the world runs.
 * Thread rules: a sweeper raises `active` before it looks at `pending`, and the finisher clears
 * `pending` before it waits for `active`: after that nobody sweeps but the finisher. The line of
 * proportion may move while it is read; a payment that is wrong by that is made up by the next. */
#include "gc/sweep.h"

#include "gc/collector.h"

#define MARGIN_BYTES (1024u * 1024u) /* Go: swept this long before the trigger */
#define LIMIT_PERCENT 95u /* of the memory limit, kept in the background; Go: reduceExtraPercent */

/* Who looked at `pending` before it is set has left: it would sweep in the stop (U9). */
void stw__sweep_begin(struct stw_gc *gc)
{
    stw__world_await(gc, &gc->sweep.active, stw__world_is_zero);
    __atomic_store_n(&gc->sweep.pages_due, gc->heap.span_pages, __ATOMIC_RELAXED);
    __atomic_store_n(&gc->sweep.pages_swept, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&gc->sweep.live_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&gc->sweep.pending, 1, __ATOMIC_SEQ_CST);
}

void stw__sweep_pace(struct stw_gc *gc)
{
    uint64_t trigger = STW_LOAD(gc->pacer.trigger), swept = STW_LOAD(gc->sweep.pages_swept);
    int64_t live = STW_LOAD(gc->heap_live);
    uint64_t basis = live > 0 ? (uint64_t)live : 0, way = STW_PAGE_BYTES;
    if (!__atomic_load_n(&gc->sweep.pending, __ATOMIC_SEQ_CST) || swept >= gc->sweep.pages_due) {
        __atomic_store_n(&gc->sweep.owed, 0, __ATOMIC_RELAXED);
        return;
    }
    if (trigger > basis && trigger - basis > MARGIN_BYTES + way)
        way = trigger - basis - MARGIN_BYTES;
    double slope = (double)(gc->sweep.pages_due - swept) / (double)way;
    __atomic_store_n(&gc->sweep.basis_live, basis, __ATOMIC_RELAXED);
    __atomic_store_n(&gc->sweep.basis_pages, swept, __ATOMIC_RELAXED);
    __atomic_store(&gc->sweep.pages_per_byte, &slope, __ATOMIC_RELAXED);
    __atomic_store_n(&gc->sweep.owed, 1, __ATOMIC_RELAXED);
}

static void enter(struct stw_gc *gc)
{
    __atomic_fetch_add(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
}

static void leave(struct stw_gc *gc)
{
    if (__atomic_fetch_sub(&gc->sweep.active, 1, __ATOMIC_SEQ_CST) == 1)
        stw__world_tell(&gc->world, &gc->sweep.active);
}

/* A lock that the background holds must not keep a stop waiting, and what it sweeps must not count
 * as done by a stop: it does nothing while the world is stopped, and a stop waits for whoever was
 * faster (U9). 0: a stop is on. */
static int enter_between_stops(struct stw_gc *gc)
{
    enter(gc);
    if (!__atomic_load_n(&gc->world.stopping, __ATOMIC_SEQ_CST))
        return 1;
    leave(gc);
    return 0;
}

/* The caller is inside. */
static uint32_t sweep(struct stw_gc *gc, uint32_t span_max)
{
    uint32_t swept = 0;
    STW_EDGE("sweep.enter");
    if (__atomic_load_n(&gc->sweep.pending, __ATOMIC_SEQ_CST)) {
        stw__watch_enter(gc, STW_WATCH_SWEEP);
        swept = gc->options.allocator->sweep(gc->options.allocator_self, span_max);
        stw__watch_leave(gc);
        if (swept == 0) /* what is left is in caches and in the hands of others */
            __atomic_store_n(&gc->sweep.owed, 0, __ATOMIC_RELAXED);
    }
    leave(gc);
    return swept;
}

uint32_t stw__sweep_some(struct stw_gc *gc, uint32_t span_max)
{
    struct stw_mutator_record *self = stw__mutator_self();
    if (!self) {
        while (!enter_between_stops(gc))
            stw__world_await_start(gc);
        return sweep(gc, span_max);
    }
    uint64_t began_ns = stw_clock_ns();
    self->is_sweeping = 1;
    enter(gc);
    uint32_t swept = sweep(gc, span_max);
    self->is_sweeping = 0;
    stw__timeline_add(&self->timeline, STW_TAKEN_SWEEP, began_ns, stw_clock_ns());
    return swept;
}

/* What the process holds for good: pages in use, and the runtime's own memory. */
static uint64_t needed_bytes(struct stw_gc *gc)
{
    return STW_LOAD(gc->heap.space.used_pages) * STW_PAGE_BYTES + STW_LOAD(gc->heap.own_bytes);
}

/* Whether more must be swept before a span of `bytes` is taken. */
static int owes(struct stw_gc *gc, uint64_t bytes)
{
    double slope;
    __atomic_load(&gc->sweep.pages_per_byte, &slope, __ATOMIC_RELAXED);
    int64_t used = STW_LOAD(gc->heap_live) - (int64_t)STW_LOAD(gc->sweep.basis_live);
    int64_t swept = (int64_t)(STW_LOAD(gc->sweep.pages_swept) - STW_LOAD(gc->sweep.basis_pages));
    if ((int64_t)(slope * ((double)(used > 0 ? used : 0) + (double)bytes)) > swept)
        return 1;
    return STW_LOAD(gc->pacer.limit_bytes) != UINT64_MAX
           && needed_bytes(gc) + bytes > STW_LOAD(gc->pacer.limit_bytes);
}

void stw__sweep_pay(struct stw_mutator_record *m, uint64_t bytes)
{
    struct stw_gc *gc = m->gc;
    while (STW_LOAD(gc->sweep.owed) && owes(gc, bytes)) {
        if (!stw__sweep_some(gc, 1))
            break;
        stw_poll(&m->mutator);
    }
}

void stw__sweep_end_outside(struct stw_gc *gc)
{
    __atomic_store_n(&gc->sweep.pending, 0, __ATOMIC_SEQ_CST);
    stw__world_await(gc, &gc->sweep.active, stw__world_is_zero);
}

void stw__sweep_finish(struct stw_gc *gc)
{
    stw__watch_begin(gc, STW_WATCH_SWEEP);
    while (gc->options.allocator->sweep(gc->options.allocator_self, UINT32_MAX))
        ;
    stw__watch_end(gc);
    __atomic_store_n(&gc->sweep.owed, 0, __ATOMIC_RELAXED);
    /* gc.U8, also where no audit looks at the bits. */
    STW_ASSERT(gc->options.audit || !gc->totals.cycles
               || gc->sweep.live_bytes == gc->marked_bytes);
}

static uint64_t excess(uint64_t held, uint64_t goal)
{
    return held > goal ? held - goal : 0;
}

static uint64_t give_back(struct stw_gc *gc, uint64_t page_max)
{
    struct stw_idle_pages pages;
    if (!enter_between_stops(gc))
        return 0;
    int taken = stw_space_idle_take(&gc->heap.space, page_max, &pages);
    leave(gc);
    if (!taken)
        return 0;
    stw_space_idle_release(&gc->heap.space, &pages);
    while (!enter_between_stops(gc))
        stw__world_await_start(gc);
    stw_space_idle_put(&gc->heap.space, &pages);
    leave(gc);
    return pages.count;
}

/* 0: a stop is on. */
static int release_kept(struct stw_gc *gc)
{
    if (!enter_between_stops(gc))
        return 0;
    stw__watch_enter(gc, STW_WATCH_RELEASE);
    gc->options.allocator->release(gc->options.allocator_self);
    stw__watch_leave(gc);
    leave(gc);
    return 1;
}

uint64_t stw__scavenge_some(struct stw_gc *gc, uint64_t page_max)
{
    uint64_t limit = STW_LOAD(gc->pacer.limit_bytes);
    uint64_t held = stw_space_held_pages(&gc->heap.space) * STW_PAGE_BYTES;
    uint64_t beyond = excess(held, STW_LOAD(gc->pacer.retain_bytes));
    if (limit != UINT64_MAX) {
        held += STW_LOAD(gc->heap.own_bytes);
        uint64_t more = excess(held, limit / 100 * LIMIT_PERCENT);
        beyond = more > beyond ? more : beyond;
    }
    uint64_t pages = beyond / STW_PAGE_BYTES;
    if (pages == 0 || !release_kept(gc))
        return 0;
    return give_back(gc, pages < page_max ? pages : page_max);
}

/* Pages beyond the memory limit, rounded up. */
static uint64_t pages_beyond_limit(struct stw_gc *gc)
{
    uint64_t limit = STW_LOAD(gc->pacer.limit_bytes);
    if (limit == UINT64_MAX || limit == 0)
        return 0;
    uint64_t held = stw_space_held_pages(&gc->heap.space) * STW_PAGE_BYTES;
    uint64_t beyond = excess(held + STW_LOAD(gc->heap.own_bytes), limit);
    return (beyond + STW_PAGE_BYTES - 1) / STW_PAGE_BYTES;
}

/* What was taken will all be used soon: as if it were held already. Free memory in pieces that
 * nothing fits into makes room for it, but no more than that much (Go: mheap.allocSpan). */
static uint64_t pages_to_make_up(struct stw_gc *gc, const struct stw_growth *growth)
{
    uint64_t held = (growth->held_before + growth->pages) * STW_PAGE_BYTES;
    uint64_t beyond = excess(held, STW_LOAD(gc->pacer.retain_bytes)) / STW_PAGE_BYTES;
    return beyond < growth->pages ? beyond : growth->pages;
}

void stw__scavenge_taken(struct stw_gc *gc, const struct stw_growth *growth)
{
    if (stw__limiter_is_on(&gc->limiter))
        return;
    uint64_t pages = pages_beyond_limit(gc);
    uint64_t grown = growth && growth->pages ? pages_to_make_up(gc, growth) : 0;
    pages = grown > pages ? grown : pages;
    if (pages > 0)
        stw_space_scavenge(&gc->heap.space, pages);
}

void stw__scavenge_for_marker(struct stw_gc *gc)
{
    if (!STW_LOAD(gc->world.stopped))
        stw__scavenge_taken(gc, NULL);
}

void stw__scavenge_after_stop(struct stw_gc *gc)
{
    if (stw__mutator_self()) {
        stw__scavenge_taken(gc, NULL);
    } else if (enter_between_stops(gc)) {
        stw__scavenge_taken(gc, NULL);
        leave(gc);
    }
}
