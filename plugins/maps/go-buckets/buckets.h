/* go-buckets/buckets.h: the objects of Go's map up to 1.23 and the accessors its files share.
 *
 * A map is a header; its entries are in an array of 2^log_buckets buckets of eight. The low bits of
 * a key's hash choose the bucket, the high eight (its top) are kept beside the entry. A ninth entry
 * goes to an overflow bucket, linked from the last of the chain. When the array is too full, or has
 * too many overflow buckets, a new array takes its place (grow.c) and every write moves one or two
 * buckets of the old one, so that growth is spread over the writes that follow it.
 *
 * What a bucket looks like follows from the types of key and value, as in Go (reflectdata.go,
 * MapBucketType): a shape. If neither has pointers, the bucket has none that a collector sees: the
 * link is an integer, the array is never scanned, and overflow buckets live by the lists of the
 * extra record alone. Two shapes, 8-byte integers or strings to 8 bytes without pointers, are known
 * to the compiler, and every operation is compiled for them once more, like Go's fast variants.
 *
 * Invariants, checked by audit.c under these names:
 *   count     header.count entries are live, each key once, and a lookup finds each
 *   place     an entry is in the chain that its hash says; while growing it is in the old chain,
 *             whose two new ones are then empty, until that chain is moved
 *   top       a live slot has its key's top; other slots have only the codes that their array may
 *   rest      after a slot with TOP_REST, the chain has no other
 *   moved     old chains below header.moved are moved; the chain at header.moved exists
 *   load      entries exceed 13 * 2^log_buckets / 2 by less than the writes of one growth
 *   overflow  up to 2^15 buckets, header.overflow_count is the number of overflow buckets
 *   list      maps without pointers: the lists hold exactly the overflow buckets of the two arrays
 *   spare     the overflow buckets allocated with the array that are not handed out have no link,
 *             but for the last, whose link marks the end
 *
 * At every allocation, which may collect: what the map needs is reachable from the header, or from
 * a local variable. So an overflow bucket is put into the list before its address becomes a link.
 *
 * Threads: a map belongs to one mutator at a time; the instance's random streams are one a mutator.
 * The collector reads pointer words of the cells at any time, and nothing else. */
#ifndef GO_BUCKETS_H
#define GO_BUCKETS_H

#include <stddef.h>
#include <stwlab/hash.h>
#include <stwlab/kit.h>

#define ARRAY_BYTES_MAX (1ull << 48) /* Go: runtime/malloc.go, maxAlloc on amd64 */
#define SLOTS 8u /* entries a bucket; Go: abi/map_bucket.go, MapBucketCount */

/* Codes below TOP_LEAST in place of a top (Go: runtime/map.go, emptyRest and following). */
#define TOP_REST        0u /* empty, and so are all later slots of the chain */
#define TOP_EMPTY       1u
#define TOP_MOVED_LOW   2u /* to the new bucket of the same index */
#define TOP_MOVED_HIGH  3u /* to that index plus the number of old buckets */
#define TOP_MOVED_EMPTY 4u /* was empty when its chain was moved */
#define TOP_LEAST       5u

#define FLAG_ITERATOR     1u /* somebody may walk the array */
#define FLAG_OLD_ITERATOR 2u /* somebody may walk the old array: moved buckets keep their entries */
#define FLAG_WRITING      4u
#define FLAG_SAME_SIZE    8u  /* this growth is against overflow buckets */
#define FLAG_BITS 4u /* the rest is ours: which shape; in Go the compiler knows */

#define SHAPES_MAX (1u << (8 - FLAG_BITS))
#define SHAPE_INTEGER 0u /* STW_KEY_U64 to 8 bytes without pointers */
#define SHAPE_STRING 1u  /* STW_KEY_STRING to the same */

#define LOG_SPARE_LEAST     4u  /* smaller arrays get no spare overflow buckets */
#define LOG_COUNT_EXACT_MAX 15u /* above, overflow_count is a sample */

