/* gc/watch.c: counts what plugins do inside a stop. The rules V1 and V2 are in gc/watch.h. */
#include "gc/gc.h"

#define OUTSIDE UINT32_MAX

static _Thread_local uint32_t inside = OUTSIDE; /* the place that the calling thread is in */

const char *stw_watch_place_name(uint32_t place)
{
    static const char *const names[STW_WATCH_HOOK] = {"flush", "sweep", "cycle_end", "audit",
                                                      "release"};
    return place < STW_WATCH_HOOK ? names[place] : "cycle hook";
}

void stw_watch_init(struct stw_gc *gc)
{
    if (!gc->options.watch)
        return;
    gc->watch.sees_waits = (uint32_t)stw_waits_tell();
    gc->watch.sees_allocs = (uint32_t)stw_allocs_see();
}

void stw_watch_begin(struct stw_gc *gc, uint32_t place)
{
    STW_ASSERT(inside == OUTSIDE && place < STW_WATCH_PLACES);
    inside = place;
    if (!gc->options.watch)
        return;
    stw_thread_use(&gc->watch.before);
    stw_allocs_begin();
}

void stw_watch_end(struct stw_gc *gc)
{
    uint32_t place = inside;
    inside = OUTSIDE;
    if (!gc->options.watch)
        return;
    struct stw_thread_use now;
    struct stw_watch_counts *counts = &gc->watch.places[place];
    counts->allocs += stw_allocs_end();
    stw_thread_use(&now);
    counts->calls++;
    counts->faults += now.faults - gc->watch.before.faults;
    if (gc->watch.sees_waits && now.faults == gc->watch.before.faults)
        counts->blocks += now.waits - gc->watch.before.waits;
}

void stw_watch_alloc(struct stw_gc *gc)
{
    if (inside != OUTSIDE)
        gc->options.allocated_in_stop(inside);
}

void stw_watch_stop_begin(struct stw_gc *gc)
{
    struct stw_thread_use now;
    if (!gc->options.watch)
        return;
    stw_thread_use(&now);
    gc->watch.stop_faults = now.faults;
}

void stw_watch_stop_end(struct stw_gc *gc)
{
    struct stw_thread_use now;
    gc->world.pause->page_faults = STW_FAULTS_UNKNOWN;
    if (!gc->options.watch)
        return;
    stw_thread_use(&now);
    gc->world.pause->page_faults = (uint32_t)(now.faults - gc->watch.stop_faults);
}
