/* support/small_run.h: a run's database that a test writes by itself, with SQL, in a folder of its
 * own. The tables are those of the store; a test fills them. One of them in a test's process. */
#ifndef STW_TESTS_SMALL_RUN_H
#define STW_TESTS_SMALL_RUN_H

#include "store/schema.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char small_run[] = "/tmp/stwlab-run-XXXXXX"; /* the folder */
static char small_database[64];                     /* in it */

static inline void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s: %s", message, sql);
}

/* The database that is there, once more. */
static inline sqlite3 *small_open(void)
{
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(small_database, &db), SQLITE_OK);
    return db;
}

/* A new one, empty, inside a transaction. */
static inline sqlite3 *small_begin(void)
{
    char version[96];
    cr_assert(mkdtemp(small_run));
    snprintf(small_database, sizeof small_database, "%s/results.sqlite", small_run);
    snprintf(version, sizeof version,
             "PRAGMA application_id=0x53545731; PRAGMA user_version=%d; BEGIN", STW_STORE_VERSION);
    sqlite3 *db = small_open();
    run_sql(db, version);
    for (int i = 0; stw_schema[i]; i++)
        run_sql(db, stw_schema[i]);
    return db;
}

/* Commits and closes. */
static inline void small_end(sqlite3 *db)
{
    run_sql(db, "COMMIT");
    sqlite3_close(db);
}

static inline void small_remove(void)
{
    unlink(small_database);
    rmdir(small_run);
}

#endif
