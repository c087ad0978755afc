/* unit/show_test.c: the table of cells fits wherever it is printed, says what is not in it, and has
 * the numbers that `compare` has.
 * Method: small databases with the schema of the store, of several shapes: few and many axes, long
 * and hostile names, one cell, hundreds of columns; each line is measured. Numbers are compared
 * with those of report/metric.h, cell by cell, and with the view `cells`. */
#include "base/error.h"
#include "base/utf8.h"
#include "report/show.h"
#include "small_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES 6u

static sqlite3 *db;
static struct stw_results results;
static struct stw_shown shown;
static struct stw_text out;
static struct stw_error error = STW_ERROR_INIT;

static void execute(const char *sql)
{
    run_sql(db, sql);
}

static void begin(void)
{
    db = small_begin();
    execute("INSERT INTO run VALUES('name', 'shapes'), ('question', 'Does a table fit?'),"
            " ('workload', 'w'), ('trials', '7'), ('seed', '1'), ('fixed.gogc', '100');"
            "INSERT INTO environment VALUES('cpu', 'Some CPU'), ('processors', '2'),"
            " ('kernel', 'Linux'), ('sandbox', 'on')");
}

static void end(void)
{
    stw_text_free(&out);
    stw_shown_free(&shown);
    stw_results_free(&results);
    if (db)
        sqlite3_close(db);
    small_remove();
}

TestSuite(show, .init = begin, .fini = end);

/* Binds texts to ?1, ?2 ... of `sql`. */
static void insert(const char *sql, const char *first, const char *second)
{
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC);
    if (second)
        sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(statement), SQLITE_DONE, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
}

static void add_cell(int cell, const char *id)
{
    char sql[160];
    snprintf(sql, sizeof sql, "INSERT INTO cell VALUES(%d, 'h%d', ?1, NULL)", cell, cell);
    insert(sql, id, NULL);
}

static void add_axis(int cell, int position, const char *key, const char *value)
{
    char sql[160];
    snprintf(sql, sizeof sql, "INSERT INTO cell_axis VALUES(%d, %d, ?1, ?2)", cell, position);
    insert(sql, key, value);
}

/* An ok trial, whose numbers differ from cell to cell and from trial to trial. */
static void add_trial(int cell, int trial)
{
    char sql[1600];
    int id = 1000 * cell + trial + 1, scale = 100 * (cell + 1) + 7 * trial;
    snprintf(sql, sizeof sql,
             "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, operations, wall_ns,"
             " start_ns, coordinator_ns, cpu_ns, rss_peak_bytes, op_sum_ns, span_ns, pauses_lost,"
             " start) VALUES(%d, %d, 'h%d', %d, 'ok', 40, %d, 5, 400, %d, %d, %d, %d, 0, 1);"
             "WITH RECURSIVE p(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM p WHERE n < 30)"
             "INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns, restarting_ns,"
             " pause_ns, phase) SELECT %d, n, 'sweep-termination', n * %d, 2 * n * %d,"
             "  CASE WHEN %d %% 2 THEN n * %d END, 4 * n * %d,"
             "  CASE WHEN n < 3 THEN 'setup' WHEN n = 30 THEN 'after' ELSE 'timed' END FROM p;"
             "INSERT INTO pause_step SELECT trial_id, seq, 'pacer', seq * 5 FROM pause"
             " WHERE trial_id = %d;"
             "INSERT INTO op_bucket VALUES(%d, %d, 30), (%d, %d, 10);"
             "INSERT INTO op_time_bucket VALUES(%d, 'op:read', %d, 25);"
             "INSERT INTO counter VALUES(%d, 'timed.cycles', %d), (%d, 'scan.stw_bytes', 0),"
             " (%d, 'map.grow_events', 0), (%d, 'alloc.bytes', 4096);"
             "INSERT INTO worst_window VALUES(%d, 1000000, %d)",
             id, cell, cell, trial, 600 * scale, 10 * scale, 4096 * scale, 440 * scale, 50 * scale,
             id, scale, scale, trial, scale, scale, id, id, 100 * scale, id, 300 * scale, id,
             50 * scale, id, cell + 5, id, id, id, id, 1000 * scale);
    execute(sql);
}

