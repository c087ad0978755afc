/* plan/naming.c: a name becomes a condition, which is asked of every cell.
 *
 * NA1  an id and a number name one cell, whatever else the words might mean. */
#include "plan/naming.h"

#include "base/array.h"
#include "base/error.h"
#include "base/formula.h"
#include "base/text.h"
#include "host/manifest.h"
#include "plan/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_CELL UINT32_MAX

/* What the text is a number of, in any unit that parameters have; 0: none. */
static int read_number(const char *text, double *number)
{
    static const struct stw_param kinds[] = {
        {.name = "value", .type = STW_TYPE_U64, .max_u64 = UINT64_MAX},
        {.name = "value", .type = STW_TYPE_U64, .max_u64 = UINT64_MAX, .unit = "bytes"},
        {.name = "value", .type = STW_TYPE_U64, .max_u64 = UINT64_MAX, .unit = "ns"},
    };
    struct stw_value value;
    char *end;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct stw_error unused = STW_ERROR_INIT;
        if (stw_param_parse(&kinds[i], text, &value, &unused) == STW_OK) {
            *number = (double)value.as_u64;
            return 1;
        }
    }
    *number = strtod(text, &end);
    return end > text && !*end;
}

/* Equal but for blanks. */
static int is_spelt_alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (*a != *b || !*a)
            return *a == *b;
    }
}

int stw_value_is(const char *key, const char *value, const char *wanted)
{
    double a, b;
    if (strcmp(key, "runtime") == 0 && stw_runtime_matches(value, wanted))
        return 1;
    return is_spelt_alike(value, wanted)
        || (read_number(value, &a) && read_number(wanted, &b) && a == b);
}

static stw_status refuse_key(const struct stw_naming *naming, const char *key,
                             struct stw_error *error)
{
    const char **keys = NULL, *other;
    uint32_t count = 0;
    while ((other = naming->key(naming->of, count)))
        *STW_APPEND(keys, count) = other;
    const char *near = stw_nearest(key, keys, count);
    free(keys);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s: no cell has a '%s'; did you mean '%s'?"
                              : "%s: no cell has a '%s'",
                         naming->title, key, near ? near : "");
}

/* Whether the cell's value is as the comparison wants it. */
static int holds(const struct stw_comparison *comparison, const char *value)
{
    double a, b;
    if (comparison->divisor)
        return read_number(value, &a) && read_number(comparison->value, &b)
            && stw_relation_holds(comparison->relation,
                                  ((uint64_t)a % comparison->divisor > (uint64_t)b)
                                      - ((uint64_t)a % comparison->divisor < (uint64_t)b));
    if (!stw_relation_is_order(comparison->relation))
        return stw_value_is(comparison->key, value, comparison->value)
            == (comparison->relation == STW_EQUAL);
    return read_number(value, &a) && read_number(comparison->value, &b)
        && stw_relation_holds(comparison->relation, (a > b) - (a < b));
}

static stw_status check_formula(const struct stw_naming *naming, const struct stw_formula *formula,
                                struct stw_error *error)
{
    for (uint32_t i = 0; i < formula->comparison_count; i++) {
        const struct stw_comparison *of = &formula->comparisons[i];
        const char *value = naming->value(naming->of, 0, of->key);
        double number;
        if (!value)
            return refuse_key(naming, of->key, error);
        if ((stw_relation_is_order(of->relation) || of->divisor) && !read_number(value, &number))
            return stw_error_set(error, STW_E_INVALID, NULL, "%s: '%s' has no numbers for values: "
                                 "only == and != can be asked", naming->title, of->key);
    }
    return STW_OK;
}

/* The condition for "KEY=VALUE,KEY=VALUE", or null when the words are something else. */
static char *as_condition(const char *words)
{
    struct stw_text text = {0};
    char *copy = stw_strdup(words), *rest = copy, *word;
    int is_list = !strpbrk(words, "&|<>!\"'()%") && !strstr(words, "==");
    while (is_list && (word = strsep(&rest, ","))) {
        char *value = strchr(word, '=');
        is_list = value && value > word;
        if (!is_list)
            break;
        *value++ = '\0';
        stw_text_add(&text, "%s%s == \"%s\"", text.length ? " && " : "", word, value);
    }
    free(copy);
    if (is_list && text.length)
        return text.bytes;
    stw_text_free(&text);
    return NULL;
}

/* Neighbours have most of their values in common: the answer for the cell before is kept. */
struct answer {
    const char *value; /* null: there is none yet */
    unsigned char holds;
};

