/* base/metric.c: finds the fact in the name of a metric, and says which one was meant. */
#include "base/metric.h"

#include "base/error.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int stw_fact_is_event(const struct stw_fact *fact)
{
    return fact->place == STW_IN_PAUSES || fact->place == STW_IN_STEPS
        || fact->place == STW_IN_CYCLES || fact->place == STW_IN_HICCUPS;
}

int stw_fact_is_operation(const struct stw_fact *fact)
{
    return fact->place == STW_IN_OPS;
}

const struct stw_fact *stw_facts_get(const struct stw_fact_list *list, const char *name)
{
    size_t length = strcspn(name, ":");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct stw_fact *fact = &list->items[i];
        if (strncmp(fact->name, name, length) == 0 && !fact->name[length]
            && (!name[length] || fact->place == STW_IN_COUNTERS || fact->place == STW_IN_OPS))
            return fact;
    }
    return NULL;
}

/* Cuts ".p50", ".max", ".mean" or ".sum" off, into `percent` or `aggregate`; the length of the
 * rest. */
static size_t cut_ending(const char *name, uint32_t *percent, const char **aggregate)
{
    const char *end = strrchr(name, '.');
    char rest;
    *percent = 0;
    *aggregate = NULL;
    if (end && strcmp(end, ".mean") == 0)
        *aggregate = "avg";
    else if (end && strcmp(end, ".sum") == 0)
        *aggregate = "sum";
    else if (end && strcmp(end, ".max") == 0)
        *percent = 100;
    else if (!end || sscanf(end, ".p%3u%c", percent, &rest) != 1 || *percent > 100)
        *percent = 0;
    return *percent || *aggregate ? (size_t)(end - name) : strlen(name);
}

/* The fact whose name is the first bytes of `name`. */
static const struct stw_fact *find(const struct stw_fact_list *facts, const char *name,
                                   size_t bytes)
{
    char *copy = stw_strdup(name);
    copy[bytes] = '\0';
    const struct stw_fact *fact = stw_facts_get(facts, copy);
    free(copy);
    return fact;
}

static stw_status refuse_metric(const struct stw_fact_list *facts, const char *name,
                                struct stw_error *error)
{
    const char **words = stw_new(facts->count, sizeof *words);
    struct stw_text endings = {0};
    size_t *from = stw_new(facts->count, sizeof *from);
    for (uint32_t i = 0; i < facts->count; i++) { /* each with an ending that it can have */
        const struct stw_fact *fact = &facts->items[i];
        from[i] = endings.length;
        int is_many = stw_fact_is_event(fact) || stw_fact_is_operation(fact);
        stw_text_add(&endings, is_many ? "%s.p50" : "%s", fact->name);
        stw_text_add_bytes(&endings, "", 1);
    }
    for (uint32_t i = 0; i < facts->count; i++)
        words[i] = endings.bytes + from[i];
    const char *near = stw_nearest(name, words, facts->count);
    const struct stw_fact *whole = stw_facts_get(facts, name);
    if (whole)
        stw_error_set(error, STW_E_INVALID, NULL,
                      "a trial has many of '%s'; say which, as in '%s.p50'", name, name);
    else if (near)
        stw_error_set(error, STW_E_INVALID, NULL,
                      "there is no metric '%s'; did you mean '%s'?", name, near);
    else
        stw_error_set(error, STW_E_INVALID, NULL, "there is no metric '%s'; see stwlab facts, and "
                      "stwlab help compare", name);
    stw_text_free(&endings);
    free(from);
    free(words);
    return STW_E_INVALID;
}

stw_status stw_metric_name_parse(const struct stw_fact_list *facts, const char *name,
                                 struct stw_metric_name *parsed, struct stw_error *error)
{
    uint32_t percent;
    const char *aggregate;
    const struct stw_fact *fact = stw_facts_get(facts, name); /* "op.mean" is a fact */
    size_t bytes = strlen(name);
    if (fact && !stw_fact_is_event(fact) && !stw_fact_is_operation(fact)) {
        *parsed = (struct stw_metric_name){.fact = fact, .fact_bytes = (uint32_t)bytes};
        return STW_OK;
    }
    bytes = cut_ending(name, &percent, &aggregate);
    fact = find(facts, name, bytes);
    if (!fact || !(stw_fact_is_event(fact) ? percent || aggregate
                                           : stw_fact_is_operation(fact) && percent))
        return refuse_metric(facts, name, error);
    *parsed = (struct stw_metric_name){fact, (uint32_t)bytes, percent, aggregate};
    return STW_OK;
}