/* A matrix of so many cells, of 7 trials each, with the values as names. */
static void add_matrix(int cells, int axes, const char *const *names)
{
    for (int cell = 0; cell < cells; cell++) {
        struct stw_text id = {0};
        for (int axis = 0; axis < axes; axis++) {
            char key[32];
            const char *value = names[(cell >> (axis % 16)) % (int)NAMES];
            snprintf(key, sizeof key, axis ? "some.axis%d" : "n", axis);
            add_axis(cell, axis, key, value);
            stw_text_add(&id, "%s%s=%s", axis ? " " : "", key, value);
        }
        add_cell(cell, stw_text_get(&id));
        stw_text_free(&id);
        for (int trial = 0; trial < 7; trial++)
            add_trial(cell, trial);
    }
}

static void open_run(void)
{
    execute("COMMIT");
    stw_status status = stw_results_open(small_run, &results, &error);
    cr_assert_eq(status, STW_OK, "%s", error.message);
}

static void read_shown(const struct stw_show_options *options)
{
    stw_shown_free(&shown);
    stw_status status = stw_shown_read(&results, options, &shown, &error);
    cr_assert_eq(status, STW_OK, "%s", error.message);
}

static void print(const struct stw_show_options *options, uint32_t width)
{
    const struct stw_look look = {.width = width};
    read_shown(options);
    stw_text_free(&out);
    stw_show_text(&shown, &look, &out);
}

static void expect_part(const char *part)
{
    cr_expect(strstr(stw_text_get(&out), part), "no '%s' in:\n%s", part, stw_text_get(&out));
}

static void expect_no_part(const char *part)
{
    cr_expect_null(strstr(stw_text_get(&out), part), "'%s' in:\n%s", part, out.bytes);
}

static void expect_fit(uint32_t width)
{
    char *copy = stw_strdup(stw_text_get(&out)), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")))
        cr_expect(stw_utf8_width(line) <= width, "%u of %u columns: '%s'", stw_utf8_width(line),
                  width, line);
    free(copy);
}

static const char *const words[NAMES] = {"1", "2", "none", "presize", "gc-off + presize",
                                         "chunked-merge"};
static const uint32_t widths[] = {40, 60, 80, 120, 200};
#define WIDTHS (sizeof widths / sizeof *widths)

/* With and without intervals, and with columns that somebody wants. */
static void expect_all_fit(const char *columns)
{
    const struct stw_bootstrap few = {1, 20, 95};
    for (size_t i = 0; i < WIDTHS; i++) {
        const struct stw_show_options usual = {0}, chosen = {.columns = columns},
                                      stats = {.columns = columns, .bootstrap = &few};
        print(&usual, widths[i]);
        expect_fit(widths[i]);
        print(&chosen, widths[i]);
        expect_fit(widths[i]);
        print(&stats, widths[i]);
        expect_fit(widths[i]);
    }
}

/* report.TB1 */
Test(show, fits_a_matrix_of_a_few_axes)
{
    add_matrix(12, 3, words);
    open_run();
    expect_all_fit("pause.p50,op.p99.9,mmu.1ms,stop.over(1ms)");
}

/* report.TB1 */
Test(show, fits_a_single_cell)
{
    add_matrix(1, 2, words);
    open_run();
    expect_all_fit("cpu");
}

/* report.TB1 */
Test(show, fits_a_run_without_cells)
{
    open_run();
    expect_all_fit("cpu");
}

/* report.TB1: with cells called by their numbers, and the ids below. */
Test(show, fits_more_axes_than_there_is_room_for)
{
    const struct stw_show_options usual = {0};
    add_matrix(8, 40, words);
    open_run();
    expect_all_fit("pause.p50");
    print(&usual, 80);
    expect_part("\ncell 0  n=1 some.axis1=");
    print(&usual, 0);
    expect_no_part("\ncell 0  ");
}

