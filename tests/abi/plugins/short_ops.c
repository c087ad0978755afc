/* abi/plugins/short_ops.c: breaks: mandatory slots lie within the vtable. This one says that it
 * ends before stats, so the host must not read what stands there. */
#include "../../support/map_slots.h"

static const struct stw_map_ops ops = {.struct_size = __builtin_offsetof(struct stw_map_ops, stats),
                                       MAP_SLOTS};

STW_MANIFEST(STW_PLUGIN("map", "short-ops", "Ends before stats"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "short-ops", &ops));
