/* go-buckets/grow.c: arrays, overflow buckets, and growth, which moves a bucket or two a write.
 *
 * The order of steps is that of Go's runtime/map.go (makeBucketArray, newoverflow, hashGrow,
 * growWork, evacuate, advanceEvacuationMark, mapclear), because where an allocation can start a
 * collection is part of what is measured: the new array is allocated while the old one is still
 * in place, and nothing is moved by the write that starts a growth beyond its own share.
 * Invariants: buckets.h. */
#include "buckets.h"

#define SKIP_MAX 1024u /* chains passed over by one write */

/* Arrays. */

uint64_t stw__buckets_of_array(struct stw_mutator *m, const struct shape *shape,
                               uint32_t log_buckets)
{
    uint64_t base = 1ull << log_buckets;
    if (log_buckets < LOG_SPARE_LEAST)
        return base;
    uint64_t bytes = (base + base / 16) * shape->bucket_bytes;
    return m->host->usable_bytes(m->host, m, bytes, shape->bucket != NULL) / shape->bucket_bytes;
}

/* Marks the end of the spare overflow buckets of a zeroed array and returns the first, or null. */
static struct bucket *prepare_spare(struct stw_mutator *m, const struct shape *shape,
                                    uint32_t log_buckets, void *buckets)
{
    uint64_t base = 1ull << log_buckets, count = stw__buckets_of_array(m, shape, log_buckets);
    if (count == base)
        return NULL;
    set_link(m, shape, bucket_at(shape, buckets, count - 1), buckets);
    return bucket_at(shape, buckets, base);
}

static void *alloc_array(struct stw_mutator *m, const struct shape *shape, uint32_t log_buckets)
{
    uint64_t count = stw__buckets_of_array(m, shape, log_buckets);
    return stw_alloc(m, count * shape->bucket_bytes, shape->bucket);
}

static void ensure_extra(struct stw_mutator *m, struct header *map)
{
    if (!map->extra)
        stw_store(m, &map->extra, stw_alloc(m, sizeof *map->extra, &stw__buckets_extra_type));
}

static void set_spare(struct stw_mutator *m, struct header *map, struct bucket *spare)
{
    if (!spare)
        return;
    ensure_extra(m, map);
    stw_store(m, &map->extra->spare, spare);
}

void stw__buckets_first_array(struct instance *self, struct stw_mutator *m, struct header *map)
{
    const struct shape *shape = shape_of(self, map);
    void *buckets = alloc_array(m, shape, map->log_buckets);
    stw_store(m, &map->buckets, buckets);
    set_spare(m, map, prepare_spare(m, shape, map->log_buckets, buckets));
}

/* Overflow buckets. */

void stw__buckets_ensure_list(struct stw_mutator *m, struct header *map)
{
    ensure_extra(m, map);
    if (!map->extra->overflow) {
        struct stw_slice *made = stw_alloc(m, sizeof *made, &stw__buckets_list_type);
        stw_store(m, &map->extra->overflow, made);
    }
}

/* Keeps an overflow bucket alive that no pointer leads to. */
static void keep(struct stw_mutator *m, struct header *map, struct bucket *bucket)
{
    stw__buckets_ensure_list(m, map);
    struct stw_slice *list = map->extra->overflow;
    stw_slice_reserve(m, list, list->length + 1, sizeof bucket, &stw__buckets_items_type);
    stw_store(m, (void **)list->items + list->length, bucket);
    list->length++;
}

static struct bucket *take_spare(struct stw_mutator *m, const struct shape *shape,
                                 struct header *map)
{
    struct bucket *bucket = map->extra->spare;
    if (link_of(shape, bucket)) {
        set_link(m, shape, bucket, NULL);
        stw_store(m, &map->extra->spare, NULL);
    } else {
        stw_store(m, &map->extra->spare, bucket_at(shape, bucket, 1));
    }
    return bucket;
}

/* Large maps count one in 2^(log_buckets - 15), so that 16 bits and the limit 2^15 suffice. */
static void count_overflow(struct instance *self, struct stw_mutator *m, struct header *map)
{
    stw_count_map(m, STW_COUNT_MAP_OVERFLOW, 1);
    uint32_t log_buckets = map->log_buckets;
    if (log_buckets > LOG_COUNT_EXACT_MAX
        && draw(self, m) & ((1ull << (log_buckets - LOG_COUNT_EXACT_MAX)) - 1))
        return;
    map->overflow_count++;
}

