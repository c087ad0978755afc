/* gc/gc.c: life of a collector, and the names of pauses and their steps. */
#include "gc/gc.h"

#include "base/error.h"

const char *stw_step_name(uint32_t step)
{
    static const char *const names[STW_STEPS] = {
        "finish-sweep", "hooks", "retire-runs", "pacer", "barrier-flush",
        "roots",        "mark",  "sweep",       "phase", "audit"};
    return step < STW_STEPS ? names[step] : "unknown";
}

const char *stw_pause_kind_name(uint32_t kind)
{
    static const char *const names[] = {"sweep-termination", "mark-termination", "full", "other",
                                        "peer"};
    return kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

void stw_gc_init(struct stw_gc *gc)
{
    pthread_mutex_init(&gc->world.lock, NULL);
    pthread_mutex_init(&gc->processors.lock, NULL);
    pthread_mutex_init(&gc->roots.lock, NULL);
    pthread_mutex_init(&gc->mark.lock, NULL);
    pthread_mutex_init(&gc->cycle_lock, NULL);
}

stw_status stw_gc_start(struct stw_gc *gc, const struct stw_gc_options *options,
                        struct stw_error *error)
{
    STW_REQUIRE(options->pause_capacity > 0 && options->processors > 0);
    gc->options = *options;
    gc->processors.total = gc->processors.free = options->stepped ? 1 : options->processors;
    stw_workers_plan(gc);
    gc->heap.poison = options->audit;
    stw_watch_init(gc);
    stw_pacer_init(gc);
    if (stw_background_start(gc) != STW_OK)
        return stw_error_set(error, STW_E_NOMEM, "gc", "cannot start the background thread");
    return STW_OK;
}

void stw_gc_stop(struct stw_gc *gc)
{
    stw_background_stop(gc); /* first: it may begin a cycle, which needs workers */
    stw_workers_stop(gc);
}

void stw_gc_totals(struct stw_gc *gc, struct stw_totals *totals)
{
    *totals = gc->totals;
    totals->alloc_objects += totals->tiny_objects;
    totals->spans_swept = STW_LOAD(gc->sweep.spans_total);
    totals->heap_goal_bytes = gc->pacer.goal == UINT64_MAX ? 0 : gc->pacer.goal;
    totals->heap_marked_bytes = gc->pacer.heap_marked;
    totals->heap_scavenged_bytes = gc->heap.space.scavenged_pages * STW_PAGE_BYTES;
    totals->map_grow_events = totals->counters[STW_COUNT_MAP_GROW];
    totals->map_evacuated = totals->counters[STW_COUNT_MAP_EVACUATED];
    totals->map_overflow = totals->counters[STW_COUNT_MAP_OVERFLOW];
}
