/* host/runtime_params.c: the runtime's own settings, and the names that they take. */
#include "host/runtime_params.h"

#include <string.h>

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
     .help = "how far the heap grows, in percent of what was live, before a cycle starts, up to "
             "1000000; or off"},
    {.name = "gc.processors", .type = STW_TYPE_U64, .unit = "processors", .default_text = "0",
     .min_u64 = 0, .max_u64 = 256,
     .help = "threads that run at once, collector included; 0: as many as the machine has"},
    {.name = "gc.trace", .type = STW_TYPE_BOOL, .default_text = "false",
     .help = "Go tells its cycles too, which makes its stops longer; the lab's are always told"},
    {.name = "heap", .type = STW_TYPE_TEXT, .default_text = "off",
     .help = "gc.limit as a multiple of the least in which the cell completes (stwlab minheap): "
             "1.3x, 2x ...; or off"},
    {.name = "heap.reserve", .type = STW_TYPE_U64, .unit = "bytes", .default_text = "64GiB",
     .min_u64 = 64ull << 20, .max_u64 = 16ull << 40,
     .help = "address space of the heap"},
    {.name = "runtime", .type = STW_TYPE_TEXT, .default_text = "stwlab",
     .help = "who carries the workload out: stwlab, go (each that is there), go1.23, bdwgc"},
    {.name = "pin", .type = STW_TYPE_BOOL, .default_text = "true",
     .help = "gives each mutator a processor of its own, if there are as many"},
#define NUMBER(field, key, unit_, default_, least, most, help_)                                    \
    {.name = key, .type = STW_TYPE_U64, .unit = unit_, .default_text = default_,                   \
     .min_u64 = least, .max_u64 = most, .help = help_},
#define SWITCH(field, key, default_, help_)                                                        \
    {.name = key, .type = STW_TYPE_BOOL, .default_text = default_, .help = help_},
#define CHOICE(field, key, default_, help_, ...)                                                   \
    {.name = key, .type = STW_TYPE_CHOICE, .default_text = default_, .help = help_,                \
     .choice_count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                       \
     .choices = {__VA_ARGS__}},
#include "base/settings.def"
};
const uint32_t stw_runtime_param_count = sizeof stw_runtime_params / sizeof *stw_runtime_params;

const struct stw_param *stw_runtime_param(const char *name)
{
    for (uint32_t i = 0; i < stw_runtime_param_count; i++)
        if (strcmp(stw_runtime_params[i].name, name) == 0)
            return &stw_runtime_params[i];
    return NULL;
}

int stw_is_experiment_name(const char *name)
{
    static const char *const names[] = {"experiment", "workload", "seed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return 0;
}

int stw_is_plugin_name(const char *name)
{
    char word[STW_WORD_BYTES];
    size_t length = strcspn(name, ".");
    if (!name[length] || length >= sizeof word)
        return 0;
    memcpy(word, name, length);
    word[length] = '\0';
    return stw_kind_of_name(word) != 0;
}
