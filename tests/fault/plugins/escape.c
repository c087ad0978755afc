/* fault/plugins/escape.c: a strategy that starts a process in a session of its own, which stays. */
#include <stwlab/plugin.h>

#include <unistd.h>

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    if (fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    stw_next_merge(next, m, map, entries, first, count);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "escape", "Leaves a process behind"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "escape", &ops));
