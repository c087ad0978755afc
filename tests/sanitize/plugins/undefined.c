/* sanitize/plugins/undefined.c: a strategy that adds one to the largest int. */
#include <stwlab/plugin.h>

#include <limits.h>

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    volatile int largest = INT_MAX;
    largest = largest + 1;
    stw_next_merge(next, m, map, entries, first, count);
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "undefined", "Overflows an int"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "undefined", &ops));
