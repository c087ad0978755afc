/* plan/heaps.c: heap limits in multiples of the least in which a cell completes.
 *
 * HE1  a cell with a multiple is the cell with that value of gc.limit: it has its settings and its
 *      hash. How the limit was chosen is no part of what runs.
 * HE2  the least heap is that of the cell without a limit, by its hash: whatever else is different,
 *      workload, strategy or a default, makes another cell, whose least heap is not known. */
#include "plan/heaps.h"

#include "base/error.h"
#include "host/runtime_params.h"

#include <stdlib.h>
#include <string.h>

#define MULTIPLE_MAX 1000.0
#define KIB 1024u

stw_status stw_heap_parse(const char *text, double *multiple, struct stw_error *error)
{
    char *end;
    *multiple = 0;
    if (strcmp(text, STW_HEAP_OFF) == 0)
        return STW_OK;
    size_t digits = strspn(text, "0123456789.");
    *multiple = strtod(text, &end);
    if (!digits || end != text + digits || strcmp(end, "x") != 0)
        return stw_error_set(error, STW_E_INVALID, STW_HEAP, "\"%s\" is neither \"off\" nor a "
                             "multiple, as 1.3x", text);
    if (*multiple < 1 || *multiple > MULTIPLE_MAX)
        return stw_error_set(error, STW_E_INVALID, STW_HEAP, "\"%s\" is out of range: 1x to %gx",
                             text, MULTIPLE_MAX);
    return STW_OK;
}

static int has_multiple(const struct stw_axis *axis)
{
    for (uint32_t i = 0; axis && i < axis->value_count; i++)
        if (strcmp(axis->values[i], STW_HEAP_OFF) != 0)
            return 1;
    return 0;
}

int stw_heap_is_used(const struct stw_experiment *e)
{
    return has_multiple(stw_axis_find(e->axes, e->axis_count, STW_HEAP))
        || has_multiple(stw_axis_find(e->fixed, e->fixed_count, STW_HEAP));
}

int stw_heap_has(const struct stw_experiment *e, const struct stw_cell *cell)
{
    const char *value = stw_cell_value(e, cell, STW_HEAP);
    return value && strcmp(value, STW_HEAP_OFF) != 0;
}

static int by_hash(const void *a, const void *b)
{
    const struct stw_least_heap *x = a, *y = b;
    return strcmp(x->hash, y->hash);
}

uint64_t stw_heap_limit(const struct stw_experiment *e, const struct stw_cell *cell,
                        const char *hash)
{
    struct stw_least_heap wanted = {0};
    double multiple = 0;
    if (!stw_heap_has(e, cell) || !e->least_heap_count)
        return 0;
    stw_heap_parse(stw_cell_value(e, cell, STW_HEAP), &multiple, NULL);
    strncpy(wanted.hash, hash, sizeof wanted.hash - 1);
    const struct stw_least_heap *found =
        bsearch(&wanted, e->least_heaps, e->least_heap_count, sizeof wanted, by_hash);
    return found ? (uint64_t)(multiple * (double)found->bytes / KIB + 0.5) * KIB : 0;
}

void stw_heap_format(uint64_t bytes, char *text, uint32_t text_bytes)
{
    const struct stw_param *limit = stw_runtime_param(STW_HEAP_LIMIT);
    const struct stw_value value = {.type = STW_TYPE_U64, .as_u64 = bytes};
    stw_param_format(limit, &value, text, text_bytes);
}

void stw_experiment_take_heaps(struct stw_experiment *experiment, struct stw_least_heap *heaps,
                               uint32_t count)
{
    free(experiment->least_heaps);
    experiment->least_heaps = heaps;
    experiment->least_heap_count = count;
    if (count)
        qsort(heaps, count, sizeof *heaps, by_hash);
}
