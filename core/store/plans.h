/* store/plans.h: what was planned at each start of a run. Files of the store only. */
#ifndef STW_STORE_PLANS_H
#define STW_STORE_PLANS_H

#include "store/contents.h"

/* Notes the plan of a start. `added`: how its matrix differs from the run's before; null: it does
 * not. Within a transaction; STW_E_IO: stw_sql_failed tells why. */
stw_status stw_plans_insert(const struct stw_sql *sql, int64_t start,
                            const struct stw_matrix *matrix, const char *added);
/* Notes how a start ended, a word, and how many trials of a cell there are then. `is_enough`: so
 * many are what the run has. Likewise. */
stw_status stw_plans_end(const struct stw_sql *sql, int64_t start, const char *ended,
                         uint64_t trials, int is_enough);

#endif
