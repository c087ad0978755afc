/* gc/gc.c: life of the collector, what it tells of itself, names of pauses and their steps. */
#include "gc/gc.h"

#include "base/error.h"
#include "gc/collector.h"

#include <stwlab/map.h>

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

void stw__gc_init(struct stw_gc *gc)
{
    pthread_mutex_init(&gc->world.lock, NULL);
    pthread_mutex_init(&gc->processors.lock, NULL);
    pthread_mutex_init(&gc->roots.lock, NULL);
    pthread_mutex_init(&gc->work.lock, NULL);
    pthread_mutex_init(&gc->cycle_lock, NULL);
    pthread_mutex_init(&gc->ends.lock, NULL);
    pthread_mutex_init(&gc->deaths.lock, NULL);
}

struct stw_gc *stw_gc_of_process(void)
{
    static struct stw_gc gc;
    return &gc;
}

stw_status stw_gc_init(struct stw_gc *gc, uint64_t heap_reserve_bytes, struct stw_error *error)
{
    stw__gc_init(gc);
    return stw_heap_init(&gc->heap, heap_reserve_bytes, error);
}

stw_status stw_gc_start(struct stw_gc *gc, const struct stw_gc_options *options,
                        struct stw_error *error)
{
    STW_REQUIRE(options->pause_capacity > 0 && options->processors > 0);
    gc->options = *options;
    gc->processors.total = gc->processors.free = options->stepped ? 1 : options->processors;
    stw__workers_plan(gc);
    gc->heap.poison = options->audit;
    stw__watch_init(gc);
    stw__pacer_init(gc);
    if (stw__background_start(gc) != STW_OK)
        return stw_error_set(error, STW_E_NOMEM, "gc", "cannot start the background thread");
    return STW_OK;
}

void stw_gc_stop(struct stw_gc *gc)
{
    stw__background_stop(gc); /* first: it may begin a cycle, which needs workers */
    stw__workers_stop(gc);
}

void stw_gc_growth_note(struct stw_gc *gc, uint32_t kind, uint64_t ns)
{
    struct stw_totals *totals = &gc->totals;
    uint64_t *counts[STW_GROWTHS] = {NULL, &totals->map_splits, &totals->map_same_size,
                                     &totals->map_rehashes};
    if (kind < STW_GROWTHS && counts[kind])
        STW_ADD(*counts[kind], 1);
    STW_ADD(totals->map_growth_ns, ns);
    stw_raise(&totals->map_longest_growth_ns, ns);
}

stw_status stw_gc_hook_add(struct stw_gc *gc, const struct stw_hook *hook)
{
    if (gc->hook_count == STW_CYCLE_HOOKS)
        return STW_E_NOMEM;
    gc->hooks[gc->hook_count++] = *hook;
    return STW_OK;
}

/* What others add to meanwhile. */
static void copy_counts(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        ((uint64_t *)to)[i] = STW_LOAD(((const uint64_t *)from)[i]);
}

static void fill_totals(const struct stw_gc *gc, struct stw_totals *totals)
{
    uint64_t goal = STW_LOAD(gc->pacer.goal);
    copy_counts(totals, &gc->totals, sizeof *totals);
    totals->alloc_objects += totals->tiny_objects;
    totals->spans_swept = STW_LOAD(gc->sweep.spans_total);
    totals->heap_goal_bytes = goal == UINT64_MAX ? 0 : goal;
    totals->heap_marked_bytes = STW_LOAD(gc->pacer.heap_marked);
    totals->heap_scavenged_bytes = STW_LOAD(gc->heap.space.scavenged_pages) * STW_PAGE_BYTES;
    totals->map_grow_events = totals->counters[STW_COUNT_MAP_GROW];
    totals->map_evacuated = totals->counters[STW_COUNT_MAP_EVACUATED];
    totals->map_overflow = totals->counters[STW_COUNT_MAP_OVERFLOW];
    totals->map_moved_entries = totals->counters[STW_COUNT_MAP_MOVED_ENTRIES];
    totals->map_moved_bytes = totals->counters[STW_COUNT_MAP_MOVED_BYTES];
}

struct stw_gc_snapshot stw_gc_snapshot(const struct stw_gc *gc)
{
    struct stw_gc_snapshot snapshot = {
        .phase = stw__phase(gc),
        .is_stopped = STW_LOAD(gc->world.stopped),
        .cycles_done = STW_LOAD(gc->cycles_done),
        .generation = STW_LOAD(gc->heap.generation),
        .live_bytes = STW_LOAD(gc->heap_live),
        .percent = STW_LOAD(gc->pacer.percent),
        .percent_configured = gc->options.percent,
        .percent_meant = STW_LOAD(gc->pacer.percent_meant),
        .percent_setter = STW_LOAD(gc->pacer.percent_setter),
        .processors_waiting = __atomic_load_n(&gc->processors.waiting, __ATOMIC_ACQUIRE),
        .is_watched = gc->options.watch,
        .sees_waits = gc->watch.sees_waits,
        .sees_allocs = gc->watch.sees_allocs,
        .hook_count = gc->hook_count,
    };
    fill_totals(gc, &snapshot.totals);
    copy_counts(snapshot.watched, gc->watch.places, sizeof snapshot.watched);
    for (uint32_t i = 0; i < gc->hook_count; i++)
        snapshot.hook_owners[i] = gc->hooks[i].plugin;
    return snapshot;
}

struct stw_gc_cpu stw_gc_cpu(struct stw_gc *gc)
{
    struct stw_gc_cpu cpu = {
        .workers_ns = stw__workers_cpu_ns(gc),
        .marking_ns = STW_LOAD(gc->totals.worker_cpu_ns),
        .helping_ns = STW_LOAD(gc->totals.help_cpu_ns),
    };
    if (gc->background.running) {
        cpu.stopping_ns = STW_LOAD(gc->background.stop_cpu_ns);
        cpu.background_ns = stw_clock_cpu_of_ns(gc->background.thread) - cpu.stopping_ns;
    }
    return cpu;
}
