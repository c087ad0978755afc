/* plan/claim.c: checks what a claim expects, by recursive descent.
 *
 * Claims are kept with the results; what cannot be an expectation is told when the file is read,
 * not when somebody wants the verdict. */
#include "plan/claim.h"

#include "base/error.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define QUOTED_BYTES_MAX 40u /* of what is left, in a message */
#define BREAKS " \t(),=!<>\"'"

struct parser {
    const struct stw_draft *draft;
    const char *at;
    struct stw_error *error;
};

/* Moves to the next token; whether it is `token`. */
static int is_next(struct parser *p, const char *token)
{
    p->at += strspn(p->at, " \t");
    return strncmp(p->at, token, strlen(token)) == 0;
}

static int take(struct parser *p, const char *token)
{
    int found = is_next(p, token);
    p->at += found ? strlen(token) : 0;
    return found;
}

static stw_status expected(struct parser *p, const char *what)
{
    p->at += strspn(p->at, " \t");
    if (!*p->at)
        return stw_error_set(p->error, STW_E_INVALID, NULL, "ends where %s should be", what);
    return stw_error_set(p->error, STW_E_INVALID, NULL, "expected %s at \"%.*s\"", what,
                         (int)stw_utf8_whole(p->at, QUOTED_BYTES_MAX), p->at);
}

/* The next word, or quoted text; a new string, or null with an error. */
static char *take_word(struct parser *p, const char *what)
{
    p->at += strspn(p->at, " \t");
    char quote = *p->at == '"' || *p->at == '\'' ? *p->at : '\0';
    const char *start = p->at + (quote != 0);
    const char *end = quote ? strchr(start, quote) : start + strcspn(start, BREAKS);
    if (!end || end == start) {
        expected(p, what);
        return NULL;
    }
    p->at = end + (quote != 0);
    size_t length = (size_t)(end - start);
    return memcpy(stw_new(length + 1, 1), start, length);
}

static const struct stw_axis *find_axis(const struct stw_axis *axes, uint32_t count,
                                        const char *key)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(axes[i].key, key) == 0)
            return &axes[i];
    return NULL;
}

static stw_status check_key(const struct parser *p, const char *key)
{
    const struct stw_experiment *e = p->draft->experiment;
    const char **words = stw_new(e->axis_count + e->fixed_count, sizeof *words);
    uint32_t count = 0;
    if (find_axis(e->axes, e->axis_count, key) || find_axis(e->fixed, e->fixed_count, key)) {
        free(words);
        return STW_OK;
    }
    for (uint32_t i = 0; i < e->axis_count; i++)
        words[count++] = e->axes[i].key;
    for (uint32_t i = 0; i < e->fixed_count; i++)
        words[count++] = e->fixed[i].key;
    const char *near = stw_nearest(key, words, count);
    stw_status status = stw_error_set(
        p->error, STW_E_INVALID, NULL,
        near ? "\"%s\" is neither in [axes] nor in [fixed]; did you mean \"%s\"?"
             : "\"%s\" is neither in [axes] nor in [fixed]", key, near ? near : "");
    free(words);
    return status;
}

/* METRIC, or KEY=VALUE */
static stw_status check_argument(struct parser *p)
{
    stw_status status = STW_OK;
    char *word = take_word(p, "a metric or KEY=VALUE"), *value = NULL;
    if (!word)
        return STW_E_INVALID;
    if (take(p, "=")) {
        status = check_key(p, word);
        value = status ? NULL : take_word(p, "a value");
        if (!status && !value)
            status = STW_E_INVALID;
    }
    free(word);
    free(value);
    return status;
}

/* The arguments of a function, behind its opening parenthesis. */
static stw_status check_arguments(struct parser *p)
{
    stw_status status;
    do
        status = check_argument(p);
    while (!status && take(p, ","));
    if (!status && !take(p, ")"))
        status = expected(p, "\",\" or \")\"");
    return status;
}

static stw_status check_side(struct parser *p)
{
    char *word = take_word(p, "a number, a metric or a function");
    stw_status status = word ? STW_OK : STW_E_INVALID;
    if (word && take(p, "(")) {
        if (strcmp(word, "ratio") == 0)
            status = check_arguments(p);
        else
            status = stw_error_set(p->error, STW_E_INVALID, NULL,
                                   "there is no function \"%s\"; there is ratio, as in "
                                   "ratio(pause.max, n=2, n=1) >= 100", word);
    }
    free(word);
    return status;
}

static int is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && !end[strspn(end, " \t")];
}

stw_status stw_claim_check(const struct stw_draft *draft, const char *text,
                           struct stw_error *error)
{
    static const char *const relations[] = {"==", "!=", "<=", ">=", "<", ">"};
    const size_t count = sizeof relations / sizeof *relations;
    struct parser p = {draft, text, error};
    stw_status status = check_side(&p);
    size_t i = 0;
    if (!status && is_number(text))
        return STW_OK; /* nothing is measured: it is kept as it is written */
    while (!status && i < count && !take(&p, relations[i]))
        i++;
    if (!status && i == count)
        status = expected(&p, "==, !=, <, <=, > or >=");
    if (!status)
        status = check_side(&p);
    if (!status && (p.at += strspn(p.at, " \t"), *p.at))
        status = expected(&p, "the end");
    return status;
}
