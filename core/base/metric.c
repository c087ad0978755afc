/* base/metric.c: finds the fact in the name of a metric, and says which one was meant.
 *
 * A name is read from its end: an ending (".p99.9", ".over(1ms)"), a site behind "@", and then a
 * fact, or "stop.KIND" and what follows "stop" in one. */
#include "base/metric.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define STOP "stop"

int stw_fact_is_event(const struct stw_fact *fact)
{
    return fact->place == STW_IN_PAUSES || fact->place == STW_IN_STEPS
        || fact->place == STW_IN_CYCLES || fact->place == STW_IN_HICCUPS;
}

int stw_fact_is_operation(const struct stw_fact *fact)
{
    return fact->place == STW_IN_OPS;
}

static const char *without_alias(const char *name)
{
    for (uint32_t i = 0; i < stw_fact_alias_count; i++)
        if (strcmp(stw_fact_aliases[i].word, name) == 0)
            return stw_fact_aliases[i].name;
    return name;
}

const struct stw_fact *stw_facts_get(const struct stw_fact_list *list, const char *name)
{
    const char *known = without_alias(name);
    size_t length = strcspn(known, ":");
    for (uint32_t i = 0; i < list->count; i++) {
        const struct stw_fact *fact = &list->items[i];
        if (strncmp(fact->name, known, length) == 0 && !fact->name[length]
            && (!known[length] || fact->place == STW_IN_COUNTERS || fact->place == STW_IN_OPS))
            return fact;
    }
    return NULL;
}

/* Endings. */

/* What the name ends with, and where that begins. */
struct ending {
    const char *text; /* ".p50", or the end of the name: it has none */
    enum stw_made made;
    double percent;
    const char *bound; /* the text between the parentheses */
    size_t bound_bytes;
};

/* "99.9" */
static int read_decimal(const char *text, const char **end, double *number)
{
    const char *at = text + strspn(text, DIGITS);
    if (at == text)
        return 0;
    if (at[0] == '.' && strspn(at + 1, DIGITS))
        at += 1 + strspn(at + 1, DIGITS);
    *number = strtod(text, NULL);
    *end = at;
    return 1;
}

/* Whether it is an ending from `at`, a point, to the end of the name. */
static int is_ending(const char *at, struct ending *ending)
{
    static const struct { const char *word; enum stw_made made; double percent; } words[] = {
        {".max", STW_MADE_PERCENTILE, 100}, {".mean", STW_MADE_MEAN, 0},
        {".total", STW_MADE_TOTAL, 0},      {".sum", STW_MADE_TOTAL, 0}};
    static const char over[] = ".over(";
    const char *end;
    *ending = (struct ending){.text = at};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(at, words[i].word) == 0) {
            ending->made = words[i].made;
            ending->percent = words[i].percent;
            return 1;
        }
    if (at[1] == 'p' && read_decimal(at + 2, &end, &ending->percent) && !*end) {
        ending->made = STW_MADE_PERCENTILE;
        return ending->percent > 0 && ending->percent <= 100;
    }
    size_t length = strlen(at);
    if (strncmp(at, over, sizeof over - 1) != 0 || at[length - 1] != ')')
        return 0;
    ending->made = STW_MADE_OVER;
    ending->bound = at + sizeof over - 1;
    ending->bound_bytes = length - sizeof over;
    return 1;
}

/* The longest there is: of "op.p99.9" not ".9". */
static struct ending ending_of(const char *name)
{
    struct ending ending;
    for (const char *at = strchr(name, '.'); at; at = strchr(at + 1, '.'))
        if (is_ending(at, &ending))
            return ending;
    return (struct ending){.text = name + strlen(name), .made = STW_MADE_VALUE};
}

