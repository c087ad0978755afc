/* support/plugins/fixture-needy.c: a strategy that declares to need permissions and a variable. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "fixture-needy", "Cannot do without")
             STW_NEEDS("network") STW_NEEDS("files") STW_NEEDS_ENV("FIXTURE_TOKEN"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "fixture-needy", &ops));
