/* abi/plugins/wrong_magic.c: breaks: the descriptor opens with the magic. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "wrong-magic", "Has another magic"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "wrong-magic", &ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, 0x12345678u, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}
