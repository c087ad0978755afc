/* report/sample.h: the values of a cell by trials, and what is asked of them.
 *
 * Percentiles are nearest rank, as everywhere: of N values the ceil(q * N)-th smallest.
 * A trial has a block: trials of one block, of whatever cells, ran in turn (plan/schedule.c).
 * Threads: no state but the arguments. */
#ifndef STW_REPORT_SAMPLE_H
#define STW_REPORT_SAMPLE_H

#include <stdint.h>

struct stw_sample_value {
    double value;
    uint32_t trial; /* an index, below trial_count */
};

struct stw_trial_values {
    uint32_t block;
    uint32_t value_count;
    double sum;
};

/* Zero-initialise; a trial may have any number of values, also none. */
struct stw_sample {
    struct stw_sample_value *values;
    uint32_t value_count;
    struct stw_trial_values *trials; /* ascending blocks */
    uint32_t trial_count;
    uint32_t *rungs; /* when sorted: of RUNG values each, how many are of each trial; or null */
    int is_sorted;
};

/* What is asked of a sample. */
#define STW_STATISTIC_MEAN 0u
#define STW_STATISTIC_PERCENTILE 1u
struct stw_statistic {
    uint32_t kind;
    double percent;   /* of a percentile: above 0, at most 100; 50 is the lower median */
    double numerator; /* not 0: this divided by the mean or percentile: how often in a second */
};

/* Begins a trial; values that are added later belong to it. Blocks ascend. */
void stw_sample_trial(struct stw_sample *sample, uint32_t block);
void stw_sample_add(struct stw_sample *sample, double value);
void stw_sample_free(struct stw_sample *sample);
/* Empty again, for another cell's values. */
void stw_sample_clear(struct stw_sample *sample);

/* The nearest rank, from 1, of a percentile of so many values. */
uint64_t stw_percentile_rank(uint64_t total, double percent);
/* Fewer values beyond a percentile, and it is an accident of a few of them: it is thin. */
#define STW_EVENTS_BEYOND 10u
uint64_t stw_events_beyond(uint64_t total, double percent);

/* Before the functions below; again after values were added. */
void stw_sample_sort(struct stw_sample *sample);
/* How many values there are when each trial counts `weights` times. */
uint64_t stw_sample_total(const struct stw_sample *sample, const uint32_t *weights);
/* The statistic of that; total is stw_sample_total, and positive. */
double stw_sample_weighted(const struct stw_sample *sample, const uint32_t *weights, uint64_t total,
                           struct stw_statistic statistic);
/* Of the sample itself, which has a value. Sorts. */
double stw_sample_statistic(struct stw_sample *sample, struct stw_statistic statistic);

#endif
