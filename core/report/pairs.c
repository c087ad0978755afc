/* report/pairs.c: pairs cells with their baselines. */
#include "report/pairs.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "report/select.h"

#include <stdlib.h>
#include <string.h>

static int has_trials(const struct stw_result_cell *cell)
{
    return cell->outcomes[STW_OUTCOME_OK] > 0;
}

/* In how many axes they differ, but for `by`; cells of a run have the same axes in one order. */
static uint32_t axes_between(const struct stw_result_cell *a, const struct stw_result_cell *b,
                             const char *by)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < a->axes.count; i++)
        count += strcmp(a->axes.items[i].value, b->axes.items[i].value) != 0
              && !(by && strcmp(a->axes.items[i].key, by) == 0);
    return count;
}

static stw_status check_axis(const struct stw_results *results, const char *by,
                             struct stw_error *error)
{
    const struct stw_pairs *axes = &results->cells[0].axes;
    if (stw_pairs_get(axes, by))
        return STW_OK;
    const char **keys = stw_new(axes->count, sizeof *keys);
    for (uint32_t i = 0; i < axes->count; i++)
        keys[i] = axes->items[i].key;
    const char *near = stw_nearest(by, keys, axes->count);
    free(keys);
    return stw_error_set(error, STW_E_INVALID, NULL, near ? "%s: no axis '%s'; did you mean '%s'?"
                                                          : "%s: no axis '%s'",
                         results->path, by, near ? near : "");
}

/* The cells that may be baselines: those that are named, or all with the axis's first value. */
static stw_status find_baselines(const struct stw_results *results, const char *words,
                                 const char *by, const struct stw_result_cell ***found,
                                 uint32_t *count, struct stw_error *error)
{
    if (words)
        return stw_select_cells(results, words, found, count, error);
    const char *first = stw_pairs_get(&results->cells[0].axes, by);
    for (uint32_t i = 0; i < results->cell_count; i++)
        if (strcmp(stw_pairs_get(&results->cells[i].axes, by), first) == 0)
            *STW_APPEND(*found, *count) = &results->cells[i];
    return STW_OK;
}

struct choice {
    const struct stw_result_cell *nearest, *other; /* another that is as near, or null */
    uint32_t axes;
};

static struct choice choose(const struct stw_result_cell *cell, const char *by,
                            const struct stw_result_cell *const *baselines, uint32_t count)
{
    struct choice choice = {NULL, NULL, UINT32_MAX};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t axes = axes_between(cell, baselines[i], by);
        if (axes < choice.axes)
            choice = (struct choice){baselines[i], NULL, axes};
        else if (axes == choice.axes)
            choice.other = baselines[i];
    }
    if (by && choice.axes > 0)
        choice.nearest = NULL;
    return choice;
}

static int is_among(const struct stw_result_cell *cell,
                    const struct stw_result_cell *const *cells, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (cells[i] == cell)
            return 1;
    return 0;
}

stw_status stw_pair_cells(const struct stw_results *results, const char *baseline, const char *by,
                          struct stw_cell_pairs *pairs, uint32_t *without_trials,
                          struct stw_error *error)
{
    const struct stw_result_cell **baselines = NULL;
    uint32_t count = 0;
    *pairs = (struct stw_cell_pairs){0};
    *without_trials = 0;
    if (results->cell_count == 0)
        return stw_error_set(error, STW_E_INVALID, NULL, "%s has no cells", results->path);
    if (by)
        STW_TRY(check_axis(results, by, error));
    stw_status status = find_baselines(results, baseline, by, &baselines, &count, error);
    for (uint32_t i = 0; status == STW_OK && i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        if (is_among(cell, baselines, count))
            continue;
        struct choice choice = choose(cell, by, baselines, count);
        if (choice.nearest && choice.other)
            status = stw_error_set(error, STW_E_INVALID, NULL, "%s: '%s' and '%s' are both "
                                   "baselines of '%s'; say more", results->path,
                                   choice.nearest->id, choice.other->id, cell->id);
        else if (choice.nearest && has_trials(cell) && has_trials(choice.nearest))
            *STW_APPEND(pairs->items, pairs->count) = (struct stw_cell_pair){cell, choice.nearest};
        else if (choice.nearest)
            ++*without_trials;
    }
    if (status == STW_OK && pairs->count == 0)
        status = stw_error_set(error, *without_trials ? STW_E_STATE : STW_E_INVALID, NULL,
                               *without_trials ? "%s: no two cells have trials that are ok"
                                               : "%s: there is no other cell to compare",
                               results->path);
    free(baselines);
    return status;
}

void stw_pair_runs(const struct stw_results *a, const struct stw_results *b,
                   struct stw_cell_pairs *pairs)
{
    *pairs = (struct stw_cell_pairs){0};
    for (uint32_t i = 0; i < a->cell_count; i++)
        for (uint32_t j = 0; j < b->cell_count; j++)
            if (strcmp(a->cells[i].hash, b->cells[j].hash) == 0 && has_trials(&a->cells[i])
                && has_trials(&b->cells[j]))
                *STW_APPEND(pairs->items, pairs->count) =
                    (struct stw_cell_pair){&a->cells[i], &b->cells[j]};
}
