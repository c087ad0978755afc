/* strategies/none.c: no mitigation: every intent goes on as it came. The baseline of a matrix, and
 * the smallest strategy that there can be: slots left null are filled with stubs that pass on. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "none", "No mitigation: passes every intent on"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "none", &ops));
