/* stwlab/manifest.h: what a shared object offers, readable without executing it.
 *
 * A manifest is an ELF note (section .note.stwlab, owner "stwlab", type 1) that the host parses
 * from the file. Its descriptor is `struct stw_manifest_head` followed by text, one record a line,
 * fields separated by '|':
 *     plugin|KIND|ID|SUMMARY
 *     param|NAME|TYPE|UNIT|DEFAULT|MIN|MAX|HELP      (belongs to the plugin line above it)
 *     needs|PERMISSION                               (likewise; optional)
 *     env|NAME                                       (likewise; optional)
 *     counter|NAME|UNIT|sum or max|HELP              (likewise; optional)
 *     gauge|NAME|UNIT|HELP                           (likewise; optional)
 *     operations|NAME                                (of a workload; optional)
 *     class|NAME|HELP                                (likewise)
 *     refuses|CONDITION|REASON                       (optional)
 * KIND is allocator, map, strategy or workload. ID matches [a-z][a-z0-9-]*, at most 40 characters.
 * NAME matches [a-z][a-z0-9_.-]*; that of a workload's parameter is none that the runtime or
 * [experiment] has, nor begins with a KIND and a point. TYPE is u64, f64, bool, text,
 * choice(a,b,c), or file(a,b): the path of a file or one of the words, a text for the plugin. UNIT
 * is a plain word; "bytes" lets users write 64MiB and "ns" lets them write 10ms. Only u64 and f64
 * have a MIN and a MAX. The text is UTF-8 without control and invisible characters; fields have no
 * '|', but CONDITION may: it goes to the last one of its line. Every plugin line is matched by one
 * entry of the descriptor (plugin.h), checked again when the object is loaded.
 *
 * Usage, once per shared object, at file scope:
 *     STW_MANIFEST(STW_PLUGIN("strategy", "chunked-merge", "Merges in chunks")
 *                  STW_PARAM_U64("chunk", "entries", 4096, 1, 1073741824, "entries a chunk")) */
#ifndef STWLAB_MANIFEST_H
#define STWLAB_MANIFEST_H

#include "base.h"

#define STW_NOTE_SECTION ".note.stwlab"
#define STW_NOTE_OWNER "stwlab"
#define STW_NOTE_TYPE 1u

/* The fingerprint: every field is compared before any plugin code runs, and the refusal names the
 * field that differs. Sizes tell which fields the plugin may touch inline. */
struct stw_manifest_head {
    uint32_t struct_size; /* of this head; the text follows directly */
    uint32_t magic;       /* STW_MAGIC */
    uint16_t abi_major;
    uint16_t abi_minor;
    uint16_t pointer_bits; /* 64 */
    uint16_t byte_order;   /* 0x0102 as the compiler stored it */
    uint32_t layout;       /* STW_ABI_LAYOUT */
    uint32_t mutator_size; /* sizeof(struct stw_mutator): at most the host's */
    uint32_t span_size;    /* sizeof(struct stw_span): at most the host's */
    char compiler[36];     /* __VERSION__, cut; shown, never compared */
};
STW_STATIC_ASSERT(sizeof(struct stw_manifest_head) == 64, "the head's size is part of the ABI");

#define STW_STRINGIFY_(x) #x
#define STW_STRINGIFY(x) STW_STRINGIFY_(x)

#define STW_PLUGIN(kind, id, summary) "plugin|" kind "|" id "|" summary "\n"
#define STW_PARAM_U64(name, unit, def, min, max, help)                                             \
    "param|" name "|u64|" unit "|" #def "|" #min "|" #max "|" help "\n"
#define STW_PARAM_F64(name, unit, def, min, max, help)                                             \
    "param|" name "|f64|" unit "|" #def "|" #min "|" #max "|" help "\n"
#define STW_PARAM_BOOL(name, def, help) "param|" name "|bool||" #def "|||" help "\n"
#define STW_PARAM_TEXT(name, def, help) "param|" name "|text||" def "|||" help "\n"
/* `words`: what may stand in place of a path. The host resolves a relative path against the folder
 * of the experiment's file and checks that the file can be read, before the run. */
#define STW_PARAM_FILE(name, words, def, help)                                                     \
    "param|" name "|file(" words ")||" def "|||" help "\n"
#define STW_PARAM_CHOICE(name, choices, def, help)                                                 \
    "param|" name "|choice(" choices ")||" def "|||" help "\n"

/* A trial runs in a sandbox. What a plugin cannot do without, it declares: "files", "network",
 * "processes" or "scheduling"; an experiment has to permit it. And the variables of the environment
 * that it reads: others than the usual ones it does not see. */
#define STW_NEEDS(permission) "needs|" permission "\n"
#define STW_NEEDS_ENV(name) "env|" name "\n"

/* What a plugin counts: shown as KIND/ID.NAME, strategy/pool.hits. NAME has at most 39 characters;
 * UNIT may be empty, "ns" and "bytes" are shown as such. `adds` is sum or max: what becomes of
 * several mutators' values. A gauge is what it was set to last. */
