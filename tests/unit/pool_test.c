/* unit/pool_test.c: the pool behaves like Go's sync.Pool, and holds nothing that it gave away.
 *
 * Method: chains that end in the rig's probe, which tells a new map from a pooled one. Cycles are
 * hook calls; what is alive is found by marking from the roots that the pool registered. Under
 * real threads: stress/pool_race.c. */
/* sources: strategies/pool.c */
#include "pool_config.h"
#include "testing/rig.h"

#include <criterion/criterion.h>

const struct stw_descriptor *stw_plugin_entry_pool(void);

#define MANY 64u

static const struct stw_map_type ints = {sizeof ints, STW_KEY_U64, 8, 0, 0, NULL};
static const struct stw_map_type strings = {sizeof strings, STW_KEY_STRING, 8, 0, 0, NULL};
static const struct stw_link *link_;

static void pool_new_on(uint32_t mutators, const struct stw_host *host)
{
    const struct rig_part parts[] = {{"pool", stw_plugin_entry_pool(), pool_config()},
                                     {"probe", rig_probe(), NULL}};
    link_ = rig_new(mutators, parts, 2, host);
}

static void pool_new(uint32_t mutators)
{
    pool_new_on(mutators, NULL);
}

static void *take_of(uint32_t mutator, const struct stw_map_type *type)
{
    const struct stw_map_need need = {sizeof need, 0, type, 0, 0};
    return stw_next_need_map(link_, fake_mutator(mutator), &need);
}

static void *take(uint32_t mutator)
{
    return take_of(mutator, &ints);
}

static void put(uint32_t mutator, void *map)
{
    stw_next_done_map(link_, fake_mutator(mutator), &ints, map);
}

/* New maps, by way of an empty pool. */
static void make(uint32_t mutator, void **maps, uint32_t count)
{
    uint64_t before = rig_log()->needs;
    for (uint32_t i = 0; i < count; i++)
        maps[i] = take(mutator);
    cr_assert_eq(rig_log()->needs, before + count, "the pool was not empty");
}

static int is_held(const void *map)
{
    fake_unmark();
    fake_mark_roots();
    return (int)fake_is_marked(map);
}

/* 1 if the pool had nothing and a new map was made. */
static int is_empty_for(uint32_t mutator)
{
    uint64_t before = rig_log()->needs;
    take(mutator);
    return rig_log()->needs == before + 1;
}

Test(pool, gives_back_what_was_put)
{
    pool_new(1);
    void *map = take(0);
    put(0, map);
    cr_assert_eq(take(0), map);
    cr_assert_eq(rig_log()->needs, 1);
    cr_assert_eq(rig_log()->dones, 0, "a map that is kept is not done with");
    rig_free();
}

Test(pool, clears_a_map_before_it_is_used_again)
{
    pool_new(1);
    struct stw_mutator *m = fake_mutator(0);
    void *map = take(0);
    for (uint64_t key = 0; key < 1000; key++)
        stw_map_assign(link_, m, map, &key, &key);
    struct stw_map_stats full, again;
    stw_map_get_stats(link_, m, map, &full);
    put(0, map);
    cr_assert_eq(stw_map_count(link_, m, map), 1000, "not when it is put");
    cr_assert_eq(take(0), map);
    stw_map_get_stats(link_, m, map, &again);
    cr_assert_eq(again.entries, 0);
    cr_assert_eq(again.bucket_bytes, full.bucket_bytes, "a pooled map keeps its arrays");
    rig_free();
}

Test(pool, takes_private_first_then_the_newest)
{
    pool_new(1);
    void *maps[4];
    make(0, maps, 4);
    for (uint32_t i = 0; i < 4; i++)
        put(0, maps[i]);
    cr_assert_eq(take(0), maps[0]);
    cr_assert_eq(take(0), maps[3]);
    cr_assert_eq(take(0), maps[2]);
    cr_assert_eq(take(0), maps[1]);
    cr_assert(is_empty_for(0));
    rig_free();
}

Test(pool, steals_the_oldest_but_never_what_is_private)
{
    pool_new(3);
    void *maps[3];
    make(0, maps, 3);
    for (uint32_t i = 0; i < 3; i++)
        put(0, maps[i]);
    cr_assert_eq(take(2), maps[1]);
    cr_assert_eq(take(1), maps[2]);
    cr_assert(is_empty_for(1));
    cr_assert_eq(take(0), maps[0]);
    rig_free();
}

Test(pool, a_map_survives_one_cycle_and_is_gone_after_two)
{
    pool_new(1);
    void *maps[2];
    make(0, maps, 2);
    put(0, maps[0]);
    put(0, maps[1]);
    fake_run_hooks();
    cr_assert(is_held(maps[0]) && is_held(maps[1]));
    fake_run_hooks();
    cr_assert_not(is_held(maps[0]) || is_held(maps[1]));
    cr_assert(is_empty_for(0));
    rig_free();
}

