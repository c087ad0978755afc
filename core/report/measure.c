/* report/measure.c: reads many metrics of many cells in as few scans as there are views.
 *
 * ME1  a value is the one that `compare` has for that cell and metric, and so is its interval: the
 *      same values go into the same statistic.
 * ME2  a view is read once, whatever number of metrics is in it, in the order of cells and trials;
 *      so only one cell's values are in memory at a time, and SQLite sorts nothing: that order is
 *      the order of the index trial_of_cell.
 * A metric that is made in another way than by a column of a view is asked for cell by cell. */
#include "report/measure.h"

#include "base/array.h"
#include "base/check.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_FROM 3 /* columns of a scan: cell, trial, key, values */
#define ROW_NONE UINT32_MAX
#define PHASE_SETUP "setup"
#define PHASE_TIMED "timed"
#define PHASE_AFTER "after"

/* How a metric's values are in a view. */
struct place {
    const char *view;
    const char *column;
    const char *key;     /* the column that tells facts of one view apart, or null */
    int is_key_number;
    const char *condition; /* of all rows, or null */
};

/* Values of which metrics are made: they share it when only the statistic differs. */
struct slot {
    const struct stw_metric *first;
    char *key;       /* what the row's key must be, or null */
    int column;      /* of the row */
    struct stw_sample sample;
    uint64_t events; /* of operations: how many */
    struct stw_bucket *buckets; /* of the trial at hand */
    uint32_t bucket_count;
    double sum;      /* of the trial at hand, for a mean */
    uint64_t count;
    uint32_t *metrics;
    uint32_t metric_count;
};

/* A view that is read. */
struct scan {
    struct measuring *of;
    struct place place;
    const char **columns; /* borrowed */
    uint32_t column_count;
    struct slot *slots;
    uint32_t slot_count;
    int64_t cell, trial; /* of the last row; -1: none */
    uint32_t at;         /* of that cell, an index; ROW_NONE: there is none, or it is not wanted */
    uint32_t begun;      /* of the cell's trials, how many are in the samples */
};

struct measuring {
    struct stw_results *results;
    const struct stw_metric *const *metrics;
    const struct stw_measure_options *options;
    struct stw_measures *measures;
    struct scan *scans;
    uint32_t scan_count;
};

int stw_metric_is_percentile(const struct stw_metric *metric)
{
    return metric->parsed.made == STW_MADE_PERCENTILE && metric->percent < 100;
}

uint64_t stw_metric_beyond(const struct stw_metric *metric, uint64_t trials, uint64_t events)
{
    int is_of_trial = stw_fact_is_operation(metric->fact);
    double percent = is_of_trial ? metric->percent : metric->statistic.percent;
    return stw_events_beyond(is_of_trial && trials ? events / trials : events, percent);
}

/* Planning: which views, which columns. */

static int is_bucketed(const struct stw_metric *metric)
{
    return stw_fact_is_operation(metric->fact);
}

/* Whether the metric is nothing but a column of a view. */
static int is_plain(const struct stw_metric *metric)
{
    const struct stw_metric_name *name = &metric->parsed;
    int is_made_here = name->made == STW_MADE_VALUE || name->made == STW_MADE_PERCENTILE
                    || name->made == STW_MADE_MEAN;
    return is_made_here && !name->kind && !name->site && metric->fact->place <= STW_IN_HICCUPS;
}

static struct place place_of(const struct stw_metric *metric)
{
    const struct stw_fact *fact = metric->fact;
    int is_further = metric->parsed.fact_bytes != strlen(stw_facts[STW_FACT_OP].name);
    switch (fact->place) {
    case STW_IN_TRIALS:
        return (struct place){"trials", fact->where, NULL, 0, "outcome = 'ok'"};
    case STW_IN_PAUSES:
        return (struct place){"pauses", fact->where, "phase", 0, NULL};
    case STW_IN_STEPS:
        return (struct place){"steps", "ns", "step", 0, "phase = '" PHASE_TIMED "'"};
    case STW_IN_CYCLES:
        return (struct place){"cycles", fact->where, NULL, 0, NULL};
    case STW_IN_OPS:
        return is_further ? (struct place){"op_times", "high_ns", "name", 0, NULL}
                          : (struct place){"ops", "high_ns", NULL, 0, NULL};
    case STW_IN_MMU:
        return (struct place){"mmu", "utilisation", "window_ns", 1, NULL};
    case STW_IN_HICCUPS:
        return (struct place){"hiccups", fact->where, NULL, 0, NULL};
    default:
        return (struct place){"counters", "value", "name", 0, NULL};
    }
}

