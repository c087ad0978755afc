/* plan/condition.c: parses a condition by recursive descent into a program for a stack machine.
 *
 * A key has a finite list of values, so a comparison is decided for each of them while parsing, and
 * a cell only looks the answers up.
 * C1  parsing nests at most NESTING_MAX deep; holding a condition takes no recursion.
 * C2  each level of nesting keeps at most two answers waiting, so STACK_MAX is never exceeded. */
#include "plan/condition.h"

#include "base/array.h"
#include "base/check.h"
#include "base/error.h"
#include "base/utf8.h"
#include "plan/settings.h"

#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 32u
#define STACK_MAX (2 * NESTING_MAX + 4)
#define NO_AXIS UINT32_MAX
#define QUOTED_BYTES_MAX 40u /* of what is left, in a message */

enum step_kind { STEP_COMPARE, STEP_AND, STEP_OR, STEP_NOT };
enum relation { EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

struct step {
    enum step_kind kind;
    uint32_t axis;          /* NO_AXIS: fixed, answers[0] counts */
    unsigned char *answers; /* by value number */
};

struct stw_condition {
    struct step *steps;
    uint32_t count;
};

struct parser {
    const struct stw_draft *draft;
    const char *at;
    uint32_t depth;
    struct stw_condition *condition;
    struct stw_error *error;
};

/* One side of a comparison. */
struct operand {
    const struct stw_axis *axis;
    const struct stw_draft_key *source;
    uint32_t index; /* of the axis, or NO_AXIS */
};

static stw_status parse_any(struct parser *p);

static void skip_space(struct parser *p)
{
    p->at += strspn(p->at, " \t");
}

/* Whether `token` comes next; if so it is taken. */
static int take(struct parser *p, const char *token)
{
    skip_space(p);
    size_t length = strlen(token);
    if (strncmp(p->at, token, length) != 0)
        return 0;
    p->at += length;
    return 1;
}

/* What other languages write. */
static const char *slip_of(const char *at)
{
    static const char *const slips[][2] = {
        {"<>", "!="}, {"=<", "<="}, {"=>", ">="}, {"~=", "!="}, {"and", "&&"}, {"or", "||"},
        {"not", "!"}, {"AND", "&&"}, {"OR", "||"}, {"NOT", "!"}, {"#", "a \" ;\" for a comment"}};
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        size_t length = strlen(slips[i][0]);
        int is_word = slips[i][0][0] >= 'A';
        if (strncmp(at, slips[i][0], length) == 0 && (!is_word || strchr(" \t(", at[length])))
            return slips[i][1];
    }
    return *at == '=' && at[1] != '=' ? "==" : NULL;
}

static stw_status expected(struct parser *p, const char *what)
{
    skip_space(p);
    if (!*p->at)
        return stw_error_set(p->error, STW_E_INVALID, NULL, "the condition ends where %s should be",
                             what);
    const char *slip = slip_of(p->at);
    if (slip)
        return stw_error_set(p->error, STW_E_INVALID, NULL, "at \"%.*s\": write %s",
                             (int)stw_utf8_whole(p->at, QUOTED_BYTES_MAX), p->at, slip);
    return stw_error_set(p->error, STW_E_INVALID, NULL, "expected %s at \"%.*s\"", what,
                         (int)stw_utf8_whole(p->at, QUOTED_BYTES_MAX), p->at);
}

static void add_step(struct parser *p, struct step step)
{
    struct stw_condition *condition = p->condition;
    *STW_APPEND(condition->steps, condition->count) = step;
}

/* The next word, or quoted text when `may_quote`. A new string, or null with an error. */
static char *take_word(struct parser *p, const char *what, int may_quote)
{
    skip_space(p);
    const char *start = p->at;
    int is_quoted = may_quote && (*start == '"' || *start == '\'');
    size_t length;
    if (is_quoted) {
        const char *close = strchr(start + 1, *start);
        start++;
        if (!close) {
            stw_error_set(p->error, STW_E_INVALID, NULL, "the quotation is not closed");
            return NULL;
        }
        length = (size_t)(close - start);
        p->at = close + 1;
    } else {
        length = strcspn(start, " \t()&|!=<>\"'");
        p->at = start + length;
    }
    if (!length && !is_quoted) {
        expected(p, what);
        return NULL;
    }
    return memcpy(stw_new(length + 1, 1), start, length);
}

