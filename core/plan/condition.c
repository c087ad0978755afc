/* plan/condition.c: what a condition means in an experiment.
 *
 * A key has a finite list of values, so a comparison is decided for each of them when it is read,
 * and a cell only looks the answers up. */
#include "plan/condition.h"

#include "base/check.h"
#include "base/error.h"
#include "base/formula.h"
#include "plan/settings.h"

#include <stdlib.h>
#include <string.h>

#define NO_AXIS UINT32_MAX

/* The answers to one comparison. */
struct bound {
    uint32_t axis;          /* NO_AXIS: fixed or a default, answers[0] counts */
    unsigned char *answers; /* by value number */
};

struct stw_condition {
    struct stw_formula formula;
    struct bound *bounds;      /* [formula.comparison_count] */
    unsigned char *answers; /* of the cell in hand, by comparison */
};

struct reader {
    const struct stw_draft *draft;
    int is_declared; /* by a manifest */
    struct stw_error *error;
};

/* One side of a comparison. */
struct operand {
    const struct stw_axis *axis;
    struct stw_key key;
    int is_complete;
    uint32_t index; /* of the axis, or NO_AXIS */
};

/* A key that the file does not mention has its default, for a manifest. */
static stw_status find_default(const struct reader *r, const char *key, struct operand *operand)
{
    const struct stw_experiment *e = r->draft->experiment;
    const struct stw_axis *axis =
        r->is_declared ? stw_axis_find(e->defaults, e->default_count, key) : NULL;
    if (!axis)
        return stw_draft_refuse_key(r->draft, key, r->error);
    *operand = (struct operand){.axis = axis, .is_complete = 1, .index = NO_AXIS};
    return stw_key_resolve(r->draft->registry, r->draft->workload, key, &operand->key, r->error);
}

static stw_status find_operand(const struct reader *r, const char *key, struct operand *operand)
{
    const struct stw_draft *draft = r->draft;
    const struct stw_experiment *e = draft->experiment;
    const struct stw_axis *axis = stw_axis_find(e->axes, e->axis_count, key);
    const struct stw_axis *fixed = stw_axis_find(e->fixed, e->fixed_count, key);
    if (!axis && !fixed)
        return find_default(r, key, operand);
    const struct stw_draft_key *source = axis ? &draft->axes[axis - e->axes]
                                              : &draft->fixed[fixed - e->fixed];
    uint32_t index = axis ? (uint32_t)(axis - e->axes) : NO_AXIS;
    *operand = (struct operand){axis ? axis : fixed, source->key, source->is_complete, index};
    return STW_OK;
}

/* -1, 0 or 1; numbers only, both valid. */
static int compare_numbers(const struct stw_param *param, const char *a, const char *b)
{
    struct stw_value x = {0}, y = {0};
    STW_REQUIRE(!stw_param_parse(param, a, &x, NULL) && !stw_param_parse(param, b, &y, NULL));
    if (param->type == STW_TYPE_F64)
        return (x.as_f64 > y.as_f64) - (x.as_f64 < y.as_f64);
    return (x.as_u64 > y.as_u64) - (x.as_u64 < y.as_u64);
}

/* "go1.23.8" is also "go1.23" and "go". */
static int is_value(const struct stw_key *key, const char *value, const char *wanted)
{
    return stw_key_is_runtime(key) ? stw_runtime_matches(value, wanted)
                                   : strcmp(value, wanted) == 0;
}

/* What is left of whole numbers, both valid. */
static int compare_remainders(const struct stw_param *param, const char *value, uint64_t divisor,
                              uint64_t wanted)
{
    struct stw_value x = {0};
    STW_REQUIRE(!stw_param_parse(param, value, &x, NULL));
    uint64_t left = x.as_u64 % divisor;
    return (left > wanted) - (left < wanted);
}

static int decide(const struct stw_key *key, const char *value,
                  const struct stw_comparison *comparison, const char *wanted)
{
    enum stw_relation relation = comparison->relation;
    if (comparison->divisor)
        return stw_relation_holds(relation, compare_remainders(key->param, value,
                                                               comparison->divisor,
                                                               strtoull(wanted, NULL, 10)));
    if (!stw_relation_is_order(relation))
        return is_value(key, value, wanted) == (relation == STW_EQUAL);
    return stw_relation_holds(relation, compare_numbers(key->param, value, wanted));
}

