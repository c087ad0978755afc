/* unit/settle_test.c: which cells are said never to settle (report.SE1), and that nothing is said
 * of others.
 * Method: a small database with the schema of the store; the thirds of each trial are written here.
 */
#include "base/error.h"
#include "report/settle.h"
#include "small_run.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define TRIALS 20

static struct stw_results results;
static struct stw_error error = STW_ERROR_INIT;
static struct stw_unsettled_list found;
static sqlite3 *db;

static void execute(const char *sql)
{
    run_sql(db, sql);
}

static void build(void)
{
    db = small_begin();
}

/* Trials whose middle third is about 1000 ns, the last one `last` in a thousand of it. */
static void add_cell(int cell, int trials, int last, int spread)
{
    char sql[512];
    snprintf(sql, sizeof sql, "INSERT INTO cell VALUES(%d, 'h%d', 'n=%d', NULL)", cell, cell, cell);
    execute(sql);
    for (int trial = 0; trial < trials; trial++) {
        int id = 100 * cell + trial, middle = 1000 + (trial * 7 % 5 - 2) * 100;
        int noise = (trial * 3 % 5 - 2) * spread;
        snprintf(sql, sizeof sql, "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome,"
                 " start) VALUES(%d, %d, 'h%d', %d, 'ok', 1);"
                 "INSERT INTO counter VALUES(%d, 'op.first_third', 9999),"
                 " (%d, 'op.middle_third', %d), (%d, 'op.last_third', %d)", id, cell, cell, trial,
                 id, id, middle, id, middle * last / 1000 + noise);
        execute(sql);
    }
}

static void find(void)
{
    small_end(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
    cr_assert_eq(stw_settle_find(&results, &found, &error), STW_OK, "%s", error.message);
}

static void remove_all(void)
{
    stw_settle_free(&found);
    stw_results_free(&results);
    small_remove();
}

TestSuite(settle, .init = build, .fini = remove_all);

/* report.SE1 */
Test(settle, names_cells_whose_trials_go_on_changing)
{
    struct stw_text text = {0};
    add_cell(0, TRIALS, 1000, 10); /* settled */
    add_cell(1, TRIALS, 1200, 10);
    add_cell(2, TRIALS, 800, 10);
    add_cell(3, TRIALS, 1030, 0); /* in each trial, and too little */
    find();
    cr_assert_eq(found.count, 2);
    cr_assert_str_eq(found.items[0].cell->id, "n=1");
    cr_assert_float_eq(found.items[0].trend, 1.2, 0.03);
    stw_settle_text(&found, &text);
    cr_assert(strstr(text.bytes, "  n=1: operations take 20 % longer (p = "), "%s", text.bytes);
    cr_assert(strstr(text.bytes, "  n=2: operations take 20 % less (p = "), "%s", text.bytes);
    stw_text_free(&text);
}

/* report.SE1: as much in the median, but not in one trial as in the others. */
Test(settle, says_nothing_of_what_may_be_chance)
{
    add_cell(0, TRIALS, 1050, 400);
    add_cell(1, 5, 2000, 0); /* too few trials for any p */
    execute("INSERT INTO cell VALUES(2, 'h2', 'n=2', NULL)"); /* none */
    find();
    cr_assert_eq(found.count, 0);
}

/* report.SE1: the level is that of all cells. */
Test(settle, corrects_for_the_number_of_cells)
{
    for (int cell = 0; cell < 40; cell++)
        add_cell(cell, cell == 7 ? 8 : TRIALS, cell == 7 ? 1200 : 1000, 10);
    find();
    cr_assert_eq(found.count, 0, "of eight trials p is 1 in 128: of forty cells that is nothing");
}

Test(settle, is_told_in_json)
{
    char *bytes = NULL;
    size_t length;
    add_cell(0, TRIALS, 1200, 10);
    find();
    FILE *file = open_memstream(&bytes, &length);
    struct stw_json json = stw_json_to_file(file, 1);
    stw_json_object_begin(&json);
    stw_settle_json(&found, &json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
    fclose(file);
    cr_assert(strstr(bytes, "\"unsettled\": [{\"cell\": 0, \"id\": \"n=0\", \"trend\": 1.2"), "%s",
              bytes);
    free(bytes);
}
