/* plan/experiment.c: reads an experiment: its INI file, the overrides, what plugins declare.
 *
 * All problems are collected first; an experiment with a problem is not used, one with a remark
 * is. */
#include "plan/experiment.h"

#include "base/array.h"
#include "base/error.h"
#include "plan/claim.h"
#include "plan/condition.h"
#include "plan/draft.h"
#include "plan/heaps.h"
#include "plan/policy.h"
#include "plan/refusal.h"
#include "plan/settings.h"
#include "plan/trials.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES_MAX 64u

/* The keys of [experiment]. */
static const struct stw_param experiment_params[] = {
    {.name = "name", .type = STW_TYPE_TEXT},
    {.name = "question", .type = STW_TYPE_TEXT},
    {.name = "workload", .type = STW_TYPE_TEXT},
    {.name = "trials", .type = STW_TYPE_U64, .default_text = "20", .min_u64 = 1,
     .max_u64 = STW_TRIALS_MOST},
    {.name = "time", .type = STW_TYPE_U64, .unit = "ns", .default_text = "0",
     .max_u64 = 31536000000000000},
    {.name = "seed", .type = STW_TYPE_U64, .default_text = "1", .max_u64 = UINT64_MAX},
    {.name = "timeout", .type = STW_TYPE_U64, .unit = "ns", .default_text = "60s",
     .min_u64 = 1000000, .max_u64 = 604800000000000},
    {.name = "memory", .type = STW_TYPE_U64, .unit = "bytes", .default_text = "2GiB",
     .min_u64 = 64ull << 20, .max_u64 = 16ull << 40},
    {.name = "sandbox", .type = STW_TYPE_BOOL, .default_text = "on"},
    {.name = "minheap", .type = STW_TYPE_TEXT},
    {.name = "canary", .type = STW_TYPE_BOOL, .default_text = "off"},
};
#define EXPERIMENT_PARAMS (sizeof experiment_params / sizeof *experiment_params)

static const struct stw_param *find_param(const char *name)
{
    for (size_t i = 0; i < EXPERIMENT_PARAMS; i++)
        if (strcmp(experiment_params[i].name, name) == 0)
            return &experiment_params[i];
    return NULL;
}

/* The key of [experiment] that is nearest to `name`, or null. */
static const char *nearest_key(const char *name)
{
    const char *words[EXPERIMENT_PARAMS];
    for (size_t i = 0; i < EXPERIMENT_PARAMS; i++)
        words[i] = experiment_params[i].name;
    return stw_nearest(name, words, EXPERIMENT_PARAMS);
}

/* Whether a misspelt key stands for `name`: then that is told, and `name` is not missing. */
static int is_misspelt(const struct stw_draft *draft, const char *name)
{
    for (uint32_t i = 0; i < draft->ini.entry_count; i++) {
        const struct stw_ini_entry *entry = &draft->ini.entries[i];
        const char *near = strcmp(entry->section, "experiment") == 0 && !find_param(entry->key)
                               ? nearest_key(entry->key) : NULL;
        if (near && strcmp(near, name) == 0)
            return 1;
    }
    return 0;
}

static void check_known(struct stw_draft *draft, const struct stw_ini_entry *entry)
{
    struct stw_place place = stw_ini_place(entry);
    if (find_param(entry->key))
        return;
    if (stw_runtime_param(entry->key)) {
        stw_problem_add(&draft->problems, &place, "belongs in [fixed] or [axes]");
        return;
    }
    const char *near = nearest_key(entry->key);
    if (near)
        stw_problem_add(&draft->problems, &place, "unknown key; did you mean \"%s\"?", near);
    else
        stw_problem_add(&draft->problems, &place, "unknown key; there are name, question, "
                        "workload, trials, time, seed, timeout, memory, sandbox, minheap and "
                        "canary");
}

/* A text of [experiment]; "" when it is missing or unusable. */
static char *read_text(const struct stw_draft *draft, const char *name)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, "experiment", name);
    return stw_strdup(entry && entry->value ? entry->value : "");
}

