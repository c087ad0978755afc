/* support/simple_map.c: the small map. Slots of both kinds of keys have one shape, whose first word
 * is a pointer to the bytes of a string key, or null. An erased slot stays as a gap until the table
 * is built anew. */
#include "simple_map.h"

#include <string.h>

#define SLOT_FREE 0u
#define SLOT_USED 1u
#define SLOT_GAP 2u
#define SLOTS_MIN 8u

struct slot {
    const char *bytes;
    uint64_t number; /* the key, or the string's length */
    uint64_t value;
    uint64_t state;
};

struct map {
    struct slot *slots;
    uint64_t slot_count; /* a power of two */
    uint64_t entries;
    uint64_t taken; /* slots that are not free */
    uint64_t key;   /* STW_KEY_* */
};

static const uint64_t first_word = 1;
static const struct stw_type map_cell = {sizeof(struct stw_type), 0, sizeof(struct map),
                                         sizeof(void *), &first_word, "simple map"};
static const struct stw_type slot_cell = {sizeof(struct stw_type), 0, sizeof(struct slot),
                                          sizeof(void *), &first_word, "simple map slots"};

/* A key of either kind. */
struct probe {
    const char *bytes;
    uint64_t number;
};

static struct probe probe_of(const struct map *map, const void *key)
{
    if (map->key == STW_KEY_U64)
        return (struct probe){NULL, *(const uint64_t *)key};
    const struct stw_string *string = key;
    return (struct probe){string->bytes, string->length};
}

static uint64_t hash_probe(struct probe probe)
{
    uint64_t hash = probe.number;
    for (uint64_t i = 0; probe.bytes && i < probe.number; i++)
        hash = (hash ^ (unsigned char)probe.bytes[i]) * 0x100000001b3ull;
    hash *= 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 32;
}

static int equals(const struct slot *slot, struct probe probe)
{
    if (slot->state != SLOT_USED || slot->number != probe.number)
        return 0;
    return !probe.bytes || memcmp(slot->bytes, probe.bytes, probe.number) == 0;
}

/* The slot of the key, or the free slot where the search ended. */
static struct slot *search(struct map *map, struct probe probe)
{
    uint64_t mask = map->slot_count - 1;
    for (uint64_t at = hash_probe(probe) & mask;; at = (at + 1) & mask) {
        struct slot *slot = &map->slots[at];
        if (slot->state == SLOT_FREE || equals(slot, probe))
            return slot;
    }
}

static void fill(struct stw_mutator *m, struct map *map, struct slot *slot, struct probe probe)
{
    stw_store(m, &slot->bytes, probe.bytes);
    slot->number = probe.number;
    slot->state = SLOT_USED;
    map->entries++;
    map->taken++;
}

static void rebuild(struct stw_mutator *m, struct map *map, uint64_t slot_count)
{
    struct slot *old = map->slots;
    uint64_t old_count = map->slot_count;
    struct slot *slots = stw_alloc(m, slot_count * sizeof *slots, &slot_cell);
    stw_store(m, &map->slots, slots);
    map->slot_count = slot_count;
    map->entries = map->taken = 0;
    for (uint64_t i = 0; i < old_count; i++) {
        if (old[i].state != SLOT_USED)
            continue;
        struct probe probe = {old[i].bytes, old[i].number};
        struct slot *slot = search(map, probe);
        fill(m, map, slot, probe);
        slot->value = old[i].value;
    }
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
    map->key = type->key;
    rebuild(m, map, slot_count);
    return map;
}

static void assign(void *self, struct stw_mutator *m, void *cell, const void *key, uint64_t value)
{
    (void)self;
    struct map *map = cell;
    struct probe probe = probe_of(map, key);
    struct slot *slot = search(map, probe);
    if (slot->state == SLOT_FREE && map->taken + 1 > map->slot_count / 4 * 3) {
        stw_count_map(m, STW_COUNT_MAP_GROW, 1);
        rebuild(m, map, 2 * map->slot_count);
        slot = search(map, probe);
    }
    if (slot->state == SLOT_FREE)
        fill(m, map, slot, probe);
    slot->value = value;
}

static uint32_t find(void *self, struct stw_mutator *m, void *cell, const void *key,
                     uint64_t *value)
{
    (void)self, (void)m;
    struct map *map = cell;
    const struct slot *slot = search(map, probe_of(map, key));
    if (slot->state == SLOT_FREE)
        return 0;
    *value = slot->value;
    return 1;
}

static uint32_t erase(void *self, struct stw_mutator *m, void *cell, const void *key)
{
    (void)self;
    struct map *map = cell;
    struct slot *slot = search(map, probe_of(map, key));
    if (slot->state == SLOT_FREE)
        return 0;
    stw_store(m, &slot->bytes, NULL);
    slot->state = SLOT_GAP;
    map->entries--;
    return 1;
}

static void clear(void *self, struct stw_mutator *m, void *cell)
{
    (void)self;
    struct map *map = cell;
    stw_copy(m, map->slots, NULL, map->slot_count * sizeof *map->slots, &slot_cell);
    map->entries = map->taken = 0;
}

static void iterate(void *self, struct stw_mutator *m, void *cell, stw_map_visit visit,
                    void *context)
{
    (void)self;
    struct map *map = cell;
    for (uint64_t i = 0; i < map->slot_count; i++) {
        const struct slot *slot = &map->slots[i];
        const struct stw_string string = {slot->bytes, slot->number};
        const void *key = map->key == STW_KEY_U64 ? (const void *)&slot->number : &string;
        if (slot->state == SLOT_USED && visit(context, key, slot->value))
            return;
        stw_poll(m);
    }
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
        .bucket_bytes = map->slot_count * sizeof *map->slots,
    };
}

static void merge(void *self, struct stw_mutator *m, void *cell, const struct stw_entries *entries,
                  uint64_t first, uint64_t merged)
{
    const struct map *map = cell;
    for (uint64_t i = first; i < first + merged; i++) {
        const void *key = map->key == STW_KEY_U64
                              ? (const void *)((const uint64_t *)entries->keys + i)
                              : (const struct stw_string *)entries->keys + i;
        assign(self, m, cell, key, entries->values[i]);
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
    .iterate = iterate,
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
