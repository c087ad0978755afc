/* plan/claim.c: checks what a claim expects, by recursive descent.
 *
 * Claims are kept with the results; what cannot be an expectation is told when the file is read,
 * not when somebody wants the verdict. Metrics are those of the table of facts and of the manifests
 * of the experiment's plugins; what another runtime may tell of its own ("go.") is its business. */
#include "plan/claim.h"

#include "base/array.h"
#include "base/error.h"
#include "base/metric.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define QUOTED_BYTES_MAX 40u /* of what is left, in a message */
#define BREAKS " \t(),=!<>\"'"

struct parser {
    const struct stw_draft *draft;
    const char *at;
    struct stw_fact_list facts;
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

/* Where a word ends that is not quoted. "stop.over(1ms)" is one. */
static const char *end_of_word(const char *start)
{
    static const char over[] = ".over";
    const char *end = start + strcspn(start, BREAKS);
    size_t length = (size_t)(end - start), ending = sizeof over - 1;
    int is_over = *end == '(' && length > ending && strncmp(end - ending, over, ending) == 0;
    const char *close = is_over ? strchr(end, ')') : NULL;
    return close ? close + 1 : end;
}

/* The next word, or quoted text; a new string, or null with an error. */
static char *take_word(struct parser *p, const char *what)
{
    p->at += strspn(p->at, " \t");
    char quote = *p->at == '"' || *p->at == '\'' ? *p->at : '\0';
    const char *start = p->at + (quote != 0);
    const char *end = quote ? strchr(start, quote) : end_of_word(start);
    if (!end || end == start) {
        expected(p, what);
        return NULL;
    }
    p->at = end + (quote != 0);
    size_t length = (size_t)(end - start);
    return memcpy(stw_new(length + 1, 1), start, length);
}

static stw_status check_key(const struct parser *p, const char *key)
{
    const struct stw_experiment *e = p->draft->experiment;
    int is_there = stw_axis_find(e->axes, e->axis_count, key)
                || stw_axis_find(e->fixed, e->fixed_count, key);
    return is_there ? STW_OK : stw_draft_refuse_key(p->draft, key, p->error);
}

/* "strategy/pool.hits" and the like. */
static void add_declared(struct stw_fact_list *facts, const struct stw_plugin_info *info)
{
    for (uint32_t i = 0; i < info->counter_count; i++) {
        struct stw_text name = {0};
        stw_text_add(&name, "%s/%s.%s", stw_kind_name(info->kind), info->id,
                     info->counters[i].name);
        *STW_APPEND(facts->items, facts->count) =
            (struct stw_fact){.name = name.bytes, .unit = "", .place = STW_IN_COUNTERS};
    }
}

static void find_facts(const struct stw_draft *draft, struct stw_fact_list *facts)
{
    for (uint32_t i = 0; i < STW_FACTS; i++)
        *STW_APPEND(facts->items, facts->count) = stw_facts[i];
    facts->own_count = STW_FACTS;
    for (uint32_t i = 0; i < stw_registry_count(draft->registry); i++) {
        const struct stw_plugin_info *info = stw_registry_at(draft->registry, i);
        if (stw_experiment_uses(draft->experiment, info))
            add_declared(facts, info);
    }
}

static void free_facts(struct stw_fact_list *facts)
{
    for (uint32_t i = facts->own_count; i < facts->count; i++)
        free((void *)(uintptr_t)facts->items[i].name);
    free(facts->items);
}

static stw_status find_metric(const struct parser *p, const char *name,
                              struct stw_metric_name *parsed)
{
    char family[STW_WORD_BYTES];
    size_t length = strcspn(name, ".");
    if (name[length] && length < sizeof family) {
        memcpy(family, name, length);
        family[length] = '\0';
        if (stw_peer_family_of(family))
            return STW_OK;
    }
    return stw_metric_name_parse(&p->facts, name, parsed, p->error);
}

static stw_status check_metric(const struct parser *p, const char *name)
{
    struct stw_metric_name parsed = {0};
    return find_metric(p, name, &parsed);
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
    } else {
        status = check_metric(p, word);
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
    } else if (word && (*word < '0' || *word > '9')) {
        status = check_metric(p, word);
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

/* side relation side */
static stw_status check_comparison(struct parser *p)
{
    static const char *const relations[] = {"==", "!=", "<=", ">=", "<", ">"};
    const size_t count = sizeof relations / sizeof *relations;
    stw_status status = check_side(p);
    size_t i = 0;
    while (!status && i < count && !take(p, relations[i]))
        i++;
    if (!status && i == count)
        status = expected(p, "==, !=, <, <=, > or >=");
    if (!status)
        status = check_side(p);
    if (!status && (p->at += strspn(p->at, " \t"), *p->at))
        status = expected(p, "the end");
    return status;
}

stw_status stw_claim_check(const struct stw_draft *draft, const char *text,
                           struct stw_error *error)
{
    struct parser p = {.draft = draft, .at = text, .error = error};
    if (is_number(text))
        return STW_OK; /* nothing is measured: it is kept as it is written */
    find_facts(draft, &p.facts);
    stw_status status = check_comparison(&p);
    free_facts(&p.facts);
    return status;
}

stw_status stw_claim_metric(const struct stw_draft *draft, const char *name, int *is_maximum,
                            struct stw_error *error)
{
    struct parser p = {.draft = draft, .error = error};
    struct stw_metric_name parsed = {0};
    find_facts(draft, &p.facts);
    stw_status status = find_metric(&p, name, &parsed);
    *is_maximum = parsed.percent >= 100;
    free_facts(&p.facts);
    return status;
}
