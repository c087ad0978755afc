/* unit/matrix_test.c: cells, their identity (plan.X1), exclusions and the order of trials.
 *
 * Method: experiments are read against the fixture plugins; ids, hashes and schedules are compared,
 * the shuffles by their properties. */
#include "fixture_registry.h"

#include "plan/naming.h"

#define HEAD FIXTURE_HEAD
#define FIXED FIXTURE_FIXED

struct built {
    struct stw_experiment experiment;
    struct stw_matrix matrix;
};

static void build_set(struct built *built, const char *ini, const char *const *overrides)
{
    struct stw_error error = STW_ERROR_INIT;
    built->experiment = fixture_experiment(ini, overrides);
    stw_status status = stw_matrix_build(&built->experiment, NULL, &built->matrix, &error);
    cr_assert_eq(status, STW_OK, "%s", error.message);
}

static void build(struct built *built, const char *ini)
{
    build_set(built, ini, NULL);
}

static void built_free(struct built *built)
{
    stw_matrix_free(&built->matrix);
    stw_experiment_free(&built->experiment);
}

/* The ids of all cells, one a line; " -NAME" after those that NAME excludes. */
static void expect_cells(const char *ini, const char *expected)
{
    struct built built;
    struct stw_text text = {0};
    build(&built, ini);
    for (uint32_t i = 0; i < built.matrix.cell_count; i++) {
        const struct stw_cell *cell = &built.matrix.cells[i];
        cr_assert_eq(cell->index, i);
        stw_text_add(&text, "%s", cell->id);
        stw_text_add(&text, cell->excluded ? " -%s\n" : "\n", cell->excluded);
    }
    cr_assert_str_eq(stw_text_get(&text), expected);
    stw_text_free(&text);
    built_free(&built);
}

Test(matrix, counts_with_the_last_axis_fastest)
{
    expect_cells(HEAD "[axes]\nn = 1, 2\ndeep = on\nstrategy = fixture-a, fixture-a+fixture-b\n"
                      "shape = int, string\n[fixed]\nallocator=fixture-alloc\nmap=fixture-map\n",
                 "n=1 strategy=fixture-a shape=int\n"
                 "n=1 strategy=fixture-a shape=string\n"
                 "n=1 strategy=fixture-a + fixture-b shape=int\n"
                 "n=1 strategy=fixture-a + fixture-b shape=string\n"
                 "n=2 strategy=fixture-a shape=int\n"
                 "n=2 strategy=fixture-a shape=string\n"
                 "n=2 strategy=fixture-a + fixture-b shape=int\n"
                 "n=2 strategy=fixture-a + fixture-b shape=string\n");
}

Test(matrix, names_a_single_cell)
{
    expect_cells(HEAD "[axes]\nn = 1\ndeep = on\n" FIXED, "n=1 deep=true\n");
    expect_cells(HEAD FIXED, "trial-run\n");
}

Test(matrix, gives_every_cell_its_values)
{
    struct built built;
    build(&built, HEAD "[axes]\nn = 1, 2\nratio = 0.5, 1\n" FIXED);
    cr_assert_eq(built.matrix.cell_count, 4);
    cr_assert_str_eq(built.matrix.cells[2].values[0], "2");
    cr_assert_str_eq(built.matrix.cells[2].values[1], "0.5");
    built_free(&built);
}

Test(matrix, excludes_where_a_condition_holds)
{
    expect_cells(HEAD "[axes]\nn = 64, 1k, 65536\nshape = int, string\n" FIXED
                      "[exclude]\nlow = n < 1000 && shape == string\n"
                      "high = !(n <= 2^10) && !shape != int\n",
                 "n=64 shape=int\nn=64 shape=string -low\nn=1000 shape=int\n"
                 "n=1000 shape=string\nn=65536 shape=int -high\nn=65536 shape=string\n");
}

