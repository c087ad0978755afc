/* report/show_table.h: the table of cells, with the columns for which there is room. */
#ifndef STW_REPORT_SHOW_TABLE_H
#define STW_REPORT_SHOW_TABLE_H

#include "report/show.h"
#include "report/table.h"

/* Pauses outside the timed phase have a column when there are any: they are in no other one. */
#define STW_OUTSIDES 2u

/* Zero-initialise. */
struct stw_cells_table {
    const struct stw_shown *shown;
    uint32_t width; /* that there is; 0: any */
    uint32_t axis_count;
    uint8_t *varies; /* [axis]: it has several values in the rows */
    uint32_t *listed; /* with intervals: the columns, which have a row of each cell */
    uint32_t listed_count;
    struct stw_table table;
    struct stw_text same;     /* what is the same in all rows, and so no column */
    struct stw_text left_out; /* names of columns for which there is no room */
    struct stw_text letters;  /* lines: the letters that stand for notes */
    struct stw_text numbers;  /* lines: the cells, when their numbers stand for them */
    int has_thin;             /* a percentile is marked */
    const char *outside[STW_OUTSIDES]; /* what pauses of these columns are, or null */
};

/* Makes the table of shown->rows, with a row for each, or, with intervals, for each and column. */
void stw_cells_table_make(const struct stw_shown *shown, uint32_t width,
                          struct stw_cells_table *cells);
void stw_cells_table_free(struct stw_cells_table *cells);

/* "3 crashed: SIGSEGV; 1 timed-out", or "skipped: why". */
void stw_cell_note(const struct stw_result_cell *cell, struct stw_text *note);

#endif
