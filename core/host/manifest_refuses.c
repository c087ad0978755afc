/* host/manifest_refuses.c: whether what a plugin refuses can be judged, before anybody uses it.
 *
 * A manifest knows the settings of the runtime and its own plugin's parameters, so no others may
 * stand in its conditions. Ids of plugins and names of runtimes are texts: there need not be
 * such. */
#include "host/manifest_parts.h"

#include "base/error.h"
#include "base/formula.h"
#include "base/text.h"
#include "host/runtime_params.h"

#include <stdlib.h>
#include <string.h>

/* The name of a parameter as a key of an experiment. */
static void add_key(const struct stw_plugin_info *info, const struct stw_param *param,
                    struct stw_text *key)
{
    if (info->kind == STW_KIND_WORKLOAD)
        stw_text_add(key, "%s", param->name);
    else
        stw_text_add(key, "%s.%s.%s", stw_kind_name(info->kind), info->id, param->name);
}

static const struct stw_param *find_key(const struct stw_plugin_info *info, const char *key)
{
    const struct stw_param *found = stw_runtime_param(key);
    for (uint32_t i = 0; !found && i < info->param_count; i++) {
        struct stw_text name = {0};
        add_key(info, &info->params[i], &name);
        found = strcmp(name.bytes, key) == 0 ? &info->params[i] : NULL;
        stw_text_free(&name);
    }
    return found;
}

static stw_status refuse_key(const struct stw_plugin_info *info, const char *key,
                             struct stw_error *error)
{
    uint32_t count = stw_runtime_param_count;
    struct stw_text names[STW_PARAMS] = {0};
    const char **words = stw_new(count + STW_PARAMS, sizeof *words);
    for (uint32_t i = 0; i < count; i++)
        words[i] = stw_runtime_params[i].name;
    for (uint32_t i = 0; i < info->param_count; i++) {
        add_key(info, &info->params[i], &names[i]);
        words[count + i] = names[i].bytes;
    }
    const char *near = stw_nearest(key, words, count + info->param_count);
    stw_error_set(error, STW_E_INVALID, NULL,
                  "\"%s\" is neither a setting of the runtime nor a parameter of this plugin%s%s%s",
                  key, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    for (uint32_t i = 0; i < info->param_count; i++)
        stw_text_free(&names[i]);
    free(words);
    return STW_E_INVALID;
}

static stw_status check_remainder(const struct stw_param *param,
                                  const struct stw_comparison *comparison, struct stw_error *error)
{
    if (param->type != STW_TYPE_U64)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "%s is no whole number: it has no remainder", comparison->key);
    char *value = stw_formula_remainder(comparison, error);
    free(value);
    return value ? STW_OK : STW_E_INVALID;
}

static stw_status check_comparison(const struct stw_plugin_info *info,
                                   const struct stw_comparison *comparison,
                                   struct stw_error *error)
{
    const struct stw_param *param = find_key(info, comparison->key);
    struct stw_value value = {0};
    if (!param)
        return refuse_key(info, comparison->key, error);
    if (stw_relation_is_order(comparison->relation) && param->type != STW_TYPE_U64
        && param->type != STW_TYPE_F64)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "%s is not a number: only == and != compare it", comparison->key);
    if (comparison->divisor)
        return check_remainder(param, comparison, error);
    return param->type == STW_TYPE_TEXT ? STW_OK
                                        : stw_param_parse(param, comparison->value, &value, error);
}

stw_status stw__refusal_check(const struct stw_plugin_info *info, const char *condition,
                              uint32_t *at, struct stw_error *error)
{
    struct stw_formula formula;
    stw_status status = stw_formula_parse(condition, &formula, at, error);
    for (uint32_t i = 0; status == STW_OK && i < formula.comparison_count; i++) {
        status = check_comparison(info, &formula.comparisons[i], error);
        *at = formula.comparisons[i].at;
    }
    stw_formula_free(&formula);
    return status;
}
