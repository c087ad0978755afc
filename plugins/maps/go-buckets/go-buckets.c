/* go-buckets/go-buckets.c: Go's map up to release 1.23: eight entries a bucket, overflow chains,
 * and growth by doubling that moves a bucket or two with every write.
 *
 * The operations on one entry are here, in the order of Go's runtime/map_fast64.go and
 * map_faststr.go; each is written once and compiled three times: for the two
 * shapes of buckets that the compiler knows, and for any other. What they share is in
 * buckets.h, which also says what always holds; growth is in grow.c, walks of whole maps in walk.c.
 *
 * Seeds and walks' starting points come from random streams, one a mutator, that depend on the
 * parameter `seed` and the mutator's index alone: what one mutator does repeats from run to run,
 * whatever the others do. */
#include "buckets.h"

#include <stdio.h>
#include <stdlib.h>

#define INLINE static inline __attribute__((always_inline))

_Noreturn void stw__buckets_misused(const char *how)
{
    fprintf(stderr, "go-buckets: %s\n", how);
    abort();
}

/* Instance. */

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    uint32_t mutators = host->mutator_count(host);
    struct instance *made = calloc(1, sizeof *made);
    uint64_t streams_bytes = (mutators + 1ull) * sizeof(struct stream);
    struct stream *streams = aligned_alloc(sizeof *streams, streams_bytes);
    if (!made || !streams) {
        free(made);
        free(streams);
        return host->set_error(host, error, STW_E_NOMEM, "create", "no memory for random streams");
    }
    for (uint32_t i = 0; i < mutators; i++)
        streams[i].state = stw_key_hash_u64(stw_config_u64(config, "seed"), i);
    made->host = host;
    made->shapes[SHAPE_INTEGER] = &integer_shape;
    made->shapes[SHAPE_STRING] = &string_shape;
    made->streams = streams;
    *self = made;
    return STW_OK;
}

static void destroy(void *self)
{
    struct instance *made = self;
    stw__buckets_free_shapes(made);
    free(made->streams);
    free(made);
}

/* Maps. */

static stw_status accept(void *self, const struct stw_map_type *type, struct stw_error *error)
{
    struct instance *instance = self;
    if (stw__buckets_shape(instance, type) < SHAPES_MAX)
        return STW_OK;
    return instance->host->set_error(instance->host, error, STW_E_UNSUPPORTED, "accept",
                                     "go-buckets has room for 14 types beyond integers and "
                                     "strings to 8 bytes");
}

static void *make(void *self, struct stw_mutator *m, const struct stw_map_type *type, uint64_t hint)
{
    struct instance *instance = self;
    struct header *map = stw_alloc(m, sizeof *map, &stw__buckets_header_type);
    uint32_t number = stw__buckets_shape(instance, type);
    if (number == SHAPES_MAX)
        instance->host->fail(instance->host, m, STW_E_NOMEM, "no memory for a type of maps");
    map->flags = (uint8_t)(number << FLAG_BITS);
    map->seed = (uint32_t)(draw(self, m) >> 32);
    map->log_buckets = log_for(hint, shape_of(instance, map));
    if (map->log_buckets > 0)
        stw__buckets_first_array(instance, m, map);
    return map;
}

static uint64_t count(void *self, struct stw_mutator *m, void *object)
{
    (void)self;
    (void)m;
    return ((struct header *)object)->count;
}

static uint64_t hash(void *self, struct stw_mutator *m, void *object, const void *key)
{
    const struct header *map = object;
    (void)m;
    return hash_key(shape_of(self, map), key, map->seed);
}

/* Lookup. */

/* Where a key is in a chain, or, when bucket is null, could be. */
struct place {
    struct bucket *bucket;
    uint32_t slot;
    uint32_t free_slot;
    struct bucket *free_bucket; /* the first free slot's; null: the chain is full */
    struct bucket *last;        /* the chain's last bucket, known when it is full */
};

INLINE struct place search(const struct shape *shape, struct bucket *chain, const void *key,
                           uint8_t top)
{
    struct place place = {0};
    for (struct bucket *b = chain; b; b = link_of(shape, b)) {
        place.last = b;
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            uint8_t at = b->tops[slot];
            if (is_free(at)) {
                if (!place.free_bucket) {
                    place.free_bucket = b;
                    place.free_slot = slot;
                }
                if (at == TOP_REST)
                    return place;
            } else if (slot_holds(shape, b, slot, key, top)) {
                place.bucket = b;
                place.slot = slot;
                return place;
            }
        }
    }
    return place;
}