Test(matrix, compares_numbers_as_numbers)
{
    expect_cells(HEAD "[axes]\nratio = 0.5, 0.125, 1\n" FIXED "[exclude]\nx = ratio >= 0.3\n",
                 "ratio=0.5 -x\nratio=0.125\nratio=1 -x\n");
    expect_cells(HEAD "[axes]\nroom = 64KiB, 2MiB, 100\n" FIXED "[exclude]\nx = room > 1MiB\n",
                 "room=64KiB\nroom=2MiB -x\nroom=100\n");
    expect_cells(HEAD "[axes]\nn = 9, 10, 11\n" FIXED
                      "[exclude]\nx = n > 9 && n < 11\ny = n >= 11\nz = n <= 9 && n == 11\n",
                 "n=9\nn=10 -x\nn=11 -y\n");
}

Test(matrix, binds_and_before_or)
{
    expect_cells(HEAD "[axes]\nn = 1, 2\ndeep = on, off\nshape = int, string\n" FIXED
                      "[exclude]\nx = n == 1 || deep == on && shape == int\n",
                 "n=1 deep=true shape=int -x\nn=1 deep=true shape=string -x\n"
                 "n=1 deep=false shape=int -x\nn=1 deep=false shape=string -x\n"
                 "n=2 deep=true shape=int -x\nn=2 deep=true shape=string\n"
                 "n=2 deep=false shape=int\nn=2 deep=false shape=string\n");
    expect_cells(HEAD "[axes]\nn = 1, 2\ndeep = on, off\n" FIXED
                      "[exclude]\nx = (n == 1 || n == 2) && deep == on\n",
                 "n=1 deep=true -x\nn=1 deep=false\nn=2 deep=true -x\nn=2 deep=false\n");
}

/* plan.D1: a value is compared as what its key stands for, in this and the one before. */
Test(matrix, compares_fixed_keys_and_quoted_chains)
{
    expect_cells(HEAD "[axes]\nstrategy = fixture-a, fixture-a + fixture-b\n"
                      "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\nmutators = 2\n"
                      "[exclude]\nx = strategy == \"fixture-a+fixture-b\" && mutators > 1\n"
                      "y = mutators != 2\n",
                 "strategy=fixture-a\nstrategy=fixture-a + fixture-b -x\n");
}

/* base.C2: two answers wait at each level. */
Test(matrix, holds_deeply_nested_conditions)
{
    struct stw_text text = {0};
    struct built built;
    stw_text_add(&text, "exclude.deep=");
    for (int i = 0; i < 32; i++)
        stw_text_add(&text, "n == 2 && shape == string || shape == int && (");
    stw_text_add(&text, "n == 1");
    for (int i = 0; i < 32; i++)
        stw_text_add(&text, ")");
    build_set(&built, HEAD "[axes]\nn = 1, 2\nshape = int, string\n" FIXED,
              (const char *const[]){text.bytes, NULL});
    cr_assert_str_eq(built.matrix.cells[0].excluded, "deep");
    cr_assert_null(built.matrix.cells[1].excluded);
    cr_assert_null(built.matrix.cells[2].excluded);
    cr_assert_str_eq(built.matrix.cells[3].excluded, "deep");
    built_free(&built);
    stw_text_free(&text);
}

Test(matrix, compares_remainders)
{
    expect_cells(HEAD "[axes]\nn = 1, 2, 3, 4\n" FIXED "[exclude]\nodd = n % 2 == 1\n"
                      "late = n % 4 < 1\n",
                 "n=1 -odd\nn=2\nn=3 -odd\nn=4 -late\n");
}

/* What plugins refuse, by effective settings: of what the file mentions, and of defaults. */

#define PICKY "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\n"

