/* sanitize/plugins/leak.c: a strategy that loses a block of malloc's in every merge. */
#include <stwlab/plugin.h>

#include <stdlib.h>

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    char *volatile lost = malloc(24);
    lost = NULL;
    stw_next_merge(next, m, map, entries, first, count);
    (void)lost;
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "leak", "Loses a block in every merge"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "leak", &ops));
