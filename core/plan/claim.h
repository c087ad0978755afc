/* plan/claim.h: what a claim expects.
 *
 *     expect   = side relation side | number
 *     relation = "==" | "!=" | "<" | "<=" | ">" | ">="
 *     side     = word | function "(" argument ("," argument)* ")"
 *     function = "ratio"
 *     argument = word | cell
 *     cell     = key "=" value
 *
 * A word is a number (one with a unit, too) or the name of a metric (base/metric.h). Keys are those
 * of [axes] and [fixed]. */
#ifndef STW_PLAN_CLAIM_H
#define STW_PLAN_CLAIM_H

#include "plan/draft.h"

/* Whether `text` can be judged one day; STW_E_INVALID with what is wrong. The draft's axes are
 * read by then. */
stw_status stw_claim_check(const struct stw_draft *draft, const char *text,
                           struct stw_error *error);
/* Whether `name` is a metric of the experiment; likewise. `*is_maximum`: it is one of the largest
 * value. */
stw_status stw_claim_metric(const struct stw_draft *draft, const char *name, int *is_maximum,
                            struct stw_error *error);

#endif
