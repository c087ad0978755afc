/* unit/go_buckets_model_test.c: go-buckets stays a map, and its heap stays sound, whatever. */
/* sources: plugins/maps/go-buckets/go-buckets.c plugins/maps/go-buckets/grow.c plugins/maps/go-buckets/walk.c plugins/maps/go-buckets/audit.c plugins/maps/go-buckets/types.c */
/* Goal: the map agrees with a plain table after any sequence of operations, and its audit holds
 * then; stores go through the barrier; and at every allocation, where a collector may run, every
 * chain is reachable by pointers that the collector sees. */
#include "go_buckets_rig.h"

#include <signal.h>

#define RANGE_MAX 50000u

static const uint32_t kinds[] = {STW_KEY_U64, STW_KEY_STRING};

/* The model: a map from numbers to values, as two arrays. */
struct model {
    struct map_case c;
    uint64_t range;
    uint64_t count;
    uint64_t random;
    uint8_t present[RANGE_MAX];
    uint64_t values[RANGE_MAX];
    uint8_t visited[RANGE_MAX];
    uint64_t visits;
};

static uint64_t next_random(struct model *model)
{
    model->random = model->random * 6364136223846793005ull + 1442695040888963407ull;
    return model->random >> 33;
}

static uint64_t any_key(struct model *model)
{
    return next_random(model) % model->range;
}

static void model_assign(struct model *model, uint64_t key, uint64_t value)
{
    model->count += !model->present[key];
    model->present[key] = 1;
    model->values[key] = value;
}

static void do_assign(struct model *model)
{
    uint64_t key = any_key(model), value = next_random(model);
    case_assign(&model->c, key, value);
    model_assign(model, key, value);
}

static void do_find(struct model *model)
{
    uint64_t key = any_key(model), value = 0;
    uint32_t found = case_find(&model->c, key, &value);
    cr_assert_eq(found, model->present[key]);
    if (found)
        cr_assert_eq(value, model->values[key]);
}

static void do_erase(struct model *model)
{
    uint64_t key = any_key(model);
    cr_assert_eq(case_erase(&model->c, key), model->present[key]);
    model->count -= model->present[key];
    model->present[key] = 0;
}

static void do_clear(struct model *model)
{
    struct map_case *c = &model->c;
    uint32_t log_buckets = c->map->log_buckets;
    c->ops->clear(c->self, c->m, c->map);
    cr_assert_eq(c->map->log_buckets, log_buckets);
    memset(model->present, 0, sizeof model->present);
    model->count = 0;
}

static int32_t visit(void *context, const void *key, const void *value)
{
    struct model *model = context;
    uint64_t number = case_number(&model->c, key);
    cr_assert_lt(number, model->range);
    cr_assert(model->present[number] && !model->visited[number], "key %u", (unsigned)number);
    cr_assert_eq(*(const uint64_t *)value, model->values[number]);
    model->visited[number] = 1;
    model->visits++;
    return 0;
}

static void do_iterate(struct model *model)
{
    struct map_case *c = &model->c;
    memset(model->visited, 0, sizeof model->visited);
    model->visits = 0;
    stw_map_walk_all(c->ops, c->self, c->m, c->map, visit, model);
    cr_assert_eq(model->visits, model->count);
}

static void do_merge(struct model *model)
{
    struct map_case *c = &model->c;
    uint64_t first = any_key(model), count = next_random(model) % 100, values[100];
    if (count > model->range - first)
        count = model->range - first;
    for (uint64_t i = 0; i < count; i++) {
        values[i] = next_random(model);
        model_assign(model, first + i, values[i]);
    }
    struct stw_entries entries = {.struct_size = sizeof entries, .type = &c->type};
    entries.keys = case_key(c, first);
    entries.values = values;
    entries.count = count;
    c->ops->merge(c->self, c->m, c->map, &entries, 0, count);
}