/* A value that no cell has is most likely a slip. Keys of --set and defaults are let off: the
 * condition was written for other values. */
static stw_status check_occurs(const struct reader *r, const struct operand *operand,
                               const char *value)
{
    const struct stw_axis *axis = operand->axis;
    for (uint32_t i = 0; i < axis->value_count; i++)
        if (is_value(&operand->key, axis->values[i], value))
            return STW_OK;
    if (!axis->line || r->is_declared)
        return STW_OK;
    const char *near =
        stw_nearest(value, (const char *const *)axis->values, axis->value_count);
    return stw_error_set(r->error, STW_E_INVALID, NULL,
                         near ? "\"%s\" is not a value of %s; did you mean \"%s\"?"
                              : "\"%s\" is not a value of %s",
                         value, axis->key, near ? near : "");
}

/* The value in its one spelling, or null with an error. A manifest may name plugins and runtimes
 * that are not there. */
static char *read_value(const struct reader *r, const struct operand *operand,
                        const struct stw_comparison *comparison)
{
    const struct stw_param *param = operand->key.param;
    struct stw_error why = STW_ERROR_INIT;
    char *value = NULL;
    if (comparison->divisor && param->type != STW_TYPE_U64)
        stw_error_set(&why, STW_E_INVALID, NULL, "is no whole number: it has no remainder");
    else if (comparison->divisor)
        value = stw_formula_remainder(comparison, &why);
    else
        value = stw_key_canonical(r->draft->registry, &operand->key, comparison->value, &why);
    if (!value && r->is_declared && param->type == STW_TYPE_TEXT)
        return stw_strdup(comparison->value);
    if (!value)
        stw_error_set(r->error, STW_E_INVALID, NULL, "%s: %s", operand->axis->key, why.message);
    return value;
}

/* Decides a comparison for every value of its key. */
static stw_status bind(const struct reader *r, const struct stw_comparison *comparison,
                       struct bound *bound)
{
    struct operand operand;
    int is_order = stw_relation_is_order(comparison->relation);
    stw_status status = find_operand(r, comparison->key, &operand);
    if (status)
        return status;
    const struct stw_axis *axis = operand.axis;
    *bound = (struct bound){operand.index, stw_new(axis->value_count, 1)};
    if (!operand.is_complete)
        return STW_OK; /* its own problem is reported; this condition will not be used */
    if (is_order && !stw_key_is_number(&operand.key))
        return stw_error_set(r->error, STW_E_INVALID, NULL,
                             "%s is not a number: only == and != compare it", axis->key);
    char *value = read_value(r, &operand, comparison);
    if (!value)
        return STW_E_INVALID;
    if (!is_order && !comparison->divisor)
        status = check_occurs(r, &operand, value);
    for (uint32_t i = 0; !status && i < axis->value_count; i++)
        bound->answers[i] =
            (unsigned char)decide(&operand.key, axis->values[i], comparison, value);
    free(value);
    return status;
}

struct stw_condition *stw_condition_parse(const struct stw_draft *draft, const char *text,
                                          int is_declared, struct stw_error *error)
{
    struct reader reader = {draft, is_declared, error};
    struct stw_condition *condition = stw_new(1, sizeof *condition);
    struct stw_formula *formula = &condition->formula;
    stw_status status = stw_formula_parse(text, formula, NULL, error);
    condition->bounds = stw_new(formula->comparison_count, sizeof *condition->bounds);
    condition->answers = stw_new(formula->comparison_count, 1);
    for (uint32_t i = 0; !status && i < formula->comparison_count; i++)
        status = bind(&reader, &formula->comparisons[i], &condition->bounds[i]);
    if (!status)
        return condition;
    stw_condition_free(condition);
    return NULL;
}

int stw_condition_holds(const struct stw_condition *condition, const uint32_t *picks)
{
    for (uint32_t i = 0; i < condition->formula.comparison_count; i++) {
        const struct bound *bound = &condition->bounds[i];
        condition->answers[i] = bound->answers[bound->axis == NO_AXIS ? 0 : picks[bound->axis]];
    }
    return stw_formula_holds(&condition->formula, condition->answers);
}

void stw_condition_free(struct stw_condition *condition)
{
    if (!condition)
        return;
    for (uint32_t i = 0; i < condition->formula.comparison_count; i++)
        free(condition->bounds[i].answers);
    free(condition->bounds);
    free(condition->answers);
    stw_formula_free(&condition->formula);
    free(condition);
}
