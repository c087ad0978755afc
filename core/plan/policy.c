/* plan/policy.c: permissions of plugins, and what a worker inherits.
 *
 * The environment is a list of what is let through, not of what is held back: nobody knows the
 * names of all secrets. Names that begin with STW are the lab's own. */
#include "plan/policy.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "plan/draft.h"
#include "plan/keys.h"
#include "prim/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTION "permissions"

/* "workload/x" as a plugin; null: there is none. */
static const struct stw_plugin_info *plugin_of(const struct stw_registry *registry,
                                               const char *name)
{
    char kind[STW_WORD_BYTES];
    size_t length = strcspn(name, "/");
    if (name[length] != '/' || length >= sizeof kind)
        return NULL;
    memcpy(kind, name, length);
    kind[length] = '\0';
    uint32_t number = stw_kind_of_name(kind);
    return number ? stw_registry_find(registry, number, name + length + 1) : NULL;
}

static void plugin_name(const struct stw_plugin_info *info, char *name, size_t bytes)
{
    snprintf(name, bytes, "%s/%s", stw_kind_name(info->kind), info->id);
}

static void tell_no_plugin(struct stw_draft *draft, const struct stw_ini_entry *entry)
{
    struct stw_place place = stw_ini_place(entry);
    uint32_t count = stw_registry_count(draft->registry);
    char (*names)[STW_WORD_BYTES + STW_ID_BYTES] = stw_new(count, sizeof *names);
    const char **words = stw_new(count, sizeof *words);
    for (uint32_t i = 0; i < count; i++) {
        plugin_name(stw_registry_at(draft->registry, i), names[i], sizeof names[i]);
        words[i] = names[i];
    }
    const char *near = stw_nearest(entry->key, words, count);
    if (near)
        stw_problem_add(&draft->problems, &place, "there is no such plugin; did you mean \"%s\"?",
                        near);
    else
        stw_problem_add(&draft->problems, &place, "there is no such plugin; a line of this section "
                        "is KIND/PLUGIN = PERMISSIONS, as in \"workload/x = files\"");
    free(words);
    free(names);
}

static void tell_no_word(struct stw_draft *draft, const struct stw_ini_entry *entry,
                         const char *word)
{
    const char *words[STW_PERMITS];
    struct stw_place place = stw_ini_place(entry);
    for (uint32_t i = 0; i < STW_PERMITS; i++)
        words[i] = stw_permit_name(i);
    const char *near = stw_nearest(word, words, STW_PERMITS);
    if (near)
        stw_problem_add(&draft->problems, &place,
                        "there is no permission \"%s\"; did you mean \"%s\"?", word, near);
    else
        stw_problem_add(&draft->problems, &place, "there is no permission \"%s\"; there are files, "
                        "network, processes and scheduling", word);
}

/* The bits of "files, network". */
static uint32_t read_words(struct stw_draft *draft, const struct stw_ini_entry *entry)
{
    uint32_t permitted = 0;
    char *copy = stw_strdup(entry->value), *rest = NULL;
    for (char *word = strtok_r(copy, ", \t", &rest); word; word = strtok_r(NULL, ", \t", &rest)) {
        uint32_t bit = 0;
        while (bit < STW_PERMITS && strcmp(word, stw_permit_name(bit)) != 0)
            bit++;
        if (bit == STW_PERMITS)
            tell_no_word(draft, entry, word);
        else
            permitted |= 1u << bit;
    }
    free(copy);
    return permitted;
}

static uint32_t permitted_to(const struct stw_experiment *experiment,
                             const struct stw_plugin_info *info)
{
    char name[STW_WORD_BYTES + STW_ID_BYTES];
    plugin_name(info, name, sizeof name);
    for (uint32_t i = 0; i < experiment->permission_count; i++)
        if (strcmp(experiment->permissions[i].plugin, name) == 0)
            return experiment->permissions[i].permitted;
    return 0;
}

static void add_words(struct stw_text *text, uint32_t permitted, const char *between)
{
    const char *gap = "";
    for (uint32_t i = 0; i < STW_PERMITS; i++)
        if (permitted & 1u << i) {
            stw_text_add(text, "%s%s", gap, stw_permit_name(i));
            gap = between;
        }
}

