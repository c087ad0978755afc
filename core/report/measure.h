/* report/measure.h: the values of several metrics in all cells of a run, or in all of its trials.
 *
 * What one metric is in one cell is report/metric.h's; here are the same numbers of a whole table,
 * read once: a run may have 200,000 cells, or 100,000 trials. */
#ifndef STW_REPORT_MEASURE_H
#define STW_REPORT_MEASURE_H

#include "report/bootstrap.h"
#include "report/cells.h"
#include "report/metric.h"

/* A metric in a cell or a trial. */
struct stw_estimate {
    double value;
    uint64_t events;  /* that it is over, as the metric has it; of trials, those that have it */
    uint8_t is_known; /* 0: the value means nothing */
    uint8_t is_thin;  /* it is a percentile with fewer than STW_EVENTS_BEYOND events beyond it */
};

/* Stops that are in no metric of stops. */
struct stw_outside {
    uint32_t setup, after;
};

struct stw_measures {
    struct stw_estimate *estimates; /* [row][metric] */
    struct stw_interval *intervals; /* likewise, of what is known; or null */
    struct stw_outside *outside;    /* [row]; counted when a metric is of stops */
    uint32_t row_count, metric_count;
};

struct stw_measure_options {
    int by_trial;                          /* rows are results->trials, else results->cells */
    const struct stw_bootstrap *bootstrap; /* null: no intervals */
    const uint8_t *is_wanted;              /* [cell]; null: all of them */
};

/* Measures all ok trials of an open run. Rows that are not wanted, or have no ok trial, stay empty.
 * Free the measures in any case. */
stw_status stw_measure(struct stw_results *results, const struct stw_metric *const *metrics,
                       uint32_t metric_count, const struct stw_measure_options *options,
                       struct stw_measures *measures);
void stw_measures_free(struct stw_measures *measures);

static inline const struct stw_estimate *stw_measured_at(const struct stw_measures *measures,
                                                         uint32_t row, uint32_t metric)
{
    return &measures->estimates[(size_t)row * measures->metric_count + metric];
}

/* Whether a metric is a percentile that can be thin; the largest of all is what it is. */
int stw_metric_is_percentile(const struct stw_metric *metric);
/* Of so many events in so many trials, how many lie beyond the percentile: of operations, whose
 * percentiles are a trial's, in each trial, on average. */
uint64_t stw_metric_beyond(const struct stw_metric *metric, uint64_t trials, uint64_t events);

#endif
