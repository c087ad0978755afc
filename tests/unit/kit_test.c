/* Goal: what stwlab/kit.h gives is what its comments say: plugins of all authors stand on it.
 * Method: types against offsetof; keys against a set and against what earlier versions generated;
 * parameters from a configuration made by hand; tallies over the simple map, filled in two orders;
 * roots by what they keep alive. */
#include "testing/simple_map.h"

#include <criterion/criterion.h>
#include <stwlab/testing.h>
#include <stwlab/kit.h>

struct key {
    uint64_t length;
    const char *bytes;
};

struct sample {
    uint64_t number;
    struct sample *next;
    struct key key;
    void *items[3];
    uint64_t tail;
};

STW_TYPE_OF(sample_type, struct sample, "sample", next, key.bytes, items[0], items[1], items[2]);
STW_TYPE_OF(one_type, struct key, "one", bytes);
STW_TYPE_OF_POINTERS(pointers_type, "pointers");

Test(kit, types_say_where_the_pointers_are)
{
    cr_assert_eq(sample_type.struct_size, sizeof(struct stw_type));
    cr_assert_eq(sample_type.element_bytes, sizeof(struct sample));
    cr_assert_eq(sample_type.pointer_bytes, offsetof(struct sample, tail));
    cr_assert_eq(sample_type.pointer_mask[0], 0x7a, "words 1, 3, 4, 5 and 6");
    cr_assert_str_eq(sample_type.name, "sample");
    cr_assert_eq(one_type.pointer_mask[0], 2);
    cr_assert_eq(one_type.pointer_bytes, 16);
    cr_assert_eq(pointers_type.element_bytes, sizeof(void *));
    cr_assert_eq(pointers_type.pointer_mask[0], 1);
}

