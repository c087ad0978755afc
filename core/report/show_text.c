/* report/show_text.c: the table of cells for people.
 * S1  a percentile that the sample cannot carry is marked: below 100 events the p99 by nearest rank
 *     is the maximum, and a reader should know.
 * S2  nothing is left out silently: skipped cells have rows, failed trials have lines below.
 * S3  a strategy that had nothing to do is named, lest it be taken for one without effect.
 * S4  that the machine was busy stands on the first line after the table. */
#include "report/show.h"

#include "base/utf8.h"
#include "report/canary.h"
#include "report/noise.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define P99_EVENTS_MIN 100
#define STYLE_BOLD "\033[1m"
#define STYLE_END "\033[0m"

/* Counters that have a column. */
static const enum stw_fact_id counter_columns[] = {
    STW_FACT_TIMED_CYCLES,     STW_FACT_MAP_GROW_EVENTS, STW_FACT_MAP_BUCKETS,
    STW_FACT_MAP_BUCKET_BYTES, STW_FACT_SCAN_STW,
};

/* Pauses outside the timed phase have a column when there are any: they are in no other one. */
static const struct { uint32_t dist; const char *header, *what; } outside[] = {
    {STW_DIST_SETUP, "setup\npauses", "setup pauses: over before the first operation began"},
    {STW_DIST_AFTER, "after\npauses", "after pauses: asked for when the last operation had ended"},
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* The run, which of its axes have more than one value, and which pauses it has. */
struct view {
    const struct stw_results *results;
    uint32_t axis_count;
    uint8_t *varies;
    uint8_t has_outside[COUNT(outside)];
};

static const struct stw_pair *axis_at(const struct view *view, uint32_t position)
{
    return &view->results->cells[0].axes.items[position];
}

static int axis_varies(const struct view *view, uint32_t position)
{
    const struct stw_pair *first = axis_at(view, position);
    for (uint32_t i = 1; i < view->results->cell_count; i++) {
        const char *value = stw_pairs_get(&view->results->cells[i].axes, first->key);
        if (!value || strcmp(value, first->value) != 0)
            return 1;
    }
    return 0;
}

static uint8_t has_pauses(const struct stw_results *results, uint32_t dist)
{
    for (uint32_t i = 0; i < results->cell_count; i++)
        if (results->cells[i].dists[dist].count > 0)
            return 1;
    return 0;
}

static struct view view_of(const struct stw_results *results)
{
    struct view view = {.results = results};
    view.axis_count = results->cell_count ? results->cells[0].axes.count : 0;
    view.varies = stw_new(view.axis_count, 1);
    for (uint32_t i = 0; i < view.axis_count; i++)
        view.varies[i] = (uint8_t)axis_varies(&view, i);
    for (uint32_t i = 0; i < COUNT(outside); i++)
        view.has_outside[i] = has_pauses(results, outside[i].dist);
    return view;
}

/* Values that begin with a digit are numbers, also with a unit. */
static uint32_t axis_look(const struct stw_results *results, const char *key)
{
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const char *value = stw_pairs_get(&results->cells[i].axes, key);
        if (value && (*value < '0' || *value > '9'))
            return STW_TABLE_LEFT;
    }
    return STW_TABLE_RIGHT;
}

/* "map.grow_events" becomes "map.grow_" above "events", "gc.cycles" "gc." above "cycles". */
static void add_counter_column(const char *name, struct stw_table *table)
{
    const char *end = strrchr(name, '_');
    struct stw_text header = {0};
    end = end ? end : strrchr(name, '.');
    stw_text_add(&header, "%.*s\n%s", (int)(end + 1 - name), name, end + 1);
    stw_table_column(table, header.bytes, STW_TABLE_RIGHT);
    stw_text_free(&header);
}

static void add_columns(const struct view *view, struct stw_table *table)
{
    static const char *const headers[] = {
        "ok /\ntrials", "pauses",         "pause\np50",   "pause\np99",
        "pause\nmax",   "stopping\np50", "working\np50", "op\np50",
    };
    for (uint32_t i = 0; i < view->axis_count; i++)
        if (view->varies[i])
            stw_table_column(table, axis_at(view, i)->key,
                             axis_look(view->results, axis_at(view, i)->key));
    for (uint32_t i = 0; i < COUNT(headers); i++)
        stw_table_column(table, headers[i], STW_TABLE_RIGHT);
    for (uint32_t i = 0; i < COUNT(counter_columns); i++)
        add_counter_column(stw_facts[counter_columns[i]].name, table);
    for (uint32_t i = 0; i < COUNT(outside); i++)
        if (view->has_outside[i])
            stw_table_column(table, outside[i].header, STW_TABLE_RIGHT);
    stw_table_column(table, "note", STW_TABLE_ALARM);
}

