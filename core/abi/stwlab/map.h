/* stwlab/map.h: the map kind: how a hash map is laid out and how it grows.
 *
 * A map object is a managed cell that the plugin allocates; callers hold its address. One mutator
 * uses a map at a time. Every slot that takes a mutator may poll, so the collector can interrupt a
 * map operation at any allocation. Growths, evacuations and overflow buckets are counted with
 * stw_count; buckets and bytes are told by stats. */
#ifndef STWLAB_MAP_H
#define STWLAB_MAP_H

#include "mutator.h"
#include "manifest.h"

/* Keys. */
#define STW_KEY_U64 0u    /* 8 bytes, pointer-free */
#define STW_KEY_STRING 1u /* struct stw_string; the bytes are a managed, pointer-free cell */

struct stw_string {
    const char *bytes; /* a managed pointer inside tables and maps; need not be terminated */
    uint64_t length;
};

/* What a map holds. Values are 8 pointer-free bytes in ABI 0. Borrowed, static const. */
struct stw_map_type {
    uint32_t struct_size;
    uint32_t key;          /* STW_KEY_* */
    uint64_t value_bytes;  /* 8 */
};

/* Entries to merge: `count` keys and values side by side in managed cells that the caller keeps
 * alive. keys is uint64_t[] or struct stw_string[] as type->key says. */
struct stw_entries {
    uint32_t struct_size;
    uint32_t reserved;
    const struct stw_map_type *type;
    const void *keys;
    const uint64_t *values;
    uint64_t count;
};

struct stw_map_stats {
    uint32_t struct_size;
    uint32_t growing;      /* a growth is in progress */
    uint64_t entries;
    uint64_t buckets;      /* base buckets (bucket maps) or slots / 8 (others) */
    uint64_t bucket_bytes; /* bytes requested for the bucket array, overflow run included */
    uint64_t overflow;     /* overflow buckets in use */
};

/* Called once per entry; `key` is uint64_t* or struct stw_string*. Non-zero stops the walk. The
 * callee may not write to the map. */
typedef int32_t (*stw_map_visit)(void *context, const void *key, uint64_t value);

struct stw_map_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Mandatory. */
    stw_status (*create)(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self) STW_ON_MAIN STW_MAY_BLOCK;
    void (*destroy)(void *self) STW_ON_MAIN STW_MAY_BLOCK;
    /* Mandatory. A new, empty map sized for `hint` entries (0: no hint). Never fails. */
    void *(*make)(void *self, struct stw_mutator *m, const struct stw_map_type *type,
                  uint64_t hint) STW_ON_MUTATOR STW_CONCURRENT STW_MAY_ALLOC;
    /* Mandatory. Inserts or overwrites. `key` is uint64_t* or struct stw_string*. */
    void (*assign)(void *self, struct stw_mutator *m, void *map, const void *key, uint64_t value)
        STW_ON_MUTATOR STW_CONCURRENT STW_MAY_ALLOC;
    /* Mandatory. 1 and `*value` set, or 0. */
    uint32_t (*find)(void *self, struct stw_mutator *m, void *map, const void *key, uint64_t *value)
        STW_ON_MUTATOR STW_CONCURRENT;
    /* Mandatory. 1 if it was there. */
    uint32_t (*erase)(void *self, struct stw_mutator *m, void *map, const void *key)
        STW_ON_MUTATOR STW_CONCURRENT STW_MAY_ALLOC;
    /* Mandatory. Empties the map, keeping what a runtime's clear() keeps. */
    void (*clear)(void *self, struct stw_mutator *m, void *map)
        STW_ON_MUTATOR STW_CONCURRENT STW_MAY_ALLOC;
    /* Mandatory. Visits every entry once, in any order. */
    void (*iterate)(void *self, struct stw_mutator *m, void *map, stw_map_visit visit,
                    void *context) STW_ON_MUTATOR STW_CONCURRENT STW_MAY_ALLOC;
    /* Mandatory. */
    uint64_t (*count)(void *self, struct stw_mutator *m, void *map) STW_ON_MUTATOR STW_CONCURRENT;
    void (*stats)(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *stats)
        STW_ON_MUTATOR STW_CONCURRENT;
    /* Optional. Assigns entries [first, first + count) in order, polling between entries. The host
     * stub calls assign for each. */
    void (*merge)(void *self, struct stw_mutator *m, void *map, const struct stw_entries *entries,
                  uint64_t first, uint64_t count) STW_ON_MUTATOR STW_CONCURRENT STW_MAY_ALLOC;
    /* Optional. STW_E_AUDIT with the invariant's name when one does not hold. */
    stw_status (*audit)(void *self, struct stw_mutator *m, void *map, struct stw_error *error)
        STW_ON_MUTATOR STW_CONCURRENT;
};

#endif
