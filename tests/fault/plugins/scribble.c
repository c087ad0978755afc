/* fault/plugins/scribble.c: a strategy that writes over what lies behind the flight recorder:
 * the rest of the record that the coordinator is going to read. */
#include <stwlab/plugin.h>

#include <string.h>

#define SCRIBBLE_BYTES 1048576u

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    memset(m->trace, 0xff, SCRIBBLE_BYTES);
    stw_next_merge(next, m, map, entries, first, count);
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "scribble", "Writes over the record of its trial"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "scribble", &ops));