/* ": SIGSEGV, SIGABRT": the signals that ended trials of `cell`, each once. */
static void add_signals(const struct stw_result_cell *cell, struct stw_text *note)
{
    const char *gap = ": ";
    for (uint32_t i = 0; i < cell->failure_count; i++) {
        int32_t signal = cell->failures[i].signal;
        uint32_t before = 0;
        while (cell->failures[before].signal != signal)
            before++;
        if (signal == 0 || before < i)
            continue;
        const char *name = sigabbrev_np(signal);
        if (name)
            stw_text_add(note, "%sSIG%s", gap, name);
        else
            stw_text_add(note, "%ssignal %" PRId32, gap, signal);
        gap = ", ";
    }
}

/* "3 crashed: SIGSEGV; 1 timed-out", or "skipped: why". */
static void add_note(const struct stw_result_cell *cell, struct stw_text *note)
{
    if (cell->outcomes[STW_OUTCOME_SKIPPED] > 0) {
        const char *why = cell->failure_count ? cell->failures[0].detail : "";
        stw_text_add(note, *why ? "skipped: %s" : "skipped", why);
        return;
    }
    const char *gap = "";
    for (uint32_t i = STW_OUTCOME_OK + 1; i < STW_OUTCOMES; i++) {
        if (cell->outcomes[i] == 0)
            continue;
        stw_text_add(note, "%s%" PRId64 " %s", gap, cell->outcomes[i], stw_outcome_name(i));
        if (i == STW_OUTCOME_CRASHED)
            add_signals(cell, note);
        gap = "; ";
    }
}

static void set_ns(struct stw_table *table, uint32_t column, const struct stw_dist *dist,
                   int64_t ns)
{
    if (dist->count > 0)
        stw_table_set(table, column, stw_format_ns((uint64_t)ns).text);
}

static void set_trials(const struct stw_result_cell *cell, struct stw_table *table,
                       uint32_t column)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 "/%" PRId64, cell->outcomes[STW_OUTCOME_OK],
             cell->trial_count);
    stw_table_set(table, column, text);
}

static void set_count(const struct stw_dist *dist, struct stw_table *table, uint32_t column)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, dist->count);
    stw_table_set(table, column, text);
}

/* Each of these returns the column after its last. */
static uint32_t set_dists(const struct stw_result_cell *cell, struct stw_table *table,
                          uint32_t column)
{
    char text[64];
    const struct stw_dist *pause = &cell->dists[STW_DIST_PAUSE];
    const struct stw_dist *op = &cell->dists[STW_DIST_OP];
    set_count(pause, table, column++);
    set_ns(table, column++, pause, pause->p50);
    if (pause->count > 0) {
        snprintf(text, sizeof text, "%s%s", pause->count < P99_EVENTS_MIN ? "~" : "",
                 stw_format_ns((uint64_t)pause->p99).text);
        stw_table_set(table, column, text);
    }
    column++;
    set_ns(table, column++, pause, pause->max);
    set_ns(table, column++, &cell->dists[STW_DIST_STOPPING], cell->dists[STW_DIST_STOPPING].p50);
    set_ns(table, column++, &cell->dists[STW_DIST_WORKING], cell->dists[STW_DIST_WORKING].p50);
    set_ns(table, column++, op, op->p50);
    return column;
}

static uint32_t set_counters(const struct stw_result_cell *cell, struct stw_table *table,
                             uint32_t column)
{
    for (uint32_t i = 0; i < COUNT(counter_columns); i++, column++) {
        const struct stw_fact *fact = &stw_facts[counter_columns[i]];
        const int64_t *value = stw_result_median(cell, fact->name);
        char text[24];
        if (!value)
            continue;
        snprintf(text, sizeof text, "%" PRId64, *value);
        if (strcmp(fact->unit, "bytes") == 0)
            stw_table_set(table, column, stw_format_bytes((uint64_t)*value).text);
        else if (strcmp(fact->unit, "ns") == 0)
            stw_table_set(table, column, stw_format_ns((uint64_t)*value).text);
        else
            stw_table_set(table, column, text);
    }
    return column;
}

