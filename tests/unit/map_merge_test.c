/* unit/map_merge_test.c: the workload map-merge: what it asks for, what it keeps, what it computes.
 *
 * Method: the workload runs over the rig's chains, operation by operation, on fake mutators. Its
 * checksum is compared between chains that must agree and between inputs that must not. */
/* sources: experiments/workloads/map-merge.c strategies/presize.c strategies/chunked-merge.c strategies/pool.c */
#include "host/runtime.h"
#include "pool_config.h"
#include "testing/rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct stw_descriptor *stw_plugin_entry_map_merge(void);
const struct stw_descriptor *stw_plugin_entry_presize(void);
const struct stw_descriptor *stw_plugin_entry_chunked_merge(void);
const struct stw_descriptor *stw_plugin_entry_pool(void);

/* A trial's settings. */
struct settings {
    uint64_t n, merges, live, hint, seed;
    uint32_t key;     /* 0: int, 1: string */
    const char *keys;
    uint32_t mutators;
};

static const struct settings usual = {
    .n = 300, .merges = 5, .seed = 1, .keys = "sequential", .mutators = 1};

static struct stw_loaded workload;
static struct stw_trial trial;
static void *states[4];

static const struct rig_part probe_only[] = {{"probe", NULL, NULL}};

static stw_status create(const struct settings *s, const struct stw_host *host,
                         struct stw_error *error)
{
    static struct stw_value values[6];
    static struct stw_config config = {
        .struct_size = sizeof config, .value_count = 6, .values = values};
    values[0] = (struct stw_value){.name = "n", .type = STW_TYPE_U64, .as_u64 = s->n};
    values[1] = (struct stw_value){.name = "key", .type = STW_TYPE_CHOICE, .choice = s->key,
                                   .as_text = s->key ? "string" : "int"};
    values[2] = (struct stw_value){.name = "keys", .type = STW_TYPE_TEXT, .as_text = s->keys};
    values[3] = (struct stw_value){.name = "merges", .type = STW_TYPE_U64, .as_u64 = s->merges};
    values[4] = (struct stw_value){.name = "live", .type = STW_TYPE_U64, .as_u64 = s->live};
    values[5] = (struct stw_value){.name = "hint", .type = STW_TYPE_U64, .as_u64 = s->hint};
    static struct stw_plugin_info info;
    rig_adopt(STW_KIND_WORKLOAD, "map-merge", stw_plugin_entry_map_merge(), &workload);
    info = *workload.info;
    strcpy(info.operations, "merges"); /* as the manifest says, which is in no shared object here */
    workload.info = &info;
    cr_assert_eq(stw_plugin_configure(&workload, &config, error), STW_OK);
    return workload.ops.workload.create(host, &config, error, &workload.self);
}

/* Builds the chain and the workload, and sets all mutators up. Null parts: the probe alone. */
static void start(const struct settings *s, const struct rig_part *parts, uint32_t count)
{
    struct rig_part chain[RIG_PARTS];
    if (!parts) {
        parts = probe_only;
        count = 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        chain[i] = parts[i];
        if (!chain[i].descriptor)
            chain[i].descriptor = rig_probe();
    }
    const struct stw_link *link = rig_new(s->mutators, chain, count, NULL);
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(create(s, fake_mutator(0)->host, &error), STW_OK, "%s", error.message);
    trial = (struct stw_trial){sizeof trial, s->mutators, s->seed, link};
    for (uint32_t i = 0; i < s->mutators; i++) {
        struct stw_mutator *m = fake_mutator(i);
        cr_assert_eq(m->host->root_add(m->host, &states[i], 1), STW_OK);
        void *state = NULL;
        cr_assert_eq(workload.ops.workload.setup(workload.self, m, &trial, &error, &state),
                     STW_OK);
        stw_store(m, &states[i], state);
    }
}

static void operate(uint32_t mutator, uint64_t number)
{
    workload.ops.workload.operate(workload.self, fake_mutator(mutator), states[mutator], number);
}

