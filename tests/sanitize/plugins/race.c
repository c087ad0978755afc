/* sanitize/plugins/race.c: a strategy that writes a counter while a thread of its own does, too.
 * Two mutators would do, but locks that they take for other reasons may order their writes. */
#include <stwlab/plugin.h>

#include <pthread.h>

static void *count_up(void *counter)
{
    ++*(volatile uint64_t *)counter;
    return NULL;
}

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    uint64_t merges = 0;
    pthread_t helper;
    if (pthread_create(&helper, NULL, count_up, &merges) == 0) {
        count_up(&merges);
        pthread_join(helper, NULL);
    }
    stw_next_merge(next, m, map, entries, first, count);
    (void)self;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "race", "Counts its merges on two threads without a lock"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "race", &ops));
