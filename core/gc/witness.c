/* gc/witness.c: compares two clocks: the stopper's and each mutator's own. What it is to show:
 * gc/gc.h. */
#include "gc/collector.h"

/* A stop in absolute times. */
struct stop {
    uint64_t request_ns, stopped_ns, released_ns, end_ns;
};

static struct stop stop_of(const struct stw_gc *gc, const struct stw_pause *pause)
{
    uint64_t request_ns = gc->options.origin_ns + pause->start_ns;
    uint64_t stopped_ns = request_ns + pause->stopping_ns;
    uint64_t released_ns = stopped_ns + pause->working_ns;
    return (struct stop){request_ns, stopped_ns, released_ns, released_ns + pause->restarting_ns};
}

/* From the moment at which all log to the first at which one does not. 0: there is none. */
static int find_common_time(const struct stw_gc *gc, uint64_t *from_ns, uint64_t *to_ns)
{
    *from_ns = 0;
    *to_ns = UINT64_MAX;
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        const struct stw_timeline *timeline = &gc->mutators[i]->timeline;
        if (timeline->begin_ns == 0 || timeline->lost > 0)
            return 0;
        *from_ns = timeline->begin_ns > *from_ns ? timeline->begin_ns : *from_ns;
        *to_ns = timeline->end_ns < *to_ns ? timeline->end_ns : *to_ns;
    }
    return *from_ns < *to_ns;
}

/* The mutator's first stop, from *at on, that does not end before the release; null: none. */
static const struct stw_taken_interval *seen_by(const struct stw_timeline *timeline, uint64_t *at,
                                          uint64_t released_ns)
{
    for (; *at < timeline->count; (*at)++) {
        const struct stw_taken_interval *interval = stw__timeline_at(timeline, *at);
        if (stw__interval_kind(interval) == STW_TAKEN_STOP
            && stw__interval_end_ns(interval) >= released_ns)
            return interval;
    }
    return NULL;
}

/* The stopper logs from the request on, and until it has woken the others: it is not one of those
 * that had to be stopped. Who came back from blocking just before all had stopped may not have been
 * counted: the record's end does not wait for it, and it is no witness if it slept on. Who came
 * back during the stop before may have slept through both. */
static int is_disputed(const struct stw_gc *gc, const struct stw_pause *pause, uint64_t *cursors)
{
    const struct stop stop = stop_of(gc, pause);
    uint32_t witnesses = 0;
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        const struct stw_taken_interval *seen =
            seen_by(&gc->mutators[i]->timeline, &cursors[i], stop.released_ns);
        if (!seen || seen->start_ns > stop.stopped_ns || seen->start_ns == stop.request_ns)
            continue;
        witnesses += seen->start_ns < stop.request_ns || stw__interval_end_ns(seen) <= stop.end_ns;
    }
    return witnesses < pause->mutators;
}

struct stw_testimony stw_witnesses_hear(const struct stw_gc *gc)
{
    struct stw_testimony testimony = {0};
    uint64_t cursors[STW_MUTATORS] = {0}, from_ns, to_ns;
    if (!find_common_time(gc, &from_ns, &to_ns))
        return testimony;
    for (uint64_t i = 0; i < stw__pauses_stored(gc); i++) {
        const struct stw_pause *pause = &gc->options.pauses[i];
        const struct stop stop = stop_of(gc, pause);
        if (!pause->complete || stop.request_ns < from_ns || stop.end_ns > to_ns)
            continue;
        testimony.examined++;
        testimony.disputed += (uint64_t)is_disputed(gc, pause, cursors);
    }
    return testimony;
}
