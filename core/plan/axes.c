/* plan/axes.c: the axes and the fixed settings of an experiment. */
#include "plan/draft.h"
#include "plan/settings.h"

#include "base/array.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VALUES_MAX 10000u /* of one axis; bounds the search for duplicates */

static int has_value(const struct stw_axis *axis, const char *value)
{
    for (uint32_t i = 0; i < axis->value_count; i++)
        if (strcmp(axis->values[i], value) == 0)
            return 1;
    return 0;
}

/* Takes ownership of `value`. */
static void add_value(struct stw_axis *axis, char *value)
{
    *STW_APPEND(axis->values, axis->value_count) = value;
}

const char *stw_draft_slip(const char *value)
{
    size_t length = strlen(value);
    if (*value == '#' || strstr(value, " #") || strstr(value, "\t#"))
        return "a comment behind a value begins with \" ;\"";
    if (length > 1 && (*value == '"' || *value == '\'') && value[length - 1] == *value)
        return "values are written without quotes";
    return NULL;
}

/* The path of the file that a value names; null: it is one of the parameter's words. */
static stw_status find_file(const struct stw_draft *draft, const struct stw_param *param,
                            const char *value, char **path, struct stw_error *error)
{
    const char *words[STW_CHOICES];
    struct stw_text full = {0};
    struct stat about;
    *path = NULL;
    for (uint32_t i = 0; i < param->choice_count; i++) {
        words[i] = param->choices[i];
        if (strcmp(value, words[i]) == 0)
            return STW_OK;
    }
    stw_text_add(&full, "%s%s%s", *value == '/' ? "" : draft->folder, *value == '/' ? "" : "/",
                 value);
    *path = full.bytes;
    if (stat(full.bytes, &about) == 0 && S_ISDIR(about.st_mode))
        errno = EISDIR;
    else if (access(full.bytes, R_OK) == 0)
        return STW_OK;
    const char *near = stw_nearest(value, words, param->choice_count), *why = strerror(errno);
    if (near)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "the file %s cannot be read: %s; did you mean \"%s\"?", full.bytes,
                             why, near);
    return stw_error_set(error, STW_E_INVALID, NULL, "the file %s cannot be read: %s", full.bytes,
                         why);
}

/* Takes ownership of `path`, which belongs to the value that was added last. */
static void add_file(struct stw_axis *axis, char *path)
{
    axis->files = stw_array_room(axis->files, axis->value_count - 1, sizeof *axis->files);
    axis->files[axis->value_count - 1] = path;
}

/* Adds the labels of the peers that `value` stands for, once each. Returns how many. */
static int add_peers(struct stw_draft *draft, const struct stw_place *place, struct stw_axis *axis,
                     const char *value)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_peers *peers = draft->peers;
    int added = 0;
    if (peers && stw_peers_search(peers, value, &error))
        stw_problem_add(&draft->problems, place, "%s", error.message);
    for (uint32_t i = 0; peers && i < peers->count; i++)
        if (stw_runtime_matches(peers->items[i].label, value)
            && !has_value(axis, peers->items[i].label)) {
            add_value(axis, stw_strdup(peers->items[i].label));
            added++;
        }
    return added;
}

