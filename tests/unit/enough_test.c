/* unit/enough_test.c: when every cell is known well enough, and which trials share a block
 * (report.EN1, report.BL1).
 * Method: small databases with the schema of the store, written here, whose intervals are wide or
 * narrow by far. */
#include "base/error.h"
#include "base/text.h"
#include "report/blocks.h"
#include "report/enough.h"
#include "report/metric.h"
#include "store/schema.h"
#include "store/sql.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static struct stw_sql sql;
static struct stw_error error = STW_ERROR_INIT;
static char metric[] = "cpu", name[] = ":memory:";
static struct stw_experiment experiment = {.trials = 200, .enough = {metric, 6, 5}};
static struct stw_cell cells[3] = {{.index = 0}, {.index = 1}, {.index = 2}};
static struct stw_matrix matrix = {.experiment = &experiment, .cells = cells, .cell_count = 3};
static struct stw_enough_look look = {.matrix = &matrix};

static void execute(const char *text)
{
    char *message = NULL;
    cr_assert_eq(sqlite3_exec(sql.db, text, NULL, NULL, &message), SQLITE_OK, "%s: %s", message,
                 text);
}

static void build(void)
{
    sql.path = name;
    cr_assert_eq(sqlite3_open(":memory:", &sql.db), SQLITE_OK);
    for (int i = 0; stw_schema[i]; i++)
        execute(stw_schema[i]);
    execute("INSERT INTO cell VALUES(0, 'h0', 'a', NULL), (1, 'h1', 'b', NULL),"
            " (2, 'h2', 'c', NULL)");
}

static void remove_all(void)
{
    sqlite3_close(sql.db);
}

TestSuite(enough, .init = build, .fini = remove_all);

/* Trials from `from` on whose cpu goes up and down around 1000 by so much. */
static void add_trials(int cell, int from, int count, int spread, const char *outcome)
{
    for (int i = from; i < from + count; i++) {
        struct stw_text text = {0};
        stw_text_add(&text, "INSERT INTO trial(cell, cell_hash, trial, outcome, cpu_ns, start)"
                     " VALUES(%d, 'h%d', %d, '%s', %d, 1)", cell, cell, i, outcome,
                     1000 + (i * 7 % 5 - 2) * spread);
        execute(text.bytes);
        stw_text_free(&text);
    }
}

static int is_enough(void)
{
    int answer = -1;
    cr_assert_eq(stw_enough_ask(&look, &sql, &answer, &error), STW_OK, "%s", error.message);
    return answer;
}

/* report.EN1 */
Test(enough, asks_all_cells)
{
    for (int cell = 0; cell < 3; cell++)
        add_trials(cell, 0, 10, cell == 1 ? 300 : 1, "ok");
    cr_assert_eq(is_enough(), 0);
    cr_assert_eq(look.first, 1, "it is asked first next time");
    cr_assert_eq(is_enough(), 0);
    cells[1].excluded = metric;
    cr_assert_eq(is_enough(), 1);
    cells[1].excluded = NULL;
    execute("UPDATE trial SET cpu_ns = 1000 + trial WHERE cell = 1");
    cr_assert_eq(is_enough(), 1);
}

Test(enough, is_as_near_as_the_rule_says)
{
    matrix.cell_count = 1;
    add_trials(0, 0, 10, 20, "ok"); /* the median's interval has ends among 960 to 1040 */
    cr_assert_eq(is_enough(), 1);
    experiment.enough.percent = 0.5;
    cr_assert_eq(is_enough(), 0);
}

Test(enough, needs_six_trials)
{
    matrix.cell_count = 1;
    add_trials(0, 0, 5, 0, "ok");
    cr_assert_eq(is_enough(), 0);
    add_trials(0, 5, 20, 0, "crashed");
    cr_assert_eq(is_enough(), 0);
    add_trials(0, 25, 1, 0, "ok");
    cr_assert_eq(is_enough(), 1);
}

