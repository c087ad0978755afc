/* lab/watch.h: what the collector's watch saw, with plugins' names: counters and a verdict. */
#ifndef STW_LAB_WATCH_H
#define STW_LAB_WATCH_H

#include "host/load.h"
#include "gc/gc.h"
#include "lab/record.h"

/* The plugins of a trial; their names are the record's, by ordinal. */
struct stw_watch_cast {
    const struct stw_loaded *const *plugins;
    uint32_t count;
    struct stw_record *record;
};

/* STW_OK, or STW_E_INVALID with the broken rule as the error's field (docs/reference/abi.md). */
stw_status stw_watch_verdict(const struct stw_watch_cast *cast, const struct stw_gc *gc,
                             struct stw_error *error);
/* The same for a plugin that allocates managed memory at `place` right now. */
void stw_watch_allocated(const struct stw_watch_cast *cast, const struct stw_gc *gc,
                         uint32_t place, struct stw_error *error);
/* Adds watch.calls and .faults, and .blocks and .allocs where the build sees them; and of those
 * that a plugin has a share in, "watch.faults:strategy/pool". Nothing if the trial was not
 * watched. */
void stw_watch_count(const struct stw_watch_cast *cast, const struct stw_gc *gc);

#endif
