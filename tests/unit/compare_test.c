/* unit/compare_test.c: cells are found by what they are called, each metric reads what it says, and
 * ratio and interval are those of these numbers.
 * Method: small databases with the schema of the store, written here; what comes out is worked out
 * by hand. */
#include "base/error.h"
#include "report/compare.h"
#include "report/pairs.h"
#include "report/select.h"
#include "small_run.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static struct stw_results results;
static struct stw_error error = STW_ERROR_INIT;
static struct stw_comparisons comparisons;
static struct stw_cells_compared found;

/* Trial `trial` of a cell: stops of 1, 2, ... `stops` times `scale` ns, of both kinds in turn, the
 * first of a forced cycle; for the last of every three "put" was waited for. Four operations. */
static void add_trial(sqlite3 *db, int cell, int trial, int stops, int scale)
{
    char sql[512];
    int id = 100 * cell + trial;
    snprintf(sql, sizeof sql,
             "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, operations, wall_ns,"
             " start_ns, coordinator_ns, cpu_ns, rss_peak_bytes, op_sum_ns) VALUES"
             "(%d, %d, 'h%d', %d, 'ok', 4, %d, 5, 400, %d, %d, %d)", id, cell, cell, trial,
             600 * scale, 10 * scale, 4096 * scale, 440 * scale);
    run_sql(db, sql);
    for (int i = 0; i < 2 * stops; i++) { /* outside the timed phase, and so in no metric */
        snprintf(sql, sizeof sql,
                 "INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns, restarting_ns,"
                 " pause_ns, phase) VALUES(%d, %d, 'peer', 9000, 9000, 9000, 27000, '%s')", id,
                 100 + i, i % 2 ? "setup" : "after");
        run_sql(db, sql);
    }
    for (int i = 1; i <= stops; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns, restarting_ns,"
                 " pause_ns, phase, is_forced, last_site, last_mutator)"
                 " VALUES(%d, %d, '%s-termination', 1, 2, 3, %d, 'timed', %d, '%s', %s)", id, i,
                 i % 2 ? "sweep" : "mark", i * scale, i == 1, i % 3 ? "" : "put",
                 i % 3 ? "NULL" : "1");
        run_sql(db, sql);
    }
    /* 1023 is the last of the bucket of 1020 to 1023; in it two operations. */
    snprintf(sql, sizeof sql, "INSERT INTO op_bucket VALUES(%d, 100, 1), (%d, 1023, 2),"
                              " (%d, 5000, 1)", id, id, id);
    run_sql(db, sql);
}

static void build(void)
{
    sqlite3 *db = small_begin();
    run_sql(db, "INSERT INTO cell VALUES(0, 'h0', 'n=1 runtime=stwlab', NULL),"
                " (1, 'h1', 'n=1 runtime=go1.23.5', NULL), (2, 'h2', 'n=2 runtime=go1.23.5', NULL),"
                " (3, 'h3', 'n=2 runtime=stwlab', NULL)");
    run_sql(db, "INSERT INTO cell_axis VALUES(0, 0, 'n', '1'), (0, 1, 'runtime', 'stwlab'),"
                " (1, 0, 'n', '1'), (1, 1, 'runtime', 'go1.23.5'), (2, 0, 'n', '2'),"
                " (2, 1, 'runtime', 'go1.23.5'), (3, 0, 'n', '2'), (3, 1, 'runtime', 'stwlab')");
    for (int trial = 0; trial < 3; trial++) {
        add_trial(db, 0, trial, trial, 1);
        add_trial(db, 1, trial, 4, 1 << trial);
    }
    run_sql(db, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, detail)"
                " VALUES(900, 2, 'h2', 0, 'skipped', 'runtime: there is no go1.23')");
    small_end(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
}

static void remove_all(void)
{
    stw_results_free(&results);
    small_remove();
}

TestSuite(compare, .init = build, .fini = remove_all);

/* The one that is found is in `found`. */
static stw_status compare(const char *a, const char *b, const char *metric, int as_lower_edges)
{
    const struct stw_compare_options options = {.bootstrap = {1, 1000, 95},
                                                .as_lower_edges = as_lower_edges};
    struct stw_reader reader = {0};
    struct stw_compare_side of_a = {&results, &reader, NULL}, of_b = of_a;
    stw_comparisons_free(&comparisons);
    stw_status status = stw_select_cell(&results, a, &of_a.cell, &error);
    if (status == STW_OK && b)
        status = stw_select_cell(&results, b, &of_b.cell, &error);
    if (status == STW_OK)
        status = stw_reader_open(small_run, &reader, &error);
    if (status == STW_OK)
        status = stw_compare_cells(metric, &of_a, b ? &of_b : NULL, &options, &comparisons, &error);
    stw_reader_close(&reader);
    if (status != STW_OK)
        return status;
    stw_compare_judge(&comparisons, &options);
    found = comparisons.items[0];
    return STW_OK;
}

