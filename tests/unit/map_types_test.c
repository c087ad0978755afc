/* unit/map_types_test.c: maps of every kind of key and value that a map's type can describe. */
/* sources: plugins/maps/go-buckets/go-buckets.c plugins/maps/go-buckets/grow.c plugins/maps/go-buckets/walk.c plugins/maps/go-buckets/audit.c plugins/maps/go-buckets/types.c */
/* Method: the same random operations on a map and on a table, for each type and each map of the
 * tree. Values are built from a number, so that any that is damaged or mixed up is seen; their
 * pointers lead to cells that the map alone keeps. The bucket sizes are Go's. */
#include "go_buckets_rig.h"
#include "testing/simple_map.h"
#include <stwlab/testing.h>

#define KEYS 600u
#define STEPS 12000u

static const uint64_t one_pointer = 1, second_of_three = 2;
static const struct stw_type pointer_value = {sizeof pointer_value, 0, 8, 8, &one_pointer, "p"};
static const struct stw_type mixed_value = {sizeof mixed_value, 0, 24, 16, &second_of_three, "m"};

static const struct stw_map_type types[] = {
    {sizeof types[0], STW_KEY_U64, 8, 0, 0, NULL},
    {sizeof types[0], STW_KEY_U64, 0, 0, 0, NULL},
    {sizeof types[0], STW_KEY_U64, 8, 0, 0, &pointer_value},
    {sizeof types[0], STW_KEY_U64, 128, 0, 0, NULL},
    {sizeof types[0], STW_KEY_STRING, 8, 0, 0, NULL},
    {sizeof types[0], STW_KEY_STRING, 0, 0, 0, NULL},
    {sizeof types[0], STW_KEY_STRING, 8, 0, 0, &pointer_value},
    {sizeof types[0], STW_KEY_STRING, 120, 0, 0, &mixed_value},
    {sizeof types[0], STW_KEY_POINTER, 8, 0, 0, NULL},
    {sizeof types[0], STW_KEY_POINTER, 48, 0, 0, &mixed_value},
    {sizeof types[0], STW_KEY_BYTES, 12, 4, 0, NULL},
    {sizeof types[0], STW_KEY_BYTES, 1, 20, 0, NULL},
    {sizeof types[0], STW_KEY_BYTES, 72, 64, 0, &mixed_value},
};
#define TYPES (sizeof types / sizeof types[0])

/* A map and the table that it must agree with: for each key the number its value was made of. */
struct pair {
    const struct stw_map_ops *ops;
    void *self, *map;
    struct stw_mutator *m;
    const struct stw_map_type *type;
    uint64_t random, count;
    uint64_t numbers[KEYS]; /* 0: not there */
    uint32_t visited[KEYS];
};

static char texts[KEYS][16], copies[KEYS][16];
static uint64_t targets[KEYS];

static uint64_t next_random(struct pair *pair)
{
    pair->random = pair->random * 6364136223846793005ull + 1442695040888963407ull;
    return pair->random >> 33;
}

/* Key number i in `key`, at most 64 bytes. Strings alternate between two equal ones. */
static void make_key(const struct pair *pair, uint64_t i, uint32_t copy, void *key)
{
    const uint64_t number = i * 0x9e3779b97f4a7c15ull;
    const struct stw_string string = {i == 0 ? NULL : copy ? copies[i] : texts[i],
                                      strlen(texts[i])};
    void *pointer = &targets[i];
    memset(key, (int)(i >> 8), 64);
    switch (pair->type->key) {
    case STW_KEY_U64:
        memcpy(key, &number, 8);
        break;
    case STW_KEY_STRING:
        memcpy(key, &string, sizeof string);
        break;
    case STW_KEY_POINTER:
        memcpy(key, &pointer, 8);
        break;
    default: /* differs in the first bytes or in the last ones */
        ((unsigned char *)key)[i & 1 ? pair->type->key_bytes - 1 : 0] = (unsigned char)i;
        ((unsigned char *)key)[1] = (unsigned char)(i & 1);
        ((unsigned char *)key)[2] = (unsigned char)(i >> 8);
    }
}

