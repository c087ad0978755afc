/* host/counters.h: where the counters and gauges of a trial's plugins are counted.
 *
 * HC1  each counter of each plugin has a place of its own, in every mutator's part and shared: so
 *      no plugin adds to another's.
 * Threads: the main thread, before mutators run and after they have ended. */
#ifndef STW_HOST_COUNTERS_H
#define STW_HOST_COUNTERS_H

#include "host/manifest.h"

struct stw_counters; /* opaque */

/* Places for `plugins` plugins at most, and `mutators` mutators. */
struct stw_counters *stw_counters_new(uint32_t plugins, uint32_t mutators);
void stw_counters_free(struct stw_counters *counters);
/* Gives the plugin its places: sets config->counters, which are borrowed, as `info` is. */
void stw_counters_add(struct stw_counters *counters, const struct stw_plugin_info *info,
                      struct stw_config *config);
/* The mutator's own part: stw_mutator.counts. */
uint64_t *stw_counters_of(const struct stw_counters *counters, uint32_t mutator);

/* A place for a sum that the lab itself keeps of a plugin; one a plugin. */
struct stw_counter stw_counters_reserve(struct stw_counters *counters);
uint64_t stw_counters_sum(const struct stw_counters *counters, struct stw_counter reserved);

uint32_t stw_counters_count(const struct stw_counters *counters);
/* "strategy/pool.hits", and its value over all mutators. STW_E_INVALID when a gauge was counted as
 * a counter is, with the name as the error's field. */
stw_status stw_counters_read(const struct stw_counters *counters, uint32_t at, char *name,
                             uint32_t name_bytes, uint64_t *value, struct stw_error *error);
/* "strategy/pool.hits". */
void stw_counter_name(const struct stw_plugin_info *info, const struct stw_counter_info *counter,
                      char *name, uint32_t name_bytes);

#endif