/* plan.RF2 */
Test(matrix, skips_what_a_plugin_refuses)
{
    struct built built;
    expect_cells(HEAD "[axes]\nstrategy = fixture-a, fixture-picky, fixture-a + fixture-picky\n"
                      PICKY, /* mutators: 1, by default */
                 "strategy=fixture-a\nstrategy=fixture-picky -strategy/fixture-picky\n"
                 "strategy=fixture-a + fixture-picky -strategy/fixture-picky\n");
    expect_cells(HEAD "[axes]\nstrategy = fixture-picky\nmutators = 1, 2, 3, 4\n" PICKY,
                 "mutators=1 -strategy/fixture-picky\nmutators=2\n"
                 "mutators=3 -strategy/fixture-picky\nmutators=4\n");
    expect_cells(HEAD "[axes]\nstrategy = fixture-picky, fixture-b + fixture-picky\n" PICKY
                      "mutators = 2\n",
                 "strategy=fixture-picky\n"
                 "strategy=fixture-b + fixture-picky -strategy/fixture-picky\n");
    build(&built, HEAD "[axes]\nstrategy = fixture-picky\nmutators = 1, 2\n" PICKY
                       "strategy.fixture-picky.depth = 2\n");
    cr_assert_str_eq(stw_cell_reason(&built.experiment, &built.matrix.cells[0]),
                     "it works with pairs of mutators");
    built_free(&built);
}

/* plan.RF1 */
Test(matrix, asks_plugins_about_cells_of_the_lab_alone)
{
    expect_cells(HEAD "[axes]\nmutators = 1, 2\nruntime = stwlab, go1.23\n" PICKY
                      "strategy = fixture-picky\n",
                 "mutators=1 runtime=stwlab -strategy/fixture-picky\n"
                 "mutators=1 runtime=go1.23 -runtime\n"
                 "mutators=2 runtime=stwlab\nmutators=2 runtime=go1.23 -runtime\n");
}

Test(matrix, judges_a_plugins_own_parameters)
{
    expect_cells(HEAD "[axes]\nstrategy.fixture-picky.depth = 8, 9\n" PICKY
                      "strategy = fixture-picky\nstrategy.fixture-picky.single = true\n",
                 "strategy.fixture-picky.depth=8\n"
                 "strategy.fixture-picky.depth=9 -strategy/fixture-picky\n");
}

/* An exclusion of the experiment is told first. */
Test(matrix, an_exclusion_goes_before_a_plugins_refusal)
{
    expect_cells(HEAD "[axes]\nstrategy = fixture-picky\nmutators = 1, 2\n" PICKY
                      "[exclude]\nmine = mutators == 1\n",
                 "mutators=1 -mine\nmutators=2\n");
}

Test(matrix, says_who_refuses_all_cells)
{
    struct stw_experiment e =
        fixture_experiment(HEAD PICKY "strategy = fixture-picky\n", NULL);
    struct stw_error error = STW_ERROR_INIT;
    struct stw_matrix matrix;
    cr_assert_eq(stw_matrix_build(&e, NULL, &matrix, &error), STW_E_INVALID);
    cr_assert_not_null(strstr(error.message, ": no cell can run: strategy/fixture-picky refuses: "
                                             "it works with pairs of mutators"),
                       "%s", error.message);
    stw_experiment_free(&e);
}

Test(matrix, refuses_to_exclude_everything)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_matrix matrix;
    struct stw_experiment e =
        fixture_experiment(HEAD "[axes]\nn = 1, 2\n" FIXED "[exclude]\nx = n >= 1\n", NULL);
    cr_assert_eq(stw_matrix_build(&e, NULL, &matrix, &error), STW_E_INVALID);
    cr_assert_not_null(strstr(error.message, ":11: [exclude] x: \"n >= 1\" leaves no cell to run"));
    stw_experiment_free(&e);
}

/* Without a word of [exclude]. */
Test(matrix, says_that_a_runtime_is_not_there)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_matrix matrix;
    struct stw_experiment e = fixture_experiment(HEAD FIXED "runtime = go9.9\n", NULL);
    cr_assert_eq(stw_matrix_build(&e, NULL, &matrix, &error), STW_E_INVALID);
    cr_assert_not_null(strstr(error.message, ": no cell can run: there is no go9.9: name one by "),
                       "%s", error.message);
    stw_experiment_free(&e);
}