struct bucket *stw__buckets_overflow(struct instance *self, struct stw_mutator *m,
                                     struct header *map, struct bucket *last)
{
    const struct shape *shape = shape_of(self, map);
    struct bucket *bucket;
    if (map->extra && map->extra->spare)
        bucket = take_spare(m, shape, map);
    else
        bucket = stw_alloc(m, shape->bucket_bytes, shape->bucket);
    count_overflow(self, m, map);
    if (!shape->bucket)
        keep(m, map, bucket);
    set_link(m, shape, last, bucket);
    return bucket;
}

/* Growth. */

void stw__buckets_grow(struct instance *self, struct stw_mutator *m, struct header *map,
                       uint32_t larger)
{
    const char *site = stw_site(m, "map.grow");
    const struct shape *shape = shape_of(self, map);
    struct stw_map_growth growth =
        stw_growth_begin(m, larger ? STW_GROWTH_GROW : STW_GROWTH_SAME_SIZE);
    uint32_t log_buckets = map->log_buckets + larger;
    void *buckets = alloc_array(m, shape, log_buckets);
    struct bucket *spare = prepare_spare(m, shape, log_buckets, buckets);
    uint32_t flags = map->flags & ~(FLAG_ITERATOR | FLAG_OLD_ITERATOR);
    if (map->flags & FLAG_ITERATOR)
        flags |= FLAG_OLD_ITERATOR;
    if (!larger)
        flags |= FLAG_SAME_SIZE;
    map->flags = (uint8_t)flags;
    map->log_buckets = (uint8_t)log_buckets;
    stw_store(m, &map->old_buckets, map->buckets);
    stw_store(m, &map->buckets, buckets);
    map->moved = 0;
    map->overflow_count = 0;
    if (map->extra && map->extra->overflow) {
        stw_store(m, &map->extra->old_overflow, map->extra->overflow);
        stw_store(m, &map->extra->overflow, NULL);
    }
    set_spare(m, map, spare);
    stw_growth_end(m, &growth);
    stw_site(m, site);
}

/* A growth's end: the old array is garbage. */
static void finish(struct stw_mutator *m, struct header *map)
{
    stw_store(m, &map->old_buckets, NULL);
    if (map->extra)
        stw_store(m, &map->extra->old_overflow, NULL);
    map->flags &= (uint8_t)~FLAG_SAME_SIZE;
}

static void advance(struct stw_mutator *m, const struct shape *shape, struct header *map)
{
    uint64_t old = old_count(map), stop = ++map->moved + SKIP_MAX;
    if (stop > old)
        stop = old;
    while (map->moved != stop && is_moved(bucket_at(shape, map->old_buckets, map->moved)))
        map->moved++;
    if (map->moved == old)
        finish(m, map);
}

/* What moves chains: where the next entry goes in each of the two new chains. */
struct mover {
    struct instance *self;
    struct stw_mutator *m;
    struct header *map;
    uint64_t moved; /* entries */
    struct {
        struct bucket *bucket;
        uint32_t slot;
    } to[2];
};

static inline void move_entry(struct mover *mover, const struct shape *shape,
                              struct bucket *from, uint32_t slot)
{
    struct header *map = mover->map;
    mover->moved++;
    const void *key = key_at(shape, from, slot);
    uint8_t top = from->tops[slot];
    uint32_t high = 0;
    if (!(map->flags & FLAG_SAME_SIZE))
        high = (hash_key(shape, key, map->seed) & old_count(map)) != 0;
    from->tops[slot] = (uint8_t)(TOP_MOVED_LOW + high);
    if (mover->to[high].slot == SLOTS) {
        struct bucket *full = mover->to[high].bucket;
        mover->to[high].bucket = stw__buckets_overflow(mover->self, mover->m, map, full);
        mover->to[high].slot = 0;
    }
    struct bucket *to = mover->to[high].bucket;
    uint32_t to_slot = mover->to[high].slot++;
    to->tops[to_slot] = top;
    set_key(mover->m, shape, to, to_slot, key);
    set_value(mover->m, shape, to, to_slot, value_at(shape, from, slot));
}

static inline void move_chain(struct mover *mover, const struct shape *shape, struct bucket *from)
{
    for (; from; from = link_of(shape, from)) {
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            if (is_free(from->tops[slot]))
                from->tops[slot] = TOP_MOVED_EMPTY;
            else
                move_entry(mover, shape, from, slot);
        }
    }
}