/* Checks one value and adds it. The wrong ones are reported and left out. */
static void read_value(struct stw_draft *draft, struct stw_draft_key *source,
                       struct stw_axis *axis, const char *text)
{
    struct stw_place place = stw_ini_place(source->entry);
    struct stw_error error = STW_ERROR_INIT;
    const char *slip = stw_draft_slip(text);
    char *value = slip ? NULL : stw_key_canonical(draft->registry, &source->key, text, &error);
    char *path = NULL;
    if (value && source->key.param->is_file
        && find_file(draft, source->key.param, value, &path, &error)) {
        free(value);
        value = NULL;
    }
    if (value && stw_key_is_runtime(&source->key) && strcmp(value, "stwlab") != 0
        && add_peers(draft, &place, axis, value)) {
        free(value);
        return;
    }
    int is_twice = value && has_value(axis, value);
    if (slip)
        stw_problem_add(&draft->problems, &place, "%s: %s", text, slip);
    else if (!value)
        stw_problem_add(&draft->problems, &place, "%s", error.message);
    else if (is_twice && strcmp(value, text) != 0)
        stw_problem_add(&draft->problems, &place, "\"%s\" is there twice: it is \"%s\"", text,
                        value);
    else if (is_twice)
        stw_problem_add(&draft->problems, &place, "\"%s\" is there twice", text);
    if (value && !is_twice) {
        add_value(axis, value);
        if (source->key.param->is_file)
            add_file(axis, path);
        return;
    }
    free(path);
    free(value);
    source->is_complete = 0;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
    return text;
}

static void refuse_entry(struct stw_draft *draft, struct stw_draft_key *source, const char *what)
{
    struct stw_place place = stw_ini_place(source->entry);
    stw_problem_add(&draft->problems, &place, "%s", what);
    source->is_complete = 0;
}

/* "1,000,000", which is a list, and hardly meant to be one: whether `text` is digits in threes. */
static int looks_like_thousands(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    int groups = 0;
    for (text += digits; digits >= 1 && digits <= 3 && *text == ','; text += digits, groups++) {
        digits = strspn(++text, "0123456789");
        if (digits != 3)
            return 0;
    }
    return groups && !*text;
}

/* Says how a number with thousands is written. */
static void refuse_thousands(struct stw_draft *draft, struct stw_draft_key *source)
{
    struct stw_place place = stw_ini_place(source->entry);
    char *number = stw_strdup(source->entry->value);
    for (char *at = number; (at = strchr(at, ','));)
        *at = '_';
    stw_problem_add(&draft->problems, &place,
                    "commas part values, so %s is several; as one number it is written %s",
                    source->entry->value, number);
    source->is_complete = 0;
    free(number);
}

/* "a, b, c" */
static void read_list(struct stw_draft *draft, struct stw_draft_key *source, struct stw_axis *axis)
{
    char *copy = stw_strdup(source->entry->value), *rest = copy, *item;
    int has_gap = 0;
    while ((item = strsep(&rest, ","))) {
        item = trim(item);
        if (axis->value_count == VALUES_MAX) {
            refuse_entry(draft, source, "an axis has at most 10000 values");
            break;
        }
        if (*item)
            read_value(draft, source, axis, item);
        else
            has_gap = 1;
    }
    if (has_gap)
        refuse_entry(draft, source, "a value is missing beside a comma");
    free(copy);
}

/* Fills an axis, or a fixed setting, from its entry. */
static void read_entry(struct stw_draft *draft, struct stw_draft_key *source,
                       struct stw_axis *axis, int is_fixed)
{
    const struct stw_ini_entry *entry = source->entry;
    struct stw_error error = STW_ERROR_INIT;
    *axis = (struct stw_axis){.key = stw_strdup(entry->key), .line = entry->line};
    if (!entry->value)
        return;
    if (stw_key_resolve(draft->registry, draft->workload, entry->key, &source->key, &error)) {
        refuse_entry(draft, source, error.message);
        return;
    }
    axis->owner = source->key.owner_kind;
    if (!source->key.param)
        return;
    source->is_complete = 1;
    if (!*entry->value)
        refuse_entry(draft, source, is_fixed ? "the value is missing" : "the axis has no values");
    else if (looks_like_thousands(entry->value)
             && (is_fixed || strstr(entry->value, ",0")) /* nobody writes 0 as 000 */)
        refuse_thousands(draft, source);
    else if (!is_fixed)
        read_list(draft, source, axis);
    else if (strchr(entry->value, ',') && source->key.param->type != STW_TYPE_TEXT)
        refuse_entry(draft, source, "one value is fixed; several belong in [axes]");
    else if (strchr(entry->value, ',') && source->key.kind)
        refuse_entry(draft, source, "one plugin is fixed; several belong in [axes]");
    else
        read_value(draft, source, axis, entry->value);
    if (is_fixed && axis->value_count > 1)
        refuse_entry(draft, source,
                     "more than one is there: name a release, or list them in [axes]");
}