static void model_step(struct model *model)
{
    uint64_t dice = next_random(model) % 10000;
    if (dice < 4500)
        do_assign(model);
    else if (dice < 6500)
        do_find(model);
    else if (dice < 9790)
        do_erase(model);
    else if (dice < 9990)
        do_merge(model);
    else if (dice < 9997)
        do_iterate(model);
    else
        do_clear(model);
}

static void model_run(uint32_t kind, uint64_t range, uint64_t steps)
{
    struct model *model = calloc(1, sizeof *model);
    cr_assert(model);
    model->c = case_new(kind, range, 0, range);
    model->range = range;
    model->random = range + kind;
    for (uint64_t i = 1; i <= steps; i++) {
        model_step(model);
        cr_assert_eq(model->c.ops->count(model->c.self, model->c.m, model->c.map), model->count);
        if (i % 1000 == 0)
            case_audit(&model->c);
    }
    do_iterate(model);
    case_free(&model->c);
    free(model);
}

Test(go_buckets_model, agrees_with_a_table_of_few_keys)
{
    for (uint32_t k = 0; k < 2; k++) {
        model_run(kinds[k], 12, 50000);
        model_run(kinds[k], 200, 200000);
    }
}

Test(go_buckets_model, agrees_with_a_table_of_many_keys)
{
    for (uint32_t k = 0; k < 2; k++) {
        model_run(kinds[k], 5000, 200000);
        model_run(kinds[k], RANGE_MAX, 200000);
    }
}

/* Walks. */

static void check_walk(uint32_t kind, uint64_t entries)
{
    struct model *model = calloc(1, sizeof *model);
    cr_assert(model);
    model->c = case_new(kind, entries, 0, 3);
    model->range = entries;
    for (uint64_t i = 0; i < entries; i++) {
        case_assign(&model->c, i, i);
        model_assign(model, i, i);
    }
    cr_assert_not_null(model->c.map->old_buckets, "no growth to walk in");
    do_iterate(model);
    case_settle(&model->c);
    do_iterate(model);
    case_audit(&model->c);
    case_free(&model->c);
    free(model);
}

Test(go_buckets_model, walks_each_key_once_during_growth)
{
    for (uint32_t k = 0; k < 2; k++) {
        check_walk(kinds[k], 417);
        check_walk(kinds[k], 6657 + 300);
        check_walk(kinds[k], 26625 + 2000);
    }
}

static int32_t stop_at(void *context, const void *key, const void *value)
{
    (void)key;
    (void)value;
    uint32_t *left = context;
    return --*left == 0;
}

Test(go_buckets_model, stops_a_walk_when_told)
{
    struct map_case c = case_new(STW_KEY_U64, 100, 0, 0);
    uint32_t left = 1;
    stw_map_walk_all(c.ops, c.self, c.m, c.map, stop_at, &left);
    cr_expect_eq(left, 1, "an empty map was visited");
    case_fill(&c, 0, 100);
    left = 10;
    stw_map_walk_all(c.ops, c.self, c.m, c.map, stop_at, &left);
    cr_expect_eq(left, 0);
    case_free(&c);
}

/* Walks of a map that is written to meanwhile: go by what was there all the time. */

static void write_meanwhile(struct model *model, uint8_t *stays)
{
    uint64_t dice = next_random(model) % 4000, key = any_key(model), value = next_random(model);
    if (dice == 0) {
        do_clear(model);
        memset(stays, 0, model->range);
    } else if (dice < 2500) {
        case_assign(&model->c, key, value);
        model_assign(model, key, value);
    } else {
        cr_assert_eq(case_erase(&model->c, key), model->present[key]);
        model->count -= model->present[key];
        model->present[key] = stays[key] = 0;
    }
}