/* A number, or a bool as 0 or 1. */
static uint64_t read_number(struct stw_draft *draft, const char *name)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, "experiment", name);
    const struct stw_param *param = find_param(name);
    struct stw_error error = STW_ERROR_INIT;
    struct stw_value value = {0};
    const char *text = entry && entry->value ? entry->value : param->default_text;
    if (stw_param_parse(param, text, &value, &error) && entry) {
        struct stw_place place = stw_ini_place(entry);
        const char *slip = stw_draft_slip(text);
        stw_problem_add(&draft->problems, &place, "%s%s%s", slip ? text : error.message,
                        slip ? ": " : "", slip ? slip : "");
    }
    return value.as_u64;
}

/* Whether [experiment] has a usable, non-empty `name`; `place`: where it is, or should be. If it is
 * missing and nobody has told that yet, `*untold` is set. */
static int is_present(const struct stw_draft *draft, const char *name, struct stw_place *place,
                      int *untold)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, "experiment", name);
    *place = (struct stw_place){.line = stw_ini_section_line(&draft->ini, "experiment"),
                                .section = "experiment", .key = name};
    if (entry)
        *place = stw_ini_place(entry);
    int present = entry && entry->value && *entry->value;
    *untold = !present && (entry ? entry->value != NULL : !is_misspelt(draft, name));
    return present;
}

static int check_present(struct stw_draft *draft, const char *name)
{
    struct stw_place place;
    int untold, present = is_present(draft, name, &place, &untold);
    if (untold)
        stw_problem_add(&draft->problems, &place, "is missing");
    return present;
}

/* Without one it can run, but who reads the results does not know what was asked. */
static void check_question(struct stw_draft *draft)
{
    struct stw_place place;
    int untold;
    is_present(draft, "question", &place, &untold);
    if (untold)
        stw_problem_remark(&draft->problems, &place,
                           "is missing; say in a sentence what is asked");
}

/* The name becomes part of file names. */
static void check_name(struct stw_draft *draft)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char all[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *name = draft->experiment->name;
    if (!check_present(draft, "name"))
        return;
    if (strspn(name, letters) && !name[strspn(name, all)] && strlen(name) <= NAME_BYTES_MAX)
        return;
    struct stw_place place = stw_ini_place(stw_ini_find(&draft->ini, "experiment", "name"));
    stw_problem_add(&draft->problems, &place,
                    "\"%s\" is not a name: letters, digits, \".\", \"_\" and \"-\", beginning with "
                    "a letter or a digit, at most %u", name, NAME_BYTES_MAX);
}

static void find_workload(struct stw_draft *draft)
{
    const char *id = draft->experiment->workload;
    if (!check_present(draft, "workload"))
        return;
    struct stw_error error = STW_ERROR_INIT;
    draft->workload = stw_plugin_find(draft->registry, STW_KIND_WORKLOAD, id, &error);
    if (draft->workload)
        return;
    struct stw_place place = stw_ini_place(stw_ini_find(&draft->ini, "experiment", "workload"));
    const char *slip = stw_draft_slip(id);
    const char *near = stw_registry_nearest(draft->registry, STW_KIND_WORKLOAD, id);
    if (near) /* its keys are checked as if it had been meant */
        draft->workload = stw_registry_find(draft->registry, STW_KIND_WORKLOAD, near);
    stw_problem_add(&draft->problems, &place, "%s%s%s", slip ? id : error.message,
                    slip ? ": " : "", slip ? slip : "");
}

