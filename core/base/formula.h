/* base/formula.h: the language of conditions: what holds of keys that somebody else knows.
 *
 *     condition  = all ("||" all)*
 *     all        = one ("&&" one)*
 *     one        = "!" one | "(" condition ")" | key ["%" divisor] operator value
 *     operator   = "==" | "!=" | "<" | "<=" | ">" | ">="
 *
 * A value is a word, or anything in "..." or '...'. "mutators % 2 == 1" compares what is left of a
 * division. What keys there are and how their values compare is for who asks: plan/condition.c for
 * experiments, host/manifest_refuses.c for manifests. */
#ifndef STW_BASE_FORMULA_H
#define STW_BASE_FORMULA_H

#include <stwlab/base.h>

enum stw_relation {
    STW_EQUAL,
    STW_UNEQUAL,
    STW_LESS,
    STW_LESS_EQUAL,
    STW_GREATER,
    STW_GREATER_EQUAL
};

/* Texts are terminated, and owned by the formula. */
struct stw_comparison {
    char *key, *value;
    uint64_t divisor; /* 0: the value itself is compared */
    enum stw_relation relation;
    uint32_t at; /* where it begins in the text */
};

struct stw_formula {
    struct stw_comparison *comparisons; /* as they stand in the text */
    uint32_t comparison_count;
    unsigned char *steps; /* of a stack machine */
    uint32_t step_count;
};

/* STW_E_INVALID with what is wrong, and in *at (which may be null) where in the text. Free in any
 * case. */
stw_status stw_formula_parse(const char *text, struct stw_formula *formula, uint32_t *at,
                             struct stw_error *error);
void stw_formula_free(struct stw_formula *formula);

/* Whether it holds; answers[i]: whether comparison i does. */
int stw_formula_holds(const struct stw_formula *formula, const unsigned char *answers);
/* Whether `order`, of a value to another (-1, 0 or 1), is what the relation asks for. */
int stw_relation_holds(enum stw_relation relation, int order);
/* The number that a remainder is compared with, spelt in digits: a new string, or null with an
 * error. */
char *stw_formula_remainder(const struct stw_comparison *comparison, struct stw_error *error);
/* Whether it takes an order. */
int stw_relation_is_order(enum stw_relation relation);

#endif