/* Up to `writes` between two steps; `before` entries, of which the walk begins. */
static void walk_meanwhile(struct model *model, uint64_t before, uint64_t writes, uint8_t *stays)
{
    struct map_case *c = &model->c;
    struct stw_map_cursor cursor = {0};
    for (uint64_t i = 0; i < before; i++) {
        case_assign(c, i, i);
        model_assign(model, i, i);
    }
    memcpy(stays, model->present, model->range);
    memset(model->visited, 0, sizeof model->visited);
    c->ops->walk(c->self, c->m, c->map, &cursor);
    while (c->ops->step(c->self, c->m, &cursor)) {
        uint64_t key = case_number(c, cursor.key);
        cr_assert_lt(key, model->range);
        cr_assert(model->present[key], "an erased entry comes");
        cr_assert_eq(*(const uint64_t *)cursor.value, model->values[key], "with an old value");
        cr_assert(!stays[key] || !model->visited[key], "an entry comes twice");
        model->visited[key] = 1;
        for (uint64_t i = next_random(model) % (writes + 1); i > 0; i--)
            write_meanwhile(model, stays);
    }
    cr_assert_null(cursor.key);
    for (uint64_t i = 0; i < model->range; i++)
        cr_assert(!stays[i] || model->visited[i], "an entry that stayed does not come");
    case_audit(c);
}

Test(go_buckets_model, walks_while_it_is_written_to)
{
    static uint8_t stays[RANGE_MAX];
    uint32_t grew = 0;
    for (uint32_t round = 0; round < 400; round++) {
        struct model *model = calloc(1, sizeof *model);
        cr_assert(model);
        model->range = round % 4 == 0 ? 4000 : round % 4 == 1 ? 40 : 400;
        model->c = case_new(kinds[round / 4 % 2], model->range, 0, round);
        model->random = round;
        uint64_t before = next_random(model) % model->range + 1;
        walk_meanwhile(model, before, round % 5 * 4, stays);
        grew += model->c.map->log_buckets > 0;
        case_free(&model->c);
        free(model);
    }
    cr_assert_gt(grew, 200);
}

/* Whatever is there or under way, there is room afterwards, and the map is what it was. */
Test(go_buckets_model, makes_the_room_that_is_asked_for)
{
    static const uint64_t before[] = {0, 1, 8, 9, 105, 300}, rooms[] = {0, 8, 9, 104, 105, 2000};
    for (uint32_t i = 0; i < 36; i++) {
        struct model *model = calloc(1, sizeof *model);
        uint64_t had = before[i / 6], room = rooms[i % 6];
        cr_assert(model);
        model->range = 2400;
        model->c = case_new(kinds[i % 2], model->range, 0, i);
        struct map_case *c = &model->c;
        for (uint64_t key = 0; key < had; key++) {
            case_assign(c, key, key);
            model_assign(model, key, key);
        }
        c->ops->reserve(c->self, c->m, c->map, room);
        case_audit(c);
        uint64_t growths = c->m->counters[STW_COUNT_MAP_GROW];
        do_iterate(model);
        for (uint64_t key = had; key < room; key++)
            case_assign(c, key, key);
        cr_expect_eq(c->m->counters[STW_COUNT_MAP_GROW], growths, "%u entries, room for %u",
                     (unsigned)had, (unsigned)room);
        case_audit(c);
        case_free(c);
        free(model);
    }
}

/* An array that was walked is not cleared when it is moved, others of strings are. */
Test(go_buckets_model, clears_moved_buckets_unless_walked)
{
    for (uint32_t walked = 0; walked < 2; walked++) {
        struct map_case c = case_new(STW_KEY_STRING, 105, 0, 0);
        case_fill(&c, 0, 104);
        uint32_t left = 1;
        if (walked)
            stw_map_walk_all(c.ops, c.self, c.m, c.map, stop_at, &left);
        const struct string_bucket *array = c.map->buckets;
        case_fill(&c, 104, 105);
        cr_assert(c.map->old_buckets == array && is_moved(&array[0].head));
        uint32_t kept = 0;
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            kept += array[0].keys[slot].bytes != NULL;
        cr_expect_eq(kept > 0, walked);
        cr_expect_eq((c.map->flags & FLAG_OLD_ITERATOR) != 0, walked);
        case_free(&c);
    }
}