static void operate_all(void)
{
    uint64_t count = workload.ops.workload.operations(workload.self);
    for (uint64_t number = 0; number < count; number++)
        for (uint32_t i = 0; i < trial.mutator_count; i++)
            operate(i, number);
}

static uint64_t checksum_of(uint32_t mutator)
{
    return workload.ops.workload.checksum(workload.self, fake_mutator(mutator), states[mutator]);
}

static struct stw_map_stats last_map(uint32_t mutator)
{
    struct stw_map_stats stats = {.struct_size = sizeof stats};
    workload.ops.workload.last_map(workload.self, fake_mutator(mutator), states[mutator], &stats);
    return stats;
}

static void finish(void)
{
    workload.ops.workload.destroy(workload.self);
    rig_free();
}

/* The checksum of a whole trial on a chain. */
static uint64_t run_on(const struct settings *s, const struct rig_part *parts, uint32_t count)
{
    start(s, parts, count);
    operate_all();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < s->mutators; i++)
        sum += checksum_of(i);
    finish();
    return sum;
}

static uint64_t run(const struct settings *s)
{
    return run_on(s, NULL, 0);
}

Test(map_merge, states_its_intents_in_order)
{
    struct settings s = usual;
    s.merges = 2;
    s.hint = 17;
    start(&s, NULL, 0);
    cr_assert_eq(workload.ops.workload.operations(workload.self), 2);
    operate(0, 0);
    cr_assert_str_eq(rig_log()->order, "rnmdRB");
    cr_assert_eq(rig_log()->need.hint_entries, 17);
    cr_assert_eq(rig_log()->need.expected_entries, 300);
    cr_assert_eq(rig_log()->pieces[0].first, 0);
    cr_assert_eq(rig_log()->pieces[0].count, 300);
    operate(0, 1);
    cr_assert_str_eq(rig_log()->order, "rnmdRBrnmRB", "the last map is not done with");
    cr_assert_eq(last_map(0).entries, 300);
    finish();
}

Test(map_merge, keeps_as_many_maps_alive_as_asked)
{
    struct settings s = usual;
    s.merges = 10;
    s.live = 3;
    start(&s, NULL, 0);
    void *maps[10];
    for (uint64_t i = 0; i < 10; i++) {
        operate(0, i);
        cr_assert_eq(rig_log()->dones, i < 3 ? 0 : i - 2);
        maps[i] = rig_log()->done;
    }
    for (uint32_t i = 4; i < 10; i++)
        cr_assert_neq(maps[i], maps[i - 1], "each map is done with once");
    fake_unmark();
    fake_mark_roots();
    cr_assert_not(fake_is_marked(maps[9]), "a map that fell out of the ring is garbage");
    finish();
}

/* Checks what a run keeps alive: cells of simple maps that the roots reach. */
static uint64_t live_maps(void)
{
    uint64_t count = 0;
    fake_unmark();
    fake_mark_roots();
    for (uint64_t i = 0; i < rig_log()->needs; i++)
        count += (uint64_t)fake_is_marked(rig_log()->maps[i]);
    return count;
}

Test(map_merge, what_it_keeps_is_reachable_from_its_state)
{
    struct settings s = usual;
    const uint64_t lives[] = {0, 1, 4, 20};
    s.merges = 12;
    for (uint32_t i = 0; i < 4; i++) {
        s.live = lives[i];
        start(&s, NULL, 0);
        operate_all();
        uint64_t expected = s.live == 0 ? 1 : s.live < 12 ? s.live : 12;
        cr_assert_eq(live_maps(), expected);
        stw_store(fake_mutator(0), &states[0], NULL); /* all that the host does at the end */
        cr_assert_eq(live_maps(), 0);
        finish();
    }
}

