/* store/trials.c: sets of trials, by cell and number.
 *
 * TS1  keys ascend, none is there twice: so one is found by halving. */
#include "store/trials.h"

#include "base/array.h"
#include "base/check.h"
#include "store/sqlite.h"

#include <stdlib.h>

static uint64_t key_of(uint64_t cell, uint64_t trial)
{
    return cell << 32 | trial;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void stw__trials_check(const struct stw_trials *trials)
{
    for (size_t i = 1; i < trials->count; i++)
        STW_REQUIRE(trials->keys[i - 1] < trials->keys[i]);
}

stw_status stw_trials_read(const struct stw_sql *sql, const char *query,
                           struct stw_trials *trials, struct stw_error *error)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(sql->db, query, -1, &row, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        *STW_APPEND(trials->keys, trials->count) =
            key_of((uint64_t)sqlite3_column_int64(row, 0), (uint64_t)sqlite3_column_int64(row, 1));
        code = SQLITE_OK;
    }
    stw_status status = code == SQLITE_DONE ? STW_OK : stw_sql_failed(sql, "read", error);
    sqlite3_finalize(row);
    if (trials->count)
        qsort(trials->keys, trials->count, sizeof *trials->keys, by_number);
    STW_CHECK(stw__trials_check(trials));
    return status;
}

int stw_trials_have(const struct stw_trials *trials, uint32_t cell, uint32_t trial)
{
    uint64_t key = key_of(cell, trial);
    return trials->count
           && bsearch(&key, trials->keys, trials->count, sizeof key, by_number) != NULL;
}
