/* report/metric.c: reads the values of a metric, trial by trial.
 *
 * Operations are kept as histograms with buckets that are up to 0.8 % wide, which is as much as
 * some differences that are asked for: a trial's percentile is interpolated inside its bucket, as
 * if the operations in it were evenly spread. Stops are kept one by one; a stop that Go told lies
 * anywhere in a bucket that is a quarter of a power of two wide. */
#include "report/metric.h"

#include "base/array.h"
#include "base/error.h"
#include "base/histogram.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIAN {STW_STATISTIC_PERCENTILE, 50, 0}
#define OFTEN {STW_STATISTIC_MEAN, 0, 1e9} /* in a second, of times in ns */

static const char *events_of(const struct stw_fact *fact)
{
    return fact->place == STW_IN_CYCLES    ? "cycles"
           : fact->place == STW_IN_HICCUPS ? "hiccups"
                                           : "stops";
}

stw_status stw_metric_parse(const struct stw_fact_list *facts, const char *name,
                            struct stw_metric *metric, struct stw_error *error)
{
    struct stw_metric_name parsed;
    stw_status status = stw_metric_name_parse(facts, name, &parsed, error);
    if (status != STW_OK)
        return status;
    const struct stw_fact *fact = parsed.fact;
    *metric = (struct stw_metric){.fact = fact, .name = name, .name_bytes = parsed.fact_bytes,
                                  .percent = parsed.percent, .aggregate = parsed.aggregate,
                                  .unit = fact->unit, .events = "trials", .statistic = MEDIAN};
    if (stw_fact_is_operation(fact)) {
        metric->events = "operations";
    } else if (stw_fact_is_event(fact) && parsed.percent) {
        metric->events = events_of(fact);
        metric->statistic.percent = parsed.percent;
    } else if (strcmp(fact->unit, "1/s") == 0) {
        metric->statistic = (struct stw_statistic)OFTEN;
    }
    return STW_OK;
}

/* Rows come in the order of trials. */
struct taking {
    const struct stw_metric *metric;
    struct stw_measured *measured;
    int64_t trial; /* that the last row was of; -1: none */
    int as_lower_edges;
    struct bucket { uint64_t high_ns, count; } *buckets; /* of this trial's operations */
    uint32_t bucket_count;
};

static int is_next_trial(struct taking *taking, sqlite3_stmt *row)
{
    int64_t trial = sqlite3_column_int64(row, 0);
    int is_next = trial != taking->trial;
    taking->trial = trial;
    taking->measured->trials += is_next != 0;
    return is_next;
}

/* Block b has trial b of every cell (plan/schedule.c). */
static void begin_trial(struct taking *taking)
{
    stw_sample_trial(&taking->measured->sample, (uint32_t)taking->trial);
}

/* Go's buckets: four to a power of two. A middle is an eighth of the power above the lower edge. */
static uint64_t lower_edge(uint64_t middle_ns)
{
    return middle_ns ? middle_ns - (1ull << (63 - __builtin_clzll(middle_ns))) / 8 : 0;
}

static void take_event(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    if (is_next_trial(taking, row))
        begin_trial(taking);
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    int is_bucket = taking->as_lower_edges && strcmp(taking->metric->unit, "ns") == 0;
    uint64_t value = (uint64_t)sqlite3_column_int64(row, 1);
    stw_sample_add(&taking->measured->sample, (double)(is_bucket ? lower_edge(value) : value));
    taking->measured->events++;
}

static void take_value(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    is_next_trial(taking, row);
    begin_trial(taking);
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    stw_sample_add(&taking->measured->sample, sqlite3_column_double(row, 1));
    taking->measured->events++;
}

/* The percentile of the operations that were gathered, interpolated. */
static void end_trial(struct taking *taking)
{
    uint64_t total = 0, seen = 0;
    uint32_t i = 0;
    for (uint32_t b = 0; b < taking->bucket_count; b++)
        total += taking->buckets[b].count;
    if (!total)
        return;
    uint64_t rank = (total * taking->metric->percent + 99) / 100;
    while (seen + taking->buckets[i].count < rank)
        seen += taking->buckets[i++].count;
    uint64_t high = taking->buckets[i].high_ns, low = stw_histogram_lowest(high);
    double place = ((double)(rank - seen) - 0.5) / (double)taking->buckets[i].count;
    stw_sample_add(&taking->measured->sample, (double)low + (double)(high - low) * place);
    taking->measured->events += total;
    taking->bucket_count = 0;
}

static void take_bucket(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    if (is_next_trial(taking, row)) {
        end_trial(taking);
        begin_trial(taking);
    }
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    *STW_APPEND(taking->buckets, taking->bucket_count) = (struct bucket){
        (uint64_t)sqlite3_column_int64(row, 1), (uint64_t)sqlite3_column_int64(row, 2)};
}

/* SQL that gives the trial and what the metric needs of it, of cell ?1. */
static void add_query(const struct stw_metric *metric, struct stw_text *sql)
{
    char *name = stw_strdup(metric->name);
    name[metric->name_bytes] = '\0';
    if (stw_fact_is_operation(metric->fact)) {
        stw_text_add(sql, "SELECT t.trial, v.high_ns, v.count");
        stw_fact_join(metric->fact, name, sql);
        stw_text_add(sql, " ORDER BY t.trial, v.high_ns");
    } else if (metric->aggregate) {
        stw_text_add(sql, "SELECT trial, %s(value) FROM (", metric->aggregate);
        stw_fact_query(metric->fact, name, sql);
        stw_text_add(sql, ") GROUP BY trial ORDER BY trial");
    } else {
        stw_fact_query(metric->fact, name, sql);
        stw_text_add(sql, " ORDER BY 1");
    }
    free(name);
}

stw_status stw_metric_read(struct stw_reader *reader, const struct stw_metric *metric, int64_t cell,
                           int as_lower_edges, struct stw_measured *measured)
{
    struct taking taking = {metric, measured, -1, as_lower_edges, NULL, 0};
    stw_row_function *take = stw_fact_is_operation(metric->fact) ? take_bucket
                             : metric->aggregate        ? take_value
                             : stw_fact_is_event(metric->fact)   ? take_event
                                                        : take_value;
    struct stw_text sql = {0};
    char number[32];
    *measured = (struct stw_measured){0};
    snprintf(number, sizeof number, "%lld", (long long)cell);
    add_query(metric, &sql);
    stw_status status = stw_reader_query(reader, sql.bytes, number, take, &taking);
    end_trial(&taking);
    free(taking.buckets);
    stw_text_free(&sql);
    return status;
}