Test(matrix, names_the_last_of_several_exclusions)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_matrix matrix;
    struct stw_experiment e =
        fixture_experiment(HEAD "[axes]\nn = 1, 2\n" FIXED "[exclude]\nx = n == 1\ny = n > 1\n",
                           NULL);
    cr_assert_eq(stw_matrix_build(&e, NULL, &matrix, &error), STW_E_INVALID);
    cr_assert_not_null(strstr(error.message, ":12: [exclude] y: \"n > 1\" leaves no cell to run, "
                                             "with the other exclusions"), "%s", error.message);
    stw_experiment_free(&e);
}

Test(matrix, refuses_more_trials_than_a_schedule_holds)
{
    static const char *const overrides[] = {"experiment.trials=100000", NULL};
    char ini[8192];
    size_t length = (size_t)snprintf(ini, sizeof ini, HEAD FIXED "[axes]\n");
    static const char *const keys[] = {"n", "room", "rest", "gogc"};
    for (size_t k = 0; k < 4; k++)
        length += (size_t)snprintf(ini + length, sizeof ini - length, "%s = 1,2,3,4,5,6\n",
                                   keys[k]);
    struct stw_error error = STW_ERROR_INIT;
    struct stw_matrix matrix;
    struct stw_experiment e = fixture_experiment(ini, overrides);
    cr_assert_eq(stw_matrix_build(&e, NULL, &matrix, &error), STW_E_INVALID);
    cr_assert_not_null(strstr(error.message, "1296 cells with 100000 trials each are too many"));
    stw_experiment_free(&e);
}

/* Identity: plan.X1. */

static void expect_same(const char *one, const char *other, int is_same)
{
    struct built a, b;
    build(&a, one);
    build(&b, other);
    cr_assert_eq(strcmp(a.matrix.cells[0].hash, b.matrix.cells[0].hash) == 0, is_same, "%s| %s",
                 one, other);
    built_free(&a);
    built_free(&b);
}

/* Of the runtime, of the workload, of another plugin. */
Test(matrix, to_write_a_default_down_changes_no_hash)
{
    expect_same(HEAD FIXED, HEAD FIXED "gogc = 100\ngc.period = 120s\n", 1);
    expect_same(HEAD FIXED, HEAD FIXED "n = 1000\nroom = 64KiB\nsource = sequential\n", 1);
    expect_same(HEAD FIXED, HEAD "[axes]\nn = 1000\n" FIXED "strategy.fixture-a.chunk = 16\n", 1);
    expect_same(HEAD FIXED, HEAD FIXED "gogc = 99\n", 0);
    expect_same(HEAD FIXED, HEAD FIXED "rest = 2ms\n", 0);
    expect_same(HEAD FIXED, HEAD FIXED "strategy.fixture-a.chunk = 17\n", 0);
}

/* Cell 0 of an experiment in which the default of `key` is `value`. */
static void hash_with_default(const char *key, const char *value, uint32_t cell, char hash[17])
{
    struct stw_error error = STW_ERROR_INIT;
    struct built built;
    uint32_t found = 0;
    build(&built, HEAD "[axes]\nstrategy = fixture-a, fixture-b\n[fixed]\n"
                       "allocator = fixture-alloc\nmap = fixture-map\n");
    stw_matrix_free(&built.matrix);
    for (uint32_t i = 0; key && i < built.experiment.default_count; i++)
        if (strcmp(built.experiment.defaults[i].key, key) == 0) {
            free(built.experiment.defaults[i].values[0]);
            built.experiment.defaults[i].values[0] = stw_strdup(value);
            found++;
        }
    cr_assert_eq(found, key != NULL, "%s", key);
    cr_assert_eq(stw_matrix_build(&built.experiment, NULL, &built.matrix, &error), STW_OK);
    strcpy(hash, built.matrix.cells[cell].hash);
    built_free(&built);
}

