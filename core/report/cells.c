/* report/cells.c: reads which cells a run has, and what became of their trials. */
#include "report/cells.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "report/canary.h"
#include "report/noise.h"
#include "report/reader.h"

#include <stdlib.h>
#include <string.h>

/* Results that are being read, by rows in the order of cells. */
struct filling {
    struct stw_results *results;
    uint32_t reached; /* the cell that the rows have come to */
};

const char *stw_dist_name(uint32_t dist)
{
    static const char *const names[STW_DISTS] = {"pause_ns", "stopping_ns", "working_ns",
                                                 "restarting_ns", "op_ns", "setup_pause_ns",
                                                 "after_pause_ns"};
    return names[dist];
}

static void take_pair(sqlite3_stmt *row, void *context)
{
    struct stw_pairs *pairs = context;
    *STW_APPEND(pairs->items, pairs->count) =
        (struct stw_pair){stw_reader_text(row, 0), stw_reader_text(row, 1)};
}

static void take_cell(sqlite3_stmt *row, void *context)
{
    struct stw_results *results = context;
    *STW_APPEND(results->cells, results->cell_count) =
        (struct stw_result_cell){.cell = sqlite3_column_int64(row, 0),
                                 .id = stw_reader_text(row, 1),
                                 .hash = stw_reader_text(row, 2)};
}

/* The cell of a row whose first column is its number, or null. */
static struct stw_result_cell *cell_of(sqlite3_stmt *row, struct filling *filling)
{
    struct stw_results *results = filling->results;
    uint32_t *index = &filling->reached;
    int64_t number = sqlite3_column_int64(row, 0);
    while (*index < results->cell_count && results->cells[*index].cell < number)
        (*index)++;
    int found = *index < results->cell_count && results->cells[*index].cell == number;
    return found ? &results->cells[*index] : NULL;
}

static void take_axis(sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(row, context);
    if (!cell)
        return;
    *STW_APPEND(cell->axes.items, cell->axes.count) =
        (struct stw_pair){stw_reader_text(row, 1), stw_reader_text(row, 2)};
}

static uint32_t outcome_of(sqlite3_stmt *row, int column)
{
    const char *name = (const char *)sqlite3_column_text(row, column);
    uint32_t outcome = 0;
    while (name && outcome < STW_OUTCOMES && strcmp(name, stw_outcome_name(outcome)) != 0)
        outcome++;
    return name ? outcome : STW_OUTCOMES;
}

static void take_trial(sqlite3_stmt *row, void *context)
{
    struct filling *filling = context;
    struct stw_results *results = filling->results;
    struct stw_result_cell *cell = cell_of(row, filling);
    int64_t number = sqlite3_column_int64(row, 1);
    int is_first = cell && cell->row_count == 0;
    int is_behind = cell && !is_first && number <= results->trials[results->trial_count - 1].trial;
    if (!cell || is_behind || number < 0 || number > UINT32_MAX) /* or the file is damaged */
        return;
    uint32_t trial = (uint32_t)number, outcome = outcome_of(row, 2);
    if (cell->row_count++ == 0)
        cell->first_row = results->trial_count;
    *STW_APPEND(results->trials, results->trial_count) = (struct stw_result_trial){trial, outcome};
    if (outcome < STW_OUTCOMES)
        cell->outcomes[outcome]++;
    if (outcome != STW_OUTCOME_SKIPPED) {
        cell->trial_count++;
        cell->wall_ns_sum += sqlite3_column_int64(row, 5);
    }
    if (outcome == STW_OUTCOME_OK)
        cell->stops_lost += sqlite3_column_int64(row, 6);
    if (outcome == STW_OUTCOME_OK || outcome == STW_OUTCOMES)
        return;
    *STW_APPEND(cell->failures, cell->failure_count) = (struct stw_failure){
        trial, outcome, sqlite3_column_int(row, 3), stw_reader_text(row, 4)};
}

