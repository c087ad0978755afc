/* tests/unit/cells_test.c: results come out of a run's database as they went in, in all forms, and
 * what is no run, or damaged, or in use, is told apart.
 * Method: small databases are built with the schema of the store, in a folder of their own. */
#include "base/error.h"
#include "report/cells.h"
#include "report/show.h"
#include "store/schema.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/stwlab-cells-XXXXXX";
static char database[64];
static struct stw_results results;
static struct stw_error error = STW_ERROR_INIT;

static void make_folder(void)
{
    cr_assert(mkdtemp(folder));
    snprintf(database, sizeof database, "%s/results.sqlite", folder);
}

static void remove_folder(void)
{
    char journal[80];
    snprintf(journal, sizeof journal, "%s-journal", database);
    stw_results_free(&results);
    unlink(journal);
    unlink(database);
    rmdir(folder);
}

static void execute(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    int code = sqlite3_exec(db, sql, NULL, NULL, &message);
    cr_assert_eq(code, SQLITE_OK, "%s: %s", message, sql);
}

static sqlite3 *open_database(void)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(database, &db), SQLITE_OK);
    execute(db, "PRAGMA journal_mode=TRUNCATE");
    return db;
}

/* An ok trial with pauses of the given working times; the other segments take 1 and 2 ns. */
static void add_ok(sqlite3 *db, int id, int cell, int trial, int pauses, int working_ns)
{
    char sql[512];
    snprintf(sql, sizeof sql, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome,"
             " wall_ns, op_sum_ns) VALUES(%d, %d, 'h%d', %d, 'ok', 1000, 400)", id, cell, cell,
             trial);
    execute(db, sql);
    for (int i = 0; i < pauses; i++) {
        int working = working_ns + i;
        snprintf(sql, sizeof sql, "INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns,"
                 " restarting_ns, pause_ns, phase) VALUES(%d, %d, 'other', 1, %d, 2, %d, 'timed')",
                 id, i, working, working + 3);
        execute(db, sql);
    }
    snprintf(sql, sizeof sql, "INSERT INTO op_bucket VALUES(%d, 100, 3), (%d, 200, 1);"
             "INSERT INTO counter VALUES(%d, 'timed.cycles', %d), (%d, 'alloc.bytes', 64)", id, id,
             id, 10 * trial, id);
    execute(db, sql);
}

/* Three cells: measured in three trials, failed in two, excluded. */
static void build(void)
{
    sqlite3 *db = open_database();
    execute(db, "PRAGMA application_id=0x53545731; PRAGMA user_version=6; BEGIN");
    for (int i = 0; stw_schema[i]; i++)
        execute(db, stw_schema[i]);
    execute(db, "INSERT INTO run VALUES('name', 'two \"words\"'), ('question', 'Why?'),"
                " ('workload', 'map-merge'), ('trials', '3'), ('seed', '7'),"
                " ('fixed.gogc', '100'), ('default.gc.mode', 'stw')");
    execute(db, "INSERT INTO environment VALUES('cpu', 'Some CPU'), ('processors', '2'),"
                " ('kernel', 'Linux 6'), ('sandbox', 'on')");
    execute(db, "INSERT INTO cell VALUES(0, 'h0', 'n=1 strategy=none', NULL),"
                " (1, 'h1', 'n=1 strategy=a, \"b\"', NULL),"
                " (2, 'h2', 'n=64KiB strategy=none', 'x')");
    execute(db, "INSERT INTO cell_axis VALUES(0, 0, 'n', '1'), (0, 1, 'strategy', 'none'),"
                " (0, 2, 'map', 'go'), (1, 0, 'n', '1'), (1, 1, 'strategy', 'a, \"b\"'),"
                " (1, 2, 'map', 'go'), (2, 0, 'n', '64KiB'), (2, 1, 'strategy', 'none'),"
                " (2, 2, 'map', 'go')");
    add_ok(db, 1, 0, 0, 2, 10);
    add_ok(db, 2, 0, 1, 1, 1000);
    add_ok(db, 3, 0, 2, 1, 12);
    /* The second trial was over sooner than the longer window. */
    execute(db, "INSERT INTO worst_window VALUES(1, 100000, 25000), (1, 200000, 100000),"
                " (2, 100000, 75000), (2, 200000, NULL), (3, 100000, 50000), (3, 200000, 50000)");
    execute(db, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, signal, detail,"
                " wall_ns)"
                " VALUES(4, 1, 'h1', 0, 'crashed', 11, 'SIGSEGV in' || char(27) || 'x', 5),"
                " (5, 1, 'h1', 1, 'timed-out', NULL, 'its time was up', 6)");
    execute(db, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, detail)"
                " VALUES(6, 2, 'h2', 0, 'skipped', 'x: n == 64KiB')");
    execute(db, "COMMIT");
    sqlite3_close(db);
}