static void read_experiment(struct stw_draft *draft)
{
    struct stw_experiment *e = draft->experiment;
    for (uint32_t i = 0; i < draft->ini.entry_count; i++)
        if (strcmp(draft->ini.entries[i].section, "experiment") == 0)
            check_known(draft, &draft->ini.entries[i]);
    e->name = read_text(draft, "name");
    e->question = read_text(draft, "question");
    e->workload = read_text(draft, "workload");
    e->time_ns = read_number(draft, "time");
    e->seed = read_number(draft, "seed");
    e->timeout_ns = read_number(draft, "timeout");
    e->memory_bytes = read_number(draft, "memory");
    e->is_sandboxed = read_number(draft, "sandbox") != 0;
    e->canary = read_number(draft, "canary") ? STW_CANARY_ON : STW_CANARY_OFF;
    if (!stw_ini_find(&draft->ini, "experiment", "canary"))
        e->canary = STW_CANARY_USUAL;
    check_name(draft);
    check_question(draft);
    find_workload(draft);
}

/* A number, or a rule whose metric may be of any plugin that an axis names. */
static void read_trials(struct stw_draft *draft)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, "experiment", "trials");
    struct stw_experiment *e = draft->experiment;
    struct stw_error error = STW_ERROR_INIT;
    if (!entry || !entry->value || !stw_trials_is_rule(entry->value)) {
        e->trials = read_number(draft, "trials");
        return;
    }
    struct stw_place place = stw_ini_place(entry);
    if (stw_trials_parse(draft, entry->value, e, &error))
        stw_problem_add(&draft->problems, &place, "%s", error.message);
}

static void read_exclusion(struct stw_draft *draft, const struct stw_ini_entry *entry)
{
    struct stw_experiment *e = draft->experiment;
    struct stw_error error = STW_ERROR_INIT;
    if (!entry->value)
        return;
    struct stw_condition *condition = stw_condition_parse(draft, entry->value, 0, &error);
    if (!condition) {
        struct stw_place place = stw_ini_place(entry);
        stw_problem_add(&draft->problems, &place, "%s", error.message);
        return;
    }
    *STW_APPEND(e->exclusions, e->exclusion_count) = (struct stw_exclusion){
        stw_strdup(entry->key), stw_strdup(entry->value), entry->line, condition};
}

/* The id in "claim ID", or null: another section. */
static const char *claim_id(const char *section)
{
    size_t word = strcspn(section, " \t");
    if (word != strlen("claim") || strncmp(section, "claim", word) != 0)
        return NULL;
    return section + word + strspn(section + word, " \t");
}

static char *read_claim_text(struct stw_draft *draft, const struct stw_ini_section *section,
                             const char *key)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, section->name, key);
    struct stw_place place = {.line = entry ? entry->line : section->line,
                              .section = section->name, .key = key};
    if (!entry || (entry->value && !*entry->value))
        stw_problem_add(&draft->problems, &place, "is missing");
    return stw_strdup(entry && entry->value ? entry->value : "");
}

/* `expect` may be cut from a line that was refused; then that is enough. */
static void check_claim(struct stw_draft *draft, const struct stw_ini_section *section)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, section->name, "expect");
    struct stw_error error = STW_ERROR_INIT;
    if (!entry || !entry->value || !*entry->value
        || stw_claim_check(draft, entry->value, &error) == STW_OK)
        return;
    struct stw_place place = stw_ini_place(entry);
    stw_problem_add(&draft->problems, &place, "%s", error.message);
}

static void read_claim(struct stw_draft *draft, const struct stw_ini_section *section)
{
    struct stw_experiment *e = draft->experiment;
    struct stw_place place = {.line = section->line, .section = section->name};
    const char *id = claim_id(section->name);
    if (!*id)
        stw_problem_add(&draft->problems, &place, "a claim needs an id, as in [claim C1]");
    for (uint32_t i = 0; *id && i < e->claim_count; i++)
        if (strcmp(e->claims[i].id, id) == 0)
            stw_problem_add(&draft->problems, &place, "there is another claim \"%s\"", id);
    *STW_APPEND(e->claims, e->claim_count) =
        (struct stw_claim){stw_strdup(id), read_claim_text(draft, section, "says"),
                           read_claim_text(draft, section, "expect")};
    for (uint32_t i = 0; i < draft->ini.entry_count; i++) {
        const struct stw_ini_entry *entry = &draft->ini.entries[i];
        place = stw_ini_place(entry);
        if (strcmp(entry->section, section->name) == 0 && strcmp(entry->key, "says") != 0
            && strcmp(entry->key, "expect") != 0)
            stw_problem_add(&draft->problems, &place,
                            "unknown key; a claim has \"says\" and \"expect\"");
    }
}