static stw_status take_relation(struct parser *p, enum relation *relation)
{
    static const struct {
        const char *token;
        enum relation relation;
    } relations[] = {{"==", EQUAL},      {"!=", UNEQUAL}, {"<=", LESS_EQUAL},
                     {">=", GREATER_EQUAL}, {"<", LESS},     {">", GREATER}};
    skip_space(p);
    if (slip_of(p->at))
        return expected(p, "==, !=, <, <=, > or >=");
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (take(p, relations[i].token)) {
            *relation = relations[i].relation;
            return STW_OK;
        }
    return expected(p, "==, !=, <, <=, > or >=");
}

static int find_key(const struct stw_axis *axes, uint32_t count, const char *key, uint32_t *index)
{
    for (*index = 0; *index < count; ++*index)
        if (strcmp(axes[*index].key, key) == 0)
            return 1;
    return 0;
}

static stw_status refuse_key(const struct parser *p, const char *key)
{
    const struct stw_experiment *e = p->draft->experiment;
    const char **words = stw_new(e->axis_count + e->fixed_count, sizeof *words);
    for (uint32_t i = 0; i < e->axis_count; i++)
        words[i] = e->axes[i].key;
    for (uint32_t i = 0; i < e->fixed_count; i++)
        words[e->axis_count + i] = e->fixed[i].key;
    const char *near = stw_nearest(key, words, e->axis_count + e->fixed_count);
    stw_status status =
        stw_error_set(p->error, STW_E_INVALID, NULL,
                      near ? "\"%s\" is neither in [axes] nor in [fixed]; did you mean \"%s\"?"
                           : "\"%s\" is neither in [axes] nor in [fixed]",
                      key, near ? near : "");
    free(words);
    return status;
}

