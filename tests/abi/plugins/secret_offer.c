/* abi/plugins/secret_offer.c: breaks: what is offered is declared in the manifest. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "secret-offer", "Offers one more"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "secret-offer", &ops),
           STW_OFFER(STW_KIND_STRATEGY, "secret", &ops));