static void expect_one(const char *cell, const char *metric, double value)
{
    cr_assert_eq(compare(cell, NULL, metric, 0), STW_OK, "%s: %s", metric, error.message);
    cr_expect_float_eq(found.a.value, value, 1e-6, "%s: %.9g", metric, found.a.value);
    cr_expect_float_eq(found.value.estimate, value, 1e-6);
    if (!found.value.without)
        cr_expect(found.value.low <= value && found.value.high >= value);
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
    stw_results_free(&results);
    sqlite3 *db = small_open();
    run_sql(db, "INSERT INTO fact VALUES('strategy/x.hits', 'maps', 'trial', 'sum', 'exact',"
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
        run_sql(db, sql);
    }
    sqlite3_close(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
    expect_one("runtime=go,n=1", "gc.cycles", 4);
    cr_expect_str_eq(found.metric.unit, "");
    expect_one("runtime=go,n=1", "strategy/x.hits", 10);
    cr_expect_str_eq(found.metric.unit, "maps");
    expect_one("runtime=go,n=1", "watch.faults:map/y", 9);
    expect_one("runtime=go,n=1", "mmu.1ms", 0.75);
    expect_one("runtime=go,n=1", "step.hooks.p100", 7);
    cr_expect_eq(found.a.events, 6);
    expect_one("runtime=go,n=1", "step.hooks.sum", 8); /* 7, 8, 9 */
    expect_one("runtime=go,n=1", "step.hooks.mean", 4);
    expect_one("runtime=go,n=1", "cycle.marked_bytes.p50", 41);
    cr_expect_str_eq(found.metric.events, "cycles");
    expect_one("runtime=go,n=1", "pause.sum", 20); /* 10, 20, 40 */
    expect_one("runtime=go,n=1", "stop.total", 20);
    expect_one("runtime=go,n=1", "operations", 4);
}

static void add_trials(int cell, const int *scales, int stops)
{
    stw_results_free(&results);
    sqlite3 *db = small_open();
    run_sql(db, "DELETE FROM trial WHERE outcome = 'skipped'");
    for (int trial = 0; trial < 8; trial++)
        add_trial(db, cell, trial, stops, scales[trial]);
    sqlite3_close(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
}

static void change(const char *sql)
{
    stw_results_free(&results);
    sqlite3 *db = small_open();
    run_sql(db, sql);
    sqlite3_close(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
}

/* Stops of a trial: 1 2 3 4, 2 4 6 8, 4 8 12 16. */
Test(compare, stops_are_told_apart_by_kind_and_site)
{
    const char *go = "runtime=go,n=1";
    expect_one(go, "stop.p50", 4);
    expect_one(go, "stop.sweep-termination.p50", 3); /* 1 3, 2 6, 4 12 */
    cr_expect_eq(found.a.events, 6);
    cr_expect_eq(found.a.trials, 3);
    expect_one(go, "stop.mark-termination.p100", 16);
    expect_one(go, "stop.mark-termination.working.p50", 2);
    expect_one(go, "stop.forced.p50", 2); /* 1, 2, 4 */
    expect_one(go, "stop.waited.total", 6);    /* 3, 6, 12 */
    expect_one(go, "stop.unwaited.total", 14); /* 1 2 4, 2 4 8, 4 8 16 */
    change("UPDATE pause SET last_site = 'gc.worker' WHERE seq = 4");
    expect_one(go, "stop.waited.total", 14);   /* 3 4, 6 8, 12 16 */
    expect_one(go, "stop.unwaited.total", 6);
    expect_one(go, "stop@put.p50", 6);    /* 3, 6, 12 */
    expect_one(go, "stop.stopping@put.total", 1);
    expect_one(go, "stop.sweep-termination@put.max", 12);
    expect_one(go, "stop.mark-termination.total", 12); /* 6, 12, 24 */
    expect_one(go, "stop.mark-termination.mean", 6);
    cr_assert_eq(compare(go, NULL, "stop.full.p50", 0), STW_E_STATE);
    cr_expect_str_eq(error.message, "cell 'n=1 runtime=go1.23.5' has stops, but none that "
                                    "stop.full.p50 is of");
    cr_assert_eq(compare(go, NULL, "stop@get'.p50", 0), STW_E_STATE);
}

/* Counts and totals are a trial's: one without such stops has 0 of them. */
Test(compare, stops_over_a_bound_are_counted_in_each_trial)
{
    expect_one("runtime=go,n=1", "stop.over(3ns)", 8.0 / 3); /* 1, 3, 4 */
    cr_expect_str_eq(found.metric.unit, "");
    expect_one("runtime=go,n=1", "stop.over(0.003us)", 8.0 / 3);
    expect_one("runtime=go,n=1", "stop.over(1ms)", 0);
    expect_one("runtime=go,n=1", "stop.mark-termination.over(6ns)", 1); /* 0, 1, 2 */
    expect_one("runtime=go,n=1", "stop.full.over(0ns)", 0);
    expect_one("runtime=go,n=1", "stop.restarting.over(2ns)", 4);
    expect_one("runtime=stwlab,n=1", "stop.over(0ns)", 1); /* 0, 1, 2 */
    expect_one("runtime=stwlab,n=1", "stop.total", 1);     /* 0, 1, 3 */
    expect_one("runtime=stwlab,n=1", "step.hooks.total", 0);
    expect_one("runtime=stwlab,n=1", "op.over(1us)", 3);
    expect_one("runtime=stwlab,n=1", "op.over(5us)", 0);
    cr_assert_eq(compare("runtime=go,n=1", NULL, "op:read.over(1us)", 0), STW_E_STATE);
}

/* Another runtime's stops: of which kind they are is not known, nor the parts of some. */
Test(compare, what_stops_do_not_tell_is_not_zero)
{
    change("UPDATE pause SET kind = 'peer', is_forced = NULL, last_site = NULL,"
           " last_mutator = NULL, restarting_ns = NULL WHERE trial_id >= 100;"
           " UPDATE pause SET stopping_ns = NULL, working_ns = NULL WHERE trial_id = 102");
    const char *go = "runtime=go,n=1";
    static const char *const unknown[] = {
        "stop.restarting.p50", "stop.restarting.total", "restarting.over(1ns)",
        "stop.mark-termination.total", "stop.forced.over(0ns)", "stop.waited.total",
        "stop.unwaited.total", "stop@put.total",
        "step.hooks.total", "step.hooks.over(1us)"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_eq(compare(go, NULL, unknown[i], 0), STW_E_STATE, "%s", unknown[i]);
    cr_assert_eq(compare(go, "runtime=stwlab,n=1", "restarting.p50", 0), STW_E_STATE);
    cr_expect_str_eq(error.message, "cell 'n=1 runtime=go1.23.5' has no stop.restarting: its stops "
                                    "do not tell it");
    expect_one(go, "stop.stopping.p50", 1);
    cr_expect_eq(found.a.events, 8);
    expect_one(go, "stop.stopping.total", 4);
    cr_expect_eq(found.a.events, 2, "of the third trial it is not known");
    expect_one(go, "stop.total", 20);
    cr_expect_eq(results.cells[1].dists[STW_DIST_STOPPING].count, 8);
    cr_expect_eq(results.cells[1].dists[STW_DIST_RESTARTING].count, 0);
}

Test(compare, percentiles_may_have_decimals)
{
    expect_one("runtime=stwlab,n=1", "op.p99.9", 5000);
    expect_one("runtime=stwlab,n=1", "op.max", 5000);
    expect_one("runtime=stwlab,n=1", "op.p12.5", 100);
    expect_one("runtime=go,n=1", "stop.p91.6", 12); /* of 12 the 11th */
    expect_one("runtime=go,n=1", "stop.p91.7", 16); /* the 12th */
}

/* report.CM2: of eight blocks the least p is 2 in 256, so in six comparisons at once something can
 * be shown, and in seven nothing. */
Test(compare, few_trials_show_nothing_in_many_comparisons)
{
    static const int slow[] = {4, 6, 8, 10, 12, 14, 16, 18}, fast[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const struct stw_compare_options options = {.bootstrap = {1, 1000, 95}};
    add_trials(2, slow, 3);
    add_trials(3, fast, 3);
    const struct stw_compare_side a = {&results, &results.reader, &results.cells[2]};
    const struct stw_compare_side b = {&results, &results.reader, &results.cells[3]};
    for (uint32_t asked = 6; asked <= 7; asked++) {
        stw_comparisons_free(&comparisons);
        for (uint32_t i = 0; i < asked; i++)
            cr_assert_eq(stw_compare_cells("cpu", &a, &b, &options, &comparisons, &error), STW_OK);
        stw_compare_judge(&comparisons, &options);
        cr_expect_eq(comparisons.items[0].shown, asked == 6 ? STW_SHOWN_MORE : STW_SHOWN_NOTHING);
        cr_expect_eq(comparisons.trials_needed, asked == 6 ? 0 : 9);
    }
    cr_expect_str_eq(comparisons.items[6].without,
                     "too few trials for so many comparisons at once");
}

/* Eight trials each: counts of stops may be 0 in all of one cell, or of both. */
Test(compare, counts_that_are_zero_have_a_difference_and_no_ratio)
{
    static const int slow[] = {4, 6, 8, 10, 12, 14, 16, 18}, fast[] = {1, 1, 1, 1, 1, 1, 1, 1};
    const struct stw_compare_options options = {.bootstrap = {1, 1000, 95}};
    struct stw_text text = {0};
    add_trials(2, slow, 3);
    add_trials(3, fast, 3);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "stop.over(3ns)", 0), STW_OK);
    cr_expect_float_eq(found.a.value, 3, 1e-9);
    cr_expect_float_eq(found.b.value, 0, 1e-9);
    cr_expect_eq(found.shown, STW_SHOWN_MORE);
    stw_compare_text(&comparisons, &results, &options, &text);
    cr_expect(strstr(text.bytes, "\nA / B: B is 0, and nothing can be divided by it\n"
                                 "A - B = 3, from 3 to 3, p = "), "%s", text.bytes);
    stw_text_free(&text);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "stop.over(1s)", 0), STW_OK);
    cr_expect_eq(found.shown, STW_SHOWN_EQUAL);
    stw_compare_text(&comparisons, &results, &options, &text);
    cr_expect(strstr(text.bytes, "A against B: the same in all trials"), "%s", text.bytes);
    stw_text_free(&text);
}

/* What is lost is told, and nothing is shown without it. report.CM1 */
Test(compare, lost_stops_are_told_and_get_no_verdict)
{
    static const int slow[] = {4, 6, 8, 10, 12, 14, 16, 18}, fast[] = {2, 3, 4, 5, 6, 7, 8, 9};
    struct stw_text text = {0};
    const struct stw_compare_options options = {.bootstrap = {1, 1000, 95}};
    add_trials(2, slow, 8);
    add_trials(3, fast, 8);
    change("UPDATE trial SET pauses_lost = 70 WHERE trial_id = 201;"
           "INSERT INTO counter SELECT trial_id, 'taken.lost', 5 FROM trial WHERE cell = 3;"
           "INSERT INTO worst_window SELECT trial_id, 1000000, trial_id FROM trial");
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "stop.p50", 0), STW_OK);
    cr_expect_eq(found.a.lost, 70);
    cr_expect_eq(found.b.lost, 0);
    cr_expect_eq(found.shown, STW_SHOWN_NOTHING);
    cr_expect(strstr(found.without, "not recorded"));
    stw_compare_text(&comparisons, &results, &options, &text);
    cr_expect(strstr(text.bytes, ", 70 not recorded"), "%s", text.bytes);
    stw_text_free(&text);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "mmu.1ms", 0), STW_OK);
    cr_expect_eq(found.b.lost, 40);
    cr_expect(strstr(found.without, "too high"));
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "cpu", 0), STW_OK);
    cr_expect_eq(found.shown, STW_SHOWN_MORE);
}

