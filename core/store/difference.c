/* store/difference.c: how the experiment of a run differs from a file's, key by key.
 *
 * An axis is compared by its values in their order, a fixed key as an axis of one value. A key that
 * only one of the two mentions has its default in the other. */
#include "store/difference.h"

#include "base/array.h"
#include "base/error.h"
#include "plan/heaps.h"
#include "plan/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *key;
    char *values; /* "a, b" */
};

/* Keys with their values: axes first, in their order. */
struct side {
    struct entry *entries;
    uint32_t count, axis_count;
};

static void add_entry(struct side *side, const char *key, char *values)
{
    *STW_APPEND(side->entries, side->count) = (struct entry){stw_strdup(key), values};
}

static void free_side(struct side *side)
{
    for (uint32_t i = 0; i < side->count; i++) {
        free(side->entries[i].key);
        free(side->entries[i].values);
    }
    free(side->entries);
}

static const char *values_of(const struct side *side, const char *key)
{
    for (uint32_t i = 0; i < side->count; i++)
        if (strcmp(side->entries[i].key, key) == 0)
            return side->entries[i].values;
    return NULL;
}

static void add_axes(struct side *side, const struct stw_axis *axes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct stw_text values = {0};
        for (uint32_t v = 0; v < axes[i].value_count; v++)
            stw_text_add(&values, "%s%s", v ? ", " : "", axes[i].values[v]);
        add_entry(side, axes[i].key, values.bytes ? values.bytes : stw_strdup(""));
    }
}

/* Adds the rows of a query: key, values. */
static stw_status add_rows(struct side *side, const struct stw_sql *sql, const char *query)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(sql->db, query, -1, &row, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(row, 0);
        const char *values = (const char *)sqlite3_column_text(row, 1);
        if (key && values)
            add_entry(side, key, stw_strdup(values));
        code = SQLITE_OK;
    }
    sqlite3_finalize(row);
    return code == SQLITE_DONE ? STW_OK : STW_E_IO;
}

/* Without the limits that `heap` has made: they follow from it. */
static const char stored_axes[] =
    "SELECT key, group_concat(value, ', ') FROM (SELECT position, key, value FROM cell_axis"
    " WHERE key <> '" STW_HEAP_LIMIT "' OR NOT EXISTS (SELECT 1 FROM run WHERE key = 'minheap')"
    " GROUP BY position, key, value ORDER BY position, min(cell)) GROUP BY position";

/* What a key has that is not mentioned; allocated, or null when it cannot be told. */
static char *default_of(const struct stw_plan *plan, const char *name)
{
    struct stw_key key = {0};
    const struct stw_plugin_info *workload = stw_registry_find(
        plan->registry, STW_KIND_WORKLOAD, plan->matrix->experiment->workload);
    if (stw_key_resolve(plan->registry, workload, name, &key, NULL) != STW_OK || !key.param)
        return NULL;
    return stw_key_canonical(plan->registry, &key, key.param->default_text, NULL);
}

static void tell(struct stw_text *text, const char *key, const char *was, const char *is)
{
    stw_text_add(text, "%s%s: was %s, is %s", text->length ? "; " : "", key, was, is);
}

/* Null: not mentioned. */
static void compare_key(const struct stw_plan *plan, const char *key, const char *was,
                        const char *is, struct stw_text *text)
{
    if (was && is && strcmp(was, is) == 0)
        return;
    char *usual = was && is ? NULL : default_of(plan, key);
    int is_usual = usual && strcmp(usual, was ? was : is) == 0;
    const char *missing = usual && !is_usual ? usual : "not set";
    tell(text, key, was ? was : missing, is ? is : missing);
    free(usual);
}

/* "n, strategy" */
static void list_axes(const struct side *side, struct stw_text *text)
{
    for (uint32_t i = 0; i < side->axis_count; i++)
        stw_text_add(text, "%s%s", i ? ", " : "", side->entries[i].key);
}

static void compare_sides(const struct stw_plan *plan, const struct side *was,
                          const struct side *is, struct stw_text *text)
{
    struct stw_text before = {0}, after = {0};
    for (uint32_t i = 0; i < was->count; i++)
        compare_key(plan, was->entries[i].key, was->entries[i].values,
                    values_of(is, was->entries[i].key), text);
    for (uint32_t i = 0; i < is->count; i++)
        if (!values_of(was, is->entries[i].key))
            compare_key(plan, is->entries[i].key, NULL, is->entries[i].values, text);
    list_axes(was, &before);
    list_axes(is, &after);
    if (!text->length && strcmp(stw_text_get(&before), stw_text_get(&after)) != 0)
        tell(text, "order of the axes", stw_text_get(&before), stw_text_get(&after));
    stw_text_free(&before);
    stw_text_free(&after);
}

