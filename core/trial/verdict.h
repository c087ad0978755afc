/* trial/verdict.h: what the collector's watch saw, with plugins' names: counters and a verdict. */
#ifndef STW_TRIAL_VERDICT_H
#define STW_TRIAL_VERDICT_H

#include "gc/gc.h"
#include "host/load.h"
#include "trial/record.h"

/* The plugins of a trial; their names are the record's, by ordinal. */
struct stw_watch_cast {
    const struct stw_loaded *const *plugins;
    uint32_t count;
    struct stw_record *record;
};

/* STW_OK, or STW_E_INVALID with the broken rule as the error's field (docs/reference/abi.md). */
stw_status stw_watch_verdict(const struct stw_watch_cast *cast, const struct stw_gc *gc,
                             struct stw_error *error);
/* The same for a plugin that at `place`, right now, allocates managed memory (function: null) or
 * calls a function of the host that may wait. */
void stw_watch_broken(const struct stw_watch_cast *cast, const struct stw_gc *gc, uint32_t place,
                      const char *function, struct stw_error *error);
/* Adds watch.calls and .faults, and .blocks and .allocs where the build sees them; and of those
 * that a plugin has a share in, "watch.faults:strategy/pool". Nothing if the trial was not
 * watched. */
void stw_watch_count(const struct stw_watch_cast *cast, const struct stw_gc *gc);

#endif
