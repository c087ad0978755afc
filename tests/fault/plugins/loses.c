/* fault/plugins/loses.c: a strategy that does not pass on that a map is done with. */
#include <stwlab/plugin.h>

static void done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                     const struct stw_map_type *type, void *map)
{
    (void)self, (void)next, (void)m, (void)type, (void)map;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .done_map = done_map};
STW_MANIFEST(STW_PLUGIN("strategy", "loses", "Does not pass on that a map is done with"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "loses", &ops));
