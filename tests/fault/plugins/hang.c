/* fault/plugins/hang.c: a strategy that never comes back from a merge, and never polls. */
#include <stwlab/plugin.h>

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    for (volatile uint64_t turns = 0;; turns++)
        if (turns == UINT64_MAX)
            stw_next_merge(next, m, map, entries, first, count);
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "hang", "Never comes back"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "hang", &ops));