/* report.EN1: more trials would not give them a value. */
Test(enough, cells_without_a_value_hold_nothing_up)
{
    static char stops[] = "pause.p50";
    add_trials(0, 0, 10, 0, "ok");
    add_trials(1, 0, 10, 0, "timed-out");
    cr_assert_eq(is_enough(), 1); /* and the third has none */
    experiment.enough.metric = stops;
    cr_assert_eq(is_enough(), 0, "no cell has a stop: nothing is known");
}

/* What is worked out over several cells is so at each look: else the last cell had no value. */
Test(enough, knows_metrics_of_several_cells_anew)
{
    static char overhead[] = "lbo";
    static const char mutator[] = "INSERT INTO counter SELECT trial_id, 'cpu.mutator_ns', 1000"
                                  " FROM trial WHERE cell %s 2";
    char sql_text[128];
    experiment.enough.metric = overhead;
    for (int cell = 0; cell < 3; cell++)
        add_trials(cell, 0, 10, 0, "ok");
    execute("INSERT INTO counter SELECT trial_id, 'cpu.total_ns', 1000 FROM trial WHERE cell < 2");
    snprintf(sql_text, sizeof sql_text, mutator, "<");
    execute(sql_text);
    cr_assert_eq(is_enough(), 1);
    execute("INSERT INTO counter SELECT trial_id, 'cpu.total_ns', 1000 + 500 * (trial % 5)"
            " FROM trial WHERE cell = 2");
    snprintf(sql_text, sizeof sql_text, mutator, "=");
    execute(sql_text);
    cr_assert_eq(is_enough(), 0);
}

Test(enough, refuses_a_metric_that_the_run_has_not)
{
    static char other[] = "go.nothing";
    int answer;
    experiment.enough.metric = other;
    cr_assert_eq(stw_enough_ask(&look, &sql, &answer, &error), STW_E_INVALID);
}

/* The blocks of the cell's trials, in their order. */
static const char *blocks_of(int cell)
{
    static struct stw_text text;
    struct stw_reader reader = {.db = sql.db, .path = name, .error = &error};
    struct stw_fact_list facts = {0};
    struct stw_metric parsed;
    struct stw_measured measured;
    stw_text_free(&text);
    cr_assert_eq(stw_facts_read(&reader, &facts), STW_OK);
    cr_assert_eq(stw_metric_parse(&facts, "cpu", &parsed, &error), STW_OK);
    cr_assert_eq(stw_metric_read(&reader, &parsed, cell, 0, &measured), STW_OK);
    for (uint32_t i = 0; i < measured.sample.trial_count; i++) {
        const struct stw_trial_values *trial = &measured.sample.trials[i];
        stw_text_add(&text, "%s%u.%u=%g", i ? " " : "", trial->block >> 17,
                     trial->block & ((1u << 17) - 1), trial->sum);
        for (uint32_t v = 0; v < measured.sample.value_count; v++) /* values follow their trials */
            cr_assert(measured.sample.values[v].trial != i
                      || measured.sample.values[v].value == trial->sum);
    }
    stw_sample_free(&measured.sample);
    stw_facts_free(&facts);
    return stw_text_get(&text);
}

/* report.BL1: a trial of a later start shares no block with those of the first. */
Test(enough, blocks_are_of_one_start)
{
    add_trials(0, 0, 4, 0, "ok");
    execute("UPDATE trial SET cpu_ns = 10 + trial");
    cr_assert_str_eq(blocks_of(0), "0.0=10 0.1=11 0.2=12 0.3=13");
    execute("UPDATE trial SET start = 2 WHERE trial = 1");
    cr_assert_str_eq(blocks_of(0), "0.0=10 0.2=12 0.3=13 1.1=11");
    execute("UPDATE trial SET start = 3");
    cr_assert_str_eq(blocks_of(0), "2.0=10 2.1=11 2.2=12 2.3=13");
    execute("UPDATE trial SET start = NULL");
    cr_assert_str_eq(blocks_of(0), "0.0=10 0.1=11 0.2=12 0.3=13");
    cr_assert_str_eq(blocks_of(1), "");
}
