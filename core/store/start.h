/* store/start.h: each start of a run: what ran, and where. Files of the store only. */
#ifndef STW_STORE_START_H
#define STW_STORE_START_H

#include "store/contents.h"

/* Adds a start, the first or one that resumes, with what runs, what the environment is now, and
 * what is planned; `added`: what is new in the matrix, or null. Within a transaction; STW_E_IO:
 * stw_sql_failed tells why. */
stw_status stw_start_insert(const struct stw_sql *sql, const struct stw_plan *plan,
                            const char *added, int64_t *number);
/* Says on stderr what is not as it was at the start before. */
stw_status stw_start_tell(const struct stw_sql *sql, int64_t number, struct stw_error *error);
/* STW_E_STATE: stwlab, a plugin, another runtime's program or the environment is not the one whose
 * trials the run in folder `run` holds; not with plan->is_mixed. */
stw_status stw_start_check(const struct stw_sql *sql, const struct stw_plan *plan, const char *run,
                           struct stw_error *error);

#endif