/* report.TB1 */
Test(show, fits_hostile_names)
{
    char longest[400];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const names[NAMES] = {"\033[2J\r\n", "\xe2\x80\xae" "evil", longest,
                                      "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97", "| a | b",
                                      "\xff\xfe"};
    add_matrix(6, 2, names);
    open_run();
    expect_all_fit("pause.p50");
    expect_no_part("\033");
    expect_no_part("\xe2\x80\xae");
}

/* report.TB1: those named first are there, and all others are named. */
Test(show, fits_hundreds_of_columns)
{
    struct stw_text names = {0};
    for (uint32_t i = 0; i < STW_FACTS; i++) {
        const struct stw_fact *fact = &stw_facts[i];
        int is_many = stw_fact_is_event(fact) || stw_fact_is_operation(fact);
        stw_text_add(&names, is_many ? "%s%s.p50,%s.p99" : "%s%s", i ? "," : "", fact->name,
                     fact->name);
    }
    add_matrix(4, 2, words);
    open_run();
    cr_assert_gt(STW_FACTS, 100u);
    expect_all_fit(names.bytes);
    const struct stw_show_options chosen = {.columns = names.bytes};
    print(&chosen, 80);
    expect_part("\nno room in 80 columns for ");
    expect_part("cpu.mutator_ns");
    print(&chosen, 0);
    expect_no_part("no room");
    stw_text_free(&names);
}

/* report.TB1: the usual columns go from the least important on. */
Test(show, leaves_the_least_important_columns_out_first)
{
    static const char *const ranked[] = {"pause.p50", "pause.p99", "op.p50", "op.p99", "cpu",
                                         "rss", "stopping.p50", "working.p50"};
    const struct stw_show_options usual = {0};
    add_matrix(6, 2, words);
    open_run();
    for (uint32_t width = 40; width < 200; width += 5) {
        print(&usual, width);
        const char *missing = strstr(out.bytes, "\nno room in ");
        int was_missing = 0;
        for (size_t i = 0; i < sizeof ranked / sizeof *ranked; i++) {
            int is_missing = missing && strstr(missing, ranked[i]);
            cr_expect(is_missing || !was_missing, "%u: %s is there, and one before it is not",
                      width, ranked[i]);
            was_missing = is_missing;
        }
    }
    cr_expect_null(strstr(out.bytes, "no room"), "all fit in the end");
}

/* report.TB1 */
Test(show, puts_notes_below_as_letters)
{
    const struct stw_show_options usual = {0};
    add_matrix(4, 2, words);
    execute("DELETE FROM trial WHERE cell > 0;"
            "INSERT INTO trial(cell, cell_hash, trial, outcome, detail) VALUES"
            " (1, 'h1', 0, 'skipped', 'no-pool: strategy == pool and a long reason for it, too'),"
            " (2, 'h2', 0, 'skipped', 'no-pool: strategy == pool and a long reason for it, too'),"
            " (3, 'h3', 0, 'crashed', 'SIGSEGV')");
    open_run();
    print(&usual, 60);
    expect_part("  a\n");
    expect_part("  b\n");
    expect_part("\na  skipped: no-pool: strategy == pool and a long reason for");
    expect_part("\nb  1 crashed\n");
    expect_no_part("\nc  ");
    print(&usual, 0);
    expect_part("  skipped: no-pool: strategy == pool and a long reason for it, too\n");
    expect_no_part("\na  ");
}

/* report.TB2 */
Test(show, says_above_what_is_the_same_in_all_cells)
{
    const struct stw_show_options usual = {0}, chosen = {.columns = "scan.stw_bytes,map.buckets"};
    add_matrix(3, 2, words);
    open_run();
    print(&usual, 0);
    expect_part("\nall cells: 7/7 trials ok, pause.count 189, scan.stw_bytes 0 B\n");
    expect_no_part("map."); /* none of them has one */
    expect_part("stopping");
    print(&chosen, 0);
    expect_part("  scan.stw_\n");
    expect_no_part("scan.stw_bytes 0 B");
    execute("INSERT INTO counter SELECT trial_id, 'map.buckets', 8 FROM trial WHERE cell = 1");
    stw_results_free(&results);
    cr_assert_eq(stw_results_open(small_run, &results, &error), STW_OK);
    print(&usual, 0);
    expect_part("map.grow_events 0, "); /* now there is one, and the buckets are not known of all */
    expect_part("buckets");
}