static void read_section(struct stw_draft *draft, const struct stw_ini_section *section)
{
    static const char *const words[] = {"experiment", "axes", "fixed", "exclude",
                                        "permissions", "claim"};
    const size_t count = sizeof words / sizeof *words;
    struct stw_place place = {.line = section->line, .section = section->name};
    if (claim_id(section->name)) {
        read_claim(draft, section);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(section->name, words[i]) == 0)
            return;
    const char *near = stw_nearest(section->name, words, count);
    if (near)
        stw_ini_rename(&draft->ini, section, near); /* its keys are checked all the same */
    if (near)
        stw_problem_add(&draft->problems, &place, "unknown section; did you mean [%s]?", near);
    else
        stw_problem_add(&draft->problems, &place, "unknown section; there are [experiment], "
                        "[axes], [fixed], [exclude], [permissions] and [claim ID]");
}

static void check_cell_count(struct stw_draft *draft)
{
    const struct stw_experiment *e = draft->experiment;
    struct stw_place place = {.line = stw_ini_section_line(&draft->ini, "axes"),
                              .section = "axes"};
    uint64_t cells = 1;
    for (uint32_t i = 0; i < e->axis_count && cells <= STW_CELLS_MAX; i++)
        cells *= e->axes[i].value_count;
    if (cells > STW_CELLS_MAX)
        stw_problem_add(&draft->problems, &place,
                        "the axes make more than %u cells", STW_CELLS_MAX);
}

static uint64_t settings_bytes(const struct stw_axis *axes, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t longest = 0;
        for (uint32_t v = 0; v < axes[i].value_count; v++) {
            int is_file = axes[i].files && axes[i].files[v];
            size_t length = strlen(is_file ? axes[i].files[v] : axes[i].values[v]);
            longest = length > longest ? length : longest;
        }
        bytes += strlen(axes[i].key) + longest + 2;
    }
    return bytes;
}

/* A worker gets its settings in memory of a fixed size (trial/record.h). */
static void check_settings_fit(struct stw_draft *draft)
{
    const struct stw_experiment *e = draft->experiment;
    struct stw_place place = {0};
    const uint32_t room = STW_SETTINGS_BYTES_MAX - STW_SETTINGS_OWN_BYTES;
    uint64_t head = 64 + strlen(e->name) + strlen(e->workload);
    uint64_t bytes = head + settings_bytes(e->axes, e->axis_count)
                     + settings_bytes(e->fixed, e->fixed_count);
    if (bytes > room)
        stw_problem_add(&draft->problems, &place,
                        "the settings of a cell take up to %" PRIu64 " bytes; at most %u fit",
                        bytes, room);
}

/* The folder of the file, or the working one. */
static char *folder_of(const char *path)
{
    char *folder = stw_strdup(path), *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0'; /* of "/x.ini" the slash stays */
    char *full = realpath(slash ? folder : ".", NULL);
    free(folder);
    return full ? full : stw_strdup(".");
}

/* The run that knows the least heaps, relative to the file; looked at only if `heap` is used. */
static void read_minheap(struct stw_draft *draft)
{
    const struct stw_ini_entry *entry = stw_ini_find(&draft->ini, "experiment", "minheap");
    struct stw_experiment *e = draft->experiment;
    struct stw_text path = {0};
    struct stw_place place = {.section = "axes", .key = STW_HEAP};
    if (!stw_heap_is_used(e))
        return;
    if (stw_axis_find(e->axes, e->axis_count, STW_HEAP_LIMIT)
        || stw_axis_find(e->fixed, e->fixed_count, STW_HEAP_LIMIT))
        stw_problem_add(&draft->problems, &place, STW_HEAP " is " STW_HEAP_LIMIT " in multiples: "
                        "one of the two is enough");
    if (!entry || !entry->value || !*entry->value) {
        stw_problem_add(&draft->problems, &place, "multiples of what? [experiment] minheap = RUN "
                        "names what stwlab minheap has found");
        return;
    }
    stw_text_add(&path, "%s%s%s", *entry->value == '/' ? "" : draft->folder,
                 *entry->value == '/' ? "" : "/", entry->value);
    e->minheap = path.bytes;
}

