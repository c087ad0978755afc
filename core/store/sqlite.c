/* store/sqlite.c: SQLite, mapped when the first of its functions is called.
 *
 * A worker runs the same executable as the coordinator and never needs SQLite; to map and bind it,
 * and the mathematics library that it wants, took 1.5 ms of every trial on a paravirtual machine.
 * So the executable does not name it as needed: the functions that we use are defined here and call
 * SQLite's. What is missing, or too old, is said by stw_sqlite_load, which comes before all others:
 * who opens a database calls it first.
 * Rejected: libsqlite3.a, which wants the mathematics library all the same; the lab as a shared
 * object of its own, which has to be found beside the executable. */
#include "store/sqlite.h"

#include "base/check.h"
#include "base/error.h"
#include "prim/module.h"

#include <sqlite3.h>
#include <stddef.h>

#define LIBRARY "libsqlite3.so.0"
#define VERSION_MIN 3037000 /* STRICT tables */

static void *library; /* any thread: all find the same one */

static stw_status check_version(void *opened, struct stw_error *error)
{
    int (*version)(void) = (int (*)(void))stw_module_find(opened, "sqlite3_libversion_number");
    int number = version ? version() : 0;
    if (number >= VERSION_MIN)
        return STW_OK;
    return stw_error_set(error, STW_E_IO, NULL, LIBRARY " is too old: SQLite %d.%d.%d, 3.37 is"
                         " needed", number / 1000000, number / 1000 % 1000, number % 1000);
}

stw_status stw_sqlite_load(struct stw_error *error)
{
    void *opened;
    if (__atomic_load_n(&library, __ATOMIC_ACQUIRE))
        return STW_OK;
    STW_TRY(stw_library_open(LIBRARY, &opened, error));
    STW_TRY(check_version(opened, error));
    __atomic_store_n(&library, opened, __ATOMIC_RELEASE);
    return STW_OK;
}

static stw_module_function find(const char *name)
{
    STW_REQUIRE(stw_sqlite_load(NULL) == STW_OK);
    void *loaded = __atomic_load_n(&library, __ATOMIC_ACQUIRE);
    stw_module_function function = stw_module_find(loaded, name);
    STW_REQUIRE(function);
    return function;
}

/* Defines sqlite3_NAME: looks SQLite's up the first time. */
#define FORWARD(type, name, parameters, arguments)                                                 \
    type sqlite3_##name parameters                                                                 \
    {                                                                                              \
        static type(*function) parameters;                                                         \
        type(*found) parameters = __atomic_load_n(&function, __ATOMIC_ACQUIRE);                    \
        if (!found) {                                                                              \
            found = (type(*) parameters)find("sqlite3_" #name);                                    \
            __atomic_store_n(&function, found, __ATOMIC_RELEASE);                                  \
        }                                                                                          \
        return found arguments;                                                                    \
    }

typedef int callback(void *, int, char **, char **);
typedef int busy_callback(void *, int);
typedef void destructor(void *);

FORWARD(int, open, (const char *path, sqlite3 **db), (path, db))
FORWARD(int, open_v2, (const char *path, sqlite3 **db, int flags, const char *vfs),
        (path, db, flags, vfs))
FORWARD(int, close, (sqlite3 * db), (db))
FORWARD(int, exec, (sqlite3 * db, const char *sql, callback *row, void *context, char **message),
        (db, sql, row, context, message))
FORWARD(int, busy_handler, (sqlite3 * db, busy_callback *handler, void *context),
        (db, handler, context))
FORWARD(int, busy_timeout, (sqlite3 * db, int ms), (db, ms))
FORWARD(int, sleep, (int ms), (ms))
FORWARD(int, file_control, (sqlite3 * db, const char *name, int code, void *argument),
        (db, name, code, argument))
FORWARD(sqlite3_int64, last_insert_rowid, (sqlite3 * db), (db))
FORWARD(int, changes, (sqlite3 * db), (db))
FORWARD(int, get_autocommit, (sqlite3 * db), (db))

FORWARD(int, extended_result_codes, (sqlite3 * db, int on), (db, on))
FORWARD(int, extended_errcode, (sqlite3 * db), (db))
FORWARD(int, system_errno, (sqlite3 * db), (db))
FORWARD(const char *, errmsg, (sqlite3 * db), (db))
FORWARD(const char *, errstr, (int code), (code))

FORWARD(int, prepare_v2,
        (sqlite3 * db, const char *sql, int bytes, sqlite3_stmt **statement, const char **tail),
        (db, sql, bytes, statement, tail))
FORWARD(int, prepare_v3,
        (sqlite3 * db, const char *sql, int bytes, unsigned int flags, sqlite3_stmt **statement,
         const char **tail),
        (db, sql, bytes, flags, statement, tail))
FORWARD(int, step, (sqlite3_stmt * statement), (statement))
FORWARD(int, reset, (sqlite3_stmt * statement), (statement))
FORWARD(int, finalize, (sqlite3_stmt * statement), (statement))
FORWARD(int, clear_bindings, (sqlite3_stmt * statement), (statement))

FORWARD(int, bind_int64, (sqlite3_stmt * statement, int at, sqlite3_int64 value),
        (statement, at, value))
FORWARD(int, bind_null, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(int, bind_text,
        (sqlite3_stmt * statement, int at, const char *text, int bytes, destructor *free_text),
        (statement, at, text, bytes, free_text))

FORWARD(int, bind_blob,
        (sqlite3_stmt * statement, int at, const void *blob, int bytes, destructor *free_blob),
        (statement, at, blob, bytes, free_blob))

FORWARD(int, column_type, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(int, column_int, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(sqlite3_int64, column_int64, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(double, column_double, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(int, column_bytes, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(const void *, column_blob, (sqlite3_stmt * statement, int at), (statement, at))
FORWARD(const unsigned char *, column_text, (sqlite3_stmt * statement, int at), (statement, at))

FORWARD(sqlite3_backup *, backup_init,
        (sqlite3 * to, const char *to_name, sqlite3 *from, const char *from_name),
        (to, to_name, from, from_name))
FORWARD(int, backup_step, (sqlite3_backup * backup, int pages), (backup, pages))
FORWARD(int, backup_finish, (sqlite3_backup * backup), (backup))
