/* report/canary.c: reads the trials of the canary and of its cell, and compares them.
 *
 * CA1  the floor is of the same statistics, by the same resampling of blocks, as comparisons of
 *      cells: else it would say nothing of them. */
#include "report/canary.h"

#include "base/error.h"
#include "report/bootstrap.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A tenth of compare's: the ends are shown with two decimals, and a table is not to wait. */
#define RESAMPLES 1000u
#define CONFIDENCE 95u

/* Each query has trial and value, in the order of trials; ?1 is the cell. */
static const struct asked {
    const char *metric, *of_canary, *of_cell;
    struct stw_statistic statistic;
} all_asked[STW_FLOORS] = {
    {"pause.p50", "SELECT trial, pause_ns FROM canary_pauses WHERE phase = 'timed' ORDER BY trial",
     "SELECT trial, pause_ns FROM pauses WHERE cell = ?1 AND phase = 'timed' ORDER BY trial",
     {STW_STATISTIC_PERCENTILE, 50, 0}},
    {"op.mean", "SELECT trial, 1.0 * op_sum_ns / operations FROM canary"
                " WHERE outcome = 'ok' AND operations > 0 ORDER BY trial",
     "SELECT trial, 1.0 * op_sum_ns / operations FROM trials"
     " WHERE cell = ?1 AND outcome = 'ok' AND operations > 0 ORDER BY trial",
     {STW_STATISTIC_PERCENTILE, 50, 0}},
    {"cpu", "SELECT trial, cpu_ns FROM canary WHERE outcome = 'ok' ORDER BY trial",
     "SELECT trial, cpu_ns FROM trials WHERE cell = ?1 AND outcome = 'ok' ORDER BY trial",
     {STW_STATISTIC_PERCENTILE, 50, 0}},
};

struct taking {
    struct stw_sample sample;
    int64_t trial;
};

static void take_value(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    int64_t trial = sqlite3_column_int64(row, 0);
    if (sqlite3_column_type(row, 1) == SQLITE_NULL || trial < taking->trial || trial > UINT32_MAX)
        return;
    if (trial != taking->trial)
        stw_sample_trial(&taking->sample, (uint32_t)trial);
    taking->trial = trial;
    stw_sample_add(&taking->sample, sqlite3_column_double(row, 1));
}

static void take_canary(sqlite3_stmt *row, void *context)
{
    struct stw_canary *canary = context;
    if (sqlite3_column_type(row, 0) == SQLITE_NULL)
        return;
    canary->cell = sqlite3_column_int64(row, 0);
    canary->of = stw_reader_text(row, 1);
    canary->trial_count = sqlite3_column_int64(row, 2);
    canary->ok = sqlite3_column_int64(row, 3);
    canary->wall_ns_sum = sqlite3_column_int64(row, 4);
}

/* CA1 */
static void add_floor(struct stw_canary *canary, const struct asked *asked, struct stw_sample *a,
                      struct stw_sample *b)
{
    const struct stw_bootstrap options = {1, RESAMPLES, CONFIDENCE};
    if (!a->value_count || !b->value_count)
        return;
    const struct stw_interval ratio = stw_bootstrap_contrast(a, b, asked->statistic,
                                                             &options).ratio;
    if (ratio.without || !isfinite(ratio.low) || !isfinite(ratio.high))
        return;
    canary->floors[canary->floor_count++] =
        (struct stw_floor){asked->metric, ratio.low, ratio.high};
}

static stw_status read_floor(struct stw_reader *reader, const struct asked *asked,
                             struct stw_canary *canary)
{
    struct taking of_canary = {.trial = -1}, of_cell = {.trial = -1};
    char cell[32];
    snprintf(cell, sizeof cell, "%" PRId64, canary->cell);
    stw_status status = stw_reader_query(reader, asked->of_canary, NULL, take_value, &of_canary);
    if (status == STW_OK)
        status = stw_reader_query(reader, asked->of_cell, cell, take_value, &of_cell);
    if (status == STW_OK)
        add_floor(canary, asked, &of_canary.sample, &of_cell.sample);
    stw_sample_free(&of_canary.sample);
    stw_sample_free(&of_cell.sample);
    return status;
}

stw_status stw_canary_read(struct stw_reader *reader, struct stw_results *results)
{
    struct stw_canary *canary = &results->canary;
    STW_TRY(stw_reader_query(reader, "SELECT min(cell), min(id), count(*), sum(outcome = 'ok'),"
                             " sum(wall_ns) FROM canary", NULL, take_canary, canary));
    stw_status status = STW_OK;
    for (uint32_t i = 0; canary->of && status == STW_OK && i < STW_FLOORS; i++)
        status = read_floor(reader, &all_asked[i], canary);
    return status;
}

void stw_canary_text(const struct stw_results *results, struct stw_text *out)
{
    const struct stw_canary *canary = &results->canary;
    struct stw_text line = {0};
    if (!canary->of || (!canary->floor_count && canary->ok == canary->trial_count))
        return;
    stw_text_add(&line, "noise floor: %" PRId64 " trial%s of %s against themselves:", canary->ok,
                 stw_plural((uint64_t)canary->ok), canary->of);
    for (uint32_t i = 0; i < canary->floor_count; i++)
        stw_text_add(&line, "%s %s %.2f to %.2f", i ? "," : "", canary->floors[i].metric,
                     canary->floors[i].low, canary->floors[i].high);
    if (!canary->floor_count)
        stw_text_add(&line, " too few");
    if (canary->ok < canary->trial_count)
        stw_text_add(&line, "; %" PRId64 " more %s not ok", canary->trial_count - canary->ok,
                     canary->trial_count - canary->ok == 1 ? "was" : "were");
    stw_text_add(out, "\n");
    stw_text_add(out, "%s\n", line.bytes);
    stw_text_free(&line);
}

static void write_floor(struct stw_json *json, const struct stw_floor *found)
{
    stw_json_object_begin(json);
    stw_json_key(json, "metric");
    stw_json_string(json, found->metric);
    stw_json_key(json, "low");
    stw_json_f64(json, found->low);
    stw_json_key(json, "high");
    stw_json_f64(json, found->high);
    stw_json_object_end(json);
}

void stw_canary_json(const struct stw_results *results, struct stw_json *json)
{
    const struct stw_canary *canary = &results->canary;
    stw_json_key(json, "canary");
    if (!canary->of) {
        stw_json_null(json);
        return;
    }
    stw_json_object_begin(json);
    stw_json_key(json, "of");
    stw_json_string(json, canary->of);
    stw_json_key(json, "trials");
    stw_json_i64(json, canary->trial_count);
    stw_json_key(json, "ok");
    stw_json_i64(json, canary->ok);
    stw_json_key(json, "floor");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < canary->floor_count; i++)
        write_floor(json, &canary->floors[i]);
    stw_json_array_end(json);
    stw_json_object_end(json);
}
