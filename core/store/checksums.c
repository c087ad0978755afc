/* store/checksums.c: the checksums of a run's trials, read and judged anew. */
#include "store/checksums.h"

#include "base/error.h"
#include "store/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define THESE " WHERE cell=?1 AND checksum=?2 AND expected IS NOT NULL"

static struct stw_stored_checksum read_row(sqlite3_stmt *row)
{
    const char *checksum = (const char *)sqlite3_column_text(row, 1);
    int64_t cell = sqlite3_column_int64(row, 0);
    return (struct stw_stored_checksum){
        .cell = cell >= 0 && cell < UINT32_MAX ? (uint32_t)cell : UINT32_MAX,
        .checksum = checksum ? strtoull(checksum, NULL, 16) : 0,
        .trials = (uint64_t)sqlite3_column_int64(row, 2),
        .expected = (uint64_t)sqlite3_column_int64(row, 3),
        .not_ok = (uint64_t)sqlite3_column_int64(row, 4),
    };
}

stw_status stw_store_checksums(const struct stw_store *store,
                               void (*each)(void *context, const struct stw_stored_checksum *),
                               void *context, struct stw_error *error)
{
    const struct stw_sql *sql = stw_store_sql(store);
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(sql->db, "SELECT cell, checksum, count(*), sum(expected),"
                                  " sum(outcome<>'ok') FROM trial WHERE expected IS NOT NULL"
                                  " GROUP BY cell, checksum ORDER BY cell, min(trial_id)", -1,
                                  &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (; code == SQLITE_ROW; code = sqlite3_step(row)) {
        struct stw_stored_checksum trials = read_row(row);
        each(context, &trials);
    }
    stw_status status = code == SQLITE_DONE ? STW_OK : stw_sql_failed(sql, "read", error);
    sqlite3_finalize(row);
    return status;
}

stw_status stw_store_begin(struct stw_store *store, struct stw_error *error)
{
    return stw_sql_run(stw_store_sql(store), "BEGIN IMMEDIATE", "write", error);
}

stw_status stw_store_end(struct stw_store *store, stw_status status, struct stw_error *error)
{
    return stw_sql_end(stw_store_sql(store), status, "write", error);
}

stw_status stw_store_judge(struct stw_store *store, uint32_t cell, uint64_t checksum,
                           const struct stw_outcome *outcome, uint64_t *changed)
{
    const struct stw_sql *sql = stw_store_sql(store);
    const char *kind = stw_outcome_name(outcome->kind);
    char cell_text[16], checksum_text[17];
    snprintf(cell_text, sizeof cell_text, "%" PRIu32, cell);
    snprintf(checksum_text, sizeof checksum_text, "%016" PRIx64, checksum);
    const char *const with_kind[] = {cell_text, checksum_text, kind};
    const char *const with_detail[] = {cell_text, checksum_text, outcome->detail};
    STW_TRY(stw_sql_insert(sql, "UPDATE trial SET outcome=?3" THESE " AND outcome<>?3",
                           with_kind, 3));
    *changed += (uint64_t)sqlite3_changes(sql->db);
    return stw_sql_insert(sql, "UPDATE trial SET detail=?3" THESE " AND detail IS NOT ?3",
                          with_detail, 3);
}
