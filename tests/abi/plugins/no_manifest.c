/* abi/plugins/no_manifest.c: breaks: a plugin has a manifest. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "no-manifest", &ops));
