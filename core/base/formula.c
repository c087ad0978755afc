/* base/formula.c: parses conditions by recursive descent into steps for a stack machine.
 *
 * C1  parsing nests at most NESTING_MAX deep; holding a formula takes no recursion.
 * C2  each level of nesting keeps at most two answers waiting, so STACK_MAX is never exceeded. */
#include "base/formula.h"

#include "base/array.h"
#include "base/check.h"
#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 32u
#define STACK_MAX (2 * NESTING_MAX + 4)
#define QUOTED_BYTES_MAX 40u /* of what is left, in a message */
#define DIVISOR_DIGITS 18u   /* fits in 64 bits */

enum step { STEP_COMPARE, STEP_AND, STEP_OR, STEP_NOT };

struct parser {
    const char *at;
    const char *text;
    uint32_t depth;
    struct stw_formula *formula;
    struct stw_error *error;
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

static void add_step(struct parser *p, enum step step)
{
    struct stw_formula *formula = p->formula;
    *STW_APPEND(formula->steps, formula->step_count) = (unsigned char)step;
}

/* The next word, or quoted text when it `is_value`. A new string, or null with an error. */
static char *take_word(struct parser *p, const char *what, int is_value)
{
    skip_space(p);
    const char *start = p->at;
    int is_quoted = is_value && (*start == '"' || *start == '\'');
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
        length = strcspn(start, is_value ? " \t()&|!=<>\"'" : " \t()&|!=<>\"'%");
        p->at = start + length;
    }
    if (!length && !is_quoted) {
        expected(p, what);
        return NULL;
    }
    return memcpy(stw_new(length + 1, 1), start, length);
}

static stw_status take_relation(struct parser *p, enum stw_relation *relation)
{
    static const struct {
        const char *token;
        enum stw_relation relation;
    } relations[] = {{"==", STW_EQUAL},         {"!=", STW_UNEQUAL}, {"<=", STW_LESS_EQUAL},
                     {">=", STW_GREATER_EQUAL}, {"<", STW_LESS},     {">", STW_GREATER}};
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

static stw_status take_divisor(struct parser *p, uint64_t *divisor)
{
    if (!take(p, "%"))
        return STW_OK;
    skip_space(p);
    size_t digits = strspn(p->at, "0123456789");
    *divisor = digits > 0 && digits <= DIVISOR_DIGITS ? strtoull(p->at, NULL, 10) : 0;
    if (!*divisor)
        return expected(p, "a number from 1 on");
    p->at += digits;
    return STW_OK;
}

static stw_status parse_comparison(struct parser *p)
{
    struct stw_formula *formula = p->formula;
    struct stw_comparison comparison = {0};
    skip_space(p);
    comparison.at = (uint32_t)(p->at - p->text);
    comparison.key = take_word(p, "a comparison", 0);
    stw_status status = comparison.key ? take_divisor(p, &comparison.divisor) : STW_E_INVALID;
    if (!status)
        status = take_relation(p, &comparison.relation);
    if (!status)
        comparison.value = take_word(p, "a value", 1);
    *STW_APPEND(formula->comparisons, formula->comparison_count) = comparison;
    add_step(p, STEP_COMPARE);
    return comparison.value ? STW_OK : STW_E_INVALID;
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
        add_step(p, STEP_NOT);
    return status;
}

static stw_status parse_all(struct parser *p)
{
    stw_status status = parse_one(p);
    while (!status && take(p, "&&")) {
        status = parse_one(p);
        add_step(p, STEP_AND);
    }
    return status;
}

static stw_status parse_any(struct parser *p)
{
    stw_status status = parse_all(p);
    while (!status && take(p, "||")) {
        status = parse_all(p);
        add_step(p, STEP_OR);
    }
    return status;
}

stw_status stw_formula_parse(const char *text, struct stw_formula *formula, uint32_t *at,
                             struct stw_error *error)
{
    struct parser p = {.at = text, .text = text, .formula = formula, .error = error};
    *formula = (struct stw_formula){0};
    stw_status status = parse_any(&p);
    skip_space(&p);
    if (!status && *p.at == '+')
        status = expected(&p, "quotes around a value with spaces");
    else if (!status && *p.at)
        status = expected(&p, "&& or ||");
    if (at)
        *at = (uint32_t)(p.at - text);
    return status;
}

void stw_formula_free(struct stw_formula *formula)
{
    for (uint32_t i = 0; i < formula->comparison_count; i++) {
        free(formula->comparisons[i].key);
        free(formula->comparisons[i].value);
    }
    free(formula->comparisons);
    free(formula->steps);
    *formula = (struct stw_formula){0};
}

int stw_formula_holds(const struct stw_formula *formula, const unsigned char *answers)
{
    unsigned char stack[STACK_MAX];
    uint32_t top = 0, compared = 0;
    for (uint32_t i = 0; i < formula->step_count; i++) {
        enum step step = (enum step)formula->steps[i];
        if (step == STEP_COMPARE) {
            STW_REQUIRE(top < STACK_MAX);
            stack[top++] = answers[compared++];
        } else if (step == STEP_NOT) {
            stack[top - 1] = !stack[top - 1];
        } else {
            top--;
            stack[top - 1] = step == STEP_AND ? stack[top - 1] & stack[top]
                                              : stack[top - 1] | stack[top];
        }
    }
    return stack[0];
}

char *stw_formula_remainder(const struct stw_comparison *comparison, struct stw_error *error)
{
    const char *text = comparison->value;
    size_t digits = strspn(text, "0123456789");
    if (digits && !text[digits] && digits <= DIVISOR_DIGITS
        && strtoull(text, NULL, 10) < comparison->divisor)
        return stw_strdup(text);
    stw_error_set(error, STW_E_INVALID, NULL, "\"%s\" is not a remainder: one of 0 to %llu", text,
                  (unsigned long long)(comparison->divisor - 1));
    return NULL;
}

int stw_relation_holds(enum stw_relation relation, int order)
{
    switch (relation) {
    case STW_EQUAL:
        return order == 0;
    case STW_UNEQUAL:
        return order != 0;
    case STW_LESS:
        return order < 0;
    case STW_LESS_EQUAL:
        return order <= 0;
    case STW_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

int stw_relation_is_order(enum stw_relation relation)
{
    return relation != STW_EQUAL && relation != STW_UNEQUAL;
}