static int is_mentioned(const struct stw_experiment *e, const char *key)
{
    return stw_axis_find(e->axes, e->axis_count, key)
        || stw_axis_find(e->fixed, e->fixed_count, key);
}

stw_status stw_draft_refuse_key(const struct stw_draft *draft, const char *key,
                                struct stw_error *error)
{
    const struct stw_experiment *e = draft->experiment;
    const char **words = stw_new(e->axis_count + e->fixed_count, sizeof *words);
    for (uint32_t i = 0; i < e->axis_count; i++)
        words[i] = e->axes[i].key;
    for (uint32_t i = 0; i < e->fixed_count; i++)
        words[e->axis_count + i] = e->fixed[i].key;
    const char *near = stw_nearest(key, words, e->axis_count + e->fixed_count);
    free(words);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "\"%s\" is neither in [axes] nor in [fixed]; did you mean \"%s\"?"
                              : "\"%s\" is neither in [axes] nor in [fixed]",
                         key, near ? near : "");
}

static void read_axis(struct stw_draft *draft, const struct stw_ini_entry *entry)
{
    struct stw_experiment *e = draft->experiment;
    e->axes = stw_array_room(e->axes, e->axis_count, sizeof *e->axes);
    draft->axes = stw_array_room(draft->axes, e->axis_count, sizeof *draft->axes);
    draft->axes[e->axis_count] = (struct stw_draft_key){.entry = entry};
    read_entry(draft, &draft->axes[e->axis_count], &e->axes[e->axis_count], 0);
    e->axis_count++;
}

static void grow_fixed(struct stw_draft *draft)
{
    struct stw_experiment *e = draft->experiment;
    e->fixed = stw_array_room(e->fixed, e->fixed_count, sizeof *e->fixed);
    draft->fixed = stw_array_room(draft->fixed, e->fixed_count, sizeof *draft->fixed);
}

static void read_fixed(struct stw_draft *draft, const struct stw_ini_entry *entry)
{
    struct stw_experiment *e = draft->experiment;
    const struct stw_axis *axis = stw_axis_find(e->axes, e->axis_count, entry->key);
    if (axis) {
        struct stw_place place = stw_ini_place(entry);
        stw_problem_add(&draft->problems, &place,
                        "also an axis, on line %d; a key is either an axis or fixed", axis->line);
        return;
    }
    grow_fixed(draft);
    draft->fixed[e->fixed_count] = (struct stw_draft_key){.entry = entry};
    read_entry(draft, &draft->fixed[e->fixed_count], &e->fixed[e->fixed_count], 1);
    e->fixed_count++;
}

/* Fixes `name` at its default if the file does not mention it. */
static void add_default(struct stw_draft *draft, const char *name)
{
    struct stw_experiment *e = draft->experiment;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_draft_key source = {.is_complete = 1};
    struct stw_axis axis = {0};
    if (is_mentioned(e, name))
        return;
    stw_key_resolve(draft->registry, draft->workload, name, &source.key, NULL);
    char *value = stw_key_canonical(draft->registry, &source.key,
                                    source.key.param->default_text, &error);
    if (!value) {
        struct stw_place place = {.section = "fixed", .key = name};
        stw_problem_add(&draft->problems, &place, "%s (it is the default)", error.message);
        source.is_complete = 0;
    } else {
        add_value(&axis, value);
    }
    axis.key = stw_strdup(name);
    grow_fixed(draft);
    draft->fixed[e->fixed_count] = source;
    e->fixed[e->fixed_count++] = axis;
}

