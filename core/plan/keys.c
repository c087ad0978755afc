/* plan/keys.c: resolves keys against the runtime's settings and the plugins' manifests. */
#include "plan/keys.h"

#include "base/error.h"
#include "base/text.h"
#include "host/chain.h"
#include "plan/heaps.h"
#include "plan/peers.h"
#include "plan/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANONICAL_BYTES 64u /* of a number, a bool or a choice */

static const struct stw_param *find_param(const struct stw_plugin_info *info, const char *name)
{
    for (uint32_t i = 0; i < info->param_count; i++)
        if (strcmp(info->params[i].name, name) == 0)
            return &info->params[i];
    return NULL;
}

/* The parameter nearest to `name`; `and_runtime`: or runtime setting. Null when none is near. */
static const char *nearest_param(const struct stw_plugin_info *info, const char *name,
                                 int and_runtime)
{
    const char **words = stw_new(STW_PARAMS + stw_runtime_param_count, sizeof *words);
    uint32_t count = 0;
    for (uint32_t i = 0; i < info->param_count; i++)
        words[count++] = info->params[i].name;
    for (uint32_t i = 0; and_runtime && i < stw_runtime_param_count; i++)
        words[count++] = stw_runtime_params[i].name;
    const char *near = stw_nearest(name, words, count);
    free(words);
    return near;
}

static const char *nearest_kind(const char *word)
{
    static const char *const kinds[] = {"allocator", "map", "strategy", "workload"};
    return stw_nearest(word, kinds, sizeof kinds / sizeof *kinds);
}

const struct stw_plugin_info *stw_plugin_find(const struct stw_registry *registry, uint32_t kind,
                                              const char *id, struct stw_error *error)
{
    const struct stw_plugin_info *info = stw_registry_find(registry, kind, id);
    if (info)
        return info;
    const struct stw_rejected *file = stw_registry_suspect(registry, id);
    const char *near = stw_registry_nearest(registry, kind, id);
    if (file) {
        const char *slash = strrchr(file->path, '/');
        stw_error_set(error, STW_E_INVALID, NULL, "there is no %s \"%s\"; %s was refused: %s",
                      stw_kind_name(kind), id, slash ? slash + 1 : file->path, file->reason);
    } else if (near) {
        stw_error_set(error, STW_E_INVALID, NULL, "there is no %s \"%s\"; did you mean \"%s\"?",
                      stw_kind_name(kind), id, near);
    } else {
        stw_error_set(error, STW_E_INVALID, NULL,
                      "there is no %s \"%s\"; `stwlab plugins` lists what there is",
                      stw_kind_name(kind), id);
    }
    return NULL;
}

/* PARAMETER of the plugin that KIND.PLUGIN names. */
static stw_status resolve_parameter(const struct stw_registry *registry, uint32_t kind,
                                    const char *id, const char *parameter, struct stw_key *key,
                                    struct stw_error *error)
{
    if (kind == STW_KIND_WORKLOAD)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "a parameter of the workload is written without its name: \"%s\"",
                             parameter);
    key->owner = stw_plugin_find(registry, kind, id, error);
    if (!key->owner)
        return STW_E_INVALID;
    key->owner_kind = kind;
    key->param = find_param(key->owner, parameter);
    if (key->param)
        return STW_OK;
    const char *near = nearest_param(key->owner, parameter, 0);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s \"%s\" has no parameter \"%s\"; did you mean \"%s\"?"
                              : "%s \"%s\" has no parameter \"%s\"",
                         stw_kind_name(kind), id, parameter, near ? near : "");
}

