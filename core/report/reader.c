/* report/reader.c: opens results.sqlite and runs queries on it.
 *
 * The database is copied into a private temporary one first, and all queries run on the copy: it is
 * a consistent moment of a run that goes on, and the run's own commits wait for the copying only,
 * not for percentiles over millions of pauses.
 * C1  the file is never changed, with one exception: a coordinator that was killed inside a commit
 *     leaves a journal, and then SQLite has to roll that commit back before anyone can read. */
#include "report/reader.h"

#include "base/error.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PRIVATE (SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX)
#define BUSY_MS 10000 /* a commit takes milliseconds; a machine that swaps takes longer */

/* Says in our words what SQLite's result `code` means. `system`: the error number behind it, or
 * 0. */
static stw_status explain(const struct stw_reader *reader, int code, int system)
{
    const char *path = reader->path;
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return stw_error_set(reader->error, STW_E_INVALID, NULL, "%s: not a database", path);
    case SQLITE_CORRUPT:
        return stw_error_set(reader->error, STW_E_INVALID, NULL,
                             "%s: the database is damaged or cut off", path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return stw_error_set(reader->error, STW_E_IO, NULL,
                             "%s: locked by another process for more than %d s", path,
                             BUSY_MS / 1000);
    case SQLITE_ERROR:
        return stw_error_set(reader->error, STW_E_INVALID, NULL,
                             "%s: not in the format of a run: %s", path,
                             sqlite3_errmsg(reader->db));
    default:
        return stw_error_set(reader->error, STW_E_IO, NULL, "%s: cannot be read: %s%s%s", path,
                             sqlite3_errstr(code & 0xff), system ? ": " : "",
                             system ? strerror(system) : "");
    }
}

char *stw_reader_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);
    return stw_strdup(text ? (const char *)text : "");
}

void stw_reader_add_quoted(struct stw_text *sql, const char *text)
{
    stw_text_add(sql, "'");
    for (; *text; text++)
        stw_text_add(sql, *text == '\'' ? "''" : "%c", *text);
    stw_text_add(sql, "'");
}

stw_status stw_reader_query(struct stw_reader *reader, const char *sql, const char *argument,
                            stw_row_function *take, void *context)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && argument)
        code = sqlite3_bind_text(statement, 1, argument, -1, SQLITE_TRANSIENT);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        take(statement, context);
        code = SQLITE_OK;
    }
    int system = 0;
    if (code != SQLITE_DONE)
        code = stw_sql_code(reader->db, &system);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STW_OK : explain(reader, code, system);
}

static void take_int(sqlite3_stmt *row, void *context)
{
    *(int64_t *)context = sqlite3_column_int64(row, 0);
}

static stw_status check_format(struct stw_reader *reader)
{
    int64_t id = 0, version = 0, tables = 0;
    STW_TRY(stw_reader_query(reader, "PRAGMA application_id", NULL, take_int, &id));
    STW_TRY(stw_reader_query(reader, "PRAGMA user_version", NULL, take_int, &version));
    STW_TRY(stw_reader_query(reader, "SELECT count(*) FROM sqlite_schema", NULL, take_int,
                             &tables));
    if (tables == 0)
        return stw_error_set(reader->error, STW_E_INVALID, NULL,
                             "%s: empty: its run has not stored anything yet", reader->path);
    if (id != STW_STORE_APPLICATION)
        return stw_error_set(reader->error, STW_E_INVALID, NULL,
                             "%s: a database, but not of an stwlab run (application id 0x%" PRIx64
                             ")", reader->path, (uint64_t)id);
    if (version != STW_STORE_VERSION)
        return stw_error_set(reader->error, STW_E_INVALID, NULL,
                             "%s: written by another version of stwlab: its format is %" PRId64
                             ", this program reads format %d", reader->path, version,
                             STW_STORE_VERSION);
    return STW_OK;
}