/* report.TB2 */
Test(show, keeps_all_columns_of_a_single_cell)
{
    const struct stw_show_options usual = {0}, one = {.where = "1"};
    add_matrix(1, 2, words);
    open_run();
    print(&usual, 0);
    expect_no_part("all cells:");
    expect_part("  7/7 ");
    stw_shown_free(&shown);
    cr_expect_eq(stw_shown_read(&results, &one, &shown, &error), STW_E_INVALID);
}

Test(show, takes_cells_columns_and_order)
{
    const struct stw_show_options some = {.columns = "cpu, pause.count", .where = "n=2",
                                          .sort = "-cpu"};
    const struct stw_show_options wrong = {.columns = "cpu,pause.p5O"},
                                  sorted = {.sort = "cpu,rss"}, empty = {.columns = "cpu,"};
    add_matrix(8, 2, words);
    open_run();
    read_shown(&some);
    cr_assert_eq(shown.row_count, 2);
    cr_expect_eq(shown.rows[0].cell, 7, "the largest first");
    cr_expect_eq(shown.rows[1].cell, 1);
    print(&some, 0);
    expect_part("\nshown:     2 of 8 cells\n");
    expect_part("constant:  n=2, ");
    stw_shown_free(&shown);
    cr_expect_eq(stw_shown_read(&results, &wrong, &shown, &error), STW_E_INVALID);
    cr_expect(strstr(error.message, "did you mean"), "%s", error.message);
    stw_shown_free(&shown);
    cr_expect_eq(stw_shown_read(&results, &sorted, &shown, &error), STW_E_INVALID);
    stw_shown_free(&shown);
    cr_expect_eq(stw_shown_read(&results, &empty, &shown, &error), STW_E_INVALID);
}

/* report.CO1, report.ME1 */
Test(show, has_the_numbers_of_compare)
{
    static const char names[] =
        "pause.p50,pause.p99,pause.max,pause.mean,stopping.p50,restarting.p50,stop.total,"
        "stop.over(1us),stop.sweep-termination.p50,step.pacer.p90,op.p50,op.p99.9,op:read.p50,cpu,"
        "rss,rate,op.mean,timed.cycles,alloc.bytes,mmu.1ms,map.buckets";
    const struct stw_bootstrap few = {1, 200, 95};
    const struct stw_show_options options = {.columns = names, .bootstrap = &few};
    add_matrix(3, 2, words);
    execute("UPDATE trial SET outcome = 'invalid' WHERE cell = 1 AND trial = 3;"
            "DELETE FROM pause WHERE trial_id IN (SELECT trial_id FROM trial WHERE cell = 2 AND"
            " trial = 5)");
    open_run();
    read_shown(&options);
    for (uint32_t row = 0; row < shown.row_count; row++)
        for (uint32_t i = 0; i < shown.columns.count; i++) {
            const struct stw_metric *metric = &shown.columns.items[i].metric;
            const struct stw_estimate *got = stw_measured_at(&shown.measures, row, i);
            const struct stw_interval *interval =
                &shown.measures.intervals[row * shown.measures.metric_count + i];
            struct stw_measured of;
            cr_assert_eq(stw_metric_read(&results.reader, metric, row, 0, &of), STW_OK);
            cr_expect_eq(got->events, of.events, "%s: %lu events, not %lu", metric->name,
                         (unsigned long)got->events, (unsigned long)of.events);
            cr_assert_eq(got->is_known, of.sample.value_count > 0, "%s", metric->name);
            if (got->is_known) {
                struct stw_interval right =
                    stw_bootstrap_value(&of.sample, metric->statistic, &few);
                cr_expect_eq(got->value, right.estimate, "%s", metric->name);
                cr_expect_eq(interval->low, right.low, "%s", metric->name);
                cr_expect_eq(interval->high, right.high, "%s", metric->name);
            }
            stw_sample_free(&of.sample);
        }
}

