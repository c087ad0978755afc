/* stwlab/plugin.h: the one header that a plugin includes, and the one symbol that it exports.
 *
 * Lifecycle of a shared object, in the order of calls; no other order is legal:
 *
 *   state      how it is entered                       what may be called
 *   listed     the host read the manifest note         nothing; no code runs
 *   loaded     dlopen, stw_plugin_entry_v0             the entry again
 *   created    ops->create, on the main thread         queries; attach (allocators)
 *   running    mutators are attached                   all slots, as annotated
 *   finished   all mutators are detached               ops->destroy
 *   destroyed  ops->destroy                            nothing; dlclose never runs
 *
 * During create the plugin may call set_error, clock_ns, root_add, cycle_hook_add,
 * cycle_end_hook_add, mutator_count and, if it is an allocator, the functions for allocators. It
 * has no mutator yet, so no cells.
 *
 * A plugin is built as a shared object with hidden visibility. The same source links statically
 * when it is compiled with -DSTW_STATIC_PLUGIN=NAME: the entry is then stw_plugin_entry_NAME.
 *
 * The smallest strategy:
 *
 *     #include <stwlab/plugin.h>
 *     static void merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
 *                       const struct stw_entries *entries, uint64_t first, uint64_t count)
 *     { (void)self; stw_next_merge(next, m, map, entries, first, count); }
 *     static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .merge = merge};
 *     STW_MANIFEST(STW_PLUGIN("strategy", "mine", "Passes merges on"));
 *     STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "mine", &ops)); */
#ifndef STWLAB_PLUGIN_H
#define STWLAB_PLUGIN_H

#include "base.h"
#include "manifest.h"
#include "mutator.h"
#include "allocator.h"
#include "host.h"
#include "slice.h"
#include "map.h"
#include "hash.h"
#include "strategy.h"
#include "workload.h"

#define STW_KIND_ALLOCATOR 1u
#define STW_KIND_MAP 2u
#define STW_KIND_STRATEGY 3u
#define STW_KIND_WORKLOAD 4u

/* One plugin of a shared object. All pointers are to static storage. */
struct stw_offer {
    uint32_t struct_size;
    uint32_t kind;   /* STW_KIND_* */
    const char *id;  /* as in the manifest */
    const void *ops; /* struct stw_<kind>_ops */
};

struct stw_descriptor {
    uint32_t struct_size;
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t offer_count;
    const struct stw_offer *offers;
};

#define STW_ENTRY_SYMBOL "stw_plugin_entry_v0"
typedef const struct stw_descriptor *(*stw_plugin_entry)(void);

#define STW_JOIN_(a, b) a##b
#define STW_JOIN(a, b) STW_JOIN_(a, b)
#ifdef STW_STATIC_PLUGIN
#define STW_ENTRY_NAME STW_JOIN(stw_plugin_entry_, STW_STATIC_PLUGIN)
#else
#define STW_ENTRY_NAME stw_plugin_entry_v0
#endif

#define STW_OFFER(kind_, id_, ops_) {sizeof(struct stw_offer), kind_, id_, ops_}

#ifdef __cplusplus
#define STW_ENTRY_LINKAGE extern "C"
#else
#define STW_ENTRY_LINKAGE
#endif

#define STW_EXPORT(...)                                                                            \
    STW_ENTRY_LINKAGE __attribute__((visibility("default")))                                       \
    const struct stw_descriptor *STW_ENTRY_NAME(void);                                             \
    const struct stw_descriptor *STW_ENTRY_NAME(void)                                              \
    {                                                                                              \
        static const struct stw_offer offers[] = {__VA_ARGS__};                                    \
        static const struct stw_descriptor descriptor = {                                          \
            sizeof(struct stw_descriptor), STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR,                \
            (uint32_t)(sizeof offers / sizeof offers[0]), offers};                                 \
        return &descriptor;                                                                        \
    }                                                                                              \
    STW_STATIC_ASSERT(1, "takes the semicolon")

#endif
