/* report/cells.h: the results of a run, read into memory for the reports.
 *
 * Works at any time: on a run that is finished, that was killed, and that is being written. What
 * the cells and trials are is read at once; their numbers, of which there are a thousand times as
 * many, when they are asked for: as summaries, or metric by metric (report/measure.h). */
#ifndef STW_REPORT_CELLS_H
#define STW_REPORT_CELLS_H

#include "report/facts.h"
#include "report/history.h"
#include "trial/outcome.h"

#include <stwlab/base.h>

/* Distributions of a cell, over all pauses (operations) of its ok trials; of pauses, those of the
 * timed phase (trial/phase.h), and the pauses before and after it by themselves. */
#define STW_DIST_PAUSE 0u
#define STW_DIST_STOPPING 1u
#define STW_DIST_WORKING 2u
#define STW_DIST_RESTARTING 3u
#define STW_DIST_OP 4u
#define STW_DIST_SETUP 5u
#define STW_DIST_AFTER 6u
#define STW_DISTS 7u
/* "pause_ns", "stopping_ns", "working_ns", "restarting_ns", "op_ns", "setup_pause_ns",
 * "after_pause_ns". */
const char *stw_dist_name(uint32_t dist);

struct stw_dist {
    int64_t count; /* 0: the others mean nothing */
    int64_t p50, p99, max, sum;
};


struct stw_pair {
    char *key;
    char *value;
};

struct stw_pairs {
    struct stw_pair *items;
    uint32_t count;
};

/* A counter's median over the ok trials, or its value in one of them. */
struct stw_median {
    char *name;
    int64_t value;
};

/* Minimum mutator utilisation for one window, of the ok trials that lasted so long. */
struct stw_utilisation {
    int64_t window_ns;
    double least, median; /* lower median */
};

/* A further time of operations, over all ok trials; its sum is not known. */
struct stw_op_time {
    char *name; /* "op.intended", "op:read" */
    struct stw_dist dist;
};

/* A trial that is not ok. */
struct stw_failure {
    int64_t trial;
    uint32_t outcome; /* STW_OUTCOME_* */
    int32_t signal;   /* 0: none */
    char *detail;
};

/* A trial that is stored, or the one row of an excluded cell. */
struct stw_result_trial {
    uint32_t trial;
    uint32_t outcome; /* STW_OUTCOME_*, or STW_OUTCOMES: one that this program does not know */
};

struct stw_result_cell {
    int64_t cell;
    char *id, *hash;
    struct stw_pairs axes;
    int64_t outcomes[STW_OUTCOMES];
    struct stw_failure *failures; /* in the order of trials; an excluded cell has one: skipped */
    uint32_t failure_count;
    uint32_t first_row, row_count; /* its trials, in stw_results' trials */
    int64_t trial_count; /* stored; skipped ones not counted */
    int64_t wall_ns_sum; /* of those trials */
    /* Of the ok trials: stops that are in no number of stops, and pieces of taken time, without
     * which utilisations are too high. */
    int64_t stops_lost, intervals_lost;
    /* Summaries: */
    struct stw_dist *dists;     /* [STW_DISTS] */
    struct stw_median *medians; /* sorted by name */
    uint32_t median_count;
    struct stw_median *gap; /* counters gap.* of the trial with the longest gap */
    uint32_t gap_count;
    struct stw_utilisation *mmu; /* ascending windows */
    uint32_t mmu_count;
    struct stw_op_time *op_times; /* sorted by name */
    uint32_t op_time_count;
};

/* Processor time that was lost to somebody, and that there was while it was measured; 0: never. */
struct stw_time_share {
    double ns, of_ns;
};

/* How often the idle threads of trials woke; by more than 1 ms too late. */
struct stw_wakes {
    int64_t count, late, late_ns_max;
};

/* What tells of the machine during a run, and of what its record lacks (report/noise.h). */
struct stw_noise_numbers {
    struct stw_time_share others, steal, throttled;
    double load_max;            /* the highest load average at a start; 0: not known */
    struct stw_wakes roomy, full; /* of cells with fewer, with as many mutators as processors */
    int64_t long_stops, machine_stops; /* of 1 ms and more; of these, while a wake was late */
    int64_t stops_lost, pieces_lost;   /* stops, and pieces of taken time, that are not stored */
    int64_t clipped_cells; /* with operations longer than a histogram tells */
};

/* What a cell's ratio to itself may be in a metric, at 95 %. */
struct stw_floor {
    const char *metric;
    double low, high;
};

/* The trials of one cell that ran once more in each block (report/canary.h). */
#define STW_FLOORS 3u
struct stw_canary {
    char *of;     /* the cell's id; null: there is no canary */
    int64_t cell; /* its number */
    int64_t trial_count, ok, wall_ns_sum;
    struct stw_floor floors[STW_FLOORS];
    uint32_t floor_count;
};

struct stw_results {
    char *path;               /* of the database */
    struct stw_reader reader; /* open until the results are freed */
    struct stw_pairs info;        /* name, question, trials, ... */
    struct stw_pairs environment; /* kernel, cpu, ... */
    struct stw_fact_list facts;   /* what its trials may have */
    struct stw_result_cell *cells; /* by number */
    struct stw_history history;   /* plans, and differences of its starts */
    struct stw_noise_numbers noise;
    struct stw_canary canary;
    uint32_t cell_count;
    struct stw_dist *dists; /* of all cells, once they are summarised */
    struct stw_result_trial *trials; /* by cell and number */
    uint32_t trial_count;
};

/* Opens `run`, a run directory or its results.sqlite, and reads which cells it has and what became
 * of their trials, no summaries. STW_E_INVALID: it is no run of ours, or it is damaged; STW_E_IO:
 * it is one but cannot be read. Free with stw_results_free in both cases. `error` has to last as
 * long. */
stw_status stw_results_open(const char *run, struct stw_results *results, struct stw_error *error);
/* Reads the cells' summaries: distributions, counters, utilisation and the like. */
stw_status stw_results_summarise(struct stw_results *results);
/* Both. */
stw_status stw_results_read(const char *run, struct stw_results *results, struct stw_error *error);
void stw_results_free(struct stw_results *results);

/* What the run's trials were kept from, in a short line: "on" (plan/policy.h). */
const char *stw_results_sandbox(const struct stw_results *results);
/* The key of a setting that all cells have alike, fixed or at its default, from a pair of
 * results->info; null when the pair is no such setting. */
const char *stw_results_constant(const struct stw_pair *pair);
/* The value of `key`, or null. */
const char *stw_pairs_get(const struct stw_pairs *pairs, const char *key);
/* The counter's median, or null when the cell does not have it. */
const int64_t *stw_result_median(const struct stw_result_cell *cell, const char *name);
/* The counter's value in the trial with the longest gap, or null. */
const int64_t *stw_result_of_longest_gap(const struct stw_result_cell *cell, const char *name);

#endif