/* Expressions over other facts, declared once (base.FA1 holds for what they are made of). */
Test(compare, facts_are_worked_out_of_others)
{
    change("INSERT INTO counter SELECT trial_id, 'cpu.total_ns', 100 + cell * 100 FROM trial;"
           "INSERT INTO counter SELECT trial_id, 'cpu.mutator_ns', 50 + cell * 25 + trial * 10"
           " FROM trial WHERE cell < 2;"
           "INSERT INTO counter SELECT trial_id, 'cpu.process_ns', 130 FROM trial;"
           "INSERT INTO counter SELECT trial_id, 'cpu.held_ns', 10 FROM trial;"
           "INSERT INTO counter SELECT trial_id, 'timed.alloc_bytes', 3000 FROM trial;"
           "UPDATE trial SET span_ns = 2000");
    expect_one("runtime=go,n=1", "alloc.rate", 1.5e9);
    cr_expect_str_eq(found.metric.unit, "bytes/s");
    expect_one("runtime=go,n=1", "cpu.gc_ns", 115); /* 200 less 75, 85, 95 */
    expect_one("runtime=go,n=1", "cpu.gc_share", 115.0 / 200);
    expect_one("runtime=go,n=1", "cpu.other_ns", -60);
    /* Both cells do the same work; the first has the least median: of 50, 60, 70. */
    expect_one("runtime=go,n=1", "lbo", 200.0 / 60);
    expect_one("runtime=stwlab,n=1", "lbo", 100.0 / 60);
    change("DELETE FROM counter WHERE name = 'cpu.held_ns'");
    cr_assert_eq(compare("runtime=go,n=1", NULL, "cpu.other_ns", 0), STW_E_STATE);
}

