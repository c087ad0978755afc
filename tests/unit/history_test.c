/* unit/history_test.c: what a run tells of its starts: plans, and programs or machines that are not
 * alike (report.HI1, report.HI2).
 * Method: rows of starts and plans, written here; the lines and the JSON are compared as text. */
#include "base/error.h"
#include "report/difference.h"
#include "report/history.h"
#include "store/schema.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static struct stw_error error = STW_ERROR_INIT;
static struct stw_reader reader = {.error = &error};
static struct stw_history history;
static struct stw_text text;

static void execute(const char *sql)
{
    char *message = NULL;
    cr_assert_eq(sqlite3_exec(reader.db, sql, NULL, NULL, &message), SQLITE_OK, "%s: %s", message,
                 sql);
}

static void build(void)
{
    static char name[] = ":memory:";
    reader.path = name;
    cr_assert_eq(sqlite3_open(name, &reader.db), SQLITE_OK);
    for (int i = 0; stw_schema[i]; i++)
        execute(stw_schema[i]);
    execute("INSERT INTO cell VALUES(0, 'h', 'a', NULL)");
}

static void remove_all(void)
{
    stw_history_free(&history);
    stw_text_free(&text);
    sqlite3_close(reader.db);
}

TestSuite(history, .init = build, .fini = remove_all);

static const char *told(void)
{
    stw_history_free(&history);
    stw_text_free(&text);
    cr_assert_eq(stw_history_read(&reader, &history), STW_OK, "%s", error.message);
    stw_history_text(&history, &text);
    return stw_text_get(&text);
}

/* report.HI2 */
Test(history, a_plain_plan_is_not_told)
{
    cr_assert_str_eq(told(), "");
    execute("INSERT INTO plan VALUES(1, '20', NULL, 4, NULL, 'interrupted', 3),"
            " (2, '20', NULL, 4, NULL, 'planned', 20)");
    cr_assert_str_eq(told(), "");
}

/* report.HI2 */
Test(history, rules_and_how_they_ended_are_told)
{
    execute("INSERT INTO plan VALUES(1, '20..200 until 5% of cpu', NULL, 4, NULL, 'enough', 34)");
    cr_assert_str_eq(told(), "planned:   trials = 20..200 until 5% of cpu\n"
                             "           ended after 34 trials of a cell: enough; so intervals are "
                             "a little too narrow\n");
    execute("UPDATE plan SET trials = '20', time_ns = 60000000000, ended = 'time',"
            " ended_trials = 1");
    cr_assert_str_eq(told(), "planned:   trials = 20, time = 60 s\n"
                             "           ended after 1 trial of a cell: its time was over\n");
    execute("UPDATE plan SET ended = NULL");
    cr_assert_str_eq(told(), "planned:   trials = 20, time = 60 s\n");
}

/* report.HI2 */
Test(history, what_was_planned_later_is_told)
{
    execute("INSERT INTO plan VALUES(1, '20', NULL, 4, NULL, 'planned', 20),"
            " (2, '20', NULL, 4, NULL, 'planned', 20), (3, '40', NULL, 4, NULL, 'planned', 40),"
            " (4, '40', NULL, 6, 'n: was 1, 2, is 1, 2, 3', 'planned', 40)");
    cr_assert_str_eq(told(), "planned:   at start 2: trials = 20\n"
                             "           at start 3: trials = 40\n"
                             "           at start 4: trials = 40\n"
                             "           cells added: n: was 1, 2, is 1, 2, 3\n"
                             "           a later plan was made when results were there\n");
}

/* Starts 1 and 2 with a trial each, 3 without one. */
static void add_starts(void)
{
    execute("INSERT INTO start VALUES(1, 'x'), (2, 'y'), (3, 'z')");
    execute("INSERT INTO trial(cell, cell_hash, trial, outcome, start) VALUES"
            " (0, 'h', 0, 'ok', 1), (0, 'h', 1, 'crashed', 2)");
    execute("INSERT INTO start_fact VALUES(1, 'stwlab', 'aa'), (2, 'stwlab', 'aa'),"
            " (3, 'stwlab', 'bb'), (1, 'thp', 'never'), (2, 'thp', 'never'), (3, 'thp', 'always'),"
            " (1, 'load', '0.1'), (2, 'load', '7'), (2, 'strategy/pool', 'cc')");
}

/* report.HI1: a start that ran nothing, what changes all the time, and a plugin that only one start
 * ran, mix nothing. */
Test(history, starts_that_are_alike_are_not_told)
{
    add_starts();
    cr_assert_str_eq(told(), "");
    cr_assert(!stw_history_is_mixed(&history));
}

