/* stwlab/map.h: the map kind: how a hash map is laid out and how it grows.
 *
 * A map object is a managed cell that the plugin allocates; callers hold its address. One mutator
 * uses a map at a time. A slot with STW_MAY_ALLOC may poll, so the collector can interrupt it at
 * any allocation; the others may not.
 *
 * Tables may lie in memory of the C library: malloc is allowed in every slot, as nothing here runs
 * while the world is stopped. Managed pointers there are invisible to the collector, so only maps
 * of types without pointers can; what is so used is charged with stw_host.external_bytes.
 *
 * Keys that are looked up or erased may be anywhere, a string's bytes too: on the stack, in C
 * memory. A key that is assigned is stored: its bytes or its pointer must be managed (abi.M1,
 * abi.M4), or outlive the map. The bytes of an empty string may be null.
 *
 * Growths are told with stw_growth_begin and _end, what they move with stw_growth_moved, overflow
 * buckets with stw_count_map; buckets and bytes are told by stats. */
#ifndef STWLAB_MAP_H
#define STWLAB_MAP_H

#include "mutator.h"
#include "manifest.h"

/* Keys. What a key is made of; callers pass its address. */
#define STW_KEY_U64 0u     /* uint64_t */
#define STW_KEY_STRING 1u  /* struct stw_string; the bytes are a managed, pointer-free cell */
#define STW_KEY_POINTER 2u /* void *, managed or null: the same pointer, the same key */
#define STW_KEY_BYTES 3u   /* key_bytes of them, pointer-free, equal when all are */

#define STW_KEY_BYTES_MIN 4u
#define STW_KEY_BYTES_MAX 64u
#define STW_VALUE_BYTES_MAX 128u /* Go stores more outside of the bucket: map.go, MapMaxElemBytes */

struct stw_string {
    const char *bytes; /* a managed pointer inside tables and maps; need not be terminated */
    uint64_t length;
};

/* What a map holds. Lives until the `destroy` of the plugin that made it has returned. Two types
 * with equal contents are the same. */
struct stw_map_type {
    uint32_t struct_size;
    uint32_t key;         /* STW_KEY_* */
    uint64_t value_bytes; /* 0 (a set) to STW_VALUE_BYTES_MAX */
    uint32_t key_bytes;   /* of STW_KEY_BYTES: STW_KEY_BYTES_MIN to _MAX; else 0 */
    uint32_t reserved;
    const struct stw_type *value_type; /* where values have pointers; null: nowhere */
};

/* Bytes from one key to the next in an array of keys. */
static inline uint64_t stw_key_bytes(const struct stw_map_type *type)
{
    if (type->key == STW_KEY_BYTES)
        return type->key_bytes;
    return type->key == STW_KEY_STRING ? sizeof(struct stw_string) : sizeof(uint64_t);
}

/* Entries to merge: `count` keys side by side, and values, in managed cells that the caller keeps
 * alive. */
struct stw_entries {
    uint32_t struct_size;
    uint32_t reserved;
    const struct stw_map_type *type;
    const void *keys;
    const void *values; /* may be null when value_bytes is 0 */
    uint64_t count;
    uint64_t value_stride; /* bytes from one value to the next; 0: value_bytes */
};

static inline const void *stw_entry_key(const struct stw_entries *entries, uint64_t index)
{
    return (const char *)entries->keys + index * stw_key_bytes(entries->type);
}

static inline const void *stw_entry_value(const struct stw_entries *entries, uint64_t index)
{
    uint64_t stride = entries->value_stride ? entries->value_stride : entries->type->value_bytes;
    return stride ? (const char *)entries->values + index * stride : entries->values;
}

struct stw_map_stats {
    uint32_t struct_size;
    uint32_t growing;      /* a growth is in progress */
    uint64_t entries;
    uint64_t buckets;      /* base buckets (bucket maps) or slots / 8 (others) */
    uint64_t bucket_bytes; /* bytes requested for the bucket array, overflow run included */
    uint64_t overflow;     /* overflow buckets in use */
};

/* A walk over a map, on its mutator's stack: what it refers to is kept alive there. Between steps a
 * copy may lie in a managed cell, written with stw_copy, key and value null: the first
 * STW_CURSOR_POINTERS words are pointers. A walk needs no end; one given up is forgotten. */
#define STW_CURSOR_POINTERS 8u
struct stw_map_cursor {
    const void *key;     /* of the entry that it has come to; in the map, and there until the */
    const void *value;   /* next step or write. Null: it is at none. A step reads neither */
    void *pointers[6];   /* the map's: managed, or null */
    uint64_t numbers[6]; /* the map's, all else */
};

/* Called once per entry. `key` and `value` are the cursor's. Non-zero stops the walk. */
typedef int32_t (*stw_map_visit)(void *context, const void *key, const void *value);

