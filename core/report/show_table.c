/* report/show_table.c: makes the table of cells fit.
 *
 * TB1  a table is at most as wide as it may be. When there is not room for all, first the notes
 *      become letters, with the notes below; then the least important columns go, and are named;
 *      and when even axes leave no room, cells are called by their numbers, with their ids below.
 * TB2  a column that nobody asked for and that is the same in all rows is no column: it is said
 *      above the table. One that is known in no row is not there. Columns of maps are there when
 *      some cell has a map.
 * Columns are filled in the order of their ranks, and only as long as there is room: of 200,000
 * rows each takes a tenth of a second. */
#include "report/show_table.h"

#include "base/array.h"
#include "base/utf8.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_COLUMN 0u
#define AXES_FROM 1u
#define COLUMNS_LEAST 2u   /* with fewer, axes take too much room */
#define LETTERS_SHARED 200u /* a note that is that of one of so many before shares its letter */

static const struct { const char *header, *what; } outside[STW_OUTSIDES] = {
    {"setup\npauses", "setup pauses: over before the first operation began"},
    {"after\npauses", "after pauses: asked for when the last operation had ended"},
};
#define OUTSIDE_RANK 2u

/* A column that may be left out. */
struct optional {
    uint32_t column;
    uint32_t rank;
    const char *name;
    void (*fill)(struct stw_cells_table *cells, uint32_t column, uint32_t number);
    uint32_t number; /* what `fill` is told: of the column, or of the phase */
    int is_filled, has_thin;
};

/* While the table is made. */
struct making {
    struct stw_cells_table *cells;
    struct optional *optionals;
    uint32_t optional_count;
    uint32_t note_column;
    uint32_t metric_column; /* 0: there is none */
};

static const struct stw_result_cell *cell_of(const struct stw_shown *shown, uint32_t row)
{
    return &shown->results->cells[shown->rows[row].cell];
}

static uint32_t rows_each(const struct stw_cells_table *cells)
{
    return cells->shown->bootstrap ? cells->listed_count : 1;
}

/* Notes. */

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

void stw_cell_note(const struct stw_result_cell *cell, struct stw_text *note)
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
    if (cell->stops_lost)
        stw_text_add(note, "%s%" PRId64 " stop%s not recorded", gap, cell->stops_lost,
                     stw_plural((uint64_t)cell->stops_lost));
}

/* Axes. */

static const struct stw_pair *axis_at(const struct stw_cells_table *cells, uint32_t position)
{
    return &cells->shown->results->cells[0].axes.items[position];
}

/* Cells have the same axes in the same order, but for a damaged file. */
static const char *axis_value(const struct stw_result_cell *cell, const char *key,
                              uint32_t position)
{
    const struct stw_pairs *axes = &cell->axes;
    if (position < axes->count && strcmp(axes->items[position].key, key) == 0)
        return axes->items[position].value;
    const char *value = stw_pairs_get(axes, key);
    return value ? value : "";
}

static void find_varying(struct stw_cells_table *cells)
{
    const struct stw_shown *shown = cells->shown;
    cells->axis_count = shown->results->cell_count ? shown->results->cells[0].axes.count : 0;
    cells->varies = stw_new(cells->axis_count, 1);
    for (uint32_t i = 0; i < cells->axis_count; i++) {
        const char *key = axis_at(cells, i)->key;
        for (uint32_t row = 1; row < shown->row_count && !cells->varies[i]; row++)
            cells->varies[i] = strcmp(axis_value(cell_of(shown, row), key, i),
                                      axis_value(cell_of(shown, 0), key, i)) != 0;
    }
}

/* Values that begin with a digit are numbers, also with a unit. */
static uint32_t axis_look(const struct stw_cells_table *cells, uint32_t position)
{
    const char *key = axis_at(cells, position)->key;
    for (uint32_t row = 0; row < cells->shown->row_count; row++) {
        const char *value = axis_value(cell_of(cells->shown, row), key, position);
        if (*value < '0' || *value > '9')
            return STW_TABLE_LEFT;
    }
    return STW_TABLE_RIGHT;
}

