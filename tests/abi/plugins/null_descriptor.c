/* abi/plugins/null_descriptor.c: breaks: the entry returns a descriptor. */
#include <stwlab/plugin.h>


STW_MANIFEST(STW_PLUGIN("strategy", "null-descriptor", "Returns null"));

__attribute__((visibility("default"))) const struct stw_descriptor *stw_plugin_entry_v0(void);
const struct stw_descriptor *stw_plugin_entry_v0(void)
{
    return 0;
}