static void read_ok(const char *path)
{
    stw_status status = stw_results_read(path, &results, &error);
    cr_assert_eq(status, STW_OK, "%s", error.message);
}

static void read_wrong(const char *path, stw_status status, const char *words)
{
    cr_expect_eq(stw_results_read(path, &results, &error), status);
    cr_expect(strstr(error.message, words), "'%s' lacks '%s'", error.message, words);
    stw_results_free(&results);
}

TestSuite(cells, .init = make_folder, .fini = remove_folder);

Test(cells, come_with_distributions_over_all_pauses)
{
    build();
    read_ok(folder);
    cr_assert_eq(results.cell_count, 3);
    const struct stw_dist *pause = &results.cells[0].dists[STW_DIST_PAUSE];
    /* Pauses: 13, 14, 15 and 1003 ns. */
    cr_expect_eq(pause->count, 4);
    cr_expect_eq(pause->p50, 14);
    cr_expect_eq(pause->p99, 1003);
    cr_expect_eq(pause->max, 1003);
    cr_expect_eq(pause->sum, 1045);
    cr_expect_eq(results.cells[0].dists[STW_DIST_STOPPING].sum, 4);
    cr_expect_eq(results.cells[0].dists[STW_DIST_WORKING].max, 1000);
    cr_expect_eq(results.cells[0].dists[STW_DIST_RESTARTING].p50, 2);
    cr_expect_eq(results.cells[0].dists[STW_DIST_OP].count, 12);
    cr_expect_eq(results.cells[0].dists[STW_DIST_OP].p50, 100);
    cr_expect_eq(results.cells[0].dists[STW_DIST_OP].sum, 1200);
    cr_expect_eq(results.cells[1].dists[STW_DIST_PAUSE].count, 0);
}

Test(cells, come_with_axes_counters_and_facts)
{
    build();
    read_ok(database);
    const struct stw_result_cell *cell = &results.cells[0];
    cr_assert_eq(cell->axes.count, 3);
    cr_expect_str_eq(cell->axes.items[0].key, "n");
    cr_expect_str_eq(results.cells[1].axes.items[1].value, "a, \"b\"");
    cr_assert_eq(cell->median_count, 2);
    cr_expect_str_eq(cell->medians[0].name, "alloc.bytes", "counters are sorted");
    cr_expect_eq(*stw_result_median(cell, "timed.cycles"), 10);
    cr_expect_null(stw_result_median(cell, "map.buckets"));
    cr_expect_str_eq(stw_pairs_get(&results.info, "question"), "Why?");
    cr_expect_str_eq(stw_pairs_get(&results.environment, "cpu"), "Some CPU");
    cr_expect_null(stw_pairs_get(&results.environment, "absent"));
}

Test(cells, come_with_outcomes_and_failures)
{
    build();
    read_ok(folder);
    cr_expect_eq(results.cells[0].outcomes[STW_OUTCOME_OK], 3);
    cr_expect_eq(results.cells[0].trial_count, 3);
    cr_expect_eq(results.cells[0].wall_ns_sum, 3000);
    cr_expect_eq(results.cells[0].failure_count, 0);
    const struct stw_result_cell *failed = &results.cells[1];
    cr_expect_eq(failed->outcomes[STW_OUTCOME_CRASHED], 1);
    cr_expect_eq(failed->outcomes[STW_OUTCOME_TIMED_OUT], 1);
    cr_assert_eq(failed->failure_count, 2);
    cr_expect_eq(failed->failures[0].signal, 11);
    cr_expect_eq(failed->failures[1].outcome, STW_OUTCOME_TIMED_OUT);
    cr_expect_eq(results.cells[2].outcomes[STW_OUTCOME_SKIPPED], 1);
    cr_expect_eq(results.cells[2].trial_count, 0, "a skipped cell has no trials");
}

