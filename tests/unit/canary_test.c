/* unit/canary_test.c: the noise floor is what a comparison of two cells with the same numbers says.
 * Method: a small database in which a cell has the trials of the canary once more. */
#include "base/error.h"
#include "report/canary.h"
#include "report/compare.h"
#include "report/show.h"
#include "small_run.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define CANARY 2147483647
#define TRIALS 8

static struct stw_results results;
static struct stw_error error = STW_ERROR_INIT;

/* Trial `trial` of a cell, whose numbers are made of `made_of`. */
static void add_trial(sqlite3 *db, int cell, int trial, int made_of)
{
    static int id;
    char sql[512];
    int value = 100 + (37 * made_of + 11 * trial * trial) % 50;
    snprintf(sql, sizeof sql, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome,"
             " operations, wall_ns, start_ns, coordinator_ns, cpu_ns, rss_peak_bytes, op_sum_ns)"
             " VALUES(%d, %d, 'h%d', %d, 'ok', 4, 900, 1, 1, %d, 4096, %d)", ++id, cell, cell,
             trial, 10 * value, 40 * value + trial);
    run_sql(db, sql);
    for (int i = 0; i < 5; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO pause(trial_id, seq, kind, start_ns, stopping_ns,"
                 " working_ns, restarting_ns, pause_ns, phase)"
                 " VALUES(%d, %d, 'other', 1, 1, 1, 1, %d, '%s')", id, i, value + 7 * i,
                 i == 4 ? "setup" : "timed");
        run_sql(db, sql);
    }
}

/* Cells 0 and 1; the canary repeats 0, and 1 has the canary's numbers. */
static void build(int trials, int with_canary)
{
    sqlite3 *db = small_begin();
    run_sql(db, "INSERT INTO cell VALUES(0, 'h0', 'n=1', NULL), (1, 'h1', 'n=2', NULL);"
                "INSERT INTO cell_axis VALUES(0, 0, 'n', '1'), (1, 0, 'n', '2')");
    if (with_canary)
        run_sql(db, "INSERT INTO run VALUES('canary', '0')");
    for (int trial = 0; trial < trials; trial++) {
        add_trial(db, 0, trial, 1);
        add_trial(db, 1, trial, 2);
        if (with_canary)
            add_trial(db, CANARY, trial, 2);
    }
    small_end(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
}

static void remove_all(void)
{
    stw_results_free(&results);
    small_remove();
}

TestSuite(canary, .fini = remove_all);

/* report.CA1 */
Test(canary, has_the_interval_that_a_comparison_has)
{
    struct stw_compare_options options = {.bootstrap = {1, 1000, 95}};
    struct stw_comparisons comparisons = {0};
    struct stw_reader reader;
    build(TRIALS, 1);
    cr_assert_eq(results.canary.floor_count, STW_FLOORS);
    cr_assert_eq(stw_reader_open(small_run, &reader, &error), STW_OK);
    for (uint32_t i = 0; i < STW_FLOORS; i++) {
        const struct stw_floor *found = &results.canary.floors[i];
        struct stw_compare_side a = {&results, &reader, &results.cells[1]};
        struct stw_compare_side b = {&results, &reader, &results.cells[0]};
        cr_assert_eq(stw_compare_cells(found->metric, &a, &b, &options, &comparisons, &error),
                     STW_OK, "%s", error.message);
        const struct stw_interval *ratio = &comparisons.items[i].contrast.ratio;
        cr_expect_float_eq(found->low, ratio->low, 1e-12, "%s", found->metric);
        cr_expect_float_eq(found->high, ratio->high, 1e-12, "%s", found->metric);
        cr_expect_lt(found->low, found->high);
    }
    stw_reader_close(&reader);
    stw_comparisons_free(&comparisons);
}

Test(canary, is_no_cell_and_told_below_the_table)
{
    struct stw_text out = {0};
    build(TRIALS, 1);
    cr_expect_eq(results.cell_count, 2);
    cr_expect_str_eq(results.canary.of, "n=1");
    cr_expect_eq(results.canary.trial_count, TRIALS);
    const struct stw_show_options options = {0};
    const struct stw_look look = {0};
    struct stw_shown shown;
    cr_assert_eq(stw_shown_read(&results, &options, &shown, &error), STW_OK, "%s", error.message);
    stw_show_text(&shown, &look, &out);
    stw_shown_free(&shown);
    cr_expect(strstr(out.bytes, "\nnoise floor: 8 trials of n=1 against themselves: pause.p50 "),
              "%s", out.bytes);
    stw_text_free(&out);
}

/* Fewer than six trials have no interval; nothing is told of what is not there. */
Test(canary, says_nothing_of_too_few_trials)
{
    struct stw_text out = {0};
    build(5, 1);
    cr_expect_eq(results.canary.floor_count, 0);
    stw_canary_text(&results, &out);
    cr_expect_str_eq(stw_text_get(&out), "");
}

Test(canary, is_not_in_every_run)
{
    struct stw_text out = {0};
    build(TRIALS, 0);
    cr_expect_null(results.canary.of);
    stw_canary_text(&results, &out);
    cr_expect_str_eq(stw_text_get(&out), "");
    struct stw_json json = stw_json_to_text(&out, 0);
    stw_json_object_begin(&json);
    stw_canary_json(&results, &json);
    stw_json_object_end(&json);
    cr_expect_str_eq(stw_text_get(&out), "{\"canary\": null}");
    stw_text_free(&out);
}

Test(canary, tells_how_many_of_its_trials_were_not_ok)
{
    struct stw_text out = {0};
    build(TRIALS, 1);
    results.canary.ok = TRIALS - 1;
    results.canary.floor_count = 0;
    stw_canary_text(&results, &out);
    cr_expect_str_eq(stw_text_get(&out), "\nnoise floor: 7 trials of n=1 against themselves: too"
                                         " few; 1 more was not ok\n");
    stw_text_free(&out);
}