INLINE struct place place_of(const struct shape *shape, const struct header *map, const void *key)
{
    uint64_t hash = hash_key(shape, key, map->seed);
    struct bucket *chain = bucket_at(shape, map->buckets, hash & (bucket_count(map) - 1));
    if (map->old_buckets) {
        struct bucket *old = old_chain(shape, map, hash);
        if (!is_moved(old))
            chain = old;
    }
    return search(shape, chain, key, top_of(hash));
}

INLINE uint32_t find_in(const struct shape *shape, const struct header *map, const void *key,
                        void *value)
{
    struct place place = place_of(shape, map, key);
    if (!place.bucket)
        return 0;
    if (value && shape->value_bytes > 0)
        __builtin_memcpy(value, value_at(shape, place.bucket, place.slot), shape->value_bytes);
    return 1;
}

uint32_t stw__buckets_entry(struct instance *self, struct header *map, const void *key,
                            const void **found, const void **value)
{
    const struct shape *shape = shape_of(self, map);
    struct place place = place_of(shape, map, key);
    if (!place.bucket)
        return 0;
    *found = key_at(shape, place.bucket, place.slot);
    *value = value_at(shape, place.bucket, place.slot);
    return 1;
}

uint32_t stw__buckets_find(void *self, struct stw_mutator *m, void *object, const void *key,
                           void *value)
{
    (void)m;
    struct header *map = object;
    if (map->count == 0)
        return 0;
    begin_read(map);
    switch (shape_number(map)) {
    case SHAPE_INTEGER:
        return find_in(&integer_shape, map, key, value);
    case SHAPE_STRING:
        return find_in(&string_shape, map, key, value);
    default:
        return find_in(shape_of(self, map), map, key, value);
    }
}

/* Writes. */

/* Who writes to what; the three travel together. */
struct writer {
    struct instance *self;
    struct stw_mutator *m;
    struct header *map;
};

INLINE uint32_t must_grow(const struct header *map)
{
    uint32_t log_buckets = map->log_buckets;
    if (log_buckets > LOG_COUNT_EXACT_MAX)
        log_buckets = LOG_COUNT_EXACT_MAX;
    return map->count + 1 > load_max(map->log_buckets) || map->overflow_count >= 1u << log_buckets;
}

/* The chain that a write to this hash works on; a growth in progress goes on first. */
INLINE struct bucket *chain_to_write(struct writer w, const struct shape *shape, uint64_t hash)
{
    uint64_t index = hash & (bucket_count(w.map) - 1);
    if (STW_UNLIKELY(w.map->old_buckets != NULL))
        stw__buckets_move(w.self, w.m, w.map, index);
    return bucket_at(shape, w.map->buckets, index);
}

INLINE void insert(struct writer w, const struct shape *shape, struct place place, uint8_t top,
                   const void *key)
{
    place.free_bucket->tops[place.free_slot] = top;
    set_key(w.m, shape, place.free_bucket, place.free_slot, key);
    w.map->count++;
}

INLINE void assign_in(struct writer w, const struct shape *shape, const void *key,
                      const void *value)
{
    struct header *map = w.map;
    begin_write(map);
    uint64_t hash = hash_key(shape, key, map->seed);
    uint8_t top = top_of(hash);
    if (STW_UNLIKELY(!map->buckets))
        stw__buckets_first_array(w.self, w.m, map);
    struct place place = search(shape, chain_to_write(w, shape, hash), key, top);
    if (!place.bucket && !map->old_buckets && STW_UNLIKELY(must_grow(map))) {
        uint32_t larger = map->count + 1 > load_max(map->log_buckets);
        stw__buckets_grow(w.self, w.m, map, larger);
        place = search(shape, chain_to_write(w, shape, hash), key, top);
    }
    if (place.bucket) {
        if (shape->key == STW_KEY_STRING) /* so that the caller's string is the one kept alive */
            set_key(w.m, shape, place.bucket, place.slot, key);
        set_value(w.m, shape, place.bucket, place.slot, value);
    } else {
        if (STW_UNLIKELY(!place.free_bucket)) {
            place.free_bucket = stw__buckets_overflow(w.self, w.m, map, place.last);
            place.free_slot = 0;
        }
        insert(w, shape, place, top, key);
        set_value(w.m, shape, place.free_bucket, place.free_slot, value);
    }
    end_write(map);
}

static void assign(void *self, struct stw_mutator *m, void *object, const void *key,
                   const void *value)
{
    struct writer w = {self, m, object};
    switch (shape_number(w.map)) {
    case SHAPE_INTEGER:
        assign_in(w, &integer_shape, key, value);
        break;
    case SHAPE_STRING:
        assign_in(w, &string_shape, key, value);
        break;
    default:
        assign_in(w, shape_of(w.self, w.map), key, value);
    }
}