/* Which columns there are. */

/* The value of a column in a row with an ok trial; 0: it has none. */
static int value_at(const struct stw_shown *shown, uint32_t row, uint32_t column, double *value)
{
    return cell_of(shown, row)->outcomes[STW_OUTCOME_OK] > 0
        && stw_column_value(&shown->columns.items[column],
                            stw_measured_at(&shown->measures, shown->rows[row].row, column), value);
}

/* What rows have of a column. */
struct survey {
    uint32_t known, unknown; /* rows with ok trials */
    int is_same;             /* all that know it have the same, which is `value` */
    int is_thin;             /* in one of them */
    double value;
};

static struct survey survey(const struct stw_shown *shown, uint32_t column)
{
    struct survey found = {.is_same = 1};
    for (uint32_t row = 0; row < shown->row_count; row++) {
        double value;
        if (cell_of(shown, row)->outcomes[STW_OUTCOME_OK] == 0)
            continue;
        if (!value_at(shown, row, column, &value)) {
            found.unknown++;
            continue;
        }
        if (found.known++ == 0)
            found.value = value;
        found.is_same &= value == found.value;
        found.is_thin |= !shown->columns.items[column].is_count
                      && stw_measured_at(&shown->measures, shown->rows[row].row, column)->is_thin;
    }
    return found;
}

static int is_of_maps(const struct stw_column *column)
{
    return strncmp(column->name, "map.", 4) == 0;
}

static int has_maps(const struct stw_shown *shown)
{
    for (uint32_t i = 0; i < shown->columns.count; i++) {
        if (!is_of_maps(&shown->columns.items[i]))
            continue;
        struct survey found = survey(shown, i);
        if (found.known && !(found.is_same && found.value == 0))
            return 1;
    }
    return 0;
}

static void add_same(struct stw_cells_table *cells, const struct stw_column *column,
                     const struct survey *found)
{
    const char *unit = column->is_count ? "" : column->metric.unit;
    stw_text_add(&cells->same, "%s%s %s%s%s", cells->same.length ? ", " : "", column->name,
                 found->is_thin ? "~" : "", stw_format_value(found->value, unit).text,
                 found->unknown ? " where known" : "");
    cells->has_thin |= found->is_thin;
}

/* TB2: whether a column that nobody asked for is one. A single row keeps all. */
static int is_column(struct stw_cells_table *cells, uint32_t number, int are_maps)
{
    const struct stw_column *column = &cells->shown->columns.items[number];
    struct survey found = survey(cells->shown, number);
    if (cells->shown->columns.are_chosen)
        return 1;
    if (found.known == 0 || (is_of_maps(column) && !are_maps))
        return 0;
    int says_nothing = found.is_same && (found.unknown == 0 || found.value == 0)
                    && found.known + found.unknown > 1;
    if (says_nothing)
        add_same(cells, column, &found);
    return !says_nothing;
}

static void fill_metric(struct stw_cells_table *cells, uint32_t column, uint32_t number)
{
    const struct stw_shown *shown = cells->shown;
    for (uint32_t row = 0; row < shown->row_count; row++) {
        const struct stw_estimate *estimate =
            stw_measured_at(&shown->measures, shown->rows[row].row, number);
        struct stw_text text = {0};
        if (cell_of(shown, row)->outcomes[STW_OUTCOME_OK] == 0)
            continue;
        stw_column_format(&shown->columns.items[number], estimate, &text);
        stw_table_put(&cells->table, row, column, stw_text_get(&text));
        cells->has_thin |= text.length && text.bytes[0] == '~';
        stw_text_free(&text);
    }
}

static uint32_t outside_count(const struct stw_shown *shown, uint32_t row, uint32_t number)
{
    const struct stw_outside *of = &shown->measures.outside[shown->rows[row].row];
    return number ? of->after : of->setup;
}

static int has_outside(const struct stw_shown *shown, uint32_t number)
{
    for (uint32_t row = 0; row < shown->row_count; row++)
        if (outside_count(shown, row, number))
            return 1;
    return 0;
}

