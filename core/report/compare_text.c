/* report/compare_text.c: comparisons for people, and for programs. */
#include "report/compare.h"
#include "report/gate.h"
#include "report/json.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* "better", "worse", or "" where neither is: a's less or more than b's. */
static const char *praise(const struct stw_cells_compared *compared)
{
    uint32_t better = compared->metric.fact->better;
    if (better == STW_BETTER_NEITHER)
        return "";
    return (compared->shown == STW_SHOWN_LESS) == (better == STW_BETTER_LESS) ? ": better"
                                                                             : ": worse";
}

void stw_compare_verdict(const struct stw_cells_compared *compared, struct stw_text *text)
{
    uint64_t trials = compared->a.trials < compared->b.trials ? compared->a.trials
                                                              : compared->b.trials;
    switch (compared->shown) {
    case STW_SHOWN_NOTHING:
        stw_text_add(text, "no verdict: %s", compared->without);
        break;
    case STW_SHOWN_EQUAL:
        stw_text_add(text, "the same in all trials");
        break;
    case STW_SHOWN_LESS:
    case STW_SHOWN_MORE:
        stw_text_add(text, "%s%s", compared->shown == STW_SHOWN_LESS ? "less" : "more",
                     praise(compared));
        break;
    case STW_SHOWN_NO_DIFFERENCE:
        stw_text_add(text, "no difference shown");
        if (compared->would_show > 1)
            stw_text_add(text, "; %" PRIu64 " trials would show %.0f %%", trials,
                         ceil(100 * (compared->would_show - 1)));
        break;
    }
}

/* One comparison. */

static void add_side(struct stw_table *table, const char *name,
                     const struct stw_cells_compared *compared, const struct stw_compared *of)
{
    const char *events = compared->metric.events;
    struct stw_text counts = {0};
    int length = (int)strlen(events) - (of->events == 1); /* "stops": without its s */
    stw_text_add(&counts, "%" PRIu64 " trial%s", of->trials, stw_plural(of->trials));
    if (strcmp(events, "trials") != 0)
        stw_text_add(&counts, ", %" PRIu64 " %.*s", of->events, length, events);
    if (of->lost)
        stw_text_add(&counts, ", %" PRIu64 " not recorded", of->lost);
    stw_table_row(table);
    stw_table_set(table, 0, name);
    stw_table_set(table, 1, stw_format_value(of->value, compared->metric.unit).text);
    stw_table_set(table, 2, counts.bytes);
    stw_table_set(table, 3, of->cell->id);
    stw_text_free(&counts);
}

static void add_interval(const char *name, const struct stw_interval *interval, const char *unit,
                         struct stw_text *text)
{
    if (unit)
        stw_text_add(text, "%s = %s, from %s to %s", name,
                     stw_format_value(interval->estimate, unit).text,
                     stw_format_value(interval->low, unit).text,
                     stw_format_value(interval->high, unit).text);
    else
        stw_text_add(text, "%s = %.4g, from %.4g to %.4g", name, interval->estimate, interval->low,
                     interval->high);
}

static void add_pair(const struct stw_cells_compared *compared,
                     const struct stw_compare_options *options, struct stw_text *text)
{
    int has_ratio = isfinite(compared->contrast.ratio.estimate);
    if (!has_ratio) /* counts are often 0 */
        stw_text_add(text, "A / B: B is 0, and nothing can be divided by it\n");
    else if (compared->contrast.ratio.without)
        stw_text_add(text, "A / B = %.4g\n", compared->contrast.ratio.estimate);
    if (!compared->contrast.ratio.without) {
        if (has_ratio) {
            add_interval("A / B", &compared->contrast.ratio, NULL, text);
            stw_text_add(text, " (%u %%)\n", options->bootstrap.confidence);
        }
        add_interval("A - B", &compared->contrast.difference, compared->metric.unit, text);
        stw_text_add(text, ", p = %.2g\n", compared->p_of_all);
    }
    stw_text_add(text, "A against B: ");
    stw_compare_verdict(compared, text);
}

#define NOISE_COLUMNS 80u
static void add_noise(const struct stw_compare_options *options, struct stw_text *text)
{
    if (options->noise)
        stw_noise_text(options->noise, NOISE_COLUMNS, text);
}

