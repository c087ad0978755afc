/* host/load.h: loads one plugin's code; workers only.
 *
 * Admission again, now against the loaded object: magic, versions, the offer named by the manifest,
 * no null mandatory slot (refused by name). The vtable given out is the host's own copy, as long as
 * this host's struct: slots that the plugin is too old to have, and optional slots left null, are
 * filled with host stubs, so callers never test for null. */
#ifndef STW_HOST_LOAD_H
#define STW_HOST_LOAD_H

#include "host/manifest.h"

#define STW_ORDINALS 16u /* plugins of a trial, and the host, 0 */

struct stw_loaded {
    const struct stw_plugin_info *info;
    void *self;      /* after stw_plugin_create */
    uint32_t ordinal; /* in the flight recorder; less than STW_ORDINALS */
    uint32_t makes_faults; /* a strategy with one of the slots safepoint and alloc_slow */
    union {
        struct stw_allocator_ops allocator;
        struct stw_map_ops map;
        struct stw_strategy_ops strategy;
        struct stw_workload_ops workload;
    } ops;
    const void *offered; /* the plugin's own table of slots, as it offers it */
    struct stw_map_ops maps; /* of a strategy that presents maps: its table, filled like a map's */
    uint64_t handles; /* of a strategy: the intents that it has slots of its own for, as bits of
                         stw_link.handles; begin and end are none */
};

/* dlopens info->path (RTLD_NOW | RTLD_LOCAL, absolute, never closed) and fills loaded->ops.
 * STW_E_REFUSED with the rule and the slot in `error`. */
stw_status stw_plugin_load(const struct stw_plugin_info *info, struct stw_loaded *loaded,
                           struct stw_error *error);
/* The same from a descriptor in this process (static builds, tests). */
stw_status stw_plugin_adopt(const struct stw_plugin_info *info,
                            const struct stw_descriptor *descriptor, struct stw_loaded *loaded,
                            struct stw_error *error);
/* Before create: binds slots that the plugin left to parameters (workload.h, operations) to their
 * values. STW_E_REFUSED when there is no such parameter. */
stw_status stw_plugin_configure(const struct stw_loaded *loaded, const struct stw_config *config,
                                struct stw_error *error);

/* The name of the slot that the plugin's function is, or null: it is none of this plugin's. Of a
 * strategy's table of maps: the map's slot. Safe in a signal handler. */
const char *stw_slot_name(const struct stw_loaded *loaded, const void *function);

#endif
