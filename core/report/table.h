/* report/table.h: an aligned table of text for a terminal or a file. */
#ifndef STW_REPORT_TABLE_H
#define STW_REPORT_TABLE_H

#include "base/text.h"

#include <stdint.h>

/* How a column looks. */
#define STW_TABLE_LEFT 0u
#define STW_TABLE_RIGHT 1u
#define STW_TABLE_ALARM 2u /* left, and coloured on a terminal: what went wrong */

/* Columns that stand between two of a table. */
#define STW_TABLE_GAP 2u

struct stw_table_column {
    char *header; /* lines separated by '\n', set at the bottom */
    uint32_t look;
    int is_left_out;
    uint32_t least; /* width, if it is printed at all */
};

/* A text of the table, or none. */
struct stw_table_cell {
    uint32_t end;   /* behind its last byte in `texts`, which is a zero; 0: it has none */
    uint32_t width; /* on a terminal */
};

/* Zero-initialise; add the columns first, then the rows. */
struct stw_table {
    struct stw_table_column *columns;
    uint32_t column_count;
    uint32_t row_count;
    int is_begun; /* its header and some rows have been flushed */
    struct stw_table_cell *cells; /* [row][column] */
    struct stw_text texts;        /* one behind the other, each ended by a zero */
};

void stw_table_column(struct stw_table *table, const char *header, uint32_t look);
/* Begins a row with all cells empty. */
void stw_table_row(struct stw_table *table);
/* Sets a cell of the last row. */
void stw_table_set(struct stw_table *table, uint32_t column, const char *text);
/* Sets a cell of any row; "" empties it. */
void stw_table_put(struct stw_table *table, uint32_t row, uint32_t column, const char *text);
/* The cell's text, "" when it has none; borrowed until the next is set. */
const char *stw_table_get(const struct stw_table *table, uint32_t row, uint32_t column);
/* How wide the column is on a terminal; 0: it has no text, or is left out, and is not printed. */
uint32_t stw_table_width(const struct stw_table *table, uint32_t column);
/* How wide all of them are, with what stands between them. */
uint32_t stw_table_total(const struct stw_table *table);
/* Cuts texts of the column that are wider than that, which end with "..." then. */
void stw_table_cut(struct stw_table *table, uint32_t column, uint32_t width);
/* Appends the table to `out`. Columns without any text, and those left out, are not there. Lines
 * are never wrapped and have no trailing spaces. Control characters of cells are not passed on. */
void stw_table_print(const struct stw_table *table, int styled, struct stw_text *out);
/* Likewise, and takes the rows away: further ones go on below them, without a header. So that they
 * stand in line, columns are as wide as their `least` says, which the caller has set before. */
void stw_table_flush(struct stw_table *table, struct stw_text *out);
/* Appends it as a table of Markdown. */
void stw_table_markdown(const struct stw_table *table, struct stw_text *out);
/* Appends a line that Markdown shows as it is. */
void stw_markdown_add(struct stw_text *out, const char *line);
void stw_table_free(struct stw_table *table);

#endif
