/* support/plugins/fixture-map.c: a map whose manifest is what tests read; it holds one entry. */
#include "../map_slots.h"

static const struct stw_map_ops ops = {.struct_size = sizeof ops, MAP_SLOTS};

STW_MANIFEST(STW_PLUGIN("map", "fixture-map", "Holds one entry")
             STW_PARAM_F64("fill", "", 0.75, 0.125, 1, "how full before it grows"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "fixture-map", &ops));
