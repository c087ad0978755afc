/* report/metric.h: what two cells are compared by, and its values in a cell's trials.
 *
 * Any fact is a metric (base/facts.h; `stwlab facts`), by the names of base/metric.h:
 *   FACT               of what a trial has once: median over the trials
 *   FACT.p50 ...       of stops, steps and cycles: percentile of all of them, p100 being the
 *                      largest, also called .max
 *   FACT.mean .total   likewise: median over the trials of a trial's mean, or total
 *   FACT.over(1ms)     mean over the trials of how many a trial has: such counts are often 0, and
 *                      then a median tells nothing
 *   op.p50 ...         median over the trials of the trial's percentile of operations */
#ifndef STW_REPORT_METRIC_H
#define STW_REPORT_METRIC_H

#include "report/bootstrap.h"
#include "report/facts.h"
#include "report/reader.h"

struct stw_metric {
    const struct stw_fact *fact;
    const char *name;      /* borrowed */
    struct stw_metric_name parsed;
    double percent;        /* of operations: the percentile within a trial; 0: none */
    const char *unit;      /* "ns", "bytes", "1/s", "share", "" and others */
    const char *events;    /* "stops", "cycles", "operations" or "trials" */
    struct stw_statistic statistic;
};

/* The trials of a cell, for one metric. */
struct stw_measured {
    struct stw_sample sample;
    uint64_t trials; /* ok ones */
    uint64_t events; /* what the metric is over; stw_metric's `events` */
};

/* So many operations took at most so long, and longer than the bucket below has it. */
struct stw_bucket {
    uint64_t high_ns, count;
};

/* The percentile of a trial's operations, interpolated, the last bucket's end being the longest
 * itself; buckets ascend, and have some. */
double stw_buckets_percentile(const struct stw_bucket *buckets, uint32_t count, double percent);

/* `facts` are those of the run; `name` is borrowed. STW_E_INVALID when there is no such metric. */
stw_status stw_metric_parse(const struct stw_fact_list *facts, const char *name,
                            struct stw_metric *metric, struct stw_error *error);
/* Reads the ok trials of cell number `cell`. `as_lower_edges`: its stops came from Go's histogram
 * as middles of buckets; take the lower edge of each. Free measured->sample in any case. */
stw_status stw_metric_read(struct stw_reader *reader, const struct stw_metric *metric, int64_t cell,
                           int as_lower_edges, struct stw_measured *measured);

#endif
