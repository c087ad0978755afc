/* gc/watched.c: counts what plugins do inside a stop. Rules V1, V2: gc/watched.h. */
#include "gc/watched.h"

#include "gc/collector.h"

#define OUTSIDE UINT32_MAX

static _Thread_local uint32_t inside = OUTSIDE; /* the place that the calling thread is in */

const char *stw_watch_place_name(uint32_t place)
{
    static const char *const names[STW_WATCH_HOOK] = {"flush",   "sweep",  "cycle_end", "audit",
                                                      "stats",   "refill", "large", "release"};
    return place < STW_WATCH_HOOK ? names[place] : "cycle hook";
}

void stw__watch_init(struct stw_gc *gc)
{
    if (!gc->options.watch)
        return;
    gc->watch.sees_waits = (uint32_t)stw_waits_tell();
    gc->watch.sees_allocs = (uint32_t)stw_allocs_see();
}

/* For the flight recorder: plugin and call. */
static uint32_t call_at(const struct stw_gc *gc, uint32_t place)
{
    static const uint32_t calls[STW_WATCH_HOOK] = {
        STW_CALL_ALLOCATOR_FLUSH,   STW_CALL_ALLOCATOR_SWEEP,  STW_CALL_ALLOCATOR_CYCLE_END,
        STW_CALL_ALLOCATOR_AUDIT,   STW_CALL_ALLOCATOR_STATS,  STW_CALL_ALLOCATOR_REFILL,
        STW_CALL_ALLOCATOR_LARGE,   STW_CALL_ALLOCATOR_RELEASE};
    if (place < STW_WATCH_HOOK)
        return gc->options.allocator_ordinal << 16 | calls[place];
    return gc->hooks[place - STW_WATCH_HOOK].plugin << 16 | STW_CALL_CYCLE_HOOK;
}

static void note_under_way(struct stw_gc *gc, uint32_t which, uint32_t call)
{
    if (gc->options.under_way)
        __atomic_store_n(&gc->options.under_way[which], call, __ATOMIC_RELAXED);
}

void stw__watch_begin(struct stw_gc *gc, uint32_t place)
{
    STW_ASSERT(inside == OUTSIDE && place < STW_WATCH_PLACES);
    inside = place;
    note_under_way(gc, STW_UNDER_WAY_STOP, call_at(gc, place));
    if (!gc->options.watch)
        return;
    stw_thread_use(&gc->watch.before);
    stw_allocs_begin();
}

void stw__watch_end(struct stw_gc *gc)
{
    uint32_t place = inside;
    inside = OUTSIDE;
    note_under_way(gc, STW_UNDER_WAY_STOP, 0);
    if (!gc->options.watch)
        return;
    struct stw_thread_use now;
    struct stw_watch_counts *counts = &gc->watch.places[place];
    STW_ADD(counts->allocs, stw_allocs_end());
    stw_thread_use(&now);
    STW_ADD(counts->calls, 1);
    STW_ADD(counts->faults, now.faults - gc->watch.before.faults);
    if (gc->watch.sees_waits && now.faults == gc->watch.before.faults)
        STW_ADD(counts->blocks, now.waits - gc->watch.before.waits);
}

void stw__watch_enter(struct stw_gc *gc, uint32_t place)
{
    struct stw_mutator_record *self = stw__mutator_self();
    inside = place;
    if (self)
        stw_trace(&self->mutator, gc->options.allocator_ordinal, call_at(gc, place) & 0xffffu);
    else
        note_under_way(gc, STW_UNDER_WAY_SWEEP, call_at(gc, place));
}

void stw__watch_leave(struct stw_gc *gc)
{
    inside = OUTSIDE;
    if (!stw__mutator_self())
        note_under_way(gc, STW_UNDER_WAY_SWEEP, 0);
}

void stw__watch_alloc(struct stw_gc *gc)
{
    if (inside != OUTSIDE)
        gc->options.broke_in_stop(inside, NULL);
}

void stw_watch_wait(struct stw_gc *gc, const char *function)
{
    if (inside != OUTSIDE)
        gc->options.broke_in_stop(inside, function);
}

int stw_watch_is_inside(void)
{
    return inside != OUTSIDE;
}

void stw__watch_stop_begin(struct stw_gc *gc)
{
    struct stw_thread_use now;
    if (!gc->options.watch)
        return;
    stw_thread_use(&now);
    gc->watch.stop_faults = now.faults;
}

void stw__watch_stop_end(struct stw_gc *gc)
{
    struct stw_thread_use now;
    gc->world.pause->page_faults = STW_FAULTS_UNKNOWN;
    if (!gc->options.watch)
        return;
    stw_thread_use(&now);
    gc->world.pause->page_faults = (uint32_t)(now.faults - gc->watch.stop_faults);
}
