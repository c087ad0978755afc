/* abi/plugins/newer_layout.c: breaks: layouts are equal. Its constructor traps, so whoever loads it
 * before looking at the manifest does not live to tell. */
#include <stwlab/plugin.h>

#undef STW_ABI_LAYOUT
#define STW_ABI_LAYOUT 7u

__attribute__((constructor)) static void run_too_early(void)
{
    __builtin_trap();
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "newer-layout", "Comes from the future"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "newer-layout", &ops));
