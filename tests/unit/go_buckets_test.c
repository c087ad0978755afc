/* unit/go_buckets_test.c: go-buckets grows, moves and spills as Go's map does up to 1.23. */
/* sources: plugins/maps/go-buckets/go-buckets.c plugins/maps/go-buckets/grow.c plugins/maps/go-buckets/walk.c plugins/maps/go-buckets/audit.c plugins/maps/go-buckets/types.c */
/* Goal: every number that a Go program would show for the same inserts: array sizes, moments of
 * growth, lengths of evacuations, overflow buckets. The numbers come from runs of Go 1.19 and 1.23
 * and from the Poisson model of a uniform hash; models get a margin of six standard deviations. */
#include "go_buckets_rig.h"

#include <math.h>

#define MILLION 1000000u
#define GOLDEN  0x9e3779b97f4a7c15ull

static const uint32_t kinds[] = {STW_KEY_U64, STW_KEY_STRING};

/* What Go shows after n distinct inserts into a map without hint. */
struct oracle {
    uint64_t entries;
    uint32_t log_buckets; /* also the number of growths */
    uint32_t growing;
    uint64_t array_buckets;
    uint64_t array_bytes[2]; /* by kind */
    double overflow_mean;    /* 0: not known */
    double overflow_sd;
};

static const struct oracle oracles[] = {
    {8, 0, 0, 1, {144, 208}, 0, 0},
    {9, 1, 0, 2, {288, 416}, 0, 0},
    {53248, 13, 0, 8704, {1253376, 1810432}, 1711, 37},
    {53249, 14, 1, 17408, {2506752, 3620864}, 0, 0},
    {65535, 14, 0, 17408, {2506752, 3620864}, 350, 19},
    {65536, 14, 0, 17408, {2506752, 3620864}, 350, 19},
    {106496, 14, 0, 17408, {2506752, 3620864}, 3422, 52},
    {106497, 15, 1, 34816, {5013504, 7241728}, 0, 0},
    {1000000, 18, 0, 278528, {40108032, 57933824}, 4284, 65},
};

static void check_oracle(struct map_case *c, const struct oracle *oracle)
{
    struct stw_map_stats stats = case_stats(c);
    unsigned n = (unsigned)oracle->entries;
    cr_expect_eq(stats.entries, n);
    cr_expect_eq(stats.growing, oracle->growing, "%u entries", n);
    cr_expect_eq(stats.buckets, 1ull << oracle->log_buckets, "%u entries", n);
    cr_expect_eq(stats.bucket_bytes, oracle->array_bytes[c->type.key], "%u entries", n);
    cr_expect_eq(stats.bucket_bytes, oracle->array_buckets * c->shape->bucket_bytes);
    cr_expect_eq(fake_cell_bytes(c->map->buckets), stats.bucket_bytes, "%u entries", n);
    cr_expect_eq(c->m->counters[STW_COUNT_MAP_GROW], oracle->log_buckets, "%u entries", n);
    if (oracle->overflow_sd > 0)
        cr_expect_leq(fabs((double)stats.overflow - oracle->overflow_mean), 6 * oracle->overflow_sd,
                      "%u entries: %u overflow buckets", n, (unsigned)stats.overflow);
}

Test(go_buckets, shows_the_same_figures_as_go)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct map_case c = case_new(kinds[k], MILLION, 0, 0);
        uint64_t at = 0;
        for (uint32_t i = 0; i < sizeof oracles / sizeof oracles[0]; i++) {
            case_fill(&c, at, oracles[i].entries);
            at = oracles[i].entries;
            check_oracle(&c, &oracles[i]);
        }
        case_audit(&c);
        case_free(&c);
    }
}

