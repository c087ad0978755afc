/* plan/settings.c: a cell's settings as the worker gets them.
 *
 * Values have been checked by the coordinator before a worker starts. A worker that is given bad
 * ones all the same refuses plugin parameters with a message and aborts on runtime settings. */
#include "plan/settings.h"

#include "base/array.h"
#include "base/check.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define GOGC_MAX 1000000u

stw_status stw_gogc_parse(const char *text, int32_t *percent, struct stw_error *error)
{
    static const struct stw_param number = {.name = "gogc", .type = STW_TYPE_U64,
                                            .unit = "percent", .max_u64 = GOGC_MAX};
    struct stw_value value = {0};
    if (strcmp(text, "off") == 0) {
        *percent = STW_GC_OFF;
        return STW_OK;
    }
    if (stw_param_parse(&number, text, &value, NULL))
        return stw_error_set(error, STW_E_INVALID, "gogc",
                             "\"%s\" is neither \"off\" nor a percentage from 0 to %u", text,
                             GOGC_MAX);
    *percent = (int32_t)value.as_u64;
    return STW_OK;
}

static char *copy_bytes(const char *start, size_t length)
{
    return memcpy(stw_new(length + 1, 1), start, length);
}

int stw_runtime_matches(const char *label, const char *wanted)
{
    size_t length = strlen(wanted);
    if (strncmp(label, wanted, length) != 0)
        return 0;
    int is_family = strcspn(wanted, "0123456789") == length;
    int is_version = label[length] >= '0' && label[length] <= '9';
    return !label[length] || label[length] == '.' || label[length] == '-'
        || (is_family && is_version);
}

void stw_settings_parse(const char *text, struct stw_settings *settings)
{
    *settings = (struct stw_settings){0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        const char *tab = memchr(text, '\t', length);
        if (tab) {
            const char *value = tab + 1;
            *STW_APPEND(settings->items, settings->count) = (struct stw_setting){
                copy_bytes(text, (size_t)(tab - text)),
                copy_bytes(value, (size_t)(text + length - value))};
        }
        text += length + (text[length] == '\n');
    }
}

void stw_settings_free(struct stw_settings *settings)
{
    for (uint32_t i = 0; i < settings->count; i++) {
        free(settings->items[i].key);
        free(settings->items[i].value);
    }
    free(settings->items);
    *settings = (struct stw_settings){0};
}

const char *stw_settings_get(const struct stw_settings *settings, const char *key)
{
    for (uint32_t i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].key, key) == 0)
            return settings->items[i].value;
    return NULL;
}

struct stw_value stw_settings_runtime(const struct stw_settings *settings, const char *name)
{
    const struct stw_param *param = stw_runtime_param(name);
    STW_REQUIRE(param);
    const char *text = stw_settings_get(settings, name);
    struct stw_value value = {.name = param->name, .type = param->type};
    if (!text)
        text = param->default_text;
    if (param->type == STW_TYPE_TEXT)
        value.as_text = text;
    else
        STW_REQUIRE(stw_param_parse(param, text, &value, NULL) == STW_OK);
    if (param->type == STW_TYPE_CHOICE)
        value.as_text = param->choices[value.choice];
    return value;
}

/* The text of a plugin's parameter: as set, or its default. */
static const char *param_text(const struct stw_settings *settings, const char *prefix,
                              const struct stw_param *param)
{
    char key[2 * STW_WORD_BYTES + STW_ID_BYTES];
    size_t prefix_bytes = strlen(prefix);
    STW_REQUIRE(prefix_bytes + sizeof param->name <= sizeof key);
    memcpy(key, prefix, prefix_bytes + 1);
    strcat(key, param->name);
    const char *text = stw_settings_get(settings, key);
    return text ? text : param->default_text;
}

stw_status stw_settings_config(const struct stw_settings *settings,
                               const struct stw_plugin_info *info, const char *prefix,
                               struct stw_config *config, struct stw_error *error)
{
    struct stw_value *values = stw_new(info->param_count, sizeof *values);
    *config = (struct stw_config){.struct_size = sizeof *config, .values = values};
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct stw_param *param = &info->params[i];
        const char *text = param_text(settings, prefix, param);
        struct stw_error why = STW_ERROR_INIT;
        if (stw_param_parse(param, text, &values[i], &why)) {
            stw_config_free(config);
            return stw_error_set(error, STW_E_INVALID, param->name, "%s%s: %s", prefix,
                                 param->name, why.message);
        }
        values[i].name = param->name;
        values[i].type = param->type;
        config->value_count++;
    }
    return STW_OK;
}

void stw_config_free(struct stw_config *config)
{
    for (uint32_t i = 0; i < config->value_count; i++)
        if (config->values[i].type == STW_TYPE_TEXT)
            free((char *)(uintptr_t)config->values[i].as_text);
    free((void *)(uintptr_t)config->values);
    *config = (struct stw_config){.struct_size = sizeof *config};
}