Test(pool, takes_from_the_victim_when_the_rest_is_empty)
{
    pool_new(2);
    void *maps[4];
    make(0, maps, 4);
    for (uint32_t i = 0; i < 3; i++)
        put(0, maps[i]);
    fake_run_hooks();
    put(0, maps[3]);
    cr_assert_eq(take(0), maps[3], "local before victim");
    cr_assert_eq(take(0), maps[0], "own private of the victim");
    cr_assert_eq(take(0), maps[1], "own tail of the victim");
    cr_assert_eq(take(1), maps[2], "another's tail of the victim");
    cr_assert(is_empty_for(1));
    rig_free();
}

Test(pool, a_map_used_in_every_cycle_stays)
{
    pool_new(1);
    void *map = take(0);
    for (uint32_t i = 0; i < 10; i++) {
        put(0, map);
        fake_run_hooks();
        cr_assert_eq(take(0), map);
    }
    rig_free();
}

Test(pool, a_victim_found_empty_is_not_searched_until_the_next_cycle)
{
    pool_new(2);
    void *map = take(0);
    put(0, map);
    fake_run_hooks();
    cr_assert(is_empty_for(1), "private to another mutator");
    cr_assert(is_empty_for(0), "Go: sync/pool.go, getSlow, victimSize");
    fake_run_hooks();
    cr_assert_not(is_held(map));
    rig_free();
}

/* pool.P2: null keeps a slot from holding on to a map. */
Test(pool, holds_no_map_that_it_gave_away)
{
    pool_new(2);
    void *maps[4];
    make(0, maps, 4);
    for (uint32_t i = 0; i < 4; i++)
        put(0, maps[i]);
    take(0);
    cr_assert_not(is_held(maps[0]), "private");
    take(0);
    cr_assert_not(is_held(maps[3]), "own head");
    take(1);
    cr_assert_not(is_held(maps[1]), "another's tail");
    fake_run_hooks();
    take(1);
    cr_assert_not(is_held(maps[2]), "victim's tail");
    put(0, maps[0]);
    fake_run_hooks();
    take(0);
    cr_assert_not(is_held(maps[0]), "victim's private");
    rig_free();
}

/* pool.P3 */
Test(pool, chains_of_rings_keep_all_that_they_are_given)
{
    pool_new(2);
    void *maps[MANY];
    make(0, maps, MANY);
    uint64_t words = fake_root_words();
    for (uint32_t i = 0; i < MANY; i++)
        put(0, maps[i]);
    cr_assert_eq(fake_root_words(), words + 8 + 16 + 32 + 64, "63 maps in rings from 8 upwards");
    for (uint32_t i = 1; i < MANY / 2; i++)
        cr_assert_eq(take(1), maps[i], "thieves empty the rings from the oldest on");
    cr_assert_eq(take(0), maps[0]);
    for (uint32_t i = MANY - 1; i >= MANY / 2; i--)
        cr_assert_eq(take(0), maps[i], "the owner from the newest on");
    cr_assert(is_empty_for(0));
    rig_free();
}

Test(pool, rings_are_reused_round_and_round)
{
    pool_new(1);
    void *maps[8];
    make(0, maps, 8);
    put(0, maps[0]);
    put(0, maps[1]);
    uint64_t words = fake_root_words();
    for (uint32_t i = 0; i < 1000; i++) {
        for (uint32_t k = 2; k < 8; k++)
            put(0, maps[k]);
        for (uint32_t k = 7; k >= 2; k--)
            cr_assert_eq(take(0), k == 7 ? maps[0] : maps[k + 1]);
        void *last = take(0);
        cr_assert_eq(last, maps[2]);
        put(0, maps[0]);
    }
    cr_assert_eq(fake_root_words(), words);
    rig_free();
}

/* pool.P4: a ring that thieves emptied goes at the first use after the next stop. */
Test(pool, empty_rings_stop_being_roots_after_a_cycle)
{
    pool_new(2);
    void *maps[32];
    uint64_t words = fake_root_words();
    make(0, maps, 32);
    for (uint32_t i = 0; i < 32; i++)
        put(0, maps[i]);
    for (uint32_t i = 0; i < 30; i++)
        take(1);
    uint64_t full = fake_root_words();
    cr_assert_eq(full, words + 8 + 16 + 32);
    take(1);
    cr_assert_eq(fake_root_words(), full, "another thread might still look at them");
    fake_run_hooks();
    cr_assert_eq(fake_root_words(), full, "the hook does not call back");
    take(1);
    cr_assert_eq(fake_root_words(), words + 32, "the ring in use has become the victim");
    fake_run_hooks();
    take(1);
    cr_assert_eq(fake_root_words(), words);
    rig_free();
}

Test(pool, kinds_of_maps_are_kept_apart)
{
    pool_new(1);
    const struct stw_map_type twin = ints;
    void *map = take(0);
    put(0, map);
    void *other = take_of(0, &strings);
    cr_assert_neq(other, map);
    cr_assert_eq(take_of(0, &twin), map, "equal contents are one kind");
    stw_next_done_map(link_, fake_mutator(0), &strings, other);
    cr_assert_neq(take(0), other);
    cr_assert_eq(take_of(0, &strings), other);
    rig_free();
}

