/* report/show_trials.c: the machine-readable forms of a run's trials, one row each.
 *
 * What the view `trials` has of them is read once, in its order, and kept as text: rows may be
 * asked for in another order. */
#include "report/show.h"

#include "base/array.h"
#include "base/error.h"
#include "report/show_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_LINES 2u /* the document, its trials */

/* Columns of the view, behind cell and trial. */
static const struct field { const char *name; int is_text; } fields[] = {
    {"outcome", 1},        {"signal", 0},     {"detail", 1},  {"checksum", 1},
    {"operations", 0},     {"wall_ns", 0},    {"start_ns", 0}, {"span_ns", 0},
    {"op_sum_ns", 0},      {"coordinator_ns", 0}, {"cpu_ns", 0}, {"rss_peak_bytes", 0},
    {"pauses_lost", 0},    {"expected", 0},   {"note", 1},    {"attempt", 0},
    {"start", 0},
};
#define FIELDS (sizeof fields / sizeof *fields)

/* Of each of results->trials, and field, where its text begins; 0: null. */
struct table {
    const struct stw_results *results;
    uint32_t cell, position; /* of the next trial: in which cell, and where there */
    size_t *texts;
    struct stw_text bytes;
};

/* The trial of the row, an index; UINT32_MAX: there is none. Rows and trials have one order. */
static uint32_t trial_of(sqlite3_stmt *row, struct table *table)
{
    const struct stw_results *results = table->results;
    int64_t cell = sqlite3_column_int64(row, 0), trial = sqlite3_column_int64(row, 1);
    while (table->cell < results->cell_count && results->cells[table->cell].cell < cell) {
        table->cell++;
        table->position = 0;
    }
    if (table->cell == results->cell_count || results->cells[table->cell].cell != cell)
        return UINT32_MAX;
    const struct stw_result_cell *of = &results->cells[table->cell];
    while (table->position < of->row_count
           && results->trials[of->first_row + table->position].trial < trial)
        table->position++;
    uint32_t at = of->first_row + table->position;
    return table->position < of->row_count && results->trials[at].trial == trial ? at : UINT32_MAX;
}

static void take_trial(sqlite3_stmt *row, void *context)
{
    struct table *table = context;
    uint32_t trial = trial_of(row, table);
    for (size_t i = 0; trial != UINT32_MAX && i < FIELDS; i++) {
        const char *text = (const char *)sqlite3_column_text(row, 2 + (int)i);
        if (!text)
            continue;
        stw_text_add_bytes(&table->bytes, "", 1); /* so that none begins at 0 */
        table->texts[trial * FIELDS + i] = table->bytes.length;
        stw_text_add_bytes(&table->bytes, text, strlen(text));
    }
}

static stw_status read_table(const struct stw_results *results, struct table *table)
{
    struct stw_reader reader = results->reader;
    struct stw_text sql = {0};
    *table = (struct table){.results = results};
    table->texts = stw_new(results->trial_count * FIELDS, sizeof *table->texts);
    stw_text_add(&sql, "SELECT cell, trial");
    for (size_t i = 0; i < FIELDS; i++)
        stw_text_add(&sql, ", %s", fields[i].name);
    stw_text_add(&sql, " FROM trials ORDER BY cell, trial");
    stw_status status = stw_reader_query(&reader, sql.bytes, NULL, take_trial, table);
    stw_text_add_bytes(&table->bytes, "", 1);
    stw_text_free(&sql);
    return status;
}

static void free_table(struct table *table)
{
    free(table->texts);
    stw_text_free(&table->bytes);
}

/* Null when the trial has none. */
static const char *text_of(const struct table *table, uint32_t trial, size_t field)
{
    size_t at = table->texts[trial * FIELDS + field];
    return at ? table->bytes.bytes + at : NULL;
}

