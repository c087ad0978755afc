/* report/show_cell.c: one cell for people: its operations, its pauses by phase, and what its
 * mutators lost, and to what.
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

/* Wholes, whose parts base/facts.def tells. */
static const struct whole { const char *heading; enum stw_fact_id fact; } wholes[] = {
    {"processor time, median", STW_FACT_CPU_TOTAL},
    {"time of all mutators, median", STW_FACT_TAKEN_WALL},
    {"longest gap", STW_FACT_GAP_MAX},
};
static const struct { enum stw_fact_id whole, part; } parts[] = {
#define PART(whole, part) {STW_FACT_##whole, STW_FACT_##part},
#include "base/facts.def"
};

static const int64_t *value_of(const struct stw_result_cell *cell, enum stw_fact_id fact)
{
    const char *name = stw_facts[fact].name;
    const int64_t *of_gap = stw_result_of_longest_gap(cell, name);
    return of_gap ? of_gap : stw_result_median(cell, name);
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

/* "taken.stop_ns" is "stop" among the parts, "mutator.blocked_ns" "blocked", and
 * "machine.taken_ns" "machine". */
static void add_label(enum stw_fact_id part, struct stw_text *label)
{
    const char *name = stw_facts[part].name, *end = strchr(name, '.');
    if (part != STW_FACT_MACHINE_TAKEN) {
        name = end + 1;
        end = name + strlen(name) - strlen("_ns");
    }
    stw_text_add_bytes(label, name, (size_t)(end - name));
}

static void add_split(const struct stw_result_cell *cell, const struct whole *whole,
                      struct stw_text *out)
{
    const int64_t *all = value_of(cell, whole->fact);
    struct stw_table table = {0};
    if (!all)
        return;
    stw_table_column(&table, whole->heading, STW_TABLE_LEFT);
    stw_table_column(&table, stw_format_ns((uint64_t)*all).text, STW_TABLE_RIGHT);
    stw_table_column(&table, "share", STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < COUNT(parts); i++) {
        const int64_t *ns = parts[i].whole == whole->fact ? value_of(cell, parts[i].part) : NULL;
        struct stw_text label = {0};
        if (!ns)
            continue;
        add_label(parts[i].part, &label);
        add_time(&table, label.bytes, *ns, *all);
        stw_text_free(&label);
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

static void add_time_columns(struct stw_table *table, const char *what)
{
    static const char *const headers[] = {"count", "p50", "p99", "max"};
    stw_table_column(table, what, STW_TABLE_LEFT);
    for (uint32_t i = 0; i < COUNT(headers); i++)
        stw_table_column(table, headers[i], STW_TABLE_RIGHT);
}

static void add_times(struct stw_table *table, const char *name, const struct stw_dist *dist)
{
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, dist->count);
    stw_table_row(table);
    stw_table_set(table, 0, name);
    stw_table_set(table, 1, count);
    stw_table_set(table, 2, stw_format_percentile(dist->p50, dist->count, 50).text);
    stw_table_set(table, 3, stw_format_percentile(dist->p99, dist->count, 99).text);
    stw_table_set(table, 4, stw_format_ns((uint64_t)dist->max).text);
}

static void add_lost(int64_t lost, const char *what, struct stw_text *out)
{
    if (lost > 0)
        stw_text_add(out, "%" PRId64 " %s\n", lost, what);
}

/* "pauses", by phase, when there are any outside the one that the table of cells is of. */
static void add_pauses(const struct stw_result_cell *cell, struct stw_text *out)
{
    static const struct { const char *phase; uint32_t dist; } phases[] = {
        {"setup", STW_DIST_SETUP}, {"timed", STW_DIST_PAUSE}, {"after", STW_DIST_AFTER}};
    struct stw_table table = {0};
    if (cell->dists[STW_DIST_SETUP].count + cell->dists[STW_DIST_AFTER].count == 0)
        return;
    add_time_columns(&table, "pauses");
    for (uint32_t i = 0; i < COUNT(phases); i++)
        if (cell->dists[phases[i].dist].count > 0)
            add_times(&table, phases[i].phase, &cell->dists[phases[i].dist]);
    stw_text_add(out, "\n");
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

/* When the workload told more than the one time that the table of cells has. */
static void add_operations(const struct stw_result_cell *cell, struct stw_text *out)
{
    struct stw_table table = {0};
    if (cell->op_time_count == 0)
        return;
    add_time_columns(&table, "operations");
    add_times(&table, stw_facts[STW_FACT_OP].name, &cell->dists[STW_DIST_OP]);
    for (uint32_t i = 0; i < cell->op_time_count; i++)
        add_times(&table, cell->op_times[i].name, &cell->op_times[i].dist);
    stw_text_add(out, "\n");
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

/* What the process used and no account has; below 0 where an account is wall time. */
static void add_other(const struct stw_result_cell *cell, struct stw_table *table)
{
    const int64_t *process = value_of(cell, STW_FACT_CPU_PROCESS);
    const int64_t *total = value_of(cell, STW_FACT_CPU_TOTAL);
    const int64_t *held = value_of(cell, STW_FACT_CPU_HELD);
    char text[40];
    if (!process || !total || !held)
        return;
    int64_t other = *process - (*total - *held);
    snprintf(text, sizeof text, "%s%s", other < 0 ? "-" : "",
             stw_format_ns((uint64_t)(other < 0 ? -other : other)).text);
    stw_table_row(table);
    stw_table_set(table, 0, "processor time that no account has, median");
    stw_table_set(table, 1, text);
}

static void add_checks(const struct stw_result_cell *cell, struct stw_text *out)
{
    static const struct { const char *label; enum stw_fact_id fact; } times[] = {
        {"sleep that nobody accounts for, that trial", STW_FACT_GAP_UNEXPLAINED},
        {"processors held by stops, used by nobody, median", STW_FACT_CPU_HELD},
        {"an idle thread was woken late, p99, median", STW_FACT_MACHINE_HICCUP_P99},
        {"an idle thread was woken late, at most, median", STW_FACT_MACHINE_HICCUP_MAX},
    };
    struct stw_table table = {0};
    stw_table_column(&table, "checks", STW_TABLE_LEFT);
    stw_table_column(&table, "", STW_TABLE_RIGHT);
    stw_table_column(&table, "", STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < COUNT(times); i++) {
        const int64_t *ns = value_of(cell, times[i].fact);
        if (ns)
            add_time(&table, times[i].label, *ns, 0);
    }
    add_other(cell, &table);
    const int64_t *disputed = value_of(cell, STW_FACT_GAP_DISAGREEMENTS);
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

void stw_show_marks(struct stw_text *out)
{
    if (strstr(stw_text_get(out), "  ~"))
        stw_text_add(out, "~ fewer than %u events lie beyond this percentile\n",
                     STW_EVENTS_BEYOND);
}

void stw_show_cell(const struct stw_result_cell *cell, struct stw_text *out)
{
    stw_utf8_add_line(out, cell->id);
    stw_text_add(out, ": %" PRId64 " of %" PRId64 " trial%s ok\n",
                 cell->outcomes[STW_OUTCOME_OK], cell->trial_count,
                 stw_plural((uint64_t)cell->trial_count));
    add_operations(cell, out);
    add_pauses(cell, out);
    add_lost(cell->stops_lost, "stops were not recorded: they are in no number of stops", out);
    for (uint32_t i = 0; i < COUNT(wholes); i++)
        add_split(cell, &wholes[i], out);
    add_mmu(cell, out);
    add_lost(cell->intervals_lost, "pieces of taken time were lost: the utilisations are too high",
             out);
    add_checks(cell, out);
}
