/* abi/plugins/missing_slot.c: breaks: mandatory slots are not null. The map has no assign. */
#include "../../support/map_slots.h"

static const struct stw_map_ops ops = {.struct_size = sizeof ops, MAP_SLOTS_BUT_ASSIGN};

STW_MANIFEST(STW_PLUGIN("map", "missing-slot", "Has no assign"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "missing-slot", &ops));
