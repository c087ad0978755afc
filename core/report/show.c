/* report/show.c: the machine-readable forms of a run's cells. */
#include "report/show.h"

#include "report/canary.h"
#include "report/json.h"
#include "report/noise.h"
#include "trial/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_LINES 3u /* the document, its cells, a cell's members */

static void json_dist(struct stw_json *json, const char *name, const struct stw_dist *dist)
{
    const int64_t values[] = {dist->p50, dist->p99, dist->max, dist->sum};
    static const char *const keys[] = {"p50", "p99", "max", "sum"};
    stw_json_key(json, name);
    stw_json_object_begin(json);
    stw_json_key(json, "count");
    stw_json_i64(json, dist->count);
    for (uint32_t i = 0; i < 4; i++) {
        stw_json_key(json, keys[i]);
        if (dist->count > 0)
            stw_json_i64(json, values[i]);
        else
            stw_json_null(json);
    }
    stw_json_object_end(json);
}

static void json_axes(struct stw_json *json, const struct stw_result_cell *cell)
{
    stw_json_key(json, "axes");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < cell->axes.count; i++) {
        stw_json_key(json, cell->axes.items[i].key);
        stw_json_number_or_string(json, cell->axes.items[i].value);
    }
    stw_json_object_end(json);
}

static void json_outcomes(struct stw_json *json, const struct stw_result_cell *cell)
{
    stw_json_key(json, "outcomes");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < STW_OUTCOMES; i++) {
        stw_json_key(json, stw_outcome_name(i));
        stw_json_i64(json, cell->outcomes[i]);
    }
    stw_json_object_end(json);
}

/* The sum over buckets is not known. */
static void json_op_times(struct stw_json *json, const struct stw_result_cell *cell)
{
    static const char *const keys[] = {"count", "p50", "p99", "max"};
    stw_json_key(json, "op_times_ns");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < cell->op_time_count; i++) {
        const struct stw_dist *dist = &cell->op_times[i].dist;
        const int64_t values[] = {dist->count, dist->p50, dist->p99, dist->max};
        stw_json_key(json, cell->op_times[i].name);
        stw_json_object_begin(json);
        for (uint32_t j = 0; j < sizeof keys / sizeof *keys; j++) {
            stw_json_key(json, keys[j]);
            stw_json_i64(json, values[j]);
        }
        stw_json_object_end(json);
    }
    stw_json_object_end(json);
}

static void json_mmu(struct stw_json *json, const struct stw_result_cell *cell)
{
    stw_json_key(json, "mmu");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < cell->mmu_count; i++) {
        stw_json_object_begin(json);
        stw_json_key(json, "window_ns");
        stw_json_i64(json, cell->mmu[i].window_ns);
        stw_json_key(json, "min");
        stw_json_f64(json, cell->mmu[i].least);
        stw_json_key(json, "p50");
        stw_json_f64(json, cell->mmu[i].median);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
}