static uint64_t key_number(const struct pair *pair, const void *key)
{
    unsigned char other[64];
    for (uint64_t i = 0; i < KEYS; i++) {
        make_key(pair, i, 0, other);
        const struct stw_string *a = key, *b = (const struct stw_string *)other;
        if (pair->type->key == STW_KEY_STRING
                ? a->length == b->length && (!a->length || !memcmp(a->bytes, b->bytes, a->length))
                : memcmp(key, other, stw_key_bytes(pair->type)) == 0)
            return i;
    }
    cr_assert_fail("a key that nobody wrote");
    return 0;
}

/* The value of a number: pointers lead to a new cell that holds the number. */
static void make_value(const struct pair *pair, uint64_t number, void *value)
{
    const struct stw_map_type *type = pair->type;
    memset(value, (int)number, STW_VALUE_BYTES_MAX);
    for (uint64_t at = 0; type->value_type && at < type->value_bytes; at += 8) {
        if (!(type->value_type->pointer_mask[0] >> (at % type->value_type->element_bytes / 8) & 1))
            continue;
        uint64_t *cell = pair->m->host->alloc_slow(pair->m->host, pair->m, 8, NULL);
        *cell = number;
        memcpy((char *)value + at, &cell, 8);
    }
}

static void check_value(const struct pair *pair, uint64_t number, const void *value)
{
    const struct stw_map_type *type = pair->type;
    for (uint64_t at = 0; at < type->value_bytes; at++) {
        if (type->value_type && type->value_type->pointer_mask[0]
                                        >> (at % type->value_type->element_bytes / 8) & 1) {
            const uint64_t *cell;
            memcpy(&cell, (const char *)value + at, 8);
            cr_assert_eq(*cell, number);
            at += 7;
        } else {
            cr_assert_eq(((const unsigned char *)value)[at], (unsigned char)number);
        }
    }
}

static void do_assign(struct pair *pair, uint64_t i, uint64_t number)
{
    unsigned char key[64], value[STW_VALUE_BYTES_MAX] __attribute__((aligned(8)));
    make_key(pair, i, number & 1, key);
    make_value(pair, number, value);
    pair->ops->assign(pair->self, pair->m, pair->map, key, pair->type->value_bytes ? value : NULL);
    pair->count += !pair->numbers[i];
    pair->numbers[i] = number;
}

static void do_find(struct pair *pair, uint64_t i)
{
    unsigned char key[64], value[STW_VALUE_BYTES_MAX + 8];
    memset(value, 0x77, sizeof value);
    make_key(pair, i, 1, key);
    uint32_t is_there = pair->numbers[i] != 0;
    cr_assert_eq(pair->ops->find(pair->self, pair->m, pair->map, key, NULL), is_there);
    cr_assert_eq(pair->ops->find(pair->self, pair->m, pair->map, key, value), is_there);
    if (is_there)
        check_value(pair, pair->numbers[i], value);
    uint64_t end = is_there ? pair->type->value_bytes : 0;
    cr_assert_eq(value[end], 0x77, "no more is written than the value");
}

static void do_erase(struct pair *pair, uint64_t i)
{
    unsigned char key[64];
    make_key(pair, i, 1, key);
    cr_assert_eq(pair->ops->erase(pair->self, pair->m, pair->map, key), pair->numbers[i] != 0);
    pair->count -= pair->numbers[i] != 0;
    pair->numbers[i] = 0;
}

/* Entries i to i + 7; records of 136 bytes hold the values. */
static void do_merge(struct pair *pair, uint64_t first)
{
    uint64_t key_bytes = stw_key_bytes(pair->type), stride = STW_VALUE_BYTES_MAX + 8;
    char keys[8 * 64 + 64], values[8 * (STW_VALUE_BYTES_MAX + 8)] __attribute__((aligned(8)));
    for (uint64_t i = 0; i < 8; i++) {
        uint64_t number = next_random(pair) | 1;
        make_key(pair, first + i, 0, keys + i * key_bytes);
        make_value(pair, number, values + i * stride);
        if (i > 0 && i < 7) { /* the first and the last are not merged */
            pair->count += !pair->numbers[first + i];
            pair->numbers[first + i] = number;
        }
    }
    const struct stw_entries entries = {sizeof entries, 0, pair->type, keys, values, 8, stride};
    pair->ops->merge(pair->self, pair->m, pair->map, &entries, 1, 6);
}

