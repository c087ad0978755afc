/* report/show_text.c: the table of cells for people.
 * S1  a percentile that the sample cannot carry is marked: with fewer than 10 events beyond it, it
 *     is an accident of a few of them, and a reader should know.
 * S2  nothing is left out silently: skipped cells have rows, failed trials have lines below, and
 *     columns for which there is no room are named.
 * S3  a strategy that had nothing to do is named, lest it be taken for one without effect.
 * S4  that the machine was busy stands on the first line after the table. */
#include "report/show.h"

#include "base/error.h"
#include "base/utf8.h"
#include "report/canary.h"
#include "report/noise.h"
#include "report/settle.h"
#include "report/show_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STYLE_BOLD "\033[1m"
#define STYLE_END "\033[0m"
#define HEAD_INDENT 11u /* "constant:  " */
#define NOTE_INDENT 4u

static const char *info(const struct stw_pairs *pairs, const char *key, const char *otherwise)
{
    const char *value = stw_pairs_get(pairs, key);
    return value && *value ? value : otherwise;
}

static void add_constants(const struct stw_cells_table *view, struct stw_text *out)
{
    static const char heading[] = "constant:  ";
    const struct stw_results *results = view->shown->results;
    const char *gap = heading;
    for (uint32_t i = 0; i < view->axis_count; i++) {
        if (view->varies[i])
            continue;
        const struct stw_result_cell *first =
            view->shown->row_count ? &results->cells[view->shown->rows[0].cell] : results->cells;
        if (i >= first->axes.count)
            continue;
        stw_text_add(out, "%s%s=%s", gap, first->axes.items[i].key, first->axes.items[i].value);
        gap = ", ";
    }
    const struct stw_pairs *facts = &results->info;
    for (uint32_t i = 0; i < facts->count; i++) {
        const struct stw_pair *pair = &facts->items[i];
        if (strncmp(pair->key, "fixed.", 6) != 0)
            continue;
        stw_text_add(out, "%s%s=%s", gap, pair->key + 6, pair->value);
        gap = ", ";
    }
    stw_text_add(out, "%s", gap == heading ? "" : "\n");
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

static void add_head(const struct stw_cells_table *view, struct stw_text *out)
{
    const struct stw_results *results = view->shown->results;
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
    if (view->shown->row_count < results->cell_count)
        stw_text_add(out, "shown:     %" PRIu32 " of %" PRIu32 " cells\n",
                     view->shown->row_count, results->cell_count);
    if (view->same.length)
        stw_text_add(out, "all cells: %s\n", view->same.bytes);
    stw_history_text(&results->history, out);
    stw_text_add(out, "\n");
}

static int are_stops_lost(const struct stw_shown *shown)
{
    for (uint32_t row = 0; row < shown->row_count; row++)
        if (shown->results->cells[shown->rows[row].cell].stops_lost > 0)
            return 1;
    return 0;
}

/* What marks in the table mean, and what is not in it. */
static void add_marks(const struct stw_cells_table *view, struct stw_text *out)
{
    if (are_stops_lost(view->shown))
        stw_text_add(out, "\nstops not recorded: numbers of stops and their times are without"
                     " them\n");
    if (view->has_thin)
        stw_text_add(out, "\n~ fewer than %u events lie beyond this percentile: it is an accident"
                     " of a few. More or longer trials would carry it\n", STW_EVENTS_BEYOND);
    for (uint32_t i = 0; i < STW_OUTSIDES; i++)
        if (view->outside[i])
            stw_text_add(out, "\n%s; in no other column\n", view->outside[i]);
    if (view->left_out.length)
        stw_text_add(out, "\nno room in %" PRIu32 " columns for %s; --columns NAME,... chooses,"
                     " --wide shows all\n", view->width, view->left_out.bytes);
}

static void add_failures(const struct stw_shown *shown, struct stw_text *out)
{
    const char *heading = "\nFailed trials, the first of each cell:\n";
    for (uint32_t row = 0; row < shown->row_count; row++) {
        const struct stw_result_cell *cell = &shown->results->cells[shown->rows[row].cell];
        if (cell->failure_count == 0 || cell->failures[0].outcome == STW_OUTCOME_SKIPPED)
            continue;
        const struct stw_failure *failure = &cell->failures[0];
        stw_text_add(out, "%s  %s, trial %" PRId64 ": %s%s%s\n", heading, cell->id,
                     failure->trial, stw_outcome_name(failure->outcome),
                     *failure->detail ? ": " : "", failure->detail);
        heading = "";
    }
}

/* A strategy without an effect, and one that nobody asked for anything, look alike in the table. */
struct idle {
    struct stw_text *out;
    const struct stw_results *results;
    uint8_t *is_shown; /* [cell] */
    uint32_t reached;  /* the cell that rows of the query have come to */
    int are_some;
};

/* Rows: cell, name. In the order of the matrix, whatever that of the table is. */
static void take_idle(sqlite3_stmt *row, void *context)
{
    struct idle *idle = context;
    const struct stw_results *results = idle->results;
    int64_t number = sqlite3_column_int64(row, 0);
    const char *name = (const char *)sqlite3_column_text(row, 1);
    const char *strategy = name ? strchr(name, ':') : NULL;
    while (idle->reached < results->cell_count && results->cells[idle->reached].cell < number)
        idle->reached++;
    if (!strategy || idle->reached == results->cell_count || !idle->is_shown[idle->reached]
        || results->cells[idle->reached].cell != number)
        return;
    stw_text_add(idle->out, "%s  %s: %s\n",
                 idle->are_some ? "" : "\nNo intent that a strategy handles was stated:\n",
                 results->cells[idle->reached].id, strategy + 1);
    idle->are_some = 1;
}

/* Those of which at least half of a cell's trials told that they had nothing to do. */
static void add_idle_strategies(const struct stw_shown *shown, struct stw_text *out)
{
    struct idle idle = {.out = out, .results = shown->results};
    struct stw_reader reader = shown->results->reader;
    struct stw_text sql = {0};
    idle.is_shown = stw_new(shown->results->cell_count, 1);
    for (uint32_t row = 0; row < shown->row_count; row++)
        idle.is_shown[shown->rows[row].cell] = 1;
    stw_text_add(&sql, "SELECT cell, name FROM counters WHERE name > '%s:' AND name < '%s;'"
                 " GROUP BY cell, name HAVING 2 * sum(value = 0) >= count(*) ORDER BY cell, name",
                 stw_facts[STW_FACT_STRATEGY_INTENTS].name,
                 stw_facts[STW_FACT_STRATEGY_INTENTS].name);
    stw_reader_query(&reader, sql.bytes, NULL, take_idle, &idle);
    stw_text_free(&sql);
    free(idle.is_shown);
}

/* Passes `text` on line by line without control characters, broken where a line is too long. Of a
 * head the first line is bold, in Markdown a heading, and the others are a list; elsewhere those
 * that are indented are. */
static void add_clean(const struct stw_text *text, const struct stw_look *look, int is_head,
                      struct stw_text *out)
{
    char *copy = stw_strdup(stw_text_get(text));
    char *rest = copy, *line;
    for (int first = is_head; (line = strsep(&rest, "\n")) && rest; first = 0) {
        struct stw_text clean = {0};
        stw_utf8_add_line(&clean, line);
        int is_item = *line && (is_head || *line == ' ');
        if (look->is_markdown) {
            stw_text_add(out, "%s", first ? "### " : is_item ? "- " : "");
            stw_markdown_add(out, line + strspn(line, " "));
        } else {
            stw_text_add(out, "%s", look->styled && first ? STYLE_BOLD : "");
            stw_utf8_add_wrapped(out, stw_text_get(&clean), look->width,
                                 is_head && !first ? HEAD_INDENT : NOTE_INDENT);
            stw_text_add(out, "%s", look->styled && first ? STYLE_END : "");
        }
        stw_text_add(out, "\n");
        stw_text_free(&clean);
    }
    free(copy);
}

/* S4 */
static void add_noise(const struct stw_results *results, const struct stw_look *look,
                      struct stw_text *out)
{
    struct stw_noise noise = {0};
    struct stw_text told = {0};
    stw_noise_judge(results, 0, &noise);
    stw_noise_text(&noise, 0, &told);
    add_clean(&told, look, 0, out);
    stw_text_free(&told);
    stw_noise_free(&noise);
}

static void add_unsettled(const struct stw_results *results, struct stw_text *out)
{
    struct stw_error error = STW_ERROR_INIT; /* what cannot be read was told with the cells */
    struct stw_unsettled_list list = {0};
    if (stw_settle_find(results, &list, &error) == STW_OK)
        stw_settle_text(&list, out);
    stw_settle_free(&list);
}

void stw_show_text(const struct stw_shown *shown, const struct stw_look *look,
                   struct stw_text *out)
{
    struct stw_text head = {0}, footnotes = {0};
    struct stw_cells_table view = {0};
    stw_cells_table_make(shown, look->is_markdown ? 0 : look->width, &view);
    add_head(&view, &head);
    add_clean(&head, look, 1, out);
    if (look->is_markdown)
        stw_table_markdown(&view.table, out);
    else
        stw_table_print(&view.table, look->styled, out);
    add_noise(shown->results, look, out);
    stw_text_add(&footnotes, "%s", stw_text_get(&view.letters));
    add_marks(&view, &footnotes);
    stw_canary_text(shown->results, &footnotes);
    stw_text_add(&footnotes, "%s", stw_text_get(&view.numbers));
    add_failures(shown, &footnotes);
    add_idle_strategies(shown, &footnotes);
    add_unsettled(shown->results, &footnotes);
    add_clean(&footnotes, look, 0, out);
    stw_cells_table_free(&view);
    stw_text_free(&head);
    stw_text_free(&footnotes);
}