#define STW_COUNTER(name, unit, adds, help) "counter|" name "|" unit "|" #adds "|" help "\n"
#define STW_GAUGE(name, unit, help) "gauge|" name "|" unit "|" help "\n"

/* Settings with which the plugin cannot work: cells where the condition holds are skipped, and
 * `reason` is told, before anything runs. The language is that of [exclude]; keys are settings of
 * the runtime and the plugin's own parameters as an experiment names them (n of a workload,
 * strategy.pool.keep of a strategy), whether the experiment mentions them or not:
 *     STW_REFUSES("mutators % 2 == 1", "it hands maps over in pairs of mutators") */
#define STW_REFUSES(condition, reason) "refuses|" condition "|" reason "\n"

/* The parameter of a workload that says how many operations each mutator runs, if it is not called
 * "operations": of a workload without that slot. */
#define STW_OPERATIONS(name) "operations|" name "\n"

/* A class of a workload's operations, STW_CLASSES_MAX of them at most: stw_host.operation_class.
 * NAME has at most 23 characters. */
#define STW_CLASS(name, help) "class|" name "|" help "\n"
#define STW_CLASSES_MAX 4u

#define STW_MANIFEST(text)                                                                         \
    __attribute__((section(STW_NOTE_SECTION), used, aligned(4))) static const struct {             \
        uint32_t owner_bytes, head_and_text_bytes, type;                                           \
        char owner[8];                                                                             \
        struct stw_manifest_head head;                                                             \
        char body[sizeof(text)];                                                                   \
    } stw__manifest_note = {                                                                       \
        sizeof(STW_NOTE_OWNER),                                                                    \
        (uint32_t)(sizeof(struct stw_manifest_head) + sizeof(text)),                               \
        STW_NOTE_TYPE,                                                                             \
        STW_NOTE_OWNER,                                                                            \
        {sizeof(struct stw_manifest_head), STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR,                \
         (uint16_t)(8 * sizeof(void *)), 0x0102, STW_ABI_LAYOUT,                                   \
         (uint32_t)sizeof(struct stw_mutator), (uint32_t)sizeof(struct stw_span), __VERSION__},    \
        text}

/* The values that the trial was configured with, in the order of the manifest, every declared
 * parameter present, all within their ranges. Borrowed: valid as long as the plugin instance. */
#define STW_TYPE_U64 1u
#define STW_TYPE_F64 2u
#define STW_TYPE_BOOL 3u
#define STW_TYPE_TEXT 4u
#define STW_TYPE_CHOICE 5u

struct stw_value {
    const char *name;
    uint32_t type;       /* STW_TYPE_* */
    uint32_t choice;     /* index of the chosen word, for CHOICE */
    uint64_t as_u64;     /* U64; BOOL as 0 or 1 */
    double as_f64;       /* F64 */
    const char *as_text; /* TEXT and CHOICE */
};

/* Where a declared counter or gauge is counted, for stw_count and its kin (mutator.h). A plugin
 * keeps it, and looks into it no further. */
struct stw_counter {
    uint64_t *shared; /* atomic; what is not a mutator's own */
    uint64_t index;   /* in each mutator's own */
};
struct stw_named_counter {
    const char *name;
    struct stw_counter counter;
};

struct stw_config {
    uint32_t struct_size;
    uint32_t value_count;
    const struct stw_value *values;
    uint64_t counter_count;
    const struct stw_named_counter *counters; /* in the order of the manifest */
    /* Does not return. May be null, as in a configuration that a test has made. */
    void (*undeclared)(const struct stw_config *config, const char *name);
};

/* Rule `declared`: what is asked for is in the manifest. */
static inline __attribute__((noreturn)) void stw_config_lacks(const struct stw_config *config,
                                                              const char *name)
{
    if (config->undeclared)
        config->undeclared(config, name);
    __builtin_trap();
}

/* Looks a declared parameter up. */
static inline const struct stw_value *stw_config_get(const struct stw_config *config,
                                                     const char *name)
{
    for (uint32_t i = 0; i < config->value_count; i++)
        if (__builtin_strcmp(config->values[i].name, name) == 0)
            return &config->values[i];
    stw_config_lacks(config, name);
}
static inline uint64_t stw_config_u64(const struct stw_config *config, const char *name)
{
    return stw_config_get(config, name)->as_u64;
}
/* Likewise a declared counter or gauge. No two plugins of a trial have the same one. */
static inline struct stw_counter stw_config_counter(const struct stw_config *config,
                                                    const char *name)
{
    for (uint64_t i = 0; i < config->counter_count; i++)
        if (__builtin_strcmp(config->counters[i].name, name) == 0)
            return config->counters[i].counter;
    stw_config_lacks(config, name);
}
static inline const char *stw_config_text(const struct stw_config *config, const char *name)
{
    return stw_config_get(config, name)->as_text;
}

#endif
