/* plan/condition.h: the conditions of [exclude].
 *
 *     condition  = all ("||" all)*
 *     all        = one ("&&" one)*
 *     one        = "!" one | "(" condition ")" | key operator value
 *     operator   = "==" | "!=" | "<" | "<=" | ">" | ">="
 *
 * A key is one of [axes] or [fixed]. A value is a word, or anything in "..." or '...'. Numbers have
 * an order; texts can only be equal or not. */
#ifndef STW_PLAN_CONDITION_H
#define STW_PLAN_CONDITION_H

#include "plan/draft.h"

struct stw_condition; /* opaque */

/* Parses and checks a condition over the draft's axes, which must not change afterwards. Null with
 * an error. */
struct stw_condition *stw_condition_parse(const struct stw_draft *draft, const char *text,
                                          struct stw_error *error);
/* Whether it holds in the cell where axis i has its value number picks[i]. */
int stw_condition_holds(const struct stw_condition *condition, const uint32_t *picks);
void stw_condition_free(struct stw_condition *condition);

#endif
