/* abi/plugins/no_entry.c: breaks: a plugin exports its entry. */
#include <stwlab/plugin.h>

STW_MANIFEST(STW_PLUGIN("strategy", "no-entry", "Exports nothing"));
