/* store/attempts.c: attempts at a trial but the last: lost ones, and those that were retried.
 *
 * SA1  table attempt has at most one row: the trial that runs, or is about to. It is written in the
 *      transaction that stores the trial before, and taken back by the one that stores it: so it is
 *      there at a start only if the coordinator died meanwhile.
 * SA2  a trial during which the coordinator died is run again, after all others; if it dies with
 *      that one, too, the trial is crashed. Somebody who kills a run, or a machine that loses
 *      power, hits an honest trial twice in a row only when nothing else is left to be run; a trial
 *      that kills the coordinator does so every time.
 * SA3  each trial has one row in table trial, its last attempt; those before are in table earlier,
 *      numbered from 1, with their outcomes and without their numbers.
 * docs/decisions/0007-attempts.md */
#include "store/attempts.h"

#include "base/error.h"
#include "store/environment.h"

#include <inttypes.h>
#include <stdio.h>

#define LOSSES_MAX 2

/* The trial that table attempt names; in a query over `attempt a`. */
#define NOTED(table) table ".cell_hash = a.cell_hash AND " table ".trial = a.trial"
/* The number of the last attempt of which it is known how it ended. */
#define LAST_ENDED                                                                                 \
    "max(coalesce((SELECT max(e.attempt) FROM earlier e WHERE " NOTED("e")                         \
    " AND e.outcome <> 'lost'), 0), coalesce((SELECT t.attempt FROM trial t WHERE " NOTED("t")     \
    "), 0))"

static const char lose[] =
    "INSERT INTO earlier SELECT a.cell, a.cell_hash, a.trial,"
    " max(coalesce((SELECT max(e.attempt) FROM earlier e WHERE " NOTED("e") "), 0), " LAST_ENDED
    ") + 1, 'lost', NULL, 'the coordinator ended while this trial ran', NULL, NULL, NULL,"
    " a.started_utc FROM attempt a";
static const char count_losses[] =
    "SELECT count(*) FROM attempt a JOIN earlier l ON " NOTED("l")
    " WHERE l.outcome = 'lost' AND l.attempt > " LAST_ENDED;

/* Of ?1, ?2: what belongs to a stored trial goes before the trial itself. */
#define OF_TRIAL " WHERE cell_hash = ?1 AND trial = ?2"
#define FORGET(table)                                                                              \
    "DELETE FROM " table " WHERE trial_id = (SELECT trial_id FROM trial" OF_TRIAL ")"
static const char *const retire[] = {
    "INSERT INTO earlier SELECT cell, cell_hash, trial, attempt, outcome, signal, detail, wall_ns,"
    " cpu_ns, rss_peak_bytes, stored_utc FROM trial" OF_TRIAL,
    FORGET("pause"), FORGET("pause_step"), FORGET("cycle"), FORGET("counter"), FORGET("op_bucket"),
    FORGET("op_time_bucket"), FORGET("worst_window"), FORGET("hiccup"),
    FORGET("bin"),
    FORGET("trial_output"), FORGET("machine_time"),
    "DELETE FROM trial" OF_TRIAL,
    NULL,
};
/* The last lost attempt becomes the trial. */
#define LAST_EARLIER                                                                               \
    OF_TRIAL " AND attempt = (SELECT max(attempt) FROM earlier" OF_TRIAL ")"
static const char *const crash[] = {
    "INSERT INTO trial(cell, cell_hash, trial, outcome, detail, stored_utc, attempt)"
    " SELECT cell, cell_hash, trial, 'crashed',"
    " 'the coordinator ended while this trial ran, and so it did in the attempt before',"
    " utc, attempt FROM earlier" LAST_EARLIER,
    "DELETE FROM earlier" LAST_EARLIER,
    NULL,
};

static stw_status run_all(const struct stw_sql *sql, const char *const *texts,
                          const char *const of[2])
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && texts[i]; i++)
        status = stw_sql_insert(sql, texts[i], of, 2);
    return status;
}

stw_status stw_attempts_retire(const struct stw_sql *sql, const char *cell_hash, uint32_t trial)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, trial);
    const char *const of[] = {cell_hash, number};
    return run_all(sql, retire, of);
}

/* The noted trial, whose coordinator died with it too often, is crashed. */
static stw_status crash_noted(const struct stw_sql *sql)
{
    sqlite3_stmt *row = NULL;
    stw_status status = STW_E_IO;
    int code = sqlite3_prepare_v2(sql->db, "SELECT cell_hash, trial FROM attempt", -1, &row, NULL);
    if (code == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW) {
        const char *const of[] = {(const char *)sqlite3_column_text(row, 0),
                                  (const char *)sqlite3_column_text(row, 1)};
        status = run_all(sql, retire, of);
        if (status == STW_OK)
            status = run_all(sql, crash, of);
    }
    sqlite3_finalize(row);
    return status;
}

static stw_status recover(const struct stw_sql *sql)
{
    int failed = 0;
    STW_TRY(stw_sql_insert(sql, lose, NULL, 0));
    if (stw_sql_number(sql, count_losses, &failed) >= LOSSES_MAX)
        STW_TRY(crash_noted(sql));
    return failed ? STW_E_IO : stw_sql_insert(sql, "DELETE FROM attempt", NULL, 0);
}

stw_status stw_attempts_recover(const struct stw_sql *sql, struct stw_error *error)
{
    int failed = 0;
    int64_t noted = stw_sql_number(sql, "SELECT count(*) FROM attempt", &failed);
    if (failed)
        return stw_sql_failed(sql, "read", error);
    if (!noted)
        return STW_OK;
    STW_TRY(stw_sql_run(sql, "BEGIN IMMEDIATE", "write", error));
    return stw_sql_end(sql, recover(sql), "write", error);
}
