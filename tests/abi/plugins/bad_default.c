/* abi/plugins/bad_default.c: breaks: defaults keep to their range. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "bad-default", "Its default is out of range")
             STW_PARAM_U64("chunk", "entries", 0, 1, 8, "entries in a piece"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "bad-default", &ops));
