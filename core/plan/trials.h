/* plan/trials.h: how many trials each cell has: a number, or enough of them.
 * Private to experiment.c. */
#ifndef STW_PLAN_TRIALS_H
#define STW_PLAN_TRIALS_H

#include "plan/draft.h"

#define STW_TRIALS_MOST 100000u /* of a cell */

/* Whether a value of `trials` is meant to be a rule, and no number. */
int stw_trials_is_rule(const char *text);
/* Reads "20..200 until 5% of stop.p50" into experiment->trials (the most) and ->enough. The axes
 * have been read. STW_E_INVALID. */
stw_status stw_trials_parse(const struct stw_draft *draft, const char *text,
                            struct stw_experiment *experiment, struct stw_error *error);

#endif
