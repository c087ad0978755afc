/* report/enough.c: looks at the intervals of a run while it runs.
 *
 * EN1  all cells have to be there: the farther end of the 95 % interval of each one's value is
 *      within so many percent of the value. A cell that has no such value (no stop, no ok trial)
 *      holds nothing up: more trials would not give it one. If no cell at all has one, nothing is
 *      known, and that is never enough: the run goes on to the most trials that it may have.
 * A run that may end at each look ends more often when its intervals happen to be narrow: those of
 * such a run hold the true value a little less often than they say. docs/reference/experiments.md
 * tells so, and so does every table (report/history.h).
 * The cell that was not there at the last look is asked first: mostly it still is not, and a look
 * costs one cell's query. */
#include "report/enough.h"

#include "base/error.h"
#include "report/bootstrap.h"
#include "report/least.h"
#include "report/metric.h"
#include "store/sql.h"

#include <math.h>

/* Ends of intervals repeat within 3 % of their width from seed to seed, which is less than they
 * change with the next trial. */
#define RESAMPLES 1000u

static int is_near(const struct stw_interval *interval, double percent)
{
    double below = interval->estimate - interval->low, above = interval->high - interval->estimate;
    double most = percent / 100 * fabs(interval->estimate);
    return !interval->without && below <= most && above <= most;
}

static stw_status ask_cell(struct stw_reader *reader, const struct stw_metric *metric,
                           uint32_t cell, double percent, int *has_value, int *is_there)
{
    static const struct stw_bootstrap options = {.seed = 1, .resamples = RESAMPLES,
                                                 .confidence = 95};
    struct stw_measured measured;
    stw_status status = stw_metric_read(reader, metric, cell, 0, &measured);
    *is_there = measured.sample.value_count == 0; /* EN1 */
    *has_value |= !*is_there;
    if (status == STW_OK && !*is_there) {
        struct stw_interval interval =
            stw_bootstrap_value(&measured.sample, metric->statistic, &options);
        *is_there = is_near(&interval, percent);
    }
    stw_sample_free(&measured.sample);
    return status;
}

static stw_status ask_cells(struct stw_enough_look *look, struct stw_reader *reader,
                            const struct stw_metric *metric, int *is_enough)
{
    const struct stw_matrix *matrix = look->matrix;
    int has_value = 0;
    *is_enough = 1;
    for (uint32_t i = 0, at = look->first; *is_enough && i < matrix->cell_count; i++, at++) {
        const struct stw_cell *cell = &matrix->cells[at % matrix->cell_count];
        if (cell->excluded)
            continue;
        STW_TRY(ask_cell(reader, metric, cell->index, matrix->experiment->enough.percent,
                         &has_value, is_enough));
        look->first = at % matrix->cell_count;
    }
    *is_enough = *is_enough && has_value;
    return STW_OK;
}

static void take_nothing(sqlite3_stmt *row, void *context)
{
    (void)row, (void)context;
}

stw_status stw_enough_ask(void *context, const struct stw_sql *sql, int *is_enough,
                          struct stw_error *error)
{
    struct stw_enough_look *look = context;
    struct stw_reader reader = {.db = sql->db, .path = sql->path, .error = error};
    struct stw_fact_list facts = {0};
    struct stw_metric metric;
    stw_status status = stw_facts_read(&reader, &facts);
    if (status == STW_OK)
        status = stw_metric_parse(&facts, look->matrix->experiment->enough.metric, &metric, error);
    if (status == STW_OK)
        status = ask_cells(look, &reader, &metric, is_enough);
    if (status == STW_OK) /* what was worked out for other cells is of this look */
        status = stw_reader_query(&reader, "DROP TABLE IF EXISTS temp." STW_LEAST_TABLE, NULL,
                                  take_nothing, NULL);
    stw_facts_free(&facts);
    return status;
}
