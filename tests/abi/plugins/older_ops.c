/* abi/plugins/older_ops.c: keeps to the rules: a map that was built before merge and audit existed.
 * What follows its vtable in memory is not the host's to read. */
#include "../../support/map_slots.h"

static const struct stw_map_ops ops = {.struct_size = __builtin_offsetof(struct stw_map_ops, merge),
                                       MAP_SLOTS,
                                       .merge = (void (*)(void *, struct stw_mutator *, void *,
                                                          const struct stw_entries *, uint64_t,
                                                          uint64_t))16};

STW_MANIFEST(STW_PLUGIN("map", "older-ops", "Ends before merge"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "older-ops", &ops));