/* A time or a size needs its unit: a bare 1 could be a nanosecond or a second. */
static stw_status read_bound(const struct stw_fact *fact, const struct ending *ending,
                             double *bound, struct stw_error *error)
{
    static const struct { const char *unit, *suffix; double factor; } suffixes[] = {
        {"ns", "ns", 1},           {"ns", "us", 1e3},        {"ns", "ms", 1e6},
        {"ns", "s", 1e9},          {"bytes", "B", 1},        {"bytes", "KiB", 1024},
        {"bytes", "MiB", 1 << 20}, {"bytes", "GiB", 1 << 30}};
    const char *end = ending->bound;
    const char *last = ending->bound + ending->bound_bytes;
    double number = 0;
    int is_number = read_decimal(ending->bound, &end, &number);
    int has_unit = strcmp(fact->unit, "ns") == 0 || strcmp(fact->unit, "bytes") == 0;
    size_t length = (size_t)(last - end);
    *bound = number;
    if (is_number && !has_unit && end == last)
        return STW_OK;
    for (size_t i = 0; is_number && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcmp(suffixes[i].unit, fact->unit) == 0 && strlen(suffixes[i].suffix) == length
            && strncmp(suffixes[i].suffix, end, length) == 0) {
            *bound = number * suffixes[i].factor;
            return STW_OK;
        }
    const char *right = strcmp(fact->unit, "ns") == 0      ? "a time, as in over(1ms)"
                        : strcmp(fact->unit, "bytes") == 0 ? "a size, as in over(1MiB)"
                                                           : "a number, as in over(10)";
    return stw_error_set(error, STW_E_INVALID, NULL, "over(%.*s): %s is needed",
                         (int)ending->bound_bytes, ending->bound, right);
}

/* Facts. */

/* The kind that the name has behind "stop.", and what follows it; or null. */
static const struct stw_stop_kind *kind_of(const char *stem, const char **rest)
{
    static const char before[] = STOP ".";
    const char *word = stem + sizeof before - 1;
    if (strncmp(stem, before, sizeof before - 1) != 0)
        return NULL;
    for (uint32_t i = 0; i < stw_stop_kind_count; i++) {
        size_t length = strlen(stw_stop_kinds[i].word);
        if (strncmp(word, stw_stop_kinds[i].word, length) == 0
            && (!word[length] || word[length] == '.')) {
            *rest = word + length;
            return &stw_stop_kinds[i];
        }
    }
    return NULL;
}

/* The fact that a name without ending and site is, and the kind in it. */
static const struct stw_fact *find(const struct stw_fact_list *facts, const char *stem,
                                   const struct stw_stop_kind **kind)
{
    const char *rest = "";
    struct stw_text whole = {0};
    *kind = kind_of(stem, &rest);
    stw_text_add(&whole, "%s%s", *kind ? STOP : stem, rest);
    const struct stw_fact *fact = stw_facts_get(facts, whole.bytes);
    stw_text_free(&whole);
    return fact;
}

/* Refusals. */

/* All names without ending and site, terminated, one after the other. */
static void list_stems(const struct stw_fact_list *facts, struct stw_text *stems)
{
    static const char *const parts[] = {"", ".stopping", ".working", ".restarting"};
    for (uint32_t i = 0; i < facts->count; i++)
        stw_text_add_bytes(stems, facts->items[i].name, strlen(facts->items[i].name) + 1);
    for (uint32_t i = 0; i < stw_fact_alias_count; i++)
        stw_text_add_bytes(stems, stw_fact_aliases[i].word, strlen(stw_fact_aliases[i].word) + 1);
    for (uint32_t i = 0; i < stw_stop_kind_count; i++)
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++) {
            stw_text_add(stems, STOP ".%s%s", stw_stop_kinds[i].word, parts[j]);
            stw_text_add_bytes(stems, "", 1);
        }
}

/* The nearest name without ending; allocated, or null. */
static char *nearest_stem(const struct stw_fact_list *facts, const char *stem)
{
    struct stw_text stems = {0};
    const char **words = NULL;
    uint32_t count = 0;
    list_stems(facts, &stems);
    for (const char *at = stw_text_get(&stems); at < stems.bytes + stems.length;
         at += strlen(at) + 1)
        *STW_APPEND(words, count) = at;
    const char *near = stw_nearest(stem, words, count);
    char *copy = near ? stw_strdup(near) : NULL;
    free(words);
    stw_text_free(&stems);
    return copy;
}

