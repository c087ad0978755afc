/* testing/simple_map.c: the small map. States, keys and values are three arrays, each of the type
 * that its elements have; an erased slot stays as a gap until the table is built anew. */
#include "testing/simple_map.h"

#include <string.h>

#define SLOT_FREE 0u
#define SLOT_USED 1u
#define SLOT_GAP 2u
#define SLOTS_MIN 8u

struct map {
    uint64_t *states;
    char *keys;
    char *values;        /* null: a set's */
    uint64_t slot_count; /* a power of two */
    uint64_t entries;
    uint64_t taken; /* slots that are not free */
    struct stw_map_type type;
};

static const uint64_t map_pointers = 7, first_word = 1;
static const struct stw_type map_cell = {sizeof(struct stw_type), 0, sizeof(struct map),
                                         3 * sizeof(void *), &map_pointers, "simple map"};
static const struct stw_type strings = {sizeof(struct stw_type), 0, sizeof(struct stw_string),
                                        sizeof(void *), &first_word, "simple map strings"};
static const struct stw_type pointers = {sizeof(struct stw_type), 0, sizeof(void *),
                                         sizeof(void *), &first_word, "simple map pointers"};

static const struct stw_type *key_cell(const struct map *map)
{
    return map->type.key == STW_KEY_STRING    ? &strings
           : map->type.key == STW_KEY_POINTER ? &pointers
                                              : NULL;
}

static char *key_at(const struct map *map, uint64_t slot)
{
    return map->keys + slot * stw_key_bytes(&map->type);
}

static char *value_at(const struct map *map, uint64_t slot)
{
    return map->values + slot * map->type.value_bytes;
}

/* What a key is compared by. */
struct probe {
    const char *bytes;
    uint64_t length;
};

static struct probe probe_of(const struct map *map, const void *key)
{
    const struct stw_string *string = key;
    if (map->type.key == STW_KEY_STRING)
        return (struct probe){string->bytes, string->length};
    return (struct probe){key, stw_key_bytes(&map->type)};
}

static uint64_t hash_probe(struct probe probe)
{
    uint64_t hash = probe.length;
    for (uint64_t i = 0; i < probe.length; i++)
        hash = (hash ^ (unsigned char)probe.bytes[i]) * 0x100000001b3ull;
    hash *= 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 32;
}

