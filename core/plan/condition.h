/* plan/condition.h: the conditions of [exclude], and of plugins that refuse settings.
 *
 * Their language is in base/formula.h. A key is one of [axes] or [fixed], and for a plugin's
 * condition any setting of the runtime and parameter of it. Numbers have an order; texts can only
 * be equal or not. */
#ifndef STW_PLAN_CONDITION_H
#define STW_PLAN_CONDITION_H

#include "plan/draft.h"

struct stw_condition; /* opaque */

/* Parses and checks a condition over the draft's axes, which must not change afterwards. Of one
 * that a manifest has (`is_declared`) keys may have their defaults, and values need not occur. Null
 * with an error. */
struct stw_condition *stw_condition_parse(const struct stw_draft *draft, const char *text,
                                          int is_declared, struct stw_error *error);
/* Whether it holds in the cell where axis i has its value number picks[i]. */
int stw_condition_holds(const struct stw_condition *condition, const uint32_t *picks);
void stw_condition_free(struct stw_condition *condition);

#endif
