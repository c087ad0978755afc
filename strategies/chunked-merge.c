/* strategies/chunked-merge.c: merges a slice piece by piece, and lets others run in between.
 *
 * The entries reach the map in the same order as in one merge. After the last piece nothing is
 * yielded: the merge is over. */
#include <stwlab/kit.h>

struct plan {
    uint64_t chunk_entries;
    uint32_t yield;
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, chunk_entries, "chunk"),
    STW_BIND_BOOL(struct plan, yield, "yield"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    const struct plan *plan = self;
    while (count > plan->chunk_entries) {
        stw_next_merge(next, m, map, entries, first, plan->chunk_entries);
        first += plan->chunk_entries;
        count -= plan->chunk_entries;
        if (plan->yield)
            m->host->yield(m->host, m);
    }
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = free,
    .merge = merge,
};

STW_MANIFEST(STW_PLUGIN("strategy", "chunked-merge", "Merges in pieces")
             STW_PARAM_U64("chunk", "entries", 4096, 1, 1073741824, "entries in a piece")
             STW_PARAM_BOOL("yield", true, "give the processor away between two pieces"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "chunked-merge", &ops));
