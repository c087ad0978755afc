/* cli/dry_run.c: the cells of a matrix and an estimate of the time that they take.
 * The estimate is honest about its base: trials of the same cells that were measured before, or,
 * when there are none, a named guess and the upper bound that the timeout sets. Nothing is run. */
#include "cli/dry_run.h"

#include "base/error.h"
#include "base/utf8.h"
#include "report/cells.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_AT_ONCE 1000u
#define TRIAL_GUESS_MS 100 /* not a measurement: something to scale from, named where it is used */

/* What stored trials tell about the trials to come. */
struct forecast {
    uint64_t trials;       /* to run */
    uint64_t stored;       /* not to run again */
    double known_ns;       /* of trials whose cell was measured */
    uint64_t unknown;      /* trials whose cell was not */
    uint64_t base_trials;  /* stored trials of the same cells */
    double base_ns;        /* their time in all */
    int has_canary;
};

static const struct stw_result_cell *find_cell(const struct stw_results *results, const char *hash)
{
    for (uint32_t i = 0; i < results->cell_count; i++)
        if (strcmp(results->cells[i].hash, hash) == 0)
            return &results->cells[i];
    return NULL;
}

static void forecast_cell(const struct stw_matrix *matrix, const struct stw_result_cell *known,
                          int resume, struct forecast *forecast)
{
    uint64_t trials = matrix->experiment->trials;
    uint64_t stored = known ? (uint64_t)known->trial_count : 0;
    uint64_t kept = resume ? (stored < trials ? stored : trials) : 0;
    forecast->stored += kept;
    forecast->trials += trials - kept;
    if (stored == 0) {
        forecast->unknown += trials;
        return;
    }
    double wall_ns = (double)known->wall_ns_sum;
    forecast->known_ns += wall_ns / (double)stored * (double)(trials - kept);
    forecast->base_trials += stored;
    forecast->base_ns += wall_ns;
}

/* As lab/run.c has it: a run that began without a canary, or with one of another cell, goes on
 * without; and it is chosen with the cell that it repeats. */
static int has_canary(const struct stw_matrix *matrix, const struct stw_results *results,
                      int resume, const uint8_t *is_chosen)
{
    const char *number = stw_pairs_get(&results->info, "canary");
    if (!matrix->has_canary || (is_chosen && !is_chosen[matrix->canary_of]))
        return 0;
    if (!resume || !results->cell_count)
        return 1;
    const struct stw_result_cell *same = find_cell(results, matrix->cells[matrix->canary_of].hash);
    return number && same && strtoll(number, NULL, 10) == same->cell;
}

static struct forecast make_forecast(const struct stw_matrix *matrix, const char *run, int resume,
                                     const uint8_t *is_chosen)
{
    struct forecast forecast = {0};
    struct stw_results results;
    struct stw_error ignored = STW_ERROR_INIT; /* no run, or none that helps */
    if (stw_results_open(run, &results, &ignored) != STW_OK)
        results.cell_count = 0, results.canary.trial_count = 0;
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        const struct stw_cell *cell = &matrix->cells[i];
        if (!cell->excluded && (!is_chosen || is_chosen[i]))
            forecast_cell(matrix, find_cell(&results, cell->hash), resume, &forecast);
    }
    forecast.has_canary = has_canary(matrix, &results, resume, is_chosen);
    const struct stw_result_cell canary = {.trial_count = results.canary.trial_count,
                                           .wall_ns_sum = results.canary.wall_ns_sum};
    if (forecast.has_canary)
        forecast_cell(matrix, &canary, resume, &forecast);
    stw_results_free(&results);
    return forecast;
}

static void add_cell(const struct stw_matrix *matrix, const struct stw_cell *cell,
                     struct stw_table *table)
{
    const struct stw_experiment *experiment = matrix->experiment;
    struct stw_text text = {0};
    stw_table_row(table);
    stw_text_add(&text, "%" PRIu32, cell->index);
    stw_table_set(table, 0, text.bytes);
    for (uint32_t i = 0; i < experiment->axis_count; i++)
        stw_table_set(table, i + 1, cell->values[i]);
    stw_text_free(&text);
    if (cell->excluded)
        stw_text_add(&text, "skipped: %s: %s", cell->excluded,
                     stw_cell_reason(experiment, cell));
    else
        stw_experiment_trials(experiment, &text);
    stw_table_set(table, experiment->axis_count + 1, text.bytes);
    stw_text_free(&text);
}

static uint32_t widest(const struct stw_axis *axis)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < axis->value_count; i++) {
        uint32_t width = stw_utf8_width(axis->values[i]);
        most = width > most ? width : most;
    }
    return most;
}

static void flush(struct stw_table *table, FILE *file)
{
    struct stw_text out = {0};
    stw_table_flush(table, &out);
    fputs(stw_text_get(&out), file);
    stw_text_free(&out);
}

