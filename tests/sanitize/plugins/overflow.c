/* sanitize/plugins/overflow.c: a strategy that reads one byte behind a block of malloc's. */
#include <stwlab/plugin.h>

#include <stdlib.h>

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    volatile size_t bytes = 24; /* volatile: a compiler that knew it would refuse */
    char *block = calloc(1, bytes);
    stw_count_map(m, STW_COUNT_MAP_OVERFLOW, (uint64_t)block[bytes]);
    free(block);
    stw_next_merge(next, m, map, entries, first, count);
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "overflow", "Reads behind the end of a block"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "overflow", &ops));
