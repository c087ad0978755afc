/* store/difference.h: how the experiment of a run differs from a file's. Store only. */
#ifndef STW_STORE_DIFFERENCE_H
#define STW_STORE_DIFFERENCE_H

#include "base/text.h"
#include "store/contents.h"

/* Adds "KEY: was OLD, is NEW" for all that differs, with "; " between; never nothing. STW_E_IO:
 * stw_sql_failed tells why. */
stw_status stw_plan_difference(const struct stw_sql *sql, const struct stw_plan *plan,
                               struct stw_text *text);

/* Whether the matrix has all cells of the run, with the same ones excluded, and the same seed. Sets
 * `*failed`: stw_sql_failed tells why. */
int stw_plan_is_larger(const struct stw_sql *sql, const struct stw_matrix *matrix, int *failed);

#endif
