/* unit/noise_test.c: a busy machine is told by whatever tells of it, with what not to read; a quiet
 * one, and one of which nothing is known, is not.
 * Method: numbers as a run's results have them, on both sides of each limit; and small databases
 * with the schema of the store, from which the same numbers are read. */
#include "base/error.h"
#include "base/histogram.h"
#include "report/compare.h"
#include "report/noise.h"
#include "report/show.h"
#include "small_run.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct stw_results results;
static struct stw_noise noise;
static struct stw_error error = STW_ERROR_INIT;

static void remove_all(void)
{
    stw_noise_free(&noise);
    stw_results_free(&results);
    small_remove();
}

TestSuite(noise, .fini = remove_all);

/* Judged anew. */
static const struct stw_finding *first(void)
{
    stw_noise_free(&noise);
    stw_noise_judge(&results, 0, &noise);
    return noise.count ? &noise.items[0] : NULL;
}

static void expect_text(const char *expected)
{
    struct stw_text text = {0};
    first();
    stw_noise_text(&noise, 80, &text);
    cr_expect_str_eq(stw_text_get(&text), expected);
    stw_text_free(&text);
}

/* A run of 10 s on two processors, of which nothing speaks against it. */
static void be_quiet(void)
{
    results.noise = (struct stw_noise_numbers){
        .others = {1e9, 2e10}, .steal = {1e8, 2e10}, .throttled = {0, 2e10}, .load_max = 9,
        .roomy = {.count = 10000, .late = 99, .late_ns_max = 3000000},
        .full = {.count = 10000, .late = 499, .late_ns_max = 3000000}, .long_stops = 7};
}

/* report.NO1 */
Test(noise, is_not_found_where_nothing_is_known)
{
    cr_expect_null(first());
    cr_expect_not(stw_noise_is_busy(&noise));
    expect_text("");
}

Test(noise, is_not_found_on_a_quiet_machine)
{
    be_quiet();
    cr_expect_null(first());
    expect_text("");
}

Test(noise, is_what_other_programs_take)
{
    be_quiet();
    results.noise.others.ns = 1.9e9;
    cr_expect_null(first());
    results.noise.others.ns = 8.6e9;
    cr_assert(first());
    cr_expect_str_eq(first()->kind, "others");
    cr_expect_float_eq(first()->share, 0.43, 1e-9);
    cr_expect(stw_noise_is_busy(&noise));
    expect_text("The machine was busy: do not read times, not even medians\n"
                "  other programs took 43 % of the processors' time\n");
}

/* report.NO2. The run's own work exceeds what ticks told: nobody else was there. */
Test(noise, is_not_the_runs_own_work)
{
    be_quiet();
    results.noise.others.ns = -3e8;
    cr_expect_null(first());
}

/* report.NO3 */
Test(noise, is_not_judged_by_a_few_ticks_or_wakes)
{
    results.noise.others = (struct stw_time_share){1.8e9, 1.9e9};
    results.noise.steal = (struct stw_time_share){1.8e9, 1.9e9};
    results.noise.roomy.count = 20;
    results.noise.roomy.late = 9;
    cr_expect_null(first());
    results.noise.roomy.late = 10;
    cr_assert(first());
    cr_expect_str_eq(first()->kind, "hiccups");
}

/* report.NO2: where mutators fill the processors, more have to be late, and others be there. */
Test(noise, is_late_wakes_beside_as_many_mutators_as_processors)
{
    be_quiet();
    cr_expect_null(first());
    results.noise.full.late = 5000;
    results.noise.others.ns = 0.049 * results.noise.others.of_ns;
    cr_expect_null(first(), "the run's own threads");
    results.noise.others.ns = 0.051 * results.noise.others.of_ns;
    results.noise.full.late = 499;
    cr_expect_null(first());
    results.noise.full.late = 500;
    cr_assert(first());
    cr_expect_str_eq(first()->kind, "hiccups");
    cr_expect_float_eq(first()->limit, STW_NOISE_FULL, 1e-12);
}

