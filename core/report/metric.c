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

#define MEDIAN {STW_STATISTIC_PERCENTILE, 50}
#define MEAN {STW_STATISTIC_MEAN, 0}

/* A trial has many of it. */
static int is_event(const struct stw_fact *fact)
{
    return fact->place == STW_IN_PAUSES || fact->place == STW_IN_STEPS
        || fact->place == STW_IN_CYCLES || fact->place == STW_IN_HICCUPS;
}

static int is_operation(const struct stw_fact *fact)
{
    return fact->place == STW_IN_OPS;
}

/* Cuts ".p50", ".mean" or ".sum" off, into `percent` or `aggregate`; the length of the rest. */
static size_t cut_ending(const char *name, uint32_t *percent, const char **aggregate)
{
    const char *end = strrchr(name, '.');
    char rest;
    *percent = 0;
    *aggregate = NULL;
    if (end && strcmp(end, ".mean") == 0)
        *aggregate = "avg";
    else if (end && strcmp(end, ".sum") == 0)
        *aggregate = "sum";
    else if (!end || sscanf(end, ".p%3u%c", percent, &rest) != 1 || *percent > 100)
        *percent = 0;
    return *percent || *aggregate ? (size_t)(end - name) : strlen(name);
}

/* The fact whose name is the first bytes of `name`. */
static const struct stw_fact *find(const struct stw_fact_list *facts, const char *name,
                                   size_t bytes)
{
    char *copy = stw_strdup(name);
    copy[bytes] = '\0';
    const struct stw_fact *fact = stw_facts_get(facts, copy);
    free(copy);
    return fact;
}

static const char *events_of(const struct stw_fact *fact)
{
    return fact->place == STW_IN_CYCLES    ? "cycles"
           : fact->place == STW_IN_HICCUPS ? "hiccups"
                                           : "stops";
}

static stw_status refuse_metric(const struct stw_fact_list *facts, const char *name,
                                struct stw_error *error)
{
    const char **words = stw_new(facts->count, sizeof *words);
    struct stw_text endings = {0};
    size_t *from = stw_new(facts->count, sizeof *from);
    for (uint32_t i = 0; i < facts->count; i++) { /* each with an ending that it can have */
        const struct stw_fact *fact = &facts->items[i];
        from[i] = endings.length;
        stw_text_add(&endings, is_event(fact) || is_operation(fact) ? "%s.p50" : "%s", fact->name);
        stw_text_add_bytes(&endings, "", 1);
    }
    for (uint32_t i = 0; i < facts->count; i++)
        words[i] = endings.bytes + from[i];
    const char *near = stw_nearest(name, words, facts->count);
    const struct stw_fact *whole = stw_facts_get(facts, name);
    if (whole)
        stw_error_set(error, STW_E_INVALID, NULL,
                      "a trial has many of '%s'; say which, as in '%s.p50'", name, name);
    else if (near)
        stw_error_set(error, STW_E_INVALID, NULL,
                      "there is no metric '%s'; did you mean '%s'?", name, near);
    else
        stw_error_set(error, STW_E_INVALID, NULL, "there is no metric '%s'; see stwlab facts, and "
                      "stwlab help compare", name);
    stw_text_free(&endings);
    free(from);
    free(words);
    return STW_E_INVALID;
}

stw_status stw_metric_parse(const struct stw_fact_list *facts, const char *name,
                            struct stw_metric *metric, struct stw_error *error)
{
    uint32_t percent;
    const char *aggregate;
    const struct stw_fact *fact = stw_facts_get(facts, name); /* "op.mean" is a fact */
    size_t bytes = strlen(name);
    if (fact && !is_event(fact) && !is_operation(fact)) {
        int is_rate = strcmp(fact->unit, "1/s") == 0;
        *metric = (struct stw_metric){.fact = fact, .unit = fact->unit, .events = "trials",
                                      .statistic = MEDIAN, .is_inverse = is_rate};
        if (is_rate)
            metric->statistic = (struct stw_statistic)MEAN;
    } else {
        bytes = cut_ending(name, &percent, &aggregate);
        fact = find(facts, name, bytes);
        if (!fact || !(is_event(fact) ? percent || aggregate : is_operation(fact) && percent))
            return refuse_metric(facts, name, error);
        *metric = (struct stw_metric){.fact = fact, .unit = fact->unit, .aggregate = aggregate,
                                      .percent = percent, .events = events_of(fact),
                                      .statistic = MEDIAN};
        if (is_operation(fact))
            metric->events = "operations";
        else if (percent)
            metric->statistic.percent = percent;
        else
            metric->events = "trials";
    }
    metric->name = name;
    metric->name_bytes = (uint32_t)bytes;
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

/* Go's buckets: four to a power of two. A middle is an eighth of the power above the lower edge. */
static uint64_t lower_edge(uint64_t middle_ns)
{
    return middle_ns ? middle_ns - (1ull << (63 - __builtin_clzll(middle_ns))) / 8 : 0;
}

static void take_event(sqlite3_stmt *row, void *context)
{
    struct taking *taking = context;
    if (is_next_trial(taking, row))
        stw_sample_trial(&taking->measured->sample);
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
    *STW_APPEND(taking->buckets, taking->bucket_count) = (struct bucket){
        (uint64_t)sqlite3_column_int64(row, 1), (uint64_t)sqlite3_column_int64(row, 2)};
}

/* SQL that gives the trial and what the metric needs of it, of cell ?1. */
static void add_query(const struct stw_metric *metric, struct stw_text *sql)
{
    char *name = stw_strdup(metric->name);
    name[metric->name_bytes] = '\0';
    if (is_operation(metric->fact)) {
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
    stw_row_function *take = is_operation(metric->fact) ? take_bucket
                             : metric->aggregate        ? take_value
                             : is_event(metric->fact)   ? take_event
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