/* Each in the order in which a table or an index has it already: nothing is sorted. */
static const char cells_sql[] = "SELECT cell, id, hash FROM cell ORDER BY cell";
static const char axes_sql[] = "SELECT cell, key, value FROM cell_axis ORDER BY cell, position";
static const char trials_sql[] = "SELECT cell, trial, outcome, signal, detail, wall_ns, pauses_lost"
                                 " FROM trial ORDER BY cell, trial";

static stw_status read_all(struct stw_results *results)
{
    struct stw_reader *reader = &results->reader;
    struct filling axes = {.results = results}, trials = axes;
    STW_TRY(stw_reader_query(reader, "SELECT key, value FROM run ORDER BY key", NULL, take_pair,
                             &results->info));
    STW_TRY(stw_reader_query(reader, "SELECT key, value FROM environment ORDER BY key", NULL,
                             take_pair, &results->environment));
    STW_TRY(stw_facts_read(reader, &results->facts));
    STW_TRY(stw_history_read(reader, &results->history));
    STW_TRY(stw_reader_query(reader, cells_sql, NULL, take_cell, results));
    STW_TRY(stw_reader_query(reader, axes_sql, NULL, take_axis, &axes));
    STW_TRY(stw_reader_query(reader, trials_sql, NULL, take_trial, &trials));
    STW_TRY(stw_noise_read(reader, results));
    return stw_canary_read(reader, results);
}

stw_status stw_results_open(const char *run, struct stw_results *results, struct stw_error *error)
{
    *results = (struct stw_results){0};
    stw_status status = stw_reader_open(run, &results->reader, error);
    results->path = stw_strdup(results->reader.path);
    return status == STW_OK ? read_all(results) : status;
}

stw_status stw_results_read(const char *run, struct stw_results *results, struct stw_error *error)
{
    stw_status status = stw_results_open(run, results, error);
    return status == STW_OK ? stw_results_summarise(results) : status;
}

static void free_pairs(struct stw_pairs *pairs)
{
    for (uint32_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].key);
        free(pairs->items[i].value);
    }
    free(pairs->items);
}

static void free_cell(struct stw_result_cell *cell)
{
    free(cell->id);
    free(cell->hash);
    free_pairs(&cell->axes);
    for (uint32_t i = 0; i < cell->median_count; i++)
        free(cell->medians[i].name);
    free(cell->medians);
    for (uint32_t i = 0; i < cell->gap_count; i++)
        free(cell->gap[i].name);
    free(cell->gap);
    free(cell->mmu);
    for (uint32_t i = 0; i < cell->op_time_count; i++)
        free(cell->op_times[i].name);
    free(cell->op_times);
    for (uint32_t i = 0; i < cell->failure_count; i++)
        free(cell->failures[i].detail);
    free(cell->failures);
}

void stw_results_free(struct stw_results *results)
{
    stw_reader_close(&results->reader);
    free(results->path);
    free_pairs(&results->info);
    free_pairs(&results->environment);
    free(results->canary.of);
    stw_facts_free(&results->facts);
    stw_history_free(&results->history);
    for (uint32_t i = 0; i < results->cell_count; i++)
        free_cell(&results->cells[i]);
    free(results->cells);
    free(results->dists);
    free(results->trials);
    *results = (struct stw_results){0};
}

const char *stw_results_sandbox(const struct stw_results *results)
{
    const char *sandbox = stw_pairs_get(&results->environment, "sandbox");
    return sandbox ? sandbox : "not known";
}

const char *stw_results_constant(const struct stw_pair *pair)
{
    return strncmp(pair->key, "fixed.", 6) == 0     ? pair->key + 6
           : strncmp(pair->key, "default.", 8) == 0 ? pair->key + 8
                                                    : NULL;
}

const char *stw_pairs_get(const struct stw_pairs *pairs, const char *key)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    return NULL;
}

static const int64_t *find(const struct stw_median *items, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(items[i].name, name) == 0)
            return &items[i].value;
    return NULL;
}

const int64_t *stw_result_median(const struct stw_result_cell *cell, const char *name)
{
    return find(cell->medians, cell->median_count, name);
}

const int64_t *stw_result_of_longest_gap(const struct stw_result_cell *cell, const char *name)
{
    return find(cell->gap, cell->gap_count, name);
}
