/* fault/plugins/load-exit.c: a strategy that ends the process when it is loaded. */
#include <stwlab/plugin.h>

#include <stdlib.h>

static void __attribute__((constructor)) begin(void)
{
    exit(0);
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "load-exit", "Ends the process when it is loaded"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "load-exit", &ops));
