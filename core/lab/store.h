/* lab/store.h: the run directory and its results.sqlite: one file is the whole record.
 *
 * One transaction a trial, durable before the next begins (journal PERSIST, synchronous FULL).
 * docs/reference/results.md describes tables and views. Coordinator only, one thread. */
#ifndef STW_LAB_STORE_H
#define STW_LAB_STORE_H

#include "lab/experiment.h"
#include "lab/outcome.h"
#include "lab/record.h"

struct stw_store; /* opaque */

/* Creates RUN/results.sqlite (and RUN). A run that exists is an error unless `resume`, and then its
 * experiment and its plugins' builds must be the same: STW_E_STATE with the difference. STW_E_IO
 * with the system's words for an unwritable folder or a full disk; STW_E_INVALID for a file that is
 * damaged or no database. */
stw_status stw_store_open(const char *run, const struct stw_matrix *matrix,
                          const struct stw_registry *registry, int resume,
                          struct stw_store **store, struct stw_error *error);
/* Whether stw_store_open would take that run: the same errors, but nothing is created, locked or
 * changed. */
stw_status stw_store_check(const char *run, const struct stw_matrix *matrix,
                           const struct stw_registry *registry, int resume,
                           struct stw_error *error);
void stw_store_close(struct stw_store *store);
/* A reader with an open transaction keeps a write waiting as long as it takes, or until
 * `gives_up` (asked again and again meanwhile) says so: then the write fails with STW_E_STATE. */
void stw_store_heed(struct stw_store *store, int (*gives_up)(void *context), void *context);
/* Whether this trial was stored when the store was opened. Asks nothing of the database: a large
 * matrix asks millions of times. */
int stw_store_has(const struct stw_store *store, const struct stw_cell *cell, uint32_t trial);
/* How many stored trials were neither ok nor skipped, and of how many cells. */
stw_status stw_store_count_not_ok(const struct stw_store *store, uint64_t *trials, uint32_t *cells,
                                  struct stw_error *error);
/* Stores one trial with its pauses, counters and histogram; all or nothing. `record` is
 * null, or has been checked (stw_record_problem). */
stw_status stw_store_trial(struct stw_store *store, const struct stw_cell *cell, uint32_t trial,
                           const struct stw_outcome *outcome, const struct stw_record *record,
                           struct stw_error *error);
/* The database, for other files of the store. */
struct stw_sql *stw_store_sql(const struct stw_store *store);

#endif
