/* host/manifest.h: reads what a shared object offers, from its file, without executing it.
 *
 * The reader trusts nothing: every offset and count in the file is checked against the file's size,
 * so truncated and hostile files end in an error, never in a crash. */
#ifndef STW_HOST_MANIFEST_H
#define STW_HOST_MANIFEST_H

#include "base/facts.h"

#include <stwlab/plugin.h>

#define STW_ID_BYTES 41u
#define STW_WORD_BYTES 64u
#define STW_HELP_BYTES 160u
#define STW_CHOICES 16u
#define STW_PARAMS 32u
#define STW_OFFERS 16u
#define STW_BUILD_ID_BYTES 41u
#define STW_VARIABLES 8u
#define STW_CLASS_NAME_BYTES 24u
#define STW_COUNTERS_DECLARED 16u
#define STW_REFUSALS 8u
#define STW_CONDITION_BYTES 256u
#define STW_COUNTER_NAME_BYTES 40u /* "strategy/ID.NAME" is a name in a trial's record */

/* A parameter as declared. Texts are terminated. */
struct stw_param {
    char name[STW_WORD_BYTES];
    uint32_t type; /* STW_TYPE_* */
    uint32_t is_file; /* TEXT: the path of a file, or one of the choices */
    uint32_t choice_count;
    char choices[STW_CHOICES][STW_WORD_BYTES];
    char unit[16];
    char default_text[STW_WORD_BYTES];
    uint64_t min_u64, max_u64; /* U64 */
    double min_f64, max_f64;   /* F64 */
    char help[STW_HELP_BYTES];
};

/* A counter or gauge as declared. */
struct stw_counter_info {
    char name[STW_COUNTER_NAME_BYTES];
    char unit[16];
    uint32_t adds; /* STW_ADDS_SUM, _MAX or, of a gauge, _LAST (base/facts.h) */
    char help[STW_HELP_BYTES];
};

/* What a plugin refuses: a condition over settings of the runtime and its own parameters, named as
 * in an experiment. */
struct stw_refusal_info {
    char condition[STW_CONDITION_BYTES];
    char reason[STW_HELP_BYTES];
    uint32_t line; /* of the manifest */
};

/* A class of operations as declared. */
struct stw_class_info {
    char name[STW_CLASS_NAME_BYTES];
    char help[STW_HELP_BYTES];
};

/* A plugin as declared in a manifest. */
struct stw_plugin_info {
    uint32_t kind; /* STW_KIND_* */
    uint32_t param_count;
    char id[STW_ID_BYTES];
    char operations[STW_WORD_BYTES]; /* of a workload: the parameter that counts them, or empty */
    char summary[STW_HELP_BYTES];
    /* Of the object that holds it; shared by its siblings. */
    char path[4096]; /* absolute, resolved */
    char compiler[37];
    char build_id[STW_BUILD_ID_BYTES]; /* hex of the GNU build id, cut; may be empty */
    uint16_t abi_major, abi_minor;
    uint32_t needs; /* what it declares to need, STW_PERMIT_* (prim/sandbox.h) */
    uint32_t variable_count;
    char variables[STW_VARIABLES][STW_WORD_BYTES]; /* of the environment, that it reads */
    uint32_t refusal_count;
    uint32_t class_count; /* of a workload */
    struct stw_class_info classes[STW_CLASSES_MAX];
    uint32_t counter_count;
    struct stw_counter_info counters[STW_COUNTERS_DECLARED]; /* from here on: what is unused of
                                                                it is never touched */
    struct stw_refusal_info refusals[STW_REFUSALS];
    struct stw_param params[STW_PARAMS];
};

struct stw_manifest {
    uint32_t count;
    struct stw_plugin_info plugins[STW_OFFERS];
};

/* "allocator", "map", "strategy", "workload"; never null. */
const char *stw_kind_name(uint32_t kind);
/* The kind of that name, or 0. */
uint32_t stw_kind_of_name(const char *name);

/* Reads the manifest of `path` into `*manifest` (large: allocate it). STW_E_IO: cannot be read;
 * STW_E_REFUSED: not a plugin, or one of another ABI: the message names the field that differs. */
stw_status stw_manifest_read(const char *path, struct stw_manifest *manifest,
                             struct stw_error *error);

/* Parses and checks one value for a parameter. Numbers take the suffixes of the unit: bytes: B KiB
 * MiB GiB TiB; ns: ns us ms s min h; any: k M G (decimal), underscores, and 2^N. Bool: true false
 * yes no on off 1 0. Texts are allocated with stw_strdup and owned by the value; choices are the
 * param's. STW_E_INVALID: the message says what is wrong and what is allowed. */
stw_status stw_param_parse(const struct stw_param *param, const char *text, struct stw_value *value,
                           struct stw_error *error);
/* Writes "64MiB", "10ms", "0.5", "true": a short, exact form, which parses to the same value. */
void stw_param_format(const struct stw_param *param, const struct stw_value *value, char *text,
                      uint32_t text_bytes);

#endif
