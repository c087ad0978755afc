/* abi/plugins/wrong_major.c: breaks: majors are equal. See the descriptor. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "wrong-major", "Has another major"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "wrong-major", &ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR + 1, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}