/* report.HI1 */
Test(history, a_mixed_run_says_by_what)
{
    add_starts();
    execute("INSERT INTO trial(cell, cell_hash, trial, outcome, start) VALUES"
            " (0, 'h', 2, 'ok', 3)");
    execute("INSERT INTO start_fact VALUES(3, 'LD_PRELOAD', 'x.so')");
    cr_assert_str_eq(told(), "mixed:     not all trials are of the same programs on the same "
                             "machine:\n"
                             "           LD_PRELOAD from start 1 on: not there\n"
                             "           LD_PRELOAD from start 3 on: x.so\n"
                             "           stwlab from start 1 on: aa\n"
                             "           stwlab from start 3 on: bb\n"
                             "           thp from start 1 on: never\n"
                             "           thp from start 3 on: always\n");
    stw_text_free(&text);
    stw_history_mark(&history, &text);
    cr_assert_str_eq(text.bytes, "mixed: not all trials are of the same programs on the same "
                                 "machine: LD_PRELOAD stwlab thp\n");
}

Test(history, json_has_plans_and_what_is_mixed)
{
    add_starts();
    execute("UPDATE start_fact SET value = 'dd' WHERE key = 'stwlab' AND start = 2");
    execute("INSERT INTO plan VALUES(1, '20', NULL, 4, NULL, NULL, NULL)");
    cr_assert_eq(stw_history_read(&reader, &history), STW_OK);
    struct stw_json json = stw_json_to_text(&text, 0);
    stw_json_object_begin(&json);
    stw_history_json(&json, &history);
    stw_json_object_end(&json);
    cr_assert_not_null(strstr(text.bytes, "\"plans\""));
    sqlite3_stmt *row = NULL;
    cr_assert_eq(sqlite3_prepare_v2(reader.db, "SELECT json_extract(?1, '$.plans[0].trials'),"
                                    " json_extract(?1, '$.plans[0].ended'),"
                                    " json_extract(?1, '$.mixed[0].key'),"
                                    " json_extract(?1, '$.mixed[0].values[1].value'),"
                                    " json_array_length(?1, '$.mixed')", -1, &row, NULL),
                 SQLITE_OK);
    sqlite3_bind_text(row, 1, text.bytes, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(row), SQLITE_ROW, "%s", text.bytes);
    cr_assert_str_eq((const char *)sqlite3_column_text(row, 0), "20");
    cr_assert_null(sqlite3_column_text(row, 1));
    cr_assert_str_eq((const char *)sqlite3_column_text(row, 2), "stwlab");
    cr_assert_str_eq((const char *)sqlite3_column_text(row, 3), "dd");
    cr_assert_eq(sqlite3_column_int(row, 4), 1);
    sqlite3_finalize(row);
}

/* Files by their content, shortened; the environment; not what only one of the two ran. */
Test(history, differences_of_two_runs)
{
    static char stwlab[] = "stwlab", pool[] = "strategy/pool", kernel[] = "kernel", load[] = "load";
    static char a[] = "0123456789abcdef0123456789abcdef", b[] = "fedcba9876543210fedcba9876543210";
    static char six[] = "Linux 6", seven[] = "Linux 7";
    struct stw_start_value of_a[] = {{1, a}, {1, six}, {1, six}, {1, a}};
    struct stw_start_value of_b[] = {{1, b}, {1, six}, {2, seven}};
    struct stw_start_fact facts_a[] = {{kernel, &of_a[1], 1}, {load, &of_a[2], 1},
                                       {pool, &of_a[3], 1}, {stwlab, &of_a[0], 1}};
    struct stw_start_fact facts_b[] = {{kernel, &of_b[1], 2}, {stwlab, &of_b[0], 1}};
    const struct stw_results first = {.history = {.facts = facts_a, .fact_count = 4}};
    const struct stw_results second = {.history = {.facts = facts_b, .fact_count = 2}};
    stw_difference_text(&first, &second, &text);
    cr_expect_not_null(strstr(text.bytes, "0123456789ab  fedcba987654\n"), "%s", text.bytes);
    cr_expect_not_null(strstr(text.bytes, "kernel       Linux 6    Linux 6, then Linux 7\n"), "%s",
                       text.bytes);
    cr_expect_null(strstr(text.bytes, "pool"));
    cr_expect_null(strstr(text.bytes, "load"));
    stw_text_free(&text);
    stw_difference_text(&first, &first, &text);
    cr_expect_not_null(strstr(text.bytes, "of the same programs and plugins"));
    cr_expect_not_null(strstr(text.bytes, "environments of the two runs are alike"));
}
