/* report/summaries.c: what the cells of a run are in numbers: distributions, counters, utilisation.
 *
 * SU1  each summary is what the view `cells`, or a query with windows over all rows, would say: the
 *      same percentiles by nearest rank, the same lower medians. What is not known counts nowhere.
 * SU2  rows are read once, in the order of cells, and one cell's are in memory at a time.
 * Rejected: the views themselves. Each of their percentiles sorts all stops of a run by itself,
 * with the joins that lead there, and medians all counters of all trials: of 100,000 trials with
 * 80 counters those are 8 million rows to sort, in SQLite's form for rows of any type. */
#include "report/cells.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "trial/phase.h"

#include <stdlib.h>
#include <string.h>

/* A counter's value, a window's, a bucket. */
struct item {
    uint32_t group; /* which counter, which of the times of operations */
    int64_t value;
    int64_t count; /* of a bucket */
    double share;  /* of a window */
};

struct scan {
    struct stw_results *results;
    struct stw_result_cell *cell; /* at hand; null: none yet */
    uint32_t reached;
    struct item *items; /* of that cell */
    uint32_t item_count;
    int64_t *times[STW_DISTS]; /* its stops, of which there may be millions */
    uint32_t time_counts[STW_DISTS];
    char **groups; /* names, of all cells so far */
    uint32_t group_count;
    void (*finish)(struct scan *scan);
};

static int compare_items(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    if (left->group != right->group)
        return left->group < right->group ? -1 : 1;
    if (left->value != right->value)
        return left->value < right->value ? -1 : 1;
    return (left->share > right->share) - (left->share < right->share);
}

static void finish_cell(struct scan *scan)
{
    if (scan->item_count)
        qsort(scan->items, scan->item_count, sizeof *scan->items, compare_items);
    if (scan->cell)
        scan->finish(scan);
    scan->item_count = 0;
}

/* Whether the row is of a cell that there is; when it is of the next one, the last is finished. */
static int begin_row(sqlite3_stmt *row, struct scan *scan)
{
    struct stw_results *results = scan->results;
    int64_t number = sqlite3_column_int64(row, 0);
    if (scan->cell && scan->cell->cell == number)
        return 1;
    finish_cell(scan);
    while (scan->reached < results->cell_count && results->cells[scan->reached].cell < number)
        scan->reached++;
    int found = scan->reached < results->cell_count
             && results->cells[scan->reached].cell == number;
    scan->cell = found ? &results->cells[scan->reached] : NULL;
    return found;
}

/* The number of the group that the row's column names. Each trial brings the same names in the same
 * order, mostly: so the next is tried first. */
static uint32_t group_of(sqlite3_stmt *row, int column, struct scan *scan)
{
    const char *name = (const char *)sqlite3_column_text(row, column);
    uint32_t last = scan->item_count ? scan->items[scan->item_count - 1].group : 0;
    name = name ? name : "";
    for (uint32_t i = 0; i < scan->group_count; i++) {
        uint32_t group = (last + 1 + i) % scan->group_count;
        if (strcmp(scan->groups[group], name) == 0)
            return group;
    }
    *STW_APPEND(scan->groups, scan->group_count) = stw_strdup(name);
    return scan->group_count - 1;
}

static stw_status run_scan(struct stw_results *results, const char *sql, stw_row_function *take,
                           void (*finish)(struct scan *))
{
    struct scan scan = {.results = results, .finish = finish};
    stw_status status = stw_reader_query(&results->reader, sql, NULL, take, &scan);
    finish_cell(&scan);
    for (uint32_t i = 0; i < scan.group_count; i++)
        free(scan.groups[i]);
    for (uint32_t i = 0; i < STW_DISTS; i++)
        free(scan.times[i]);
    free(scan.items);
    free(scan.groups);
    return status;
}

/* Where the items of the group that begins at `from` end. */
static uint32_t group_end(const struct scan *scan, uint32_t from)
{
    uint32_t end = from;
    while (end < scan->item_count && scan->items[end].group == scan->items[from].group)
        end++;
    return end;
}

/* Stops. */