static stw_status find_operand(const struct parser *p, const char *key, struct operand *operand)
{
    const struct stw_experiment *e = p->draft->experiment;
    uint32_t index;
    if (find_key(e->axes, e->axis_count, key, &index)) {
        *operand = (struct operand){&e->axes[index], &p->draft->axes[index], index};
        return STW_OK;
    }
    if (find_key(e->fixed, e->fixed_count, key, &index)) {
        *operand = (struct operand){&e->fixed[index], &p->draft->fixed[index], NO_AXIS};
        return STW_OK;
    }
    return refuse_key(p, key);
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

static int decide(const struct stw_key *key, const char *a, enum relation relation, const char *b)
{
    if (relation == EQUAL || relation == UNEQUAL)
        return is_value(key, a, b) == (relation == EQUAL);
    int order = compare_numbers(key->param, a, b);
    switch (relation) {
    case LESS:
        return order < 0;
    case LESS_EQUAL:
        return order <= 0;
    case GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

/* A value that no cell has is most likely a slip. Keys of --set and defaults are let off: the
 * condition was written for other values. */
static stw_status check_occurs(const struct parser *p, const struct operand *operand,
                               const char *value)
{
    const struct stw_axis *axis = operand->axis;
    for (uint32_t i = 0; i < axis->value_count; i++)
        if (is_value(&operand->source->key, axis->values[i], value))
            return STW_OK;
    if (!axis->line)
        return STW_OK;
    const char *near =
        stw_nearest(value, (const char *const *)axis->values, axis->value_count);
    return stw_error_set(p->error, STW_E_INVALID, NULL,
                         near ? "\"%s\" is not a value of %s; did you mean \"%s\"?"
                              : "\"%s\" is not a value of %s",
                         value, axis->key, near ? near : "");
}

/* Adds the comparison as a step: an answer for every value of the key. */
static stw_status add_comparison(struct parser *p, const struct operand *operand,
                                 enum relation relation, const char *text)
{
    const struct stw_axis *axis = operand->axis;
    const struct stw_key *key = &operand->source->key;
    int is_equality = relation == EQUAL || relation == UNEQUAL;
    struct step step = {STEP_COMPARE, operand->index, NULL};
    step.answers = stw_new(axis->value_count, 1);
    add_step(p, step);
    if (!operand->source->is_complete)
        return STW_OK; /* its own problem is reported; this condition will not be used */
    if (!is_equality && !stw_key_is_number(key))
        return stw_error_set(p->error, STW_E_INVALID, NULL,
                             "%s is not a number: only == and != compare it", axis->key);
    struct stw_error why = STW_ERROR_INIT;
    char *value = stw_key_canonical(p->draft->registry, key, text, &why);
    if (!value)
        return stw_error_set(p->error, STW_E_INVALID, NULL, "%s: %s", axis->key, why.message);
    stw_status status = is_equality ? check_occurs(p, operand, value) : STW_OK;
    for (uint32_t i = 0; !status && i < axis->value_count; i++)
        step.answers[i] = (unsigned char)decide(key, axis->values[i], relation, value);
    free(value);
    return status;
}

static stw_status parse_comparison(struct parser *p)
{
    struct operand operand;
    enum relation relation = EQUAL;
    char *key = take_word(p, "a comparison", 0), *value = NULL;
    if (!key)
        return STW_E_INVALID;
    stw_status status = find_operand(p, key, &operand);
    if (!status)
        status = take_relation(p, &relation);
    if (!status)
        value = take_word(p, "a value", 1);
    if (!status)
        status = value ? add_comparison(p, &operand, relation, value) : STW_E_INVALID;
    free(key);
    free(value);
    return status;
}

static stw_status parse_nested(struct parser *p)
{
    if (p->depth == NESTING_MAX)
        return stw_error_set(p->error, STW_E_INVALID, NULL, "nested more than %u deep",
                             NESTING_MAX);
    p->depth++;
    stw_status status = parse_any(p);
    p->depth--;
    if (!status && !take(p, ")"))
        status = expected(p, "&&, || or \")\"");
    return status;
}

static stw_status parse_one(struct parser *p)
{
    int is_negated = 0;
    while (take(p, "!"))
        is_negated = !is_negated;
    stw_status status = take(p, "(") ? parse_nested(p) : parse_comparison(p);
    if (!status && is_negated)
        add_step(p, (struct step){.kind = STEP_NOT});
    return status;
}

static stw_status parse_all(struct parser *p)
{
    stw_status status = parse_one(p);
    while (!status && take(p, "&&")) {
        status = parse_one(p);
        add_step(p, (struct step){.kind = STEP_AND});
    }
    return status;
}

static stw_status parse_any(struct parser *p)
{
    stw_status status = parse_all(p);
    while (!status && take(p, "||")) {
        status = parse_all(p);
        add_step(p, (struct step){.kind = STEP_OR});
    }
    return status;
}

struct stw_condition *stw_condition_parse(const struct stw_draft *draft, const char *text,
                                          struct stw_error *error)
{
    struct parser p = {.draft = draft, .at = text, .error = error};
    p.condition = stw_new(1, sizeof *p.condition);
    stw_status status = parse_any(&p);
    skip_space(&p);
    if (!status && *p.at == '+')
        status = expected(&p, "quotes around a value with spaces");
    else if (!status && *p.at)
        status = expected(&p, "&& or ||");
    if (!status)
        return p.condition;
    stw_condition_free(p.condition);
    return NULL;
}

int stw_condition_holds(const struct stw_condition *condition, const uint32_t *picks)
{
    unsigned char stack[STACK_MAX];
    uint32_t top = 0;
    for (uint32_t i = 0; i < condition->count; i++) {
        const struct step *step = &condition->steps[i];
        if (step->kind == STEP_COMPARE) {
            STW_REQUIRE(top < STACK_MAX);
            stack[top++] = step->answers[step->axis == NO_AXIS ? 0 : picks[step->axis]];
        } else if (step->kind == STEP_NOT) {
            stack[top - 1] = !stack[top - 1];
        } else {
            top--;
            stack[top - 1] = step->kind == STEP_AND ? stack[top - 1] & stack[top]
                                                    : stack[top - 1] | stack[top];
        }
    }
    return stack[0];
}

void stw_condition_free(struct stw_condition *condition)
{
    if (!condition)
        return;
    for (uint32_t i = 0; i < condition->count; i++)
        free(condition->steps[i].answers);
    free(condition->steps);
    free(condition);
}