static void expect_part(const char *text, const char *part)
{
    cr_expect(strstr(text, part), "no '%s' in:\n%s", part, text);
}

/* The table of all cells, as wide as it likes. */
static void show_table(const char *columns, struct stw_text *out)
{
    const struct stw_show_options options = {.columns = columns};
    const struct stw_look look = {0};
    struct stw_shown shown;
    stw_status status = stw_shown_read(&results, &options, &shown, &error);
    cr_assert_eq(status, STW_OK, "%s", error.message);
    stw_show_text(&shown, &look, out);
    stw_shown_free(&shown);
}

/* report.S2 */
Test(cells, are_a_table_for_people)
{
    build();
    read_ok(folder);
    struct stw_text out = {0};
    show_table(NULL, &out);
    expect_part(out.bytes, "two \"words\": Why?\n");
    expect_part(out.bytes, "constant:  map=go, gogc=100\n");
    expect_part(out.bytes, "machine:   Some CPU, 2 processors, Linux 6\n");
    expect_part(out.bytes, "not complete: 5 of 6 trials are stored\n");
    expect_part(out.bytes, "     3/3       4  ~14 ns  ~1.00 us  1.00 us     ~1 ns   ~11 ns"
                           "       ~2 ns  ~100 ns  ~200 ns      10\n");
    expect_part(out.bytes, "\n~ fewer than 10 events lie beyond this percentile");
    expect_part(out.bytes, "1 crashed: SIGSEGV; 1 timed-out\n");
    expect_part(out.bytes, "skipped: x: n == 64KiB\n");
    expect_part(out.bytes, "  n=1 strategy=a, \"b\", trial 0: crashed: SIGSEGV in x\n");
    cr_expect_null(strstr(out.bytes, "\033"), "no escape reaches the terminal");
    stw_text_free(&out);
}

/* report.S3 */
Test(cells, name_strategies_that_had_nothing_to_do)
{
    build();
    sqlite3 *db = open_database();
    for (int id = 1; id <= 3; id++) {
        char sql[200];
        snprintf(sql, sizeof sql, "INSERT INTO counter VALUES"
                 "(%d, 'strategy.intents:strategy/idle', 0),"
                 "(%d, 'strategy.intents:strategy/busy', 7), (%d, 'strategy.intents', 7)", id, id,
                 id);
        execute(db, sql);
    }
    sqlite3_close(db);
    read_ok(folder);
    struct stw_text out = {0};
    show_table(NULL, &out);
    expect_part(out.bytes, "\nNo intent that a strategy handles was stated:\n"
                           "  n=1 strategy=none: strategy/idle\n");
    cr_expect_null(strstr(out.bytes, "strategy/busy"));
    stw_text_free(&out);
}

/* report.S1 */
Test(cells, mark_a_percentile_with_fewer_than_10_events_beyond)
{
    static const char columns[] = "pause.p50,pause.p99,pause.max,pause.count";
    for (int pauses = 995; pauses <= 996; pauses++) { /* and there are 4 more */
        build();
        sqlite3 *db = open_database();
        add_ok(db, 7, 0, 3, pauses, 20);
        sqlite3_close(db);
        read_ok(folder);
        struct stw_text out = {0};
        show_table(columns, &out);
        cr_expect_eq(results.cells[0].dists[STW_DIST_PAUSE].count, pauses + 4);
        expect_part(out.bytes, pauses == 995 ? "  ~1.01 us  " : "  1.01 us  ");
        cr_expect_eq(strchr(out.bytes, '~') != NULL, pauses == 995, "%s", out.bytes);
        stw_text_free(&out);
        stw_results_free(&results);
        unlink(database);
    }
}

/* What `show` writes, allocated. */
static char *written(void (*show)(const struct stw_shown *, FILE *))
{
    const struct stw_show_options options = {0};
    struct stw_shown shown;
    char *bytes = NULL;
    size_t length;
    FILE *file = open_memstream(&bytes, &length);
    cr_assert(file);
    stw_status status = stw_shown_read(&results, &options, &shown, &error);
    cr_assert_eq(status, STW_OK, "%s", error.message);
    show(&shown, file);
    stw_shown_free(&shown);
    fclose(file);
    return bytes;
}

