/* unit/compare_test.c: cells are found by what they are called, each metric reads what it says, and
 * ratio and interval are those of these numbers.
 * Method: small databases with the schema of the store, written here; what comes out is worked out
 * by hand. */
#include "base/error.h"
#include "report/compare.h"
#include "store/schema.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/stwlab-compare-XXXXXX";
static char database[64];
static struct stw_results results;
static struct stw_error error = STW_ERROR_INIT;
static struct stw_comparison found;

static void execute(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s: %s", message, sql);
}

/* Trial `trial` of a cell: stops of 1, 2, ... `stops` times `scale` ns, four operations. */
static void add_trial(sqlite3 *db, int cell, int trial, int stops, int scale)
{
    char sql[512];
    int id = 100 * cell + trial;
    snprintf(sql, sizeof sql,
             "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, operations, wall_ns,"
             " start_ns, coordinator_ns, cpu_ns, rss_peak_bytes, op_sum_ns) VALUES"
             "(%d, %d, 'h%d', %d, 'ok', 4, %d, 5, 400, %d, %d, %d)", id, cell, cell, trial,
             600 * scale, 10 * scale, 4096 * scale, 440 * scale);
    execute(db, sql);
    for (int i = 1; i <= stops; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns, restarting_ns,"
                 " pause_ns) VALUES(%d, %d, 'peer', 1, 2, 3, %d)", id, i, i * scale);
        execute(db, sql);
    }
    /* 1023 is the last of the bucket of 1020 to 1023; in it two operations. */
    snprintf(sql, sizeof sql, "INSERT INTO op_bucket VALUES(%d, 100, 1), (%d, 1023, 2),"
                              " (%d, 5000, 1)", id, id, id);
    execute(db, sql);
}

static void build(void)
{
    sqlite3 *db;
    cr_assert(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/results.sqlite", folder);
    cr_assert_eq(sqlite3_open(database, &db), SQLITE_OK);
    execute(db, "PRAGMA application_id=0x53545731; PRAGMA user_version=5; BEGIN");
    for (int i = 0; stw_schema[i]; i++)
        execute(db, stw_schema[i]);
    execute(db, "INSERT INTO cell VALUES(0, 'h0', 'n=1 runtime=stwlab', NULL),"
                " (1, 'h1', 'n=1 runtime=go1.23.5', NULL), (2, 'h2', 'n=2 runtime=go1.23.5', NULL),"
                " (3, 'h3', 'n=2 runtime=stwlab', NULL)");
    execute(db, "INSERT INTO cell_axis VALUES(0, 0, 'n', '1'), (0, 1, 'runtime', 'stwlab'),"
                " (1, 0, 'n', '1'), (1, 1, 'runtime', 'go1.23.5'), (2, 0, 'n', '2'),"
                " (2, 1, 'runtime', 'go1.23.5'), (3, 0, 'n', '2'), (3, 1, 'runtime', 'stwlab')");
    for (int trial = 0; trial < 3; trial++) {
        add_trial(db, 0, trial, trial, 1);
        add_trial(db, 1, trial, 4, 1 << trial);
    }
    execute(db, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, detail)"
                " VALUES(900, 2, 'h2', 0, 'skipped', 'runtime: there is no go1.23')");
    execute(db, "COMMIT");
    sqlite3_close(db);
    cr_assert_eq(stw_results_read(folder, &results, &error), STW_OK, "%s", error.message);
}

static void remove_all(void)
{
    stw_results_free(&results);
    unlink(database);
    rmdir(folder);
}

TestSuite(compare, .init = build, .fini = remove_all);

static stw_status compare(const char *a, const char *b, const char *metric, int as_lower_edges)
{
    const struct stw_compare_options options = {metric, {1, 1000, 95}, as_lower_edges};
    return stw_compare(&results, a, b, &options, &found, &error);
}

