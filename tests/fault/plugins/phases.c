/* fault/plugins/phases.c: a workload that makes the world stop where it is told to: in its set-up,
 * in its operations, and after them; sleeps in its operations; or crashes at the end of its
 * set-up. */
#include <stwlab/kit.h>

#include <time.h>

#define CELL_BYTES 1024u
#define CRASHES_IN_SETUP 1u

struct plan {
    uint64_t operations, garbage, setup, operate, after, nap_ms;
    uint32_t crashes;
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_U64(struct plan, garbage, "garbage"),
    STW_BIND_U64(struct plan, setup, "setup"),
    STW_BIND_U64(struct plan, operate, "operate"),
    STW_BIND_U64(struct plan, after, "after"),
    STW_BIND_U64(struct plan, nap_ms, "nap"),
    STW_BIND_CHOICE(struct plan, crashes, "crashes"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

static uint64_t operations(void *self)
{
    return ((const struct plan *)self)->operations;
}

static void collect(struct stw_mutator *m, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++)
        m->host->collect(m->host, m);
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    const struct plan *plan = self;
    (void)trial, (void)error, (void)state;
    for (uint64_t i = 0; i < plan->garbage; i++)
        stw_alloc(m, CELL_BYTES, NULL);
    collect(m, plan->setup);
    if (plan->crashes == CRASHES_IN_SETUP)
        __builtin_trap();
    return STW_OK;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    const struct timespec nap = {0, (long)plan->nap_ms * 1000000};
    (void)state, (void)number;
    collect(m, plan->operate);
    if (!plan->nap_ms)
        return;
    m->host->block_begin(m->host, m);
    nanosleep(&nap, NULL);
    m->host->block_end(m->host, m);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
    return 0;
}

static void teardown(void *self, struct stw_mutator *m, void *state)
{
    (void)state;
    collect(m, ((const struct plan *)self)->after);
}

static const struct stw_workload_ops ops = {.struct_size = sizeof ops,
                                            .create = create,
                                            .operations = operations,
                                            .setup = setup,
                                            .operate = operate,
                                            .checksum = checksum,
                                            .teardown = teardown};

STW_MANIFEST(STW_PLUGIN("workload", "phases", "Stops the world where it is told to")
             STW_PARAM_U64("operations", "operations", 2, 0, 1000, "operations")
             STW_PARAM_U64("garbage", "cells", 0, 0, 1000000, "of 1 KiB, made in set-up")
             STW_PARAM_U64("setup", "cycles", 0, 0, 100, "forced in set-up")
             STW_PARAM_U64("operate", "cycles", 0, 0, 100, "forced in each operation")
             STW_PARAM_U64("after", "cycles", 0, 0, 100, "forced after the operations")
             STW_PARAM_U64("nap", "ms", 0, 0, 900, "slept in each operation, outside")
             STW_PARAM_CHOICE("crashes", "no,in-setup", "no", "whether it crashes"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "phases", &ops));