/* KIND.PLUGIN.PARAMETER */
static stw_status resolve_dotted(const struct stw_registry *registry, const char *name,
                                 struct stw_key *key, struct stw_error *error)
{
    char *copy = stw_strdup(name), *id = strchr(copy, '.') + 1, *parameter = strchr(id, '.') + 1;
    id[-1] = parameter[-1] = '\0';
    uint32_t kind = stw_kind_of_name(copy);
    const char *near = kind ? NULL : nearest_kind(copy);
    stw_status status;
    if (kind)
        status = resolve_parameter(registry, kind, id, parameter, key, error);
    else if (near)
        status = stw_error_set(error, STW_E_INVALID, NULL,
                               "there is no kind \"%s\" of plugin; did you mean \"%s.%s.%s\"?",
                               copy, near, id, parameter);
    else
        status = stw_error_set(error, STW_E_INVALID, NULL,
                               "there is no kind \"%s\" of plugin; there are allocator, map and "
                               "strategy", copy);
    free(copy);
    return status;
}

static stw_status refuse_unknown(const struct stw_plugin_info *workload, const char *name,
                                 struct stw_error *error)
{
    const char *near = nearest_param(workload, name, 1);
    if (near)
        return stw_error_set(error, STW_E_INVALID, NULL, "unknown key; did you mean \"%s\"?",
                             near);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         "unknown key: neither a setting of the runtime nor a parameter of "
                         "workload \"%s\"", workload->id);
}

/* While the workload is unknown. */
static int is_of_some_workload(const struct stw_registry *registry, const char *name)
{
    for (uint32_t i = 0; i < stw_registry_count(registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(registry, i);
        if (info->kind == STW_KIND_WORKLOAD && find_param(info, name))
            return 1;
    }
    return 0;
}

static stw_status refuse_foreign(const char *name, struct stw_error *error)
{
    static const struct stw_plugin_info none;
    const char *near = nearest_param(&none, name, 1);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "unknown key; did you mean \"%s\"?"
                              : "unknown key: neither a setting of the runtime nor a parameter of "
                                "any workload",
                         near);
}

stw_status stw_key_resolve(const struct stw_registry *registry,
                           const struct stw_plugin_info *workload, const char *name,
                           struct stw_key *key, struct stw_error *error)
{
    *key = (struct stw_key){.param = stw_runtime_param(name)};
    if (key->param) {
        uint32_t kind = stw_kind_of_name(name);
        key->kind = kind == STW_KIND_WORKLOAD ? 0 : kind;
        return STW_OK;
    }
    if (stw_is_experiment_name(name))
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "the same for all cells: it belongs in [experiment]");
    key->owner_kind = STW_KIND_WORKLOAD;
    if (workload)
        key->param = find_param(workload, name);
    if (key->param)
        return STW_OK;
    const char *dot = strchr(name, '.');
    if (dot && strchr(dot + 1, '.'))
        return resolve_dotted(registry, name, key, error);
    return workload                          ? refuse_unknown(workload, name, error)
           : is_of_some_workload(registry, name) ? STW_OK
                                                 : refuse_foreign(name, error);
}

int stw_key_is_number(const struct stw_key *key)
{
    return key->param->type == STW_TYPE_U64 || key->param->type == STW_TYPE_F64;
}

int stw_key_is_runtime(const struct stw_key *key)
{
    return key->param == stw_runtime_param("runtime");
}

/* Cuts the next link off *rest, trimmed; null at the end. */
static char *next_link(char **rest)
{
    char *link = strsep(rest, "+");
    if (!link)
        return NULL;
    link += strspn(link, " \t");
    size_t length = strlen(link);
    while (length && (link[length - 1] == ' ' || link[length - 1] == '\t'))
        link[--length] = '\0';
    return link;
}

int stw_chain_has(const char *chain, const char *id)
{
    char *copy = stw_strdup(chain), *rest = copy, *link;
    int found = 0;
    while (!found && (link = next_link(&rest)))
        found = strcmp(link, id) == 0;
    free(copy);
    return found;
}

