/* store/store.h: the run directory and its results.sqlite: one file is the whole record.
 *
 * One transaction a trial, durable before the next begins (journal PERSIST, synchronous FULL).
 * docs/reference/results.md describes tables and views. Coordinator only, one thread. */
#ifndef STW_STORE_STORE_H
#define STW_STORE_STORE_H

#include "plan/experiment.h"
#include "plan/identity.h"
#include "trial/outcome.h"
#include "trial/record.h"

struct stw_store; /* opaque */

/* How a run is opened. */
#define STW_STORE_NEW 0u
#define STW_STORE_RESUME 1u
#define STW_STORE_RETRY 2u /* likewise, and trials that failed may be stored anew */
#define STW_STORE_MIXED 4u /* with one of these: also of other programs, or from elsewhere */

/* Creates RUN/results.sqlite (and RUN). A run that exists is an error if `how` is new; else the
 * experiment must have all of its cells, and all that runs (`identities`; null: not looked at) and
 * the environment must be the same: STW_E_STATE with the difference. What is not the same with
 * STW_STORE_MIXED is told on stderr.
 * STW_E_IO with the system's words for an unwritable folder or a full disk; STW_E_INVALID for a
 * file that is damaged or no database. */
stw_status stw_store_open(const char *run, const struct stw_matrix *matrix,
                          const struct stw_registry *registry,
                          const struct stw_identities *identities, uint32_t how,
                          struct stw_store **store, struct stw_error *error);
/* Whether stw_store_open would take that run: the same errors, but nothing is created, locked or
 * changed. */
stw_status stw_store_check(const char *run, const struct stw_matrix *matrix,
                           const struct stw_registry *registry,
                           const struct stw_identities *identities, uint32_t how,
                           struct stw_error *error);
void stw_store_close(struct stw_store *store);
/* A reader with an open transaction keeps a write waiting as long as it takes, or until
 * `gives_up` (asked again and again meanwhile) says so: then the write fails with STW_E_STATE. */
void stw_store_heed(struct stw_store *store, int (*gives_up)(void *context), void *context);
/* Whether this trial was stored when the store was opened, and need not be stored anew. Asks
 * nothing of the database: a large matrix asks millions of times. */
int stw_store_has(const struct stw_store *store, const struct stw_cell *cell, uint32_t trial);
/* Whether a coordinator was lost while this trial ran, and it was not stored since; likewise. */
int stw_store_was_lost(const struct stw_store *store, const struct stw_cell *cell, uint32_t trial);
/* Whether the run began with a canary (plan/experiment.h). */
int stw_store_has_canary(const struct stw_store *store);
/* How many stored trials were neither ok nor skipped, and of how many cells. */
stw_status stw_store_count_not_ok(const struct stw_store *store, uint64_t *trials, uint32_t *cells,
                                  struct stw_error *error);
/* Says which trial is next: what is written next notes it, so that a coordinator that comes after
 * this one knows what it was doing when it died. Null: none. `cell` is borrowed. */
void stw_store_announce(struct stw_store *store, const struct stw_cell *cell, uint32_t trial);
/* Writes what was announced, if nothing that was written since has done so. */
stw_status stw_store_settle(struct stw_store *store, struct stw_error *error);
/* Notes how this start ended ("planned", "enough", "time", "interrupted"), with so many trials of a
 * cell; `is_enough`: those are all that the run is to have. */
stw_status stw_store_ended(struct stw_store *store, const char *ended, uint64_t trials,
                           int is_enough, struct stw_error *error);
/* Stores one trial with its pauses, counters and histogram; all or nothing. `record` is
 * null, or has been checked (stw_record_problem). A trial that was there goes to the earlier ones
 * (STW_STORE_RETRY). Of more stops or cycles than STW_STORE_STOPS the first are stored, and of what
 * takes too long to write what was written in time: the note and pauses_lost tell. */
#define STW_STORE_STOPS (1u << 18)
stw_status stw_store_trial(struct stw_store *store, const struct stw_cell *cell, uint32_t trial,
                           const struct stw_outcome *outcome, const struct stw_record *record,
                           struct stw_error *error);
void stw__store_check(const struct stw_store *store);
/* The database, for other files of the store. */
struct stw_sql *stw_store_sql(const struct stw_store *store);

#endif
