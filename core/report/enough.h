/* report/enough.h: whether each cell of a run is known as well as its plan asks (plan/trials.c). */
#ifndef STW_REPORT_ENOUGH_H
#define STW_REPORT_ENOUGH_H

#include "plan/experiment.h"

struct stw_sql;

struct stw_enough_look {
    const struct stw_matrix *matrix; /* of an experiment that has such a rule */
    uint32_t first; /* the cell that was not there yet at the last look: zero at first */
};

/* `context` is a struct stw_enough_look; `sql` an open run of that matrix. As lab/run.h wants it.
 * STW_E_INVALID: the run has no such metric. */
stw_status stw_enough_ask(void *context, const struct stw_sql *sql, int *is_enough,
                          struct stw_error *error);

#endif
