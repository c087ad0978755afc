/* lab/settings.c: the runtime's own settings, and a cell's settings as the worker gets them.
 *
 * Values have been checked by the coordinator before a worker starts. A worker that is given bad
 * ones all the same refuses plugin parameters with a message and aborts on runtime settings. */
#include "lab/settings.h"

#include "base/check.h"
#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define GOGC_MAX 1000000u

/* Builds for finding faults watch; one that is for measuring does when it is told to. */
#ifdef STW_GUARD
#define WATCH "true"
#else
#define WATCH "false"
#endif

const struct stw_param stw_runtime_params[] = {
    {.name = "allocator", .type = STW_TYPE_TEXT, .default_text = "go",
     .help = "which allocator plugin finds cells in the heap"},
    {.name = "map", .type = STW_TYPE_TEXT, .default_text = "go-buckets",
     .help = "which map plugin lays out hash maps"},
    {.name = "strategy", .type = STW_TYPE_TEXT, .default_text = "none",
     .help = "which mitigation; \"a + b\" composes, a outermost"},
    {.name = "mutators", .type = STW_TYPE_U64, .unit = "threads", .default_text = "1",
     .min_u64 = 1, .max_u64 = 256, .help = "threads that run the workload"},
    {.name = "gogc", .type = STW_TYPE_TEXT, .unit = "percent", .default_text = "100",
     .help = "heap growth that starts a cycle: 0 to 1000000 percent of the live heap, or off"},
    {.name = "gc.mode", .type = STW_TYPE_CHOICE, .default_text = "concurrent",
     .choice_count = 3, .choices = {"stw", "concurrent", "rescan"},
     .help = "mark in one stop; while mutators run; or so, but scan all stacks again in stop 2"},
    {.name = "gc.processors", .type = STW_TYPE_U64, .unit = "processors", .default_text = "0",
     .min_u64 = 0, .max_u64 = 256,
     .help = "threads that run at once, collector included; 0: as many as the machine has"},
    {.name = "gc.period", .type = STW_TYPE_U64, .unit = "ns", .default_text = "120s",
     .max_u64 = UINT64_MAX,
     .help = "a cycle begins when none has ended for so long and gogc is not off; 0: never"},
    {.name = "gc.limit", .type = STW_TYPE_U64, .unit = "bytes", .default_text = "0",
     .max_u64 = UINT64_MAX,
     .help = "memory that the runtime tries to stay below, as GOMEMLIMIT; 0: no limit"},
    {.name = "gc.stress", .type = STW_TYPE_U64, .unit = "allocations", .default_text = "0",
     .min_u64 = 0, .max_u64 = 1000000000,
     .help = "collect at every Nth slow allocation; 0: never"},
    {.name = "gc.trace", .type = STW_TYPE_BOOL, .default_text = "false",
     .help = "another runtime tells its cycles, too; that makes its stops longer"},
    {.name = "gc.watch", .type = STW_TYPE_BOOL, .default_text = WATCH,
     .help = "count page faults, waits and malloc of plugins inside stops, and judge by them"},
    {.name = "heap.reserve", .type = STW_TYPE_U64, .unit = "bytes", .default_text = "64GiB",
     .min_u64 = 64ull << 20, .max_u64 = 16ull << 40,
     .help = "address space set aside for the heap"},
    {.name = "schedule", .type = STW_TYPE_CHOICE, .default_text = "threads",
     .choice_count = 2, .choices = {"threads", "stepped"},
     .help = "collector work on threads of its own, or in fixed steps between allocations"},
    {.name = "runtime", .type = STW_TYPE_TEXT, .default_text = "stwlab",
     .help = "who carries the workload out: stwlab, go (each that is there), go1.23, bdwgc"},
    {.name = "pin", .type = STW_TYPE_BOOL, .default_text = "true",
     .help = "a processor of its own for each mutator, if there are enough"},
    {.name = "audit", .type = STW_TYPE_BOOL, .default_text = "false",
     .help = "check the whole heap at the end of every cycle"},
};
const uint32_t stw_runtime_param_count = sizeof stw_runtime_params / sizeof *stw_runtime_params;

const struct stw_param *stw_runtime_param(const char *name)
{
    for (uint32_t i = 0; i < stw_runtime_param_count; i++)
        if (strcmp(stw_runtime_params[i].name, name) == 0)
            return &stw_runtime_params[i];
    return NULL;
}

int stw_setting_is_reserved(const char *name)
{
    return stw_runtime_param(name) || strcmp(name, "experiment") == 0
           || strcmp(name, "workload") == 0 || strcmp(name, "seed") == 0;
}

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
    return !label[length] || label[length] == '.' || (is_family && is_version);
}

void stw_settings_parse(const char *text, struct stw_settings *settings)
{
    *settings = (struct stw_settings){0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        const char *tab = memchr(text, '\t', length);
        if (tab) {
            const char *value = tab + 1;
            settings->items =
                stw_grow(settings->items, settings->count + 1, sizeof *settings->items);
            settings->items[settings->count++] = (struct stw_setting){
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
    const char *text = NULL;
    size_t prefix_bytes = strlen(prefix);
    STW_REQUIRE(prefix_bytes + sizeof param->name <= sizeof key);
    memcpy(key, prefix, prefix_bytes + 1);
    strcat(key, param->name);
    if (*prefix || !stw_setting_is_reserved(param->name))
        text = stw_settings_get(settings, key);
    return text ? text : param->default_text;
}

stw_status stw_settings_config(const struct stw_settings *settings,
                               const struct stw_plugin_info *info, const char *prefix,
                               struct stw_config *config, struct stw_error *error)
{
    struct stw_value *values = stw_new(info->param_count, sizeof *values);
    *config = (struct stw_config){sizeof *config, 0, values};
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