Test(map_merge, stores_pointers_with_the_barrier)
{
    struct settings s = usual;
    s.key = 1;
    s.live = 2;
    const struct rig_part pool = {"pool", stw_plugin_entry_pool(), pool_config()};
    start(&s, &pool, 1);
    fake_marking_begin();
    void *state = NULL;
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(workload.ops.workload.setup(workload.self, fake_mutator(0), &trial, &error,
                                             &state), STW_OK);
    stw_store(fake_mutator(0), &states[0], state);
    operate_all();
    checksum_of(0);
    cr_assert_eq(fake_marking_check(), 0);
    fake_marking_end();
    finish();
}

Test(map_merge, the_checksum_is_the_same_under_every_strategy)
{
    static const struct stw_value chunk[] = {
        {.name = "chunk", .type = STW_TYPE_U64, .as_u64 = 7},
        {.name = "yield", .type = STW_TYPE_BOOL, .as_u64 = 1}};
    const struct rig_part presize = {"presize", stw_plugin_entry_presize(), NULL};
    const struct stw_config config = {.struct_size = sizeof config, .value_count = 2,
                                      .values = chunk};
    const struct rig_part chunked = {"chunked-merge", stw_plugin_entry_chunked_merge(), &config};
    const struct rig_part pool = {"pool", stw_plugin_entry_pool(), pool_config()};
    const struct rig_part chains[][3] = {{presize}, {chunked}, {pool}, {presize, pool},
                                         {pool, presize}, {chunked, pool, presize}};
    const uint32_t counts[] = {1, 1, 1, 2, 2, 3};
    for (uint32_t input = 0; input < 8; input++) {
        struct settings s = usual;
        s.key = input & 1;
        s.keys = input & 2 ? "random" : "sequential";
        s.live = input & 4 ? 2 : 0;
        s.mutators = 2;
        uint64_t expected = run(&s);
        for (uint32_t i = 0; i < 6; i++)
            cr_assert_eq(run_on(&s, chains[i], counts[i]), expected, "input %u chain %u", input, i);
    }
}

Test(map_merge, the_checksum_tells_inputs_apart)
{
    struct settings inputs[9];
    uint64_t sums[9];
    for (uint32_t i = 0; i < 9; i++)
        inputs[i] = usual;
    inputs[1].seed = 2;
    inputs[2].n = 301;
    inputs[3].key = 1;
    inputs[4].keys = "random";
    inputs[5].merges = 6;
    inputs[6].n = 0;
    inputs[7].mutators = 2;
    inputs[8].key = 1;
    inputs[8].keys = "random";
    for (uint32_t i = 0; i < 9; i++) {
        sums[i] = run(&inputs[i]);
        cr_assert_eq(run(&inputs[i]), sums[i], "input %u is not repeatable", i);
        for (uint32_t k = 0; k < i; k++)
            cr_assert_neq(sums[i], sums[k], "inputs %u and %u", i, k);
    }
}

/* map-merge.M1 */
Test(map_merge, all_mutators_compute_the_same)
{
    struct settings s = usual;
    s.keys = "random";
    s.mutators = 3;
    start(&s, NULL, 0);
    operate_all();
    cr_assert_eq(checksum_of(0), checksum_of(1));
    cr_assert_eq(checksum_of(1), checksum_of(2));
    cr_assert_neq(checksum_of(0), 0);
    finish();
}

Test(map_merge, live_maps_and_hints_do_not_change_the_checksum)
{
    struct settings s = usual;
    uint64_t expected = run(&s);
    s.live = 3;
    cr_assert_eq(run(&s), expected);
    s.hint = 1000;
    cr_assert_eq(run(&s), expected);
}

/* Loses the last entry of each merge. */
static void lose_one(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                     const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count - 1);
}

/* Changes a value after each merge. */
static void change_one(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                       const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count);
    uint64_t other = *(const uint64_t *)stw_entry_value(entries, first) + 1;
    stw_map_assign(next, m, map, entries->keys, &other);
}