struct bucket {
    uint8_t tops[SLOTS];
};

/* Eight tops, keys, values, a link. Sizes and places of eight are multiples of 8. */
struct shape {
    uint32_t key; /* STW_KEY_* */
    uint32_t key_bytes;
    uint32_t value_bytes;
    uint32_t bucket_bytes;
    const struct stw_type *value;  /* null: values have no pointers */
    const struct stw_type *bucket; /* null: buckets have none */
    const struct stw_type *body;   /* a bucket without its tops */
};

struct extra {
    struct stw_slice *overflow;     /* struct bucket *; of buckets without pointers only */
    struct stw_slice *old_overflow; /* the old array's */
    struct bucket *spare;      /* next overflow bucket that came with the array */
};

struct header {
    uint64_t count;
    uint8_t flags; /* FLAG_*, and above them the shape's number */
    uint8_t log_buckets;
    uint16_t overflow_count; /* overflow buckets of the current array, sampled when it is large */
    uint32_t seed;
    void *buckets; /* null until the first insert into a map without hint */
    void *old_buckets;
    uint64_t moved; /* all old chains below this one are moved */
    struct extra *extra;
};

_Static_assert(sizeof(struct header) == 48, "Go: hmap");
_Static_assert(sizeof(struct extra) == 24, "Go: mapextra");

/* A mutator's random numbers, on a cache line of its own. */
struct stream {
    uint64_t state;
    uint64_t padding[7];
};

/* The plugin instance. */
struct instance {
    const struct stw_host *host;
    struct stream *streams; /* [host->mutator_count(host)] */
    const struct shape *shapes[SHAPES_MAX]; /* atomic; filled from the front, never changed */
};

/* types.c */
extern const struct stw_type stw__buckets_header_type;
extern const struct stw_type stw__buckets_extra_type;
extern const struct stw_type stw__buckets_list_type;
extern const struct stw_type stw__buckets_items_type;
extern const struct stw_type stw__buckets_string_type;      /* a bucket of SHAPE_STRING */
extern const struct stw_type stw__buckets_string_body_type; /* the same without its tops */

/* The number of a type's shape, made if it is the first of its kind; SHAPES_MAX: there are too many
 * shapes, or no memory for one more. */
uint32_t stw__buckets_shape(struct instance *self, const struct stw_map_type *type);
void stw__buckets_free_shapes(struct instance *self);

static inline uint64_t draw(struct instance *self, const struct stw_mutator *m)
{
    return stw_random(&self->streams[m->index].state);
}

/* Shapes. `shape` points to one of these two constants where speed matters. */

static const struct shape integer_shape = {STW_KEY_U64, 8, 8, 144, NULL, NULL, NULL};
static const struct shape string_shape = {
    STW_KEY_STRING,        sizeof(struct stw_string), 8, 208, NULL, &stw__buckets_string_type,
    &stw__buckets_string_body_type};

static inline uint32_t shape_number(const struct header *map)
{
    return map->flags >> FLAG_BITS;
}

static inline const struct shape *shape_of(const struct instance *self, const struct header *map)
{
    return __atomic_load_n(&self->shapes[shape_number(map)], __ATOMIC_ACQUIRE);
}

static inline uint64_t hash_key(const struct shape *shape, const void *key, uint32_t seed)
{
    if (shape->key == STW_KEY_STRING) {
        const struct stw_string *string = (const struct stw_string *)key;
        return stw_key_hash_bytes(string->bytes, string->length, seed);
    }
    if (shape->key == STW_KEY_BYTES)
        return stw_key_hash_bytes((const char *)key, shape->key_bytes, seed);
    return stw_key_hash_u64(*(const uint64_t *)key, seed); /* or a pointer */
}