static void fill_outside(struct stw_cells_table *cells, uint32_t column, uint32_t number)
{
    for (uint32_t row = 0; row < cells->shown->row_count; row++) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu32, outside_count(cells->shown, row, number));
        if (cell_of(cells->shown, row)->outcomes[STW_OUTCOME_OK] > 0)
            stw_table_put(&cells->table, row, column, text);
    }
    cells->outside[number] = outside[number].what;
}

static void add_optional(struct making *making, const char *header, struct optional optional)
{
    optional.column = making->cells->table.column_count;
    stw_table_column(&making->cells->table, header, STW_TABLE_RIGHT);
    *STW_APPEND(making->optionals, making->optional_count) = optional;
}

static void add_cell_columns(struct making *making)
{
    const struct stw_shown *shown = making->cells->shown;
    int are_maps = has_maps(shown);
    for (uint32_t i = 0; i < shown->columns.count; i++) {
        const struct stw_column *column = &shown->columns.items[i];
        if (is_column(making->cells, i, are_maps))
            add_optional(making, column->header,
                         (struct optional){.rank = column->rank, .name = column->name,
                                           .fill = fill_metric, .number = i});
    }
    for (uint32_t i = 0; i < STW_OUTSIDES && !shown->columns.are_chosen; i++)
        if (has_outside(shown, i))
            add_optional(making, outside[i].header,
                         (struct optional){.rank = OUTSIDE_RANK, .name = i ? "after pauses"
                                                                           : "setup pauses",
                                           .fill = fill_outside, .number = i});
}

/* With intervals: a row for each column of the other table. */

/* A row's column, and where it is among the measures. */
static const struct stw_column *listed_at(const struct stw_cells_table *cells, uint32_t row,
                                          size_t *at)
{
    const struct stw_shown *shown = cells->shown;
    uint32_t number = cells->listed[row % cells->listed_count];
    *at = (size_t)shown->rows[row / cells->listed_count].row * shown->measures.metric_count
        + number;
    return &shown->columns.items[number];
}

/* Those that nobody asked for are listed when some cell knows them. */
static void list_columns(struct stw_cells_table *cells)
{
    const struct stw_shown *shown = cells->shown;
    int are_maps = has_maps(shown);
    for (uint32_t i = 0; i < shown->columns.count; i++) {
        int is_there = are_maps || !is_of_maps(&shown->columns.items[i]);
        if (shown->columns.are_chosen || (is_there && survey(shown, i).known))
            *STW_APPEND(cells->listed, cells->listed_count) = i;
    }
}

static void fill_interval(struct stw_cells_table *cells, uint32_t column, uint32_t number)
{
    const struct stw_measures *measures = &cells->shown->measures;
    (void)number;
    for (uint32_t row = 0; row < cells->table.row_count; row++) {
        size_t at;
        const struct stw_column *of = listed_at(cells, row, &at);
        const struct stw_interval *interval = &measures->intervals[at];
        struct stw_text text = {0};
        if (of->is_count || !measures->estimates[at].is_known || interval->without)
            continue;
        stw_text_add(&text, "%s to %s", stw_format_value(interval->low, of->metric.unit).text,
                     stw_format_value(interval->high, of->metric.unit).text);
        stw_table_put(&cells->table, row, column, text.bytes);
        stw_text_free(&text);
    }
}

static void fill_numbers(struct stw_cells_table *cells, uint32_t column, uint32_t number)
{
    for (uint32_t row = 0; row < cells->table.row_count; row++) {
        const struct stw_result_cell *cell = cell_of(cells->shown, row / cells->listed_count);
        struct stw_text text = {0};
        size_t at;
        listed_at(cells, row, &at);
        if (cell->outcomes[STW_OUTCOME_OK] == 0)
            continue;
        stw_text_add(&text, "%" PRIu64, number ? cells->shown->measures.estimates[at].events
                                              : (uint64_t)cell->outcomes[STW_OUTCOME_OK]);
        stw_table_put(&cells->table, row, column, text.bytes);
        stw_text_free(&text);
    }
}