Test(noise, is_what_the_hypervisor_and_quotas_take)
{
    be_quiet();
    results.noise.steal.ns = 2.1e8;
    cr_assert(first());
    cr_expect_str_eq(first()->kind, "steal");
    expect_text("The machine was busy: do not read p99, max and other tails\n"
                "  the hypervisor gave other machines 1.1 % of the processors' time\n");
    results.noise.steal.ns = 0;
    results.noise.throttled.ns = 4e9;
    cr_assert(first());
    cr_expect_str_eq(first()->kind, "throttled");
    expect_text("The machine was busy: do not read times, not even medians\n"
                "  the control group's quota took 20 % of the processors' time\n");
}

/* Tails are times: the wider word is enough. A stop of the machine's is told beside them. */
Test(noise, is_late_wakes_and_the_stops_that_coincide_with_them)
{
    be_quiet();
    results.noise.machine_stops = 1;
    cr_expect_str_eq(first()->kind, "stops");
    cr_expect_eq(first()->severity, STW_NOISE_NOTE);
    cr_expect_not(stw_noise_is_busy(&noise));
    expect_text("");
    results.noise.roomy.count = 9000;
    results.noise.roomy.late = 270;
    results.noise.roomy.late_ns_max = 88100000;
    results.noise.others.ns = 4e9;
    expect_text("The machine was busy: do not read times, not even medians\n"
                "  other programs took 20 % of the processors' time\n"
                "  an idle thread woke over 1 ms late in 3.0 % of 9000 sleeps, by 88.1 ms at most\n"
                "  1 of 7 stops over 1 ms coincides with a late wake: it is the machine's\n");
}

/* It lags, and holds the run's own threads: it counts where others' time is not known. */
Test(noise, is_the_load_where_nothing_better_is_known)
{
    struct stw_pair processors = {"processors", "2"};
    results.environment = (struct stw_pairs){&processors, 1};
    results.noise.load_max = 0.9;
    cr_expect_null(first());
    results.noise.load_max = 4.2;
    expect_text("The machine was busy: do not read times, not even medians\n"
                "  the load was 4.2 at a start, on 2 processors\n");
    results.noise.others.of_ns = 2e9;
    cr_expect_null(first());
    results.environment = (struct stw_pairs){0};
}

Test(noise, is_told_apart_from_records_that_lack_something)
{
    be_quiet();
    results.noise.stops_lost = 1234;
    results.noise.pieces_lost = 5;
    cr_expect_eq(first()->severity, STW_NOISE_INCOMPLETE);
    cr_expect_not(stw_noise_is_busy(&noise));
    expect_text("Not all is there: do not read counts, sums and percentiles of stops;\n"
                "    utilisations (mmu): they are too high\n"
                "  1234 stops are not stored\n"
                "  5 pieces of taken time are not stored\n");
    results.noise.roomy.late = 5000;
    cr_expect_eq(first()->severity, STW_NOISE_BUSY, "the severest is not the first");
}

Test(noise, keeps_within_the_width_and_names_runs)
{
    struct stw_text text = {0};
    be_quiet();
    results.noise.others.ns = 8.6e9;
    stw_noise_judge(&results, 1, &noise);
    stw_noise_judge(&results, 2, &noise);
    stw_noise_text(&noise, 0, &text);
    cr_expect(strstr(text.bytes, "\n  first run: other programs took"), "%s", text.bytes);
    cr_expect(strstr(text.bytes, "\n  second run: other programs took"), "%s", text.bytes);
    stw_text_free(&text);
    stw_noise_text(&noise, 40, &text);
    for (const char *line = text.bytes; *line; line += strcspn(line, "\n") + 1)
        cr_expect_leq(strcspn(line, "\n"), 40, "%s", line);
    stw_text_free(&text);
    stw_noise_free(&noise);
}

/* Reading. */