static int32_t visit(void *context, const void *key, const void *value)
{
    struct pair *pair = context;
    uint64_t i = key_number(pair, key);
    cr_assert(pair->numbers[i] && !pair->visited[i]);
    pair->visited[i] = 1;
    check_value(pair, pair->numbers[i], value);
    return 0;
}

static void check_all(struct pair *pair)
{
    struct stw_error error = {.struct_size = sizeof error};
    memset(pair->visited, 0, sizeof pair->visited);
    stw_map_walk_all(pair->ops, pair->self, pair->m, pair->map, visit, pair);
    for (uint64_t i = 0; i < KEYS; i++)
        cr_assert_eq(pair->visited[i], pair->numbers[i] != 0);
    cr_assert_eq(pair->ops->count(pair->self, pair->m, pair->map), pair->count);
    cr_assert_eq(pair->ops->audit(pair->self, pair->m, pair->map, &error), STW_OK, "%s: %s",
                 error.field, error.message);
}

static void step(struct pair *pair)
{
    uint64_t dice = next_random(pair) % 1000, i = next_random(pair) % KEYS;
    if (dice < 500)
        do_assign(pair, i, next_random(pair) | 1);
    else if (dice < 700)
        do_find(pair, i);
    else if (dice < 950)
        do_erase(pair, i);
    else if (dice < 999)
        do_merge(pair, i % (KEYS - 8));
    else
        check_all(pair);
}

static void clear_all(struct pair *pair)
{
    pair->ops->clear(pair->self, pair->m, pair->map);
    memset(pair->numbers, 0, sizeof pair->numbers);
    pair->count = 0;
    check_all(pair);
}

static void pair_open(struct pair *pair, const struct stw_map_ops *ops,
                      const struct stw_map_type *type)
{
    static const struct stw_value seed = {.name = "seed", .type = STW_TYPE_U64};
    static const struct stw_config config = {
        .struct_size = sizeof config, .value_count = 1, .values = &seed};
    struct stw_error error = {.struct_size = sizeof error};
    *pair = (struct pair){.ops = ops, .type = type, .random = type->value_bytes + type->key};
    const struct stw_host *host = fake_host_new(1);
    pair->m = fake_mutator(0);
    cr_assert_eq(ops->create(host, &config, &error, &pair->self), STW_OK);
    pair->map = ops->make(pair->self, pair->m, type, 0);
    for (uint64_t i = 1; i < KEYS; i++) { /* key 0 is the empty string */
        snprintf(texts[i], sizeof texts[i], "%.*s%u", (int)(i % 7), "length", (unsigned)i);
        memcpy(copies[i], texts[i], sizeof texts[i]);
    }
}

static void pair_close(struct pair *pair)
{
    pair->ops->destroy(pair->self);
    fake_host_free();
}

static const struct stw_map_ops *maps(uint32_t which)
{
    return which ? &stw_simple_map_ops : stw_plugin_entry_go_buckets()->offers[0].ops;
}

Test(map_types, agree_with_a_table)
{
    static struct pair pair;
    for (uint32_t which = 0; which < 2; which++)
        for (uint32_t t = 0; t < TYPES; t++) {
            pair_open(&pair, maps(which), &types[t]);
            for (uint32_t i = 0; i < STEPS; i++)
                step(&pair);
            check_all(&pair);
            clear_all(&pair);
            pair_close(&pair);
        }
}