/* Churn. */

/* Fills up to the load limit with ever new keys and erases them, until the overflow buckets that
 * this leaves behind start a growth of the same size. Returns how many keys are in. */
static uint64_t churn(struct map_case *c, uint64_t keys, uint64_t full)
{
    uint32_t log_buckets = c->map->log_buckets;
    for (uint64_t first = 1; first + full < keys; first += full - 1) {
        for (uint64_t i = 1; i < full; i++) {
            uint64_t before = c->map->overflow_count;
            case_assign(c, first + i, first + i);
            if (c->map->old_buckets) {
                cr_assert_eq(before, 1ull << log_buckets);
                return i;
            }
        }
        for (uint64_t i = 1; i < full; i++)
            cr_assert(case_erase(c, first + i));
    }
    return 0;
}

/* The walk begins before a growth of the same size, and ends in it. */
Test(go_buckets_model, walks_on_through_a_growth_of_the_same_size)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct map_case c = case_new(kinds[k], 400000, 6656, 0);
        struct stw_map_cursor cursor = {0};
        uint64_t last = 399990, came = 0;
        case_fill(&c, last, last + 10);
        case_assign(&c, 0, 0);
        c.ops->walk(c.self, c.m, c.map, &cursor);
        cr_assert(c.ops->step(c.self, c.m, &cursor));
        do {
            uint64_t key = case_number(&c, cursor.key);
            came += key == 0 || key >= last;
            if (came == 3 && !(c.map->flags & FLAG_SAME_SIZE))
                cr_assert_neq(churn(&c, last, 6600), 0, "no growth of the same size");
        } while (c.ops->step(c.self, c.m, &cursor));
        cr_expect_eq(came, 11);
        cr_expect(c.map->flags & FLAG_SAME_SIZE);
        case_free(&c);
    }
}

Test(go_buckets_model, regrows_at_the_same_size_after_churn)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct map_case c = case_new(kinds[k], 400000, 6656, 0);
        case_assign(&c, 0, 0); /* stays, so that no erase redraws the seed */
        const void *array = c.map->buckets;
        uint64_t bytes = case_stats(&c).bucket_bytes;
        uint64_t entered = churn(&c, 400000, 6656);
        cr_assert_neq(entered, 0, "no growth of the same size");
        cr_expect_eq(c.map->log_buckets, 10);
        cr_expect(c.map->flags & FLAG_SAME_SIZE);
        cr_expect_eq(c.m->counters[STW_COUNT_MAP_GROW], 1);
        cr_expect_eq(c.map->old_buckets, array);
        cr_expect_neq(c.map->buckets, array);
        cr_expect_eq(fake_cell_bytes(c.map->buckets), bytes);
        case_audit(&c);
        while (c.map->old_buckets)
            case_assign(&c, 0, 0);
        case_audit(&c);
        cr_expect_not(c.map->flags & FLAG_SAME_SIZE);
        cr_expect_eq(c.m->counters[STW_COUNT_MAP_EVACUATED], 1024);
        cr_expect_eq(c.map->count, entered + 1);
        cr_expect_lt(case_stats(&c).overflow, 300);
        case_free(&c);
    }
}

/* Of large maps the count is a sample, and its limit stays 2^15. */
Test(go_buckets_model, limits_the_sampled_overflow_count)
{
    struct map_case c = case_new(STW_KEY_U64, 2, 1000000, 0);
    c.map->overflow_count = 32767;
    case_assign(&c, 0, 0);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_GROW], 0);
    c.map->overflow_count = 32768;
    case_assign(&c, 0, 1);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_GROW], 0, "an overwrite starts no growth");
    case_assign(&c, 1, 0);
    cr_expect_eq(c.m->counters[STW_COUNT_MAP_GROW], 1);
    cr_expect(c.map->flags & FLAG_SAME_SIZE);
    cr_expect_eq(c.map->log_buckets, 18);
    case_free(&c);
}