Test(matrix, a_default_that_changes_makes_other_cells_where_it_is_used)
{
    char as_it_is[17], other[17];
    hash_with_default(NULL, NULL, 0, as_it_is);
    hash_with_default("gc.mode", "stw", 0, other);
    cr_assert_str_neq(as_it_is, other);
    hash_with_default("n", "1001", 0, other);
    cr_assert_str_neq(as_it_is, other);
    hash_with_default("strategy.fixture-a.chunk", "17", 0, other);
    cr_assert_str_neq(as_it_is, other);
    hash_with_default(NULL, NULL, 1, as_it_is);
    hash_with_default("strategy.fixture-a.chunk", "17", 1, other);
    cr_assert_str_eq(as_it_is, other, "fixture-b alone has no chunk");
}

Test(matrix, an_axis_tells_cells_apart_that_do_not_use_its_plugin)
{
    struct built built;
    build(&built, HEAD "[axes]\nstrategy = fixture-a, fixture-b\nstrategy.fixture-a.chunk = 1, 2\n"
                  "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\n");
    for (uint32_t i = 0; i < built.matrix.cell_count; i++)
        for (uint32_t j = 0; j < i; j++)
            cr_assert_str_neq(built.matrix.cells[i].hash, built.matrix.cells[j].hash);
    built_free(&built);
}

Test(matrix, hashes_settings_and_nothing_else)
{
    struct built a, b;
    build(&a, HEAD "[axes]\nn = 1, 64k\nshape = int, string\n" FIXED);
    build(&b, "[experiment]\nname = other\nworkload = fixture-work\nseed = 9\n[fixed]\n"
              "strategy = fixture-a\nallocator = fixture-alloc\nmap = fixture-map\nn = 64_000\n"
              "[axes]\nshape = string\n");
    cr_assert_str_eq(a.matrix.cells[3].hash, b.matrix.cells[0].hash);
    built_free(&a);
    built_free(&b);
}

Test(matrix, gives_different_cells_different_hashes)
{
    struct built built;
    build(&built, HEAD "[axes]\nn = 1, 2, 3, 12, 21\nroom = 1, 2, 3, 12, 21\nratio = 0.5, 1\n"
                  FIXED);
    for (uint32_t i = 0; i < built.matrix.cell_count; i++)
        for (uint32_t j = 0; j < i; j++)
            cr_assert_str_neq(built.matrix.cells[i].hash, built.matrix.cells[j].hash);
    built_free(&built);
}

Test(matrix, writes_a_cells_settings)
{
    struct built built;
    struct stw_text text = {0};
    build(&built, HEAD "seed = 7\n[axes]\nn = 1, 2\nsource = a b, c\n" FIXED);
    stw_cell_settings(&built.matrix, &built.matrix.cells[2], &text);
    cr_assert_str_eq(stw_text_get(&text),
                     "workload\tfixture-work\nseed\t7\nexperiment\ttrial-run\nn\t2\nsource\ta b\n"
                     "allocator\tfixture-alloc\nmap\tfixture-map\nstrategy\tfixture-a\n");
    stw_text_free(&text);
    built_free(&built);
}

/* Schedule. */

#define SCHEDULED                                                                                  \
    HEAD "trials = 50\ncanary = off\n"                                                             \
    "[axes]\nn = 1, 2, 3, 4, 5\nshape = int, string\n" FIXED                                      \
    "[exclude]\nx = n == 3 && shape == int\n"
#define RUNNABLE 9u

static struct stw_slot *schedule(const char *const *overrides)
{
    struct built built;
    uint32_t count;
    build_set(&built, SCHEDULED, overrides);
    struct stw_slot *slots = stw_matrix_schedule(&built.matrix, &count);
    cr_assert_eq(count, RUNNABLE * built.experiment.trials);
    built_free(&built);
    return slots;
}

