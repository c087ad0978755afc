/* report/show_parts.c: what the machine-readable forms of cells and of trials have in common. */
#include "report/show_parts.h"

#include "base/error.h"
#include "report/canary.h"
#include "report/noise.h"
#include "report/settle.h"

#include <inttypes.h>
#include <string.h>

void stw_show_json_axes(struct stw_json *json, const struct stw_result_cell *cell)
{
    stw_json_key(json, "axes");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < cell->axes.count; i++) {
        stw_json_key(json, cell->axes.items[i].key);
        stw_json_number_or_string(json, cell->axes.items[i].value);
    }
    stw_json_object_end(json);
}

static void json_constants(struct stw_json *json, const struct stw_results *results)
{
    stw_json_key(json, "constants");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < results->info.count; i++) {
        const char *key = stw_results_constant(&results->info.items[i]);
        if (!key)
            continue;
        stw_json_key(json, key);
        stw_json_number_or_string(json, results->info.items[i].value);
    }
    stw_json_object_end(json);
}

static void json_environment(struct stw_json *json, const struct stw_results *results)
{
    stw_json_key(json, "environment");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < results->environment.count; i++) {
        stw_json_key(json, results->environment.items[i].key);
        stw_json_string(json, results->environment.items[i].value);
    }
    stw_json_object_end(json);
}

void stw_show_json_run(struct stw_json *json, const struct stw_results *results)
{
    const char *name = stw_pairs_get(&results->info, "name");
    struct stw_error error = STW_ERROR_INIT; /* what cannot be read was told with the cells */
    struct stw_unsettled_list unsettled = {0};
    struct stw_noise noise = {0};
    stw_json_key(json, "experiment");
    stw_json_string(json, name ? name : "");
    stw_json_key(json, "sandbox");
    stw_json_string(json, stw_results_sandbox(results));
    json_constants(json, results);
    json_environment(json, results);
    stw_history_json(json, &results->history);
    stw_noise_judge(results, 0, &noise);
    stw_noise_json(&noise, json);
    stw_noise_free(&noise);
    stw_canary_json(results, json);
    if (stw_settle_find(results, &unsettled, &error) == STW_OK)
        stw_settle_json(&unsettled, json);
    stw_settle_free(&unsettled);
}

/* What is known of a column in a row. */
struct known {
    int has_value, has_interval;
    double value;
    const struct stw_estimate *estimate;
    const struct stw_interval *interval; /* null: none was asked for */
};

static struct known known_of(const struct stw_shown *shown, uint32_t row, uint32_t number)
{
    const struct stw_column *column = &shown->columns.items[number];
    const struct stw_shown_row *at = &shown->rows[row];
    const struct stw_results *results = shown->results;
    struct known known = {.estimate = stw_measured_at(&shown->measures, at->row, number)};
    int is_ok = shown->by_trial ? results->trials[at->row].outcome == STW_OUTCOME_OK
                                : results->cells[at->cell].outcomes[STW_OUTCOME_OK] > 0;
    known.has_value = is_ok && stw_column_value(column, known.estimate, &known.value);
    if (shown->measures.intervals && !column->is_count)
        known.interval =
            &shown->measures.intervals[(size_t)at->row * shown->measures.metric_count + number];
    known.has_interval = known.has_value && known.interval && !known.interval->without;
    return known;
}

static void json_known(struct stw_json *json, const char *key, int is_known, double value)
{
    stw_json_key(json, key);
    if (is_known)
        stw_json_f64(json, value);
    else
        stw_json_null(json);
}

static void json_interval(struct stw_json *json, const struct known *known)
{
    json_known(json, "low", known->has_interval, known->interval->low);
    json_known(json, "high", known->has_interval, known->interval->high);
    stw_json_key(json, "without");
    if (known->has_value && known->interval->without)
        stw_json_string(json, known->interval->without);
    else
        stw_json_null(json);
}

void stw_show_json_metrics(struct stw_json *json, const struct stw_shown *shown, uint32_t row)
{
    stw_json_key(json, "metrics");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < shown->columns.count; i++) {
        const struct known known = known_of(shown, row, i);
        stw_json_key(json, shown->columns.items[i].name);
        stw_json_object_begin(json);
        json_known(json, "value", known.has_value, known.value);
        if (!shown->columns.items[i].is_count) {
            stw_json_key(json, "events");
            stw_json_u64(json, known.estimate->events);
            stw_json_key(json, "thin");
            stw_json_bool(json, known.estimate->is_thin);
        }
        if (known.interval)
            json_interval(json, &known);
        stw_json_object_end(json);
    }
    stw_json_object_end(json);
}