/* Two cells with two trials each; the second has more threads than there are processors. */
static sqlite3 *begin_database(void)
{
    sqlite3 *db = small_begin();
    run_sql(db, "INSERT INTO environment VALUES('processors', '2');"
                "INSERT INTO cell VALUES(0, 'h0', 'gc.processors=0', NULL),"
                " (1, 'h1', 'gc.processors=8', NULL);"
                "INSERT INTO cell_axis VALUES(0, 0, 'gc.processors', '0'),"
                " (1, 0, 'gc.processors', '8');"
                "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, pauses_lost, start)"
                " VALUES(1, 0, 'h0', 0, 'ok', 3, 1), (2, 0, 'h0', 1, 'ok', 0, 1),"
                " (3, 1, 'h1', 0, 'ok', 0, 2), (4, 1, 'h1', 1, 'crashed', 9, 2)");
    return db;
}

static void end_database(sqlite3 *db)
{
    small_end(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
}

/* Of a failed trial, too: it ran on the same machine. */
Test(noise, is_read_from_the_laps_of_all_trials)
{
    sqlite3 *db = begin_database();
    run_sql(db, "INSERT INTO machine_time VALUES(1, 1000, 2, 900, 500, 40, NULL),"
                " (2, 3000, 2, 700, 800, 60, 5), (4, 1000, 4, NULL, 10, NULL, 7)");
    end_database(db);
    const struct stw_noise_numbers *found = &results.noise;
    cr_expect_float_eq(found->others.ns, 300, 1e-9);
    cr_expect_float_eq(found->others.of_ns, 8000, 1e-9);
    cr_expect_float_eq(found->steal.ns, 100, 1e-9);
    cr_expect_float_eq(found->steal.of_ns, 8000, 1e-9);
    cr_expect_float_eq(found->throttled.ns, 12, 1e-9);
    cr_expect_float_eq(found->throttled.of_ns, 10000, 1e-9);
    cr_expect_eq(found->stops_lost, 3, "of ok trials alone: others' stops are in no table");
}

static int is_found(const char *kind)
{
    first();
    for (uint32_t i = 0; i < noise.count; i++)
        if (strcmp(noise.items[i].kind, kind) == 0)
            return 1;
    return 0;
}

Test(noise, is_told_of_operations_longer_than_their_histogram)
{
    char sql[96];
    uint64_t most_ns = stw_histogram_bucket_low(STW_HISTOGRAM_BUCKETS);
    sqlite3 *db = begin_database();
    snprintf(sql, sizeof sql, "INSERT INTO op_bucket VALUES(1, %" PRIu64 ", 1)", most_ns - 1);
    run_sql(db, sql);
    end_database(db);
    cr_expect_eq(results.noise.clipped_cells, 0);
    cr_expect_not(is_found("clipped"));
    stw_results_free(&results);
    db = small_open();
    snprintf(sql, sizeof sql, "BEGIN; INSERT INTO op_bucket VALUES(2, %" PRIu64 ", 3)", most_ns);
    run_sql(db, sql);
    end_database(db);
    cr_expect_eq(results.noise.clipped_cells, 1);
    cr_expect(is_found("clipped"));
}

/* report.NO2 */
Test(noise, is_read_from_wakes_that_had_a_processor)
{
    sqlite3 *db = begin_database();
    for (int trial = 1; trial <= 3; trial++) {
        char sql[256];
        snprintf(sql, sizeof sql, "INSERT INTO counter VALUES(%d, 'machine.hiccups', 100),"
                 " (%d, 'machine.hiccups_over_1ms', %d), (%d, 'machine.hiccup_max_ns', %d)", trial,
                 trial, 10 * trial, trial, 1000 * trial);
        run_sql(db, sql);
    }
    run_sql(db, "INSERT INTO counter VALUES(1, 'taken.lost', 4), (2, 'taken.lost', 5)");
    end_database(db);
    cr_expect_eq(results.noise.roomy.count, 200);
    cr_expect_eq(results.noise.roomy.late, 30);
    cr_expect_eq(results.noise.roomy.late_ns_max, 2000);
    cr_expect_eq(results.noise.pieces_lost, 9);
}

/* report.NO2 */
Test(noise, knows_cells_that_fill_the_processors_themselves)
{
    sqlite3 *db = begin_database();
    run_sql(db, "INSERT INTO cell_axis VALUES(0, 1, 'mutators', '2'), (1, 1, 'mutators', '2');"
                "INSERT INTO counter VALUES(1, 'machine.hiccups', 100),"
                " (1, 'machine.hiccups_over_1ms', 7), (3, 'machine.hiccups', 100),"
                " (3, 'machine.hiccups_over_1ms', 9)");
    end_database(db);
    cr_expect_eq(results.noise.roomy.count, 0);
    cr_expect_eq(results.noise.full.count, 100);
    cr_expect_eq(results.noise.full.late, 7);
}

/* report.NO2: one mutator, and the collector's workers on all others. */
Test(noise, knows_cells_whose_collector_may_fill_the_processors)
{
    sqlite3 *db = begin_database();
    run_sql(db, "INSERT INTO run VALUES('fixed.gogc', '100'), ('fixed.mutators', '1');"
                "INSERT INTO counter VALUES(1, 'machine.hiccups', 100),"
                " (1, 'machine.hiccups_over_1ms', 7)");
    end_database(db);
    cr_expect_eq(results.noise.roomy.count, 0);
    cr_expect_eq(results.noise.full.late, 7);
    stw_results_free(&results);
    db = small_open();
    run_sql(db, "BEGIN; UPDATE run SET value = 'off' WHERE key = 'fixed.gogc'");
    end_database(db);
    cr_expect_eq(results.noise.roomy.late, 7);
    cr_expect_eq(results.noise.full.count, 0);
}

Test(noise, takes_a_load_only_when_somebody_ran)
{
    sqlite3 *db = begin_database();
    run_sql(db, "INSERT INTO start VALUES(1, 'then'), (2, 'later'), (3, 'at last');"
                "INSERT INTO start_fact VALUES(1, 'load', '9.50 1 1'), (1, 'running', '0'),"
                " (2, 'load', '3.25 2 2'), (2, 'running', '3'), (3, 'load', '1.00 0 0')");
    end_database(db);
    cr_expect_float_eq(results.noise.load_max, 3.25, 1e-9);
}

/* A stop is the machine's when a wake of its own trial was late during half of it or more. */
Test(noise, knows_which_long_stops_are_the_machines)
{
    sqlite3 *db = begin_database();
    static const struct { int trial, seq, begin_us, us; const char *phase; } stops[] = {
        {1, 0, 1000, 2000, "timed"},  /* covered from its half on: the machine's */
        {1, 1, 9000, 2000, "timed"},  /* a bit less than half */
        {1, 2, 2100, 500, "timed"},   /* within, but short */
        {1, 3, 2000, 3000, "setup"},  /* no stop of the operations */
        {2, 0, 1000, 2000, "timed"},  /* the wake was another trial's */
        {3, 0, 4000, 5000, "timed"},  /* by the second of two */
        {4, 0, 4000, 5000, "timed"},  /* not ok */
    };
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "INSERT INTO pause(trial_id, seq, kind, start_ns, stopping_ns,"
                 " working_ns, restarting_ns, pause_ns, phase)"
                 " VALUES(%d, %d, 'other', %d000, 0, 0, 0, %d000, '%s')", stops[i].trial,
                 stops[i].seq, stops[i].begin_us, stops[i].us, stops[i].phase);
        run_sql(db, sql);
    }
    run_sql(db, "INSERT INTO hiccup VALUES(1, 0, 2000000, 3000000), (1, 1, 10001000, 5000000),"
                " (3, 0, 100000, 900000), (3, 1, 5000000, 3000000), (4, 0, 4000000, 9000000)");
    end_database(db);
    cr_expect_eq(results.noise.long_stops, 4);
    cr_expect_eq(results.noise.machine_stops, 2);
}

