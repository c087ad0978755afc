/* fault/plugins/load-hang.c: a strategy that never returns when it is loaded. */
#include <stwlab/plugin.h>

#include <unistd.h>

static void __attribute__((constructor)) begin(void)
{
    for (;;)
        pause();
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "load-hang", "Never returns when it is loaded"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "load-hang", &ops));
