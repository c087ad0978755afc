/* fault/plugins/operations.c: a workload that says what is not so of its operations. */
#include <stwlab/kit.h>

#define SAYS_UNDECLARED 1u /* the operations are of a class that the manifest does not have */
#define SAYS_IN_SETUP 2u   /* what it says there is of no operation */

struct plan {
    const struct stw_host *host;
    uint64_t operations;
    uint32_t says;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_CHOICE(struct plan, says, "says"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    const struct plan *plan = self;
    (void)trial, (void)error, (void)state;
    if (plan->says == SAYS_IN_SETUP) {
        plan->host->operation_class(plan->host, m, 0);
        plan->host->operation_intended(plan->host, m, 1);
    }
    return STW_OK;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    (void)state, (void)number;
    if (plan->says == SAYS_UNDECLARED)
        plan->host->operation_class(plan->host, m, 1);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
    return 0;
}

static const struct stw_workload_ops ops = {.struct_size = sizeof ops,
                                            .create = create,
                                            .setup = setup,
                                            .operate = operate,
                                            .checksum = checksum};

STW_MANIFEST(STW_PLUGIN("workload", "operations", "Says what is not so of its operations")
             STW_PARAM_U64("operations", "operations", 3, 1, 10, "operations")
             STW_PARAM_CHOICE("says", "nothing,undeclared,in-setup", "nothing", "what it says")
             STW_CLASS("only", "the only class"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "operations", &ops));