/* Spilled entries after an evacuation, by overwriting keys until it ends. */
static void check_overflow(uint32_t kind, uint64_t entries, double mean, uint64_t seed)
{
    struct map_case c = case_new(kind, entries, 0, seed);
    case_fill(&c, 0, entries);
    case_settle(&c);
    struct stw_map_stats stats = case_stats(&c);
    cr_expect_leq(fabs((double)stats.overflow - mean), 6 * sqrt(mean),
                  "%u entries: %u overflow buckets", (unsigned)entries, (unsigned)stats.overflow);
    cr_expect_eq(c.map->overflow_count, stats.overflow);
    case_free(&c);
}

Test(go_buckets, spills_little_after_an_evacuation)
{
    for (uint64_t seed = 0; seed < 4; seed++)
        for (uint32_t k = 0; k < 2; k++) {
            check_overflow(kinds[k], 53249, 103, seed);
            check_overflow(kinds[k], 106497, 206, seed);
            check_overflow(kinds[k], 65536, 350, seed);
        }
}

Test(go_buckets, samples_the_overflow_count_of_large_maps)
{
    struct map_case c = case_new(STW_KEY_U64, MILLION, MILLION, 0);
    case_fill(&c, 0, MILLION);
    double overflow = (double)case_stats(&c).overflow;
    cr_expect_leq(fabs(c.map->overflow_count - overflow / 8), 6 * sqrt(overflow * 7) / 8);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_OVERFLOW], case_stats(&c).overflow);
    case_free(&c);
}

/* One growth as it is watched: `old` chains, begun after `begun` inserts. */
struct growth {
    uint64_t old;
    uint64_t begun;
    uint64_t moved;
};

static void check_growth_end(const struct growth *growth, uint64_t entries)
{
    double length = (double)(entries - growth->begun), old = (double)growth->old;
    cr_expect_eq(growth->moved, growth->old);
    cr_expect_geq(2 * length, old);
    cr_expect_leq(length, old);
    if (growth->old >= 2048)
        cr_expect(length > 0.66 * old && length < 0.72 * old, "%.0f chains moved in %.0f writes",
                  old, length);
}

static uint64_t next_growth_at(uint32_t log_buckets)
{
    return log_buckets == 0 ? 9 : 13 * (1ull << (log_buckets - 1)) + 1;
}

/* Growths start at 9 and 13 * 2^(B-1) + 1 and nowhere else; a write moves one chain or two while
 * there are any, a read none; moving takes about ln 2 writes an old chain. */
static void watch_growths(uint32_t kind, uint64_t entries)
{
    struct map_case c = case_new(kind, entries, 0, 1);
    struct growth growth = {0};
    uint64_t value = 0, *counters = c.m->counters;
    for (uint64_t n = 1; n <= entries; n++) {
        uint64_t grown = counters[STW_COUNT_MAP_GROW], moved = counters[STW_COUNT_MAP_EVACUATED];
        uint32_t log_buckets = c.map->log_buckets, was_growing = c.map->old_buckets != NULL;
        case_assign(&c, n - 1, n);
        uint64_t moves = counters[STW_COUNT_MAP_EVACUATED] - moved;
        uint64_t grows = counters[STW_COUNT_MAP_GROW] - grown;
        cr_assert_eq(grows, n == next_growth_at(log_buckets), "%u entries", (unsigned)n);
        cr_assert(!(grows && was_growing), "a growth started in a growth");
        if (grows)
            growth = (struct growth){1ull << log_buckets, n - 1, 0};
        growth.moved += moves;
        cr_assert_leq(moves, 2);
        cr_assert_eq(moves >= 1, was_growing || grows);
        if ((was_growing || grows) && !c.map->old_buckets)
            check_growth_end(&growth, n);
        moved = counters[STW_COUNT_MAP_EVACUATED];
        cr_assert_eq(case_find(&c, n / 2, &value), 1);
        cr_assert_eq(value, n / 2 + 1);
        cr_assert_eq(counters[STW_COUNT_MAP_EVACUATED], moved, "a read moved a chain");
    }
    case_free(&c);
}

Test(go_buckets, grows_at_the_same_inserts_as_go)
{
    watch_growths(STW_KEY_U64, MILLION);
    watch_growths(STW_KEY_STRING, 250000);
}

