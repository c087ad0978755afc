/* report/bootstrap.h: how sure a number of a run is: intervals by resampling its trials.
 *
 * A trial is the unit: what happens inside one (stops, operations) depends on what happened before
 * in the same process, so trials are drawn with replacement, each with all of its values. Drawing
 * single stops would take them for independent and give intervals that are too narrow.
 *
 * Percentiles are nearest rank, as everywhere: of N values the ceil(q * N)-th smallest. Intervals
 * are the percentiles of the resampled statistic. */
#ifndef STW_REPORT_BOOTSTRAP_H
#define STW_REPORT_BOOTSTRAP_H

#include <stdint.h>

struct stw_sample_value {
    double value;
    uint32_t trial; /* below trial_count */
};

/* The values of a cell. Zero-initialise; a trial may have any number of values, also none. */
struct stw_sample {
    struct stw_sample_value *values;
    uint32_t value_count;
    uint32_t trial_count;
    int is_sorted;
};

/* What is asked of a sample. */
#define STW_STATISTIC_MEAN 0u
#define STW_STATISTIC_PERCENTILE 1u
struct stw_statistic {
    uint32_t kind;
    uint32_t percent; /* of a percentile: 1 to 100; 50 is the lower median */
};

struct stw_bootstrap {
    uint64_t seed;
    uint32_t resamples;  /* at least 1 */
    uint32_t confidence; /* percent, below 100 */
};

struct stw_interval {
    double estimate; /* of the sample itself */
    double low, high;
};

/* Begins a trial; values that are added later belong to it. */
void stw_sample_trial(struct stw_sample *sample);
void stw_sample_add(struct stw_sample *sample, double value);
void stw_sample_free(struct stw_sample *sample);

/* The statistic of a sample with at least one value. Sorts the sample. */
double stw_sample_statistic(struct stw_sample *sample, struct stw_statistic statistic);
/* With its interval. */
struct stw_interval stw_bootstrap_value(struct stw_sample *sample, struct stw_statistic statistic,
                                        const struct stw_bootstrap *options);
/* a's statistic divided by b's; both samples are resampled, independently. b's statistic is
 * positive; a resample in which it is not counts as an infinite ratio. */
struct stw_interval stw_bootstrap_ratio(struct stw_sample *a, struct stw_sample *b,
                                        struct stw_statistic statistic,
                                        const struct stw_bootstrap *options);

#endif