static stw_status check_link(const struct stw_registry *registry, const char *chain,
                             const char *link, struct stw_error *error)
{
    if (!*link)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "a strategy is missing beside \"+\"");
    if (strpbrk(link, " \t"))
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "\"%s\" is not one strategy; several are joined with \"+\"", link);
    if (!stw_plugin_find(registry, STW_KIND_STRATEGY, link, error))
        return STW_E_INVALID;
    if (stw_chain_has(chain, link))
        return stw_error_set(error, STW_E_INVALID, NULL, "strategy \"%s\" is in the chain twice",
                             link);
    return STW_OK;
}

/* "a+b" -> "a + b" */
static char *canonical_chain(const struct stw_registry *registry, const char *text,
                             struct stw_error *error)
{
    struct stw_text chain = {0};
    char *copy = stw_strdup(text), *rest = copy, *link;
    uint32_t count = 0;
    stw_status status = STW_OK;
    while (!status && (link = next_link(&rest))) {
        status = check_link(registry, stw_text_get(&chain), link, error);
        if (!status && ++count > STW_CHAIN_MAX)
            status = stw_error_set(error, STW_E_INVALID, NULL,
                                   "a chain has at most %u strategies", STW_CHAIN_MAX);
        stw_text_add(&chain, count > 1 ? " + %s" : "%s", link);
    }
    free(copy);
    if (!status)
        return chain.bytes;
    stw_text_free(&chain);
    return NULL;
}

static char *canonical_gogc(const char *text, struct stw_error *error)
{
    char canonical[CANONICAL_BYTES] = "off";
    int32_t percent;
    if (stw_gogc_parse(text, &percent, error))
        return NULL;
    if (percent != STW_GC_OFF)
        snprintf(canonical, sizeof canonical, "%d", percent);
    return stw_strdup(canonical);
}

static char *canonical_heap(const char *text, struct stw_error *error)
{
    char canonical[CANONICAL_BYTES] = STW_HEAP_OFF;
    double multiple;
    if (stw_heap_parse(text, &multiple, error))
        return NULL;
    if (multiple > 0)
        snprintf(canonical, sizeof canonical, "%.6gx", multiple);
    return stw_strdup(canonical);
}

/* "stwlab", a family of peers or one release. */
static char *check_runtime(const char *text, struct stw_error *error)
{
    /* Words that people use, and ours. */
    static const char *const words[] = {"stwlab", "go", "bdwgc", "golang", "boehm", "libgc", "lab"};
    static const char *const ours[] = {"stwlab", "go", "bdwgc", "go", "bdwgc", "bdwgc", "stwlab"};
    const size_t count = sizeof words / sizeof *words;
    if (strcmp(text, "stwlab") == 0 || stw_peer_family_of(text))
        return stw_strdup(text);
    const char *near = stw_nearest(text, words, count);
    for (size_t i = 0; near && i < count; i++)
        if (near == words[i]) {
            near = ours[i];
            break;
        }
    stw_error_set(error, STW_E_INVALID, NULL,
                  near ? "there is no runtime \"%s\"; did you mean \"%s\"?"
                       : "there is no runtime \"%s\"; there are stwlab, go, bdwgc, and releases "
                         "as go1.23",
                  text, near ? near : "");
    return NULL;
}

char *stw_key_canonical(const struct stw_registry *registry, const struct stw_key *key,
                        const char *text, struct stw_error *error)
{
    if (key->kind == STW_KIND_STRATEGY)
        return canonical_chain(registry, text, error);
    if (key->kind)
        return stw_plugin_find(registry, key->kind, text, error) ? stw_strdup(text) : NULL;
    if (key->param == stw_runtime_param("gogc"))
        return canonical_gogc(text, error);
    if (key->param == stw_runtime_param(STW_HEAP))
        return canonical_heap(text, error);
    if (stw_key_is_runtime(key))
        return check_runtime(text, error);
    if (key->param->type == STW_TYPE_TEXT)
        return stw_strdup(text);
    char canonical[CANONICAL_BYTES];
    struct stw_value value = {0};
    if (stw_param_parse(key->param, text, &value, error))
        return NULL;
    stw_param_format(key->param, &value, canonical, sizeof canonical);
    return stw_strdup(canonical);
}