/* Merges wrongly in one operation that is not the last. */
static void lose_one_early(void *self, const struct stw_link *next, struct stw_mutator *m,
                           void *map, const struct stw_entries *entries, uint64_t first,
                           uint64_t count)
{
    static uint32_t calls;
    (void)self;
    stw_next_merge(next, m, map, entries, first, calls++ == 0 ? count - 1 : count);
}

static void go_on(const struct stw_error *error)
{
    (void)error;
}

/* In guard builds what is passed on is compared, too; here the checksum is to tell. */
Test(map_merge, a_wrong_map_changes_the_checksum)
{
    stw_runtime_audit(0, go_on);
    static const struct stw_strategy_ops faults[] = {
        {.struct_size = sizeof faults[0], .merge = lose_one},
        {.struct_size = sizeof faults[0], .merge = change_one},
        {.struct_size = sizeof faults[0], .merge = lose_one_early}};
    uint64_t expected = run(&usual);
    for (uint32_t i = 0; i < 3; i++) {
        const struct stw_offer offer = STW_OFFER(STW_KIND_STRATEGY, "fault", &faults[i]);
        const struct stw_descriptor descriptor = {sizeof descriptor, STW_MAGIC, STW_ABI_MAJOR,
                                                  STW_ABI_MINOR, 1, &offer};
        const struct rig_part fault = {"fault", &descriptor, NULL};
        cr_assert_neq(run_on(&usual, &fault, 1), expected, "fault %u", i);
    }
}

/* map-merge.M2: a map of generated keys has as many entries as there were keys. */
Test(map_merge, generated_keys_are_distinct)
{
    for (uint32_t input = 0; input < 4; input++) {
        struct settings s = usual;
        s.n = 40000;
        s.merges = 1;
        s.seed = 0x123456789abcdefull + input;
        s.key = input & 1;
        s.keys = input & 2 ? "random" : "sequential";
        start(&s, NULL, 0);
        operate_all();
        cr_assert_eq(last_map(0).entries, s.n);
        finish();
    }
}

static int32_t check_spelling(void *context, const void *key, const void *value)
{
    const struct stw_string *string = key;
    uint64_t *lengths = context;
    (void)value;
    cr_assert(string->length >= 8 && string->length <= 24);
    for (uint64_t i = 0; i < string->length; i++)
        cr_assert(string->bytes[i] >= 'a' && string->bytes[i] <= 'z');
    cr_assert_eq(fake_cell_bytes(string->bytes), string->length);
    cr_assert_null(fake_cell_type(string->bytes), "the bytes of a key are pointer-free");
    lengths[string->length]++;
    return 0;
}

/* The map of the last operation, through the log: merges = 1. */
Test(map_merge, random_strings_are_8_to_24_lower_case_letters)
{
    struct settings s = usual;
    uint64_t lengths[25] = {0};
    s.key = 1;
    s.keys = "random";
    s.merges = 1;
    s.n = 2000;
    start(&s, NULL, 0);
    operate(0, 0);
    const struct stw_link *link = trial.strategy;
    stw_map_iterate(link, fake_mutator(0), rig_log()->maps[0], check_spelling, lengths);
    for (uint32_t i = 8; i <= 24; i++)
        cr_assert_gt(lengths[i], 50, "length %u", i);
    finish();
}

Test(map_merge, inputs_are_cells_of_the_right_kind)
{
    struct settings s = usual;
    s.key = 1;
    s.live = 2;
    start(&s, NULL, 0);
    void **state = states[0];
    cr_assert_eq(fake_cell_bytes(state[0]), 300 * sizeof(struct stw_string));
    cr_assert_eq(fake_cell_type(state[0])->pointer_mask[0], 1);
    cr_assert_eq(fake_cell_type(state[0])->element_bytes, 16);
    cr_assert_eq(fake_cell_bytes(state[1]), 300 * 8);
    cr_assert_null(fake_cell_type(state[1]));
    cr_assert_eq(fake_cell_bytes(state[2]), 2 * 8);
    cr_assert_not_null(fake_cell_type(state[2]));
    cr_assert_eq(memcmp(((struct stw_string *)state[0])[41].bytes, "key-00000041", 12), 0);
    finish();
    s.key = 0;
    start(&s, NULL, 0);
    cr_assert_null(fake_cell_type(((void **)states[0])[0]), "numbers are pointer-free");
    finish();
}

