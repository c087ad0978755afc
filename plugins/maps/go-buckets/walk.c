/* go-buckets/walk.c: what reads a whole map: walks and figures.
 *
 * A walk starts at a random bucket of the array that the map has then, and at a random slot, and
 * goes round that array, whatever becomes of the map meanwhile (Go: map.go, mapiterinit and
 * mapiternext). It meets three kinds of chains:
 *   its own        the entries are there
 *   its own, moved while it walked: the keys are still there, as FLAG_OLD_ITERATOR has them kept,
 *                  and each is looked up where it is now, if it still is
 *   an old one     the walk began in a growth, and the chain is not moved into its own yet: of the
 *                  old chain's entries come those that will move to the bucket it is at
 * Each key is in one bucket of the array that is walked, so it comes once.
 *
 * Overflow buckets of maps without pointers live by their lists alone, so the cursor has the lists
 * of its arrays; if there is none, one is made (Go: createOverflow). */
#include "buckets.h"

#include <string.h>

/* Words of the cursor. */
enum { MAP, ARRAY, BUCKET, LIST, OLD_LIST };         /* BUCKET: null before a chain */
enum { INDEX, LEFT, LOG, FIRST_SLOT, SLOTS_SEEN, FILTER }; /* FILTER: a bucket + 1, or 0 */

void stw__buckets_walk(void *self, struct stw_mutator *m, void *object,
                       struct stw_map_cursor *cursor)
{
    struct header *map = object;
    cursor->pointers[MAP] = map;
    if (map->count == 0)
        return;
    begin_read(map);
    const struct shape *shape = shape_of(self, map);
    if (!shape->bucket) {
        stw__buckets_ensure_list(m, map);
        cursor->pointers[LIST] = map->extra->overflow;
        cursor->pointers[OLD_LIST] = map->extra->old_overflow;
    }
    uint64_t start = draw(self, m);
    map->flags |= FLAG_ITERATOR | FLAG_OLD_ITERATOR;
    cursor->pointers[ARRAY] = map->buckets;
    cursor->numbers[INDEX] = start & (bucket_count(map) - 1);
    cursor->numbers[LEFT] = bucket_count(map);
    cursor->numbers[LOG] = map->log_buckets;
    cursor->numbers[FIRST_SLOT] = (start >> map->log_buckets) % SLOTS;
}

/* The chain of the next bucket. */
static struct bucket *next_chain(const struct shape *shape, const struct header *map,
                                 struct stw_map_cursor *cursor)
{
    uint64_t *at = cursor->numbers, index = at[INDEX];
    struct bucket *chain = bucket_at(shape, cursor->pointers[ARRAY], index);
    at[INDEX] = (index + 1) & ((1ull << at[LOG]) - 1);
    at[LEFT]--;
    at[SLOTS_SEEN] = at[FILTER] = 0;
    if (!map->old_buckets || at[LOG] != map->log_buckets)
        return chain;
    struct bucket *old = old_chain(shape, map, index);
    if (is_moved(old))
        return chain;
    at[FILTER] = map->flags & FLAG_SAME_SIZE ? 0 : index + 1;
    return old;
}

/* Whether the entry in a slot comes, now; sets the cursor to where it is. */
static uint32_t take(struct instance *self, const struct shape *shape, struct header *map,
                     struct stw_map_cursor *cursor, uint32_t slot)
{
    const struct bucket *b = cursor->pointers[BUCKET];
    const uint64_t *at = cursor->numbers;
    uint8_t top = b->tops[slot];
    if (is_free(top) || top == TOP_MOVED_EMPTY)
        return 0;
    const void *key = key_at(shape, b, slot);
    uint64_t mask = (1ull << at[LOG]) - 1;
    if (at[FILTER] && (hash_key(shape, key, map->seed) & mask) != at[FILTER] - 1)
        return 0;
    if (top < TOP_LEAST)
        return stw__buckets_entry(self, map, key, &cursor->key, &cursor->value);
    cursor->key = key;
    cursor->value = value_at(shape, b, slot);
    return 1;
}

uint32_t stw__buckets_step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
{
    struct header *map = cursor->pointers[MAP];
    const struct shape *shape = shape_of(self, map);
    uint64_t *at = cursor->numbers;
    begin_read(map);
    for (;;) {
        if (!cursor->pointers[BUCKET]) {
            stw_poll(m);
            if (at[LEFT] == 0)
                break;
            cursor->pointers[BUCKET] = next_chain(shape, map, cursor);
        }
        while (at[SLOTS_SEEN] < SLOTS) {
            uint32_t slot = (uint32_t)(at[SLOTS_SEEN]++ + at[FIRST_SLOT]) % SLOTS;
            if (take(self, shape, map, cursor, slot))
                return 1;
        }
        cursor->pointers[BUCKET] = link_of(shape, cursor->pointers[BUCKET]);
        at[SLOTS_SEEN] = 0;
    }
    cursor->key = cursor->value = NULL;
    return 0;
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
