/* abi/plugins/good.c: a strategy and a map that keep to every rule, with a parameter of every type.
 * The map offers only what it must. */
#include "../../support/map_slots.h"

static const struct stw_strategy_ops strategy_ops = {.struct_size = sizeof strategy_ops};
static const struct stw_map_ops map_ops = {.struct_size = sizeof map_ops, MAP_SLOTS};

STW_MANIFEST(STW_PLUGIN("strategy", "good", "Does nothing, well")
             STW_PARAM_U64("chunk", "entries", 4096, 1, 1073741824, "entries in a piece")
             STW_PARAM_U64("room", "bytes", 64KiB, 0, 1GiB, "how much")
             STW_PARAM_F64("fill", "", 0.75, 0.125, 1, "how full")
             STW_PARAM_BOOL("deep", false, "whether")
             STW_PARAM_TEXT("label", "plain", "what to call it")
             STW_PARAM_CHOICE("shape", "round,square", "square", "which")
             STW_PLUGIN("map", "good", "Holds one entry"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "good", &map_ops),
           STW_OFFER(STW_KIND_STRATEGY, "good", &strategy_ops));
