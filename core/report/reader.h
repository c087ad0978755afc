/* report/reader.h: a run's results, opened for queries. */
#ifndef STW_REPORT_READER_H
#define STW_REPORT_READER_H

#include "base/text.h"

#include <stwlab/base.h>

#include <sqlite3.h>

struct stw_reader {
    sqlite3 *db; /* a private copy of the run's */
    char *path;  /* of the run's database */
    struct stw_error *error;
};

/* Opens `run`, a run directory or its results.sqlite, and sets the path. STW_E_INVALID: it is no
 * run of ours, or it is damaged; STW_E_IO: it is one but cannot be read. Close it in all cases. */
stw_status stw_reader_open(const char *run, struct stw_reader *reader, struct stw_error *error);
void stw_reader_close(struct stw_reader *reader);

typedef void stw_row_function(sqlite3_stmt *row, void *context);
/* Calls `take` for each row. `argument` (may be null) is bound to ?1. */
stw_status stw_reader_query(struct stw_reader *reader, const char *sql, const char *argument,
                            stw_row_function *take, void *context);
/* A column's text, copied; "" for null. */
char *stw_reader_text(sqlite3_stmt *row, int column);
/* Adds the text as SQL has it: 'it''s'. */
void stw_reader_add_quoted(struct stw_text *sql, const char *text);

#endif
