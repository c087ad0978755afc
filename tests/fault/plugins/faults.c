/* fault/plugins/faults.c: strategies that make faults by the slots for them, one that tunes GOGC,
 * and one that writes m->host, which it may not. */
#include <stdlib.h>
#include <string.h>
#include <stwlab/plugin.h>

#define LATE_NS 2000000u
#define EVERY 10u

struct tuner {
    const struct stw_host *host;
    struct stw_counter count;
    uint64_t calls; /* atomic */
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct tuner *tuner = calloc(1, sizeof *tuner);
    if (!tuner)
        return host->set_error(host, error, STW_E_NOMEM, "create", "out of memory");
    tuner->host = host;
    tuner->count = stw_config_counter(config, "calls");
    *self = tuner;
    return STW_OK;
}

/* Late for a stop, and for whatever else is asked at a safepoint. */
static void late(void *self, struct stw_mutator *m)
{
    struct tuner *tuner = self;
    uint64_t until_ns = tuner->host->clock_ns(tuner->host) + LATE_NS;
    stw_count(m, tuner->count, 1);
    while (tuner->host->clock_ns(tuner->host) < until_ns)
        continue;
}

static uint32_t refuse(void *self, struct stw_mutator *m, uint64_t bytes,
                       const struct stw_type *type)
{
    (void)bytes, (void)type;
    struct tuner *tuner = self;
    stw_count(m, tuner->count, 1);
    return __atomic_add_fetch(&tuner->calls, 1, __ATOMIC_RELAXED) % EVERY == 0;
}

static void tune(void *context, struct stw_mutator *m)
{
    struct tuner *tuner = context;
    struct stw_heap_stats stats = {.struct_size = sizeof stats};
    tuner->host->heap_stats(tuner->host, &stats);
    stw_count(m, tuner->count, 1);
    tuner->host->set_gc_percent(tuner->host, m, stats.marked_bytes < (1u << 20) ? 400 : 100);
}

static stw_status create_tuner(const struct stw_host *host, const struct stw_config *config,
                               struct stw_error *error, void **self)
{
    stw_status status = create(host, config, error, self);
    return status == STW_OK ? host->cycle_end_hook_add(host, tune, *self) : status;
}

static void write_host(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    static struct stw_host copy;
    (void)self;
    copy = *m->host;
    m->host = &copy;
    stw_next_begin(next, m);
}

static const struct stw_strategy_ops late_ops = {.struct_size = sizeof late_ops, .create = create,
                                                 .destroy = free, .safepoint = late};
static const struct stw_strategy_ops refuse_ops = {.struct_size = sizeof refuse_ops,
                                                   .create = create, .destroy = free,
                                                   .alloc_slow = refuse};
static const struct stw_strategy_ops tuner_ops = {.struct_size = sizeof tuner_ops,
                                                  .create = create_tuner, .destroy = free};
static const struct stw_strategy_ops writer_ops = {.struct_size = sizeof writer_ops,
                                                   .begin = write_host};

STW_MANIFEST(STW_PLUGIN("strategy", "late", "Is late at each safepoint")
                 STW_COUNTER("calls", "", sum, "calls")
             STW_PLUGIN("strategy", "refuse", "Refuses each tenth slow allocation once")
                 STW_COUNTER("calls", "", sum, "calls")
             STW_PLUGIN("strategy", "tuner", "Sets GOGC after each cycle")
                 STW_COUNTER("calls", "", sum, "calls")
             STW_PLUGIN("strategy", "writes-host", "Puts a table of its own into m->host"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "late", &late_ops),
           STW_OFFER(STW_KIND_STRATEGY, "refuse", &refuse_ops),
           STW_OFFER(STW_KIND_STRATEGY, "tuner", &tuner_ops),
           STW_OFFER(STW_KIND_STRATEGY, "writes-host", &writer_ops));