static void add_interval_columns(struct making *making)
{
    char header[32];
    snprintf(header, sizeof header, "%" PRIu32 " %% interval",
             making->cells->shown->bootstrap->confidence);
    add_optional(making, header, (struct optional){.name = "interval", .fill = fill_interval});
    add_optional(making, "trials",
                 (struct optional){.rank = 1, .name = "trials", .fill = fill_numbers});
    add_optional(making, "events", (struct optional){.rank = 2, .name = "events",
                                                     .fill = fill_numbers, .number = 1});
}

/* Sets what is there in any case of the last row. */
static void set_metric(struct making *making)
{
    struct stw_cells_table *cells = making->cells;
    uint32_t row = cells->table.row_count - 1;
    size_t at;
    const struct stw_column *of = listed_at(cells, row, &at);
    const struct stw_estimate *estimate = &cells->shown->measures.estimates[at];
    const struct stw_interval *interval = &cells->shown->measures.intervals[at];
    struct stw_text text = {0};
    stw_table_set(&cells->table, making->metric_column, of->name);
    if (cell_of(cells->shown, row / cells->listed_count)->outcomes[STW_OUTCOME_OK] > 0)
        stw_column_format(of, estimate, &text);
    stw_table_set(&cells->table, making->metric_column + 1, stw_text_get(&text));
    cells->has_thin |= text.length && text.bytes[0] == '~';
    if (!of->is_count && estimate->is_known && interval->without)
        stw_table_set(&cells->table, making->note_column, interval->without);
    stw_text_free(&text);
}

/* Rows: what is there in any case. */

static void add_axes(struct stw_cells_table *cells)
{
    stw_table_column(&cells->table, "cell", STW_TABLE_RIGHT);
    cells->table.columns[NUMBER_COLUMN].is_left_out = 1;
    for (uint32_t i = 0; i < cells->axis_count; i++)
        if (cells->varies[i])
            stw_table_column(&cells->table, axis_at(cells, i)->key, axis_look(cells, i));
}

static void set_axes(struct stw_cells_table *cells, const struct stw_result_cell *cell)
{
    uint32_t column = AXES_FROM;
    for (uint32_t i = 0; i < cells->axis_count; i++)
        if (cells->varies[i])
            stw_table_set(&cells->table, column++,
                          axis_value(cell, axis_at(cells, i)->key, i));
}

static void trials_text(const struct stw_result_cell *cell, char text[64])
{
    snprintf(text, 64, "%" PRId64 "/%" PRId64, cell->outcomes[STW_OUTCOME_OK], cell->trial_count);
}

/* Whether all rows but those of excluded cells, at least two, have as many ok trials of as many. */
static int are_trials_same(const struct stw_shown *shown)
{
    const struct stw_result_cell *first = NULL;
    uint32_t count = 0;
    for (uint32_t row = 0; row < shown->row_count; row++) {
        const struct stw_result_cell *cell = cell_of(shown, row);
        if (cell->outcomes[STW_OUTCOME_SKIPPED] > 0)
            continue;
        first = first ? first : cell;
        count++;
        if (cell->trial_count != first->trial_count
            || cell->outcomes[STW_OUTCOME_OK] != first->outcomes[STW_OUTCOME_OK])
            return 0;
    }
    return count > 1 && first->outcomes[STW_OUTCOME_OK] > 0;
}

static void add_trials_column(struct stw_cells_table *cells)
{
    char text[64] = "";
    for (uint32_t row = 0; row < cells->shown->row_count; row++) {
        const struct stw_result_cell *cell = cell_of(cells->shown, row);
        if (cell->outcomes[STW_OUTCOME_SKIPPED] > 0)
            continue;
        trials_text(cell, text);
        break;
    }
    stw_table_column(&cells->table, "ok /\ntrials", STW_TABLE_RIGHT);
    if (!are_trials_same(cells->shown))
        return;
    cells->table.columns[cells->table.column_count - 1].is_left_out = 1;
    stw_text_add(&cells->same, "%s trials ok", text);
}

