/* fault/plugins/sleeps.c: strategies that sleep, or compute, in need_map while others stop the
 * world. */
#include <stwlab/plugin.h>

#include <time.h>

#define WHILE_NS 10000000

static void *sleeps(void *self, const struct stw_link *next, struct stw_mutator *m,
                    const struct stw_map_need *need)
{
    const struct timespec nap = {0, WHILE_NS};
    (void)self;
    nanosleep(&nap, NULL);
    return stw_next_need_map(next, m, need);
}

static long long cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static void *computes(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    (void)self;
    for (long long until_ns = cpu_ns() + WHILE_NS; cpu_ns() < until_ns;)
        ;
    return stw_next_need_map(next, m, need);
}

static const struct stw_strategy_ops sleeps_ops = {.struct_size = sizeof sleeps_ops,
                                                   .need_map = sleeps};
static const struct stw_strategy_ops computes_ops = {.struct_size = sizeof computes_ops,
                                                     .need_map = computes};
STW_MANIFEST(STW_PLUGIN("strategy", "sleeps", "Keeps stops waiting")
             STW_PLUGIN("strategy", "computes", "Keeps stops waiting, at work"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "sleeps", &sleeps_ops),
           STW_OFFER(STW_KIND_STRATEGY, "computes", &computes_ops));
