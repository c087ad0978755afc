/* unit/agreement_test.c: which checksum is right when trials that compute the same disagree
 * (lab.G1, lab.G2). Method: trials are judged and stored as a run does it, one by one;
 * then the store is settled and read. No workers. */
#include "lab/agreement.h"

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"
#include "trial/record.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CELLS 8u

/* Cells 0 to 3: n=8 with none, pool, presize and bad; 4 to 7 the same with n=9. */
static char *n_values[] = {"8", "9"};
static char *strategies[] = {"none", "pool", "presize", "bad"};
static struct stw_axis axes[] = {{.key = "n", .values = n_values, .value_count = 2,
                                  .owner = STW_KIND_WORKLOAD},
                                 {.key = "strategy", .values = strategies, .value_count = 4}};
static struct stw_experiment experiment = {
    .path = "x.ini", .ini_text = "text", .name = "x", .question = "?", .workload = "w",
    .trials = 9, .seed = 1, .axes = axes, .axis_count = 2};
static struct stw_cell cells[CELLS];
static struct stw_matrix matrix = {.experiment = &experiment, .cells = cells, .cell_count = CELLS};
static struct stw_registry *registry;
static struct stw_store *store;
static struct stw_agreement *agreement;
static struct stw_record *record;
static struct stw_error error = STW_ERROR_INIT;
static uint32_t trials[CELLS]; /* stored of each cell */
static char folder[64];

static void name_cells(void)
{
    static const char *values[CELLS][2];
    static char ids[CELLS][32];
    for (uint32_t i = 0; i < CELLS; i++) {
        values[i][0] = n_values[i / 4];
        values[i][1] = strategies[i % 4];
        snprintf(ids[i], sizeof ids[i], "n=%s strategy=%s", values[i][0], values[i][1]);
        cells[i] = (struct stw_cell){.index = i, .id = ids[i], .values = values[i]};
        snprintf(cells[i].hash, sizeof cells[i].hash, "%016x", i);
    }
}

static void set_up(void)
{
    strcpy(folder, "/tmp/stw-agreement-XXXXXX");
    cr_assert(mkdtemp(folder));
    name_cells();
    registry = stw_registry_new();
    agreement = stw_agreement_new(&matrix);
    record = calloc(1, sizeof *record + sizeof(struct stw_pause));
    cr_assert(record);
    record->magic = STW_RECORD_MAGIC;
    record->state = STW_RECORD_DONE;
    record->verdict = STW_VERDICT_OK;
    record->pause_count = 1;
    record->main_ns = record->first_op_ns = 1; /* so that its stop is a timed one */
    stw_record_pauses(record)[0] = (struct stw_pause){.working_ns = 10, .complete = 1};
    cr_assert_eq(stw_store_open(folder, &matrix, registry, NULL, 0, &store, &error), STW_OK, "%s",
                 error.message);
}