Test(map_merge, nothing_to_merge_is_no_problem)
{
    struct settings s = usual;
    s.n = 0;
    s.key = 1;
    start(&s, NULL, 0);
    operate_all();
    cr_assert_eq(last_map(0).entries, 0);
    cr_assert_eq(checksum_of(0), checksum_of(0));
    finish();
}

/* Key files. */

static char file_path[] = "/tmp/stwlab-keys-XXXXXX";

static const char *write_file(const char *text, size_t bytes)
{
    strcpy(file_path, "/tmp/stwlab-keys-XXXXXX");
    int descriptor = mkstemp(file_path);
    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, bytes), (ssize_t)bytes);
    close(descriptor);
    return file_path;
}

static uint64_t entries_from(const char *text, uint32_t key, uint64_t n)
{
    struct settings s = usual;
    s.keys = write_file(text, strlen(text));
    s.key = key;
    s.n = n;
    start(&s, NULL, 0);
    unlink(file_path);
    operate_all();
    uint64_t entries = last_map(0).entries;
    finish();
    return entries;
}

Test(map_merge, reads_keys_from_a_file)
{
    cr_assert_eq(entries_from("one\ntwo\nthree\n", 1, 3), 3);
    cr_assert_eq(entries_from("one\ntwo\nthree", 1, 3), 3, "no newline at the end");
    cr_assert_eq(entries_from("one\r\ntwo\r\none\n", 1, 3), 2, "a repeated key, CR LF");
    cr_assert_eq(entries_from("one\ntwo\n\n", 1, 2), 2, "what follows the n lines is not read");
    cr_assert_eq(entries_from("0\n18446744073709551615\n007\n7\n", 0, 4), 3);
}

Test(map_merge, a_file_of_the_same_keys_gives_the_same_checksum)
{
    char text[300 * 16] = "", numbers[300 * 16] = "";
    for (int i = 0; i < 300; i++) {
        sprintf(text + strlen(text), "key-%08d\n", i);
        sprintf(numbers + strlen(numbers), "%d\n", i);
    }
    struct settings s = usual;
    uint64_t expected = run(&s);
    s.keys = write_file(numbers, strlen(numbers));
    cr_assert_eq(run(&s), expected);
    unlink(file_path);
    s = usual;
    s.key = 1;
    expected = run(&s);
    s.keys = write_file(text, strlen(text));
    cr_assert_eq(run(&s), expected);
    unlink(file_path);
}

/* The message of a refused file; the path is cut from its front when it is there. */
static const char *refusal(const struct settings *s)
{
    static struct stw_error error;
    error = (struct stw_error){.struct_size = sizeof error};
    const struct stw_host *host = fake_host_new(1);
    cr_assert_eq(create(s, host, &error), STW_E_INVALID);
    cr_assert_str_eq(error.field, "keys");
    fake_host_free();
    size_t path_bytes = strlen(s->keys);
    return path_bytes && strncmp(error.message, s->keys, path_bytes) == 0
               ? error.message + path_bytes
               : error.message;
}

static const char *refusal_of(const char *text, size_t bytes, uint32_t key, uint64_t n)
{
    struct settings s = usual;
    s.keys = write_file(text, bytes);
    s.key = key;
    s.n = n;
    const char *message = refusal(&s);
    unlink(file_path);
    return message;
}

#define REFUSAL(text, key, n) refusal_of(text, sizeof text - 1, key, n)

