/* report/bootstrap.h: how sure a number of a run is: intervals by drawing its trials again.
 *
 * A trial is the unit: what happens inside one (stops, operations) depends on what happened before
 * in the same process, so trials are drawn with replacement, each with all of its values. Two cells
 * of a run are compared by drawing blocks, the same for both: what the machine did to a block, it
 * did to both of them.
 *
 * Ends are those of the expanded percentile interval (Hesterberg 2015): a little further out than
 * the percentiles of what was drawn, which are too narrow by as much as the standard deviation of a
 * few trials is. */
#ifndef STW_REPORT_BOOTSTRAP_H
#define STW_REPORT_BOOTSTRAP_H

#include "report/sample.h"

/* Fewer trials, and an interval does not hold what it says. */
#define STW_INTERVAL_TRIALS 6u

/* What is usual: ends of an interval repeat within 1 % of its width from seed to seed. */
#define STW_BOOTSTRAP_RESAMPLES 10000u
#define STW_BOOTSTRAP_CONFIDENCE 95u
#define STW_BOOTSTRAP_SEED 1u

struct stw_bootstrap {
    uint64_t seed;
    uint32_t resamples;  /* at least 1 */
    uint32_t confidence; /* percent, below 100 */
};

struct stw_interval {
    double estimate; /* of the sample itself */
    double low, high;
    double error;        /* standard deviation of the estimate, of its logarithm for a ratio */
    const char *without; /* why there are no ends and no error; null when there are */
};

struct stw_contrast {
    struct stw_interval ratio;      /* a's statistic divided by b's; infinite when b's is 0 */
    struct stw_interval difference; /* a's less b's */
};

/* The statistic of a sample with at least one value. */
struct stw_interval stw_bootstrap_value(struct stw_sample *sample, struct stw_statistic statistic,
                                        const struct stw_bootstrap *options);
/* Of two samples of one run. A block in which only one of them has a trial is drawn like others. */
struct stw_contrast stw_bootstrap_contrast(struct stw_sample *a, struct stw_sample *b,
                                           struct stw_statistic statistic,
                                           const struct stw_bootstrap *options);

#endif