/* PO2. */
static void check_needs(struct stw_draft *draft)
{
    for (uint32_t i = 0; i < stw_registry_count(draft->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(draft->registry, i);
        uint32_t lacks = info->needs & ~permitted_to(draft->experiment, info);
        char name[STW_WORD_BYTES + STW_ID_BYTES];
        struct stw_text words = {0}, all = {0};
        struct stw_place place = {.line = stw_ini_section_line(&draft->ini, SECTION),
                                  .section = SECTION, .key = name};
        if (!lacks || !stw_experiment_uses(draft->experiment, info))
            continue;
        plugin_name(info, name, sizeof name);
        add_words(&words, lacks, " and ");
        add_words(&all, info->needs, ", ");
        stw_problem_add(&draft->problems, &place, "the plugin needs %s; if you trust it, write "
                        "\"%s = %s\" there, or \"sandbox = off\" in [experiment]", words.bytes,
                        name, all.bytes);
        stw_text_free(&words);
        stw_text_free(&all);
    }
}

void stw_policy_read(struct stw_draft *draft)
{
    struct stw_experiment *e = draft->experiment;
    for (uint32_t i = 0; i < draft->ini.entry_count; i++) {
        const struct stw_ini_entry *entry = &draft->ini.entries[i];
        if (strcmp(entry->section, SECTION) != 0 || !entry->value)
            continue;
        if (!plugin_of(draft->registry, entry->key)) {
            tell_no_plugin(draft, entry);
            continue;
        }
        *STW_APPEND(e->permissions, e->permission_count) =
            (struct stw_permission){stw_strdup(entry->key), read_words(draft, entry)};
    }
    if (e->is_sandboxed)
        check_needs(draft);
}

int stw_policy_is_boxed(const struct stw_experiment *experiment)
{
    return experiment->is_sandboxed && stw_sandbox_support().filters;
}

uint32_t stw_policy_permitted(const struct stw_matrix *matrix, const struct stw_cell *cell,
                              const struct stw_registry *registry)
{
    uint32_t permitted = 0;
    for (uint32_t i = 0; i < matrix->experiment->permission_count; i++) {
        const struct stw_permission *permission = &matrix->experiment->permissions[i];
        const struct stw_plugin_info *info = plugin_of(registry, permission->plugin);
        if (info && stw_cell_uses(matrix, cell, info))
            permitted |= permission->permitted;
    }
    return permitted;
}

void stw_policy_describe(const struct stw_experiment *experiment, struct stw_text *text)
{
    const struct stw_sandbox_support support = stw_sandbox_support();
    if (!experiment->is_sandboxed || !support.filters) {
        stw_text_add(text, experiment->is_sandboxed ? "not available in this build or kernel"
                                                    : "off");
        return;
    }
    stw_text_add(text, support.landlock ? "on" : "on, without Landlock");
    for (uint32_t i = 0; i < experiment->permission_count; i++) {
        stw_text_add(text, "; %s may: ", experiment->permissions[i].plugin);
        add_words(text, experiment->permissions[i].permitted, ", ");
    }
}

/* The environment. */

static const char *const let_through[] = {
    "PATH=", "LANG=", "LC_*", "TZ=", "NO_COLOR=", "LD_LIBRARY_PATH=", "LD_PRELOAD=",
    "GLIBC_TUNABLES=", "MALLOC_*", "STW*", "ASAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS=",
    "UBSAN_OPTIONS=", "GODEBUG=", "GOTRACEBACK=", "GOEXPERIMENT=", "GC_*",
};

static int is_let_through(const char *variable)
{
    for (size_t i = 0; i < sizeof let_through / sizeof *let_through; i++) {
        size_t length = strlen(let_through[i]);
        int is_family = let_through[i][length - 1] == '*';
        if (strncmp(variable, let_through[i], length - (size_t)is_family) == 0)
            return 1;
    }
    return 0;
}

static int is_declared(const struct stw_plugin_info *info, const char *variable)
{
    size_t length = strcspn(variable, "=");
    for (uint32_t i = 0; i < info->variable_count; i++)
        if (strlen(info->variables[i]) == length
            && strncmp(info->variables[i], variable, length) == 0)
            return 1;
    return 0;
}

static int is_needed(const struct stw_matrix *matrix, const struct stw_cell *cell,
                     const struct stw_registry *registry, const char *variable)
{
    for (uint32_t i = 0; i < stw_registry_count(registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(registry, i);
        if (info->variable_count && is_declared(info, variable)
            && stw_cell_uses(matrix, cell, info))
            return 1;
    }
    return 0;
}

struct stw_variables stw_policy_environment(const struct stw_matrix *matrix,
                                            const struct stw_cell *cell,
                                            const struct stw_registry *registry,
                                            const char *scratch)
{
    struct stw_variables environment = {0};
    for (char **each = environ; each && *each; each++)
        if (is_let_through(*each) || is_needed(matrix, cell, registry, *each))
            stw_variables_set(&environment, *each);
    stw_variables_set_value(&environment, "HOME", scratch);
    stw_variables_set_value(&environment, "TMPDIR", scratch);
    return environment;
}