static int equals(struct probe a, struct probe b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* The slot of the key, or the free slot where the search ended. */
static uint64_t search(const struct map *map, const void *key)
{
    struct probe probe = probe_of(map, key);
    uint64_t mask = map->slot_count - 1, at = hash_probe(probe) & mask;
    while (map->states[at] != SLOT_FREE
           && (map->states[at] == SLOT_GAP || !equals(probe_of(map, key_at(map, at)), probe)))
        at = (at + 1) & mask;
    return at;
}

static void write_slot(struct stw_mutator *m, struct map *map, uint64_t slot, const void *key,
                       const void *value)
{
    stw_copy(m, key_at(map, slot), key, stw_key_bytes(&map->type), key_cell(map));
    if (map->type.value_bytes > 0)
        stw_copy(m, value_at(map, slot), value, map->type.value_bytes, map->type.value_type);
}

static void fill(struct stw_mutator *m, struct map *map, uint64_t slot, const void *key,
                 const void *value)
{
    write_slot(m, map, slot, key, value);
    map->states[slot] = SLOT_USED;
    map->entries++;
    map->taken++;
}

static void rebuild(struct stw_mutator *m, struct map *map, uint64_t slot_count)
{
    const struct map old = *map;
    const struct stw_map_type *type = &map->type;
    uint64_t *states = stw_alloc(m, slot_count * sizeof *states, NULL);
    char *keys = stw_alloc(m, slot_count * stw_key_bytes(type), key_cell(map));
    char *values = NULL;
    if (type->value_bytes > 0)
        values = stw_alloc(m, slot_count * type->value_bytes, type->value_type);
    stw_store(m, &map->states, states);
    stw_store(m, &map->keys, keys);
    stw_store(m, &map->values, values);
    map->slot_count = slot_count;
    map->entries = map->taken = 0;
    for (uint64_t i = 0; i < old.slot_count; i++)
        if (old.states[i] == SLOT_USED)
            fill(m, map, search(map, key_at(&old, i)), key_at(&old, i),
                 old.values ? value_at(&old, i) : NULL);
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error;
    *self = NULL;
    return STW_OK;
}

static void destroy(void *self)
{
    (void)self;
}

static void *make(void *self, struct stw_mutator *m, const struct stw_map_type *type,
                  uint64_t hint)
{
    (void)self;
    uint64_t slot_count = SLOTS_MIN;
    while (slot_count / 4 * 3 < hint)
        slot_count *= 2;
    struct map *map = stw_alloc(m, sizeof *map, &map_cell);
    map->type = *type;
    rebuild(m, map, slot_count);
    return map;
}

static void assign(void *self, struct stw_mutator *m, void *cell, const void *key,
                   const void *value)
{
    (void)self;
    struct map *map = cell;
    uint64_t slot = search(map, key);
    if (map->states[slot] == SLOT_FREE && map->taken + 1 > map->slot_count / 4 * 3) {
        struct stw_map_growth growth = stw_growth_begin(m, STW_GROWTH_GROW);
        stw_growth_moved(m, map->entries,
                         map->entries * (stw_key_bytes(&map->type) + map->type.value_bytes));
        rebuild(m, map, 2 * map->slot_count);
        stw_growth_end(m, &growth);
        slot = search(map, key);
    }
    if (map->states[slot] == SLOT_FREE)
        fill(m, map, slot, key, value);
    else
        write_slot(m, map, slot, key, value);
}

static uint32_t find(void *self, struct stw_mutator *m, void *cell, const void *key, void *value)
{
    (void)self, (void)m;
    const struct map *map = cell;
    uint64_t slot = search(map, key);
    if (map->states[slot] == SLOT_FREE)
        return 0;
    if (value && map->values)
        memcpy(value, value_at(map, slot), map->type.value_bytes);
    return 1;
}

static uint32_t erase(void *self, struct stw_mutator *m, void *cell, const void *key)
{
    (void)self;
    struct map *map = cell;
    uint64_t slot = search(map, key);
    if (map->states[slot] == SLOT_FREE)
        return 0;
    write_slot(m, map, slot, NULL, NULL);
    map->states[slot] = SLOT_GAP;
    map->entries--;
    return 1;
}

static void clear(void *self, struct stw_mutator *m, void *cell)
{
    (void)self;
    struct map *map = cell;
    for (uint64_t i = 0; i < map->slot_count; i++)
        write_slot(m, map, i, NULL, NULL);
    memset(map->states, 0, map->slot_count * sizeof *map->states);
    map->entries = map->taken = 0;
}

/* Walks go over the table that there was; when the map has another, keys are looked up there. */
enum { MAP, STATES, KEYS }; /* pointers of the cursor */
enum { SLOT, SLOT_COUNT };  /* numbers */

static void walk(void *self, struct stw_mutator *m, void *cell, struct stw_map_cursor *cursor)
{
    (void)self, (void)m;
    struct map *map = cell;
    cursor->pointers[MAP] = map;
    cursor->pointers[STATES] = map->states;
    cursor->pointers[KEYS] = map->keys;
    cursor->numbers[SLOT_COUNT] = map->slot_count;
}

static uint32_t step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
{
    (void)self;
    const struct map *map = cursor->pointers[MAP];
    const uint64_t *states = cursor->pointers[STATES];
    const char *keys = cursor->pointers[KEYS];
    while (cursor->numbers[SLOT] < cursor->numbers[SLOT_COUNT]) {
        uint64_t slot = cursor->numbers[SLOT]++, now = slot;
        stw_poll(m);
        if (states[slot] != SLOT_USED)
            continue;
        if (map->states != states)
            now = search(map, keys + slot * stw_key_bytes(&map->type));
        if (map->states[now] != SLOT_USED)
            continue;
        cursor->key = key_at(map, now);
        cursor->value = value_at(map, now);
        return 1;
    }
    return 0;
}

static uint64_t count(void *self, struct stw_mutator *m, void *cell)
{
    (void)self, (void)m;
    return ((const struct map *)cell)->entries;
}

static void stats(void *self, struct stw_mutator *m, void *cell, struct stw_map_stats *stats)
{
    (void)self, (void)m;
    const struct map *map = cell;
    *stats = (struct stw_map_stats){
        .struct_size = sizeof *stats,
        .entries = map->entries,
        .buckets = map->slot_count / 8,
        .bucket_bytes = map->slot_count * (stw_key_bytes(&map->type) + map->type.value_bytes),
    };
}

static void merge(void *self, struct stw_mutator *m, void *cell, const struct stw_entries *entries,
                  uint64_t first, uint64_t merged)
{
    for (uint64_t i = first; i < first + merged; i++) {
        assign(self, m, cell, stw_entry_key(entries, i), stw_entry_value(entries, i));
        stw_poll(m);
    }
}

static stw_status audit(void *self, struct stw_mutator *m, void *cell, struct stw_error *error)
{
    (void)self;
    const struct map *map = cell;
    if (map->entries <= map->taken && map->taken <= map->slot_count / 4 * 3)
        return STW_OK;
    return m->host->set_error(m->host, error, STW_E_AUDIT, "entries",
                              "simple map: counts disagree");
}

const struct stw_map_ops stw_simple_map_ops = {
    .struct_size = sizeof stw_simple_map_ops,
    .create = create,
    .destroy = destroy,
    .make = make,
    .assign = assign,
    .find = find,
    .erase = erase,
    .clear = clear,
    .walk = walk,
    .step = step,
    .count = count,
    .stats = stats,
    .merge = merge,
    .audit = audit,
};

const struct stw_descriptor *stw_simple_map_descriptor(void)
{
    static const struct stw_offer offers[] = {
        STW_OFFER(STW_KIND_MAP, "simple", &stw_simple_map_ops)};
    static const struct stw_descriptor descriptor = {
        sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR, STW_ABI_MINOR, 1, offers};
    return &descriptor;
}