struct stw_map_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Mandatory. */
    stw_status (*create)(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_LOADED STW_MAY_BLOCK;
    void (*destroy)(void *self) STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_FINISHED STW_MAY_BLOCK;
    /* Mandatory. A new, empty map of an accepted type, sized for `hint` entries (0: no hint): that
     * many can be assigned without a growth. When there is no memory for it: stw_host.fail. */
    void *(*make)(void *self, struct stw_mutator *m, const struct stw_map_type *type,
                  uint64_t hint) STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Mandatory. Inserts or overwrites. An update also replaces the key where equal keys can be
     * told apart: a string (Go: needkeyupdate), whose new bytes are the ones kept alive then. It
     * copies what `key` and `value` point to into the map, with the barrier where that is a
     * pointer. `value` may be null when values have no bytes. */
    void (*assign)(void *self, struct stw_mutator *m, void *map, const void *key,
                   const void *value) STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Mandatory. 1 and the entry's value copied to `value`, or 0. `value` may be null: the caller
     * asks only whether the key is there. */
    uint32_t (*find)(void *self, struct stw_mutator *m, void *map, const void *key, void *value)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Mandatory. 1 if it was there. The map keeps neither key nor value alive any longer. */
    uint32_t (*erase)(void *self, struct stw_mutator *m, void *map, const void *key)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Mandatory. Empties the map, keeping what a runtime's clear() keeps: of Go's the bucket array,
     * not its overflow buckets nor its hash seed. Nothing that was in it is kept alive. Its size
     * may stay: another hint is not heeded. */
    void (*clear)(void *self, struct stw_mutator *m, void *map)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Mandatory. Begins a walk, before the first entry; the cursor is all zero. */
    void (*walk)(void *self, struct stw_mutator *m, void *map, struct stw_map_cursor *cursor)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Mandatory. Goes on to the next entry, in any order: 1, or 0 when there is none left. The
     * caller may write to the map between steps, clear it, and walk it with other cursors; the
     * rules are Go's (spec, "For statements with range clause"). What is there during the whole
     * walk comes once, with the value that it has then. What was erased before the walk came to it
     * does not come. What was added meanwhile may come, or not. */
    uint32_t (*step)(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Mandatory. */
    uint64_t (*count)(void *self, struct stw_mutator *m, void *map)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Mandatory. Fills what fits into stats->struct_size; may be slow. */
    void (*stats)(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *stats)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Optional. Assigns entries [first, first + count) in order, polling between entries. The host
     * stub calls assign for each. */
    void (*merge)(void *self, struct stw_mutator *m, void *map, const struct stw_entries *entries,
                  uint64_t first, uint64_t count)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Optional. STW_E_AUDIT with the invariant's name when one does not hold. */
    stw_status (*audit)(void *self, struct stw_mutator *m, void *map, struct stw_error *error)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Optional. Whether maps of `type`, which is sound, can be made: STW_OK, or STW_E_UNSUPPORTED
     * and why. Called before the trial for the types that the workload tells; else when the first
     * map of a type is needed. A refusal refuses the trial. */
    stw_status (*accept)(void *self, const struct stw_map_type *type, struct stw_error *error)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Optional. Nobody will use the map again: what it has of the C library's memory can go. A map
     * that becomes garbage while it is in use, at the end of a trial or because the workload lost
     * it, gets no such call: host->death_notice_add tells of those. */
    void (*done)(void *self, struct stw_mutator *m, void *map)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Optional. The hash by which the map places the key now, its low bits the finest, or 0 from
     * a map without the slot: for merges in the table's order. It changes with the map's seed. */
    uint64_t (*hash)(void *self, struct stw_mutator *m, void *map, const void *key)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Optional. Makes room for `entries` in all, as a hint would have: until there are so many, no
     * growth begins. Without the slot nothing happens. */
    void (*reserve)(void *self, struct stw_mutator *m, void *map, uint64_t entries)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
};

/* A whole walk by the slots of a table. */
static inline void stw_map_walk_all(const struct stw_map_ops *ops, void *self,
                                    struct stw_mutator *m, void *map, stw_map_visit visit,
                                    void *context)
{
    struct stw_map_cursor cursor;
    __builtin_memset(&cursor, 0, sizeof cursor);
    ops->walk(self, m, map, &cursor);
    while (ops->step(self, m, &cursor))
        if (visit(context, cursor.key, cursor.value))
            return;
}

/* A growth: the table gets another shape, in one write or over many. */
#define STW_GROWTH_GROW 0u      /* to more buckets */
#define STW_GROWTH_SPLIT 1u     /* one table of several becomes two */
#define STW_GROWTH_SAME_SIZE 2u /* to as many buckets, against tombstones or overflow */
#define STW_GROWTH_REHASH 3u    /* all entries are placed anew in the same table */
#define STW_GROWTHS 4u

struct stw_map_growth {
    uint32_t kind; /* STW_GROWTH_* */
    uint32_t reserved;
    uint64_t began_ns;
};

/* Around what one write does for a growth that it begins, or does as a whole. */
static inline struct stw_map_growth stw_growth_begin(struct stw_mutator *m, uint32_t kind)
{
    struct stw_map_growth growth = {kind, 0, m->host->clock_ns(m->host)};
    stw_count_map(m, STW_COUNT_MAP_GROW, 1);
    return growth;
}
static inline void stw_growth_end(struct stw_mutator *m, const struct stw_map_growth *growth)
{
    m->host->growth(m->host, m, growth->kind, m->host->clock_ns(m->host) - growth->began_ns);
}
/* What a growth moved, then or in later writes. */
static inline void stw_growth_moved(struct stw_mutator *m, uint64_t entries, uint64_t bytes)
{
    stw_count_map(m, STW_COUNT_MAP_MOVED_ENTRIES, entries);
    stw_count_map(m, STW_COUNT_MAP_MOVED_BYTES, bytes);
}

#endif
