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
#include "report/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEDIAN {STW_STATISTIC_PERCENTILE, 50, 0}
#define MEAN {STW_STATISTIC_MEAN, 0, 0}
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
    *metric = (struct stw_metric){.fact = fact, .name = name, .parsed = parsed, .unit = fact->unit,
                                  .events = "trials", .statistic = MEDIAN};
    if (parsed.made == STW_MADE_OVER) {
        metric->unit = "";
        metric->statistic = (struct stw_statistic)MEAN;
    } else if (stw_fact_is_operation(fact)) {
        metric->events = "operations";
        metric->percent = parsed.percent;
    } else if (parsed.made == STW_MADE_PERCENTILE) {
        metric->events = events_of(fact);
        metric->statistic.percent = metric->percent = parsed.percent;
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
    struct stw_bucket *buckets; /* of this trial's operations */
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

/* Block b has trial b of every cell (plan/schedule.c), as long as one start ran them all. */
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

double stw_buckets_percentile(const struct stw_bucket *buckets, uint32_t count, double percent)
{
    uint64_t total = 0, seen = 0;
    uint32_t i = 0;
    for (uint32_t b = 0; b < count; b++)
        total += buckets[b].count;
    uint64_t rank = stw_percentile_rank(total, percent);
    while (i + 1 < count && seen + buckets[i].count < rank)
        seen += buckets[i++].count;
    uint64_t high = buckets[i].high_ns, low = stw_histogram_lowest(high);
    double place = ((double)(rank - seen) - 0.5) / (double)buckets[i].count;
    if (rank == total)
        place = 1;
    return (double)low + (double)(high - low) * place;
}

/* The percentile of the operations that were gathered. */
static void end_trial(struct taking *taking)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < taking->bucket_count; i++)
        total += taking->buckets[i].count;
    if (!total)
        return;
    stw_sample_add(&taking->measured->sample,
                   stw_buckets_percentile(taking->buckets, taking->bucket_count,
                                          taking->metric->percent));
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
    *STW_APPEND(taking->buckets, taking->bucket_count) = (struct stw_bucket){
        (uint64_t)sqlite3_column_int64(row, 1), (uint64_t)sqlite3_column_int64(row, 2)};
}

/* Which stops the metric is of: " AND is_forced AND last_site = 'workload/x'". */
static void add_which(const struct stw_metric_name *name, struct stw_text *also)
{
    if (name->kind)
        stw_text_add(also, " AND %s", name->kind->rows);
    if (name->site) {
        char *site = stw_strdup(name->site);
        site[name->site_bytes] = '\0';
        stw_text_add(also, " AND last_site = ");
        stw_reader_add_quoted(also, site);
        free(site);
    }
}

/* A column that every row of the fact's view has. */
static const char *key_of(const struct stw_fact *fact)
{
    return fact->place == STW_IN_CYCLES ? "cycle" : fact->place == STW_IN_HICCUPS ? "at_ns" : "seq";
}

/* When a trial's count or total is not known: some of its stops do not tell the fact; or they tell
 * neither of what kind they are nor where the last to stop was nor their steps, as another
 * runtime's. */
static void add_unknown(const struct stw_metric_name *name, struct stw_text *sql)
{
    const struct stw_fact *fact = name->fact;
    stw_text_add(sql, "CASE WHEN count(v.%s) > count(v.%s) THEN NULL ", key_of(fact),
                 stw_fact_column(fact));
    if (name->kind || name->site || fact->place == STW_IN_STEPS)
        stw_text_add(sql, "WHEN EXISTS(SELECT 1 FROM pauses WHERE cell = CAST(?1 AS INTEGER)"
                     " AND trial = t.trial AND phase = 'timed' AND kind = 'peer') THEN NULL ");
    if (fact->place != STW_IN_PAUSES && fact->place != STW_IN_STEPS)
        stw_text_add(sql, "WHEN count(v.%s) = 0 THEN NULL ", key_of(fact));
}

/* "SELECT trial, " one value for each; without any stop their total and number are 0. */
static void add_made(const struct stw_metric_name *name, const char *whole_name, const char *also,
                     struct stw_text *sql)
{
    const char *column = stw_fact_column(name->fact);
    stw_text_add(sql, "SELECT t.trial, ");
    if (name->made == STW_MADE_MEAN) {
        stw_text_add(sql, "avg(v.%s)", column);
    } else if (stw_fact_is_operation(name->fact)) { /* a bucket's end decides: 0.8 % at most */
        stw_text_add(sql, "CASE WHEN count(v.%s) > 0 THEN"
                     " sum(CASE WHEN v.%s > %.17g THEN v.count ELSE 0 END) END", column, column,
                     name->bound);
    } else {
        add_unknown(name, sql);
        if (name->made == STW_MADE_TOTAL)
            stw_text_add(sql, "ELSE coalesce(sum(v.%s), 0) END", column);
        else
            stw_text_add(sql, "ELSE count(CASE WHEN v.%s > %.17g THEN 1 END) END", column,
                         name->bound);
    }
    stw_fact_join(name->fact, whole_name, also, sql);
    stw_text_add(sql, " GROUP BY t.trial ORDER BY t.trial");
}

/* SQL that gives the trial and what the metric needs of it, of cell ?1. */
static void add_query(const struct stw_metric *metric, struct stw_text *sql)
{
    const struct stw_metric_name *parsed = &metric->parsed;
    struct stw_text also = {0};
    char *name = stw_strdup(metric->name);
    name[parsed->fact_bytes] = '\0';
    add_which(parsed, &also);
    if (parsed->made != STW_MADE_VALUE && parsed->made != STW_MADE_PERCENTILE) {
        add_made(parsed, name, stw_text_get(&also), sql);
    } else if (stw_fact_is_operation(metric->fact)) {
        stw_text_add(sql, "SELECT t.trial, v.high_ns, v.count");
        stw_fact_join(metric->fact, name, "", sql);
        stw_text_add(sql, " ORDER BY t.trial, v.high_ns");
    } else {
        stw_fact_query(metric->fact, name, stw_text_get(&also), sql);
        stw_text_add(sql, " ORDER BY 1");
    }
    stw_text_free(&also);
    free(name);
}

static stw_row_function *taker_of(const struct stw_metric *metric)
{
    if (metric->parsed.made != STW_MADE_PERCENTILE)
        return take_value;
    return stw_fact_is_operation(metric->fact) ? take_bucket : take_event;
}

stw_status stw_metric_read(struct stw_reader *reader, const struct stw_metric *metric, int64_t cell,
                           int as_lower_edges, struct stw_measured *measured)
{
    struct taking taking = {metric, measured, -1, as_lower_edges, NULL, 0};
    struct stw_text sql = {0};
    char number[32];
    *measured = (struct stw_measured){0};
    snprintf(number, sizeof number, "%lld", (long long)cell);
    add_query(metric, &sql);
    stw_status status = stw_fact_prepare(reader, metric->fact);
    if (status == STW_OK)
        status = stw_reader_query(reader, sql.bytes, number, taker_of(metric), &taking);
    end_trial(&taking);
    free(taking.buckets);
    stw_text_free(&sql);
    if (status == STW_OK)
        status = stw_blocks_settle(reader, number, &measured->sample);
    return status;
}