Test(go_buckets_model, trims_the_rest_of_a_chain)
{
    struct map_case c = case_new(STW_KEY_U64, 8, 0, 0);
    case_fill(&c, 0, 8);
    const struct bucket *b = c.map->buckets;
    cr_assert(case_erase(&c, 2) && case_erase(&c, 6));
    cr_expect_eq(b->tops[2], TOP_EMPTY);
    cr_expect_eq(b->tops[6], TOP_EMPTY);
    cr_assert(case_erase(&c, 7));
    cr_expect(b->tops[5] >= TOP_LEAST && b->tops[6] == TOP_REST && b->tops[7] == TOP_REST);
    uint32_t seed = c.map->seed;
    cr_assert(case_erase(&c, 3) && case_erase(&c, 1) && case_erase(&c, 5) && case_erase(&c, 4));
    cr_expect(b->tops[0] >= TOP_LEAST && b->tops[1] == TOP_REST && b->tops[4] == TOP_REST);
    cr_expect_eq(c.map->seed, seed);
    cr_assert(case_erase(&c, 0));
    cr_expect_eq(b->tops[0], TOP_REST);
    cr_expect_neq(c.map->seed, seed, "an emptied map draws a new seed");
    case_free(&c);
}

/* clear keeps the array, zeroed, and its spare buckets; the seed is new. */
static void check_clear(uint32_t kind, uint64_t entries)
{
    struct map_case c = case_new(kind, entries, 0, 0);
    case_fill(&c, 0, entries);
    unsigned char *array = c.map->buckets;
    uint64_t bytes = fake_cell_bytes(array), seed = c.map->seed, set = 0;
    c.ops->clear(c.self, c.m, c.map);
    cr_expect_eq(c.map->buckets, array);
    cr_expect_null(c.map->old_buckets);
    cr_expect_neq(c.map->seed, seed);
    for (uint64_t i = 0; i < bytes - 8; i++) /* the last word is the spare buckets' end mark */
        set += array[i] != 0;
    cr_expect_eq(set, 0);
    cr_expect_null(c.map->extra->overflow);
    cr_expect_eq(c.map->extra->spare, bucket_at(c.shape, array, bucket_count(c.map)));
    cr_expect_eq(case_stats(&c).overflow, 0);
    case_audit(&c);
    uint64_t allocs = fake_counts()->allocs, value;
    cr_expect_not(case_find(&c, 0, &value));
    case_fill(&c, 0, 100);
    cr_expect_eq(fake_counts()->allocs, allocs, "a cleared map has room");
    case_free(&c);
}

Test(go_buckets_model, clears_in_place)
{
    for (uint32_t k = 0; k < 2; k++) {
        check_clear(kinds[k], 6656);
        check_clear(kinds[k], 6657 + 100);
    }
}

Test(go_buckets_model, keeps_the_string_of_the_last_write)
{
    static char old_bytes[] = "same", new_bytes[] = "same";
    struct map_case c = case_new(STW_KEY_STRING, 1, 0, 0);
    struct stw_string before = {old_bytes, 4}, after = {new_bytes, 4};
    c.ops->assign(c.self, c.m, c.map, &before, &(uint64_t){1});
    c.ops->assign(c.self, c.m, c.map, &after, &(uint64_t){2});
    cr_expect_eq(c.map->count, 1);
    cr_expect_eq(((struct string_bucket *)c.map->buckets)->keys[0].bytes, new_bytes);
    case_free(&c);
}

/* The heap. */

