/* strategies/chunked-merge.c: merges a slice piece by piece, and lets others run in between.
 *
 * The entries reach the map in the same order as in one merge. After the last piece nothing is
 * yielded: the merge is over. */
#include <stdlib.h>
#include <stwlab/plugin.h>

struct chunked {
    uint64_t chunk_entries;
    uint64_t yield;
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct chunked *chunked = malloc(sizeof *chunked);
    if (!chunked)
        return host->set_error(host, error, STW_E_NOMEM, "create", "chunked-merge: out of memory");
    chunked->chunk_entries = stw_config_u64(config, "chunk");
    chunked->yield = stw_config_u64(config, "yield");
    *self = chunked;
    return STW_OK;
}

static void destroy(void *self)
{
    free(self);
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    const struct chunked *chunked = self;
    while (count > chunked->chunk_entries) {
        stw_next_merge(next, m, map, entries, first, chunked->chunk_entries);
        first += chunked->chunk_entries;
        count -= chunked->chunk_entries;
        if (chunked->yield)
            m->host->yield(m->host, m);
    }
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .merge = merge,
};

STW_MANIFEST(STW_PLUGIN("strategy", "chunked-merge", "Merges in pieces")
             STW_PARAM_U64("chunk", "entries", 4096, 1, 1073741824, "entries in a piece")
             STW_PARAM_BOOL("yield", true, "give the processor away between two pieces"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "chunked-merge", &ops));