static void tear_down(void)
{
    char command[128];
    stw_store_close(store);
    stw_agreement_free(agreement);
    stw_registry_free(registry);
    free(record);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(agreement, .init = set_up, .fini = tear_down);

/* A trial of a cell: judged, then stored. Returns what it was judged to be. */
static uint32_t add(uint32_t cell, uint64_t checksum, uint32_t counts_for)
{
    struct stw_outcome outcome = {.kind = STW_OUTCOME_OK, .checksum = counts_for};
    record->checksum = checksum;
    stw_agreement_judge(agreement, cell, checksum, &outcome);
    cr_assert_eq(stw_store_trial(store, &cells[cell], trials[cell]++, &outcome, record, &error),
                 STW_OK, "%s", error.message);
    return outcome.kind;
}

static uint32_t compared(uint32_t cell, uint64_t checksum)
{
    return add(cell, checksum, STW_CHECKSUM_COMPARED);
}

static uint32_t expected(uint32_t cell, uint64_t checksum)
{
    return add(cell, checksum, STW_CHECKSUM_EXPECTED);
}

static uint64_t settle(void)
{
    uint64_t changed = 99;
    cr_assert_eq(stw_agreement_settle(agreement, store, &changed, &error), STW_OK, "%s",
                 error.message);
    return changed;
}

/* The rows of a query: columns by '|', rows by ", ". */
static const char *query(const char *sql)
{
    static struct stw_text text;
    char path[100];
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    stw_text_free(&text);
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    while (sqlite3_step(row) == SQLITE_ROW) {
        stw_text_add(&text, text.length ? ", " : "");
        for (int i = 0; i < sqlite3_column_count(row); i++)
            stw_text_add(&text, "%s%s", i ? "|" : "", (const char *)sqlite3_column_text(row, i));
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    return stw_text_get(&text);
}

static const char *outcomes(void)
{
    return query("SELECT cell, trial, outcome FROM trials ORDER BY cell, trial");
}

Test(agreement, the_first_is_not_right_for_being_first)
{
    cr_assert_eq(compared(3, 0xbad), STW_OUTCOME_OK, "nobody knows better yet");
    cr_assert_eq(compared(1, 0xa), STW_OUTCOME_INVALID, "one against one");
    cr_assert_eq(compared(2, 0xa), STW_OUTCOME_OK, "two against one");
    cr_assert_eq(settle(), 2);
    cr_assert_str_eq(outcomes(), "1|0|ok, 2|0|ok, 3|0|invalid");
    cr_assert_str_eq(query("SELECT detail FROM trials WHERE outcome = 'invalid'"),
                     "checksum 0000000000000bad differs: 000000000000000a by 2 trials of 2 cells "
                     "(n=8 strategy=pool, n=8 strategy=presize), which most trials have; "
                     "0000000000000bad by 1 trial of 1 cell (n=8 strategy=bad)");
    cr_assert_str_eq(query("SELECT DISTINCT detail FROM trials WHERE outcome = 'ok'"), "");
    cr_assert_eq(settle(), 0, "once is enough");
}

Test(agreement, the_numbers_of_a_trial_come_back_with_it)
{
    compared(3, 0xbad);
    compared(1, 0xa);
    compared(1, 0xa);
    cr_assert_str_eq(query("SELECT cell, trial FROM pauses ORDER BY cell, trial"), "1|1, 3|0");
    settle();
    cr_assert_str_eq(query("SELECT cell, trial FROM pauses ORDER BY cell, trial"), "1|0, 1|1");
    cr_assert_str_eq(query("SELECT ok, invalid, pause_count FROM cells WHERE cell IN (1, 3)"),
                     "2|0|2, 0|1|0");
}

Test(agreement, what_the_workload_expects_outweighs_any_number)
{
    compared(3, 0xbad);
    compared(3, 0xbad);
    compared(0, 0xbad);
    cr_assert_eq(expected(1, 0xa), STW_OUTCOME_OK);
    cr_assert_eq(compared(3, 0xbad), STW_OUTCOME_INVALID);
    cr_assert_eq(compared(2, 0xa), STW_OUTCOME_OK, "a peer cannot know");
    cr_assert_eq(settle(), 3);
    cr_assert_str_eq(outcomes(), "0|0|invalid, 1|0|ok, 2|0|ok, 3|0|invalid, 3|1|invalid, "
                                 "3|2|invalid");
    cr_assert(strstr(query("SELECT detail FROM trials WHERE cell = 0"),
                     "(n=8 strategy=pool, n=8 strategy=presize), which the workload expects; "));
    cr_assert_str_eq(query("SELECT cell, expected FROM trials WHERE expected"), "1|1");
}

Test(agreement, where_the_workload_was_deceived_most_of_its_word_counts)
{
    expected(3, 0xbad);
    compared(2, 0xc);
    compared(2, 0xc);
    compared(2, 0xc);
    expected(1, 0xa);
    expected(1, 0xa);
    settle();
    cr_assert_str_eq(query("SELECT DISTINCT cell, outcome FROM trials ORDER BY cell"),
                     "1|ok, 2|invalid, 3|invalid");
}

Test(agreement, with_as_many_on_both_sides_the_baseline_is_right)
{
    compared(3, 0xbad);
    compared(3, 0xbad);
    cr_assert_eq(compared(0, 0xa), STW_OUTCOME_INVALID);
    cr_assert_eq(compared(0, 0xa), STW_OUTCOME_OK);
    settle();
    cr_assert_str_eq(query("SELECT DISTINCT cell, outcome FROM trials ORDER BY cell"),
                     "0|ok, 3|invalid");
    cr_assert(strstr(query("SELECT detail FROM trials WHERE cell = 3"),
                     "(n=8 strategy=none), which the baseline has; "));
}

Test(agreement, a_tie_without_a_baseline_makes_all_sides_invalid_until_more_is_known)
{
    compared(1, 0xa);
    compared(3, 0xbad);
    cr_assert_eq(settle(), 1);
    cr_assert_str_eq(outcomes(), "1|0|invalid, 3|0|invalid");
    cr_assert_str_eq(query("SELECT detail FROM trials WHERE cell = 1"),
                     "checksum 000000000000000a differs, and nobody knows which is right: "
                     "000000000000000a by 1 trial of 1 cell (n=8 strategy=pool); "
                     "0000000000000bad by 1 trial of 1 cell (n=8 strategy=bad)");
    cr_assert_eq(compared(2, 0xa), STW_OUTCOME_OK);
    cr_assert_eq(settle(), 1);
    cr_assert_str_eq(outcomes(), "1|0|ok, 2|0|ok, 3|0|invalid");
}

Test(agreement, a_baseline_that_contradicts_itself_tells_nothing)
{
    compared(0, 0xa);
    compared(0, 0xb);
    compared(1, 0xa);
    compared(1, 0xb);
    settle();
    cr_assert_str_eq(query("SELECT DISTINCT outcome FROM trials"), "invalid");
    compared(0, 0xa);
    settle();
    cr_assert_str_eq(query("SELECT DISTINCT checksum, outcome FROM trials ORDER BY checksum"),
                     "000000000000000a|ok, 000000000000000b|invalid");
}

Test(agreement, other_parameters_of_the_workload_are_another_matter)
{
    compared(0, 0xa);
    cr_assert_eq(compared(4, 0xb), STW_OUTCOME_OK);
    compared(5, 0xb);
    compared(5, 0xb);
    cr_assert_eq(settle(), 0);
    cr_assert_str_eq(query("SELECT DISTINCT outcome FROM trials"), "ok");
}

Test(agreement, trials_that_failed_otherwise_have_no_say)
{
    const struct stw_outcome outcome = {.kind = STW_OUTCOME_INVALID, .detail = "stop-blocks"};
    record->checksum = 0xbad;
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(stw_store_trial(store, &cells[3], trials[3]++, &outcome, record, &error),
                     STW_OK);
    compared(1, 0xa);
    cr_assert_eq(settle(), 0);
    cr_assert_str_eq(query("SELECT DISTINCT cell, outcome, detail, expected IS NULL FROM trials"
                           " ORDER BY cell"), "1|ok||0, 3|invalid|stop-blocks|1");
}

Test(agreement, a_side_that_is_alone_in_the_store_is_right)
{
    compared(1, 0xa);
    compared(3, 0xbad);
    settle();
    char path[100];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "DELETE FROM trial WHERE cell = 3", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    cr_assert_eq(settle(), 1);
    cr_assert_str_eq(outcomes(), "1|0|ok");
}

Test(agreement, many_sides_and_cells_are_not_all_named)
{
    for (uint32_t i = 0; i < 4; i++)
        compared(i, 1);
    for (uint32_t i = 2; i < 10; i++)
        compared(1, i);
    settle();
    cr_assert_str_eq(query("SELECT detail FROM trials WHERE cell = 1 AND checksum LIKE '%9'"),
                     "checksum 0000000000000009 differs: 0000000000000001 by 4 trials of 4 cells "
                     "(n=8 strategy=none, n=8 strategy=pool, n=8 strategy=presize, ...), "
                     "which the baseline has; "
                     "0000000000000009 by 1 trial of 1 cell (n=8 strategy=pool); "
                     "0000000000000002 by 1 trial of 1 cell (n=8 strategy=pool); "
                     "0000000000000003 by 1 trial of 1 cell (n=8 strategy=pool); and 5 more");
}