/* What the key must be; allocated, or null. */
static char *key_of(const struct stw_metric *metric, const struct place *place)
{
    struct stw_text key = {0};
    if (!place->key)
        return NULL;
    if (metric->fact->place == STW_IN_PAUSES)
        stw_text_add(&key, PHASE_TIMED);
    else if (metric->fact->place == STW_IN_STEPS)
        stw_text_add(&key, "%s", metric->fact->where);
    else if (metric->fact->place == STW_IN_MMU)
        stw_text_add(&key, "%" PRIu64, metric->fact->window_ns);
    else
        stw_text_add(&key, "%.*s", (int)metric->parsed.fact_bytes, metric->name);
    return key.bytes;
}

static struct scan *find_scan(struct measuring *of, const struct place *place)
{
    for (uint32_t i = 0; i < of->scan_count; i++)
        if (strcmp(of->scans[i].place.view, place->view) == 0)
            return &of->scans[i];
    *STW_APPEND(of->scans, of->scan_count) =
        (struct scan){.of = of, .place = *place, .cell = -1, .trial = -1, .at = ROW_NONE};
    return &of->scans[of->scan_count - 1];
}

/* Where the row has the column's value. */
static int find_column(struct scan *scan, const char *column)
{
    uint32_t at = 0;
    while (at < scan->column_count && strcmp(scan->columns[at], column) != 0)
        at++;
    if (at == scan->column_count)
        *STW_APPEND(scan->columns, scan->column_count) = column;
    return VALUES_FROM + (int)at;
}

static int is_mean(const struct stw_metric *metric)
{
    return metric->parsed.made == STW_MADE_MEAN;
}

static int can_share(const struct slot *slot, const struct stw_metric *metric, const char *key,
                     int column)
{
    return slot->column == column && (slot->key == key || (key && strcmp(slot->key, key) == 0))
        && is_mean(slot->first) == is_mean(metric)
        && (!is_bucketed(metric) || slot->first->percent == metric->percent);
}

static void plan(struct measuring *of, uint32_t number)
{
    const struct stw_metric *metric = of->metrics[number];
    struct place place = place_of(metric);
    struct scan *scan = find_scan(of, &place);
    char *key = key_of(metric, &place);
    int column = find_column(scan, place.column);
    uint32_t i = 0;
    if (is_bucketed(metric))
        find_column(scan, "count"); /* just behind the other, which is the view's only one */
    while (i < scan->slot_count && !can_share(&scan->slots[i], metric, key, column))
        i++;
    if (i == scan->slot_count) {
        *STW_APPEND(scan->slots, scan->slot_count) =
            (struct slot){.first = metric, .key = key, .column = column};
        key = NULL;
    }
    free(key);
    *STW_APPEND(scan->slots[i].metrics, scan->slots[i].metric_count) = number;
}

/* Reading: rows are of a cell, and within it of a trial. */

/* A row of the measures, and the cell that it is, or is a trial of. */
struct spot {
    uint32_t row, cell;
};

static uint64_t ok_trials(const struct measuring *of, uint32_t cell)
{
    return of->options->by_trial ? 1 : (uint64_t)of->results->cells[cell].outcomes[STW_OUTCOME_OK];
}

