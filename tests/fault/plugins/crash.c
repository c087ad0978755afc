/* fault/plugins/crash.c: a strategy that writes to address 0 when it is asked to merge. A sanitizer
 * is told to let it. */
#include <stwlab/plugin.h>

__attribute__((no_sanitize("null")))
static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    static int *volatile nowhere;
    *nowhere = 1;
    stw_next_merge(next, m, map, entries, first, count);
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "crash", "Writes to address 0"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "crash", &ops));
