/* support/plugins/fixture-picky.c: a strategy that refuses settings: of the runtime, of its own. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "fixture-picky", "Works with pairs of mutators")
             STW_REFUSES("mutators % 2 == 1 && strategy.fixture-picky.single != true",
                         "it works with pairs of mutators")
             STW_REFUSES("strategy.fixture-picky.depth > 8 || "
                         "strategy == 'fixture-b + fixture-picky'", "too deep")
             STW_PARAM_BOOL("single", false, "whether one will do")
             STW_PARAM_U64("depth", "", 4, 1, 64, "how deep"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "fixture-picky", &ops));