/* What the map holds, it alone keeps alive, and it tells the barrier of what it drops. */
static int32_t check_kept(void *context, const void *key, const void *value)
{
    const struct stw_map_type *type = context;
    void *pointer;
    if (type->key == STW_KEY_POINTER) { /* other keys may be shorter than a pointer */
        memcpy(&pointer, key, sizeof pointer);
        cr_assert(!fake_cell_start(pointer) || fake_is_marked(pointer), "a key is lost");
    }
    for (uint64_t at = 0; type->value_type && at < type->value_bytes; at += 8) {
        if (!(type->value_type->pointer_mask[0] >> (at % type->value_type->element_bytes / 8) & 1))
            continue;
        memcpy(&pointer, (const char *)value + at, sizeof pointer);
        cr_assert(fake_is_marked(pointer), "what a value points to is lost");
    }
    return 0;
}

static void check_heap(struct pair *pair)
{
    fake_marking_begin();
    for (uint32_t i = 0; i < 1500; i++)
        step(pair);
    cr_assert_eq(fake_marking_check(), 0);
    fake_marking_begin();
    clear_all(pair);
    cr_assert_eq(fake_marking_check(), 0);
    fake_marking_end();
    for (uint64_t i = 0; i < KEYS; i++)
        do_assign(pair, i, i | 1);
    fake_unmark();
    fake_mark(pair->map);
    stw_map_walk_all(pair->ops, pair->self, pair->m, pair->map, check_kept,
                     (void *)(uintptr_t)pair->type);
}

Test(map_types, keep_what_they_hold)
{
    static struct pair pair;
    for (uint32_t which = 0; which < 2; which++)
        for (uint32_t t = 0; t < TYPES; t++) {
            pair_open(&pair, maps(which), &types[t]);
            for (uint32_t i = 0; i < 1000; i++)
                step(&pair);
            check_heap(&pair);
            pair_close(&pair);
        }
}

/* Pointer keys: the map is the only one that knows of the cells. */
Test(map_types, keep_pointer_keys_alive)
{
    static struct pair pair;
    for (uint32_t which = 0; which < 2; which++) {
        pair_open(&pair, maps(which), &types[8]);
        cr_assert_eq(pair.type->key, STW_KEY_POINTER);
        uint64_t value = 1;
        for (uint32_t i = 0; i < 200; i++) {
            void *key = pair.m->host->alloc_slow(pair.m->host, pair.m, 16, NULL);
            pair.ops->assign(pair.self, pair.m, pair.map, &key, &value);
        }
        fake_mark(pair.map);
        stw_map_walk_all(pair.ops, pair.self, pair.m, pair.map, check_kept,
                         (void *)(uintptr_t)pair.type);
        pair_close(&pair);
    }
}

/* Go 1.23.5: what its map types say of their buckets, read from the types of such maps in a running
 * program: BucketSize (internal/abi, MapType), and whether the bucket's type has pointers. */
Test(map_types, lay_buckets_out_as_go)
{
    static struct pair pair;
    static const uint32_t bytes[TYPES] = {144,  80,  144, 1104, 208, 144, 208,
                                          1104, 144, 464, 144,  184, 1104};
    static const uint32_t are_scanned[TYPES] = {0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1};
    for (uint32_t t = 0; t < TYPES; t++) {
        pair_open(&pair, maps(0), &types[t]);
        do_assign(&pair, 1, 1);
        const struct header *map = pair.map;
        cr_expect_eq(fake_cell_bytes(map->buckets), bytes[t], "type %u", t);
        cr_expect_eq(fake_cell_type(map->buckets) != NULL, are_scanned[t], "type %u", t);
        cr_expect_eq(shape_number(map), t == 0 ? SHAPE_INTEGER : t == 4 ? SHAPE_STRING : 2);
        pair_close(&pair);
    }
}

/* Types with equal contents have one shape. */
Test(map_types, share_a_shape_when_equal)
{
    static struct pair pair;
    const struct stw_map_type twin = types[11];
    pair_open(&pair, maps(0), &types[11]);
    const struct header *other = pair.ops->make(pair.self, pair.m, &types[12], 0);
    const struct header *same = pair.ops->make(pair.self, pair.m, &twin, 100);
    cr_expect_eq(shape_number(same), shape_number(pair.map));
    cr_expect_neq(shape_number(other), shape_number(pair.map));
    pair_close(&pair);
}
