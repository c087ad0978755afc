/* prove/burn.c: a strategy that makes merges slower by so many percent, computing; `label` makes
 * cells differ that are alike. */
#include <stwlab/kit.h>

struct plan {
    const struct stw_host *host;
    uint64_t percent, label;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, percent, "percent"),
    STW_BIND_U64(struct plan, label, "label"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    const struct plan *plan = self;
    uint64_t began_ns = plan->host->clock_ns(plan->host);
    stw_next_merge(next, m, map, entries, first, count);
    uint64_t ended_ns = plan->host->clock_ns(plan->host);
    uint64_t until_ns = ended_ns + (ended_ns - began_ns) * plan->percent / 100;
    while (plan->host->clock_ns(plan->host) < until_ns)
        ;
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = free,
    .merge = merge,
};

STW_MANIFEST(STW_PLUGIN("strategy", "burn", "Makes merges slower")
             STW_PARAM_U64("percent", "percent", 0, 0, 1000, "how much longer a merge takes")
             STW_PARAM_U64("label", "", 0, 0, 1000, "means nothing"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "burn", &ops));
