/* report/metric.c: reads the values of a metric, trial by trial.
 *
 * Operations are kept as histograms with buckets that are up to 0.8 % wide, which is as much as
 * some differences that are asked for: a trial's percentile is interpolated inside its bucket, as
 * if the operations in it were evenly spread. Stops are kept one by one; a stop that Go told lies
 * anywhere in a bucket that is a quarter of a power of two wide. */
#include "report/metric.h"

#include "base/error.h"
#include "base/histogram.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OF_STOPS 0u
#define OF_OPERATIONS 1u
#define OF_TRIALS 2u

static const char *const segments[] = {"pause", "stopping", "working", "restarting"};

#define MEDIAN {STW_STATISTIC_PERCENTILE, 50}
#define MEAN {STW_STATISTIC_MEAN, 0}

/* Metrics that are not DISTRIBUTION.pNN. */
static const struct {
    const char *name;
    struct stw_metric metric;
} named[] = {
    {"op.mean", {OF_TRIALS, 0, "CAST(op_sum_ns AS REAL) / nullif(operations, 0)", "ns", "trials",
                 MEDIAN, 0}},
    {"cpu", {OF_TRIALS, 0, "cpu_ns", "ns", "trials", MEDIAN, 0}},
    {"rss", {OF_TRIALS, 0, "rss_peak_bytes", "bytes", "trials", MEDIAN, 0}},
    {"wall", {OF_TRIALS, 0, "wall_ns", "ns", "trials", MEDIAN, 0}},
    {"start", {OF_TRIALS, 0, "start_ns", "ns", "trials", MEDIAN, 0}},
    {"rate", {OF_TRIALS, 0, "wall_ns + coordinator_ns", "1/s", "trials", MEAN, 1}},
};

#define NAMED (sizeof named / sizeof *named)
#define SEGMENTS (sizeof segments / sizeof *segments)

/* "NAME.p50" -> 50; 0 when it is not that. */
static uint32_t percent_of(const char *text, const char *name)
{
    uint32_t percent = 0;
    size_t length = strlen(name);
    char end;
    if (strncmp(text, name, length) != 0 || strncmp(text + length, ".p", 2) != 0
        || sscanf(text + length + 2, "%3u%c", &percent, &end) != 1 || percent > 100)
        return 0;
    return percent;
}

static stw_status refuse(const char *name, struct stw_error *error)
{
    static const char *const words[] = {"pause.p50", "pause.p99", "stopping.p50", "working.p50",
                                        "restarting.p50", "op.p50", "op.mean", "cpu", "rss",
                                        "wall", "start", "rate"};
    const char *near = stw_nearest(name, words, sizeof words / sizeof *words);
    if (near)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "there is no metric '%s'; did you mean '%s'?", name, near);
    return stw_error_set(error, STW_E_INVALID, NULL, "there is no metric '%s'; see stwlab help "
                         "compare", name);
}

stw_status stw_metric_parse(const char *name, struct stw_metric *metric, struct stw_error *error)
{
    uint32_t percent;
    for (size_t i = 0; i < NAMED; i++)
        if (strcmp(name, named[i].name) == 0) {
            *metric = named[i].metric;
            return STW_OK;
        }
    for (size_t i = 0; i < SEGMENTS; i++)
        if ((percent = percent_of(name, segments[i]))) {
            *metric = (struct stw_metric){OF_STOPS, 0, segments[i], "ns", "stops",
                                          {STW_STATISTIC_PERCENTILE, percent}, 0};
            return STW_OK;
        }
    percent = percent_of(name, "op");
    *metric = (struct stw_metric){OF_OPERATIONS, percent, "op", "ns", "operations",
                                  MEDIAN, 0};
    return percent ? STW_OK : refuse(name, error);
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

/* Go's buckets: four to a power of two. A middle is an eighth of the power above the lower edge. */
static uint64_t lower_edge(uint64_t middle_ns)
{
    return middle_ns ? middle_ns - (1ull << (63 - __builtin_clzll(middle_ns))) / 8 : 0;
}

static void take_stop(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    if (is_next_trial(taking, row))
        stw_sample_trial(&taking->measured->sample);
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    uint64_t ns = (uint64_t)sqlite3_column_int64(row, 1);
    stw_sample_add(&taking->measured->sample,
                   (double)(taking->as_lower_edges ? lower_edge(ns) : ns));
    taking->measured->events++;
}

static void take_value(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    is_next_trial(taking, row);
    stw_sample_trial(&taking->measured->sample);
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
    stw_sample_trial(&taking->measured->sample);
    stw_sample_add(&taking->measured->sample, (double)low + (double)(high - low) * place);
    taking->measured->events += total;
    taking->bucket_count = 0;
}

static void take_bucket(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    if (is_next_trial(taking, row))
        end_trial(taking);
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    taking->buckets =
        stw_grow(taking->buckets, taking->bucket_count + 1, sizeof *taking->buckets);
    taking->buckets[taking->bucket_count++] = (struct bucket){
        (uint64_t)sqlite3_column_int64(row, 1), (uint64_t)sqlite3_column_int64(row, 2)};
}

/* SQL that gives the trial and what the metric needs of it, of cell ?1. */
static void add_query(const struct stw_metric *metric, struct stw_text *sql)
{
    if (metric->source == OF_STOPS)
        stw_text_add(sql, "SELECT t.trial, p.%s_ns FROM trials t LEFT JOIN pauses p"
                          " ON p.cell = t.cell AND p.trial = t.trial", metric->column);
    else if (metric->source == OF_OPERATIONS)
        stw_text_add(sql, "SELECT t.trial, o.high_ns, o.count FROM trials t LEFT JOIN ops o"
                          " ON o.cell = t.cell AND o.trial = t.trial");
    else
        stw_text_add(sql, "SELECT t.trial, %s FROM trials t", metric->column);
    stw_text_add(sql, " WHERE t.cell = CAST(?1 AS INTEGER) AND t.outcome = 'ok' ORDER BY t.trial%s",
                 metric->source == OF_OPERATIONS ? ", o.high_ns" : "");
}

stw_status stw_metric_read(struct stw_reader *reader, const struct stw_metric *metric, int64_t cell,
                           int as_lower_edges, struct stw_measured *measured)
{
    static stw_row_function *const takers[] = {take_stop, take_bucket, take_value};
    struct taking taking = {metric, measured, -1, as_lower_edges, NULL, 0};
    struct stw_text sql = {0};
    char number[32];
    *measured = (struct stw_measured){0};
    snprintf(number, sizeof number, "%lld", (long long)cell);
    add_query(metric, &sql);
    stw_status status =
        stw_reader_query(reader, sql.bytes, number, takers[metric->source], &taking);
    end_trial(&taking);
    free(taking.buckets);
    stw_text_free(&sql);
    return status;
}
