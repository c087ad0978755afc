/* abi/plugins/duplicate_ids.c: breaks: a manifest declares an id once. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "duplicate-ids", "One")
             STW_PLUGIN("strategy", "duplicate-ids", "The other"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "duplicate-ids", &ops));
