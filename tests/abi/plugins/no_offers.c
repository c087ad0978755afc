/* abi/plugins/no_offers.c: breaks: a descriptor has offers. */
#include <stwlab/plugin.h>


STW_MANIFEST(STW_PLUGIN("strategy", "no-offers", "Offers nothing"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 0, 0};
    return &descriptor;
}
