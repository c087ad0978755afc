/* report/pairs.h: which cell of a run stands beside which. */
#ifndef STW_REPORT_PAIRS_H
#define STW_REPORT_PAIRS_H

#include "report/cells.h"

struct stw_cell_pair {
    const struct stw_result_cell *cell, *baseline;
};

struct stw_cell_pairs {
    struct stw_cell_pair *items;
    uint32_t count;
};

/* Each cell that `baseline` (report/select.h) does not name, with the one that it names and that
 * differs from the cell in the fewest axes. With `by`, an axis, only cells that differ in it alone;
 * then `baseline` may be null: the axis's first value. Cells that have no ok trial are left out and
 * counted. STW_E_INVALID: a word fits nothing, or a cell has several baselines. Free items in any
 * case. */
stw_status stw_pair_cells(const struct stw_results *results, const char *baseline, const char *by,
                          struct stw_cell_pairs *pairs, uint32_t *without_trials,
                          struct stw_error *error);
/* The cells of two runs that are the same, by their hashes. */
void stw_pair_runs(const struct stw_results *a, const struct stw_results *b,
                   struct stw_cell_pairs *pairs);

#endif
