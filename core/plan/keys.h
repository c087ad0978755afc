/* plan/keys.h: what a key of [axes] or [fixed] stands for, and the one spelling of its values.
 *
 * A runtime setting, the workload's parameter, or KIND.PLUGIN.PARAMETER (host.KO1). */
#ifndef STW_PLAN_KEYS_H
#define STW_PLAN_KEYS_H

#include "host/registry.h"

struct stw_key {
    const struct stw_param *param;       /* null: cannot be told, the workload is unknown */
    const struct stw_plugin_info *owner; /* of KIND.PLUGIN.PARAMETER, else null */
    uint32_t owner_kind; /* of the plugin whose parameter it is; 0: a setting of the runtime */
    uint32_t kind;                       /* of allocator, map, strategy: values are ids; else 0 */
};

/* `workload` is null when it is unknown. STW_E_INVALID with what is wrong, and the nearest name. */
stw_status stw_key_resolve(const struct stw_registry *registry,
                           const struct stw_plugin_info *workload, const char *name,
                           struct stw_key *key, struct stw_error *error);
/* Checks a value and spells it in one way: "64KiB" and "65_536" come out alike, and so do "a+b" and
 * "a + b". A new string, or null with an error. key->param is not null. */
char *stw_key_canonical(const struct stw_registry *registry, const struct stw_key *key,
                        const char *text, struct stw_error *error);
/* The plugin `id`, or null with what is wrong: the nearest one, the file that was refused. */
const struct stw_plugin_info *stw_plugin_find(const struct stw_registry *registry, uint32_t kind,
                                              const char *id, struct stw_error *error);
/* Whether it is `runtime`, whose values may stand for several labels (stw_runtime_matches). */
int stw_key_is_runtime(const struct stw_key *key);
/* Whether values have an order. */
int stw_key_is_number(const struct stw_key *key);
/* Whether the canonical chain "a + b" holds the plugin `id`; a single id is a chain too. */
int stw_chain_has(const char *chain, const char *id);

#endif
