/* report/compare.h: two cells of a run beside each other: medians, ratio and its interval. */
#ifndef STW_REPORT_COMPARE_H
#define STW_REPORT_COMPARE_H

#include "base/text.h"
#include "report/bootstrap.h"
#include "report/cells.h"

#include <stdio.h>

struct stw_compare_options {
    const char *metric; /* report/metric.h */
    struct stw_bootstrap bootstrap;
    int as_lower_edges; /* stops that Go told count as the lower edges of their buckets */
};

struct stw_compared {
    const struct stw_result_cell *cell; /* null: there is only one */
    uint64_t trials, events;
    double value;
};

struct stw_comparison {
    struct stw_compared a, b;
    struct stw_interval interval; /* of a's value divided by b's; without b: of a's value */
    const char *unit, *events;
    const char *sandbox; /* stw_results_sandbox; borrowed */
};

/* Compares the cells that the words name; `b` may be null: then a's value has an interval. A word
 * is a cell's id, or KEY=VALUE with commas between several; it fits one cell. runtime=go1.23 fits
 * go1.23.5. STW_E_INVALID: no cell, or several, or no such metric; STW_E_STATE: a cell has nothing
 * to compare, and why. */
stw_status stw_compare(const struct stw_results *results, const char *a, const char *b,
                       const struct stw_compare_options *options,
                       struct stw_comparison *comparison, struct stw_error *error);
void stw_compare_text(const struct stw_comparison *comparison,
                      const struct stw_compare_options *options, struct stw_text *text);
void stw_compare_json(const struct stw_comparison *comparison,
                      const struct stw_compare_options *options, FILE *file);

#endif
