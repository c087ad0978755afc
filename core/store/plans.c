/* store/plans.c: what was planned at each start of a run, and what came of it.
 *
 * PL1  a plan is written before its first trial, and never changed afterwards: who looks at results
 *      and then asks for more leaves a row that says so. Only how the start ended is added. */
#include "store/plans.h"

#include "base/error.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

stw_status stw_plans_insert(const struct stw_sql *sql, int64_t start,
                            const struct stw_matrix *matrix, const char *added)
{
    const struct stw_experiment *experiment = matrix->experiment;
    struct stw_text trials = {0};
    char number[24], time[24], cells[16];
    snprintf(number, sizeof number, "%" PRId64, start);
    snprintf(time, sizeof time, "%" PRIu64, experiment->time_ns);
    snprintf(cells, sizeof cells, "%" PRIu32, matrix->cell_count);
    stw_experiment_trials(experiment, &trials);
    const char *const values[] = {number, trials.bytes, experiment->time_ns ? time : NULL, cells,
                                  added};
    stw_status status =
        stw_sql_insert(sql, "INSERT INTO plan VALUES(?1,?2,?3,?4,?5,NULL,NULL)", values, 5);
    stw_text_free(&trials);
    return status;
}

stw_status stw_plans_end(const struct stw_sql *sql, int64_t start, const char *ended,
                         uint64_t trials, int is_enough)
{
    char number[24], count[24];
    snprintf(number, sizeof number, "%" PRId64, start);
    snprintf(count, sizeof count, "%" PRIu64, trials);
    const char *const values[] = {number, ended, count};
    STW_TRY(stw_sql_insert(sql, "UPDATE plan SET ended = ?2, ended_trials = CAST(?3 AS INTEGER)"
                           " WHERE start = CAST(?1 AS INTEGER)", values, 3));
    const char *const kept[] = {count};
    return is_enough ? stw_sql_insert(sql, "UPDATE run SET value = ?1 WHERE key = 'trials'", kept,
                                      1)
                     : STW_OK;
}
