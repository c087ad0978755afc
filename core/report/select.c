/* report/select.c: tells plan/naming.c what cells a run has. */
#include "report/select.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *id_of(const void *of, uint32_t cell)
{
    return ((const struct stw_results *)of)->cells[cell].id;
}

static int64_t number_of(const void *of, uint32_t cell)
{
    return ((const struct stw_results *)of)->cells[cell].cell;
}

static const char *value_of(const void *of, uint32_t cell, const char *key)
{
    const struct stw_results *results = of;
    const char *value = stw_pairs_get(&results->cells[cell].axes, key);
    for (uint32_t i = 0; !value && i < results->info.count; i++) {
        const char *constant = stw_results_constant(&results->info.items[i]);
        if (constant && strcmp(constant, key) == 0)
            value = results->info.items[i].value;
    }
    return value;
}

static const char *key_of(const void *of, uint32_t at)
{
    const struct stw_results *results = of;
    const struct stw_pairs *axes = &results->cells[0].axes;
    if (at < axes->count)
        return axes->items[at].key;
    at -= axes->count;
    for (uint32_t i = 0; i < results->info.count; i++) {
        const char *constant = stw_results_constant(&results->info.items[i]);
        if (constant && at-- == 0)
            return constant;
    }
    return NULL;
}

static struct stw_naming naming_of(const struct stw_results *results)
{
    return (struct stw_naming){results, results->cell_count, results->path, "stwlab cells",
                               id_of,   number_of,           value_of,      key_of};
}

stw_status stw_select_cells(const struct stw_results *results, const char *words,
                            const struct stw_result_cell ***cells, uint32_t *count,
                            struct stw_error *error)
{
    const struct stw_naming naming = naming_of(results);
    uint32_t *indices;
    stw_status status = stw_name_cells(&naming, words, &indices, count, error);
    *cells = status == STW_OK ? stw_new(*count, sizeof **cells) : NULL;
    for (uint32_t i = 0; status == STW_OK && i < *count; i++)
        (*cells)[i] = &results->cells[indices[i]];
    free(indices);
    return status;
}

stw_status stw_select_cell(const struct stw_results *results, const char *words,
                           const struct stw_result_cell **cell, struct stw_error *error)
{
    const struct stw_naming naming = naming_of(results);
    uint32_t index;
    stw_status status = stw_name_cell(&naming, words, &index, error);
    *cell = status == STW_OK ? &results->cells[index] : NULL;
    return status;
}