Test(pool, kinds_beyond_the_fourth_pass_by)
{
    pool_new(1);
    struct stw_map_type types[6];
    for (uint32_t i = 0; i < 6; i++)
        types[i] = (struct stw_map_type){sizeof types[i], STW_KEY_U64, 8 * (i + 1), 0, 0, NULL};
    for (uint32_t i = 0; i < 6; i++) {
        void *map = take_of(0, &types[i]);
        stw_next_done_map(link_, fake_mutator(0), &types[i], map);
        cr_assert_eq(rig_log()->dones, i < 4 ? 0 : i - 3);
        cr_assert_eq(take_of(0, &types[i]) == map, i < 4);
    }
    rig_free();
}

Test(pool, writes_its_roots_with_the_barrier)
{
    pool_new(2);
    void *maps[MANY];
    make(0, maps, MANY);
    for (uint32_t i = 0; i < MANY / 2; i++)
        put(0, maps[i]);
    fake_run_hooks();
    for (uint32_t i = MANY / 2; i < MANY - 4; i++)
        put(0, maps[i]);
    fake_marking_begin();
    for (uint32_t i = 0; i < MANY; i++)
        take(i % 2);
    for (uint32_t i = MANY - 4; i < MANY; i++)
        put(0, maps[i]);
    cr_assert_eq(fake_marking_check(), 0);
    fake_marking_end();
    rig_free();
}

Test(pool, leaves_no_roots_behind)
{
    pool_new(2);
    void *maps[MANY];
    make(0, maps, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        put(i % 2, maps[i]);
    for (uint32_t i = 0; i < 20; i++)
        take(1);
    fake_run_hooks();
    put(0, maps[0]);
    put(0, maps[1]);
    rig_destroy_parts();
    cr_assert_eq(fake_root_words(), 0);
    rig_free();
}

/* Hosts that differ from the fake one in root_add. */

static const struct stw_host *fake_table;
static uint32_t adds_left;

static stw_status add_some(const struct stw_host *host, void **words, uint64_t count)
{
    (void)host;
    if (adds_left == 0)
        return STW_E_NOMEM;
    adds_left--;
    return fake_table->root_add(fake_table, words, count);
}

static stw_status add_and_collect(const struct stw_host *host, void **words, uint64_t count)
{
    (void)host;
    stw_status status = fake_table->root_add(fake_table, words, count);
    fake_run_hooks();
    return status;
}

/* The table outlives every fake host, so a copy can be made before the rig has one. */
static const struct stw_host *host_with(stw_status (*root_add)(const struct stw_host *host,
                                                               void **words, uint64_t count))
{
    static struct stw_host host;
    fake_table = fake_host_new(1);
    host = *fake_table;
    host.root_add = root_add;
    return &host;
}

Test(pool, a_map_that_finds_no_room_is_done_with)
{
    adds_left = 2;
    pool_new_on(1, host_with(add_some));
    void *maps[12];
    make(0, maps, 12);
    for (uint32_t i = 0; i < 12; i++)
        put(0, maps[i]);
    cr_assert_eq(rig_log()->dones, 3, "one private, eight in the first ring");
    cr_assert_eq(rig_log()->done, maps[11]);
    cr_assert_eq(take(0), maps[0]);
    cr_assert_eq(take(0), maps[8]);
    rig_free();
}

Test(pool, a_stop_while_a_ring_is_added_loses_no_map)
{
    pool_new_on(1, host_with(add_and_collect));
    void *maps[20];
    make(0, maps, 20);
    for (uint32_t i = 0; i < 20; i++) {
        put(0, maps[i]);
        cr_assert(is_held(maps[i]));
    }
    cr_assert_eq(rig_log()->dones, 0);
    cr_assert_not(is_held(maps[0]), "the second stop dropped what the first made the victim");
    for (uint32_t left = 19; left > 0; left--)
        cr_assert_not(is_empty_for(0));
    cr_assert(is_empty_for(0));
    rig_free();
}

static void no_hook(void *context)
{
    (void)context;
}

Test(pool, create_fails_cleanly)
{
    struct stw_loaded loaded;
    struct stw_error error = {.struct_size = sizeof error};
    adds_left = 0;
    const struct stw_host *host = host_with(add_some);
    void *self = NULL;
    rig_adopt(STW_KIND_STRATEGY, "pool", stw_plugin_entry_pool(), &loaded);
    cr_assert_eq(loaded.ops.strategy.create(host, pool_config(), &error, &self), STW_E_NOMEM);
    cr_assert_str_eq(error.message, "pool: out of memory");
    for (uint32_t i = 0; i < 16; i++)
        cr_assert_eq(fake_table->cycle_hook_add(fake_table, no_hook, NULL), STW_OK);
    adds_left = 1;
    cr_assert_eq(loaded.ops.strategy.create(host, pool_config(), &error, &self), STW_E_NOMEM);
    cr_assert_str_eq(error.message, "pool: no room for a cycle hook");
    cr_assert_eq(fake_root_words(), 0);
    fake_host_free();
}
