/* report/significance.h: whether a difference may be chance: p values, and many of them at once. */
#ifndef STW_REPORT_SIGNIFICANCE_H
#define STW_REPORT_SIGNIFICANCE_H

#include "report/sample.h"

/* Fewer blocks cannot show anything at 5 %: of 2^5 ways to exchange five, two are the extremes. */
#define STW_SIGNIFICANCE_BLOCKS 6u

struct stw_significance {
    double p;        /* two-sided, of "the two cells do not differ" */
    int direction;   /* -1: a's values are less; 1: more; 0: neither */
    uint32_t blocks; /* in which both had a value */
};

/* Wilcoxon's signed-rank test (1945) of the differences within blocks, each of the two trials'
 * statistics: exact, with ties as they are, because the order in which trials ran was shuffled in
 * blocks. Blocks in which one has no value, or both the same, do not count. Sorts the samples. */
struct stw_significance stw_signed_ranks(struct stw_sample *a, struct stw_sample *b,
                                         struct stw_statistic statistic);

/* Makes p[i] what it is when `count` questions are asked at once (Holm 1979): the chance of even
 * one false "different" among them stays below the level that each is compared with. */
void stw_holm(double *p, uint32_t count);

#endif