Test(kit, mixing_is_split_mix_64)
{
    uint64_t state = 1234567; /* the values that its authors publish for this seed */
    cr_assert_eq(stw_random(&state), 6457827717110365317ull);
    cr_assert_eq(stw_random(&state), 3203168211198807973ull);
    cr_assert_eq(stw_random(&state), 9817491932198370423ull);
    cr_assert_eq(stw_mix(0), 0);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

Test(kit, keys_are_distinct_and_never_empty)
{
    enum { KEYS = 20000 };
    static char texts[KEYS][STW_KEY_TEXT_BYTES + 1];
    for (uint32_t keys = STW_KEYS_SEQUENTIAL; keys <= STW_KEYS_RANDOM; keys++) {
        memset(texts, 0, sizeof texts);
        for (uint64_t i = 0; i < KEYS; i++) {
            uint64_t length = stw_key_text(keys, i * 977, stw_mix(5), texts[i]);
            cr_assert(length > 0 && length == strlen(texts[i]) && length < STW_KEY_TEXT_BYTES);
            cr_assert(keys == STW_KEYS_SEQUENTIAL || (length >= 8 && length <= 24));
        }
        qsort(texts, KEYS, sizeof texts[0], compare_texts);
        for (uint64_t i = 1; i < KEYS; i++)
            cr_assert_str_neq(texts[i - 1], texts[i]);
    }
}

Test(kit, keys_are_those_that_results_were_computed_from)
{
    const struct { uint32_t keys; uint64_t index, salt; const char *text; } wanted[] = {
        {STW_KEYS_SEQUENTIAL, 0, 7, "key-00000000"},
        {STW_KEYS_SEQUENTIAL, 65535, 0, "key-00065535"},
        {STW_KEYS_SEQUENTIAL, 99999999, 0, "key-99999999"},
        {STW_KEYS_SEQUENTIAL, 1234567890123, 0, "key-1234567890123"},
        {STW_KEYS_RANDOM, 0, 7, "ineaifhem"},
        {STW_KEYS_RANDOM, 65535, 12345, "tthvrykfzj"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char text[STW_KEY_TEXT_BYTES + 1] = {0};
        stw_key_text(wanted[i].keys, wanted[i].index, wanted[i].salt, text);
        cr_assert_str_eq(text, wanted[i].text);
    }
    cr_assert_eq(stw_key_number(STW_KEYS_SEQUENTIAL, 9, 5), 9);
    cr_assert_eq(stw_key_number(STW_KEYS_RANDOM, 9, 5), stw_mix(9 ^ 5));
}

struct plan {
    uint32_t choice;
    uint32_t flag;
    double ratio;
    const char *text;
    const struct stw_host *host;
    uint64_t untouched;
    uint64_t number;
    struct stw_counter hits;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, number, "n"),
    STW_BIND_F64(struct plan, ratio, "ratio"),
    STW_BIND_BOOL(struct plan, flag, "deep"),
    STW_BIND_TEXT(struct plan, text, "source"),
    STW_BIND_CHOICE(struct plan, choice, "shape"),
    STW_BIND_COUNTER(struct plan, hits, "hits"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

Test(kit, parameters_and_counters_reach_their_fields)
{
    static const struct stw_value values[] = {
        {.name = "shape", .type = STW_TYPE_CHOICE, .choice = 2, .as_text = "c"},
        {.name = "n", .type = STW_TYPE_U64, .as_u64 = 1ull << 40},
        {.name = "ratio", .type = STW_TYPE_F64, .as_f64 = 0.25},
        {.name = "deep", .type = STW_TYPE_BOOL, .as_u64 = 1},
        {.name = "source", .type = STW_TYPE_TEXT, .as_text = "here"},
    };
    uint64_t shared = 0;
    const struct stw_named_counter counters[] = {{"misses", {&shared, 3}}, {"hits", {&shared, 4}}};
    struct stw_config config = {.struct_size = sizeof config, .value_count = 5, .values = values,
                                .counter_count = 2, .counters = counters};
    struct stw_error error = {.struct_size = sizeof error};
    const struct stw_host *host = fake_host_new(1);
    void *self = NULL;
    cr_assert_eq(create(host, &config, &error, &self), STW_OK);
    const struct plan *plan = self;
    cr_assert_eq(plan->number, 1ull << 40);
    cr_assert(plan->ratio > 0.24 && plan->ratio < 0.26);
    cr_assert_eq(plan->flag, 1);
    cr_assert_eq(plan->choice, 2);
    cr_assert_str_eq(plan->text, "here");
    cr_assert_eq(plan->host, host);
    cr_assert_eq(plan->hits.index, 4);
    cr_assert_eq(plan->untouched, 0);
    free(self);
    fake_host_free();
}

static stw_status takes_words(void *self, const struct stw_map_type *type, struct stw_error *error)
{
    (void)error;
    return type->value_bytes <= *(const uint64_t *)self ? STW_OK : STW_E_UNSUPPORTED;
}

Test(kit, a_type_is_accepted_by_all_links_or_not_at_all)
{
    const struct stw_map_ops ops = {.struct_size = sizeof ops, .accept = takes_words};
    const struct stw_map_type one = {sizeof one, STW_KEY_U64, 8, 0, 0, NULL},
                              two = {sizeof two, STW_KEY_U64, 16, 0, 0, NULL};
    uint64_t many = 64, few = 8;
    struct stw_link inner = {.struct_size = sizeof inner, .map_ops = &ops, .map_self = &few};
    struct stw_link outer = {.struct_size = sizeof outer, .map_ops = &ops, .map_self = &many,
                             .next = &inner};
    cr_assert(stw_map_accepts(&outer, &one));
    cr_assert_not(stw_map_accepts(&outer, &two), "the inner one does not take it");
    outer.next = NULL;
    cr_assert(stw_map_accepts(&outer, &two));
    outer.map_self = &few;
    cr_assert_not(stw_map_accepts(&outer, &two));
}

/* Entries first, first + step and so on, as many as there are. */
static uint64_t tally_of(const struct stw_map_type *type, uint64_t entries, uint64_t step)
{
    struct stw_mutator *m = fake_mutator(0);
    const struct stw_link link = {.struct_size = sizeof link, .map_ops = &stw_simple_map_ops};
    void *map = stw_simple_map_ops.make(NULL, m, type, 0);
    for (uint64_t i = 0; i < entries; i++) {
        uint64_t index = i * step % entries, value[2] = {stw_mix(index), index};
        struct stw_string *string = stw_alloc(m, sizeof *string, NULL);
        char text[STW_KEY_TEXT_BYTES];
        uint64_t length = stw_key_text(STW_KEYS_RANDOM, index, 1, text);
        stw_string_set(m, string, text, length);
        uint64_t number = stw_key_number(STW_KEYS_RANDOM, index, 1);
        const void *key = type->key == STW_KEY_STRING ? (const void *)string : &number;
        stw_map_assign(&link, m, map, key, value);
    }
    return stw_tally_map(&link, m, type, map);
}

Test(kit, a_tally_does_not_depend_on_the_order_and_sees_every_entry)
{
    const struct stw_map_type types[] = {
        {sizeof types[0], STW_KEY_U64, 8, 0, 0, NULL},
        {sizeof types[0], STW_KEY_STRING, 8, 0, 0, NULL},
        {sizeof types[0], STW_KEY_BYTES, 16, 8, 0, NULL},
        {sizeof types[0], STW_KEY_STRING, 0, 0, 0, NULL},
    };
    fake_host_new(1);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        uint64_t sum = tally_of(&types[i], 1009, 1);
        cr_assert_eq(tally_of(&types[i], 1009, 17), sum, "type %zu", i);
        cr_assert_neq(tally_of(&types[i], 1008, 1), sum, "type %zu", i);
    }
    fake_host_free();
}

/* In room for any kind of key: compilers look at all of them. */
static uint64_t fold_key(const struct stw_map_type *type, const char *text)
{
    char key[sizeof(struct stw_string)] = {0};
    memcpy(key, text, strlen(text));
    return stw_fold_key(type, key);
}

Test(kit, an_entry_changes_its_tally)
{
    const struct stw_map_type type = {sizeof type, STW_KEY_BYTES, 12, 5, 0, NULL};
    const char value[] = "0123456789ab";
    uint64_t key = fold_key(&type, "abcdef"), folded_value = stw_fold_value(&type, value);
    cr_assert_eq(fold_key(&type, "abcdex"), key, "its bytes only");
    cr_assert_neq(fold_key(&type, "abcdx"), key);
    cr_assert_neq(stw_fold_value(&type, "0123456789aX"), folded_value);
    cr_assert_neq(stw_fold_entry(fold_key(&type, "bbcde"), folded_value),
                  stw_fold_entry(key, folded_value));
}

Test(kit, a_mutators_roots_keep_what_it_stored)
{
    struct stw_mutator_roots roots = {0};
    const struct stw_host *host = fake_host_new(3);
    cr_assert_eq(stw_mutator_roots_add(&roots, host, 9), STW_OK);
    void *cells[3];
    for (uint32_t i = 0; i < 3; i++) {
        struct stw_mutator *m = fake_mutator(i);
        cells[i] = stw_alloc(m, 32, NULL);
        for (uint32_t word = 0; word < 9; word++)
            cr_assert_null(stw_mutator_roots_of(&roots, m)[word]);
        stw_store(m, &stw_mutator_roots_of(&roots, m)[8], cells[i]);
        cr_assert_eq((uintptr_t)stw_mutator_roots_of(&roots, m) % STW_CACHE_LINE, 0);
    }
    stw_store(fake_mutator(1), &stw_mutator_roots_of(&roots, fake_mutator(1))[8], NULL);
    fake_mark_roots();
    cr_assert(fake_is_marked(cells[0]) && fake_is_marked(cells[2]));
    cr_assert_not(fake_is_marked(cells[1]));
    stw_mutator_roots_remove(&roots);
    cr_assert_eq(fake_root_words(), 0);
    fake_host_free();
}
