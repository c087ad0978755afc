/* plan/settings.h: a cell's settings as its worker gets them, and what they mean for the runtime
 * and for each plugin.
 *
 * Key forms: NAME (a runtime setting, or the workload's parameter), allocator | map | strategy
 * (which plugin; strategy may be "a + b"), KIND.PLUGIN.PARAMETER. */
#ifndef STW_PLAN_SETTINGS_H
#define STW_PLAN_SETTINGS_H

#include "host/runtime_params.h"

/* Of a cell, as text: what its worker has room for; and of it what is kept for what the lab adds:
 * files, the sandbox, another runtime's program and facts. */
#define STW_SETTINGS_BYTES_MAX 65536u
#define STW_SETTINGS_OWN_BYTES 16384u

/* Parses a value of `gogc`: "off" (STW_GC_OFF) or a percentage. STW_E_INVALID. */
stw_status stw_gogc_parse(const char *text, int32_t *percent, struct stw_error *error);

/* Whether `wanted` ("stwlab", "go", "go1.23", "go1.23.8") stands for the runtime `label`. */
int stw_runtime_matches(const char *label, const char *wanted);

/* A cell's settings after parsing in the worker (or for a check in the coordinator). */
struct stw_setting {
    char *key;
    char *value;
};
struct stw_settings {
    struct stw_setting *items;
    uint32_t count;
};
/* Parses "key\tvalue\n" lines. */
void stw_settings_parse(const char *text, struct stw_settings *settings);
void stw_settings_free(struct stw_settings *settings);
/* Null when it is not set. */
const char *stw_settings_get(const struct stw_settings *settings, const char *key);
/* The value of a runtime setting, or its default. The setting is valid by then. Texts are borrowed
 * from `settings` or static: nothing to free. */
struct stw_value stw_settings_runtime(const struct stw_settings *settings, const char *name);
/* Builds the configuration of one plugin: declared defaults overridden by `prefix` + parameter
 * ("strategy.pool." ...; "" for the workload). STW_E_INVALID. Free with stw_config_free. */
stw_status stw_settings_config(const struct stw_settings *settings,
                               const struct stw_plugin_info *info, const char *prefix,
                               struct stw_config *config, struct stw_error *error);
void stw_config_free(struct stw_config *config);

#endif