static void add_one(const struct stw_cells_compared *compared,
                    const struct stw_compare_options *options, struct stw_text *text)
{
    struct stw_table table = {0};
    stw_table_column(&table, compared->metric.name, STW_TABLE_LEFT);
    stw_table_column(&table, "value", STW_TABLE_RIGHT);
    stw_table_column(&table, "over", STW_TABLE_LEFT);
    stw_table_column(&table, "cell", STW_TABLE_LEFT);
    add_side(&table, "A", compared, &compared->a);
    if (compared->b.cell)
        add_side(&table, "B", compared, &compared->b);
    stw_table_print(&table, 0, text);
    stw_table_free(&table);
    add_noise(options, text);
    stw_text_add(text, "\n");
    if (compared->b.cell) {
        add_pair(compared, options, text);
    } else if (compared->without) {
        stw_text_add(text, "no interval: %s", compared->without);
    } else {
        add_interval("A", &compared->value, compared->metric.unit, text);
        stw_text_add(text, " (%u %%)", options->bootstrap.confidence);
    }
    stw_text_add(text, "\n(trials drawn %u times, seed %" PRIu64 ")\n",
                 options->bootstrap.resamples, options->bootstrap.seed);
}

/* Several. */

/* As stw_compare_verdict, in few words. */
static void add_verdict(const struct stw_cells_compared *compared, struct stw_text *text)
{
    if (compared->shown != STW_SHOWN_NO_DIFFERENCE)
        stw_compare_verdict(compared, text);
    else if (compared->would_show > 1)
        stw_text_add(text, "none shown (%.0f %%)", ceil(100 * (compared->would_show - 1)));
    else
        stw_text_add(text, "none shown");
}

static void add_values(struct stw_table *table, const struct stw_cells_compared *compared)
{
    const struct stw_interval *ratio = &compared->contrast.ratio;
    char text[64];
    stw_table_set(table, 1, stw_format_value(compared->a.value, compared->metric.unit).text);
    stw_table_set(table, 2, stw_format_value(compared->b.value, compared->metric.unit).text);
    snprintf(text, sizeof text, "%.3g", ratio->estimate);
    if (isfinite(ratio->estimate))
        stw_table_set(table, 3, text);
    if (!ratio->without) {
        snprintf(text, sizeof text, "%.3g to %.3g", ratio->low, ratio->high);
        if (isfinite(ratio->estimate))
            stw_table_set(table, 4, text);
        snprintf(text, sizeof text, "%.2g", compared->p_of_all);
        stw_table_set(table, 5, text);
    }
}

static void add_row(struct stw_table *table, const struct stw_cells_compared *compared)
{
    struct stw_text verdict = {0};
    stw_table_row(table);
    stw_table_set(table, 0, compared->metric.name);
    if (compared->a.trials && compared->b.trials)
        add_values(table, compared);
    add_verdict(compared, &verdict);
    stw_table_set(table, 6, verdict.bytes);
    stw_text_free(&verdict);
}
/* A heading for each cell and its baseline, and a row for each metric: narrow, whatever the ids. */
static void add_several(const struct stw_comparisons *comparisons,
                        const struct stw_compare_options *options, struct stw_text *text)
{
    char interval[32];
    snprintf(interval, sizeof interval, "%u %% interval", options->bootstrap.confidence);
    const char *const headers[] = {"metric", "cell", "baseline", "ratio", interval, "p", "verdict"};
    for (uint32_t i = 0; i < comparisons->count;) {
        const struct stw_cells_compared *first = &comparisons->items[i];
        struct stw_table table = {0};
        for (uint32_t h = 0; h < 7; h++)
            stw_table_column(&table, headers[h],
                             h == 0 || h == 6 ? STW_TABLE_LEFT : STW_TABLE_RIGHT);
        stw_text_add(text, "%s%s\n  against %s\n", i ? "\n" : "", first->a.cell->id,
                     first->b.cell->id);
        for (; i < comparisons->count && comparisons->items[i].a.cell == first->a.cell
               && comparisons->items[i].b.cell == first->b.cell; i++)
            add_row(&table, &comparisons->items[i]);
        stw_table_print(&table, 0, text);
        stw_table_free(&table);
    }
    add_noise(options, text);
    stw_text_add(text, "\nnone shown (N %%): no difference shown; so many trials would show N %%\n"
                 "p is that of %u comparison%s at once (Holm); trials drawn %u times, seed %" PRIu64
                 "\n", comparisons->count, stw_plural(comparisons->count),
                 options->bootstrap.resamples, options->bootstrap.seed);
    if (comparisons->trials_needed)
        stw_text_add(text, "to show anything, so many at once need %u trials of each cell; or ask"
                     " for less at once\n", comparisons->trials_needed);
}

