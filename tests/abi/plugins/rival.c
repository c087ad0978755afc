/* abi/plugins/rival.c: keeps to the rules, but claims an id that good.c has too. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "good", "Is called like another"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "good", &ops));