Test(show, marks_what_few_events_cannot_carry)
{
    const struct stw_show_options options = {.columns = "pause.p50,pause.p99,pause.max,op.p50,"
                                                        "op.p99,cpu"};
    add_matrix(2, 2, words);
    open_run();
    read_shown(&options); /* 189 stops in all, 40 operations in a trial */
    static const int thin[] = {0, 1, 0, 0, 1, 0};
    for (uint32_t i = 0; i < 6; i++)
        cr_expect_eq(stw_measured_at(&shown.measures, 0, i)->is_thin, thin[i], "%s",
                     shown.columns.items[i].name);
}

Test(show, has_intervals_when_asked)
{
    const struct stw_bootstrap few = {1, 200, 95};
    const struct stw_show_options options = {.columns = "cpu,pause.max,pause.count",
                                             .bootstrap = &few};
    add_matrix(2, 2, words);
    open_run();
    print(&options, 100);
    expect_part("95 % interval");
    expect_part("a maximum has no interval");
    expect_part(" us to ");
}

/* report.ME2: nothing is sorted on the way, whatever the number of rows. */
Test(show, reads_in_the_order_of_an_index)
{
    static const char *const queries[] = {
        "SELECT cell, trial, phase, pause_ns FROM pauses WHERE 1 ORDER BY cell, trial",
        ("SELECT cell, trial, name, value FROM counters WHERE name IN ('a', 'b')"
         " ORDER BY cell, trial"),
        "SELECT cell, trial, NULL, high_ns, count FROM ops WHERE 1 ORDER BY cell, trial",
        "SELECT cell, trial, NULL, cpu_ns FROM trials WHERE outcome = 'ok' ORDER BY cell, trial",
        "SELECT cell, key, value FROM cell_axis ORDER BY cell, position"};
    add_matrix(3, 2, words);
    open_run();
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct stw_text sql = {0};
        sqlite3_stmt *statement;
        stw_text_add(&sql, "EXPLAIN QUERY PLAN %s", queries[i]);
        cr_assert_eq(sqlite3_prepare_v2(db, sql.bytes, -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW)
            cr_expect_null(strstr((const char *)sqlite3_column_text(statement, 3), "B-TREE"),
                           "%s: %s", queries[i], sqlite3_column_text(statement, 3));
        sqlite3_finalize(statement);
        stw_text_free(&sql);
    }
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    int64_t found = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return found;
}

/* report.SU1, report.SU2 */
Test(show, has_the_summaries_of_the_view_of_cells)
{
    static const char *const names[STW_DISTS] = {"pause", "stopping", "working", "restarting", "op",
                                                 "setup_pause", "after_pause"};
    add_matrix(5, 2, words);
    open_run();
    cr_assert_eq(stw_results_summarise(&results), STW_OK, "%s", error.message);
    for (int cell = 0; cell < 5; cell++) {
        for (uint32_t i = 0; i < STW_DISTS; i++) {
            const struct stw_dist *dist = &results.cells[cell].dists[i];
            const int64_t values[] = {dist->count, dist->p50, dist->p99, dist->max, dist->sum};
            static const char *const parts[] = {"count", "p50_ns", "p99_ns", "max_ns", "sum_ns"};
            for (uint32_t j = 0; j < 5; j++) {
                char sql[160];
                snprintf(sql, sizeof sql, "SELECT %s_%s FROM cells WHERE cell = %d", names[i],
                         parts[j], cell);
                cr_expect_eq(values[j], number(sql), "%s: %ld", sql, (long)values[j]);
            }
        }
        for (uint32_t i = 0; i < results.cells[cell].median_count; i++) {
            const struct stw_median *median = &results.cells[cell].medians[i];
            char sql[160];
            snprintf(sql, sizeof sql, "SELECT counters ->> '$.\"%s\"' FROM cells WHERE cell = %d",
                     median->name, cell);
            cr_expect_eq(median->value, number(sql), "%s", sql);
        }
        cr_expect_eq(results.cells[cell].median_count, 4);
    }
}