/* Whether a file that has something is shorter than its pages: a copy has zeros for the rest. */
static int is_cut_off(const char *path, sqlite3 *copy)
{
    struct stat status;
    int64_t pages = 0, bytes = 0;
    struct stw_reader probe = {.path = (char *)(uintptr_t)path, .db = copy};
    stw_reader_query(&probe, "PRAGMA page_count", NULL, take_int, &pages);
    stw_reader_query(&probe, "PRAGMA page_size", NULL, take_int, &bytes);
    return stat(path, &status) == 0 && status.st_size > 0 && status.st_size < pages * bytes;
}

/* Copies the database into `to`. `flags` say how it is opened. Returns an extended result code, and
 * the system's error number behind it in `*system`. */
static int copy_database(const char *path, int flags, sqlite3 *to, int *system)
{
    sqlite3 *from = NULL;
    int64_t version;
    struct stw_reader probe = {.path = (char *)(uintptr_t)path};
    int code = sqlite3_open_v2(path, &from, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(from, BUSY_MS);
        probe.db = from;
        /* Asking anything makes SQLite look at the file: its errors are found here. */
        stw_reader_query(&probe, "PRAGMA user_version", NULL, take_int, &version);
    }
    code = stw_sql_code(from, system);
    if (code == SQLITE_OK || code == SQLITE_DONE) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
        code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_extended_errcode(to);
        sqlite3_backup_finish(backup);
        if (code != SQLITE_DONE)
            sqlite3_file_control(from, "main", SQLITE_FCNTL_LAST_ERRNO, system);
    }
    sqlite3_close(from);
    return code;
}

static stw_status open_copy(struct stw_reader *reader)
{
    STW_TRY(stw_sqlite_load(reader->error));
    int system = 0; /* a private file that SQLite deletes, for this thread alone */
    int code = sqlite3_open_v2("", &reader->db, PRIVATE, NULL);
    if (code == SQLITE_OK)
        code = copy_database(reader->path, SQLITE_OPEN_READONLY, reader->db, &system);
    if (code == SQLITE_READONLY_ROLLBACK)
        code = copy_database(reader->path, SQLITE_OPEN_READWRITE, reader->db, &system);
    if (code == SQLITE_DONE && is_cut_off(reader->path, reader->db))
        code = SQLITE_CORRUPT;
    return code == SQLITE_DONE ? STW_OK : explain(reader, code, system);
}

/* Sets reader->path to the database of `run`. */
static stw_status find_database(const char *run, struct stw_reader *reader)
{
    struct stat status;
    struct stw_text path = {0};
    stw_text_add(&path, "%s", run);
    int found = stat(run, &status) == 0;
    int folder = found && S_ISDIR(status.st_mode);
    if (folder) {
        stw_text_add(&path, "%sresults.sqlite", run[strlen(run) - 1] == '/' ? "" : "/");
        found = stat(path.bytes, &status) == 0;
    }
    int problem = errno;
    reader->path = path.bytes;
    if (!found && problem != ENOENT && problem != ENOTDIR)
        return stw_error_set(reader->error, STW_E_IO, NULL, "%s: %s", path.bytes,
                             strerror(problem));
    if (!found && folder)
        return stw_error_set(reader->error, STW_E_INVALID, NULL,
                             "%s: not a run: the folder has no results.sqlite", run);
    if (!found)
        return stw_error_set(reader->error, STW_E_INVALID, NULL, "%s: there is no such run", run);
    if (!S_ISREG(status.st_mode))
        return stw_error_set(reader->error, STW_E_INVALID, NULL, "%s: not a file", path.bytes);
    return STW_OK;
}

stw_status stw_reader_open(const char *run, struct stw_reader *reader, struct stw_error *error)
{
    *reader = (struct stw_reader){.error = error};
    STW_TRY(find_database(run, reader));
    STW_TRY(open_copy(reader));
    return check_format(reader);
}

void stw_reader_close(struct stw_reader *reader)
{
    if (reader->db) /* else SQLite may be what is missing */
        sqlite3_close(reader->db);
    free(reader->path);
    *reader = (struct stw_reader){0};
}