struct array_oracle {
    uint64_t bytes[2]; /* requested, by kind */
    uint64_t int_charged;
};

static const struct array_oracle arrays[] = {
    {{288, 416}, 288},
    {{576, 832}, 576},
    {{1152, 1664}, 1152},
    {{2592, 3952}, 2688},
    {{5328, 8112}, 5376},
    {{10224, 14144}, 10240},
    {{20448, 28496}, 20480},
    {{40896, 57200}, 40960},
    {{81792, 114608}, 81920},
    {{163728, 229216}, 163840},
    {{319392, 458640}, 319488},
    {{630720, 909168}, 630784},
    {{1253376, 1810432}, 1253376},
    {{2506752, 3620864}, 2506752},
    {{5013504, 7241728}, 5013504},
    {{10027008, 14483456}, 10027008},
    {{20054016, 28966912}, 20054016},
    {{40108032, 57933824}, 40108032},
    {{80216064, 115867648}, 80216064},
    {{160432128, 231735296}, 160432128},
};

Test(go_buckets, requests_arrays_of_gos_sizes)
{
    for (uint32_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        uint64_t hint = load_max(i + 1);
        for (uint32_t k = 0; k < 2; k++) {
            struct map_case c = case_new(kinds[k], 1, hint, 0);
            uint64_t bytes = arrays[i].bytes[k];
            cr_expect_eq(c.map->log_buckets, i + 1);
            cr_expect_eq(fake_cell_bytes(c.map->buckets), bytes, "B=%u", i + 1);
            cr_expect_eq(case_stats(&c).bucket_bytes, bytes, "B=%u", i + 1);
            if (kinds[k] == STW_KEY_U64) {
                cr_expect_null(fake_cell_type(c.map->buckets));
                cr_expect_eq(c.m->host->usable_bytes(c.m->host, c.m, bytes, 0),
                             arrays[i].int_charged);
            }
            case_free(&c);
        }
    }
}

struct hint_oracle {
    uint64_t hint;
    uint32_t log_buckets;
};

static const struct hint_oracle hints[] = {
    {0, 0},       {8, 0},       {9, 1},       {13, 1},       {14, 2},       {26, 2},
    {27, 3},      {52, 3},      {53, 4},      {104, 4},      {105, 5},      {208, 5},
    {26625, 13},  {53248, 13},  {53249, 14},  {65535, 14},   {65536, 14},   {106496, 14},
    {106497, 15}, {212992, 15}, {851969, 18}, {1000000, 18}, {1703936, 18}, {1ull << 62, 0},
};

Test(go_buckets, sizes_maps_by_hint_as_go)
{
    for (uint32_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        struct map_case c = case_new(STW_KEY_U64, 1, hints[i].hint, 0);
        cr_expect_eq(c.map->log_buckets, hints[i].log_buckets, "hint %llu",
                     (unsigned long long)hints[i].hint);
        cr_expect_eq(c.map->buckets != NULL, hints[i].log_buckets > 0);
        cr_expect_eq(case_stats(&c).buckets, hints[i].log_buckets ? 1ull << c.map->log_buckets : 0);
        case_free(&c);
    }
}

Test(go_buckets, does_not_grow_below_its_hint)
{
    struct map_case c = case_new(STW_KEY_U64, 106497, 65536, 0);
    case_fill(&c, 0, 106496);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_GROW], 0);
    case_fill(&c, 106496, 106497);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_GROW], 1);
    case_free(&c);
}

