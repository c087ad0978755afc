/* unit/strategies_test.c: what each strategy makes of the intents, alone and in any order.
 *
 * Method: a chain of strategies over the simple map, with the rig's probe where the test looks. The
 * pool has a file of its own. */
/* sources: strategies/none.c strategies/presize.c strategies/gc-off.c strategies/chunked-merge.c strategies/pool.c */
#include "pool_config.h"
#include "testing/rig.h"

#include <criterion/criterion.h>
#include <string.h>

const struct stw_descriptor *stw_plugin_entry_none(void);
const struct stw_descriptor *stw_plugin_entry_presize(void);
const struct stw_descriptor *stw_plugin_entry_gc_off(void);
const struct stw_descriptor *stw_plugin_entry_chunked_merge(void);
const struct stw_descriptor *stw_plugin_entry_pool(void);

#define ENTRIES 100u

static const struct stw_map_type ints = {sizeof ints, STW_KEY_U64, 8, 0, 0, NULL};

static struct stw_value chunk_values[] = {
    {.name = "chunk", .type = STW_TYPE_U64, .as_u64 = 4},
    {.name = "yield", .type = STW_TYPE_BOOL, .as_u64 = 1},
};

static const struct stw_config chunk_config = {
    .struct_size = sizeof chunk_config, .value_count = 2, .values = chunk_values};

static const struct rig_part *part(const char *id)
{
    static struct rig_part parts[6];
    parts[0] = (struct rig_part){"none", stw_plugin_entry_none(), NULL};
    parts[1] = (struct rig_part){"presize", stw_plugin_entry_presize(), NULL};
    parts[2] = (struct rig_part){"gc-off", stw_plugin_entry_gc_off(), NULL};
    parts[3] = (struct rig_part){"chunked-merge", stw_plugin_entry_chunked_merge(), &chunk_config};
    parts[4] = (struct rig_part){"pool", stw_plugin_entry_pool(), pool_config()};
    parts[5] = (struct rig_part){"probe", rig_probe(), NULL};
    uint32_t at = 0;
    while (at < 6 && strcmp(parts[at].id, id) != 0)
        at++;
    cr_assert_lt(at, 6, "no part is called %s", id);
    return &parts[at];
}

/* A chain of up to four ids, the first outermost. */
static const struct stw_link *chain(uint32_t mutators, const char *const *ids, uint32_t count)
{
    struct rig_part parts[RIG_PARTS];
    for (uint32_t i = 0; i < count; i++)
        parts[i] = *part(ids[i]);
    return rig_new(mutators, parts, count, NULL);
}

static struct stw_map_need need_of(uint64_t hint, uint64_t expected)
{
    return (struct stw_map_need){sizeof(struct stw_map_need), 0, &ints, hint, expected};
}

/* Keys 0 .. count - 1 with values 3 * key. */
static struct stw_entries entries_of(struct stw_mutator *m, uint64_t count)
{
    uint64_t *keys = stw_alloc(m, 8 * count + 8, NULL);
    uint64_t *values = stw_alloc(m, 8 * count + 8, NULL);
    for (uint64_t i = 0; i < count; i++) {
        keys[i] = i;
        values[i] = 3 * i;
    }
    return (struct stw_entries){sizeof(struct stw_entries), 0, &ints, keys, values, count, 0};
}

static void expect_merged(const struct stw_link *link, struct stw_mutator *m, void *map,
                          uint64_t count)
{
    cr_assert_eq(stw_map_count(link, m, map), count);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t value = 0;
        cr_assert(stw_map_find(link, m, map, &i, &value));
        cr_assert_eq(value, 3 * i);
    }
}

Test(strategies, none_passes_every_intent_on_as_it_is)
{
    const struct stw_link *link = chain(1, (const char *[]){"none", "probe"}, 2);
    struct stw_mutator *m = fake_mutator(0);
    struct stw_map_need need = need_of(7, 9);
    stw_next_begin(link, m);
    stw_next_request_begin(link, m);
    void *map = stw_next_need_map(link, m, &need);
    struct stw_entries entries = entries_of(m, 10);
    stw_next_merge(link, m, map, &entries, 2, 5);
    const struct stw_scratch_need scratch_need = {sizeof scratch_need, 1, 64, NULL};
    void *scratch = stw_next_need_scratch(link, m, &scratch_need);
    stw_next_done_scratch(link, m, &scratch_need, scratch);
    stw_next_done_map(link, m, &ints, map);
    stw_next_request_end(link, m);
    stw_next_batch_boundary(link, m);
    stw_next_end(link, m);
    cr_assert_str_eq(rig_log()->order, "brnmsSdRBe");
    cr_assert_eq(rig_log()->need.hint_entries, 7);
    cr_assert_eq(rig_log()->need.expected_entries, 9);
    cr_assert_eq(rig_log()->pieces[0].first, 2);
    cr_assert_eq(rig_log()->pieces[0].count, 5);
    cr_assert_eq(rig_log()->done, map);
    rig_free();
}

