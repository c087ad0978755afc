/* go-buckets/walk.c: what reads a whole map: iteration and figures.
 *
 * A walk starts at a random bucket and a random slot of it, and goes round. In a growth it visits
 * the new buckets; where the old chain is not moved yet, it reads that chain and takes the entries
 * that will go to the new bucket. Go's iterator can also outlive a growth and looks moved entries
 * up again; here nobody writes to a map during a walk (stwlab/map.h), so that case does not arise.
 * What stays of it is the flags, which keep moved buckets from being cleared. */
#include "buckets.h"

#include <string.h>

struct walk {
    struct header *map;
    const struct shape *shape;
    uint64_t index;      /* of the new bucket */
    uint32_t first_slot; /* slots are visited from here, round */
    uint32_t filter;     /* the chain is an old one: only entries that go to `index` */
    stw_map_visit visit;
    void *context;
};

/* Keeps a cell alive up to here, though nothing of it is read any more. */
static inline void keep_alive(const void *cell)
{
    __asm__ volatile("" : : "r"(cell) : "memory");
}

static uint32_t is_wanted(const struct walk *walk, const void *key)
{
    if (!walk->filter)
        return 1;
    uint64_t hash = hash_key(walk->shape, key, walk->map->seed);
    return (hash & (bucket_count(walk->map) - 1)) == walk->index;
}

/* The visitor's answer that stopped it, or 0. */
static int32_t walk_chain(const struct walk *walk, struct bucket *chain)
{
    const struct shape *shape = walk->shape;
    for (struct bucket *b = chain; b; b = link_of(shape, b)) {
        for (uint32_t i = 0; i < SLOTS; i++) {
            uint32_t slot = (i + walk->first_slot) % SLOTS;
            if (b->tops[slot] < TOP_LEAST)
                continue;
            const void *key = key_at(shape, b, slot);
            if (!is_wanted(walk, key))
                continue;
            int32_t stop = walk->visit(walk->context, key, value_at(shape, b, slot));
            if (stop)
                return stop;
        }
    }
    return 0;
}

void stw__buckets_iterate(void *self, struct stw_mutator *m, void *object, stw_map_visit visit,
                          void *context)
{
    struct header *map = object;
    if (map->count == 0)
        return;
    begin_read(map);
    const struct shape *shape = shape_of(self, map);
    uint64_t start = draw(self, m), buckets = bucket_count(map);
    map->flags |= FLAG_ITERATOR | FLAG_OLD_ITERATOR;
    struct walk walk = {.map = map, .shape = shape, .visit = visit, .context = context};
    walk.first_slot = (uint32_t)(start >> map->log_buckets) % SLOTS;
    for (uint64_t i = 0; i < buckets; i++) {
        walk.index = (start + i) & (buckets - 1);
        struct bucket *chain = bucket_at(shape, map->buckets, walk.index);
        walk.filter = 0;
        if (map->old_buckets && !is_moved(old_chain(shape, map, walk.index))) {
            chain = old_chain(shape, map, walk.index);
            walk.filter = !(map->flags & FLAG_SAME_SIZE);
        }
        if (walk_chain(&walk, chain))
            break;
        stw_poll(m);
    }
    keep_alive(map);
}

/* Overflow buckets of the chains that are in use: the new ones and the old ones not yet moved. */
static uint64_t count_overflow(const struct shape *shape, const struct header *map)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < bucket_count(map); i++)
        for (const struct bucket *b = bucket_at(shape, map->buckets, i); (b = link_of(shape, b));)
            count++;
    for (uint64_t i = 0; map->old_buckets && i < old_count(map); i++) {
        const struct bucket *b = old_chain(shape, map, i);
        while (!is_moved(b) && (b = link_of(shape, b)))
            count++;
    }
    return count;
}

void stw__buckets_stats(void *self, struct stw_mutator *m, void *object,
                        struct stw_map_stats *stats)
{
    const struct header *map = object;
    const struct shape *shape = shape_of(self, map);
    struct stw_map_stats now = {.struct_size = stats->struct_size, .entries = map->count};
    if (map->buckets) {
        now.growing = map->old_buckets != NULL;
        now.buckets = bucket_count(map);
        now.bucket_bytes = stw__buckets_of_array(m, shape, map->log_buckets) * shape->bucket_bytes;
        now.overflow = count_overflow(shape, map);
    }
    memcpy(stats, &now, stats->struct_size < sizeof now ? stats->struct_size : sizeof now);
}