Test(map_merge, refuses_bad_key_files_with_file_and_line)
{
    cr_assert_str_eq(REFUSAL("", 1, 3), ": the file has no lines, where keys were expected");
    cr_assert_str_eq(REFUSAL("", 1, 0), ": the file has no lines, where keys were expected");
    cr_assert_str_eq(REFUSAL("a\nb\n", 1, 3), ": the file ends after line 2, but n = 3");
    cr_assert_str_eq(REFUSAL("a\n\nb\n", 1, 3),
                     ":2: the line is empty, where a key was expected");
    cr_assert_str_eq(REFUSAL("a\n\r\nb\n", 1, 3),
                     ":2: the line is empty, where a key was expected");
    const char *number = ":2: key=int needs a decimal number from 0 to 18446744073709551615";
    cr_assert_str_eq(REFUSAL("1\nx\n", 0, 2), number);
    cr_assert_str_eq(REFUSAL("1\n-2\n", 0, 2), number);
    cr_assert_str_eq(REFUSAL("1\n 2\n", 0, 2), number);
    cr_assert_str_eq(REFUSAL("1\n2.5\n", 0, 2), number);
    cr_assert_str_eq(REFUSAL("1\n2\0\n", 0, 2), number);
    cr_assert_str_eq(REFUSAL("1\n18446744073709551616\n", 0, 2), number);
}

Test(map_merge, refuses_lines_without_end)
{
    static char line[5000];
    memset(line, 'x', sizeof line);
    cr_assert_str_eq(refusal_of(line, 4097, 1, 1), ":1: the line is longer than 4096 bytes");
    line[4096] = '\n';
    cr_assert_str_eq(refusal_of(line, 4097, 1, 2), ": the file ends after line 1, but n = 2");
}

Test(map_merge, refuses_paths_that_are_no_files)
{
    struct settings s = usual;
    s.keys = "";
    cr_assert_str_eq(refusal(&s),
                     "keys must be sequential, random or the path of a text file");
    s.keys = "sequentail";
    cr_assert_str_eq(refusal(&s), ": cannot be opened: No such file or directory "
                                  "(keys: sequential, random or a path)");
    s.keys = "/tmp";
    cr_assert_str_eq(refusal(&s), ": cannot be read: Is a directory");
    char long_path[2000];
    memset(long_path, 'p', sizeof long_path);
    memcpy(long_path + sizeof long_path - 10, "/word.txt", 10);
    s.keys = long_path;
    cr_assert(strstr(refusal(&s), "/word.txt: cannot be opened: File name too long"));
}

/* Runs and compares with what the workload works out without maps. */
static int is_as_expected(const struct settings *s)
{
    uint64_t expected = 0;
    start(s, NULL, 0);
    if (s->keys == file_path)
        unlink(file_path);
    operate_all();
    cr_assert_eq(workload.ops.workload.expected(workload.self, fake_mutator(0), states[0],
                                                &expected), 1);
    int same = expected == checksum_of(0);
    finish();
    return same;
}

/* map-merge.M3 */
Test(map_merge, knows_its_checksum_without_a_map)
{
    static const char *const sources[] = {"sequential", "random"};
    for (uint32_t i = 0; i < 8; i++) {
        struct settings s = usual;
        s.keys = sources[i & 1];
        s.key = i >> 1 & 1;
        s.live = i >> 2;
        cr_assert(is_as_expected(&s), "case %u", i);
    }
    struct settings empty = usual;
    empty.n = 0;
    cr_assert(is_as_expected(&empty));
}

Test(map_merge, knows_which_lines_of_a_file_repeat)
{
    static const char *const files[] = {
        "a\nb\na\nab\nb\na\n", "b\nb\nb\nb\nb\nb\n", "aa\na\naaa\na\naa\naaaa\n",
        "7\n07\n1\n7\n18446744073709551615\n1\n", "3\n2\n1\n0\n4\n5\n"};
    for (uint32_t i = 0; i < 5; i++) {
        struct settings s = usual;
        s.n = 6;
        s.key = i < 3;
        s.keys = write_file(files[i], strlen(files[i]));
        cr_assert(is_as_expected(&s), "file %u", i);
    }
}
