/* report/show.c: the machine-readable forms of a run's cells. */
#include "report/show.h"

#include "report/sample.h"
#include "report/show_parts.h"
#include "trial/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_LINES 3u /* the document, its cells, a cell's members */

/* Percentiles that a distribution has, which may be thin. */
static const struct { const char *key; double percent; } percentiles[] = {{"p50_thin", 50},
                                                                          {"p99_thin", 99}};
#define PERCENTILES 2u

static int is_thin(const struct stw_dist *dist, uint32_t percentile)
{
    return stw_events_beyond((uint64_t)dist->count, percentiles[percentile].percent)
         < STW_EVENTS_BEYOND;
}

static void json_thin(struct stw_json *json, const struct stw_dist *dist)
{
    for (uint32_t i = 0; i < PERCENTILES; i++) {
        stw_json_key(json, percentiles[i].key);
        if (dist->count > 0)
            stw_json_bool(json, is_thin(dist, i));
        else
            stw_json_null(json);
    }
}

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
    json_thin(json, dist);
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

/* What numbers of this cell are without. */
static void json_lost(struct stw_json *json, const struct stw_result_cell *cell)
{
    stw_json_key(json, "lost");
    stw_json_object_begin(json);
    stw_json_key(json, "stops");
    stw_json_i64(json, cell->stops_lost);
    stw_json_key(json, "intervals");
    stw_json_i64(json, cell->intervals_lost);
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
        json_thin(json, dist);
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

static void json_cell(struct stw_json *json, const struct stw_shown *shown, uint32_t row)
{
    const struct stw_result_cell *cell = &shown->results->cells[shown->rows[row].cell];
    stw_json_object_begin(json);
    stw_json_key(json, "id");
    stw_json_string(json, cell->id);
    stw_json_key(json, "hash");
    stw_json_string(json, cell->hash);
    stw_show_json_axes(json, cell);
    json_outcomes(json, cell);
    json_lost(json, cell);
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
    stw_show_json_metrics(json, shown, row);
    stw_json_object_end(json);
}

void stw_show_json(const struct stw_shown *shown, FILE *file)
{
    const struct stw_results *results = shown->results;
    struct stw_json json = stw_json_to_file(file, JSON_DEPTH_LINES);
    stw_json_object_begin(&json);
    stw_show_json_run(&json, results);
    stw_json_key(&json, "cells");
    stw_json_array_begin(&json);
    for (uint32_t row = 0; row < shown->row_count; row++)
        json_cell(&json, shown, row);
    stw_json_array_end(&json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
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

static void csv_header(const struct stw_shown *shown, const char *const *counters,
                       uint32_t counter_count, FILE *file)
{
    const struct stw_results *results = shown->results;
    static const char *const parts[] = {"count", "p50", "p99", "max", "sum", "p50_thin",
                                        "p99_thin"};
    struct stw_text row = {0};
    stw_csv_text(&row, "id");
    stw_csv_text(&row, "hash");
    if (results->cell_count)
        for (uint32_t i = 0; i < results->cells[0].axes.count; i++)
            stw_csv_name(&row, "axes", results->cells[0].axes.items[i].key);
    for (uint32_t i = 0; i < STW_OUTCOMES; i++)
        stw_csv_name(&row, "outcomes", stw_outcome_name(i));
    stw_csv_name(&row, "lost", "stops");
    stw_csv_name(&row, "lost", "intervals");
    for (uint32_t i = 0; i < STW_DISTS; i++)
        for (uint32_t j = 0; j < sizeof parts / sizeof *parts; j++)
            stw_csv_name(&row, stw_dist_name(i), parts[j]);
    for (uint32_t i = 0; i < STW_RECORD_WINDOWS; i++)
        stw_text_add(&row, ",mmu.%" PRIu64 ".min,mmu.%" PRIu64 ".p50", stw_record_windows_ns[i],
                     stw_record_windows_ns[i]);
    for (uint32_t i = 0; i < counter_count; i++)
        stw_csv_name(&row, "counters", counters[i]);
    stw_show_csv_metrics(&row, shown, STW_CSV_HEADER);
    stw_show_csv_run(&row, results, 1);
    stw_csv_end(&row, file);
}

static void csv_dist(struct stw_text *row, const struct stw_dist *dist)
{
    int some = dist->count > 0;
    csv_number(row, &dist->count);
    csv_number(row, some ? &dist->p50 : NULL);
    csv_number(row, some ? &dist->p99 : NULL);
    csv_number(row, some ? &dist->max : NULL);
    csv_number(row, some ? &dist->sum : NULL);
    for (uint32_t i = 0; i < PERCENTILES; i++)
        stw_csv_text(row, !some ? "" : is_thin(dist, i) ? "true" : "false");
}

void stw_show_csv(const struct stw_shown *shown, FILE *file)
{
    const struct stw_results *results = shown->results;
    uint32_t counter_count;
    const char **counters = all_counters(results, &counter_count);
    csv_header(shown, counters, counter_count, file);
    for (uint32_t i = 0; i < shown->row_count; i++) {
        const struct stw_result_cell *cell = &results->cells[shown->rows[i].cell];
        struct stw_text row = {0};
        stw_csv_text(&row, cell->id);
        stw_csv_text(&row, cell->hash);
        for (uint32_t j = 0; j < results->cells[0].axes.count; j++) {
            const char *value = stw_pairs_get(&cell->axes, results->cells[0].axes.items[j].key);
            stw_csv_text(&row, value ? value : "");
        }
        for (uint32_t j = 0; j < STW_OUTCOMES; j++)
            csv_number(&row, &cell->outcomes[j]);
        csv_number(&row, &cell->stops_lost);
        csv_number(&row, &cell->intervals_lost);
        for (uint32_t j = 0; j < STW_DISTS; j++)
            csv_dist(&row, &cell->dists[j]);
        csv_mmu(&row, cell);
        for (uint32_t j = 0; j < counter_count; j++)
            csv_number(&row, stw_result_median(cell, counters[j]));
        stw_show_csv_metrics(&row, shown, i);
        stw_show_csv_run(&row, results, 0);
        stw_csv_end(&row, file);
    }
    free(counters);
}