/* What a function writes, into `out`. */
static void write_trials(stw_status (*write)(const struct stw_shown *, FILE *))
{
    char *bytes = NULL;
    size_t length;
    FILE *file = open_memstream(&bytes, &length);
    stw_status status = write(&shown, file);
    cr_expect_eq(status, STW_OK, "%s", error.message);
    fclose(file);
    stw_text_free(&out);
    stw_text_add_bytes(&out, bytes, length);
    free(bytes);
}

Test(show, has_a_row_for_each_trial)
{
    const struct stw_show_options options = {.columns = "cpu,pause.p50,op.p50,pause.count",
                                             .sort = "-cpu", .by_trial = 1};
    add_matrix(2, 2, words);
    execute("UPDATE trial SET outcome = 'crashed', detail = 'SIGSEGV \"here\"', signal = 11"
            " WHERE cell = 1 AND trial = 6");
    open_run();
    read_shown(&options);
    cr_assert_eq(shown.row_count, 14);
    write_trials(stw_show_trials_json);
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(db, "SELECT group_concat(value ->> 'cell' || '/' || (value ->> 'trial')"
                       " || ' ' || coalesce(value -> '$.metrics.cpu.value', 'null'), ';')"
                       " FROM json_each(?1, '$.trials') WHERE key IN (0, 13)", -1, &statement,
                       NULL);
    sqlite3_bind_text(statement, 1, out.bytes, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sqlite3_errmsg(db));
    cr_expect_str_eq((const char *)sqlite3_column_text(statement, 0), "1/5 2350;1/6 null");
    sqlite3_finalize(statement);
    expect_part("\"signal\": 11, \"detail\": \"SIGSEGV \\\"here\\\"\"");
    expect_part("\"constants\"");
    write_trials(stw_show_trials_csv);
    expect_part("cell,id,hash,axes.n,axes.some.axis1,trial,outcome,signal,detail,");
    expect_part(",6,crashed,11,\"SIGSEGV \"\"here\"\"\",");
    expect_part(",metrics.cpu,metrics.cpu.thin,metrics.pause.p50,metrics.pause.p50.thin,");
}

Test(show, is_a_table_of_markdown)
{
    const struct stw_show_options options = {.columns = "cpu,map.grow_events"};
    const struct stw_look look = {.width = 60, .is_markdown = 1};
    const char *const names[NAMES] = {"a|b", "<b>x</b>", "c", "d", "e", "f"};
    add_matrix(2, 1, names);
    open_run();
    read_shown(&options);
    stw_show_text(&shown, &look, &out);
    expect_part("### shapes: Does a table fit?\n- ");
    expect_part("\n\n| n | cpu | map.grow\\_events |\n|---|---:|---:|\n| a\\|b | ");
    expect_part("| \\<b\\>x\\</b\\> | ");
}

Test(show, lists_cells)
{
    const struct stw_look look = {.width = 60};
    char *bytes = NULL;
    size_t length;
    add_matrix(3, 6, words);
    open_run();
    FILE *file = open_memstream(&bytes, &length);
    stw_show_cells(&results, &look, 0, file);
    fclose(file);
    stw_text_add_bytes(&out, bytes, length);
    free(bytes);
    expect_fit(60);
    expect_part("\n      0  h0                      7/7  n=1 ");
    stw_text_free(&out);
    file = open_memstream(&bytes, &length);
    stw_show_cells(&results, &look, 1, file);
    fclose(file);
    stw_text_add_bytes(&out, bytes, length);
    free(bytes);
    expect_part("{\"cell\": 2, \"id\": \"n=none ");
    expect_part("\"hash\": \"h2\", \"ok\": 7, \"trials\": 7, \"skipped\": false}");
}
