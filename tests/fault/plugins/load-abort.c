/* fault/plugins/load-abort.c: a strategy that aborts when it is loaded. */
#include <stwlab/plugin.h>

#include <stdlib.h>

static void __attribute__((constructor)) begin(void)
{
    abort();
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "load-abort", "Aborts when it is loaded"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "load-abort", &ops));
