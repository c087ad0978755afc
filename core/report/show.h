/* report/show.h: the cells of a run as text, JSON or CSV. */
#ifndef STW_REPORT_SHOW_H
#define STW_REPORT_SHOW_H

#include "base/text.h"
#include "report/cells.h"
#include "report/columns.h"

#include <stdio.h>

/* What is to be shown of a run. */
struct stw_show_options {
    const char *columns; /* names with commas between; null: the usual ones */
    const char *where;   /* which cells (report/select.h); null: all */
    const char *sort;    /* a column; behind a '-' largest first. Null: as the matrix has them */
    int by_trial;        /* a row for each trial */
    const struct stw_bootstrap *bootstrap; /* of intervals, borrowed; null: none */
};

struct stw_shown_row {
    uint32_t cell; /* an index in results->cells */
    uint32_t row;  /* of the measures: it too, or an index in results->trials */
};

/* The rows and columns, read. */
struct stw_shown {
    const struct stw_results *results;
    struct stw_columns columns;   /* column i is metric i of the measures */
    struct stw_measures measures; /* the last metric, when rows are sorted, is what they are by */
    struct stw_shown_row *rows;
    uint32_t row_count;
    int by_trial;
    const struct stw_bootstrap *bootstrap;
};

/* Reads what is to be shown of an open run. STW_E_INVALID: there is no such column or cell. Free in
 * any case. */
stw_status stw_shown_read(struct stw_results *results, const struct stw_show_options *options,
                          struct stw_shown *shown, struct stw_error *error);
void stw_shown_free(struct stw_shown *shown);

/* How text looks. */
struct stw_look {
    uint32_t width; /* columns of the terminal, at least STW_LOOK_WIDTH_MIN; 0: any number */
    int styled;     /* with colours */
    int is_markdown;
};
#define STW_LOOK_WIDTH_MIN 40u

/* The table of cells, what is constant above it, footnotes below. No line is wider than the look
 * has it. With a bootstrap, a line for each cell and column, with its interval. */
void stw_show_text(const struct stw_shown *shown, const struct stw_look *look,
                   struct stw_text *out);
/* What a cell's mutators lost: processor time, taken time, longest gap, utilisation. */
void stw_show_cell(const struct stw_result_cell *cell, struct stw_text *out);
/* When a table that `out` ends with marks percentiles: what that means. */
void stw_show_marks(struct stw_text *out);
/* How long stops waited for the last mutator, by where it was, longest first: those of the timed
 * phase that tell. Nothing when there is none. `run` as for stw_reader_open. */
stw_status stw_show_sites(const char *run, int64_t cell, struct stw_text *out,
                          struct stw_error *error);
/* One trial of a cell, by its number in the view trials: what became of it, what it printed. As
 * text or as one object. STW_E_INVALID: there is none. */
stw_status stw_show_trial(const struct stw_results *results, const char *cell, uint32_t number,
                          int as_json, struct stw_text *out, struct stw_error *error);
/* The cells' numbers, ids, hashes and trials; as text or as one object. */
void stw_show_cells(const struct stw_results *results, const struct stw_look *look, int as_json,
                    FILE *file);
/* One object; docs/reference/results.md has its shape. Its cells have their summaries
 * (stw_results_summarise). */
void stw_show_json(const struct stw_shown *shown, FILE *file);
/* RFC 4180: a header and one row a cell. Names are the JSON's, joined by points. Empty fields are
 * JSON's null or absent. */
void stw_show_csv(const struct stw_shown *shown, FILE *file);
/* Likewise of trials; they are read meanwhile. */
stw_status stw_show_trials_json(const struct stw_shown *shown, FILE *file);
stw_status stw_show_trials_csv(const struct stw_shown *shown, FILE *file);

#endif