/* The list of kept overflow buckets grows like a Go slice of pointers. */
Test(go_buckets, keeps_overflow_buckets_in_a_go_slice)
{
    static const uint64_t capacities[] = {1,   2,   4,    8,    16,   32,   64,  143,
                                          287, 607, 1023, 1535, 2303, 3071, 4095};
    struct map_case c = case_new(STW_KEY_U64, 106496, 106496, 0);
    uint32_t at = 0;
    for (uint64_t i = 0; i < 106496; i++) {
        case_assign(&c, i, i);
        const struct stw_slice *list = c.map->extra->overflow;
        if (!list || list->capacity == capacities[at])
            continue;
        at += list->capacity != capacities[0];
        cr_assert_lt(at, sizeof capacities / sizeof capacities[0]);
        cr_assert_eq(list->capacity, capacities[at], "%u", (unsigned)list->capacity);
        cr_assert_eq(fake_cell_bytes(list->items), 8 * list->capacity);
    }
    cr_expect_geq(capacities[at], 3071);
    case_free(&c);
}

/* Growths. */

Test(go_buckets, tells_of_its_growths)
{
    struct map_case c = case_new(STW_KEY_U64, 417, 0, 0);
    case_fill(&c, 0, 416);
    case_settle(&c);
    cr_expect_eq(fake_counts()->growths[STW_GROWTH_GROW], 6);
    cr_expect_eq(fake_counts()->growths[STW_GROWTH_SAME_SIZE], 0);
    uint64_t moved = c.m->counters[STW_COUNT_MAP_MOVED_ENTRIES];
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_MOVED_BYTES], 16 * moved);
    case_assign(&c, 416, 416); /* begins one more: all entries but this one are moved */
    case_settle(&c);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_MOVED_ENTRIES] - moved, 416);
    c.map->overflow_count = (uint16_t)bucket_count(c.map);
    uint64_t key = 1;
    c.ops->assign(c.self, c.m, c.map, &key, &key);
    cr_expect_eq(fake_counts()->growths[STW_GROWTH_SAME_SIZE], 1);
    case_free(&c);
}

Test(go_buckets, tells_the_hash_that_places_a_key)
{
    struct map_case c = case_new(STW_KEY_STRING, 100, 100, 0);
    case_fill(&c, 0, 100);
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t hash = c.ops->hash(c.self, c.m, c.map, case_key(&c, i));
        cr_expect_eq(hash, stw_key_hash(&c.type, case_key(&c, i), c.map->seed));
        struct bucket *b = bucket_at(c.shape, c.map->buckets, hash & (bucket_count(c.map) - 1));
        uint32_t found = 0;
        for (; b; b = link_of(c.shape, b))
            for (uint32_t slot = 0; slot < SLOTS; slot++)
                found += b->tops[slot] == top_of(hash)
                         && slot_holds(c.shape, b, slot, case_key(&c, i), top_of(hash));
        cr_expect_eq(found, 1);
    }
    case_free(&c);
}

/* The hash. */

static uint64_t pattern(uint32_t which, uint64_t i)
{
    switch (which) {
    case 0:
        return i;
    case 1:
        return i << 20;
    case 2:
        return i << 44;
    case 3:
        return i * 4096 + 7;
    case 4:
        return ~i;
    default:
        return i * GOLDEN;
    }
}

/* 65,536 keys over 16,384 chains spill as often as random ones, whatever the keys' pattern. */
Test(go_buckets, hashes_patterned_keys_uniformly)
{
    for (uint32_t which = 0; which < 6; which++) {
        struct map_case c = case_new(STW_KEY_U64, 1, 65536, which);
        for (uint64_t i = 0; i < 65536; i++) {
            uint64_t key = pattern(which, i);
            c.ops->assign(c.self, c.m, c.map, &key, &i);
        }
        struct stw_map_stats stats = case_stats(&c);
        cr_expect_eq(stats.entries, 65536);
        cr_expect_leq(fabs((double)stats.overflow - 350), 6 * 19.0, "pattern %u: %u", which,
                      (unsigned)stats.overflow);
        case_free(&c);
    }
}

