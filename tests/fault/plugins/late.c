/* fault/plugins/late.c: strategies whose mistakes show when they are destroyed. */
#include <stwlab/plugin.h>

#include <stddef.h>

static const struct stw_host *the_host;
static void *words[2];

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config, (void)error;
    the_host = host;
    *self = NULL;
    return STW_OK;
}

static void removes_late(void *self)
{
    (void)self;
    the_host->root_remove(the_host, words);
    the_host = NULL; /* no tail call: its frame tells who it was */
}

/* Nobody takes it back. */
static void charges(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    the_host->external_bytes(the_host, m, 4096);
    stw_next_begin(next, m);
}

static const struct stw_strategy_ops ops_removes_late = {
    .struct_size = sizeof ops_removes_late, .create = create, .destroy = removes_late};
static const struct stw_strategy_ops ops_charges = {
    .struct_size = sizeof ops_charges, .create = create, .begin = charges};

STW_MANIFEST(STW_PLUGIN("strategy", "removes-late", "Breaks a rule")
             STW_PLUGIN("strategy", "charges", "Breaks a rule"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "removes-late", &ops_removes_late),
           STW_OFFER(STW_KIND_STRATEGY, "charges", &ops_charges));
