/* abi/plugins/bad_ops_size.c: breaks: a vtable opens with its size. This one has zero. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = 0};

STW_MANIFEST(STW_PLUGIN("strategy", "bad-ops-size", "Has a size of 0"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "bad-ops-size", &ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}