static void read_draft(struct stw_draft *draft)
{
    const struct stw_ini *ini = &draft->ini;
    for (uint32_t i = 0; i < ini->section_count; i++)
        read_section(draft, &ini->sections[i]);
    read_experiment(draft);
    stw_draft_axes(draft);
    read_trials(draft);
    read_minheap(draft);
    for (uint32_t i = 0; i < ini->entry_count; i++)
        if (strcmp(ini->entries[i].section, "exclude") == 0)
            read_exclusion(draft, &ini->entries[i]);
    for (uint32_t i = 0; i < ini->section_count; i++)
        if (claim_id(ini->sections[i].name))
            check_claim(draft, &ini->sections[i]);
    stw_policy_read(draft);
    stw_refusals_read(draft);
    check_cell_count(draft);
    check_settings_fit(draft);
}

stw_status stw_experiment_read(const char *path, const char *const *overrides,
                               uint32_t override_count, const struct stw_registry *registry,
                               struct stw_peers *peers, struct stw_experiment *experiment,
                               struct stw_text *problems)
{
    struct stw_draft draft = {.experiment = experiment, .registry = registry, .peers = peers};
    *experiment = (struct stw_experiment){.path = stw_strdup(path)};
    draft.problems.path = path;
    draft.folder = folder_of(path);
    stw_ini_read(&draft.ini, &draft.problems);
    if (draft.ini.text) {
        experiment->ini_text = stw_strdup(draft.ini.text);
        for (uint32_t i = 0; i < override_count; i++)
            stw_ini_override(&draft.ini, overrides[i], &draft.problems);
        read_draft(&draft);
    }
    int is_usable = draft.problems.count == draft.problems.remarks;
    stw_status status = is_usable ? STW_OK : STW_E_INVALID;
    stw_problems_write(&draft.problems, problems);
    stw_problems_free(&draft.problems);
    stw_ini_free(&draft.ini);
    free(draft.axes);
    free(draft.fixed);
    free(draft.folder);
    return status;
}

static void free_axes(struct stw_axis *axes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t v = 0; v < axes[i].value_count; v++) {
            free(axes[i].values[v]);
            if (axes[i].files)
                free(axes[i].files[v]);
        }
        free(axes[i].values);
        free(axes[i].files);
        free(axes[i].key);
    }
    free(axes);
}

void stw_experiment_free(struct stw_experiment *experiment)
{
    free_axes(experiment->axes, experiment->axis_count);
    free_axes(experiment->fixed, experiment->fixed_count);
    free_axes(experiment->defaults, experiment->default_count);
    for (uint32_t i = 0; i < experiment->exclusion_count; i++) {
        free(experiment->exclusions[i].name);
        free(experiment->exclusions[i].text);
        stw_condition_free(experiment->exclusions[i].condition);
    }
    stw_refusals_free(experiment);
    for (uint32_t i = 0; i < experiment->claim_count; i++) {
        free(experiment->claims[i].id);
        free(experiment->claims[i].says);
        free(experiment->claims[i].expect);
    }
    for (uint32_t i = 0; i < experiment->permission_count; i++)
        free(experiment->permissions[i].plugin);
    free(experiment->permissions);
    free(experiment->exclusions);
    free(experiment->claims);
    free(experiment->path);
    free(experiment->ini_text);
    free(experiment->name);
    free(experiment->question);
    free(experiment->workload);
    free(experiment->enough.metric);
    free(experiment->minheap);
    free(experiment->least_heaps);
    *experiment = (struct stw_experiment){0};
}