/* A machine that was busy for ten seconds. */
static void build_busy(void)
{
    sqlite3 *db = begin_database();
    run_sql(db, "INSERT INTO pause(trial_id, seq, kind, start_ns, stopping_ns, working_ns,"
                " restarting_ns, pause_ns, phase) VALUES(1, 0, 'other', 1, 1, 1, 1, 3, 'timed'),"
                " (2, 0, 'other', 1, 1, 1, 1, 3, 'timed');"
                "INSERT INTO machine_time"
                " VALUES(1, 10000000000, 2, 19000000000, 9000000000, 0, 0)");
    end_database(db);
}

/* All cells, with the usual columns. */
static void read_shown(struct stw_shown *shown)
{
    static const struct stw_show_options usual = {0};
    cr_assert_eq(stw_shown_read(&results, &usual, shown, &error), STW_OK, "%s", error.message);
}

/* report.S4 */
Test(noise, stands_on_the_first_line_after_the_table)
{
    struct stw_text out = {0};
    build_busy();
    const struct stw_look look = {0};
    struct stw_shown shown;
    read_shown(&shown);
    stw_show_text(&shown, &look, &out);
    stw_shown_free(&shown);
    const char *told = strstr(out.bytes, "\nThe machine was busy: do not read times");
    cr_assert(told, "%s", out.bytes);
    cr_expect(strstr(told, "\n  other programs took 50 % of the processors' time\n"));
    const char *row = strstr(out.bytes, "1 crashed\n");
    cr_assert(row, "%s", out.bytes);
    cr_expect_eq(row + strlen("1 crashed"), told, "%s", out.bytes);
    stw_text_free(&out);
}

