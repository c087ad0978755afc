/* go-buckets/types.c: where the cells of a map have pointers, and what its buckets look like.
 *
 * A shape that is not one of the two of buckets.h is made when the first map of its type is; it
 * lives as long as the instance, whose maps' cells refer to it. Mutators that make the same one at
 * the same time agree on the first that is in the table. */
#include "buckets.h"

#include <stdlib.h>

#define TYPE(object, pointers, mask, name)                                                         \
    {                                                                                              \
        sizeof(struct stw_type), 0, object, pointers, mask, name                                   \
    }

static const uint64_t header_mask[] = {0x2c}; /* buckets, old_buckets, extra */
static const uint64_t extra_mask[] = {7};
static const uint64_t first_mask[] = {1};
/* Word 0 is the tops, then eight strings of which the first word points, eight values, the link. */
static const uint64_t string_mask[] = {0xaaaa | 1ull << 25};
static const uint64_t string_body_mask[] = {0x5555 | 1ull << 24};

const struct stw_type stw__buckets_header_type = TYPE(48, 48, header_mask, "map");
const struct stw_type stw__buckets_extra_type = TYPE(24, 24, extra_mask, "map.extra");
const struct stw_type stw__buckets_list_type = TYPE(24, 8, first_mask, "map.list");
const struct stw_type stw__buckets_items_type = TYPE(8, 8, first_mask, "map.list.items");
const struct stw_type stw__buckets_string_type = TYPE(208, 208, string_mask, "map.bucket");
const struct stw_type stw__buckets_string_body_type =
    TYPE(200, 200, string_body_mask, "map.bucket.body");

#define MASK_WORDS 4u /* 1 + 8 * (64 + 128) / 8 + 1 bits at most */

struct made_shape {
    struct shape shape;
    struct stw_type bucket_type, body_type;
    uint64_t bucket_mask[MASK_WORDS], body_mask[MASK_WORDS];
};

/* A pointer of a bucket, at `offset`. */
static void mark_pointer(struct made_shape *made, uint64_t offset)
{
    uint64_t word = offset / 8, body_word = word - 1;
    made->bucket_mask[word / 64] |= 1ull << (word % 64);
    made->body_mask[body_word / 64] |= 1ull << (body_word % 64);
}

static void mark_values(struct made_shape *made, uint64_t values_at)
{
    const struct stw_type *type = made->shape.value;
    for (uint64_t at = 0; at < SLOTS * made->shape.value_bytes; at += 8) {
        uint64_t word = at % type->element_bytes / 8;
        if (word * 8 < type->pointer_bytes && type->pointer_mask[word / 64] >> (word % 64) & 1)
            mark_pointer(made, values_at + at);
    }
}

static struct made_shape *shape_new(const struct stw_map_type *type)
{
    struct made_shape *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    uint64_t key_bytes = stw_key_bytes(type), values_at = SLOTS + SLOTS * key_bytes;
    uint64_t bucket_bytes = values_at + SLOTS * type->value_bytes + sizeof(void *);
    made->shape = (struct shape){type->key, (uint32_t)key_bytes, (uint32_t)type->value_bytes,
                                 (uint32_t)bucket_bytes, type->value_type, NULL, NULL};
    uint32_t key_points = type->key == STW_KEY_STRING || type->key == STW_KEY_POINTER;
    if (!key_points && !type->value_type)
        return made;
    for (uint32_t slot = 0; key_points && slot < SLOTS; slot++)
        mark_pointer(made, SLOTS + slot * key_bytes);
    if (type->value_type)
        mark_values(made, values_at);
    mark_pointer(made, bucket_bytes - sizeof(void *));
    made->bucket_type = (struct stw_type)TYPE(bucket_bytes, bucket_bytes, made->bucket_mask,
                                              "map.bucket");
    made->body_type = (struct stw_type)TYPE(bucket_bytes - SLOTS, bucket_bytes - SLOTS,
                                            made->body_mask, "map.bucket.body");
    made->shape.bucket = &made->bucket_type;
    made->shape.body = &made->body_type;
    return made;
}

static uint32_t is_shape_of(const struct shape *shape, const struct stw_map_type *type)
{
    return shape->key == type->key && shape->key_bytes == stw_key_bytes(type)
           && shape->value_bytes == type->value_bytes && shape->value == type->value_type;
}

uint32_t stw__buckets_shape(struct instance *self, const struct stw_map_type *type)
{
    struct made_shape *made = NULL;
    uint32_t number = 0;
    for (; number < SHAPES_MAX; number++) {
        const struct shape *seen = __atomic_load_n(&self->shapes[number], __ATOMIC_ACQUIRE);
        if (!seen && !made && !(made = shape_new(type)))
            return SHAPES_MAX;
        if (!seen && __atomic_compare_exchange_n(&self->shapes[number], &seen, &made->shape, 0,
                                                 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return number;
        if (is_shape_of(seen, type))
            break;
    }
    free(made);
    return number;
}

void stw__buckets_free_shapes(struct instance *self)
{
    for (uint32_t i = SHAPE_STRING + 1; i < SHAPES_MAX; i++)
        free((void *)(uintptr_t)self->shapes[i]);
}