/* Every allocation from here on looks at the whole map. */
static void check_reachable(struct stw_mutator *m, void *context)
{
    (void)m;
    const struct map_case *c = context;
    const struct header *map = c->map;
    fake_unmark();
    fake_mark(map);
    void *arrays[] = {map->buckets, map->old_buckets};
    uint64_t counts[] = {bucket_count(map), old_count(map)};
    for (uint32_t a = 0; a < 2; a++)
        for (uint64_t i = 0; arrays[a] && i < counts[a]; i++)
            for (struct bucket *b = bucket_at(c->shape, arrays[a], i); b;
                 b = link_of(c->shape, b))
                cr_assert(fake_is_marked(b), "%s: an overflow bucket is lost", m->site);
}

Test(go_buckets_model, keeps_all_chains_reachable_at_every_allocation)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct map_case c = case_new(kinds[k], 1700, 0, 0);
        fake_on_alloc(check_reachable, &c);
        case_fill(&c, 0, 1700);
        cr_expect_gt(c.m->counters[STW_COUNT_MAP_OVERFLOW], 50);
        check_reachable(c.m, &c);
        case_free(&c);
    }
}

Test(go_buckets_model, keeps_all_chains_reachable_during_churn)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct map_case c = case_new(kinds[k], 40000, 416, 0);
        case_assign(&c, 0, 0);
        fake_on_alloc(check_reachable, &c);
        cr_expect_neq(churn(&c, 40000, 416), 0);
        while (c.map->old_buckets)
            case_assign(&c, 0, 0);
        check_reachable(c.m, &c);
        case_free(&c);
    }
}

/* Only the list keeps them: dropped from it, one is lost, although its chain links it. */
Test(go_buckets_model, shows_integer_buckets_as_pointer_free)
{
    struct map_case c = case_new(STW_KEY_U64, 53248, 53248, 0);
    case_fill(&c, 0, 53248);
    const struct stw_slice *list = c.map->extra->overflow;
    struct bucket **items = list->items;
    cr_assert_gt(list->length, 512);
    for (uint64_t i = 0; i < list->length; i++) {
        cr_assert_null(fake_cell_type(items[i]));
        cr_assert_eq(fake_cell_start(items[i]) == c.map->buckets, i < 512);
        cr_assert_eq(fake_cell_bytes(items[i]), i < 512 ? 1253376 : 144);
    }
    struct bucket *dropped = items[600];
    fake_mark(c.map);
    cr_expect(fake_is_marked(dropped));
    items[600] = NULL;
    fake_unmark();
    fake_mark(c.map);
    cr_expect_not(fake_is_marked(dropped));
    case_free(&c);
}

static uint64_t word_bit(uint64_t offset)
{
    return 1ull << (offset / 8);
}

/* The masks say where the structs' pointers are. */
Test(go_buckets_model, describes_its_cells)
{
    uint64_t bucket = word_bit(offsetof(struct string_bucket, link));
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        bucket |= word_bit(offsetof(struct string_bucket, keys[slot].bytes));
    cr_expect_eq(stw__buckets_string_type.pointer_mask[0], bucket);
    cr_expect_eq(stw__buckets_string_type.element_bytes, sizeof(struct string_bucket));
    cr_expect_eq(stw__buckets_string_body_type.pointer_mask[0], bucket >> 1);
    cr_expect_eq(stw__buckets_string_body_type.element_bytes, sizeof(struct string_bucket) - 8);
    cr_expect_eq(stw__buckets_header_type.pointer_mask[0],
                 word_bit(offsetof(struct header, buckets))
                     | word_bit(offsetof(struct header, old_buckets))
                     | word_bit(offsetof(struct header, extra)));
}

