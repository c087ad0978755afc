/* report/select.c: a name becomes a condition, which is asked of every cell.
 *
 * SE1  an id and a number name one cell, whatever else the words might mean. */
#include "report/select.h"

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

/* The cell's value of the key, or null. */
static const char *value_of(const struct stw_results *results, const struct stw_result_cell *cell,
                            const char *key)
{
    const char *value = stw_pairs_get(&cell->axes, key);
    for (uint32_t i = 0; !value && i < results->info.count; i++) {
        const char *constant = stw_results_constant(&results->info.items[i]);
        if (constant && strcmp(constant, key) == 0)
            value = results->info.items[i].value;
    }
    return value;
}

static stw_status refuse_key(const struct stw_results *results, const char *key,
                             struct stw_error *error)
{
    const char **keys = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < results->cells[0].axes.count; i++)
        *STW_APPEND(keys, count) = results->cells[0].axes.items[i].key;
    for (uint32_t i = 0; i < results->info.count; i++) {
        const char *constant = stw_results_constant(&results->info.items[i]);
        if (constant)
            *STW_APPEND(keys, count) = constant;
    }
    const char *near = stw_nearest(key, keys, count);
    free(keys);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s: no cell has a '%s'; did you mean '%s'?"
                              : "%s: no cell has a '%s'",
                         results->path, key, near ? near : "");
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

static stw_status check_formula(const struct stw_results *results,
                                const struct stw_formula *formula, struct stw_error *error)
{
    for (uint32_t i = 0; i < formula->comparison_count; i++) {
        const struct stw_comparison *of = &formula->comparisons[i];
        const char *value = value_of(results, &results->cells[0], of->key);
        double number;
        if (!value)
            return refuse_key(results, of->key, error);
        if ((stw_relation_is_order(of->relation) || of->divisor) && !read_number(value, &number))
            return stw_error_set(error, STW_E_INVALID, NULL, "%s: '%s' has no numbers for values: "
                                 "only == and != can be asked", results->path, of->key);
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

static stw_status select_by_formula(const struct stw_results *results, const char *condition,
                                    const struct stw_result_cell ***cells, uint32_t *count,
                                    struct stw_error *error)
{
    struct stw_formula formula = {0};
    stw_status status = stw_formula_parse(condition, &formula, NULL, error);
    if (status == STW_OK)
        status = check_formula(results, &formula, error);
    unsigned char *answers = stw_new(formula.comparison_count + 1, 1);
    for (uint32_t i = 0; status == STW_OK && i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        for (uint32_t c = 0; c < formula.comparison_count; c++) {
            const struct stw_comparison *of = &formula.comparisons[c];
            answers[c] = (unsigned char)holds(of, value_of(results, cell, of->key));
        }
        if (stw_formula_holds(&formula, answers))
            *STW_APPEND(*cells, *count) = cell;
    }
    free(answers);
    stw_formula_free(&formula);
    return status;
}

/* SE1 */
static const struct stw_result_cell *find_named(const struct stw_results *results,
                                                const char *words)
{
    char number[24];
    for (uint32_t i = 0; i < results->cell_count; i++)
        if (strcmp(results->cells[i].id, words) == 0)
            return &results->cells[i];
    for (uint32_t i = 0; i < results->cell_count; i++) {
        snprintf(number, sizeof number, "%" PRId64, results->cells[i].cell);
        if (strcmp(number, words) == 0)
            return &results->cells[i];
    }
    return NULL;
}

static stw_status refuse_words(const struct stw_results *results, const char *words,
                               struct stw_error *error)
{
    const char **ids = stw_new(results->cell_count, sizeof *ids);
    for (uint32_t i = 0; i < results->cell_count; i++)
        ids[i] = results->cells[i].id;
    const char *near = stw_nearest(words, ids, results->cell_count);
    free(ids);
    return stw_error_set(error, STW_E_INVALID, NULL,
                         near ? "%s: no cell '%s'; did you mean '%s'?"
                              : "%s: no cell '%s'; stwlab cells lists them",
                         results->path, words, near ? near : "");
}

stw_status stw_select_cells(const struct stw_results *results, const char *words,
                            const struct stw_result_cell ***cells, uint32_t *count,
                            struct stw_error *error)
{
    *cells = NULL;
    *count = 0;
    if (results->cell_count == 0)
        return stw_error_set(error, STW_E_INVALID, NULL, "%s has no cells", results->path);
    const struct stw_result_cell *named = find_named(results, words);
    if (named) {
        *STW_APPEND(*cells, *count) = named;
        return STW_OK;
    }
    char *list = as_condition(words);
    if (!list && !strpbrk(words, "=<>"))
        return refuse_words(results, words, error);
    stw_status status = select_by_formula(results, list ? list : words, cells, count, error);
    free(list);
    if (status == STW_OK && *count == 0)
        status = stw_error_set(error, STW_E_INVALID, NULL, "%s: no cell has %s", results->path,
                               words);
    return status;
}

stw_status stw_select_cell(const struct stw_results *results, const char *words,
                           const struct stw_result_cell **cell, struct stw_error *error)
{
    const struct stw_result_cell **cells;
    uint32_t count;
    stw_status status = stw_select_cells(results, words, &cells, &count, error);
    if (status == STW_OK && count > 1)
        status = stw_error_set(error, STW_E_INVALID, NULL, "%s: %u cells have %s, among them '%s' "
                               "and '%s'; say more", results->path, count, words, cells[0]->id,
                               cells[1]->id);
    *cell = status == STW_OK ? cells[0] : NULL;
    free(cells);
    return status;
}
