/* report/settle.c: compares the last third of each trial with its middle one.
 *
 * SE1  a cell never settles when the two differ by a twentieth at least in the median of its
 *      trials, and by signed ranks of the trials with p at most 1 %, corrected for all cells
 *      (Holm).
 * The first third is not looked at: warming up is what it is for. */
#include "report/settle.h"

#include "base/array.h"
#include "base/error.h"
#include "report/metric.h"
#include "report/significance.h"

#include <math.h>
#include <stdlib.h>

#define LEVEL 0.01  /* a warning in a hundred runs that have none to give */
#define LEAST 0.05  /* less than that is nothing that a table of 20 trials shows */

static stw_status read_metric(const struct stw_results *results, enum stw_fact_id fact,
                              int64_t cell, struct stw_measured *measured, struct stw_error *error)
{
    struct stw_reader reader = results->reader;
    struct stw_metric metric;
    reader.error = error;
    STW_TRY(stw_metric_parse(&results->facts, stw_facts[fact].name, &metric, error));
    return stw_metric_read(&reader, &metric, cell, 0, measured);
}

/* Adds the cell, whatever it is like, if enough of its trials tell. */
static stw_status ask_cell(const struct stw_results *results, const struct stw_result_cell *cell,
                           struct stw_unsettled_list *list, struct stw_error *error)
{
    static const struct stw_statistic median = {STW_STATISTIC_PERCENTILE, 50, 0};
    struct stw_measured last = {0}, middle = {0}, trend = {0};
    stw_status status = read_metric(results, STW_FACT_OP_LAST_THIRD, cell->cell, &last, error);
    if (status == STW_OK && last.sample.value_count >= STW_SIGNIFICANCE_BLOCKS)
        status = read_metric(results, STW_FACT_OP_MIDDLE_THIRD, cell->cell, &middle, error);
    if (status == STW_OK && middle.sample.value_count)
        status = read_metric(results, STW_FACT_OP_TREND, cell->cell, &trend, error);
    if (status == STW_OK && trend.sample.value_count) {
        struct stw_significance found = stw_signed_ranks(&last.sample, &middle.sample, median);
        double value = stw_sample_statistic(&trend.sample, median);
        *STW_APPEND(list->items, list->count) = (struct stw_unsettled){cell, value, found.p};
    }
    stw_sample_free(&last.sample);
    stw_sample_free(&middle.sample);
    stw_sample_free(&trend.sample);
    return status;
}

/* SE1 */
static void judge(struct stw_unsettled_list *list)
{
    double *p = stw_new(list->count + 1, sizeof *p);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++)
        p[i] = list->items[i].p;
    stw_holm(p, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        list->items[kept] = list->items[i];
        list->items[kept].p = p[i];
        kept += p[i] <= LEVEL && fabs(list->items[i].trend - 1) >= LEAST;
    }
    list->count = kept;
    free(p);
}

stw_status stw_settle_find(const struct stw_results *results, struct stw_unsettled_list *list,
                           struct stw_error *error)
{
    int64_t trials = 0;
    for (uint32_t i = 0; i < results->cell_count; i++)
        trials += results->cells[i].trial_count;
    if (trials > STW_SETTLE_TRIALS)
        return STW_OK;
    for (uint32_t i = 0; i < results->cell_count; i++)
        STW_TRY(ask_cell(results, &results->cells[i], list, error));
    judge(list);
    return STW_OK;
}

void stw_settle_text(const struct stw_unsettled_list *list, struct stw_text *out)
{
    if (list->count)
        stw_text_add(out, "\nNever settled: the last third of a trial differs from the middle one,"
                     " so a longer trial would have other times:\n");
    for (uint32_t i = 0; i < list->count; i++) {
        double percent = 100 * fabs(list->items[i].trend - 1);
        stw_text_add(out, "  %s: operations take %.0f %% %s (p = %.2g)\n",
                     list->items[i].cell->id, percent, list->items[i].trend > 1 ? "longer" : "less",
                     list->items[i].p);
    }
}

void stw_settle_json(const struct stw_unsettled_list *list, struct stw_json *json)
{
    stw_json_key(json, "unsettled");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < list->count; i++) {
        stw_json_object_begin(json);
        stw_json_key(json, "cell");
        stw_json_i64(json, list->items[i].cell->cell);
        stw_json_key(json, "id");
        stw_json_string(json, list->items[i].cell->id);
        stw_json_key(json, "trend");
        stw_json_f64(json, list->items[i].trend);
        stw_json_key(json, "p");
        stw_json_f64(json, list->items[i].p);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
}

void stw_settle_free(struct stw_unsettled_list *list)
{
    free(list->items);
    *list = (struct stw_unsettled_list){0};
}
