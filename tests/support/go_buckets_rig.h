/* support/go_buckets_rig.h: a go-buckets map over the fake host, with its inside in view.
 *
 * A case is one plugin instance with one map; keys are numbers, turned into integers or strings by
 * case_key. The keys' table outlives the maps that point into it. */
#ifndef STW_GO_BUCKETS_RIG_H
#define STW_GO_BUCKETS_RIG_H

#include "../../plugins/maps/go-buckets/buckets.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/testing.h>

#define CASE_TEXT_BYTES 40u

const struct stw_descriptor *stw_plugin_entry_go_buckets(void);

/* What Go's buckets of the two shapes that the compiler knows look like. */
struct u64_bucket {
    struct bucket head;
    uint64_t keys[SLOTS];
    uint64_t values[SLOTS];
    uint64_t link;
};

struct string_bucket {
    struct bucket head;
    struct stw_string keys[SLOTS];
    uint64_t values[SLOTS];
    struct bucket *link;
};

_Static_assert(sizeof(struct u64_bucket) == 144, "Go: map[int]int");
_Static_assert(sizeof(struct string_bucket) == 208, "Go: map[string]int");

struct map_case {
    const struct stw_map_ops *ops;
    void *self;
    struct stw_mutator *m;
    struct stw_map_type type;
    struct header *map;
    const struct shape *shape;
    uint64_t *numbers;        /* integer keys */
    struct stw_string *texts; /* string keys */
    char *bytes;
};

/* The integer key of a number: odd multiples keep keys distinct and spread them. */
static inline uint64_t case_integer(uint64_t number)
{
    return number * 0x100000001b3ull;
}

static inline void case_texts(struct map_case *c, uint64_t keys)
{
    c->texts = calloc(keys, sizeof *c->texts);
    c->bytes = calloc(keys, CASE_TEXT_BYTES);
    cr_assert(c->texts && c->bytes);
    for (uint64_t i = 0; i < keys; i++) {
        char *text = c->bytes + i * CASE_TEXT_BYTES;
        int length = snprintf(text, CASE_TEXT_BYTES, "%.*s%llu", (int)(i % 17), "user/session/key",
                              (unsigned long long)i);
        c->texts[i] = (struct stw_string){text, (uint64_t)length};
    }
}

/* Keys 0 .. keys - 1 can be made; the map expects `hint` entries. */
static inline struct map_case case_new(uint32_t kind, uint64_t keys, uint64_t hint, uint64_t seed)
{
    static struct stw_value value = {.name = "seed", .type = STW_TYPE_U64};
    static const struct stw_config config = {
        .struct_size = sizeof config, .value_count = 1, .values = &value};
    value.as_u64 = seed;
    struct map_case c = {.ops = stw_plugin_entry_go_buckets()->offers[0].ops};
    const struct stw_host *host = fake_host_new(2);
    c.m = fake_mutator(0);
    c.type = (struct stw_map_type){sizeof c.type, kind, 8, 0, 0, NULL};
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(c.ops->create(host, &config, &error, &c.self), STW_OK);
    c.map = c.ops->make(c.self, c.m, &c.type, hint);
    c.shape = shape_of(c.self, c.map);
    if (kind == STW_KEY_STRING) {
        case_texts(&c, keys);
        return c;
    }
    c.numbers = calloc(keys, sizeof *c.numbers);
    cr_assert(c.numbers);
    for (uint64_t i = 0; i < keys; i++)
        c.numbers[i] = case_integer(i);
    return c;
}

static inline void case_free(struct map_case *c)
{
    c->ops->destroy(c->self);
    free(c->numbers);
    free(c->texts);
    free(c->bytes);
    fake_host_free();
}

static inline const void *case_key(const struct map_case *c, uint64_t number)
{
    if (c->type.key == STW_KEY_STRING)
        return &c->texts[number];
    return &c->numbers[number];
}

/* The reverse, for keys that a walk visits. */
static inline uint64_t case_number(const struct map_case *c, const void *key)
{
    if (c->type.key == STW_KEY_STRING)
        return (uint64_t)(((const struct stw_string *)key)->bytes - c->bytes) / CASE_TEXT_BYTES;
    return *(const uint64_t *)key * 0xce965057aff6957bull; /* the multiplier's inverse mod 2^64 */
}

static inline void case_assign(struct map_case *c, uint64_t number, uint64_t value)
{
    c->ops->assign(c->self, c->m, c->map, case_key(c, number), &value);
}

static inline uint32_t case_find(struct map_case *c, uint64_t number, uint64_t *value)
{
    return c->ops->find(c->self, c->m, c->map, case_key(c, number), value);
}

static inline uint32_t case_erase(struct map_case *c, uint64_t number)
{
    return c->ops->erase(c->self, c->m, c->map, case_key(c, number));
}

/* Keys first .. end - 1, each with its number as value. */
static inline void case_fill(struct map_case *c, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++)
        case_assign(c, i, i);
}

static inline struct stw_map_stats case_stats(struct map_case *c)
{
    struct stw_map_stats stats = {.struct_size = sizeof stats};
    c->ops->stats(c->self, c->m, c->map, &stats);
    return stats;
}

static inline void case_audit(struct map_case *c)
{
    struct stw_error error = {.struct_size = sizeof error};
    stw_status status = c->ops->audit(c->self, c->m, c->map, &error);
    cr_assert_eq(status, STW_OK, "audit: %s: %s", error.field, error.message);
}

/* Overwrites keys that are there until the growth in progress has ended. */
static inline void case_settle(struct map_case *c)
{
    for (uint64_t i = 0; c->map->old_buckets; i++)
        case_assign(c, i, i);
}

#endif