/* Some at a time: there may be a million. */
static void write_cells(const struct stw_matrix *matrix, const uint8_t *is_chosen, FILE *file)
{
    struct stw_table table = {0};
    uint32_t columns = matrix->experiment->axis_count + 2;
    stw_table_column(&table, "cell", STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < columns - 2; i++)
        stw_table_column(&table, matrix->experiment->axes[i].key, STW_TABLE_LEFT);
    stw_table_column(&table, "trials", STW_TABLE_LEFT);
    table.columns[0].least = (uint32_t)snprintf(NULL, 0, "%" PRIu32, matrix->cell_count - 1);
    for (uint32_t i = 0; i < columns - 2; i++)
        table.columns[i + 1].least = widest(&matrix->experiment->axes[i]);
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        if (is_chosen && !is_chosen[i])
            continue;
        add_cell(matrix, &matrix->cells[i], &table);
        if (table.row_count == ROWS_AT_ONCE)
            flush(&table, file);
    }
    flush(&table, file);
    stw_table_free(&table);
}

static void add_fixed(const struct stw_experiment *experiment, struct stw_text *out)
{
    for (uint32_t i = 0; i < experiment->fixed_count; i++) {
        stw_text_add(out, "%s%s=", i ? ", " : "\nfixed: ", experiment->fixed[i].key);
        stw_utf8_add_line(out, experiment->fixed[i].values[0]);
    }
    stw_text_add(out, "%s", experiment->fixed_count ? "\n" : "");
}

static void add_estimate(const struct stw_experiment *experiment, const struct forecast *forecast,
                         const char *run, struct stw_text *out)
{
    double timeout_s = (double)experiment->timeout_ns / 1e9;
    double most_s = (double)forecast->trials * timeout_s;
    const char *about = experiment->enough.metric ? "up to about" : "about";
    if (forecast->trials == 0) {
        stw_text_add(out, "time: none, nothing is missing\n");
        return;
    }
    if (forecast->base_trials > 0) {
        double mean_ns = forecast->base_ns / (double)forecast->base_trials;
        double total_ns = forecast->known_ns + (double)forecast->unknown * mean_ns;
        stw_text_add(out, "time: %s %s, judged by %" PRIu64 " stored trial%s in %s (%s each)",
                     about, stw_format_wait(total_ns / 1e9).text, forecast->base_trials,
                     stw_plural(forecast->base_trials), run,
                     stw_format_ns((uint64_t)mean_ns).text);
    } else {
        double guess_s = (double)forecast->trials * TRIAL_GUESS_MS / 1e3;
        stw_text_add(out, "time: not measured yet; %s %s if a trial takes %d ms", about,
                     stw_format_wait(guess_s).text, TRIAL_GUESS_MS);
    }
    stw_text_add(out, "; at most %s (%" PRIu64 " time%s the timeout of %s)\n",
                 stw_format_wait(most_s).text, forecast->trials, stw_plural(forecast->trials),
                 stw_format_ns(experiment->timeout_ns).text);
    if (experiment->time_ns)
        stw_text_add(out, "time: no block begins after %s\n",
                     stw_format_wait((double)experiment->time_ns / 1e9).text);
}

static void add_plan(const struct stw_matrix *matrix, const char *run, int resume,
                     const struct forecast *forecast, struct stw_text *out)
{
    const struct stw_experiment *experiment = matrix->experiment;
    int is_most = experiment->enough.metric || experiment->time_ns;
    add_fixed(experiment, out);
    if (forecast->has_canary)
        stw_text_add(out, "\ncanary: cell %" PRIu32 " runs once more in each block\n",
                     matrix->canary_of);
    stw_text_add(out, "\ntrials: %s%" PRIu64 " to run", is_most ? "at most " : "",
                 forecast->trials);
    if (resume)
        stw_text_add(out, ", %" PRIu64 " stored in %s", forecast->stored, run);
    stw_text_add(out, "\n");
    if (experiment->claim_count)
        stw_text_add(out, "%" PRIu32 " claim%s, to be recorded with the results, not judged\n",
                     experiment->claim_count, stw_plural(experiment->claim_count));
    add_estimate(experiment, forecast, run, out);
}

void stw_dry_run(const struct stw_matrix *matrix, const char *run, int resume,
                 const uint8_t *is_chosen, FILE *file)
{
    const struct stw_experiment *experiment = matrix->experiment;
    struct forecast forecast = make_forecast(matrix, run, resume, is_chosen);
    struct stw_text out = {0};
    uint32_t skipped = 0;
    for (uint32_t i = 0; i < matrix->cell_count; i++)
        skipped += matrix->cells[i].excluded != NULL;
    fprintf(file, "%s: %" PRIu32 " cell%s, %" PRIu32 " skipped, workload %s\n\n",
            experiment->name, matrix->cell_count, stw_plural(matrix->cell_count), skipped,
            experiment->workload);
    write_cells(matrix, is_chosen, file);
    add_plan(matrix, run, resume, &forecast, &out);
    fputs(stw_text_get(&out), file);
    stw_text_free(&out);
}
