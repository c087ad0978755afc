/* report/compare.c: finds the cells that a comparison names, reads their trials, and writes what
 * the bootstrap makes of them. */
#include "report/compare.h"

#include "base/error.h"
#include "plan/settings.h"
#include "report/json.h"
#include "report/metric.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Naming cells. */

/* Whether the cell has the value; -1: it has no such key. */
static int fits(const struct stw_result_cell *cell, const char *key, const char *wanted)
{
    const char *value = stw_pairs_get(&cell->axes, key);
    if (!value)
        return -1;
    return strcmp(key, "runtime") == 0 ? stw_runtime_matches(value, wanted)
                                       : strcmp(value, wanted) == 0;
}

/* 1, 0, or -1 when a part of `words` is not KEY=VALUE with a key of the cell: `*wrong`. */
static int fits_all(const struct stw_result_cell *cell, const char *words, struct stw_text *wrong)
{
    char *copy = stw_strdup(words), *rest = copy, *word;
    int all = 1;
    while (all >= 0 && (word = strsep(&rest, ","))) {
        word += strspn(word, " ");
        char *value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        int one = value ? fits(cell, word, value) : -1;
        if (one < 0)
            stw_text_add(wrong, "%s", word);
        all = one < 0 ? -1 : all & one;
    }
    free(copy);
    return all;
}

static stw_status refuse_key(const struct stw_results *results, const char *word,
                             struct stw_error *error)
{
    const struct stw_pairs *axes = &results->cells[0].axes;
    const char **keys = stw_new(axes->count, sizeof *keys);
    for (uint32_t i = 0; i < axes->count; i++)
        keys[i] = axes->items[i].key;
    const char *near = stw_nearest(word, keys, axes->count);
    free(keys);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s: '%s' is not KEY=VALUE of an axis; did you mean '%s='?"
                              : "%s: '%s' is not KEY=VALUE of an axis",
                         results->path, word, near ? near : "");
}

static stw_status find_cell(const struct stw_results *results, const char *words,
                            const struct stw_result_cell **found, struct stw_error *error)
{
    struct stw_text wrong = {0};
    uint32_t count = 0;
    *found = NULL;
    for (uint32_t i = 0; i < results->cell_count; i++)
        if (strcmp(results->cells[i].id, words) == 0) {
            *found = &results->cells[i];
            return STW_OK;
        }
    for (uint32_t i = 0; i < results->cell_count && !wrong.length; i++)
        if (fits_all(&results->cells[i], words, &wrong) > 0) {
            *found = *found ? *found : &results->cells[i];
            count++;
        }
    stw_status status = STW_OK;
    if (wrong.length)
        status = refuse_key(results, wrong.bytes, error);
    else if (count == 0)
        status = stw_error_set(error, STW_E_INVALID, NULL, "%s: no cell has %s", results->path,
                               words);
    else if (count > 1)
        status = stw_error_set(error, STW_E_INVALID, NULL,
                               "%s: %u cells have %s, among them '%s'; say more", results->path,
                               count, words, (*found)->id);
    stw_text_free(&wrong);
    return status;
}

/* Measuring. */

static stw_status nothing_there(const struct stw_result_cell *cell,
                                const struct stw_metric *metric, const struct stw_measured *of,
                                struct stw_error *error)
{
    if (of->trials)
        return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has no %s", cell->id,
                             strcmp(metric->events, "trials") == 0 ? metric->name
                                                                   : metric->events);
    const struct stw_failure *first = cell->failure_count ? &cell->failures[0] : NULL;
    return stw_error_set(error, STW_E_STATE, NULL, "cell '%s' has no ok trial; %s: %s", cell->id,
                         first ? stw_outcome_name(first->outcome) : "nothing is stored",
                         first ? first->detail : "it was not run yet");
}

static stw_status measure(struct stw_reader *reader, const struct stw_metric *metric,
                          const struct stw_result_cell *cell, int as_lower_edges,
                          struct stw_measured *of)
{
    const char *runtime = stw_pairs_get(&cell->axes, "runtime");
    int is_go = runtime && stw_runtime_matches(runtime, "go");
    STW_TRY(stw_metric_read(reader, metric, cell->cell, as_lower_edges && is_go, of));
    return of->sample.value_count == 0 ? nothing_there(cell, metric, of, reader->error) : STW_OK;
}