static void set_outside(const struct view *view, const struct stw_result_cell *cell,
                        struct stw_table *table, uint32_t column)
{
    for (uint32_t i = 0; i < COUNT(outside); i++)
        if (view->has_outside[i])
            set_count(&cell->dists[outside[i].dist], table, column++);
}

static void add_row(const struct view *view, const struct stw_result_cell *cell,
                    struct stw_table *table)
{
    struct stw_text note = {0};
    uint32_t column = 0;
    stw_table_row(table);
    for (uint32_t i = 0; i < view->axis_count; i++) {
        if (!view->varies[i])
            continue;
        const char *value = stw_pairs_get(&cell->axes, axis_at(view, i)->key);
        stw_table_set(table, column++, value ? value : "");
    }
    if (cell->outcomes[STW_OUTCOME_SKIPPED] == 0)
        set_trials(cell, table, column);
    if (cell->outcomes[STW_OUTCOME_OK] > 0) {
        column = set_dists(cell, table, column + 1);
        column = set_counters(cell, table, column);
        set_outside(view, cell, table, column);
    }
    add_note(cell, &note);
    stw_table_set(table, table->column_count - 1, stw_text_get(&note));
    stw_text_free(&note);
}

static const char *info(const struct stw_pairs *pairs, const char *key, const char *otherwise)
{
    const char *value = stw_pairs_get(pairs, key);
    return value && *value ? value : otherwise;
}

static void add_constants(const struct view *view, struct stw_text *out)
{
    static const char first[] = "constant:  ";
    const char *gap = first;
    for (uint32_t i = 0; i < view->axis_count; i++) {
        if (view->varies[i])
            continue;
        stw_text_add(out, "%s%s=%s", gap, axis_at(view, i)->key, axis_at(view, i)->value);
        gap = ", ";
    }
    const struct stw_pairs *facts = &view->results->info;
    for (uint32_t i = 0; i < facts->count; i++) {
        const struct stw_pair *pair = &facts->items[i];
        if (strncmp(pair->key, "fixed.", 6) != 0)
            continue;
        stw_text_add(out, "%s%s=%s", gap, pair->key + 6, pair->value);
        gap = ", ";
    }
    stw_text_add(out, "%s", gap == first ? "" : "\n");
}

/* How much of the matrix is stored, when that is not all of it. */
static void add_progress(const struct stw_results *results, struct stw_text *out)
{
    int64_t trials = strtoll(info(&results->info, "trials", "0"), NULL, 10);
    int64_t planned = 0, stored = 0;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        if (results->cells[i].outcomes[STW_OUTCOME_SKIPPED] == 0)
            planned += trials;
        stored += results->cells[i].trial_count;
    }
    if (stored < planned)
        stw_text_add(out, "not complete: %" PRId64 " of %" PRId64 " trials are stored\n", stored,
                     planned);
}

/* As experiments spell it. */
static int is_on(const char *value)
{
    static const char *const words[] = {"true", "yes", "on", "1"};
    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0)
            return 1;
    return 0;
}

/* Settings under which times are no measurements. */
static void add_slow_settings(const struct stw_results *results, struct stw_text *out)
{
    static const char *const fixed[] = {"fixed.audit", "fixed.check"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const char *key = fixed[i] + strlen("fixed.");
        int is_axis = 0;
        for (uint32_t cell = 0; cell < results->cell_count; cell++)
            is_axis |= is_on(stw_pairs_get(&results->cells[cell].axes, key));
        if (is_on(stw_pairs_get(&results->info, fixed[i])))
            stw_text_add(out, "not for timing: measured with %s=true\n", key);
        else if (is_axis)
            stw_text_add(out, "not for timing: cells with %s=true\n", key);
    }
}

static void add_head(const struct view *view, struct stw_text *out)
{
    const struct stw_results *results = view->results;
    const struct stw_pairs *machine = &results->environment;
    const char *question = info(&results->info, "question", "");
    stw_text_add(out, "%s%s%s\n", info(&results->info, "name", "(no name)"), *question ? ": " : "",
                 question);
    const char *trials = info(&results->info, "trials", "?");
    stw_text_add(out, "workload:  %s, %" PRIu32 " cell%s, %s trial%s each, seed %s\n",
                 info(&results->info, "workload", "?"), results->cell_count,
                 stw_plural(results->cell_count), trials, strcmp(trials, "1") == 0 ? "" : "s",
                 info(&results->info, "seed", "?"));
    add_constants(view, out);
    const char *processors = info(machine, "processors", "?");
    stw_text_add(out, "machine:   %s, %s processor%s, %s\n", info(machine, "cpu", "processor ?"),
                 processors, strcmp(processors, "1") == 0 ? "" : "s",
                 info(machine, "kernel", "kernel ?"));
    const char *build = info(machine, "build_type", "release");
    if (strcmp(build, "release") != 0)
        stw_text_add(out, "not for timing: measured with a %s build\n", build);
    add_slow_settings(results, out);
    const char *sandbox = stw_results_sandbox(results);
    if (strcmp(sandbox, "on") != 0)
        stw_text_add(out, "sandbox:   %s\n", sandbox);
    add_progress(results, out);
    stw_text_add(out, "\n");
}

