/* report/cells.c: reads a run's cells, from the views of its results and by report/reader.c. */
#include "report/cells.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "report/canary.h"
#include "report/noise.h"
#include "report/reader.h"

#include <stdlib.h>
#include <string.h>

/* Results that are being read. */
struct filling {
    struct stw_results *results;
    struct cell_objects *objects; /* of each cell */
    uint32_t reached;             /* the cell that rows in the order of cells have come to */
};

static const char *const dist_names[STW_DISTS] = {"pause", "stopping", "working", "restarting",
                                                  "op", "setup_pause", "after_pause"};

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

static void take_median(sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = context;
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    *STW_APPEND(cell->medians, cell->median_count) =
        (struct stw_median){stw_reader_text(row, 0), sqlite3_column_int64(row, 1)};
}

/* Columns of the view `cells`, in the order that take_cell reads them. */
static void cells_sql(struct stw_text *sql)
{
    stw_text_add(sql, "SELECT cell, id, hash, axes, counters, ok, crashed, timed_out, "
                      "out_of_memory, refused, invalid, forbidden, skipped");
    for (uint32_t i = 0; i < STW_DISTS; i++) {
        const char *name = dist_names[i];
        stw_text_add(sql, ", %s_count, %s_p50_ns, %s_p99_ns, %s_max_ns, %s_sum_ns", name, name,
                     name, name, name);
    }
    stw_text_add(sql, " FROM cells ORDER BY cell");
}

/* The two JSON objects of a cell wait here for their own queries. */
struct cell_objects {
    char *axes, *counters;
};

static void take_cell(sqlite3_stmt *row, void *context)
{
    struct filling *filling = context;
    struct stw_results *results = filling->results;
    uint32_t index = results->cell_count++;
    results->cells = stw_array_room(results->cells, index, sizeof *results->cells);
    filling->objects = stw_array_room(filling->objects, index, sizeof *filling->objects);
    filling->objects[index] =
        (struct cell_objects){stw_reader_text(row, 3), stw_reader_text(row, 4)};
    struct stw_result_cell *cell = &results->cells[index];
    *cell = (struct stw_result_cell){.cell = sqlite3_column_int64(row, 0),
                                     .id = stw_reader_text(row, 1),
                                     .hash = stw_reader_text(row, 2)};
    int column = 5;
    for (uint32_t i = 0; i < STW_OUTCOMES; i++)
        cell->outcomes[i] = sqlite3_column_int64(row, column++);
    for (uint32_t i = 0; i < STW_DISTS; i++) {
        struct stw_dist *dist = &cell->dists[i];
        dist->count = sqlite3_column_int64(row, column++);
        dist->p50 = sqlite3_column_int64(row, column++);
        dist->p99 = sqlite3_column_int64(row, column++);
        dist->max = sqlite3_column_int64(row, column++);
        dist->sum = sqlite3_column_int64(row, column++);
    }
}

static int compare_medians(const void *a, const void *b)
{
    const struct stw_median *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static stw_status read_objects(struct stw_reader *reader, struct stw_result_cell *cell,
                               const struct cell_objects *objects)
{
    const char *sql = "SELECT key, atom FROM json_each(?1)";
    if (*objects->axes)
        STW_TRY(stw_reader_query(reader, sql, objects->axes, take_pair, &cell->axes));
    if (!*objects->counters)
        return STW_OK;
    stw_status status = stw_reader_query(reader, sql, objects->counters, take_median, cell);
    if (cell->median_count)
        qsort(cell->medians, cell->median_count, sizeof *cell->medians, compare_medians);
    return status;
}

static stw_status read_cells(struct stw_reader *reader, struct stw_results *results)
{
    struct filling filling = {.results = results};
    struct stw_text sql = {0};
    cells_sql(&sql);
    stw_status status = stw_reader_query(reader, sql.bytes, NULL, take_cell, &filling);
    struct cell_objects *objects = filling.objects;
    stw_text_free(&sql);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        if (status == STW_OK)
            status = read_objects(reader, &results->cells[i], &objects[i]);
        free(objects[i].axes);
        free(objects[i].counters);
    }
    free(objects);
    return status;
}

/* The cell of a row whose first column is its number, or null. Rows are in the order of cells. */
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

static void take_utilisation(sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(row, context);
    if (!cell)
        return;
    *STW_APPEND(cell->mmu, cell->mmu_count) =
        (struct stw_utilisation){sqlite3_column_int64(row, 1), sqlite3_column_double(row, 2),
                                 sqlite3_column_double(row, 3)};
}

static void take_gap(sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(row, context);
    if (!cell)
        return;
    *STW_APPEND(cell->gap, cell->gap_count) =
        (struct stw_median){stw_reader_text(row, 1), sqlite3_column_int64(row, 2)};
}