Test(strategies, presize_raises_a_hint_that_is_too_small)
{
    const struct stw_link *link = chain(1, (const char *[]){"presize", "probe"}, 2);
    struct stw_map_need need = need_of(10, 500);
    need.type = &ints;
    cr_assert(stw_next_need_map(link, fake_mutator(0), &need));
    cr_assert_eq(rig_log()->need.hint_entries, 500);
    cr_assert_eq(rig_log()->need.expected_entries, 500);
    cr_assert_eq(rig_log()->need.struct_size, sizeof(struct stw_map_need));
    cr_assert_eq(rig_log()->need.type, &ints);
    cr_assert_eq(need.hint_entries, 10, "the caller's need is its own");
    rig_free();
}

Test(strategies, presize_keeps_larger_hints_and_unknown_expectations)
{
    const struct stw_link *link = chain(1, (const char *[]){"presize", "probe"}, 2);
    struct stw_map_need larger = need_of(600, 500), unknown = need_of(3, 0);
    stw_next_need_map(link, fake_mutator(0), &larger);
    cr_assert_eq(rig_log()->need.hint_entries, 600);
    stw_next_need_map(link, fake_mutator(0), &unknown);
    cr_assert_eq(rig_log()->need.hint_entries, 3);
    rig_free();
}

static uint64_t growths_of(const char *id)
{
    const struct stw_link *link = chain(1, &id, 1);
    struct stw_mutator *m = fake_mutator(0);
    struct stw_map_need need = need_of(0, 1000);
    void *map = stw_next_need_map(link, m, &need);
    struct stw_entries entries = entries_of(m, 1000);
    stw_next_merge(link, m, map, &entries, 0, 1000);
    expect_merged(link, m, map, 1000);
    uint64_t growths = m->counters[STW_COUNT_MAP_GROW];
    rig_free();
    return growths;
}

Test(strategies, presized_maps_do_not_grow)
{
    cr_assert_gt(growths_of("none"), 0);
    cr_assert_eq(growths_of("presize"), 0);
}

/* Merges [first, first + count) in chunks and compares with what they should be. */
static void expect_pieces(uint64_t chunk, uint64_t first, uint64_t count)
{
    chunk_values[0].as_u64 = chunk;
    const struct stw_link *link = chain(1, (const char *[]){"chunked-merge", "probe"}, 2);
    struct stw_mutator *m = fake_mutator(0);
    struct stw_map_need need = need_of(0, count);
    void *map = stw_next_need_map(link, m, &need);
    struct stw_entries entries = entries_of(m, first + count);
    stw_next_merge(link, m, map, &entries, first, count);
    uint64_t pieces = count == 0 ? 1 : (count + chunk - 1) / chunk;
    cr_assert_eq(rig_log()->merges, pieces);
    cr_assert_eq(rig_log()->merged, count);
    uint64_t at = first;
    for (uint64_t i = 0; i < pieces; i++) {
        cr_assert_eq(rig_log()->pieces[i].first, at);
        cr_assert_leq(rig_log()->pieces[i].count, chunk);
        at += rig_log()->pieces[i].count;
    }
    cr_assert_eq(at, first + count);
    cr_assert_eq(fake_counts()->yields, chunk_values[1].as_u64 ? pieces - 1 : 0);
    cr_assert_eq(stw_map_count(link, m, map), count);
    rig_free();
}

Test(strategies, chunked_merge_cuts_at_every_boundary)
{
    const uint64_t counts[] = {0, 1, 3, 4, 5, 7, 8, 9, 63};
    for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        expect_pieces(4, 0, counts[i]);
        expect_pieces(4, 5, counts[i]);
    }
    expect_pieces(1, 0, 17);
    expect_pieces(1073741824, 0, 100);
}

Test(strategies, chunked_merge_yields_only_when_asked)
{
    chunk_values[1].as_u64 = 0;
    expect_pieces(4, 0, 63);
}

Test(strategies, chunked_merge_leaves_other_intents_alone)
{
    const struct stw_link *link = chain(1, (const char *[]){"chunked-merge", "probe"}, 2);
    struct stw_mutator *m = fake_mutator(0);
    struct stw_map_need need = need_of(1, 2);
    void *map = stw_next_need_map(link, m, &need);
    stw_next_request_begin(link, m);
    stw_next_done_map(link, m, &ints, map);
    cr_assert_str_eq(rig_log()->order, "nrd");
    rig_free();
}

/* gc-off.O2 */
Test(strategies, gc_off_lasts_from_the_first_begin_to_the_last_end)
{
    const struct stw_link *link = chain(3, (const char *[]){"gc-off", "probe"}, 2);
    cr_assert_eq(fake_gc_percent(), 100);
    for (uint32_t i = 0; i < 3; i++) {
        stw_next_begin(link, fake_mutator(i));
        cr_assert_eq(fake_gc_percent(), STW_GC_OFF);
    }
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(fake_gc_percent(), STW_GC_OFF);
        stw_next_end(link, fake_mutator(i));
    }
    cr_assert_eq(fake_gc_percent(), 100);
    cr_assert_str_eq(rig_log()->order, "bbbeee");
    rig_free();
}