static void add_footnotes(const struct view *view, struct stw_text *out)
{
    const struct stw_results *results = view->results;
    const char *heading = "\nFailed trials, the first of each cell:\n";
    int small = 0;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        int64_t count = results->cells[i].dists[STW_DIST_PAUSE].count;
        small |= count > 0 && count < P99_EVENTS_MIN;
    }
    if (small)
        stw_text_add(out, "\n~ fewer than %d pauses: this p99 is their maximum\n", P99_EVENTS_MIN);
    for (uint32_t i = 0; i < COUNT(outside); i++)
        if (view->has_outside[i])
            stw_text_add(out, "\n%s; in no other column\n", outside[i].what);
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        if (cell->failure_count == 0 || cell->failures[0].outcome == STW_OUTCOME_SKIPPED)
            continue;
        const struct stw_failure *failure = &cell->failures[0];
        stw_text_add(out, "%s  %s, trial %" PRId64 ": %s%s%s\n", heading, cell->id,
                     failure->trial + 1, stw_outcome_name(failure->outcome),
                     *failure->detail ? ": " : "", failure->detail);
        heading = "";
    }
}

/* The name of a strategy of the cell that had nothing to do, from one of its counters; or null. */
static const char *idle_strategy(const struct stw_median *counter)
{
    const char *fact = stw_facts[STW_FACT_STRATEGY_INTENTS].name;
    size_t length = strlen(fact);
    int is_share = strncmp(counter->name, fact, length) == 0 && counter->name[length] == ':';
    return is_share && counter->value == 0 ? counter->name + length + 1 : NULL;
}

/* A strategy without an effect, and one that nobody asked for anything, look alike in the table. */
static void add_idle_strategies(const struct stw_results *results, struct stw_text *out)
{
    const char *heading = "\nNo intent that a strategy handles was stated:\n";
    for (uint32_t i = 0; i < results->cell_count; i++) {
        const struct stw_result_cell *cell = &results->cells[i];
        for (uint32_t j = 0; j < cell->median_count; j++) {
            const char *strategy = idle_strategy(&cell->medians[j]);
            if (!strategy)
                continue;
            stw_text_add(out, "%s  %s: %s\n", heading, cell->id, strategy);
            heading = "";
        }
    }
}

/* Passes `text` on line by line without control characters; the first line bold when `styled`. */
static void add_clean(const struct stw_text *text, int styled, struct stw_text *out)
{
    char *copy = stw_strdup(stw_text_get(text));
    char *rest = copy, *line;
    for (int first = 1; (line = strsep(&rest, "\n")) && rest; first = 0) {
        stw_text_add(out, "%s", styled && first ? STYLE_BOLD : "");
        stw_utf8_add_line(out, line);
        stw_text_add(out, "%s\n", styled && first ? STYLE_END : "");
    }
    free(copy);
}

void stw_show_text(const struct stw_results *results, int styled, struct stw_text *out)
{
    struct stw_text head = {0}, footnotes = {0};
    struct stw_table table = {0};
    struct stw_noise noise = {0};
    struct view view = view_of(results);
    add_head(&view, &head);
    add_clean(&head, styled, out);
    add_columns(&view, &table);
    for (uint32_t i = 0; i < results->cell_count; i++)
        add_row(&view, &results->cells[i], &table);
    stw_table_print(&table, styled, out);
    stw_noise_judge(results, 0, &noise);
    stw_noise_text(&noise, 0, out);
    stw_noise_free(&noise);
    stw_canary_text(results, 0, &footnotes);
    add_footnotes(&view, &footnotes);
    add_idle_strategies(results, &footnotes);
    add_clean(&footnotes, 0, out);
    stw_table_free(&table);
    free(view.varies);
    stw_text_free(&head);
    stw_text_free(&footnotes);
}