static void json_cell(struct stw_json *json, const struct stw_result_cell *cell)
{
    stw_json_object_begin(json);
    stw_json_key(json, "id");
    stw_json_string(json, cell->id);
    stw_json_key(json, "hash");
    stw_json_string(json, cell->hash);
    json_axes(json, cell);
    json_outcomes(json, cell);
    for (uint32_t i = 0; i < STW_DISTS; i++)
        json_dist(json, stw_dist_name(i), &cell->dists[i]);
    json_op_times(json, cell);
    json_mmu(json, cell);
    stw_json_key(json, "counters");
    stw_json_object_begin(json);
    for (uint32_t i = 0; i < cell->median_count; i++) {
        stw_json_key(json, cell->medians[i].name);
        stw_json_i64(json, cell->medians[i].value);
    }
    stw_json_object_end(json);
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

static void json_noise(struct stw_json *json, const struct stw_results *results)
{
    struct stw_noise noise = {0};
    stw_noise_judge(results, 0, &noise);
    stw_noise_json(&noise, json);
    stw_noise_free(&noise);
}

void stw_show_json(const struct stw_results *results, FILE *file)
{
    struct stw_json json = stw_json_to_file(file, JSON_DEPTH_LINES);
    const char *name = stw_pairs_get(&results->info, "name");
    stw_json_object_begin(&json);
    stw_json_key(&json, "experiment");
    stw_json_string(&json, name ? name : "");
    stw_json_key(&json, "sandbox");
    stw_json_string(&json, stw_results_sandbox(results));
    json_constants(&json, results);
    json_environment(&json, results);
    json_noise(&json, results);
    stw_canary_json(results, &json);
    stw_json_key(&json, "cells");
    stw_json_array_begin(&json);
    for (uint32_t i = 0; i < results->cell_count; i++)
        json_cell(&json, &results->cells[i]);
    stw_json_array_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}

/* A row is collected with ',' before each field. */
static void csv_text(struct stw_text *row, const char *text)
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

static void csv_name(struct stw_text *row, const char *group, const char *name)
{
    struct stw_text joined = {0};
    stw_text_add(&joined, "%s.%s", group, name);
    csv_text(row, joined.bytes);
    stw_text_free(&joined);
}

static void csv_number(struct stw_text *row, const int64_t *value)
{
    if (value)
        stw_text_add(row, ",%" PRId64, *value);
    else
        stw_text_add(row, ",");
}

/* Two fields a window, in all rows the same windows. */
static void csv_mmu(struct stw_text *row, const struct stw_result_cell *cell)
{
    for (uint32_t i = 0, at = 0; i < STW_RECORD_WINDOWS; i++) {
        int has = at < cell->mmu_count
                  && cell->mmu[at].window_ns == (int64_t)stw_record_windows_ns[i];
        if (has)
            stw_text_add(row, ",%.9g,%.9g", cell->mmu[at].least, cell->mmu[at].median);
        else
            stw_text_add(row, ",,");
        at += (uint32_t)has;
    }
}

static void csv_end(struct stw_text *row, FILE *file)
{
    fprintf(file, "%s\r\n", row->bytes + 1);
    stw_text_free(row);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all counters that any cell has, sorted; allocated, the names borrowed. */
static const char **all_counters(const struct stw_results *results, uint32_t *count)
{
    const char **names = NULL;
    uint32_t total = 0;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        names = stw_grow(names, total + cell->median_count, sizeof *names);
        for (uint32_t j = 0; j < cell->median_count; j++)
            names[total++] = cell->medians[j].name;
    }
    if (total)
        qsort(names, total, sizeof *names, compare_names);
    *count = 0;
    for (uint32_t i = 0; i < total; i++)
        if (*count == 0 || strcmp(names[*count - 1], names[i]) != 0)
            names[(*count)++] = names[i];
    return names;
}

/* What all rows have alike: the constants and the environment, but for the sandbox, which is last.
 * Their names, or their values. */
static void csv_run(struct stw_text *row, const struct stw_results *results, int is_header)
{
    for (uint32_t i = 0; i < results->info.count; i++) {
        const char *key = stw_results_constant(&results->info.items[i]);
        if (key && is_header)
            csv_name(row, "constants", key);
        else if (key)
            csv_text(row, results->info.items[i].value);
    }
    for (uint32_t i = 0; i < results->environment.count; i++) {
        const struct stw_pair *pair = &results->environment.items[i];
        if (strcmp(pair->key, "sandbox") == 0)
            continue;
        if (is_header)
            csv_name(row, "environment", pair->key);
        else
            csv_text(row, pair->value);
    }
}

static void csv_header(const struct stw_results *results, const char *const *counters,
                       uint32_t counter_count, FILE *file)
{
    static const char *const parts[] = {"count", "p50", "p99", "max", "sum"};
    struct stw_text row = {0};
    csv_text(&row, "id");
    csv_text(&row, "hash");
    if (results->cell_count)
        for (uint32_t i = 0; i < results->cells[0].axes.count; i++)
            csv_name(&row, "axes", results->cells[0].axes.items[i].key);
    for (uint32_t i = 0; i < STW_OUTCOMES; i++)
        csv_name(&row, "outcomes", stw_outcome_name(i));
    for (uint32_t i = 0; i < STW_DISTS; i++)
        for (uint32_t j = 0; j < 5; j++)
            csv_name(&row, stw_dist_name(i), parts[j]);
    for (uint32_t i = 0; i < STW_RECORD_WINDOWS; i++)
        stw_text_add(&row, ",mmu.%" PRIu64 ".min,mmu.%" PRIu64 ".p50", stw_record_windows_ns[i],
                     stw_record_windows_ns[i]);
    for (uint32_t i = 0; i < counter_count; i++)
        csv_name(&row, "counters", counters[i]);
    csv_run(&row, results, 1);
    csv_text(&row, "sandbox");
    csv_end(&row, file);
}

static void csv_dist(struct stw_text *row, const struct stw_dist *dist)
{
    int some = dist->count > 0;
    csv_number(row, &dist->count);
    csv_number(row, some ? &dist->p50 : NULL);
    csv_number(row, some ? &dist->p99 : NULL);
    csv_number(row, some ? &dist->max : NULL);
    csv_number(row, some ? &dist->sum : NULL);
}

void stw_show_csv(const struct stw_results *results, FILE *file)
{
    uint32_t counter_count;
    const char **counters = all_counters(results, &counter_count);
    csv_header(results, counters, counter_count, file);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        struct stw_text row = {0};
        csv_text(&row, cell->id);
        csv_text(&row, cell->hash);
        for (uint32_t j = 0; j < results->cells[0].axes.count; j++) {
            const char *value = stw_pairs_get(&cell->axes, results->cells[0].axes.items[j].key);
            csv_text(&row, value ? value : "");
        }
        for (uint32_t j = 0; j < STW_OUTCOMES; j++)
            csv_number(&row, &cell->outcomes[j]);
        for (uint32_t j = 0; j < STW_DISTS; j++)
            csv_dist(&row, &cell->dists[j]);
        csv_mmu(&row, cell);
        for (uint32_t j = 0; j < counter_count; j++)
            csv_number(&row, stw_result_median(cell, counters[j]));
        csv_run(&row, results, 0);
        csv_text(&row, stw_results_sandbox(results));
        csv_end(&row, file);
    }
    free(counters);
}