static void set_compared(struct stw_compared *compared, const struct stw_metric *metric,
                         struct stw_measured *of)
{
    double value = stw_sample_statistic(&of->sample, metric->statistic);
    compared->trials = of->trials;
    compared->events = of->events;
    compared->value = metric->is_inverse ? 1e9 / value : value;
}

static struct stw_interval inverted(struct stw_interval interval)
{
    return (struct stw_interval){1e9 / interval.estimate, 1e9 / interval.high,
                                 1e9 / interval.low};
}

/* `b` is null when there is only one cell. */
static stw_status judge(struct stw_comparison *comparison, const struct stw_metric *metric,
                        struct stw_measured *a, struct stw_measured *b,
                        const struct stw_bootstrap *options, struct stw_error *error)
{
    set_compared(&comparison->a, metric, a);
    if (!b) {
        comparison->interval = stw_bootstrap_value(&a->sample, metric->statistic, options);
        if (metric->is_inverse)
            comparison->interval = inverted(comparison->interval);
        return STW_OK;
    }
    set_compared(&comparison->b, metric, b);
    if (!(comparison->b.value > 0))
        return stw_error_set(error, STW_E_STATE, NULL, "cell '%s': its value is 0, and nothing "
                             "can be divided by it", comparison->b.cell->id);
    struct stw_measured *above = metric->is_inverse ? b : a, *below = metric->is_inverse ? a : b;
    comparison->interval =
        stw_bootstrap_ratio(&above->sample, &below->sample, metric->statistic, options);
    return STW_OK;
}

static stw_status measure_both(struct stw_reader *reader, const struct stw_metric *metric,
                               const struct stw_compare_options *options,
                               const struct stw_comparison *of, struct stw_measured *of_a,
                               struct stw_measured *of_b)
{
    STW_TRY(measure(reader, metric, of->a.cell, options->as_lower_edges, of_a));
    return of->b.cell ? measure(reader, metric, of->b.cell, options->as_lower_edges, of_b)
                      : STW_OK;
}

stw_status stw_compare(const struct stw_results *results, const char *a, const char *b,
                       const struct stw_compare_options *options,
                       struct stw_comparison *comparison, struct stw_error *error)
{
    struct stw_metric metric;
    struct stw_reader reader = {0};
    struct stw_measured of_a = {0}, of_b = {0};
    *comparison = (struct stw_comparison){0};
    STW_TRY(stw_metric_parse(&results->facts, options->metric, &metric, error));
    comparison->unit = metric.unit;
    comparison->sandbox = stw_results_sandbox(results);
    comparison->events = metric.events;
    STW_TRY(find_cell(results, a, &comparison->a.cell, error));
    if (b)
        STW_TRY(find_cell(results, b, &comparison->b.cell, error));
    stw_status status = stw_reader_open(results->path, &reader, error);
    if (status == STW_OK)
        status = measure_both(&reader, &metric, options, comparison, &of_a, &of_b);
    if (status == STW_OK)
        status = judge(comparison, &metric, &of_a, b ? &of_b : NULL, &options->bootstrap, error);
    stw_sample_free(&of_a.sample);
    stw_sample_free(&of_b.sample);
    stw_reader_close(&reader);
    return status;
}

/* Writing. */

static struct stw_short_text in_unit(double value, const char *unit)
{
    struct stw_short_text out;
    if (strcmp(unit, "ns") == 0)
        return stw_format_ns((uint64_t)(value + 0.5));
    if (strcmp(unit, "bytes") == 0)
        return stw_format_bytes((uint64_t)(value + 0.5));
    if (strcmp(unit, "share") == 0)
        snprintf(out.text, sizeof out.text, "%.2f %%", 100 * value);
    else if (strcmp(unit, "1/s") == 0)
        snprintf(out.text, sizeof out.text, "%.1f %s", value, unit);
    else
        snprintf(out.text, sizeof out.text, "%.6g%s%.15s", value, *unit ? " " : "", unit);
    return out;
}

