/* store/contents.h: creates a run's rows and checks a run that goes on. Files of the store only. */
#ifndef STW_STORE_CONTENTS_H
#define STW_STORE_CONTENTS_H

#include "plan/experiment.h"
#include "plan/identity.h"
#include "store/sql.h"

/* What a run is to be made of. */
struct stw_plan {
    const struct stw_matrix *matrix;
    const struct stw_registry *registry;
    const struct stw_identities *identities; /* or null */
    int is_mixed; /* goes on with other programs, or elsewhere, too */
};

/* Makes an empty database a run, in one transaction. `*start`: the number of this start. */
stw_status stw_plan_create(const struct stw_sql *sql, const struct stw_plan *plan, int64_t *start,
                           struct stw_error *error);
/* STW_E_STATE with the difference when the run in folder `run` has a cell that the plan has not, or
 * is of other programs and plugins, or from elsewhere. */
stw_status stw_plan_check(const struct stw_sql *sql, const struct stw_plan *plan, const char *run,
                          struct stw_error *error);
/* Notes what the file of a run that goes on may say anew, name, number of trials, question and
 * claims, further cells, and the new start; tells what has changed since the last one. */
stw_status stw_plan_resume(const struct stw_sql *sql, const struct stw_plan *plan, int64_t *start,
                           struct stw_error *error);

#endif
