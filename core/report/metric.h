/* report/metric.h: what two cells are compared by, and its values in a cell's trials.
 *
 *   pause.p50 pause.p99 ...   percentile of all stops; also stopping, working, restarting; p1 to
 *                             p100, p100 being the longest
 *   op.p50 ...                median over the trials of the trial's percentile of operations
 *   op.mean                   median over the trials of the trial's mean operation
 *   cpu, rss, wall, start     median over the trials of their column of the view `trials`
 *   rate                      trials a second through the whole lab */
#ifndef STW_REPORT_METRIC_H
#define STW_REPORT_METRIC_H

#include "report/bootstrap.h"
#include "report/reader.h"

struct stw_metric {
    uint32_t source;  /* private */
    uint32_t percent; /* of a percentile within a trial */
    const char *column;
    const char *unit;   /* "ns", "bytes" or "1/s" */
    const char *events; /* "stops", "operations" or "trials" */
    struct stw_statistic statistic;
    int is_inverse; /* the statistic is that of ns, the metric how often that is in a second */
};

/* The trials of a cell, for one metric. */
struct stw_measured {
    struct stw_sample sample;
    uint64_t trials; /* ok ones */
    uint64_t events; /* what the metric is over; stw_metric's `events` */
};

/* STW_E_INVALID when there is no such metric. */
stw_status stw_metric_parse(const char *name, struct stw_metric *metric, struct stw_error *error);
/* Reads the ok trials of cell number `cell`. `as_lower_edges`: its stops came from Go's histogram
 * as middles of buckets; take the lower edge of each. Free measured->sample in any case. */
stw_status stw_metric_read(struct stw_reader *reader, const struct stw_metric *metric, int64_t cell,
                           int as_lower_edges, struct stw_measured *measured);

#endif
