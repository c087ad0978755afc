/* plan/peers.c: which peers there are, and which cells they can run. */
#include "plan/peers.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "plan/cache.h"
#include "plan/experiment.h"
#include "plan/settings.h"
#include "prim/self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "peers/" /* beside the executable */

static const struct stw_peer_family *const families[] = {&stw_peer_go, &stw_peer_bdwgc};

#define FAMILIES (sizeof families / sizeof *families)

/* Finding. */

const struct stw_peer_family *stw_peer_family_of(const char *runtime)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        size_t length = strlen(families[i]->name);
        const char *version = runtime + length;
        if (strncmp(runtime, families[i]->name, length) != 0)
            continue;
        const char *end = version + strspn(version, "0123456789.rcbeta");
        if (!*version || (*version >= '1' && *version <= '9'
                          && (!*end || strncmp(end, STW_PEER_VARIANT, 3) == 0)))
            return families[i];
    }
    return NULL;
}

stw_status stw_peers_search(struct stw_peers *peers, const char *runtime, struct stw_error *error)
{
    const struct stw_peer_family *family = stw_peer_family_of(runtime);
    for (uint32_t i = 0; i < FAMILIES; i++)
        if (families[i] == family && !(peers->searched & 1u << i)) {
            peers->searched |= 1u << i;
            return family->search(peers, error);
        }
    return STW_OK;
}

void stw_peers_add(struct stw_peers *peers, const struct stw_peer_family *family,
                   const char *label, const char *path, const char *version,
                   const char *settings)
{
    const struct stw_peer *other = stw_peers_get(peers, label);
    if (other) {
        if (strcmp(other->path, path) != 0)
            fprintf(stderr, "stwlab: %s is %s, as %s is: only that one runs\n", path, label,
                    other->path);
        return;
    }
    *STW_APPEND(peers->items, peers->count) = (struct stw_peer){.family = family,
                                                     .label = stw_strdup(label),
                                                     .path = stw_strdup(path),
                                                     .version = stw_strdup(version),
                                                     .settings = stw_strdup(settings)};
}

void stw_peers_free(struct stw_peers *peers)
{
    for (uint32_t i = 0; i < peers->count; i++) {
        stw_peer_forget(&peers->items[i]);
        free(peers->items[i].label);
        free(peers->items[i].path);
        free(peers->items[i].program);
        free(peers->items[i].version);
        free(peers->items[i].settings);
    }
    free(peers->items);
    stw_cache_end();
    *peers = (struct stw_peers){0};
}

struct stw_peer *stw_peers_get(const struct stw_peers *peers, const char *label)
{
    for (uint32_t i = 0; i < peers->count; i++)
        if (strcmp(peers->items[i].label, label) == 0)
            return &peers->items[i];
    return NULL;
}

stw_status stw_peer_find(const char *name, char path[STW_PEER_PATH_BYTES], struct stw_error *error)
{
    struct stat about;
    STW_TRY(stw_self_path(path, STW_PEER_PATH_BYTES / 2, error));
    char *end = strrchr(path, '/') + 1;
    snprintf(end, STW_PEER_PATH_BYTES - (size_t)(end - path), FOLDER "%s", name);
    if (stat(path, &about) != 0)
        snprintf(path, STW_PEER_PATH_BYTES, "%s/%s", STW_INSTALLED_PEERS, name);
    if (stat(path, &about) == 0)
        return STW_OK;
    return stw_error_set(error, STW_E_IO, NULL, "%s is missing", path);
}

stw_status stw_peer_provide(struct stw_peer *peer, struct stw_error *error)
{
    if (peer->program)
        return STW_OK;
    STW_TRY(peer->family->provide(peer, error));
    return stw_identity_take(peer->program, &peer->identity, error);
}

/* Fitting. */

static const char *value_of(const struct stw_experiment *e, const struct stw_cell *cell,
                            const char *key)
{
    const char *value = stw_cell_value(e, cell, key);
    return value ? value : stw_runtime_param(key)->default_text;
}

