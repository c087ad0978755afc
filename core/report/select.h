/* report/select.h: naming cells of a run, in one way everywhere.
 *
 *   3                          its number, which `stwlab cells` and --dry-run print
 *   n=65536,strategy=pool      its id, or some KEY=VALUE of it: those that have them all
 *   n > 64k && strategy != none   a condition, as in [exclude] (base/formula.h)
 *
 * Keys are the run's axes, and what all of its cells have alike. Values may be spelt as in an INI:
 * 2^16 is 65536, a+b is "a + b", and runtime=go1.23 fits go1.23.5. */
#ifndef STW_REPORT_SELECT_H
#define STW_REPORT_SELECT_H

#include "report/cells.h"

/* The cells that `words` name, in their order; free the array. STW_E_INVALID: there are none, or
 * there is no such key; the message has the nearest one. */
stw_status stw_select_cells(const struct stw_results *results, const char *words,
                            const struct stw_result_cell ***cells, uint32_t *count,
                            struct stw_error *error);
/* Likewise; STW_E_INVALID also when there are several. */
stw_status stw_select_cell(const struct stw_results *results, const char *words,
                           const struct stw_result_cell **cell, struct stw_error *error);
/* Whether two spellings of a value mean the same. */
int stw_value_is(const char *key, const char *value, const char *wanted);

#endif
