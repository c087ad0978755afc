/* abi/plugins/bad_size.c: breaks: sizes are sizes. The descriptor says 7. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "bad-size", "Has a size of 7"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "bad-size", &ops)};
    static const struct stw_descriptor descriptor = {
        7, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}