static inline uint8_t top_of(uint64_t hash)
{
    uint8_t top = (uint8_t)(hash >> 56);
    return top < TOP_LEAST ? (uint8_t)(top + TOP_LEAST) : top;
}

static inline struct bucket *bucket_at(const struct shape *shape, void *buckets, uint64_t index)
{
    return (struct bucket *)((char *)buckets + index * shape->bucket_bytes);
}

/* The last word of a bucket: a pointer, or an address that is no pointer to the collector. */
static inline void **link_word(const struct shape *shape, const struct bucket *bucket)
{
    return (void **)((uintptr_t)bucket + shape->bucket_bytes - sizeof(void *));
}

static inline struct bucket *link_of(const struct shape *shape, const struct bucket *bucket)
{
    return (struct bucket *)*link_word(shape, bucket);
}

static inline void set_link(struct stw_mutator *m, const struct shape *shape,
                            struct bucket *bucket, void *to)
{
    if (shape->bucket)
        stw_store(m, link_word(shape, bucket), to);
    else
        *link_word(shape, bucket) = to;
}

static inline void *key_at(const struct shape *shape, const struct bucket *bucket, uint32_t slot)
{
    return (void *)((uintptr_t)bucket + sizeof *bucket + slot * shape->key_bytes);
}

static inline void set_key(struct stw_mutator *m, const struct shape *shape, struct bucket *bucket,
                           uint32_t slot, const void *key)
{
    void *at = key_at(shape, bucket, slot);
    if (shape->key == STW_KEY_STRING) {
        const struct stw_string *from = (const struct stw_string *)key;
        struct stw_string *to = (struct stw_string *)at;
        stw_store(m, &to->bytes, from->bytes);
        to->length = from->length;
    } else if (shape->key == STW_KEY_POINTER) {
        stw_store(m, at, *(void *const *)key);
    } else {
        __builtin_memcpy(at, key, shape->key_bytes);
    }
}

static inline void *value_at(const struct shape *shape, const struct bucket *bucket, uint32_t slot)
{
    return (void *)((uintptr_t)bucket + sizeof *bucket + SLOTS * shape->key_bytes
                    + slot * shape->value_bytes);
}

static inline void set_value(struct stw_mutator *m, const struct shape *shape,
                             struct bucket *bucket, uint32_t slot, const void *value)
{
    if (shape->value)
        stw_copy(m, value_at(shape, bucket, slot), value, shape->value_bytes, shape->value);
    else if (shape->value_bytes > 0)
        __builtin_memcpy(value_at(shape, bucket, slot), value, shape->value_bytes);
}

/* Whether a live slot of that top holds the key. Words are compared at once, as by Go's fast64
 * functions; others only when the top agrees. */
