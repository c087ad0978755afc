/* report/shown.c: reads the rows and columns that are to be shown. */
#include "report/show.h"

#include "base/array.h"
#include "base/error.h"
#include "report/select.h"

#include <stdlib.h>
#include <string.h>

/* Which cells are wanted, by their index; null: all. */
static stw_status find_wanted(const struct stw_results *results, const char *where,
                              uint8_t **is_wanted, struct stw_error *error)
{
    const struct stw_result_cell **cells;
    uint32_t count;
    *is_wanted = NULL;
    if (!where)
        return STW_OK;
    stw_status status = stw_select_cells(results, where, &cells, &count, error);
    if (status == STW_OK)
        *is_wanted = stw_new(results->cell_count, 1);
    for (uint32_t i = 0; status == STW_OK && i < count; i++)
        (*is_wanted)[cells[i] - results->cells] = 1;
    free(cells);
    return status;
}

static void find_rows(struct stw_shown *shown, const uint8_t *is_wanted)
{
    for (uint32_t i = 0; i < shown->results->cell_count; i++) {
        const struct stw_result_cell *cell = &shown->results->cells[i];
        if (is_wanted && !is_wanted[i])
            continue;
        if (!shown->by_trial)
            *STW_APPEND(shown->rows, shown->row_count) = (struct stw_shown_row){i, i};
        for (uint32_t trial = 0; shown->by_trial && trial < cell->row_count; trial++)
            *STW_APPEND(shown->rows, shown->row_count) =
                (struct stw_shown_row){i, cell->first_row + trial};
    }
}

/* How rows are sorted: by the last column that was read, whose metric is the measures' last. */
struct order {
    const struct stw_shown *shown;
    const struct stw_column *by;
    int is_descending;
};

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct order *order = context;
    const struct stw_shown_row *rows[] = {a, b};
    const struct stw_measures *measures = &order->shown->measures;
    double values[2] = {0};
    int known[2];
    for (uint32_t i = 0; i < 2; i++)
        known[i] = stw_column_value(
            order->by, stw_measured_at(measures, rows[i]->row, measures->metric_count - 1),
            &values[i]);
    if (known[0] != known[1])
        return known[1] - known[0];
    int sign = (values[0] > values[1]) - (values[0] < values[1]);
    if (sign)
        return order->is_descending ? -sign : sign;
    return rows[0]->row < rows[1]->row ? -1 : 1; /* as the matrix has them */
}

static stw_status read_columns(const struct stw_results *results,
                               const struct stw_show_options *options, struct stw_shown *shown,
                               struct stw_columns *order, struct stw_error *error)
{
    STW_TRY(stw_columns_read(&results->facts, options->columns, &shown->columns, error));
    if (!options->sort)
        return STW_OK;
    STW_TRY(stw_columns_read(&results->facts, options->sort + (*options->sort == '-'), order,
                             error));
    return order->count == 1 ? STW_OK
                             : stw_error_set(error, STW_E_INVALID, NULL,
                                             "rows are sorted by one metric: '%s'", options->sort);
}

static stw_status measure(struct stw_results *results, const struct stw_columns *order,
                          const uint8_t *is_wanted, struct stw_shown *shown)
{
    const struct stw_measure_options how = {shown->by_trial, shown->bootstrap, is_wanted};
    uint32_t count = shown->columns.count + order->count;
    const struct stw_metric **metrics = stw_new(count, sizeof *metrics);
    for (uint32_t i = 0; i < shown->columns.count; i++)
        metrics[i] = &shown->columns.items[i].metric;
    if (order->count)
        metrics[count - 1] = &order->items[0].metric;
    stw_status status = stw_measure(results, metrics, count, &how, &shown->measures);
    free(metrics);
    return status;
}

stw_status stw_shown_read(struct stw_results *results, const struct stw_show_options *options,
                          struct stw_shown *shown, struct stw_error *error)
{
    struct stw_columns order = {0};
    uint8_t *is_wanted = NULL;
    *shown = (struct stw_shown){.results = results, .by_trial = options->by_trial,
                                .bootstrap = options->bootstrap};
    stw_status status = read_columns(results, options, shown, &order, error);
    if (status == STW_OK)
        status = find_wanted(results, options->where, &is_wanted, error);
    if (status == STW_OK)
        status = measure(results, &order, is_wanted, shown);
    if (status == STW_OK)
        find_rows(shown, is_wanted);
    struct order by = {shown, order.items, options->sort && *options->sort == '-'};
    if (status == STW_OK && order.count && shown->row_count)
        qsort_r(shown->rows, shown->row_count, sizeof *shown->rows, compare_rows, &by);
    stw_columns_free(&order);
    free(is_wanted);
    return status;
}

void stw_shown_free(struct stw_shown *shown)
{
    stw_columns_free(&shown->columns);
    stw_measures_free(&shown->measures);
    free(shown->rows);
    *shown = (struct stw_shown){0};
}