Test(schedule, runs_each_cell_once_in_each_block)
{
    struct stw_slot *slots = schedule(NULL);
    for (uint32_t block = 0; block < 50; block++) {
        uint32_t seen = 0;
        for (uint32_t i = 0; i < RUNNABLE; i++) {
            const struct stw_slot *slot = &slots[block * RUNNABLE + i];
            cr_assert_eq(slot->trial, block);
            cr_assert_lt(slot->cell, 10);
            seen |= 1u << slot->cell;
        }
        cr_assert_eq(seen, 0x3ffu & ~(1u << 4)); /* n=3 shape=int is excluded */
    }
    free(slots);
}

Test(schedule, depends_on_the_seed_alone)
{
    static const char *const other_seed[] = {"experiment.seed=2", NULL};
    static const char *const fewer[] = {"experiment.trials=20", NULL};
    struct stw_slot *a = schedule(NULL), *b = schedule(NULL), *c = schedule(other_seed);
    struct stw_slot *d = schedule(fewer);
    cr_assert_arr_eq(a, b, 50 * RUNNABLE * sizeof *a);
    cr_assert_arr_neq(a, c, 50 * RUNNABLE * sizeof *a);
    cr_assert_arr_eq(a, d, 20 * RUNNABLE * sizeof *a);
    free(a);
    free(b);
    free(c);
    free(d);
}

Test(schedule, puts_every_cell_everywhere)
{
    static const char *const many[] = {"experiment.trials=3600", NULL};
    struct stw_slot *slots = schedule(many);
    uint32_t counts[10][RUNNABLE] = {{0}};
    for (uint32_t i = 0; i < 3600 * RUNNABLE; i++)
        counts[slots[i].cell][i % RUNNABLE]++;
    /* 400 each are expected, with a standard deviation below 19. */
    for (uint32_t cell = 0; cell < 10; cell++)
        for (uint32_t place = 0; cell != 4 && place < RUNNABLE; place++)
            cr_assert(counts[cell][place] > 300 && counts[cell][place] < 500);
    free(slots);
}

/* The cells that words name: "0 3". */
static void expect_named(const struct built *built, const char *words, const char *expected)
{
    const struct stw_naming naming = stw_matrix_naming(&built->matrix);
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    uint32_t *cells, count;
    stw_status status = stw_name_cells(&naming, words, &cells, &count, &error);
    for (uint32_t i = 0; status == STW_OK && i < count; i++)
        stw_text_add(&text, "%s%u", i ? " " : "", cells[i]);
    if (status != STW_OK)
        stw_text_add(&text, "%s", error.message);
    cr_expect(strstr(stw_text_get(&text), expected) == stw_text_get(&text)
              || (status != STW_OK && strstr(text.bytes, expected)), "%s: '%s' not '%s'", words,
              stw_text_get(&text), expected);
    free(cells);
    stw_text_free(&text);
}

/* As for the cells of a run (compare_test.c): plan.NA1. */
Test(matrix, names_cells_by_words)
{
    struct built built;
    build(&built, HEAD "[axes]\nn = 1, 2, 65536\nstrategy = fixture-a, fixture-a+fixture-b\n"
                       "[fixed]\nallocator=fixture-alloc\nmap=fixture-map\ngogc=50\n");
    cr_assert_eq(built.matrix.cell_count, 6);
    expect_named(&built, "4", "4");
    expect_named(&built, "n=2 strategy=fixture-a", "2");
    expect_named(&built, "n=2", "2 3");
    expect_named(&built, "n=2^16,strategy=fixture-a+fixture-b", "5");
    expect_named(&built, "n < 3 && strategy == fixture-a", "0 2");
    expect_named(&built, "gogc == 50 && n != 1", "2 3 4 5");
    expect_named(&built, "gc.mode=concurrent", "0 1 2 3 4 5"); /* a default */
    expect_named(&built, "nn=2", "no cell has a 'nn'; did you mean 'n'?");
    expect_named(&built, "n=3", "no cell has n=3");
    expect_named(&built, "n=2 strategy=fixture-q", "did you mean 'n=2 strategy=fixture-a'?");
    expect_named(&built, "6", "no cell '6'; --dry-run lists them");
    expect_named(&built, "strategy > 3", "'strategy' has no numbers");
    const struct stw_naming naming = stw_matrix_naming(&built.matrix);
    struct stw_error error = STW_ERROR_INIT;
    uint32_t cell;
    cr_expect_eq(stw_name_cell(&naming, "n=1", &cell, &error), STW_E_INVALID);
    cr_expect(strstr(error.message, "2 cells have n=1, among them "), "%s", error.message);
    cr_expect_eq(stw_name_cell(&naming, "n=1,strategy=fixture-a", &cell, &error), STW_OK);
    cr_expect_eq(cell, 0);
    built_free(&built);
}