static void add_time(sqlite3_stmt *row, int column, uint32_t dist, struct scan *scan)
{
    if (sqlite3_column_type(row, column) != SQLITE_NULL)
        *STW_APPEND(scan->times[dist], scan->time_counts[dist]) =
            sqlite3_column_int64(row, column);
}

static void take_pause(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    const char *phase = (const char *)sqlite3_column_text(row, 1);
    uint32_t number = phase ? stw_phase_find(phase) : STW_TRIAL_PHASES;
    if (number == STW_TRIAL_PHASES || !begin_row(row, scan))
        return;
    if (number != STW_TRIAL_TIMED) {
        add_time(row, 2, number == STW_TRIAL_SETUP ? STW_DIST_SETUP : STW_DIST_AFTER, scan);
        return;
    }
    add_time(row, 2, STW_DIST_PAUSE, scan);
    add_time(row, 3, STW_DIST_STOPPING, scan);
    add_time(row, 4, STW_DIST_WORKING, scan);
    add_time(row, 5, STW_DIST_RESTARTING, scan);
}

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void finish_pauses(struct scan *scan)
{
    for (uint32_t dist = 0; dist < STW_DISTS; dist++) {
        int64_t *times = scan->times[dist], count = scan->time_counts[dist];
        uint64_t sum = 0;
        scan->time_counts[dist] = 0;
        if (count == 0)
            continue;
        qsort(times, (size_t)count, sizeof *times, compare_times);
        for (int64_t i = 0; i < count; i++)
            sum += (uint64_t)times[i];
        scan->cell->dists[dist] =
            (struct stw_dist){count, times[(count * 50 + 99) / 100 - 1],
                              times[(count * 99 + 99) / 100 - 1], times[count - 1], (int64_t)sum};
    }
}

/* Buckets of operations: sorted, the percentile is the bucket in which its rank is. */

static void take_bucket(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    if (begin_row(row, scan)) {
        uint32_t group = group_of(row, 1, scan);
        *STW_APPEND(scan->items, scan->item_count) =
            (struct item){.group = group, .value = sqlite3_column_int64(row, 2),
                          .count = sqlite3_column_int64(row, 3)};
    }
}

static struct stw_dist dist_of_buckets(const struct item *items, uint32_t count)
{
    struct stw_dist dist = {.max = items[count - 1].value};
    uint64_t total = 0, seen = 0;
    for (uint32_t i = 0; i < count; i++)
        total += (uint64_t)items[i].count;
    uint64_t p50 = (total * 50 + 99) / 100, p99 = (total * 99 + 99) / 100;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t reached = seen + (uint64_t)items[i].count;
        if (seen < p50 && reached >= p50)
            dist.p50 = items[i].value;
        if (seen < p99 && reached >= p99)
            dist.p99 = items[i].value;
        seen = reached;
    }
    dist.count = (int64_t)total;
    return dist;
}

/* They have no name; their sum is kept with the trials. */
static void finish_operations(struct scan *scan)
{
    struct stw_dist *dist = &scan->cell->dists[STW_DIST_OP];
    int64_t sum = dist->sum;
    if (scan->item_count)
        *dist = dist_of_buckets(scan->items, scan->item_count);
    dist->sum = sum;
}