static void expect_one(const char *cell, const char *metric, double value)
{
    cr_assert_eq(compare(cell, NULL, metric, 0), STW_OK, "%s: %s", metric, error.message);
    cr_expect_float_eq(found.a.value, value, 1e-6, "%s: %.9g", metric, found.a.value);
    cr_expect_float_eq(found.interval.estimate, value, 1e-6);
    cr_expect(found.interval.low <= value && found.interval.high >= value);
}

Test(compare, each_metric_reads_its_column)
{
    /* Stops of the second cell: 1 2 3 4, 2 4 6 8, 4 8 12 16. */
    expect_one("runtime=go,n=1", "pause.p50", 4);
    cr_expect_eq(found.a.events, 12);
    cr_expect_eq(found.a.trials, 3);
    expect_one("runtime=go,n=1", "pause.p100", 16);
    expect_one("runtime=go,n=1", "pause.max", 16);
    expect_one("runtime=go,n=1", "pause.p75", 8);
    expect_one("runtime=go,n=1", "stopping.p50", 1);
    expect_one("runtime=go,n=1", "working.p99", 2);
    expect_one("runtime=go,n=1", "restarting.p1", 3);
    expect_one("runtime=go,n=1", "cpu", 20);
    expect_one("runtime=go,n=1", "rss", 8192);
    expect_one("runtime=go,n=1", "wall", 1200);
    expect_one("runtime=go,n=1", "start", 5);
    expect_one("runtime=go,n=1", "op.mean", 220);
    /* 600, 1200 and 2400 ns, and 400 of the lab's in each. */
    expect_one("runtime=go,n=1", "rate", 1e9 * 3 / (4200 + 1200));
}

/* The second of four operations is the first of the two between 1020 and 1023. */
Test(compare, operations_are_interpolated_in_their_bucket)
{
    expect_one("runtime=stwlab,n=1", "op.p50", 1020 + 3 * 0.25);
    cr_expect_eq(found.a.events, 12);
    expect_one("runtime=stwlab,n=1", "op.p75", 1020 + 3 * 0.75);
    expect_one("runtime=stwlab,n=1", "op.p25", 100);
}

/* A trial without stops counts as one that was run. */
Test(compare, trials_without_stops_are_trials)
{
    expect_one("n=1 runtime=stwlab", "pause.p50", 1);
    cr_expect_eq(found.a.events, 3);
    cr_expect_eq(found.a.trials, 3);
}

/* Go's buckets are four to a power of two: from 8 on, half of one is at least a nanosecond. */
Test(compare, lower_edges_are_for_what_go_told)
{
    cr_assert_eq(compare("runtime=go,n=1", NULL, "pause.p100", 1), STW_OK);
    cr_expect_float_eq(found.a.value, 14, 1e-9);
    cr_assert_eq(compare("runtime=stwlab,n=1", NULL, "pause.p100", 1), STW_OK);
    cr_expect_float_eq(found.a.value, 2, 1e-9);
}

/* report.RF1: what a run's plugins declare, too. */
Test(compare, any_fact_is_a_metric)
{
    sqlite3 *db;
    stw_results_free(&results);
    cr_assert_eq(sqlite3_open(database, &db), SQLITE_OK);
    execute(db, "INSERT INTO fact VALUES('strategy/x.hits', 'maps', 'trial', 'sum', 'exact',"
                " 'neither', 'some', 'h')");
    for (int trial = 0; trial < 3; trial++) {
        char sql[512];
        snprintf(sql, sizeof sql, "INSERT INTO counter VALUES(%d, 'gc.cycles', %d),"
                 " (%d, 'strategy/x.hits', %d), (%d, 'watch.faults:map/y', 9);"
                 "INSERT INTO worst_window VALUES(%d, 1000000, %d);"
                 "INSERT INTO pause_step VALUES(%d, 1, 'hooks', %d), (%d, 2, 'hooks', 7);"
                 "INSERT INTO cycle VALUES(%d, 1, 5, NULL, 6, %d)", 100 + trial, trial + 3,
                 100 + trial, 10 * trial, 100 + trial, 100 + trial, 250000 * trial, 100 + trial,
                 trial, 100 + trial, 100 + trial, 40 + trial);
        execute(db, sql);
    }
    sqlite3_close(db);
    cr_assert_eq(stw_results_read(folder, &results, &error), STW_OK, "%s", error.message);
    expect_one("runtime=go,n=1", "gc.cycles", 4);
    cr_expect_str_eq(found.unit, "");
    expect_one("runtime=go,n=1", "strategy/x.hits", 10);
    cr_expect_str_eq(found.unit, "maps");
    expect_one("runtime=go,n=1", "watch.faults:map/y", 9);
    expect_one("runtime=go,n=1", "mmu.1ms", 0.75);
    expect_one("runtime=go,n=1", "step.hooks.p100", 7);
    cr_expect_eq(found.a.events, 6);
    expect_one("runtime=go,n=1", "step.hooks.sum", 8); /* 7, 8, 9 */
    expect_one("runtime=go,n=1", "step.hooks.mean", 4);
    expect_one("runtime=go,n=1", "cycle.marked_bytes.p50", 41);
    cr_expect_str_eq(found.events, "cycles");
    expect_one("runtime=go,n=1", "pause.sum", 20); /* 10, 20, 40 */
    expect_one("runtime=go,n=1", "operations", 4);
}

