/* fault/plugins/hog-malloc.c: a strategy that uses memory of the C library without bound or
 * check. */
#include <stwlab/plugin.h>

#include <stdlib.h>
#include <string.h>

#define STEP_BYTES 65536u

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self, (void)next, (void)m, (void)map, (void)entries, (void)first, (void)count;
    for (;;) {
        char *volatile block = malloc(STEP_BYTES); /* volatile: a compiler may drop the pair */
        memset(block, 1, STEP_BYTES);
    }
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};

STW_MANIFEST(STW_PLUGIN("strategy", "hog-malloc", "Takes memory of the C library without bound"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "hog-malloc", &ops));
