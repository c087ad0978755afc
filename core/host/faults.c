/* host/faults.c: calls the strategies that make faults.
 *
 * They sit in the host's own slow paths, where every poll and every allocation off the fast path
 * passes, so that no plugin needs a host table of its own in m->host. Strategies without these
 * slots are not called: their slots are stubs (slots.c), and a chain without any costs one load. */
#include "host/faults.h"

#include "host/chain.h"

static struct {
    const struct stw_loaded *strategies[STW_CHAIN_MAX];
    uint32_t count;
} faults;

void stw__faults_set(const struct stw_loaded *strategies, uint32_t count)
{
    faults.count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (strategies[i].makes_faults)
            faults.strategies[faults.count++] = &strategies[i];
}

static uint32_t enter(struct stw_mutator *m, const struct stw_loaded *strategy, uint32_t call)
{
    stw_trace(m, strategy->ordinal, call);
    return stw_strategy_runs(m, strategy->ordinal << 16 | call);
}

void stw__faults_safepoint(struct stw_mutator *m)
{
    for (uint32_t i = 0; i < faults.count; i++) {
        const struct stw_loaded *strategy = faults.strategies[i];
        uint32_t before = enter(m, strategy, STW_CALL_STRATEGY_SAFEPOINT);
        strategy->ops.strategy.safepoint(strategy->self, m);
        stw_strategy_runs(m, before);
    }
}

uint32_t stw__faults_alloc(struct stw_mutator *m, uint64_t bytes, const struct stw_type *type)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < faults.count; i++) {
        const struct stw_loaded *strategy = faults.strategies[i];
        uint32_t before = enter(m, strategy, STW_CALL_STRATEGY_ALLOC_SLOW);
        refused |= strategy->ops.strategy.alloc_slow(strategy->self, m, bytes, type);
        stw_strategy_runs(m, before);
    }
    return refused;
}
