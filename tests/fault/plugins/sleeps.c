/* fault/plugins/sleeps.c: a strategy that sleeps in need_map, while others stop the world. */
#include <stwlab/plugin.h>

#include <time.h>

static void *sleeps(void *self, const struct stw_link *next, struct stw_mutator *m,
                    const struct stw_map_need *need)
{
    const struct timespec nap = {0, 10000000};
    (void)self;
    nanosleep(&nap, NULL);
    return stw_next_need_map(next, m, need);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .need_map = sleeps};
STW_MANIFEST(STW_PLUGIN("strategy", "sleeps", "Keeps stops waiting"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "sleeps", &ops));
