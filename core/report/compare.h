/* report/compare.h: cells beside each other: values, ratio, difference, and what they show.
 *
 * A difference is shown when its interval does not hold 0 and p is small enough: p is of signed
 * ranks within blocks, corrected for all comparisons that were asked at once. No verdict is given
 * where the data cannot carry one: fewer than 6 trials, a maximum, a percentile with fewer than 10
 * events beyond it, nor where stops were not recorded. Then the value stands there, and why. */
#ifndef STW_REPORT_COMPARE_H
#define STW_REPORT_COMPARE_H

#include "base/text.h"
#include "report/bootstrap.h"
#include "report/cells.h"
#include "report/metric.h"
#include "report/noise.h"

#include <stdio.h>

struct stw_compare_options {
    struct stw_bootstrap bootstrap;
    int as_lower_edges; /* stops that Go told count as the lower edges of their buckets */
    double factor;      /* b counts so many times; 0: once */
    int are_many;       /* comparisons: one that has nothing to compare is told among them */
    const struct stw_history *histories[2]; /* of the runs; null: not told */
    const struct stw_gates *gates; /* judged ones, for JSON; null: there are none */
    const struct stw_noise *noise; /* of the run or the two, to be told; null: it is not */
};

struct stw_compared {
    const struct stw_result_cell *cell; /* null: there is only one */
    uint64_t trials, events;
    uint64_t lost;   /* stops, or pieces of taken time, that the value is without */
    uint64_t beyond; /* events beyond the percentile, in a trial or in all, as the metric has it */
    double value;
};

enum stw_verdict {
    STW_SHOWN_NOTHING, /* no verdict: `without` says why */
    STW_SHOWN_EQUAL,   /* the same in every trial of both */
    STW_SHOWN_LESS,    /* a's is less */
    STW_SHOWN_MORE,
    STW_SHOWN_NO_DIFFERENCE
};

struct stw_cells_compared {
    struct stw_metric metric;
    struct stw_compared a, b;
    struct stw_interval value;    /* a's; only when there is no b */
    double factor;                /* that b's values count in the contrast */
    struct stw_contrast contrast; /* of a and b: the ratio as it is, a less factor times b */
    double p, p_of_all;           /* as if it were the only question; of all that were asked */
    uint32_t blocks;              /* that have trials of both */
    int direction;                /* -1, 0, 1: in most blocks a's value is less, more */
    int is_constant;              /* all values of a are one and the same, and so are b's */
    enum stw_verdict shown;
    const char *without; /* why nothing is shown, or null */
    double would_show;   /* the least ratio above 1 that so many trials show in 4 of 5 runs, when so
                          * much is asked at once; 0: not known */
};

/* Zero-initialise. */
struct stw_comparisons {
    struct stw_cells_compared *items;
    uint32_t count;
    uint32_t trials_needed; /* of each cell, so that what was asked at once can be shown; 0: there
                             * are enough */
};

/* A cell and the run that it is of, open. */
struct stw_compare_side {
    const struct stw_results *results;
    struct stw_reader *reader;
    const struct stw_result_cell *cell;
};

/* Adds the comparison of two cells; `b` may be null: then a's value has an interval. Cells of two
 * runs are never judged: two runs of one build differ as well. `metric` is borrowed. STW_E_INVALID:
 * no such metric; STW_E_STATE: a cell has nothing to compare, and why (but see are_many). */
stw_status stw_compare_cells(const char *metric, const struct stw_compare_side *a,
                             const struct stw_compare_side *b,
                             const struct stw_compare_options *options,
                             struct stw_comparisons *comparisons, struct stw_error *error);
/* When all are there: corrects p for their number, and says what is shown. */
void stw_compare_judge(struct stw_comparisons *comparisons,
                       const struct stw_compare_options *options);
void stw_comparisons_free(struct stw_comparisons *comparisons);

/* "no difference shown; 20 trials would show 10 %". */
void stw_compare_verdict(const struct stw_cells_compared *compared, struct stw_text *text);
/* One comparison in full, or a table of several. */
void stw_compare_text(const struct stw_comparisons *comparisons, const struct stw_results *results,
                      const struct stw_compare_options *options, struct stw_text *text);
/* One object, or an array of them. */
void stw_compare_json(const struct stw_comparisons *comparisons, const struct stw_results *results,
                      const struct stw_compare_options *options, FILE *file);

#endif