static void set_note(struct making *making, const struct stw_result_cell *cell)
{
    struct stw_text note = {0};
    stw_cell_note(cell, &note);
    stw_table_set(&making->cells->table, making->note_column, stw_text_get(&note));
    stw_text_free(&note);
}

static void add_cell_rows(struct making *making, uint32_t trials_column)
{
    struct stw_cells_table *cells = making->cells;
    for (uint32_t row = 0; row < cells->shown->row_count; row++) {
        const struct stw_result_cell *cell = cell_of(cells->shown, row);
        char text[64];
        stw_table_row(&cells->table);
        set_axes(cells, cell);
        trials_text(cell, text);
        if (cell->outcomes[STW_OUTCOME_SKIPPED] == 0)
            stw_table_set(&cells->table, trials_column, text);
        set_note(making, cell);
    }
}

static void add_interval_rows(struct making *making)
{
    struct stw_cells_table *cells = making->cells;
    for (uint32_t row = 0; row < cells->shown->row_count; row++) {
        const struct stw_result_cell *cell = cell_of(cells->shown, row);
        for (uint32_t i = 0; i < cells->listed_count; i++) {
            stw_table_row(&cells->table);
            if (i == 0)
                set_axes(cells, cell);
            if (i == 0 && cell->outcomes[STW_OUTCOME_OK] == 0)
                set_note(making, cell);
            set_metric(making);
        }
    }
}

/* TB1 */

/* "a" to "z", "aa" and so on. */
static void add_letter(uint32_t number, struct stw_text *text)
{
    if (number >= 26)
        add_letter(number / 26 - 1, text);
    stw_text_add(text, "%c", (int)('a' + number % 26));
}

static void set_letters(struct making *making)
{
    struct stw_cells_table *cells = making->cells;
    char **notes = NULL;
    uint32_t count = 0;
    for (uint32_t row = 0; row < cells->table.row_count; row++) {
        const char *note = stw_table_get(&cells->table, row, making->note_column);
        uint32_t number = 0;
        struct stw_text letter = {0};
        if (!*note)
            continue;
        while (number < count && number < LETTERS_SHARED && strcmp(notes[number], note) != 0)
            number++;
        if (number == count || number == LETTERS_SHARED) {
            number = count;
            *STW_APPEND(notes, count) = stw_strdup(note);
        }
        add_letter(number, &letter);
        stw_table_put(&cells->table, row, making->note_column, letter.bytes);
        stw_text_free(&letter);
    }
    stw_text_add(&cells->letters, "\n");
    for (uint32_t i = 0; i < count; i++) {
        add_letter(i, &cells->letters);
        stw_text_add(&cells->letters, "  %s\n", notes[i]);
        free(notes[i]);
    }
    free(notes);
}

static void set_numbers(struct stw_cells_table *cells)
{
    const struct stw_shown *shown = cells->shown;
    uint32_t each = rows_each(cells), axes = 0;
    for (uint32_t i = 0; i < cells->axis_count; i++)
        axes += cells->varies[i];
    for (uint32_t i = 0; i < axes; i++)
        cells->table.columns[AXES_FROM + i].is_left_out = 1;
    cells->table.columns[NUMBER_COLUMN].is_left_out = 0;
    stw_text_add(&cells->numbers, "\n");
    for (uint32_t row = 0; row < shown->row_count; row++) {
        const struct stw_result_cell *cell = cell_of(shown, row);
        char text[24];
        snprintf(text, sizeof text, "%" PRId64, cell->cell);
        if (each)
            stw_table_put(&cells->table, row * each, NUMBER_COLUMN, text);
        stw_text_add(&cells->numbers, "cell %s  %s\n", text, cell->id);
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct optional *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return left->column < right->column ? -1 : 1;
}

static void fill(struct stw_cells_table *cells, struct optional *optional)
{
    int had_thin = cells->has_thin;
    cells->has_thin = 0;
    optional->fill(cells, optional->column, optional->number);
    optional->is_filled = 1;
    optional->has_thin = cells->has_thin;
    cells->has_thin = had_thin;
}

/* Leaves those out, from the least important on, for which there is no room; how many there is room
 * for. */
static uint32_t take_in(struct making *making)
{
    struct stw_cells_table *cells = making->cells;
    struct stw_table *table = &cells->table;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < making->optional_count; i++)
        table->columns[making->optionals[i].column].is_left_out = 1;
    uint32_t total = stw_table_total(table);
    for (; taken < making->optional_count; taken++) {
        struct optional *optional = &making->optionals[taken];
        if (!optional->is_filled)
            fill(cells, optional);
        table->columns[optional->column].is_left_out = 0;
        uint32_t width = stw_table_width(table, optional->column);
        total += width ? width + (total ? STW_TABLE_GAP : 0) : 0;
        if (cells->width && total > cells->width) {
            table->columns[optional->column].is_left_out = 1;
            break;
        }
    }
    return taken;
}