static char *json_of(void (*write)(FILE *file))
{
    char *bytes = NULL;
    size_t length;
    FILE *file = open_memstream(&bytes, &length);
    cr_assert(file);
    write(file);
    fclose(file);
    return bytes;
}

static void write_show(FILE *file)
{
    struct stw_shown shown;
    read_shown(&shown);
    stw_show_json(&shown, file);
    stw_shown_free(&shown);
}

static void write_comparison(FILE *file)
{
    struct stw_compare_options options = {.bootstrap = {1, 100, 95}, .noise = &noise};
    struct stw_comparisons comparisons = {0};
    struct stw_reader reader;
    struct stw_compare_side side = {&results, &reader, &results.cells[0]};
    cr_assert_eq(stw_reader_open(small_run, &reader, &error), STW_OK, "%s", error.message);
    cr_assert_eq(stw_compare_cells("pause.p50", &side, NULL, &options, &comparisons, &error),
                 STW_OK, "%s", error.message);
    stw_noise_judge(&results, 1, &noise);
    stw_compare_json(&comparisons, &results, &options, file);
    stw_comparisons_free(&comparisons);
    stw_reader_close(&reader);
}

/* The value at `path` of a JSON text, by SQLite's own reader. */
static void expect_json(const char *json, const char *path, const char *expected)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT coalesce(?1 -> ?2, 'absent')", -1, &statement, NULL);
    sqlite3_bind_text(statement, 1, json, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, path, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sqlite3_errmsg(db));
    cr_expect_str_eq((const char *)sqlite3_column_text(statement, 0), expected, "%s in %s", path,
                     json);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

Test(noise, is_in_every_json)
{
    build_busy();
    char *json = json_of(write_show);
    expect_json(json, "$.noise.busy", "true");
    expect_json(json, "$.noise.findings[0].kind", "\"others\"");
    expect_json(json, "$.noise.findings[0].share", "0.5");
    expect_json(json, "$.noise.findings[0].limit", "0.1");
    expect_json(json, "$.noise.findings[0].severity", "\"busy\"");
    expect_json(json, "$.noise.findings[0].run", "absent");
    free(json);
    json = json_of(write_comparison);
    expect_json(json, "$.noise.busy", "true");
    expect_json(json, "$.noise.findings[0].run", "1");
    free(json);
    results.noise = (struct stw_noise_numbers){0};
    json = json_of(write_show);
    expect_json(json, "$.noise", "{\"busy\":false,\"findings\":[]}");
    free(json);
}