/* gc-off.O1, in this and the next. */
Test(strategies, gc_off_restores_the_setting_that_it_found)
{
    const struct stw_link *link = chain(1, (const char *[]){"gc-off"}, 1);
    struct stw_mutator *m = fake_mutator(0);
    m->host->set_gc_percent(m->host, m, 250);
    stw_next_begin(link, m);
    stw_next_end(link, m);
    cr_assert_eq(fake_gc_percent(), 250);
    rig_free();
}

Test(strategies, gc_off_leaves_a_collector_off_that_was_off)
{
    const struct stw_link *link = chain(2, (const char *[]){"gc-off"}, 1);
    fake_mutator(0)->host->set_gc_percent(fake_mutator(0)->host, fake_mutator(0), STW_GC_OFF);
    for (uint32_t i = 0; i < 2; i++)
        stw_next_begin(link, fake_mutator(i));
    for (uint32_t i = 0; i < 2; i++)
        stw_next_end(link, fake_mutator(i));
    cr_assert_eq(fake_gc_percent(), STW_GC_OFF);
    rig_free();
}

Test(strategies, gc_off_twice_is_gc_off_once)
{
    const struct stw_link *link = chain(2, (const char *[]){"gc-off", "gc-off"}, 2);
    for (uint32_t i = 0; i < 2; i++)
        stw_next_begin(link, fake_mutator(i));
    cr_assert_eq(fake_gc_percent(), STW_GC_OFF);
    for (uint32_t i = 0; i < 2; i++)
        stw_next_end(link, fake_mutator(i));
    cr_assert_eq(fake_gc_percent(), 100);
    rig_free();
}

/* Two mutators merge twice each; every map must hold what was merged, the percent must be right. */
static void run_chain(const char *const *ids, uint32_t count, int is_off)
{
    const struct stw_link *link = chain(2, ids, count);
    for (uint32_t i = 0; i < 2; i++)
        stw_next_begin(link, fake_mutator(i));
    cr_assert_eq(fake_gc_percent(), is_off ? STW_GC_OFF : 100);
    for (uint32_t round = 0; round < 4; round++) {
        struct stw_mutator *m = fake_mutator(round % 2);
        struct stw_map_need need = need_of(0, ENTRIES);
        void *map = stw_next_need_map(link, m, &need);
        cr_assert_eq(stw_map_count(link, m, map), 0);
        struct stw_entries entries = entries_of(m, ENTRIES);
        stw_next_merge(link, m, map, &entries, 0, ENTRIES);
        expect_merged(link, m, map, ENTRIES);
        stw_next_done_map(link, m, &ints, map);
        if (round % 2)
            fake_run_hooks();
    }
    for (uint32_t i = 0; i < 2; i++)
        stw_next_end(link, fake_mutator(i));
    cr_assert_eq(fake_gc_percent(), 100);
}

Test(strategies, pairs_compose_in_both_orders)
{
    const char *const names[] = {"none", "presize", "gc-off", "chunked-merge", "pool"};
    for (uint32_t a = 0; a < 5; a++) {
        for (uint32_t b = 0; b < 5; b++) {
            const char *ids[] = {names[a], names[b], "probe"};
            run_chain(ids, 3, a == 2 || b == 2);
            int pools = a == 4 || b == 4, presizes = a == 1 || b == 1, cuts = a == 3 || b == 3;
            cr_assert_eq(rig_log()->dones, pools ? 0 : 4, "%s + %s", ids[0], ids[1]);
            cr_assert_eq(rig_log()->need.hint_entries, presizes ? ENTRIES : 0, "%s + %s", ids[0],
                         ids[1]);
            cr_assert_eq(rig_log()->merges, cuts ? 4 * ENTRIES / 4 : 4, "%s + %s", ids[0], ids[1]);
            rig_free();
        }
    }
}

Test(strategies, all_compose_in_every_order)
{
    const char *const names[] = {"presize", "gc-off", "chunked-merge", "pool"};
    for (uint32_t order = 0; order < 256; order++) {
        const char *ids[5] = {names[order & 3], names[order >> 2 & 3], names[order >> 4 & 3],
                              names[order >> 6], "probe"};
        uint32_t used = 1u << (order & 3) | 1u << (order >> 2 & 3) | 1u << (order >> 4 & 3)
                        | 1u << (order >> 6);
        if (used != 15)
            continue;
        run_chain(ids, 5, 1);
        cr_assert_eq(rig_log()->need.hint_entries, ENTRIES);
        cr_assert_eq(rig_log()->merges, ENTRIES);
        cr_assert_eq(rig_log()->needs, 2, "each mutator makes one map and takes it again");
        rig_free();
    }
}
