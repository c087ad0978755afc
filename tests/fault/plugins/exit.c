/* fault/plugins/exit.c: a strategy that ends the process in a merge, as if all were well. */
#include <stwlab/plugin.h>

#include <stdlib.h>

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self, (void)next, (void)m, (void)map, (void)entries, (void)first, (void)count;
    exit(0);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "exit", "Ends the process in a merge"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "exit", &ops));