/* Whether any value of `axes` is a chain with the plugin that owns `source`, or might be. */
static int uses_plugin(const struct stw_axis *axes, const struct stw_draft_key *sources,
                       uint32_t count, const struct stw_plugin_info *owner)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(axes[i].key, stw_kind_name(owner->kind)) != 0)
            continue;
        if (!sources[i].is_complete)
            return 1;
        for (uint32_t v = 0; v < axes[i].value_count; v++)
            if (stw_chain_has(axes[i].values[v], owner->id))
                return 1;
    }
    return 0;
}

/* A parameter of a plugin that no cell uses is a mistake. */
static void check_owner(struct stw_draft *draft, const struct stw_draft_key *source)
{
    const struct stw_experiment *e = draft->experiment;
    const struct stw_plugin_info *owner = source->key.owner;
    if (!owner || !source->key.param /* reported already */
        || uses_plugin(e->axes, draft->axes, e->axis_count, owner)
        || uses_plugin(e->fixed, draft->fixed, e->fixed_count, owner))
        return;
    struct stw_place place = stw_ini_place(source->entry);
    stw_problem_add(&draft->problems, &place, "no cell uses %s \"%s\"",
                    stw_kind_name(owner->kind), owner->id);
}

/* Notes what `name` is when nobody mentions it. */
static void note_default(struct stw_draft *draft, const char *name)
{
    struct stw_experiment *e = draft->experiment;
    struct stw_key key = {0};
    struct stw_axis axis = {0};
    if (is_mentioned(e, name)
        || stw_key_resolve(draft->registry, draft->workload, name, &key, NULL) != STW_OK
        || !key.param)
        return;
    char *value = stw_key_canonical(draft->registry, &key, key.param->default_text, NULL);
    add_value(&axis, value ? value : stw_strdup(key.param->default_text));
    axis.key = stw_strdup(name);
    axis.owner = key.owner_kind;
    *STW_APPEND(e->defaults, e->default_count) = axis;
}

static void note_defaults(struct stw_draft *draft)
{
    const struct stw_experiment *e = draft->experiment;
    for (uint32_t i = 0; i < stw_runtime_param_count; i++)
        note_default(draft, stw_runtime_params[i].name);
    for (uint32_t i = 0; draft->workload && i < draft->workload->param_count; i++)
        note_default(draft, draft->workload->params[i].name);
    for (uint32_t i = 0; i < stw_registry_count(draft->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(draft->registry, i);
        int is_used = info->kind != STW_KIND_WORKLOAD
                      && (uses_plugin(e->axes, draft->axes, e->axis_count, info)
                          || uses_plugin(e->fixed, draft->fixed, e->fixed_count, info));
        for (uint32_t p = 0; is_used && p < info->param_count; p++) {
            struct stw_text name = {0};
            stw_text_add(&name, "%s.%s.%s", stw_kind_name(info->kind), info->id,
                         info->params[p].name);
            note_default(draft, name.bytes);
            stw_text_free(&name);
        }
    }
}

void stw_draft_axes(struct stw_draft *draft)
{
    const struct stw_ini *ini = &draft->ini;
    for (uint32_t i = 0; i < ini->entry_count; i++)
        if (strcmp(ini->entries[i].section, "axes") == 0)
            read_axis(draft, &ini->entries[i]);
    for (uint32_t i = 0; i < ini->entry_count; i++)
        if (strcmp(ini->entries[i].section, "fixed") == 0)
            read_fixed(draft, &ini->entries[i]);
    add_default(draft, "allocator");
    add_default(draft, "map");
    add_default(draft, "strategy");
    for (uint32_t i = 0; i < draft->experiment->axis_count; i++)
        check_owner(draft, &draft->axes[i]);
    for (uint32_t i = 0; i < draft->experiment->fixed_count; i++)
        check_owner(draft, &draft->fixed[i]);
    note_defaults(draft);
}
