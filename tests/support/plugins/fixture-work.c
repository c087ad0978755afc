/* support/plugins/fixture-work.c: a workload with a parameter of every type; it does nothing. */
#include <stwlab/plugin.h>

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error;
    *self = 0;
    return STW_OK;
}

static void destroy(void *self)
{
    (void)self;
}

static uint64_t operations(void *self)
{
    (void)self;
    return 1;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self, (void)m, (void)trial, (void)error;
    *state = 0;
    return STW_OK;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    (void)self, (void)state, (void)number;
    stw_poll(m);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
    return 1;
}

static const struct stw_workload_ops ops = {.struct_size = sizeof ops,
                                            .create = create,
                                            .destroy = destroy,
                                            .operations = operations,
                                            .setup = setup,
                                            .operate = operate,
                                            .checksum = checksum};

STW_MANIFEST(STW_PLUGIN("workload", "fixture-work", "A parameter of every type")
             STW_PARAM_U64("n", "entries", 1000, 1, 1048576, "how many")
             STW_PARAM_U64("room", "bytes", 65536, 0, 1099511627776, "how much")
             STW_PARAM_U64("rest", "ns", 1000000, 0, 1000000000, "how long")
             STW_PARAM_F64("ratio", "", 0.5, 0, 1, "how full")
             STW_PARAM_BOOL("deep", false, "whether")
             STW_PARAM_TEXT("source", "sequential", "from where")
             STW_PARAM_FILE("table", "none,built-in", "none", "which file")
             STW_PARAM_CHOICE("shape", "int,string", "int", "which")
             STW_PARAM_U64("gc.depth", "", 1, 0, 10, "a point makes it no one else's"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "fixture-work", &ops));
