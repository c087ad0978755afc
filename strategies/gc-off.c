/* strategies/gc-off.c: no automatic collection from the first to the last intent of a trial.
 *
 * What debug.SetGCPercent(-1) is to a Go program. Nothing is freed meanwhile: the memory limit of
 * the trial is the only bound that is left, and a trial that reaches it ends as out of memory.
 *
 * O1  the setting that was found is the one that is restored. Every mutator turns collection off,
 *     so that none runs an intent before it is off; only the first of them finds a setting that is
 *     not off, unless the trial runs with collection off anyway.
 * O2  it is restored once, by the mutator that ends last.
 *
 * Threads: begin and end run on all mutators at once. No lock: a mutator that waits for one is not
 * at a safepoint, and set_gc_percent may wait for every mutator to be at one. */
#include <stdlib.h>
#include <stwlab/plugin.h>

struct gc_off {
    uint32_t mutators;
    uint32_t ended;  /* atomic */
    int32_t percent; /* atomic; the setting to restore */
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config;
    struct gc_off *off = calloc(1, sizeof *off);
    if (!off)
        return host->set_error(host, error, STW_E_NOMEM, "create", "gc-off: out of memory");
    off->mutators = host->mutator_count(host);
    off->percent = STW_GC_OFF;
    *self = off;
    return STW_OK;
}

static void begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    struct gc_off *off = self;
    int32_t found = m->host->set_gc_percent(m->host, m, STW_GC_OFF);
    if (found != STW_GC_OFF)
        __atomic_store_n(&off->percent, found, __ATOMIC_RELEASE); /* read by the last in end */
    stw_next_begin(next, m);
}

static void end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    struct gc_off *off = self;
    stw_next_end(next, m);
    if (__atomic_add_fetch(&off->ended, 1, __ATOMIC_ACQ_REL) == off->mutators)
        m->host->set_gc_percent(m->host, m, __atomic_load_n(&off->percent, __ATOMIC_ACQUIRE));
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = free,
    .begin = begin,
    .end = end,
};

STW_MANIFEST(STW_PLUGIN("strategy", "gc-off", "No automatic collection during the trial"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "gc-off", &ops));