/* `fact`: what the stem is, or null. */
static stw_status refuse_metric(const struct stw_fact_list *facts, const char *name,
                                const char *stem, const struct ending *ending,
                                const struct stw_fact *fact, struct stw_error *error)
{
    const struct stw_stop_kind *kind;
    int is_many = fact && (stw_fact_is_event(fact) || stw_fact_is_operation(fact));
    if (fact && strchr(name, '@') && fact->place != STW_IN_PAUSES)
        return stw_error_set(error, STW_E_INVALID, NULL, "'%s': stops have a site, as in "
                             "'stop.stopping@SITE.p50'; %s has none", name, stem);
    if (is_many && ending->made == STW_MADE_VALUE)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "a trial has many of '%s'; say which, as in '%s.p50'", name, name);
    if (is_many)
        return stw_error_set(error, STW_E_INVALID, NULL, "'%s': of operations there are .p50, "
                             ".max, .over(1ms) and others, no mean and no total; op.mean and "
                             "op.sum are facts", name);
    if (fact)
        return stw_error_set(error, STW_E_INVALID, NULL, "there is no metric '%s'; a trial has one "
                             "%s: did you mean '%s'?", name, stem, stem);
    char *near = nearest_stem(facts, stem);
    const struct stw_fact *meant = near ? find(facts, near, &kind) : NULL;
    int is_near_many = meant && (stw_fact_is_event(meant) || stw_fact_is_operation(meant));
    const char *end = !is_near_many ? "" : *ending->text ? ending->text : ".p50";
    if (near)
        stw_error_set(error, STW_E_INVALID, NULL,
                      "there is no metric '%s'; did you mean '%s%s'?", name, near, end);
    else
        stw_error_set(error, STW_E_INVALID, NULL, "there is no metric '%s'; see stwlab facts, and "
                      "stwlab help compare", name);
    free(near);
    return STW_E_INVALID;
}

/* Whether there is such a metric of the fact. */
static int fits(const struct stw_metric_name *name)
{
    if (name->site && name->fact->place != STW_IN_PAUSES)
        return 0;
    if (stw_fact_is_operation(name->fact))
        return name->made == STW_MADE_PERCENTILE || name->made == STW_MADE_OVER;
    return stw_fact_is_event(name->fact) == (name->made != STW_MADE_VALUE);
}

stw_status stw_metric_name_parse(const struct stw_fact_list *facts, const char *name,
                                 struct stw_metric_name *parsed, struct stw_error *error)
{
    const struct stw_fact *fact = stw_facts_get(facts, name); /* "op.mean" is a fact */
    if (fact && !stw_fact_is_event(fact) && !stw_fact_is_operation(fact)) {
        *parsed = (struct stw_metric_name){.fact = fact, .fact_bytes = (uint32_t)strlen(name)};
        return STW_OK;
    }
    struct ending ending = ending_of(name);
    char *stem = stw_strdup(name), *site;
    stem[ending.text - name] = '\0';
    if ((site = strchr(stem, '@')))
        *site++ = '\0';
    *parsed = (struct stw_metric_name){.fact_bytes = (uint32_t)strlen(stem), .made = ending.made,
                                       .percent = ending.percent,
                                       .site = site ? name + (site - stem) : NULL,
                                       .site_bytes = site ? (uint32_t)strlen(site) : 0};
    parsed->fact = find(facts, stem, &parsed->kind);
    stw_status status = STW_OK;
    if (!parsed->fact || !fits(parsed))
        status = refuse_metric(facts, name, stem, &ending, parsed->fact, error);
    else if (ending.made == STW_MADE_OVER)
        status = read_bound(parsed->fact, &ending, &parsed->bound, error);
    free(stem);
    return status;
}