static int compare_op_times(const void *a, const void *b)
{
    const struct stw_op_time *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static void finish_op_times(struct scan *scan)
{
    struct stw_result_cell *cell = scan->cell;
    for (uint32_t at = 0, end; at < scan->item_count; at = end) {
        end = group_end(scan, at);
        *STW_APPEND(cell->op_times, cell->op_time_count) =
            (struct stw_op_time){stw_strdup(scan->groups[scan->items[at].group]),
                                 dist_of_buckets(scan->items + at, end - at)};
    }
    if (cell->op_time_count)
        qsort(cell->op_times, cell->op_time_count, sizeof *cell->op_times, compare_op_times);
}

/* What a damaged file holds may be more than a sum can. */
static void add_up(int64_t *sum, int64_t value)
{
    *sum = (int64_t)((uint64_t)*sum + (uint64_t)value);
}

static void take_op_sum(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    if (begin_row(row, scan))
        add_up(&scan->cell->dists[STW_DIST_OP].sum, sqlite3_column_int64(row, 1));
}

/* Counters and windows: lower medians. */

static void add_value(sqlite3_stmt *row, int column, uint32_t group, struct scan *scan)
{
    if (sqlite3_column_type(row, column) != SQLITE_NULL)
        *STW_APPEND(scan->items, scan->item_count) =
            (struct item){.group = group, .value = sqlite3_column_int64(row, column)};
}

static void take_counter(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    if (begin_row(row, scan))
        add_value(row, 2, group_of(row, 1, scan), scan);
}

static int compare_medians(const void *a, const void *b)
{
    const struct stw_median *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static void finish_counters(struct scan *scan)
{
    struct stw_result_cell *cell = scan->cell;
    for (uint32_t at = 0, end; at < scan->item_count; at = end) {
        end = group_end(scan, at);
        *STW_APPEND(cell->medians, cell->median_count) =
            (struct stw_median){stw_strdup(scan->groups[scan->items[at].group]),
                                scan->items[at + (end - at - 1) / 2].value};
    }
    if (cell->median_count)
        qsort(cell->medians, cell->median_count, sizeof *cell->medians, compare_medians);
}

/* The value is the window's length, so that windows are groups, and sorted. */
static void take_window(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    if (begin_row(row, scan))
        *STW_APPEND(scan->items, scan->item_count) =
            (struct item){.value = sqlite3_column_int64(row, 1),
                          .share = sqlite3_column_double(row, 2)};
}

static void finish_windows(struct scan *scan)
{
    struct stw_result_cell *cell = scan->cell;
    for (uint32_t at = 0, end; at < scan->item_count; at = end) {
        const struct item *items = scan->items + at;
        for (end = at; end < scan->item_count && scan->items[end].value == items[0].value;)
            end++;
        *STW_APPEND(cell->mmu, cell->mmu_count) =
            (struct stw_utilisation){items[0].value, items[0].share,
                                     items[(end - at - 1) / 2].share};
    }
}

static void take_gap(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    if (begin_row(row, scan))
        *STW_APPEND(scan->cell->gap, scan->cell->gap_count) =
            (struct stw_median){stw_reader_text(row, 1), sqlite3_column_int64(row, 2)};
}

/* With max(), SQLite takes the other columns from the row that has the maximum. */
static const char gap_sql[] =
    "SELECT k.cell, k.name, k.value FROM counters k"
    " JOIN (SELECT cell, trial, max(value) FROM counters WHERE name = 'gap.max_ns' GROUP BY cell)"
    "  AS longest ON longest.cell = k.cell AND longest.trial = k.trial"
    " WHERE k.name >= 'gap.' AND k.name < 'gap/' ORDER BY k.cell, k.name";

static void finish_nothing(struct scan *scan)
{
    (void)scan;
}

stw_status stw_results_summarise(struct stw_results *results)
{
    results->dists = stw_new((size_t)results->cell_count * STW_DISTS, sizeof *results->dists);
    for (uint32_t i = 0; i < results->cell_count; i++)
        results->cells[i].dists = &results->dists[(size_t)i * STW_DISTS];
    STW_TRY(run_scan(results, "SELECT cell, phase, pause_ns, stopping_ns, working_ns, restarting_ns"
                              " FROM pauses ORDER BY cell", take_pause, finish_pauses));
    STW_TRY(run_scan(results, "SELECT cell, op_sum_ns FROM trials WHERE outcome = 'ok'"
                              " ORDER BY cell", take_op_sum, finish_nothing));
    STW_TRY(run_scan(results, "SELECT cell, '', high_ns, count FROM ops ORDER BY cell", take_bucket,
                     finish_operations));
    STW_TRY(run_scan(results, "SELECT cell, name, high_ns, count FROM op_times ORDER BY cell",
                     take_bucket, finish_op_times));
    STW_TRY(run_scan(results, "SELECT cell, name, value FROM counters ORDER BY cell", take_counter,
                     finish_counters));
    STW_TRY(run_scan(results, "SELECT cell, window_ns, utilisation FROM mmu"
                              " WHERE utilisation IS NOT NULL ORDER BY cell", take_window,
                     finish_windows));
    return run_scan(results, gap_sql, take_gap, finish_nothing);
}
