/* plan/trials.c: reads "20..200 until 5% of stop.p50".
 *
 * TR1  a rule is looked at from trials on that can have an interval, so from 6 on; and it is about
 *      a metric that can have one, so no maximum. A rule that could never be kept is refused. */
#include "plan/trials.h"

#include "base/error.h"
#include "plan/claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_TRIALS 6u /* report/bootstrap.h: fewer have no interval */
#define BLANKS " \t"
#define FORM "expected LEAST..MOST until PERCENT%% of METRIC, as in 20..200 until 5%% of stop.p50"

int stw_trials_is_rule(const char *text)
{
    return strstr(text, "..") || strstr(text, "until") || strchr(text, '%');
}

/* Cuts the next word off, which ends with a blank. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, BLANKS);
    char *end = word + strcspn(word, BLANKS);
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

/* The parts of a rule, cut out of its text. */
struct parts {
    char *least, *most, *until, *percent, *of, *metric;
};

static void cut(char *text, struct parts *parts)
{
    char *dots = strstr(text, ".."), *rest = text;
    *parts = (struct parts){0};
    if (!dots)
        return;
    *dots = '\0';
    parts->least = take_word(&rest);
    rest += strspn(rest, BLANKS);
    if (*rest) /* "20 30..40" */
        return;
    rest = dots + strlen("..");
    parts->most = take_word(&rest);
    parts->until = take_word(&rest);
    parts->percent = take_word(&rest);
    parts->of = take_word(&rest);
    parts->metric = take_word(&rest);
    rest += strspn(rest, BLANKS);
    if (*rest)
        parts->metric = NULL;
}

static stw_status read_count(const char *text, uint64_t *count, struct stw_error *error)
{
    static const struct stw_param number = {.name = "trials", .type = STW_TYPE_U64, .min_u64 = 1,
                                            .max_u64 = STW_TRIALS_MOST};
    struct stw_value value = {0};
    stw_status status = stw_param_parse(&number, text, &value, error);
    *count = value.as_u64;
    return status;
}

static stw_status read_counts(const struct parts *parts, struct stw_experiment *experiment,
                              struct stw_error *error)
{
    STW_TRY(read_count(parts->least, &experiment->enough.least, error));
    STW_TRY(read_count(parts->most, &experiment->trials, error));
    if (experiment->enough.least < LEAST_TRIALS)
        return stw_error_set(error, STW_E_INVALID, NULL, "\"%s\": fewer than %u trials have no "
                             "interval, so that nothing is known of them", parts->least,
                             LEAST_TRIALS);
    if (experiment->trials <= experiment->enough.least)
        return stw_error_set(error, STW_E_INVALID, NULL, "\"%s..%s\": the second number is to be "
                             "the larger one", parts->least, parts->most);
    return STW_OK;
}

static stw_status read_percent(const char *text, double *percent, struct stw_error *error)
{
    char *end;
    *percent = strtod(text, &end);
    int is_plain = *text && strspn(text, "0123456789.") == (size_t)(end - text);
    if (!is_plain || strcmp(end, "%") != 0)
        return stw_error_set(error, STW_E_INVALID, NULL, "\"%s\" is no percentage; " FORM, text);
    if (*percent <= 0 || *percent > 100)
        return stw_error_set(error, STW_E_INVALID, NULL, "\"%s\" is out of range: above 0%%, up to "
                             "100%%", text);
    return STW_OK;
}

static stw_status read_metric(const struct stw_draft *draft, const char *name,
                              struct stw_experiment *experiment, struct stw_error *error)
{
    int is_maximum = 0;
    STW_TRY(stw_claim_metric(draft, name, &is_maximum, error));
    if (is_maximum)
        return stw_error_set(error, STW_E_INVALID, NULL, "\"%s\": a maximum may be anything in the "
                             "next trial; it has no interval", name);
    experiment->enough.metric = stw_strdup(name);
    return STW_OK;
}

stw_status stw_trials_parse(const struct stw_draft *draft, const char *text,
                            struct stw_experiment *experiment, struct stw_error *error)
{
    char *copy = stw_strdup(text);
    struct parts parts;
    cut(copy, &parts);
    stw_status status;
    if (!parts.metric || !*parts.metric || strcmp(parts.until, "until") != 0
        || strcmp(parts.of, "of") != 0)
        status = stw_error_set(error, STW_E_INVALID, NULL, "\"%s\" is neither a number nor a rule; "
                               FORM, text);
    else
        status = read_counts(&parts, experiment, error);
    if (status == STW_OK)
        status = read_percent(parts.percent, &experiment->enough.percent, error);
    if (status == STW_OK)
        status = read_metric(draft, parts.metric, experiment, error);
    free(copy);
    return status;
}

void stw_experiment_trials(const struct stw_experiment *experiment, struct stw_text *text)
{
    const struct stw_enough *enough = &experiment->enough;
    if (enough->metric)
        stw_text_add(text, "%" PRIu64 "..%" PRIu64 " until %.6g%% of %s", enough->least,
                     experiment->trials, enough->percent, enough->metric);
    else
        stw_text_add(text, "%" PRIu64, experiment->trials);
}