void stw_compare_text(const struct stw_comparisons *comparisons, const struct stw_results *results,
                      const struct stw_compare_options *options, struct stw_text *text)
{
    const char *sandbox = stw_results_sandbox(results);
    if (comparisons->count == 1)
        add_one(&comparisons->items[0], options, text);
    else
        add_several(comparisons, options, text);
    if (strcmp(sandbox, "on") != 0)
        stw_text_add(text, "sandbox: %s\n", sandbox);
    for (uint32_t i = 0; i < 2; i++)
        if (options->histories[i])
            stw_history_mark(options->histories[i], text);
}

/* JSON. */

static void write_side(struct stw_json *json, const char *name,
                       const struct stw_cells_compared *compared, const struct stw_compared *of)
{
    stw_json_key(json, name);
    stw_json_object_begin(json);
    stw_json_key(json, "cell");
    stw_json_string(json, of->cell->id);
    stw_json_key(json, "hash");
    stw_json_string(json, of->cell->hash);
    stw_json_key(json, "value");
    stw_json_f64(json, of->value);
    stw_json_key(json, "trials");
    stw_json_u64(json, of->trials);
    stw_json_key(json, "events");
    stw_json_u64(json, of->events);
    stw_json_key(json, "lost");
    stw_json_u64(json, of->lost);
    if (compared->metric.percent > 0 || compared->metric.statistic.percent > 0) {
        stw_json_key(json, "beyond");
        stw_json_u64(json, of->beyond);
    }
    stw_json_object_end(json);
}

static void write_number(struct stw_json *json, const char *key, double value, int is_known)
{
    stw_json_key(json, key);
    if (is_known)
        stw_json_f64(json, value);
    else
        stw_json_null(json);
}

static int is_mixed(const struct stw_compare_options *options)
{
    int is_any = 0;
    for (uint32_t i = 0; i < 2; i++)
        is_any |= options->histories[i] && stw_history_is_mixed(options->histories[i]);
    return is_any;
}

static void write_one(struct stw_json *json, const struct stw_cells_compared *compared,
                      const char *sandbox, const struct stw_compare_options *options)
{
    static const char *const words[] = {"nothing", "equal", "less", "more", "no difference"};
    int is_pair = compared->b.cell != NULL;
    const struct stw_interval *of = is_pair ? &compared->contrast.ratio : &compared->value;
    const struct stw_interval *difference = &compared->contrast.difference;
    stw_json_object_begin(json);
    stw_json_key(json, "metric");
    stw_json_string(json, compared->metric.name);
    stw_json_key(json, "unit");
    stw_json_string(json, compared->metric.unit);
    write_side(json, "a", compared, &compared->a);
    if (is_pair)
        write_side(json, "b", compared, &compared->b);
    write_number(json, is_pair ? "ratio" : "value", of->estimate, compared->a.trials > 0);
    write_number(json, "low", of->low, !of->without);
    write_number(json, "high", of->high, !of->without);
    if (is_pair) {
        write_number(json, "difference", difference->estimate, compared->a.trials > 0);
        write_number(json, "difference_low", difference->low, !difference->without);
        write_number(json, "difference_high", difference->high, !difference->without);
        write_number(json, "p", compared->p, !of->without);
        write_number(json, "p_of_all", compared->p_of_all, !of->without);
        write_number(json, "would_show", compared->would_show, compared->would_show > 0);
        stw_json_key(json, "shown");
        stw_json_string(json, words[compared->shown]);
    }
    stw_json_key(json, "without");
    if (compared->without)
        stw_json_string(json, compared->without);
    else
        stw_json_null(json);
    stw_json_key(json, "confidence");
    stw_json_u64(json, options->bootstrap.confidence);
    stw_json_key(json, "resamples");
    stw_json_u64(json, options->bootstrap.resamples);
    stw_json_key(json, "seed");
    stw_json_u64(json, options->bootstrap.seed);
    stw_json_key(json, "sandbox");
    stw_json_string(json, sandbox);
    stw_json_key(json, "mixed");
    stw_json_bool(json, is_mixed(options));
    if (options->gates && is_pair)
        stw_gates_json(options->gates, compared, json);
    if (options->noise)
        stw_noise_json(options->noise, json);
    stw_json_object_end(json);
}

void stw_compare_json(const struct stw_comparisons *comparisons, const struct stw_results *results,
                      const struct stw_compare_options *options, FILE *file)
{
    struct stw_json json = stw_json_to_file(file, comparisons->count == 1 ? 1 : 2);
    const char *sandbox = stw_results_sandbox(results);
    if (comparisons->count != 1)
        stw_json_array_begin(&json);
    for (uint32_t i = 0; i < comparisons->count; i++)
        write_one(&json, &comparisons->items[i], sandbox, options);
    if (comparisons->count != 1)
        stw_json_array_end(&json);
    stw_json_finish(&json);
}
