/* report/show_cell.c: one cell for people: its operations, and what its mutators lost, and to what.
 * Sums are medians over the cell's ok trials, so parts need not add up to their whole; the longest
 * gap is that of one trial, and they do. */
#include "report/show.h"

#include "base/utf8.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* A whole and its parts: names of counters without their ending "_ns". */
struct split {
    const char *heading;
    const char *whole;
    const char *parts[9]; /* null at the end */
};

static const struct split splits[] = {
    {"processor time, median", "cpu.total",
     {"cpu.mutator", "cpu.assist", "cpu.mark", "cpu.sweep", "cpu.runtime", "cpu.stopped"}},
    {"time of all mutators, median", "taken.wall",
     {"taken.stop", "taken.assist", "taken.mark", "taken.handshake", "taken.sweep", "taken.turn",
      "taken.cycle", "machine.taken"}},
    {"longest gap", "gap.max",
     {"gap.stop", "gap.assist", "gap.mark", "gap.handshake", "gap.sweep", "gap.turn",
      "gap.cycle", "gap.machine"}},
};

static const int64_t *value_of(const struct stw_result_cell *cell, const char *name)
{
    char counter[64];
    snprintf(counter, sizeof counter, "%s_ns", name);
    const int64_t *of_gap = stw_result_of_longest_gap(cell, counter);
    return of_gap ? of_gap : stw_result_median(cell, counter);
}

static void add_time(struct stw_table *table, const char *label, int64_t ns, int64_t whole_ns)
{
    char share[16] = "";
    if (whole_ns > 0)
        snprintf(share, sizeof share, "%.2f %%", 100.0 * (double)ns / (double)whole_ns);
    stw_table_row(table);
    stw_table_set(table, 0, label);
    stw_table_set(table, 1, stw_format_ns((uint64_t)ns).text);
    stw_table_set(table, 2, share);
}

/* "machine.taken" is "machine" among the parts. */
static const char *label_of(const char *part)
{
    return strcmp(part, "machine.taken") == 0 ? "machine" : strchr(part, '.') + 1;
}

static void add_split(const struct stw_result_cell *cell, const struct split *split,
                      struct stw_text *out)
{
    const int64_t *whole = value_of(cell, split->whole);
    struct stw_table table = {0};
    if (!whole)
        return;
    stw_table_column(&table, split->heading, STW_TABLE_LEFT);
    stw_table_column(&table, stw_format_ns((uint64_t)*whole).text, STW_TABLE_RIGHT);
    stw_table_column(&table, "share", STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < COUNT(split->parts) && split->parts[i]; i++) {
        const int64_t *part = value_of(cell, split->parts[i]);
        if (part)
            add_time(&table, label_of(split->parts[i]), *part, *whole);
    }
    stw_text_add(out, "\n");
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

static void add_mmu(const struct stw_result_cell *cell, struct stw_text *out)
{
    struct stw_table table = {0};
    char text[16];
    if (cell->mmu_count == 0)
        return;
    stw_table_column(&table, "minimum mutator utilisation", STW_TABLE_LEFT);
    stw_table_column(&table, "least", STW_TABLE_RIGHT);
    stw_table_column(&table, "median", STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < cell->mmu_count; i++) {
        const struct stw_utilisation *mmu = &cell->mmu[i];
        stw_table_row(&table);
        stw_table_set(&table, 0, stw_format_ns((uint64_t)mmu->window_ns).text);
        snprintf(text, sizeof text, "%.2f %%", 100 * mmu->least);
        stw_table_set(&table, 1, text);
        snprintf(text, sizeof text, "%.2f %%", 100 * mmu->median);
        stw_table_set(&table, 2, text);
    }
    stw_text_add(out, "\n");
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

static void add_operation(struct stw_table *table, const char *name, const struct stw_dist *dist)
{
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, dist->count);
    stw_table_row(table);
    stw_table_set(table, 0, name);
    stw_table_set(table, 1, count);
    stw_table_set(table, 2, stw_format_ns((uint64_t)dist->p50).text);
    stw_table_set(table, 3, stw_format_ns((uint64_t)dist->p99).text);
    stw_table_set(table, 4, stw_format_ns((uint64_t)dist->max).text);
}

/* When the workload told more than the one time that the table of cells has. */
static void add_operations(const struct stw_result_cell *cell, struct stw_text *out)
{
    static const char *const headers[] = {"operations", "count", "p50", "p99", "max"};
    struct stw_table table = {0};
    if (cell->op_time_count == 0)
        return;
    for (uint32_t i = 0; i < COUNT(headers); i++)
        stw_table_column(&table, headers[i], i ? STW_TABLE_RIGHT : STW_TABLE_LEFT);
    add_operation(&table, stw_facts[STW_FACT_OP].name, &cell->dists[STW_DIST_OP]);
    for (uint32_t i = 0; i < cell->op_time_count; i++)
        add_operation(&table, cell->op_times[i].name, &cell->op_times[i].dist);
    stw_text_add(out, "\n");
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

static void add_checks(const struct stw_result_cell *cell, struct stw_text *out)
{
    static const struct { const char *label, *counter; } times[] = {
        {"sleep that nobody accounts for, that trial", "gap.unexplained"},
        {"an idle thread was woken late, p99, median", "machine.hiccup_p99"},
        {"an idle thread was woken late, at most, median", "machine.hiccup_max"},
    };
    struct stw_table table = {0};
    stw_table_column(&table, "checks", STW_TABLE_LEFT);
    stw_table_column(&table, "", STW_TABLE_RIGHT);
    stw_table_column(&table, "", STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < COUNT(times); i++) {
        const int64_t *ns = value_of(cell, times[i].counter);
        if (ns)
            add_time(&table, times[i].label, *ns, 0);
    }
    const int64_t *disputed = stw_result_median(cell, "gap.disagreements");
    if (disputed) {
        char text[24];
        snprintf(text, sizeof text, "%" PRId64, *disputed);
        stw_table_row(&table);
        stw_table_set(&table, 0, "stops that mutators saw otherwise");
        stw_table_set(&table, 1, text);
    }
    if (table.row_count)
        stw_text_add(out, "\n");
    if (table.row_count)
        stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

const struct stw_result_cell *stw_show_find(const struct stw_results *results, const char *id,
                                            const char **nearest)
{
    const char **ids = stw_new(results->cell_count + 1, sizeof *ids);
    const struct stw_result_cell *found = NULL;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        ids[i] = results->cells[i].id;
        if (strcmp(ids[i], id) == 0)
            found = &results->cells[i];
    }
    *nearest = stw_nearest(id, ids, results->cell_count);
    free(ids);
    return found;
}

void stw_show_cell(const struct stw_result_cell *cell, struct stw_text *out)
{
    stw_utf8_add_line(out, cell->id);
    stw_text_add(out, ": %" PRId64 " of %" PRId64 " trial%s ok\n",
                 cell->outcomes[STW_OUTCOME_OK], cell->trial_count,
                 stw_plural((uint64_t)cell->trial_count));
    add_operations(cell, out);
    for (uint32_t i = 0; i < COUNT(splits); i++)
        add_split(cell, &splits[i], out);
    add_mmu(cell, out);
    add_checks(cell, out);
}
