/* report/select.h: naming cells of a run (plan/naming.h says how). */
#ifndef STW_REPORT_SELECT_H
#define STW_REPORT_SELECT_H

#include "plan/naming.h"
#include "report/cells.h"

/* The cells that `words` name, in their order; free the array. STW_E_INVALID: there are none, or
 * there is no such key; the message has the nearest one. */
stw_status stw_select_cells(const struct stw_results *results, const char *words,
                            const struct stw_result_cell ***cells, uint32_t *count,
                            struct stw_error *error);
/* Likewise; STW_E_INVALID also when there are several. */
stw_status stw_select_cell(const struct stw_results *results, const char *words,
                           const struct stw_result_cell **cell, struct stw_error *error);

#endif