Test(compare, a_fact_that_a_cell_does_not_have_is_told)
{
    cr_assert_eq(compare("runtime=go,n=1", NULL, "map.buckets", 0), STW_E_STATE);
    cr_expect_str_eq(error.message, "cell 'n=1 runtime=go1.23.5' has no map.buckets");
}

Test(compare, ratios_have_intervals_and_rates_are_not_turned_round)
{
    cr_assert_eq(compare("runtime=go1.23,n=1", "runtime=stwlab,n=1", "cpu", 0), STW_OK);
    cr_expect_float_eq(found.interval.estimate, 2, 1e-9);
    cr_expect_float_eq(found.interval.low, 1, 1e-9);
    cr_expect_float_eq(found.interval.high, 4, 1e-9);
    cr_assert_eq(compare("runtime=go1.23,n=1", "runtime=stwlab,n=1", "rate", 0), STW_OK);
    cr_expect_float_eq(found.interval.estimate, 1000.0 / 1800, 1e-9);
    cr_expect(found.interval.low < found.interval.high);
}

static void refused(const char *a, const char *metric, stw_status status, const char *words)
{
    cr_expect_eq(compare(a, NULL, metric, 0), status, "%s %s", a, metric);
    cr_expect(strstr(error.message, words), "'%s' lacks '%s'", error.message, words);
}

Test(compare, what_cannot_be_compared_is_told_apart)
{
    refused("n=3", "cpu", STW_E_INVALID, "no cell has n=3");
    refused("n=1", "cpu", STW_E_INVALID, "2 cells have n=1, among them 'n=1 runtime=stwlab'");
    refused("runtme=go", "cpu", STW_E_INVALID, "did you mean 'runtime='?");
    refused("n", "cpu", STW_E_INVALID, "'n' is not KEY=VALUE");
    refused("n=1 runtime=stwlab", "pause.p5O", STW_E_INVALID, "did you mean 'pause.p50'?");
    refused("n=1 runtime=stwlab", "pause.p101", STW_E_INVALID, "there is no metric");
    refused("n=1 runtime=stwlab", "op.p0", STW_E_INVALID, "there is no metric");
    refused("n=1 runtime=stwlab", "cpu.p50", STW_E_INVALID, "there is no metric");
    refused("n=1 runtime=stwlab", "pause", STW_E_INVALID, "as in 'pause.p50'");
    refused("n=1 runtime=stwlab", "gc.cycle", STW_E_INVALID, "did you mean 'gc.cycles'?");
    refused("n=1 runtime=stwlab", "wall:map/y", STW_E_INVALID, "there is no metric");
    refused("runtime=go,n=2", "cpu", STW_E_STATE, "no ok trial; skipped: runtime: there is no go");
    refused("runtime=stwlab,n=2", "cpu", STW_E_STATE, "nothing is stored");
}