/* The value at `path` of a JSON text, by SQLite's own reader. */
static void expect_json(sqlite3 *db, const char *json, const char *path, const char *expected)
{
    sqlite3_stmt *statement;
    sqlite3_prepare_v2(db, "SELECT coalesce(?1 -> ?2, 'absent')", -1, &statement, NULL);
    sqlite3_bind_text(statement, 1, json, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, path, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s", sqlite3_errmsg(db));
    cr_expect_str_eq((const char *)sqlite3_column_text(statement, 0), expected, "%s is %s", path,
                     sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

/* They are in columns of their own, and in no other one. */
Test(cells, tell_pauses_outside_the_timed_phase_apart)
{
    build();
    sqlite3 *db = open_database();
    execute(db, "INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns, restarting_ns,"
                " pause_ns, phase) VALUES(1, 90, 'other', 7, 7, 7, 21, 'setup'),"
                " (1, 91, 'other', 8, 8, 8, 24, 'setup'), (2, 92, 'other', 9, 9, 9, 27, 'setup'),"
                " (1, 93, 'other', 5, 5, 5, 15, 'after')");
    read_ok(folder);
    const struct stw_dist *dists = results.cells[0].dists;
    cr_expect_eq(dists[STW_DIST_PAUSE].count, 4);
    cr_expect_eq(dists[STW_DIST_STOPPING].max, 1);
    cr_expect_eq(dists[STW_DIST_SETUP].count, 3);
    cr_expect_eq(dists[STW_DIST_SETUP].p50, 24);
    cr_expect_eq(dists[STW_DIST_AFTER].sum, 15);
    char *json = written(stw_show_json);
    expect_json(db, json, "$.cells[0].setup_pause_ns",
                "{\"count\":3,\"p50\":24,\"p99\":27,\"max\":27,\"sum\":72,"
                "\"p50_thin\":true,\"p99_thin\":true}");
    sqlite3_close(db);
    free(json);
    struct stw_text out = {0};
    show_table(NULL, &out);
    expect_part(out.bytes, "     3/3       4  ~14 ns  ~1.00 us  1.00 us");
    expect_part(out.bytes, "       3       1\n");
    expect_part(out.bytes, "setup pauses: over before the first operation began; in no other");
    expect_part(out.bytes, "after pauses: asked for when the last operation had ended; in no");
    stw_text_free(&out);
    stw_show_cell(&results.cells[0], &out);
    expect_part(out.bytes, "\npauses  count     p50       p99      max\n");
    expect_part(out.bytes, "\nsetup       3  ~24 ns    ~27 ns    27 ns\n");
    stw_text_free(&out);
}

Test(cells, are_json_of_the_agreed_shape)
{
    build();
    read_ok(folder);
    char *json = written(stw_show_json);
    sqlite3 *db = open_database();
    expect_json(db, json, "$.experiment", "\"two \\\"words\\\"\"");
    expect_json(db, json, "$.sandbox", "\"on\"");
    expect_json(db, json, "$.constants", "{\"gc.mode\":\"stw\",\"gogc\":100}");
    expect_json(db, json, "$.environment.kernel", "\"Linux 6\"");
    expect_json(db, json, "$.cells[1].hash", "\"h1\"");
    expect_json(db, json, "$.cells[0].id", "\"n=1 strategy=none\"");
    expect_json(db, json, "$.cells[0].axes", "{\"n\":1,\"strategy\":\"none\",\"map\":\"go\"}");
    expect_json(db, json, "$.cells[2].axes.n", "\"64KiB\"");
    expect_json(db, json, "$.cells[1].outcomes",
                "{\"ok\":0,\"crashed\":1,\"timed-out\":1,\"out-of-memory\":0,\"refused\":0,"
                "\"invalid\":0,\"forbidden\":0,\"skipped\":0}");
    expect_json(db, json, "$.cells[0].pause_ns",
                "{\"count\":4,\"p50\":14,\"p99\":1003,\"max\":1003,\"sum\":1045,"
                "\"p50_thin\":true,\"p99_thin\":true}");
    expect_json(db, json, "$.cells[0].metrics.\"pause.p50\"",
                "{\"value\":14,\"events\":4,\"thin\":true}");
    expect_json(db, json, "$.cells[0].metrics.\"pause.count\"", "{\"value\":4}");
    expect_json(db, json, "$.cells[1].metrics.cpu",
                "{\"value\":null,\"events\":0,\"thin\":false}");
    expect_json(db, json, "$.cells[2].op_ns",
                "{\"count\":0,\"p50\":null,\"p99\":null,\"max\":null,\"sum\":null,"
                "\"p50_thin\":null,\"p99_thin\":null}");
    expect_json(db, json, "$.cells[0].restarting_ns.sum", "8");
    expect_json(db, json, "$.cells[0].counters", "{\"alloc.bytes\":64,\"timed.cycles\":10}");
    expect_json(db, json, "$.cells[0].mmu",
                "[{\"window_ns\":100000,\"min\":0.25,\"p50\":0.5},"
                "{\"window_ns\":200000,\"min\":0.5,\"p50\":0.5}]");
    expect_json(db, json, "$.cells[1].mmu", "[]");
    expect_json(db, json, "$.cells[3]", "absent");
    sqlite3_close(db);
    free(json);
}

/* What numbers are without is told beside them, in each form. */
Test(cells, tell_what_was_lost)
{
    build();
    sqlite3 *db = open_database();
    execute(db, "UPDATE trial SET pauses_lost = 300 + trial_id WHERE trial_id < 3;"
                "UPDATE trial SET pauses_lost = 7 WHERE outcome = 'crashed';"
                "INSERT INTO counter VALUES(1, 'taken.lost', 40), (3, 'taken.lost', 2)");
    read_ok(folder);
    char *json = written(stw_show_json), *csv = written(stw_show_csv);
    expect_json(db, json, "$.cells[0].lost", "{\"stops\":603,\"intervals\":42}");
    expect_json(db, json, "$.cells[1].lost", "{\"stops\":0,\"intervals\":0}");
    sqlite3_close(db);
    expect_part(csv, ",outcomes.skipped,lost.stops,lost.intervals,pause_ns.count,");
    expect_part(csv, ",0,603,42,4,"); /* none skipped; four stops */
    struct stw_text out = {0};
    show_table(NULL, &out);
    expect_part(out.bytes, "  603 stops not recorded\n");
    expect_part(out.bytes, "\nstops not recorded: numbers of stops and their times are without "
                           "them\n");
    stw_text_free(&out);
    stw_show_cell(&results.cells[0], &out);
    expect_part(out.bytes, "\n603 stops were not recorded: ");
    expect_part(out.bytes, "\n42 pieces of taken time were lost: the utilisations are too high\n");
    stw_text_free(&out);
    free(json);
    free(csv);
}

/* The parts of some stops are not told: they are in no percentile, and no 0. */
Test(cells, do_not_count_what_is_not_known)
{
    build();
    sqlite3 *db = open_database();
    execute(db, "UPDATE pause SET stopping_ns = NULL, restarting_ns = NULL WHERE trial_id > 1;"
                "UPDATE pause SET restarting_ns = NULL");
    read_ok(folder);
    char *json = written(stw_show_json);
    expect_json(db, json, "$.cells[0].stopping_ns",
                "{\"count\":2,\"p50\":1,\"p99\":1,\"max\":1,\"sum\":2,"
                "\"p50_thin\":true,\"p99_thin\":true}");
    expect_json(db, json, "$.cells[0].restarting_ns",
                "{\"count\":0,\"p50\":null,\"p99\":null,\"max\":null,\"sum\":null,"
                "\"p50_thin\":null,\"p99_thin\":null}");
    expect_json(db, json, "$.cells[0].pause_ns.count", "4");
    sqlite3_close(db);
    free(json);
}

/* Where the last to stop was, of stops of the timed phase that tell how long it took. */
Test(cells, tell_time_to_safepoint_by_site)
{
    build();
    sqlite3 *db = open_database();
    execute(db, "UPDATE pause SET last_site = 'put', stopping_ns = 100 * trial_id WHERE seq = 0;"
                "UPDATE pause SET last_site = 'strategy/x.merge', stopping_ns = 9000 WHERE seq = 1;"
                "INSERT INTO pause(trial_id, seq, kind, stopping_ns, pause_ns, last_site, phase)"
                " VALUES(1, 9, 'other', 5, 5, 'before', 'setup'), (1, 10, 'other', NULL, 5,"
                " 'untold', 'timed'), (1, 11, 'other', 5, 5, '', 'timed')");
    sqlite3_close(db);
    struct stw_text out = {0};
    cr_assert_eq(stw_show_sites(folder, 0, &out, &error), STW_OK, "%s", error.message);
    cr_expect_str_eq(out.bytes,
                     "\nstopping, by site of the last  count       p50       p99      max\n"
                     "strategy/x.merge                   1  ~9.00 us  ~9.00 us  9.00 us\n"
                     "put                                3   ~200 ns   ~300 ns   300 ns\n");
    stw_text_free(&out);
    cr_assert_eq(stw_show_sites(folder, 1, &out, &error), STW_OK);
    cr_expect_str_eq(stw_text_get(&out), "");
    cr_assert_eq(stw_show_sites("/tmp/stwlab-no-such-run", 0, &out, &error), STW_E_INVALID);
}

Test(cells, are_csv_with_quotes_and_empty_fields)
{
    build();
    read_ok(folder);
    char *csv = written(stw_show_csv), *rest = csv;
    char *lines[5] = {0};
    for (int i = 0; i < 5 && rest; i++) {
        lines[i] = rest;
        rest = strstr(rest, "\r\n");
        if (rest) {
            *rest = '\0';
            rest += 2;
        }
    }
    cr_assert(lines[4]);
    cr_expect_str_empty(lines[4], "a header and three rows");
    cr_expect_eq(strncmp(lines[0], "id,hash,axes.n,axes.strategy,axes.map,outcomes.ok,", 50), 0);
    expect_part(lines[0], ",pause_ns.count,pause_ns.p50,pause_ns.p99,pause_ns.max,pause_ns.sum,");
    expect_part(lines[0], ",after_pause_ns.sum,after_pause_ns.p50_thin,after_pause_ns.p99_thin,"
                          "mmu.100000.min,mmu.100000.p50,mmu.200000.min,");
    expect_part(lines[0], ",mmu.1000000000.p50,counters.alloc.bytes,counters.timed.cycles");
    expect_part(lines[1], ",0.25,0.5,0.5,0.5,,,,,,");
    cr_expect_eq(
        strncmp(lines[1], "n=1 strategy=none,h0,1,none,go,3,0,0,0,0,0,0,0,0,0,4,14,", 56), 0);
    expect_part(lines[2], "\"n=1 strategy=a, \"\"b\"\"\",h1,1,\"a, \"\"b\"\"\",go,"
                          "0,1,1,0,0,0,0,0,0,0,0,,,,,,,0");
    expect_part(lines[0], ",metrics.pause.count,metrics.pause.p50,metrics.pause.p50.thin,");
    expect_part(lines[1], ",4,14,true,1003,true,1003,false,1,true,");
    expect_part(lines[0], ",constants.gc.mode,constants.gogc,environment.cpu,"
                          "environment.kernel,environment.processors,mixed,sandbox");
    expect_part(lines[3], ",stw,100,Some CPU,Linux 6,2,,on");
    free(csv);
}

Test(cells, tell_what_their_mutators_lost)
{
    build();
    sqlite3 *db = open_database();
    execute(db, "INSERT INTO counter VALUES(1, 'gap.max_ns', 3000), (2, 'gap.max_ns', 40000),"
                " (3, 'gap.max_ns', 5000), (1, 'gap.stop_ns', 3000), (2, 'gap.stop_ns', 10000),"
                " (2, 'gap.machine_ns', 30000), (3, 'gap.stop_ns', 5000),"
                " (1, 'cpu.total_ns', 8000), (1, 'cpu.mutator_ns', 6000)");
    sqlite3_close(db);
    read_ok(folder);
    struct stw_text out = {0};
    stw_show_cell(&results.cells[0], &out);
    expect_part(out.bytes, "n=1 strategy=none: 3 of 3 trials ok\n");
    expect_part(out.bytes, "processor time, median  8.00 us    share\n"
                           "mutator                 6.00 us  75.00 %\n");
    expect_part(out.bytes, "longest gap  40.0 us    share\n"
                           "stop         10.0 us  25.00 %\n"
                           "machine      30.0 us  75.00 %\n");
    expect_part(out.bytes, "100 us                       25.00 %  50.00 %\n"
                           "200 us                       50.00 %  50.00 %\n");
    stw_text_free(&out);
    stw_show_cell(&results.cells[2], &out);
    cr_expect_str_eq(out.bytes, "n=64KiB strategy=none: 0 of 0 trials ok\n");
    stw_text_free(&out);
}

Test(cells, of_something_else_are_refused)
{
    read_wrong("/tmp/stwlab-no-such-run", STW_E_INVALID, "no such run");
    read_wrong("", STW_E_INVALID, "no such run");
    read_wrong(folder, STW_E_INVALID, "no results.sqlite");
    FILE *file = fopen(database, "w");
    fclose(file);
    read_wrong(folder, STW_E_INVALID, "has not stored anything yet");
    file = fopen(database, "w");
    for (int i = 0; i < 200; i++)
        fputs("[experiment] name = x\n", file);
    fclose(file);
    read_wrong(database, STW_E_INVALID, "not a database");
    unlink(database);
    mkdir(database, 0700);
    read_wrong(folder, STW_E_INVALID, "not a file");
    rmdir(database);
    sqlite3 *db = open_database();
    execute(db, "CREATE TABLE other(x)");
    read_wrong(folder, STW_E_INVALID, "not of an stwlab run");
    execute(db, "PRAGMA application_id=0x53545731; PRAGMA user_version=99");
    read_wrong(folder, STW_E_INVALID, "its format is 99");
    execute(db, "PRAGMA user_version=6");
    read_wrong(folder, STW_E_INVALID, "not in the format of a run");
    sqlite3_close(db);
}

Test(cells, of_a_file_cut_anywhere_end_in_an_error)
{
    build();
    struct stat status;
    cr_assert_eq(stat(database, &status), 0);
    for (off_t bytes = status.st_size - 1; bytes > 0; bytes -= 1571) {
        cr_assert_eq(truncate(database, bytes), 0);
        cr_expect_eq(stw_results_read(folder, &results, &error), STW_E_INVALID, "%ld bytes of %ld",
                     (long)bytes, (long)status.st_size);
        cr_expect(error.message[0]);
        stw_results_free(&results);
    }
}

Test(cells, of_a_damaged_file_never_crash)
{
    const struct stw_show_options options = {0};
    build();
    struct stat file_status;
    cr_assert_eq(stat(database, &file_status), 0);
    unsigned seed = 1;
    for (int round = 0; round < 300; round++) {
        seed = seed * 1103515245u + 12345u;
        long at = (long)(100 + (seed >> 8) % ((unsigned)file_status.st_size - 100));
        FILE *file = fopen(database, "r+");
        fseek(file, at, SEEK_SET);
        int before = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(before ^ (int)(1 + (seed & 0xfe)), file);
        fclose(file);
        struct stw_text out = {0};
        struct stw_shown shown = {0};
        const struct stw_look look = {.width = 80};
        stw_status status = stw_results_read(folder, &results, &error);
        if (status == STW_OK)
            status = stw_shown_read(&results, &options, &shown, &error);
        if (status == STW_OK)
            stw_show_text(&shown, &look, &out);
        else
            cr_expect(error.message[0]);
        stw_shown_free(&shown);
        stw_text_free(&out);
        stw_results_free(&results);
        file = fopen(database, "r+");
        fseek(file, at, SEEK_SET);
        fputc(before, file);
        fclose(file);
    }
    read_ok(folder);
}

Test(cells, can_be_read_inside_another_process_transaction)
{
    build();
    sqlite3 *db = open_database();
    execute(db, "BEGIN IMMEDIATE; DELETE FROM trial");
    read_ok(folder);
    cr_expect_eq(results.cells[0].outcomes[STW_OUTCOME_OK], 3, "what is not committed is not seen");
    execute(db, "ROLLBACK");
    sqlite3_close(db);
}

/* report.C1: a process that dies in a commit leaves a hot journal; reading must roll back, not
 * fail. */
Test(cells, survive_a_writer_that_died_in_a_commit)
{
    build();
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db = open_database();
        execute(db, "PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN; DELETE FROM pause;"
                    "DELETE FROM counter; DELETE FROM cell; DELETE FROM trial;"
                    "INSERT INTO run SELECT 'k' || value, hex(randomblob(3000))"
                    " FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]')");
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    char journal[80];
    struct stat file;
    snprintf(journal, sizeof journal, "%s-journal", database);
    cr_assert(stat(journal, &file) == 0 && file.st_size > 0, "the test needs a hot journal");
    read_ok(folder);
    cr_expect_eq(results.cells[0].outcomes[STW_OUTCOME_OK], 3);
}
