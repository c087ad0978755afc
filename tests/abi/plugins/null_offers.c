/* abi/plugins/null_offers.c: breaks: the offers are not null. */
#include <stwlab/plugin.h>


STW_MANIFEST(STW_PLUGIN("strategy", "null-offers", "Offers are null"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, 0};
    return &descriptor;
}