/* report.LE1: n is the workload's, runtime and what a strategy is given are not. */
Test(compare, the_least_is_that_of_cells_with_the_same_work)
{
    static const int scales[] = {1, 2, 3, 4, 5, 6, 7, 8};
    add_trials(2, scales, 0);
    add_trials(3, scales, 0);
    change("INSERT INTO cell_axis SELECT cell, 2, 'strategy.x.keep', cell FROM cell;"
           "INSERT INTO counter SELECT trial_id, 'cpu.total_ns', 1200 FROM trial;"
           "INSERT INTO counter SELECT trial_id, 'cpu.mutator_ns', 100 * (4 - cell) FROM trial");
    expect_one("runtime=stwlab,n=1", "lbo", 4); /* 400 and 300 */
    expect_one("runtime=stwlab,n=2", "lbo", 12); /* 200 and 100 */
    expect_one("runtime=go,n=2", "lbo", 12);
    change("INSERT INTO cell_axis SELECT cell, 3, 'mutators', cell FROM cell");
    expect_one("runtime=stwlab,n=1", "lbo", 3);
    expect_one("runtime=go,n=2", "lbo", 6);
}

Test(compare, a_fact_that_a_cell_does_not_have_is_told)
{
    cr_assert_eq(compare("runtime=go,n=1", NULL, "map.buckets", 0), STW_E_STATE);
    cr_expect_str_eq(error.message, "cell 'n=1 runtime=go1.23.5' has no map.buckets");
}