static void json_trial(struct stw_json *json, const struct stw_shown *shown, uint32_t row,
                       const struct table *table)
{
    const struct stw_result_cell *cell = &shown->results->cells[shown->rows[row].cell];
    uint32_t trial = shown->rows[row].row;
    stw_json_object_begin(json);
    stw_json_key(json, "cell");
    stw_json_i64(json, cell->cell);
    stw_json_key(json, "id");
    stw_json_string(json, cell->id);
    stw_json_key(json, "hash");
    stw_json_string(json, cell->hash);
    stw_show_json_axes(json, cell);
    stw_json_key(json, "trial");
    stw_json_u64(json, shown->results->trials[trial].trial);
    for (size_t i = 0; i < FIELDS; i++) {
        const char *text = text_of(table, trial, i);
        stw_json_key(json, fields[i].name);
        if (!text)
            stw_json_null(json);
        else if (fields[i].is_text)
            stw_json_string(json, text);
        else
            stw_json_number_or_string(json, text);
    }
    stw_show_json_metrics(json, shown, row);
    stw_json_object_end(json);
}

stw_status stw_show_trials_json(const struct stw_shown *shown, FILE *file)
{
    struct table table;
    stw_status status = read_table(shown->results, &table);
    struct stw_json json = stw_json_to_file(file, JSON_DEPTH_LINES);
    if (status == STW_OK) {
        stw_json_object_begin(&json);
        stw_show_json_run(&json, shown->results);
        stw_json_key(&json, "trials");
        stw_json_array_begin(&json);
        for (uint32_t row = 0; row < shown->row_count; row++)
            json_trial(&json, shown, row, &table);
        stw_json_array_end(&json);
        stw_json_object_end(&json);
        stw_json_finish(&json);
    }
    free_table(&table);
    return status;
}

static void csv_header(const struct stw_shown *shown, FILE *file)
{
    const struct stw_results *results = shown->results;
    struct stw_text row = {0};
    stw_csv_text(&row, "cell");
    stw_csv_text(&row, "id");
    stw_csv_text(&row, "hash");
    for (uint32_t i = 0; results->cell_count && i < results->cells[0].axes.count; i++)
        stw_csv_name(&row, "axes", results->cells[0].axes.items[i].key);
    stw_csv_text(&row, "trial");
    for (size_t i = 0; i < FIELDS; i++)
        stw_csv_text(&row, fields[i].name);
    stw_show_csv_metrics(&row, shown, STW_CSV_HEADER);
    stw_show_csv_run(&row, results, 1);
    stw_csv_end(&row, file);
}

static void csv_trial(const struct stw_shown *shown, uint32_t number, const struct table *table,
                      const char *run, FILE *file)
{
    const struct stw_results *results = shown->results;
    const struct stw_result_cell *cell = &results->cells[shown->rows[number].cell];
    uint32_t trial = shown->rows[number].row;
    struct stw_text row = {0};
    stw_text_add(&row, ",%" PRId64, cell->cell);
    stw_csv_text(&row, cell->id);
    stw_csv_text(&row, cell->hash);
    for (uint32_t i = 0; i < results->cells[0].axes.count; i++) {
        const char *value = stw_pairs_get(&cell->axes, results->cells[0].axes.items[i].key);
        stw_csv_text(&row, value ? value : "");
    }
    stw_text_add(&row, ",%" PRIu32, results->trials[trial].trial);
    for (size_t i = 0; i < FIELDS; i++) {
        const char *text = text_of(table, trial, i);
        stw_csv_text(&row, text ? text : "");
    }
    stw_show_csv_metrics(&row, shown, number);
    stw_text_add(&row, "%s", run);
    stw_csv_end(&row, file);
}

stw_status stw_show_trials_csv(const struct stw_shown *shown, FILE *file)
{
    struct table table;
    struct stw_text run = {0};
    stw_status status = read_table(shown->results, &table);
    stw_show_csv_run(&run, shown->results, 0);
    if (status == STW_OK)
        csv_header(shown, file);
    for (uint32_t i = 0; status == STW_OK && i < shown->row_count; i++)
        csv_trial(shown, i, &table, run.bytes, file);
    stw_text_free(&run);
    free_table(&table);
    return status;
}