/* What [experiment] says of the trials. */
static stw_status compare_run(const struct stw_sql *sql, const struct stw_experiment *experiment,
                              struct stw_text *text)
{
    struct side was = {0};
    char seed[32];
    stw_status status = add_rows(&was, sql, "SELECT key, value FROM run"
                                            " WHERE key IN ('workload', 'seed') ORDER BY key DESC");
    snprintf(seed, sizeof seed, "%" PRIu64, experiment->seed);
    for (uint32_t i = 0; i < was.count; i++) {
        const char *is = strcmp(was.entries[i].key, "seed") == 0 ? seed : experiment->workload;
        if (strcmp(was.entries[i].values, is) != 0)
            tell(text, was.entries[i].key, was.entries[i].values, is);
    }
    free_side(&was);
    return status;
}

/* The first cell that one of the two lacks, or that is excluded in one only. */
static stw_status compare_cells(const struct stw_sql *sql, const struct stw_matrix *matrix,
                                struct stw_text *text)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(sql->db, "SELECT excluded IS NOT NULL FROM cell WHERE hash=?1",
                                  -1, &row, NULL);
    for (uint32_t i = 0; code == SQLITE_OK && !text->length && i < matrix->cell_count; i++) {
        const struct stw_cell *cell = &matrix->cells[i];
        code = sqlite3_bind_text(row, 1, cell->hash, -1, SQLITE_STATIC);
        if (code == SQLITE_OK)
            code = sqlite3_step(row);
        if (code == SQLITE_DONE)
            stw_text_add(text, "it has no cell %s with these settings", cell->id);
        else if (code == SQLITE_ROW && sqlite3_column_int(row, 0) != (cell->excluded != NULL))
            stw_text_add(text, "cell %s is excluded in %s only", cell->id,
                         cell->excluded ? "this file" : "the run");
        if (code == SQLITE_ROW || code == SQLITE_DONE)
            code = sqlite3_reset(row);
    }
    sqlite3_finalize(row);
    int failed = code != SQLITE_OK;
    int64_t stored = stw_sql_number(sql, "SELECT count(*) FROM cell", &failed);
    if (!failed && !text->length)
        stw_text_add(text, "it has %lld cell%s, this file has %u", (long long)stored,
                     stw_plural((uint64_t)stored), matrix->cell_count);
    return failed ? STW_E_IO : STW_OK;
}

stw_status stw_plan_difference(const struct stw_sql *sql, const struct stw_plan *plan,
                               struct stw_text *text)
{
    const struct stw_experiment *experiment = plan->matrix->experiment;
    struct side was = {0}, is = {0};
    stw_status status = compare_run(sql, experiment, text);
    if (status == STW_OK)
        status = add_rows(&was, sql, stored_axes);
    was.axis_count = was.count;
    if (status == STW_OK)
        status = add_rows(&was, sql, "SELECT substr(key, 7), value FROM run"
                                     " WHERE key LIKE 'fixed.%' ORDER BY key");
    add_axes(&is, experiment->axes, experiment->axis_count);
    is.axis_count = is.count;
    add_axes(&is, experiment->fixed, experiment->fixed_count);
    if (status == STW_OK)
        compare_sides(plan, &was, &is, text);
    free_side(&was);
    free_side(&is);
    return status == STW_OK && !text->length ? compare_cells(sql, plan->matrix, text) : status;
}

static int by_hash(const void *a, const void *b)
{
    const struct stw_cell *const *x = a, *const *y = b;
    return strcmp((*x)->hash, (*y)->hash);
}

/* Whether the row's cell, its hash and whether it is excluded, is among the sorted ones. */
static int has_row(const struct stw_cell *const *sorted, uint32_t count, sqlite3_stmt *row)
{
    struct stw_cell wanted = {0};
    const struct stw_cell *key = &wanted;
    const char *hash = (const char *)sqlite3_column_text(row, 0);
    snprintf(wanted.hash, sizeof wanted.hash, "%s", hash ? hash : "");
    const struct stw_cell *const *found = bsearch(&key, sorted, count, sizeof *sorted, by_hash);
    return found && sqlite3_column_int(row, 1) == ((*found)->excluded != NULL);
}

int stw_plan_is_larger(const struct stw_sql *sql, const struct stw_matrix *matrix, int *failed)
{
    sqlite3_stmt *row = NULL;
    char other_seed[96];
    snprintf(other_seed, sizeof other_seed, "SELECT count(*) FROM run WHERE key='seed'"
             " AND value<>'%" PRIu64 "'", matrix->experiment->seed);
    int is_larger = stw_sql_number(sql, other_seed, failed) == 0 && !*failed;
    const struct stw_cell **sorted = stw_new(matrix->cell_count, sizeof *sorted);
    for (uint32_t i = 0; i < matrix->cell_count; i++)
        sorted[i] = &matrix->cells[i];
    qsort(sorted, matrix->cell_count, sizeof *sorted, by_hash);
    int code = sqlite3_prepare_v2(sql->db, "SELECT hash, excluded IS NOT NULL FROM cell", -1, &row,
                                  NULL);
    while (is_larger && code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        is_larger = has_row(sorted, matrix->cell_count, row);
        code = SQLITE_OK;
    }
    *failed |= code != SQLITE_OK && code != SQLITE_DONE;
    sqlite3_finalize(row);
    free(sorted);
    return is_larger && !*failed;
}