/* Of the metric of that number, from its values. */
static void set_estimate(struct measuring *of, uint32_t number, struct spot spot,
                         struct stw_sample *sample, uint64_t events)
{
    const struct stw_metric *metric = of->metrics[number];
    size_t at = (size_t)spot.row * of->measures->metric_count + number;
    struct stw_estimate *estimate = &of->measures->estimates[at];
    estimate->events = events;
    if (sample->value_count == 0)
        return;
    estimate->is_known = 1;
    estimate->value = stw_sample_statistic(sample, metric->statistic);
    estimate->is_thin =
        stw_metric_is_percentile(metric)
        && stw_metric_beyond(metric, ok_trials(of, spot.cell), events) < STW_EVENTS_BEYOND;
    if (!of->options->bootstrap)
        return;
    struct stw_interval *interval = &of->measures->intervals[at];
    *interval = stw_bootstrap_value(sample, metric->statistic, of->options->bootstrap);
    if (!interval->without && estimate->is_thin)
        interval->without = "fewer than 10 events lie beyond this percentile";
}

static void begin_slots(struct scan *scan, uint32_t trial)
{
    for (uint32_t i = 0; i < scan->slot_count; i++)
        stw_sample_trial(&scan->slots[i].sample, trial);
}

/* The cell's ok trials up to this one: those without a row have a place among what is drawn. */
static void begin_trials(struct scan *scan, uint32_t last)
{
    const struct stw_results *results = scan->of->results;
    const struct stw_result_cell *cell = &results->cells[scan->at];
    for (; scan->begun < cell->row_count; scan->begun++) {
        const struct stw_result_trial *trial = &results->trials[cell->first_row + scan->begun];
        if (trial->trial > last)
            return;
        if (trial->outcome == STW_OUTCOME_OK)
            begin_slots(scan, trial->trial);
    }
}

static void end_trial(struct slot *slot)
{
    const struct stw_metric *metric = slot->first;
    if (slot->bucket_count) {
        uint64_t total = 0;
        for (uint32_t i = 0; i < slot->bucket_count; i++)
            total += slot->buckets[i].count;
        if (total)
            stw_sample_add(&slot->sample, stw_buckets_percentile(slot->buckets, slot->bucket_count,
                                                                 metric->percent));
        slot->events += total;
        slot->bucket_count = 0;
    }
    if (slot->count) {
        stw_sample_add(&slot->sample, slot->sum / (double)slot->count);
        slot->sum = 0;
        slot->count = 0;
    }
}

/* The row of the trial among all rows, or that of its cell. */
static uint32_t row_of(const struct scan *scan)
{
    const struct stw_results *results = scan->of->results;
    const struct stw_result_cell *cell = &results->cells[scan->at];
    if (!scan->of->options->by_trial)
        return scan->at;
    uint32_t first = cell->first_row, end = first + cell->row_count;
    while (first < end && results->trials[first].trial != (uint32_t)scan->trial)
        first++;
    return first < end ? first : ROW_NONE;
}

/* What was read of the cell, or of the trial, is a value of each metric. */
static void finish_row(struct scan *scan)
{
    const struct spot spot = {scan->at == ROW_NONE ? ROW_NONE : row_of(scan), scan->at};
    if (spot.row == ROW_NONE)
        return;
    if (scan->of->options->bootstrap)
        begin_trials(scan, UINT32_MAX);
    for (uint32_t i = 0; i < scan->slot_count; i++) {
        struct slot *slot = &scan->slots[i];
        uint64_t events = is_bucketed(slot->first) ? slot->events : slot->sample.value_count;
        for (uint32_t m = 0; m < slot->metric_count; m++)
            set_estimate(scan->of, slot->metrics[m], spot, &slot->sample, events);
        stw_sample_clear(&slot->sample);
        slot->events = 0;
    }
}

static void find_cell(struct scan *scan, int64_t number)
{
    const struct stw_results *results = scan->of->results;
    const uint8_t *is_wanted = scan->of->options->is_wanted;
    uint32_t low = 0, high = results->cell_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (results->cells[middle].cell < number)
            low = middle + 1;
        else
            high = middle;
    }
    int found = low < results->cell_count && results->cells[low].cell == number;
    scan->at = found && (!is_wanted || is_wanted[low]) ? low : ROW_NONE;
    scan->begun = 0;
}