/* While marking: growth, moves, overflow, erases, overwrites, clear. */
static void check_barrier(uint32_t kind)
{
    struct map_case c = case_new(kind, 4000, 0, 0);
    case_fill(&c, 0, 1000);
    fake_marking_begin();
    case_fill(&c, 500, 1700);
    cr_assert_not_null(c.map->old_buckets);
    cr_expect_eq(fake_marking_check(), 0);
    case_settle(&c);
    for (uint64_t i = 0; i < 600; i++)
        case_erase(&c, i);
    cr_expect_eq(fake_marking_check(), 0);
    fake_marking_begin();
    c.ops->clear(c.self, c.m, c.map);
    cr_expect_eq(fake_marking_check(), 0);
    case_fill(&c, 0, 3400);
    cr_assert_not_null(c.map->old_buckets);
    fake_marking_begin();
    case_settle(&c);
    cr_expect_eq(fake_marking_check(), 0);
    c.map->buckets = &c;
    cr_expect_eq(fake_marking_check(), 1, "the check does not see a store without the barrier");
    fake_marking_end();
    case_free(&c);
}

Test(go_buckets_model, stores_pointers_through_the_barrier)
{
    check_barrier(STW_KEY_U64);
    check_barrier(STW_KEY_STRING);
}

/* Safepoints and sites. */

static void note_site(struct stw_mutator *m, void *context)
{
    uint32_t *seen = context;
    *seen |= strcmp(m->site, "map.grow") == 0 ? 1u : 0;
    *seen |= strcmp(m->site, "map.evacuate") == 0 ? 2u : 0;
    *seen |= strcmp(m->site, "here") == 0 ? 4u : 0;
}

Test(go_buckets_model, names_growth_and_evacuation_as_sites)
{
    struct map_case c = case_new(STW_KEY_U64, 3000, 0, 0);
    uint32_t seen = 0;
    stw_site(c.m, "here");
    fake_on_alloc(note_site, &seen);
    case_fill(&c, 0, 3000);
    cr_expect_eq(seen, 7);
    cr_expect_str_eq(c.m->site, "here");
    case_free(&c);
}

static void ask_to_poll(struct stw_mutator *m, void *context)
{
    (void)context;
    m->poll = 1;
}

Test(go_buckets_model, polls_while_merging)
{
    for (uint32_t k = 0; k < 2; k++) {
        struct map_case c = case_new(kinds[k], 1000, 0, 0);
        uint64_t values[1000] = {0};
        struct stw_entries entries = {.struct_size = sizeof entries, .type = &c.type};
        entries.keys = case_key(&c, 0);
        entries.values = values;
        entries.count = 1000;
        fake_on_alloc(ask_to_poll, NULL);
        c.ops->merge(c.self, c.m, c.map, &entries, 100, 900);
        cr_expect_eq(c.map->count, 900);
        cr_expect_geq(fake_counts()->safepoints, c.m->counters[STW_COUNT_MAP_GROW]);
        cr_expect_eq(c.m->poll, 0);
        case_free(&c);
    }
}

Test(go_buckets_model, fills_only_the_figures_that_the_caller_knows)
{
    struct map_case c = case_new(STW_KEY_U64, 10, 0, 0);
    case_fill(&c, 0, 10);
    struct stw_map_stats stats = {.struct_size = offsetof(struct stw_map_stats, buckets)};
    stats.buckets = 77;
    c.ops->stats(c.self, c.m, c.map, &stats);
    cr_expect_eq(stats.entries, 10);
    cr_expect_eq(stats.buckets, 77);
    cr_expect_eq(stats.struct_size, offsetof(struct stw_map_stats, buckets));
    case_free(&c);
}

/* Misuse. */

Test(go_buckets_model, ends_at_a_write_in_a_write, .signal = SIGABRT)
{
    struct map_case c = case_new(STW_KEY_U64, 2, 0, 0);
    c.map->flags |= FLAG_WRITING;
    case_assign(&c, 0, 0);
}

Test(go_buckets_model, ends_at_a_read_in_a_write, .signal = SIGABRT)
{
    struct map_case c = case_new(STW_KEY_U64, 2, 0, 0);
    case_assign(&c, 0, 0);
    c.map->flags |= FLAG_WRITING;
    uint64_t value;
    case_find(&c, 0, &value);
}
