/* store/difference.h: how the experiment of a run differs from a file's. Store only. */
#ifndef STW_STORE_DIFFERENCE_H
#define STW_STORE_DIFFERENCE_H

#include "base/text.h"
#include "store/contents.h"

/* Adds "KEY: was OLD, is NEW" for all that differs, with "; " between; never nothing. STW_E_IO:
 * stw_sql_failed tells why. */
stw_status stw_plan_difference(const struct stw_sql *sql, const struct stw_plan *plan,
                               struct stw_text *text);

#endif