/* Canary. */

#define WATCHED HEAD "trials = 6\n[axes]\nn = 1, 2, 3, 4, 5, 6, 7, 8\n" FIXED

static int has_canary(const char *ini, const char *const *overrides)
{
    struct built built;
    build_set(&built, ini, overrides);
    int has = built.matrix.has_canary;
    built_free(&built);
    return has;
}

/* From 8 runnable cells and 6 trials on, unless the file says otherwise. */
Test(canary, is_there_where_it_costs_little_and_tells_something)
{
    static const char *const fewer_trials[] = {"experiment.trials=5", NULL};
    static const char *const fewer_cells[] = {"axes.n=1,2,3,4,5,6,7", NULL};
    static const char *const off[] = {"experiment.canary=off", NULL};
    static const char *const on[] = {"experiment.canary=on", "axes.n=1", NULL};
    cr_expect(has_canary(WATCHED, NULL));
    cr_expect_not(has_canary(WATCHED, fewer_trials));
    cr_expect_not(has_canary(WATCHED, fewer_cells));
    cr_expect_not(has_canary(WATCHED "[exclude]\nx = n == 3\n", NULL));
    cr_expect_not(has_canary(WATCHED, off));
    cr_expect(has_canary(WATCHED, on));
}

/* plan.X2 */
Test(canary, repeats_the_first_cell_that_runs_and_is_none)
{
    static const char *const on[] = {"experiment.canary=on", NULL};
    struct built built;
    build_set(&built, WATCHED "[exclude]\nx = n < 3\n", on);
    const struct stw_matrix *matrix = &built.matrix;
    cr_assert(matrix->has_canary);
    cr_expect_eq(matrix->cell_count, 8);
    cr_expect_eq(matrix->canary_of, 2);
    const struct stw_cell *canary = &matrix->cells[8], *of = &matrix->cells[2];
    cr_expect_str_eq(canary->id, "canary of n=3");
    cr_expect_str_eq(stw_cell_value(&built.experiment, canary, "n"), "3");
    cr_expect_null(canary->excluded);
    struct stw_text settings = {0}, settings_of = {0};
    stw_cell_settings(matrix, canary, &settings);
    stw_cell_settings(matrix, of, &settings_of);
    cr_expect_str_eq(settings.bytes, settings_of.bytes);
    stw_text_free(&settings);
    stw_text_free(&settings_of);
    for (uint32_t c = 0; c < matrix->cell_count; c++) {
        cr_expect(strcmp(matrix->cells[c].hash, canary->hash) != 0);
        cr_expect_neq(matrix->cells[c].index, canary->index);
    }
    built_free(&built);
}

Test(canary, runs_once_in_each_block)
{
    struct built built;
    uint32_t count;
    build(&built, WATCHED);
    struct stw_slot *slots = stw_matrix_schedule(&built.matrix, &count);
    cr_assert_eq(count, 9 * 6);
    for (uint32_t block = 0; block < 6; block++) {
        uint32_t seen = 0;
        for (uint32_t i = 0; i < 9; i++)
            seen |= 1u << slots[9 * block + i].cell;
        cr_expect_eq(seen, 0x1ff);
    }
    free(slots);
    built_free(&built);
}
