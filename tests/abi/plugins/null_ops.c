/* abi/plugins/null_ops.c: breaks: ops are not null. */
#include <stwlab/plugin.h>


STW_MANIFEST(STW_PLUGIN("strategy", "null-ops", "Has no ops"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_offer offers[] = {STW_OFFER(STW_KIND_STRATEGY, "null-ops", 0)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}
