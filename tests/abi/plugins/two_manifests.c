/* abi/plugins/two_manifests.c: breaks: a shared object has one manifest. */
#include <stwlab/plugin.h>

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "two-manifests", "Has two"));
#define stw__manifest_note stw__manifest_note_2
STW_MANIFEST(STW_PLUGIN("strategy", "two-manifests", "Has two"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "two-manifests", &ops));