static stw_status name_by_formula(const struct stw_naming *naming, const char *condition,
                                  uint32_t **cells, uint32_t *count, struct stw_error *error)
{
    struct stw_formula formula = {0};
    stw_status status = stw_formula_parse(condition, &formula, NULL, error);
    if (status == STW_OK)
        status = check_formula(naming, &formula, error);
    unsigned char *answers = stw_new(formula.comparison_count + 1, 1);
    struct answer *before = stw_new(formula.comparison_count + 1, sizeof *before);
    for (uint32_t i = 0; status == STW_OK && i < naming->count; i++) {
        for (uint32_t c = 0; c < formula.comparison_count; c++) {
            const struct stw_comparison *of = &formula.comparisons[c];
            const char *value = naming->value(naming->of, i, of->key);
            if (value != before[c].value)
                before[c] = (struct answer){value, (unsigned char)holds(of, value)};
            answers[c] = before[c].holds;
        }
        if (stw_formula_holds(&formula, answers))
            *STW_APPEND(*cells, *count) = i;
    }
    free(before);
    free(answers);
    stw_formula_free(&formula);
    return status;
}

/* NA1; NO_CELL: none. */
static uint32_t find_named(const struct stw_naming *naming, const char *words)
{
    char number[24];
    for (uint32_t i = 0; i < naming->count; i++)
        if (strcmp(naming->id(naming->of, i), words) == 0)
            return i;
    for (uint32_t i = 0; !words[strspn(words, "0123456789")] && i < naming->count; i++) {
        snprintf(number, sizeof number, "%" PRId64, naming->number(naming->of, i));
        if (strcmp(number, words) == 0)
            return i;
    }
    return NO_CELL;
}

/* The id that is nearest, or null. */
static const char *nearest_id(const struct stw_naming *naming, const char *words)
{
    const char **ids = stw_new(naming->count, sizeof *ids);
    for (uint32_t i = 0; i < naming->count; i++)
        ids[i] = naming->id(naming->of, i);
    const char *near = stw_nearest(words, ids, naming->count);
    free(ids);
    return near;
}

static stw_status refuse_words(const struct stw_naming *naming, const char *words,
                               struct stw_error *error)
{
    const char *near = nearest_id(naming, words);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s: no cell '%s'; did you mean '%s'?"
                              : "%s: no cell '%s'; %s lists them",
                         naming->title, words, near ? near : naming->lister);
}

/* `words` are a condition, or may be a misspelt id. */
static stw_status refuse_none(const struct stw_naming *naming, const char *words,
                              struct stw_error *error)
{
    const char *near = nearest_id(naming, words);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s: no cell has %s; did you mean '%s'?" : "%s: no cell has %s",
                         naming->title, words, near ? near : "");
}

stw_status stw_name_cells(const struct stw_naming *naming, const char *words, uint32_t **cells,
                          uint32_t *count, struct stw_error *error)
{
    *cells = NULL;
    *count = 0;
    if (naming->count == 0)
        return stw_error_set(error, STW_E_INVALID, NULL, "%s has no cells", naming->title);
    uint32_t named = find_named(naming, words);
    if (named != NO_CELL) {
        *STW_APPEND(*cells, *count) = named;
        return STW_OK;
    }
    char *list = as_condition(words);
    if (!list && !strpbrk(words, "=<>"))
        return refuse_words(naming, words, error);
    stw_status status = name_by_formula(naming, list ? list : words, cells, count, error);
    free(list);
    if (status == STW_OK && *count == 0)
        status = refuse_none(naming, words, error);
    return status;
}

stw_status stw_name_cell(const struct stw_naming *naming, const char *words, uint32_t *cell,
                         struct stw_error *error)
{
    uint32_t *cells, count;
    stw_status status = stw_name_cells(naming, words, &cells, &count, error);
    if (status == STW_OK && count > 1)
        status = stw_error_set(error, STW_E_INVALID, NULL, "%s: %u cells have %s, among them '%s' "
                               "and '%s'; say more", naming->title, count, words,
                               naming->id(naming->of, cells[0]), naming->id(naming->of, cells[1]));
    *cell = status == STW_OK ? cells[0] : NO_CELL;
    free(cells);
    return status;
}

/* Of an experiment. */

static const char *id_of(const void *of, uint32_t cell)
{
    return ((const struct stw_matrix *)of)->cells[cell].id;
}

static int64_t number_of(const void *of, uint32_t cell)
{
    return ((const struct stw_matrix *)of)->cells[cell].index;
}

static const char *value_of(const void *of, uint32_t cell, const char *key)
{
    const struct stw_matrix *matrix = of;
    const struct stw_experiment *e = matrix->experiment;
    const char *value = stw_cell_value(e, &matrix->cells[cell], key);
    const struct stw_axis *usual = value ? NULL : stw_axis_find(e->defaults, e->default_count, key);
    return usual ? usual->values[0] : value;
}

static const char *key_of(const void *of, uint32_t at)
{
    const struct stw_experiment *e = ((const struct stw_matrix *)of)->experiment;
    if (at < e->axis_count)
        return e->axes[at].key;
    at -= e->axis_count;
    if (at < e->fixed_count)
        return e->fixed[at].key;
    at -= e->fixed_count;
    return at < e->default_count ? e->defaults[at].key : NULL;
}

struct stw_naming stw_matrix_naming(const struct stw_matrix *matrix)
{
    return (struct stw_naming){matrix, matrix->cell_count, matrix->experiment->path, "--dry-run",
                               id_of, number_of, value_of, key_of};
}
