/* fault/plugins/percent.c: workloads that change GOGC and do not put it back: in their set-up, in
 * an operation; one that does; and a strategy that changes it as its last act, by a tail call. */
#include <stddef.h>
#include <stwlab/plugin.h>

#define OPERATIONS 3u

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config, (void)error;
    *self = (void *)(uintptr_t)host; /* all that they need is their handle */
    return STW_OK;
}

static void destroy(void *self)
{
    (void)self;
}

static uint64_t operations(void *self)
{
    (void)self;
    return OPERATIONS;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self, (void)trial, (void)error;
    *state = stw_alloc(m, 1000, NULL);
    return STW_OK;
}

static stw_status set_up_with_50(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                                 struct stw_error *error, void **state)
{
    const struct stw_host *host = self;
    host->set_gc_percent(host, m, 50);
    return setup(self, m, trial, error, state);
}

static void nothing(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    (void)self, (void)m, (void)state, (void)number;
}

static void turn_off(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct stw_host *host = self;
    (void)state;
    if (number == 1)
        host->set_gc_percent(host, m, STW_GC_OFF);
    stw_alloc(m, 100000, NULL); /* the flight recorder's last call is the allocator's */
}

static void turn_off_and_on(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    static uint32_t is_off; /* by one mutator at a time: another would put "off" back */
    const struct stw_host *host = self;
    (void)state, (void)number;
    if (__atomic_exchange_n(&is_off, 1, __ATOMIC_ACQUIRE))
        return;
    int32_t before = host->set_gc_percent(host, m, STW_GC_OFF);
    host->set_gc_percent(host, m, before);
    __atomic_store_n(&is_off, 0, __ATOMIC_RELEASE);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
    return 1;
}

static void begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    const struct stw_host *host = self;
    stw_next_begin(next, m);
    host->set_gc_percent(host, m, 75);
}

#define WORKLOAD(name, with_setup, with_operate)                                                   \
    static const struct stw_workload_ops name = {.struct_size = sizeof name, .create = create,     \
                                                 .destroy = destroy, .operations = operations,     \
                                                 .setup = with_setup, .operate = with_operate,     \
                                                 .checksum = checksum}
WORKLOAD(leaves, set_up_with_50, nothing);
WORKLOAD(loses, setup, turn_off);
WORKLOAD(keeps, setup, turn_off_and_on);
static const struct stw_strategy_ops sets = {.struct_size = sizeof sets, .create = create,
                                             .destroy = destroy, .begin = begin};

STW_MANIFEST(STW_PLUGIN("workload", "percent-leaves", "Its set-up leaves GOGC at 50")
             STW_PLUGIN("workload", "percent-loses", "An operation leaves GOGC off")
             STW_PLUGIN("workload", "percent-keeps", "Operations put GOGC back")
             STW_PLUGIN("strategy", "percent-sets", "Sets GOGC to 75"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "percent-leaves", &leaves),
           STW_OFFER(STW_KIND_WORKLOAD, "percent-loses", &loses),
           STW_OFFER(STW_KIND_WORKLOAD, "percent-keeps", &keeps),
           STW_OFFER(STW_KIND_STRATEGY, "percent-sets", &sets));
