/* report/least_heaps.c: reads the probes of a run of `stwlab minheap`, as its search does.
 *
 * LH1  the least heap of a cell is the least limit that all of its trials kept: all were ok, and
 *      none had more pages. Without such a one it is what the cell takes without a limit. */
#include "report/least_heaps.h"

#include "base/array.h"
#include "base/error.h"
#include "host/runtime_params.h"
#include "plan/minheap.h"
#include "plan/heaps.h"
#include "report/reader.h"

#include <stdlib.h>
#include <string.h>

struct filling {
    struct stw_least_heap *heaps;
    uint32_t count;
    char *others; /* settings of the last row's cell but the limit */
};

/* One row a cell: its hash, limit, other axes, trials, ok trials, most bytes of pages. The cell
 * without a limit comes before the others with the same axes. */
static const char probes_sql[] =
    "SELECT c.hash, l.value, coalesce((SELECT group_concat(key || '=' || value, char(10)) FROM"
    "  (SELECT key, value FROM axes a WHERE a.cell = c.cell AND a.key <> '" STW_HEAP_LIMIT "'"
    "   ORDER BY key)), '') AS others, t.n, t.ok, t.peak"
    " FROM cells c JOIN axes l ON l.cell = c.cell AND l.key = '" STW_HEAP_LIMIT "'"
    " JOIN (SELECT t.cell, count(*) AS n, sum(t.outcome = 'ok') AS ok, max(k.value) AS peak"
    "  FROM trials t LEFT JOIN counters k ON k.cell = t.cell AND k.trial = t.trial"
    "   AND k.name = 'heap.pages_peak_bytes' GROUP BY t.cell) t ON t.cell = c.cell"
    " ORDER BY others, l.value <> '0'";

static void take_probe(sqlite3_stmt *row, void *context)
{
    struct filling *filling = context;
    struct stw_value limit = {0};
    char *text = stw_reader_text(row, 1), *others = stw_reader_text(row, 2);
    uint64_t peak = (uint64_t)sqlite3_column_int64(row, 5);
    int is_ok = sqlite3_column_int64(row, 3) == sqlite3_column_int64(row, 4)
             && sqlite3_column_type(row, 5) != SQLITE_NULL;
    int is_next = !filling->others || strcmp(filling->others, others) != 0;
    stw_param_parse(stw_runtime_param(STW_HEAP_LIMIT), text, &limit, NULL);
    if (is_ok && !limit.as_u64) {
        char *hash = stw_reader_text(row, 0);
        struct stw_minheap search;
        struct stw_least_heap heap = {0};
        stw_minheap_begin(&search, peak);
        strncpy(heap.hash, hash, sizeof heap.hash - 1);
        heap.bytes = stw_minheap_least(&search);
        *STW_APPEND(filling->heaps, filling->count) = heap;
        free(hash);
    } else if (is_ok && !is_next && peak <= limit.as_u64
               && limit.as_u64 < filling->heaps[filling->count - 1].bytes) {
        filling->heaps[filling->count - 1].bytes = limit.as_u64;
    }
    free(text);
    if (is_ok && !limit.as_u64) {
        free(filling->others);
        filling->others = others;
    } else {
        free(others);
    }
}

stw_status stw_least_heaps_read(const char *run, struct stw_experiment *experiment,
                                struct stw_error *error)
{
    struct filling filling = {0};
    struct stw_reader reader;
    stw_status status = stw_reader_open(run, &reader, error);
    if (status == STW_OK)
        status = stw_reader_query(&reader, probes_sql, NULL, take_probe, &filling);
    if (status == STW_OK && filling.count == 0)
        status = stw_error_set(error, STW_E_INVALID, NULL, "%s: knows no least heap: it has no ok "
                               "trial of a cell with " STW_HEAP_LIMIT " = 0; stwlab minheap finds "
                               "them", run);
    stw_reader_close(&reader);
    free(filling.others);
    stw_experiment_take_heaps(experiment, filling.heaps, filling.count);
    return status;
}
