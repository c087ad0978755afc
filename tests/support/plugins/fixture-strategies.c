/* support/plugins/fixture-strategies.c: two strategies in one object; they pass everything on. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "fixture-a", "Has parameters")
             STW_PARAM_U64("chunk", "entries", 16, 1, 4096, "how many at once")
             STW_PARAM_TEXT("label", "plain", "what to call it")
             STW_PLUGIN("strategy", "fixture-b", "Has none"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "fixture-a", &ops),
           STW_OFFER(STW_KIND_STRATEGY, "fixture-b", &ops));
