/* store/sql.h: what the store and the reader do with SQLite over and over. For these only. */
#ifndef STW_STORE_SQL_H
#define STW_STORE_SQL_H

#include <stwlab/base.h>

#include <sqlite3.h>

struct stw_sql {
    sqlite3 *db;
    char *path; /* of the database, for messages */
};

/* The extended code of the last failure, and the system's error number behind it, or 0. A device
 * that cannot be read is SQLITE_IOERR, never SQLITE_CORRUPT. */
int stw_sql_code(sqlite3 *db, int *system);
/* "cannot WHAT PATH: " and SQLite's and the system's words for the last failure. STW_E_INVALID: the
 * file is damaged or no database; STW_E_STATE: a reader kept it locked; else STW_E_IO. */
stw_status stw_sql_failed(const struct stw_sql *sql, const char *what, struct stw_error *error);
stw_status stw_sql_run(const struct stw_sql *sql, const char *text, const char *what,
                       struct stw_error *error);
/* The first column of the first row as a number, 0 when there is no row. Sets `*failed`; does
 * nothing when it is set, so that the failure's words stay. */
int64_t stw_sql_number(const struct stw_sql *sql, const char *text, int *failed);
/* Runs a statement once with `count` texts (null: NULL). STW_E_IO; stw_sql_failed tells why. */
stw_status stw_sql_insert(const struct stw_sql *sql, const char *text, const char *const *values,
                          int count);
/* The same with a statement that is prepared already, and ready again after it. */
stw_status stw_sql_insert_by(sqlite3_stmt *statement, const char *const *values, int count);
/* Commits if `status` is ok, else says why and undoes. */
stw_status stw_sql_end(const struct stw_sql *sql, stw_status status, const char *what,
                       struct stw_error *error);

#endif