/* Three trials: the values stand, and no interval or verdict. */
Test(compare, few_trials_have_no_interval)
{
    cr_assert_eq(compare("runtime=go1.23,n=1", "runtime=stwlab,n=1", "cpu", 0), STW_OK);
    cr_expect_float_eq(found.contrast.ratio.estimate, 2, 1e-9);
    cr_expect_not_null(found.contrast.ratio.without);
    cr_expect_eq(found.shown, STW_SHOWN_NOTHING);
    cr_assert_eq(compare("runtime=go1.23,n=1", "runtime=stwlab,n=1", "rate", 0), STW_OK);
    cr_expect_float_eq(found.contrast.ratio.estimate, 1000.0 / 1800, 1e-9);
}

/* Of the 256 exchanges of eight blocks two are as far out. */
Test(compare, a_difference_in_every_block_is_shown)
{
    static const int slow[] = {4, 6, 8, 10, 12, 14, 16, 18}, fast[] = {2, 3, 4, 5, 6, 7, 8, 9};
    add_trials(2, slow, 0);
    add_trials(3, fast, 0);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "cpu", 0), STW_OK);
    cr_expect_float_eq(found.contrast.ratio.estimate, 2, 1e-9);
    cr_expect_float_eq(found.contrast.ratio.low, 2, 1e-9);
    cr_expect_float_eq(found.contrast.ratio.high, 2, 1e-9);
    cr_expect_float_eq(found.contrast.difference.estimate, 50, 1e-9);
    cr_expect_eq(found.shown, STW_SHOWN_MORE);
    cr_expect_float_eq(found.p, 2.0 / 256, 1e-12);
    cr_assert_eq(compare("n=2,runtime=stwlab", "n=2,runtime=go", "cpu", 0), STW_OK);
    cr_expect_eq(found.shown, STW_SHOWN_LESS);
    cr_assert_eq(compare("n=2,runtime=stwlab", "n=2,runtime=go", "operations", 0), STW_OK);
    cr_expect_eq(found.shown, STW_SHOWN_EQUAL);
}

