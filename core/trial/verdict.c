/* trial/verdict.c: names what the collector's watch saw. */
#include "trial/verdict.h"

#include "base/error.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ALLOCATOR 1u /* its ordinal */

static const char *place_owner(const struct stw_watch_cast *cast,
                               const struct stw_gc_snapshot *gc, uint32_t place)
{
    uint32_t owner = place < STW_WATCH_HOOK ? ALLOCATOR : gc->hook_owners[place - STW_WATCH_HOOK];
    return cast->record->plugin_names[owner];
}

stw_status stw_watch_verdict(const struct stw_watch_cast *cast, const struct stw_gc *gc,
                             struct stw_error *error)
{
    const struct stw_gc_snapshot now = stw_gc_snapshot(gc);
    for (uint32_t place = 0; place < STW_WATCH_PLACES; place++) {
        const struct stw_watch_counts *counts = &now.watched[place];
        const char *slot = stw_watch_place_name(place);
        uint64_t blocks = counts->blocks, allocs = counts->allocs;
        if (blocks)
            return stw_error_set(error, STW_E_INVALID, "stop-blocks",
                                 "%s blocked %" PRIu64 " time%s while the world was stopped (%s)",
                                 place_owner(cast, &now, place), blocks, stw_plural(blocks),
                                 slot);
        if (allocs)
            return stw_error_set(error, STW_E_INVALID, "stop-allocates",
                                 "%s called malloc or free %" PRIu64
                                 " time%s while the world was stopped (%s)",
                                 place_owner(cast, &now, place), allocs, stw_plural(allocs),
                                 slot);
    }
    return STW_OK;
}

void stw_watch_broken(const struct stw_watch_cast *cast, const struct stw_gc *gc, uint32_t place,
                      const char *function, struct stw_error *error)
{
    const struct stw_gc_snapshot now = stw_gc_snapshot(gc);
    const char *when = now.is_stopped ? "while the world was stopped"
                                      : "where a stop may wait for it";
    stw_error_set(error, STW_E_INVALID, function ? "stop-blocks" : "stop-allocates",
                  "%s %s%s %s (%s)", place_owner(cast, &now, place),
                  function ? "called " : "allocated managed memory", function ? function : "", when,
                  stw_watch_place_name(place));
}

/* Adds to the counter of that name, which may be new. */
static void count(struct stw_record *record, const char *name, uint64_t value)
{
    for (uint32_t i = 0; i < STW_RECORD_COUNTERS; i++) {
        struct stw_record_counter *counter = &record->counters[i];
        if (counter->name[0] && strcmp(counter->name, name) != 0)
            continue;
        snprintf(counter->name, sizeof counter->name, "%s", name);
        counter->value += value;
        return;
    }
}

/* To the total, and to the plugin's share if there is one. */
static void count_for(struct stw_record *record, enum stw_fact_id fact, const char *owner,
                      uint64_t value)
{
    char name[STW_RECORD_NAME_BYTES];
    count(record, stw_facts[fact].name, value);
    snprintf(name, sizeof name, "%s:%s", stw_facts[fact].name, owner);
    if (value)
        count(record, name, value);
}

void stw_watch_count(const struct stw_watch_cast *cast, const struct stw_gc *gc)
{
    const struct stw_gc_snapshot now = stw_gc_snapshot(gc);
    for (uint32_t place = 0; now.is_watched && place < STW_WATCH_HOOK + now.hook_count; place++) {
        const struct stw_watch_counts *counts = &now.watched[place];
        const char *owner = place_owner(cast, &now, place);
        count(cast->record, stw_facts[STW_FACT_WATCH_CALLS].name, counts->calls);
        count_for(cast->record, STW_FACT_WATCH_FAULTS, owner, counts->faults);
        if (now.sees_waits)
            count_for(cast->record, STW_FACT_WATCH_BLOCKS, owner, counts->blocks);
        if (now.sees_allocs)
            count_for(cast->record, STW_FACT_WATCH_ALLOCS, owner, counts->allocs);
    }
}
