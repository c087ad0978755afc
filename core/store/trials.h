/* store/trials.h: sets of trials, read from a run's file. */
#ifndef STW_STORE_TRIALS_H
#define STW_STORE_TRIALS_H

#include "store/sql.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; free `keys`. */
struct stw_trials {
    uint64_t *keys;
    size_t count;
};

void stw__trials_check(const struct stw_trials *trials);
/* Adds what a query finds: rows of a cell's number and a trial's, none of them twice. */
stw_status stw_trials_read(const struct stw_sql *sql, const char *query,
                           struct stw_trials *trials, struct stw_error *error);
int stw_trials_have(const struct stw_trials *trials, uint32_t cell, uint32_t trial);

#endif
