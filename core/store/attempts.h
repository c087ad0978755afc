/* store/attempts.h: attempts at a trial but the last one. Files of the store only. */
#ifndef STW_STORE_ATTEMPTS_H
#define STW_STORE_ATTEMPTS_H

#include "store/sql.h"

/* What a run that goes on finds noted (table attempt) was lost with its coordinator: it becomes an
 * earlier attempt, or a crashed trial (SA2). One transaction, if there is anything to be done. */
stw_status stw_attempts_recover(const struct stw_sql *sql, struct stw_error *error);
/* In a transaction: a stored trial, if it is there, becomes an earlier attempt. STW_E_IO;
 * stw_sql_failed tells why. */
stw_status stw_attempts_retire(const struct stw_sql *sql, const char *cell_hash, uint32_t trial);

#endif
