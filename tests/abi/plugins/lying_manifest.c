/* abi/plugins/lying_manifest.c: breaks: what the manifest declares is offered. "absent" is not. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "lying-manifest", "Is there")
             STW_PLUGIN("strategy", "absent", "Is not"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "lying-manifest", &ops));