static void tell_left_out(struct making *making, uint32_t taken)
{
    struct stw_cells_table *cells = making->cells;
    for (uint32_t i = 0; i < making->optional_count; i++) {
        const struct optional *optional = &making->optionals[i];
        if (i < taken) {
            cells->has_thin |= optional->has_thin;
            continue;
        }
        if (optional->fill == fill_outside)
            cells->outside[optional->number] = NULL;
        stw_text_add(&cells->left_out, "%s%s", i > taken ? ", " : "", optional->name);
    }
}

static void fit(struct making *making)
{
    struct stw_cells_table *cells = making->cells;
    uint32_t all = making->optional_count, taken;
    uint32_t least = all < COLUMNS_LEAST ? all : COLUMNS_LEAST;
    if (all)
        qsort(making->optionals, all, sizeof *making->optionals, by_rank);
    taken = take_in(making);
    int is_wide = cells->width && stw_table_total(&cells->table) > cells->width;
    if ((taken < all || is_wide) && stw_table_width(&cells->table, making->note_column) > 4) {
        set_letters(making);
        taken = take_in(making);
        is_wide = cells->width && stw_table_total(&cells->table) > cells->width;
    }
    if (taken < least || is_wide) {
        set_numbers(cells);
        taken = take_in(making);
    }
    tell_left_out(making, taken);
    uint32_t total = stw_table_total(&cells->table);
    uint32_t metric = stw_table_width(&cells->table, making->metric_column);
    if (cells->width && total > cells->width && making->metric_column
        && metric > total - cells->width)
        stw_table_cut(&cells->table, making->metric_column, metric - (total - cells->width));
}

void stw_cells_table_make(const struct stw_shown *shown, uint32_t width,
                          struct stw_cells_table *cells)
{
    struct making making = {.cells = cells};
    cells->shown = shown;
    cells->width = width;
    find_varying(cells);
    add_axes(cells);
    uint32_t fixed = cells->table.column_count;
    if (shown->bootstrap) {
        making.metric_column = fixed;
        list_columns(cells);
        stw_table_column(&cells->table, "metric", STW_TABLE_LEFT);
        stw_table_column(&cells->table, "value", STW_TABLE_RIGHT);
        add_interval_columns(&making);
    } else {
        add_trials_column(cells);
        add_cell_columns(&making);
    }
    making.note_column = cells->table.column_count;
    stw_table_column(&cells->table, "note", STW_TABLE_ALARM);
    if (shown->bootstrap)
        add_interval_rows(&making);
    else
        add_cell_rows(&making, fixed);
    fit(&making);
    free(making.optionals);
}

void stw_cells_table_free(struct stw_cells_table *cells)
{
    stw_table_free(&cells->table);
    stw_text_free(&cells->same);
    stw_text_free(&cells->left_out);
    stw_text_free(&cells->letters);
    stw_text_free(&cells->numbers);
    free(cells->varies);
    free(cells->listed);
    *cells = (struct stw_cells_table){0};
}