/* Compiled for the two known shapes, and for the others. */
static void move_known_chain(struct mover *mover, const struct shape *shape, struct bucket *from)
{
    switch (shape_number(mover->map)) {
    case SHAPE_INTEGER:
        move_chain(mover, &integer_shape, from);
        break;
    case SHAPE_STRING:
        move_chain(mover, &string_shape, from);
        break;
    default:
        move_chain(mover, shape, from);
    }
}

static void move_bucket(struct instance *self, struct stw_mutator *m, struct header *map,
                        uint64_t index)
{
    const struct shape *shape = shape_of(self, map);
    struct bucket *from = bucket_at(shape, map->old_buckets, index);
    if (!is_moved(from)) {
        struct bucket *low = bucket_at(shape, map->buckets, index), *high = low;
        if (!(map->flags & FLAG_SAME_SIZE))
            high = bucket_at(shape, map->buckets, index + old_count(map));
        struct mover mover = {self, m, map, 0, {{low, 0}, {high, 0}}};
        move_known_chain(&mover, shape, from);
        /* So that a collection in between finds less to keep. */
        if (shape->bucket && !(map->flags & FLAG_OLD_ITERATOR))
            stw_copy(m, (char *)from + sizeof *from, NULL, shape->bucket_bytes - sizeof *from,
                     shape->body);
        stw_count_map(m, STW_COUNT_MAP_EVACUATED, 1);
        stw_growth_moved(m, mover.moved, mover.moved * (shape->key_bytes + shape->value_bytes));
    }
    if (index == map->moved)
        advance(m, shape, map);
}

void stw__buckets_move(struct instance *self, struct stw_mutator *m, struct header *map,
                       uint64_t index)
{
    const char *site = stw_site(m, "map.evacuate");
    move_bucket(self, m, map, index & (old_count(map) - 1));
    if (map->old_buckets)
        move_bucket(self, m, map, map->moved);
    stw_site(m, site);
}

/* Room for entries to come. Go has no such call; here it is as many doublings as it takes, each
 * moved to its end, so that walks under way go on as they do after other growths. */
void stw__buckets_reserve(void *self, struct stw_mutator *m, void *object, uint64_t entries)
{
    struct header *map = object;
    begin_write(map);
    uint8_t wanted = log_for(entries, shape_of(self, map));
    if (!map->buckets && wanted > map->log_buckets)
        map->log_buckets = wanted;
    if (!map->buckets && map->log_buckets > 0)
        stw__buckets_first_array(self, m, map);
    for (;;) {
        while (map->old_buckets) {
            stw__buckets_move(self, m, map, map->moved);
            stw_poll(m);
        }
        if (map->log_buckets >= wanted)
            break;
        stw__buckets_grow(self, m, map, 1);
    }
    end_write(map);
}

/* Clearing: the array stays. Its tops are emptied also in chains that somebody may walk later. */

static void empty_chains(const struct shape *shape, void *buckets, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        for (struct bucket *b = bucket_at(shape, buckets, i); b; b = link_of(shape, b))
            __builtin_memset(b->tops, TOP_REST, sizeof b->tops);
}

static void clear_extra(struct stw_mutator *m, struct extra *extra)
{
    stw_store(m, &extra->overflow, NULL);
    stw_store(m, &extra->old_overflow, NULL);
    stw_store(m, &extra->spare, NULL);
}

void stw__buckets_clear(void *self, struct stw_mutator *m, void *object)
{
    struct header *map = object;
    if (map->count == 0)
        return;
    begin_write(map);
    const struct shape *shape = shape_of(self, map);
    empty_chains(shape, map->buckets, bucket_count(map));
    if (map->old_buckets)
        empty_chains(shape, map->old_buckets, old_count(map));
    map->flags &= (uint8_t)~FLAG_SAME_SIZE;
    stw_store(m, &map->old_buckets, NULL);
    map->moved = 0;
    map->overflow_count = 0;
    map->count = 0;
    map->seed = (uint32_t)(draw(self, m) >> 32);
    if (map->extra)
        clear_extra(m, map->extra);
    uint64_t count = stw__buckets_of_array(m, shape, map->log_buckets);
    stw_copy(m, map->buckets, NULL, count * shape->bucket_bytes, shape->bucket);
    set_spare(m, map, prepare_spare(m, shape, map->log_buckets, map->buckets));
    end_write(map);
}
