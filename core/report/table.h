/* report/table.h: an aligned table of text for a terminal or a file. */
#ifndef STW_REPORT_TABLE_H
#define STW_REPORT_TABLE_H

#include "base/text.h"

#include <stdint.h>

/* How a column looks. */
#define STW_TABLE_LEFT 0u
#define STW_TABLE_RIGHT 1u
#define STW_TABLE_ALARM 2u /* left, and coloured on a terminal: what went wrong */

struct stw_table_column {
    char *header; /* lines separated by '\n', set at the bottom */
    uint32_t look;
};

/* Zero-initialise; add the columns first, then the rows. */
struct stw_table {
    struct stw_table_column *columns;
    uint32_t column_count;
    uint32_t row_count;
    char **cells; /* [row][column], owned; null is empty */
};

void stw_table_column(struct stw_table *table, const char *header, uint32_t look);
/* Begins a row with all cells empty. */
void stw_table_row(struct stw_table *table);
/* Sets a cell of the last row. */
void stw_table_set(struct stw_table *table, uint32_t column, const char *text);
/* Appends the table to `out`. Columns without any text are left out. Lines are never wrapped and
 * have no trailing spaces. Control characters of cells are not passed on. */
void stw_table_print(const struct stw_table *table, int styled, struct stw_text *out);
void stw_table_free(struct stw_table *table);

#endif