static void end_trials(struct scan *scan)
{
    for (uint32_t i = 0; scan->at != ROW_NONE && i < scan->slot_count; i++)
        end_trial(&scan->slots[i]);
}

static void next_trial(struct scan *scan, int64_t cell, int64_t trial)
{
    int is_next_cell = cell != scan->cell;
    end_trials(scan);
    if (is_next_cell || scan->of->options->by_trial)
        finish_row(scan);
    if (is_next_cell)
        find_cell(scan, cell);
    scan->cell = cell;
    scan->trial = trial;
    if (scan->at == ROW_NONE)
        return;
    if (scan->of->options->bootstrap)
        begin_trials(scan, (uint32_t)trial);
    else
        begin_slots(scan, (uint32_t)trial);
}

static void take_value(struct slot *slot, sqlite3_stmt *row)
{
    if (sqlite3_column_type(row, slot->column) == SQLITE_NULL)
        return;
    if (is_bucketed(slot->first)) {
        *STW_APPEND(slot->buckets, slot->bucket_count) =
            (struct stw_bucket){(uint64_t)sqlite3_column_int64(row, slot->column),
                                (uint64_t)sqlite3_column_int64(row, slot->column + 1)};
    } else if (is_mean(slot->first)) {
        slot->sum += sqlite3_column_double(row, slot->column);
        slot->count++;
    } else {
        stw_sample_add(&slot->sample, sqlite3_column_double(row, slot->column));
    }
}

/* Stops outside the timed phase are counted, and are in no metric. */
static void count_outside(struct scan *scan, const char *phase)
{
    uint32_t row = row_of(scan);
    if (row == ROW_NONE)
        return;
    scan->of->measures->outside[row].setup += strcmp(phase, PHASE_SETUP) == 0;
    scan->of->measures->outside[row].after += strcmp(phase, PHASE_AFTER) == 0;
}

static void take_row(sqlite3_stmt *row, void *context)
{
    struct scan *scan = context;
    int64_t cell = sqlite3_column_int64(row, 0), trial = sqlite3_column_int64(row, 1);
    int is_behind = cell < scan->cell || (cell == scan->cell && trial < scan->trial);
    if (is_behind || trial < 0 || trial > UINT32_MAX) /* only a damaged file has such rows */
        return;
    if (cell != scan->cell || trial != scan->trial)
        next_trial(scan, cell, trial);
    if (scan->at == ROW_NONE)
        return;
    const char *key =
        scan->place.key ? (const char *)sqlite3_column_text(row, VALUES_FROM - 1) : NULL;
    int is_taken = 0;
    for (uint32_t i = 0; i < scan->slot_count; i++) {
        struct slot *slot = &scan->slots[i];
        if (slot->key && (!key || strcmp(slot->key, key) != 0))
            continue;
        take_value(slot, row);
        is_taken = 1;
    }
    if (!is_taken && key && strcmp(scan->place.view, "pauses") == 0)
        count_outside(scan, key);
}

/* " AND name IN ('a', 'b')"; of stops all are read. */
static void add_keys(const struct scan *scan, struct stw_text *sql)
{
    if (!scan->place.key || strcmp(scan->place.view, "pauses") == 0)
        return;
    for (uint32_t i = 0; i < scan->slot_count; i++) {
        if (i)
            stw_text_add(sql, ", ");
        else
            stw_text_add(sql, " AND %s IN (", scan->place.key);
        if (scan->place.is_key_number)
            stw_text_add(sql, "%s", scan->slots[i].key);
        else
            stw_reader_add_quoted(sql, scan->slots[i].key);
    }
    stw_text_add(sql, ")");
}