static void add_compared(struct stw_table *table, const char *name,
                         const struct stw_comparison *comparison, const struct stw_compared *of)
{
    struct stw_text counts = {0};
    int length = (int)strlen(comparison->events) - (of->events == 1); /* "stops": without its s */
    stw_text_add(&counts, "%" PRIu64 " trial%s", of->trials, stw_plural(of->trials));
    if (strcmp(comparison->events, "trials") != 0)
        stw_text_add(&counts, ", %" PRIu64 " %.*s", of->events, length, comparison->events);
    stw_table_row(table);
    stw_table_set(table, 0, name);
    stw_table_set(table, 1, in_unit(of->value, comparison->unit).text);
    stw_table_set(table, 2, counts.bytes);
    stw_table_set(table, 3, of->cell->id);
    stw_text_free(&counts);
}

void stw_compare_text(const struct stw_comparison *comparison,
                      const struct stw_compare_options *options, struct stw_text *text)
{
    const struct stw_interval *interval = &comparison->interval;
    struct stw_table table = {0};
    stw_table_column(&table, options->metric, STW_TABLE_LEFT);
    stw_table_column(&table, "value", STW_TABLE_RIGHT);
    stw_table_column(&table, "over", STW_TABLE_LEFT);
    stw_table_column(&table, "cell", STW_TABLE_LEFT);
    add_compared(&table, "A", comparison, &comparison->a);
    if (comparison->b.cell)
        add_compared(&table, "B", comparison, &comparison->b);
    stw_table_print(&table, 0, text);
    stw_table_free(&table);
    if (comparison->b.cell)
        stw_text_add(text, "\nA / B = %.4g, from %.4g to %.4g", interval->estimate, interval->low,
                     interval->high);
    else
        stw_text_add(text, "\nA from %s", in_unit(interval->low, comparison->unit).text);
    if (!comparison->b.cell)
        stw_text_add(text, " to %s", in_unit(interval->high, comparison->unit).text);
    stw_text_add(text, " (%u %%, trials drawn %u times, seed %" PRIu64 ")\n",
                 options->bootstrap.confidence, options->bootstrap.resamples,
                 options->bootstrap.seed);
    if (strcmp(comparison->sandbox, "on") != 0)
        stw_text_add(text, "sandbox: %s\n", comparison->sandbox);
}

static void write_compared(struct stw_json *json, const char *name, const struct stw_compared *of)
{
    stw_json_key(json, name);
    stw_json_object_begin(json);
    stw_json_key(json, "cell");
    stw_json_string(json, of->cell->id);
    stw_json_key(json, "value");
    stw_json_f64(json, of->value);
    stw_json_key(json, "trials");
    stw_json_u64(json, of->trials);
    stw_json_key(json, "events");
    stw_json_u64(json, of->events);
    stw_json_object_end(json);
}

void stw_compare_json(const struct stw_comparison *comparison,
                      const struct stw_compare_options *options, FILE *file)
{
    struct stw_json json = stw_json_to_file(file, 1);
    stw_json_object_begin(&json);
    stw_json_key(&json, "metric");
    stw_json_string(&json, options->metric);
    stw_json_key(&json, "unit");
    stw_json_string(&json, comparison->unit);
    write_compared(&json, "a", &comparison->a);
    if (comparison->b.cell)
        write_compared(&json, "b", &comparison->b);
    stw_json_key(&json, comparison->b.cell ? "ratio" : "value");
    stw_json_f64(&json, comparison->interval.estimate);
    stw_json_key(&json, "low");
    stw_json_f64(&json, comparison->interval.low);
    stw_json_key(&json, "high");
    stw_json_f64(&json, comparison->interval.high);
    stw_json_key(&json, "confidence");
    stw_json_u64(&json, options->bootstrap.confidence);
    stw_json_key(&json, "resamples");
    stw_json_u64(&json, options->bootstrap.resamples);
    stw_json_key(&json, "seed");
    stw_json_u64(&json, options->bootstrap.seed);
    stw_json_key(&json, "sandbox");
    stw_json_string(&json, comparison->sandbox);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}
