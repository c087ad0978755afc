/* fault/plugins/overflow.c: a strategy that recurses without end in mutator 1's first merge. */
#include <stwlab/plugin.h>

static __attribute__((noinline)) uint64_t deep(volatile uint64_t *above)
{
    volatile uint64_t words[64];
    words[0] = *above + 1;
    if (words[0] == 0)
        return 0;
    return deep(words) + words[0];
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    volatile uint64_t start = 1;
    (void)self;
    if (m->index == 1 && deep(&start) == 1)
        return;
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "overflow", "Recurses without end"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "overflow", &ops));