static inline uint32_t slot_holds(const struct shape *shape, const struct bucket *bucket,
                                  uint32_t slot, const void *key, uint8_t top)
{
    const void *at = key_at(shape, bucket, slot);
    if (shape->key == STW_KEY_U64 || shape->key == STW_KEY_POINTER)
        return *(const uint64_t *)at == *(const uint64_t *)key;
    if (bucket->tops[slot] != top)
        return 0;
    if (shape->key == STW_KEY_BYTES)
        return __builtin_memcmp(at, key, shape->key_bytes) == 0;
    const struct stw_string *a = (const struct stw_string *)at;
    const struct stw_string *b = (const struct stw_string *)key;
    return a->length == b->length
           && (a->bytes == b->bytes || a->length == 0
               || __builtin_memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* Arrays. */

static inline uint32_t is_free(uint8_t top)
{
    return top <= TOP_EMPTY;
}

static inline uint32_t is_moved(const struct bucket *bucket)
{
    return bucket->tops[0] > TOP_EMPTY && bucket->tops[0] < TOP_LEAST;
}

static inline uint64_t bucket_count(const struct header *map)
{
    return 1ull << map->log_buckets;
}

static inline uint64_t old_count(const struct header *map)
{
    return bucket_count(map) >> (map->flags & FLAG_SAME_SIZE ? 0 : 1);
}

/* The old chain of a bucket of the new array or of a hash. */
static inline struct bucket *old_chain(const struct shape *shape, const struct header *map,
                                       uint64_t index)
{
    return bucket_at(shape, map->old_buckets, index & (old_count(map) - 1));
}

static inline uint64_t load_max(uint32_t log_buckets)
{
    return log_buckets == 0 ? SLOTS : 13 * (1ull << log_buckets >> 1);
}

/* The least array for so many entries; what no memory could hold is not heeded. */
static inline uint8_t log_for(uint64_t hint, const struct shape *shape)
{
    if (hint > ARRAY_BYTES_MAX / shape->bucket_bytes)
        return 0;
    uint8_t log_buckets = 0;
    while (hint > load_max(log_buckets))
        log_buckets++;
    return log_buckets;
}

/* Two mutators in one map is a bug of the workload: as in Go, the program ends when it shows. */
_Noreturn void stw__buckets_misused(const char *how);

static inline void begin_write(struct header *map)
{
    if (STW_UNLIKELY(map->flags & FLAG_WRITING))
        stw__buckets_misused("concurrent map writes");
    map->flags ^= FLAG_WRITING;
}

static inline void end_write(struct header *map)
{
    if (STW_UNLIKELY(!(map->flags & FLAG_WRITING)))
        stw__buckets_misused("concurrent map writes");
    map->flags ^= FLAG_WRITING;
}

static inline void begin_read(const struct header *map)
{
    if (STW_UNLIKELY(map->flags & FLAG_WRITING))
        stw__buckets_misused("concurrent map read and map write");
}

/* grow.c: arrays, overflow buckets, growth. */

/* Buckets of an array of 2^log_buckets, spare ones included (Go: map.go, makeBucketArray). */
uint64_t stw__buckets_of_array(struct stw_mutator *m, const struct shape *shape,
                               uint32_t log_buckets);
/* Gives a map without an array one of 2^log_buckets; 0: the single bucket of a small map. */
void stw__buckets_first_array(struct instance *self, struct stw_mutator *m, struct header *map);
/* Puts an array twice as large, or one of the same size, in place. Not while growing. Moves
 * nothing. */
void stw__buckets_grow(struct instance *self, struct stw_mutator *m, struct header *map,
                       uint32_t larger);
void stw__buckets_reserve(void *self, struct stw_mutator *m, void *object, uint64_t entries);
/* While growing, before a write to bucket `index`: moves its old chain and the next. */
void stw__buckets_move(struct instance *self, struct stw_mutator *m, struct header *map,
                       uint64_t index);
/* Links a new bucket behind `last`, and returns it. */
struct bucket *stw__buckets_overflow(struct instance *self, struct stw_mutator *m,
                                     struct header *map, struct bucket *last);
/* Before a walk of a map without pointers: a list of overflow buckets, to be kept. */
void stw__buckets_ensure_list(struct stw_mutator *m, struct header *map);
void stw__buckets_clear(void *self, struct stw_mutator *m, void *object);

/* walk.c: reads of the whole map. */
void stw__buckets_walk(void *self, struct stw_mutator *m, void *object,
                       struct stw_map_cursor *cursor);
uint32_t stw__buckets_step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor);
void stw__buckets_stats(void *self, struct stw_mutator *m, void *object,
                        struct stw_map_stats *stats);

/* audit.c */
stw_status stw__buckets_audit(void *self, struct stw_mutator *m, void *object,
                              struct stw_error *error);

/* go-buckets.c */
uint32_t stw__buckets_find(void *self, struct stw_mutator *m, void *object, const void *key,
                           void *value);
/* Where a key's entry is in the map; 0: nowhere. */
uint32_t stw__buckets_entry(struct instance *self, struct header *map, const void *key,
                            const void **found, const void **value);

#endif