INLINE void merge_in(struct writer w, const struct shape *shape, const struct stw_entries *entries,
                     uint64_t first, uint64_t end)
{
    uint64_t stride = entries->value_stride ? entries->value_stride : shape->value_bytes;
    const char *keys = entries->keys, *values = entries->values;
    for (uint64_t i = first; i < end; i++) {
        assign_in(w, shape, keys + i * shape->key_bytes, stride ? values + i * stride : values);
        stw_poll(w.m);
    }
}

static void merge(void *self, struct stw_mutator *m, void *object,
                  const struct stw_entries *entries, uint64_t first, uint64_t entry_count)
{
    struct writer w = {self, m, object};
    uint64_t end = first + entry_count;
    switch (shape_number(w.map)) {
    case SHAPE_INTEGER:
        merge_in(w, &integer_shape, entries, first, end);
        break;
    case SHAPE_STRING:
        merge_in(w, &string_shape, entries, first, end);
        break;
    default:
        merge_in(w, shape_of(w.self, w.map), entries, first, end);
    }
}

/* Whether nothing of the chain follows a slot. */
static uint32_t is_last(const struct shape *shape, const struct bucket *bucket, uint32_t slot)
{
    if (slot + 1 < SLOTS)
        return bucket->tops[slot + 1] == TOP_REST;
    const struct bucket *next = link_of(shape, bucket);
    return !next || next->tops[0] == TOP_REST;
}

/* The free slots from here backwards to the last live one become the rest of the chain. */
static void trim(const struct shape *shape, struct bucket *chain, struct bucket *bucket,
                 uint32_t slot)
{
    for (;;) {
        bucket->tops[slot] = TOP_REST;
        if (slot > 0) {
            slot--;
        } else {
            if (bucket == chain)
                return;
            struct bucket *before = chain;
            while (link_of(shape, before) != bucket)
                before = link_of(shape, before);
            bucket = before;
            slot = SLOTS - 1;
        }
        if (bucket->tops[slot] != TOP_EMPTY)
            return;
    }
}

INLINE uint32_t erase_in(struct writer w, const struct shape *shape, const void *key)
{
    static const struct stw_string no_key = {0}; /* its first word is also no pointer */
    struct header *map = w.map;
    begin_write(map);
    uint64_t hash = hash_key(shape, key, map->seed);
    struct bucket *chain = chain_to_write(w, shape, hash);
    struct place place = search(shape, chain, key, top_of(hash));
    if (place.bucket) {
        if (shape->key == STW_KEY_STRING || shape->key == STW_KEY_POINTER)
            set_key(w.m, shape, place.bucket, place.slot, &no_key);
        stw_copy(w.m, value_at(shape, place.bucket, place.slot), NULL, shape->value_bytes,
                 shape->value);
        place.bucket->tops[place.slot] = TOP_EMPTY;
        if (is_last(shape, place.bucket, place.slot))
            trim(shape, chain, place.bucket, place.slot);
        if (--map->count == 0)
            map->seed = (uint32_t)(draw(w.self, w.m) >> 32);
    }
    end_write(map);
    return place.bucket != NULL;
}

static uint32_t erase(void *self, struct stw_mutator *m, void *object, const void *key)
{
    struct writer w = {self, m, object};
    if (w.map->count == 0)
        return 0;
    switch (shape_number(w.map)) {
    case SHAPE_INTEGER:
        return erase_in(w, &integer_shape, key);
    case SHAPE_STRING:
        return erase_in(w, &string_shape, key);
    default:
        return erase_in(w, shape_of(w.self, w.map), key);
    }
}

static const struct stw_map_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .accept = accept,
    .make = make,
    .assign = assign,
    .find = stw__buckets_find,
    .erase = erase,
    .clear = stw__buckets_clear,
    .walk = stw__buckets_walk,
    .step = stw__buckets_step,
    .count = count,
    .stats = stw__buckets_stats,
    .merge = merge,
    .audit = stw__buckets_audit,
    .hash = hash,
    .reserve = stw__buckets_reserve,
};

STW_MANIFEST(STW_PLUGIN("map", "go-buckets",
                        "Go's map up to 1.23: buckets of eight, grown by incremental doubling")
                 STW_PARAM_U64("seed", "number", 0, 0, 18446744073709551615,
                               "start of the random streams that maps' hash seeds are drawn from"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "go-buckets", &ops));
