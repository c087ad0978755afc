/* lab/sql.c: what the store does with SQLite over and over, and its errors in words. */
#include "lab/sql.h"

#include "base/error.h"

#include <string.h>

stw_status stw_sql_failed(const struct stw_sql *sql, const char *what, struct stw_error *error)
{
    int code = sqlite3_extended_errcode(sql->db), system = sqlite3_system_errno(sql->db);
    if (!system && (code & 0xff) == SQLITE_IOERR)
        sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_LAST_ERRNO, &system);
    int busy = (code & 0xff) == SQLITE_BUSY, told = system && !busy;
    int foreign = (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT
               || (code & 0xff) == SQLITE_ERROR; /* tables or columns that we know are not there */
    if (foreign)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "cannot %s %s: damaged, or not of an stwlab run: %s", what, sql->path,
                             sqlite3_errmsg(sql->db));
    return stw_error_set(error, busy ? STW_E_STATE : STW_E_IO, NULL, "cannot %s %s: %s%s%s", what,
                         sql->path, sqlite3_errmsg(sql->db), told ? ": " : "",
                         told ? strerror(system) : "");
}

stw_status stw_sql_run(const struct stw_sql *sql, const char *text, const char *what,
                       struct stw_error *error)
{
    if (sqlite3_exec(sql->db, text, NULL, NULL, NULL) == SQLITE_OK)
        return STW_OK;
    return stw_sql_failed(sql, what, error);
}

int64_t stw_sql_number(const struct stw_sql *sql, const char *text, int *failed)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = 0;
    int code = sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            value = sqlite3_column_int64(statement, 0);
    }
    *failed |= code != SQLITE_ROW && code != SQLITE_DONE;
    sqlite3_finalize(statement);
    return value;
}

stw_status stw_sql_insert(const struct stw_sql *sql, const char *text, const char *const *values,
                          int count)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL);
    for (int i = 0; code == SQLITE_OK && i < count; i++)
        code = sqlite3_bind_text(statement, i + 1, values[i], -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STW_OK : STW_E_IO;
}

stw_status stw_sql_end(const struct stw_sql *sql, stw_status status, const char *what,
                       struct stw_error *error)
{
    if (status == STW_OK && sqlite3_exec(sql->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return STW_OK;
    status = stw_sql_failed(sql, what, error);
    sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