static stw_status run_scan(struct measuring *of, struct scan *scan)
{
    struct stw_text sql = {0};
    stw_text_add(&sql, "SELECT cell, trial, %s", scan->place.key ? scan->place.key : "NULL");
    for (uint32_t i = 0; i < scan->column_count; i++)
        stw_text_add(&sql, ", %s", scan->columns[i]);
    stw_text_add(&sql, " FROM %s WHERE %s", scan->place.view,
                 scan->place.condition ? scan->place.condition : "1");
    add_keys(scan, &sql);
    stw_text_add(&sql, " ORDER BY cell, trial");
    stw_status status = stw_reader_query(&of->results->reader, sql.bytes, NULL, take_row, scan);
    if (status == STW_OK) {
        end_trials(scan);
        finish_row(scan);
    }
    stw_text_free(&sql);
    return status;
}

/* Cell by cell. */

static void take_sample(struct measuring *of, uint32_t number, uint32_t at,
                        struct stw_measured *measured)
{
    const struct stw_result_cell *cell = &of->results->cells[at];
    struct stw_sample *all = &measured->sample;
    if (!of->options->by_trial) {
        set_estimate(of, number, (struct spot){at, at}, all, measured->events);
        return;
    }
    for (uint32_t i = 0, value = 0; i < all->trial_count; i++) {
        struct stw_sample one = {0};
        uint32_t row = cell->first_row;
        stw_sample_trial(&one, all->trials[i].block);
        for (; value < all->value_count && all->values[value].trial == i; value++)
            stw_sample_add(&one, all->values[value].value);
        while (row + 1 < cell->first_row + cell->row_count
               && of->results->trials[row].trial != all->trials[i].block)
            row++;
        set_estimate(of, number, (struct spot){row, at}, &one, one.value_count);
        stw_sample_free(&one);
    }
}

static stw_status measure_cells(struct measuring *of, uint32_t number)
{
    for (uint32_t i = 0; i < of->results->cell_count; i++) {
        const struct stw_result_cell *cell = &of->results->cells[i];
        struct stw_measured measured;
        if (!cell->outcomes[STW_OUTCOME_OK]
            || (of->options->is_wanted && !of->options->is_wanted[i]))
            continue;
        stw_status status = stw_metric_read(&of->results->reader, of->metrics[number], cell->cell,
                                            0, &measured);
        if (status == STW_OK)
            take_sample(of, number, i, &measured);
        stw_sample_free(&measured.sample);
        STW_TRY(status);
    }
    return STW_OK;
}

static stw_status measure_all(struct measuring *of)
{
    for (uint32_t i = 0; i < of->measures->metric_count; i++) {
        if (is_plain(of->metrics[i]))
            plan(of, i);
        else
            STW_TRY(measure_cells(of, i));
    }
    for (uint32_t i = 0; i < of->scan_count; i++)
        STW_TRY(run_scan(of, &of->scans[i]));
    return STW_OK;
}

static void free_scan(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->slot_count; i++) {
        stw_sample_free(&scan->slots[i].sample);
        free(scan->slots[i].buckets);
        free(scan->slots[i].metrics);
        free(scan->slots[i].key);
    }
    free(scan->slots);
    free(scan->columns);
}

stw_status stw_measure(struct stw_results *results, const struct stw_metric *const *metrics,
                       uint32_t metric_count, const struct stw_measure_options *options,
                       struct stw_measures *measures)
{
    uint32_t rows = options->by_trial ? results->trial_count : results->cell_count;
    size_t cells = (size_t)rows * metric_count;
    *measures = (struct stw_measures){.row_count = rows, .metric_count = metric_count};
    measures->estimates = stw_new(cells, sizeof *measures->estimates);
    measures->outside = stw_new(rows, sizeof *measures->outside);
    if (options->bootstrap)
        measures->intervals = stw_new(cells, sizeof *measures->intervals);
    struct measuring of = {results, metrics, options, measures, NULL, 0};
    stw_status status = measure_all(&of);
    for (uint32_t i = 0; i < of.scan_count; i++)
        free_scan(&of.scans[i]);
    free(of.scans);
    return status;
}

void stw_measures_free(struct stw_measures *measures)
{
    free(measures->estimates);
    free(measures->intervals);
    free(measures->outside);
    *measures = (struct stw_measures){0};
}
