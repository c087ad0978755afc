/* plan/refusal.c: what plugins refuse, bound to an experiment's keys. */
#include "plan/refusal.h"

#include "base/array.h"
#include "base/error.h"
#include "plan/condition.h"

#include <stdlib.h>
#include <string.h>

static char *plugin_name(const struct stw_plugin_info *info)
{
    struct stw_text name = {0};
    stw_text_add(&name, "%s/%s", stw_kind_name(info->kind), info->id);
    return name.bytes;
}

static void read_one(struct stw_draft *draft, const struct stw_plugin_info *info,
                     const struct stw_refusal_info *declared)
{
    struct stw_experiment *e = draft->experiment;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_refusal refusal = {.kind = info->kind, .plugin = plugin_name(info)};
    refusal.condition = stw_condition_parse(draft, declared->condition, 1, &error);
    if (!refusal.condition) {
        struct stw_place place = {0};
        stw_problem_add(&draft->problems, &place, "%s refuses \"%s\": %s", refusal.plugin,
                        declared->condition, error.message);
        free(refusal.plugin);
        return;
    }
    memcpy(refusal.id, info->id, sizeof refusal.id);
    refusal.reason = stw_strdup(declared->reason);
    *STW_APPEND(e->refusals, e->refusal_count) = refusal;
}

void stw_refusals_read(struct stw_draft *draft)
{
    for (uint32_t i = 0; i < stw_registry_count(draft->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(draft->registry, i);
        if (!info->refusal_count || !stw_experiment_uses(draft->experiment, info))
            continue;
        for (uint32_t r = 0; r < info->refusal_count; r++)
            read_one(draft, info, &info->refusals[r]);
    }
}

void stw_refusals_free(struct stw_experiment *experiment)
{
    for (uint32_t i = 0; i < experiment->refusal_count; i++) {
        free(experiment->refusals[i].plugin);
        free(experiment->refusals[i].reason);
        stw_condition_free(experiment->refusals[i].condition);
    }
    free(experiment->refusals);
}

/* RF1. */
static int is_asked(const struct stw_experiment *e, const struct stw_cell *cell,
                    const struct stw_refusal *refusal)
{
    const char *runtime = stw_cell_value(e, cell, "runtime");
    if (runtime && strcmp(runtime, "stwlab") != 0)
        return 0;
    const char *chain = refusal->kind == STW_KIND_WORKLOAD
                            ? e->workload : stw_cell_value(e, cell, stw_kind_name(refusal->kind));
    return chain && stw_chain_has(chain, refusal->id);
}

const struct stw_refusal *stw_refusal_find(const struct stw_experiment *experiment,
                                           const struct stw_cell *cell, const uint32_t *picks)
{
    for (uint32_t i = 0; i < experiment->refusal_count; i++) {
        const struct stw_refusal *refusal = &experiment->refusals[i];
        if (stw_condition_holds(refusal->condition, picks) && is_asked(experiment, cell, refusal))
            return refusal;
    }
    return NULL;
}
