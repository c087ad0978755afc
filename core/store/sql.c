/* store/sql.c: what the store does with SQLite over and over, and its errors in words. */
#include "store/sql.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int stw_sql_code(sqlite3 *db, int *system)
{
    int code = sqlite3_extended_errcode(db), last = 0;
    *system = sqlite3_system_errno(db);
    if ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CORRUPT)
        return code;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &last);
    if (!*system)
        *system = last;
    /* A statement calls it damage when the device cannot be read (EIO). */
    return (code & 0xff) == SQLITE_CORRUPT && last ? SQLITE_IOERR_READ : code;
}

/* In our words where SQLite's mislead; `system`: whose words are added, or 0. */
static const char *words_of(const struct stw_sql *sql, int code, int *system)
{
    int kind = code & 0xff;
    int is_gone = (kind == SQLITE_IOERR || kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN)
               && access(sql->path, F_OK) != 0 && errno == ENOENT;
    if (code == SQLITE_READONLY_DBMOVED || is_gone) {
        *system = 0;
        return "it was moved or deleted meanwhile";
    }
    if (kind == SQLITE_READONLY)
        return "it is read-only";
    return kind == SQLITE_IOERR ? sqlite3_errstr(kind) : sqlite3_errmsg(sql->db);
}

stw_status stw_sql_failed(const struct stw_sql *sql, const char *what, struct stw_error *error)
{
    int system, code = stw_sql_code(sql->db, &system), kind = code & 0xff;
    int busy = kind == SQLITE_BUSY;
    int foreign = kind == SQLITE_NOTADB || kind == SQLITE_CORRUPT
               || kind == SQLITE_ERROR; /* tables or columns that we know are not there */
    if (foreign)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "cannot %s %s: damaged, or not of an stwlab run: %s", what, sql->path,
                             sqlite3_errmsg(sql->db));
    const char *words = words_of(sql, code, &system);
    int told = system && !busy;
    return stw_error_set(error, busy ? STW_E_STATE : STW_E_IO, NULL, "cannot %s %s: %s%s%s", what,
                         sql->path, words, told ? ": " : "", told ? strerror(system) : "");
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
    if (*failed)
        return 0;
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
    stw_status status = STW_E_IO;
    if (sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL) == SQLITE_OK)
        status = stw_sql_insert_by(statement, values, count);
    sqlite3_finalize(statement);
    return status;
}

stw_status stw_sql_insert_by(sqlite3_stmt *statement, const char *const *values, int count)
{
    int code = SQLITE_OK;
    for (int i = 0; code == SQLITE_OK && i < count; i++)
        code = sqlite3_bind_text(statement, i + 1, values[i], -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_DONE)
        sqlite3_reset(statement); /* else not: that would clear the error's words */
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
