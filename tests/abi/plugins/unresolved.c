/* abi/plugins/unresolved.c: breaks: a plugin needs nothing but the C library. It calls a function
 * that is nowhere; built without the linker's check that would have found it. */
#include <stwlab/plugin.h>

extern uint32_t stw_test_function_that_is_nowhere(void);

static void begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    if (stw_test_function_that_is_nowhere())
        stw_next_begin(next, m);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .begin = begin};

STW_MANIFEST(STW_PLUGIN("strategy", "unresolved", "Calls what is nowhere"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "unresolved", &ops));