const char *stw_cell_runtime(const struct stw_experiment *experiment, const struct stw_cell *cell)
{
    return value_of(experiment, cell, "runtime");
}

const char *stw_cell_strategy(const struct stw_experiment *experiment, const struct stw_cell *cell)
{
    return value_of(experiment, cell, "strategy");
}

static stw_status ask_values(const struct stw_peers *peers, const struct stw_axis *axes,
                             uint32_t count, struct stw_error *error)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t v = 0; status == STW_OK && v < axes[i].value_count; v++) {
            struct stw_peer *peer = strcmp(axes[i].key, "runtime") == 0
                                        ? stw_peers_get(peers, axes[i].values[v]) : NULL;
            status = peer ? stw_peer_ask(peer, error) : STW_OK;
        }
    return status;
}

stw_status stw_peers_ask(const struct stw_peers *peers, const struct stw_experiment *e,
                         struct stw_error *error)
{
    STW_TRY(ask_values(peers, e->axes, e->axis_count, error));
    return ask_values(peers, e->fixed, e->fixed_count, error);
}

/* Whether a value of the axis makes a difference to the peer. */
static int is_for(const struct stw_peer *peer, const struct stw_axis *axis)
{
    if (!axis->owner)
        return stw_words_have(&peer->description.settings, axis->key);
    return axis->owner == STW_KIND_WORKLOAD || axis->owner == STW_KIND_STRATEGY;
}

static const struct stw_axis *second_of_own(const struct stw_peer *peer,
                                            const struct stw_experiment *e,
                                            const struct stw_cell *cell)
{
    for (uint32_t i = 0; i < e->axis_count; i++)
        if (!is_for(peer, &e->axes[i]) && strcmp(cell->values[i], e->axes[i].values[0]) != 0)
            return &e->axes[i];
    return NULL;
}

/* The first strategy of the chain that the peer has no counterpart of, or "". */
static void find_foreign(const struct stw_peer *peer, const char *chain, char name[STW_ID_BYTES])
{
    char *copy = stw_strdup(chain), *rest = copy, *link;
    name[0] = '\0';
    while (!name[0] && (link = strsep(&rest, "+ ")))
        if (*link && !stw_words_have(&peer->description.strategies, link))
            snprintf(name, STW_ID_BYTES, "%s", link);
    free(copy);
}

static void find_misfit(const struct stw_peer *peer, const struct stw_experiment *e,
                        const struct stw_cell *cell, struct stw_text *why)
{
    char strategy[STW_ID_BYTES];
    const char *title = peer->family->title;
    uint32_t mutators_max = peer->description.mutators_max;
    uint64_t mutators = strtoull(value_of(e, cell, "mutators"), NULL, 10);
    const struct stw_axis *own = second_of_own(peer, e, cell);
    find_foreign(peer, value_of(e, cell, "strategy"), strategy);
    if (!stw_words_have(&peer->description.workloads, e->workload))
        stw_text_add(why, "the %s program has no workload %s", title, e->workload);
    else if (strategy[0])
        stw_text_add(why, "the %s program has no strategy %s", title, strategy);
    else if (mutators_max && mutators > mutators_max)
        stw_text_add(why, "the %s program has at most %u mutator%s", title, mutators_max,
                     stw_plural(mutators_max));
    else if (own)
        stw_text_add(why, "%s has no %s to set: it runs once, beside %s = %s", title, own->key,
                     own->key, own->values[0]);
}

char *stw_peer_misfit(const struct stw_peers *peers, const struct stw_experiment *e,
                      const struct stw_cell *cell)
{
    struct stw_text why = {0};
    const char *runtime = stw_cell_runtime(e, cell);
    const struct stw_peer_family *family = stw_peer_family_of(runtime);
    if (!family)
        return NULL;
    const struct stw_peer *peer = peers ? stw_peers_get(peers, runtime) : NULL;
    if (!peer)
        stw_text_add(&why, "there is no %s: %s", runtime, family->advice);
    else
        find_misfit(peer, e, cell, &why);
    return why.bytes;
}