/* Flipping any bit of key or seed flips each bit of the hash in half of the cases. */
Test(go_buckets, hashes_with_avalanche)
{
    enum { ROUNDS = 4096 };
    static uint32_t flips[96][64];
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint64_t key = round * GOLDEN >> (round % 60);
        uint32_t seed = (uint32_t)(round * 2654435761u);
        uint64_t hash = stw_key_hash_u64(key, seed);
        for (uint32_t bit = 0; bit < 96; bit++) {
            uint64_t other = bit < 64 ? stw_key_hash_u64(key ^ 1ull << bit, seed)
                                      : stw_key_hash_u64(key, seed ^ 1u << (bit - 64));
            for (uint32_t out = 0; out < 64; out++)
                flips[bit][out] += (uint32_t)((hash ^ other) >> out) & 1;
        }
    }
    for (uint32_t bit = 0; bit < 96; bit++)
        for (uint32_t out = 0; out < 64; out++)
            cr_assert_leq(fabs(flips[bit][out] - ROUNDS / 2.0), 6 * sqrt(ROUNDS) / 2,
                          "bit %u to %u: %u", bit, out, flips[bit][out]);
}

Test(go_buckets, keeps_tops_clear_of_the_codes)
{
    cr_expect_eq(top_of(0), 5);
    cr_expect_eq(top_of(4ull << 56), 9);
    cr_expect_eq(top_of(5ull << 56), 5);
    cr_expect_eq(top_of(~0ull), 255);
}

/* Strings that differ in length or in one byte hash apart; the address of the bytes is no input. */
Test(go_buckets, hashes_every_byte_of_a_string)
{
    char text[64] = {0}, copy[64] = {0};
    for (uint64_t length = 0; length <= sizeof text; length++) {
        uint64_t hash = stw_key_hash_bytes(text, length, 7);
        cr_expect_eq(stw_key_hash_bytes(copy, length, 7), hash);
        cr_expect_neq(stw_key_hash_bytes(text, length, 8), hash);
        if (length > 0)
            cr_expect_neq(stw_key_hash_bytes(text, length - 1, 7), hash);
        for (uint64_t i = 0; i < length; i++) {
            copy[i] = 1;
            cr_expect_neq(stw_key_hash_bytes(copy, length, 7), hash, "byte %u of %u", (unsigned)i,
                          (unsigned)length);
            copy[i] = 0;
        }
    }
}

/* Seeds. */

struct order {
    uint64_t keys[64];
    uint32_t count;
};

static int32_t note_key(void *context, const void *key, const void *value)
{
    (void)value;
    struct order *order = context;
    order->keys[order->count++] = *(const uint64_t *)key;
    return 0;
}

/* Seeds of four maps by mutator 0 and the order of a walk, with mutator 1 making `others` maps. */
static void draw_sequence(uint64_t seed, uint32_t others, uint32_t *seeds, struct order *order)
{
    struct map_case c = case_new(STW_KEY_U64, 64, 0, seed);
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t j = 0; j < others; j++) {
            struct header *other = c.ops->make(c.self, fake_mutator(1), &c.type, 0);
            cr_expect_neq(other->seed, c.map->seed);
        }
        struct header *made = c.ops->make(c.self, c.m, &c.type, 0);
        seeds[i] = made->seed;
    }
    case_fill(&c, 0, 64);
    order->count = 0;
    stw_map_walk_all(c.ops, c.self, c.m, c.map, note_key, order);
    case_free(&c);
}

Test(go_buckets, repeats_its_random_numbers_for_each_mutator)
{
    uint32_t seeds[3][4];
    struct order orders[3];
    draw_sequence(5, 0, seeds[0], &orders[0]);
    draw_sequence(5, 3, seeds[1], &orders[1]);
    draw_sequence(6, 0, seeds[2], &orders[2]);
    cr_expect_arr_eq(seeds[0], seeds[1], sizeof seeds[0]);
    cr_expect_arr_eq(orders[0].keys, orders[1].keys, sizeof orders[0].keys);
    cr_expect_arr_neq(seeds[0], seeds[2], sizeof seeds[0]);
    cr_expect_neq(seeds[0][0], seeds[0][1]);
}