Test(compare, what_blocks_disagree_on_is_not_shown)
{
    static const int up[] = {4, 6, 8, 10, 9, 7, 5, 3}, down[] = {5, 5, 9, 9, 10, 6, 6, 2};
    struct stw_text text = {0};
    add_trials(2, up, 0);
    add_trials(3, down, 0);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "cpu", 0), STW_OK);
    cr_expect_eq(found.shown, STW_SHOWN_NO_DIFFERENCE);
    cr_expect(found.would_show > 1);
    stw_compare_verdict(&found, &text);
    cr_expect(strncmp(text.bytes, "no difference shown; 8 trials would show ", 41) == 0, "%s",
              text.bytes);
    stw_text_free(&text);
}

/* 8 trials of 4 stops: of 32, the p99 is the largest, and the p50 has 16 beyond it. report.CM1 */
Test(compare, a_percentile_of_few_events_gets_no_verdict)
{
    static const int slow[] = {40, 60, 80, 100, 120, 140, 160, 180};
    static const int fast[] = {2, 3, 4, 5, 6, 7, 8, 9};
    add_trials(2, slow, 4);
    add_trials(3, fast, 4);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "pause.p99", 0), STW_OK);
    cr_expect_eq(found.a.beyond, 0);
    cr_expect_eq(found.shown, STW_SHOWN_NOTHING);
    cr_expect(strstr(found.without, "fewer than 10 events"));
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "pause.p50", 0), STW_OK);
    cr_expect_eq(found.a.beyond, 16);
    cr_expect_eq(found.shown, STW_SHOWN_MORE);
    cr_assert_eq(compare("n=2,runtime=go", "n=2,runtime=stwlab", "pause.max", 0), STW_OK);
    cr_expect(strstr(found.without, "a maximum"));
}

/* Words that name cells, and how many they name. plan.NA1 */
Test(compare, cells_are_named_in_one_way)
{
    static const struct { const char *words; uint32_t count; } names[] = {
        {"0", 1}, {"3", 1}, {"n=1 runtime=stwlab", 1}, {"n=1", 2}, {"n=1,runtime=go", 1},
        {"n == 1", 2}, {"n < 2", 2}, {"n >= 2 && runtime == stwlab", 1}, {"runtime != go", 2},
        {"!(n == 1) || runtime == stwlab", 3}, {"n = 1 , runtime = go1.23", 0}, {"n % 2 == 0", 2},
        {"n= 2", 2}, {"n=2^1", 2}, {"runtime=go1.2", 0},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct stw_result_cell **cells;
        uint32_t count;
        stw_select_cells(&results, names[i].words, &cells, &count, &error);
        cr_expect_eq(count, names[i].count, "%s: %u", names[i].words, count);
        free(cells);
    }
}

static uint32_t pair_count(const char *baseline, const char *by, uint32_t *without)
{
    struct stw_cell_pairs pairs;
    stw_pair_cells(&results, baseline, by, &pairs, without, &error);
    for (uint32_t i = 0; i < pairs.count; i++)
        cr_expect_str_eq(stw_pairs_get(&pairs.items[i].cell->axes, "n"),
                         stw_pairs_get(&pairs.items[i].baseline->axes, "n"));
    free(pairs.items);
    return pairs.count;
}

Test(compare, each_cell_has_its_nearest_baseline)
{
    static const int scales[] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint32_t without;
    cr_expect_eq(pair_count("runtime=stwlab", NULL, &without), 1);
    cr_expect_eq(without, 1); /* n=2 has no ok trial */
    add_trials(2, scales, 0);
    add_trials(3, scales, 0);
    cr_expect_eq(pair_count("runtime=stwlab", NULL, &without), 2);
    cr_expect_eq(without, 0);
    cr_expect_eq(pair_count(NULL, "runtime", &without), 2);
    cr_expect_eq(pair_count("n=2", "runtime", &without), 0);
    cr_expect_eq(pair_count(NULL, "runtme", &without), 0);
    cr_expect(strstr(error.message, "did you mean 'runtime'?"), "%s", error.message);
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
    refused("runtme=go", "cpu", STW_E_INVALID, "did you mean 'runtime'?");
    refused("n", "cpu", STW_E_INVALID, "no cell 'n'");
    refused("runtime > 3", "cpu", STW_E_INVALID, "only == and !=");
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