static void take_op_time(sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(row, context);
    if (!cell)
        return;
    *STW_APPEND(cell->op_times, cell->op_time_count) = (struct stw_op_time){
        stw_reader_text(row, 1),
        {sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4),
         sqlite3_column_int64(row, 5), 0}};
}

/* As summary_of_op does it (store/schema.c). */
static const char op_times_sql[] =
    "SELECT cell, name, max(n),"
    " min(CASE WHEN seen >= (n * 50 + 99) / 100 THEN high_ns END),"
    " min(CASE WHEN seen >= (n * 99 + 99) / 100 THEN high_ns END), max(high_ns)"
    " FROM (SELECT cell, name, high_ns,"
    "   sum(count) OVER (PARTITION BY cell, name ORDER BY high_ns) AS seen,"
    "   sum(count) OVER (PARTITION BY cell, name) AS n"
    "  FROM (SELECT cell, name, high_ns, sum(count) AS count FROM op_times"
    "   GROUP BY cell, name, high_ns))"
    " GROUP BY cell, name ORDER BY cell, name";

/* With max(), SQLite takes the other columns from the row that has the maximum. */
static const char gap_sql[] =
    "SELECT k.cell, k.name, k.value FROM counters k"
    " JOIN (SELECT cell, trial, max(value) FROM counters WHERE name = 'gap.max_ns' GROUP BY cell)"
    "  AS longest ON longest.cell = k.cell AND longest.trial = k.trial"
    " WHERE k.name LIKE 'gap.%' ORDER BY k.cell, k.name";

static const char mmu_sql[] =
    "SELECT cell, window_ns, min(utilisation),"
    " max(CASE WHEN rank = (n + 1) / 2 THEN utilisation END)"
    " FROM (SELECT cell, window_ns, utilisation,"
    "   row_number() OVER (PARTITION BY cell, window_ns ORDER BY utilisation) AS rank,"
    "   count(*) OVER (PARTITION BY cell, window_ns) AS n"
    "  FROM mmu WHERE utilisation IS NOT NULL)"
    " GROUP BY cell, window_ns ORDER BY cell, window_ns";

static void take_trial(sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(row, context);
    if (!cell)
        return;
    char *name = stw_reader_text(row, 2);
    uint32_t outcome = 0;
    while (outcome < STW_OUTCOMES && strcmp(name, stw_outcome_name(outcome)) != 0)
        outcome++;
    free(name);
    if (outcome != STW_OUTCOME_SKIPPED) {
        cell->trial_count++;
        cell->wall_ns_sum += sqlite3_column_int64(row, 5);
    }
    if (outcome == STW_OUTCOME_OK || outcome == STW_OUTCOMES)
        return;
    *STW_APPEND(cell->failures, cell->failure_count) =
        (struct stw_failure){sqlite3_column_int64(row, 1), outcome, sqlite3_column_int(row, 3),
                             stw_reader_text(row, 4)};
}

static const char trials_sql[] = "SELECT cell, trial, outcome, signal, detail, wall_ns FROM trials"
                                 " ORDER BY cell, trial";

static stw_status read_all(struct stw_reader *reader, struct stw_results *results)
{
    struct filling trials = {.results = results}, mmu = trials, gap = trials,
                   op_times = trials;
    STW_TRY(stw_reader_query(reader, "SELECT key, value FROM run ORDER BY key", NULL, take_pair,
                             &results->info));
    STW_TRY(stw_reader_query(reader, "SELECT key, value FROM environment ORDER BY key", NULL,
                             take_pair, &results->environment));
    STW_TRY(stw_facts_read(reader, &results->facts));
    STW_TRY(read_cells(reader, results));
    STW_TRY(stw_reader_query(reader, trials_sql, NULL, take_trial, &trials));
    STW_TRY(stw_reader_query(reader, mmu_sql, NULL, take_utilisation, &mmu));
    STW_TRY(stw_reader_query(reader, gap_sql, NULL, take_gap, &gap));
    STW_TRY(stw_reader_query(reader, op_times_sql, NULL, take_op_time, &op_times));
    STW_TRY(stw_noise_read(reader, results));
    return stw_canary_read(reader, results);
}

stw_status stw_results_read(const char *run, struct stw_results *results, struct stw_error *error)
{
    struct stw_reader reader;
    *results = (struct stw_results){0};
    stw_status status = stw_reader_open(run, &reader, error);
    if (status == STW_OK)
        status = read_all(&reader, results);
    results->path = stw_strdup(reader.path);
    stw_reader_close(&reader);
    return status;
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
    free(results->path);
    free_pairs(&results->info);
    free_pairs(&results->environment);
    free(results->canary.of);
    stw_facts_free(&results->facts);
    for (uint32_t i = 0; i < results->cell_count; i++)
        free_cell(&results->cells[i]);
    free(results->cells);
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