/* A row is collected with ',' before each field. */
void stw_csv_text(struct stw_text *row, const char *text)
{
    stw_text_add(row, ",");
    if (!strpbrk(text, "\",\r\n")) {
        stw_text_add(row, "%s", text);
        return;
    }
    stw_text_add(row, "\"");
    for (; *text; text++)
        stw_text_add(row, *text == '"' ? "\"%c" : "%c", *text);
    stw_text_add(row, "\"");
}

void stw_csv_name(struct stw_text *row, const char *group, const char *name)
{
    struct stw_text joined = {0};
    stw_text_add(&joined, "%s.%s", group, name);
    stw_csv_text(row, joined.bytes);
    stw_text_free(&joined);
}

void stw_csv_end(struct stw_text *row, FILE *file)
{
    fprintf(file, "%s\r\n", row->bytes + 1);
    stw_text_free(row);
}

static void csv_mixed(struct stw_text *row, const struct stw_history *history)
{
    struct stw_text keys = {0};
    stw_history_keys(history, &keys);
    stw_csv_text(row, stw_text_get(&keys));
    stw_text_free(&keys);
}

static void csv_run_names(struct stw_text *row, const struct stw_results *results)
{
    for (uint32_t i = 0; i < results->info.count; i++) {
        const char *key = stw_results_constant(&results->info.items[i]);
        if (key)
            stw_csv_name(row, "constants", key);
    }
    for (uint32_t i = 0; i < results->environment.count; i++)
        if (strcmp(results->environment.items[i].key, "sandbox") != 0)
            stw_csv_name(row, "environment", results->environment.items[i].key);
    stw_csv_text(row, "mixed");
    stw_csv_text(row, "sandbox");
}

void stw_show_csv_run(struct stw_text *row, const struct stw_results *results, int is_header)
{
    if (is_header) {
        csv_run_names(row, results);
        return;
    }
    for (uint32_t i = 0; i < results->info.count; i++)
        if (stw_results_constant(&results->info.items[i]))
            stw_csv_text(row, results->info.items[i].value);
    for (uint32_t i = 0; i < results->environment.count; i++)
        if (strcmp(results->environment.items[i].key, "sandbox") != 0)
            stw_csv_text(row, results->environment.items[i].value);
    csv_mixed(row, &results->history);
    stw_csv_text(row, stw_results_sandbox(results));
}

static void csv_known(struct stw_text *row, int is_known, double value)
{
    if (is_known)
        stw_text_add(row, ",%.15g", value);
    else
        stw_text_add(row, ",");
}

static void csv_metric_names(struct stw_text *row, const struct stw_shown *shown,
                             const struct stw_column *column)
{
    static const char *const parts[] = {"thin", "low", "high"};
    uint32_t count = column->is_count ? 0 : shown->measures.intervals ? 3 : 1;
    stw_csv_name(row, "metrics", column->name);
    for (uint32_t i = 0; i < count; i++) {
        struct stw_text name = {0};
        stw_text_add(&name, "%s.%s", column->name, parts[i]);
        stw_csv_name(row, "metrics", name.bytes);
        stw_text_free(&name);
    }
}

void stw_show_csv_metrics(struct stw_text *row, const struct stw_shown *shown, uint32_t number)
{
    for (uint32_t i = 0; i < shown->columns.count; i++) {
        const struct stw_column *column = &shown->columns.items[i];
        if (number == STW_CSV_HEADER) {
            csv_metric_names(row, shown, column);
            continue;
        }
        const struct known known = known_of(shown, number, i);
        csv_known(row, known.has_value, known.value);
        if (!column->is_count)
            stw_csv_text(row, !known.has_value           ? ""
                              : known.estimate->is_thin ? "true"
                                                        : "false");
        if (known.interval) {
            csv_known(row, known.has_interval, known.interval->low);
            csv_known(row, known.has_interval, known.interval->high);
        }
    }
}
