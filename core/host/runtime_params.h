/* host/runtime_params.h: the runtime's own settings, declared like a plugin's parameters, and the
 * names that they take.
 *
 * A key of an experiment is a setting of the runtime, or a parameter of the workload under its own
 * name, or KIND.PLUGIN.PARAMETER.
 * KO1 no key is two of these: a workload's parameter of a name that is taken is refused with its
 *     manifest. So a key has one owner, which is looked up and never guessed from the spelling. */
#ifndef STW_HOST_RUNTIME_PARAMS_H
#define STW_HOST_RUNTIME_PARAMS_H

#include "host/manifest.h"

/* The runtime's settings: those of base/settings.def, and what has to be worked out first. */
extern const struct stw_param stw_runtime_params[];
extern const uint32_t stw_runtime_param_count;
/* Null when the runtime has no such setting. */
const struct stw_param *stw_runtime_param(const char *name);
/* Whether a cell's settings have `name` from [experiment]: experiment, workload, seed. */
int stw_is_experiment_name(const char *name);
/* Whether `name` begins as a parameter of another plugin does: "strategy.", "map." ... */
int stw_is_plugin_name(const char *name);

#endif
