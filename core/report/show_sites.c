/* report/show_sites.c: time to safepoint by site: which mutators kept stops waiting, and how much
 * of that time those that were late were at work, and not waiting for a processor. */
#include "report/show.h"

#include "base/array.h"
#include "base/error.h"
#include "report/reader.h"
#include "report/table.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Percentiles by nearest rank, as everywhere. */
static const char sites_sql[] =
    "SELECT last_site, n, max(CASE WHEN rank = (n * 50 + 99) / 100 THEN stopping_ns END),"
    " max(CASE WHEN rank = (n * 99 + 99) / 100 THEN stopping_ns END), max(stopping_ns),"
    " 100.0 * sum(late_cpu_ns) / sum(CASE WHEN late_cpu_ns NOT NULL THEN stopping_ns END)"
    " FROM (SELECT last_site, stopping_ns, late_cpu_ns,"
    "   row_number() OVER (PARTITION BY last_site ORDER BY stopping_ns) AS rank,"
    "   count(*) OVER (PARTITION BY last_site) AS n FROM pauses"
    "  WHERE cell = CAST(?1 AS INTEGER) AND phase = 'timed' AND stopping_ns IS NOT NULL"
    "   AND last_site <> '')"
    " GROUP BY last_site ORDER BY max(stopping_ns) DESC, last_site";

static void take_site(sqlite3_stmt *row, void *context)
{
    static const double percents[] = {50, 99, 0};
    struct stw_table *table = context;
    int64_t events = sqlite3_column_int64(row, 1);
    char *site = stw_reader_text(row, 0), count[24];
    snprintf(count, sizeof count, "%" PRId64, events);
    stw_table_row(table);
    stw_table_set(table, 0, site);
    stw_table_set(table, 1, count);
    for (int i = 0; i < 3; i++) /* p50, p99, the largest */
        stw_table_set(table, (uint32_t)(2 + i),
                      stw_format_percentile(sqlite3_column_int64(row, 2 + i), events,
                                            percents[i]).text);
    if (sqlite3_column_type(row, 5) != SQLITE_NULL) {
        snprintf(count, sizeof count, "%.0f %%", sqlite3_column_double(row, 5));
        stw_table_set(table, 5, count);
    }
    free(site);
}

stw_status stw_show_sites(const char *run, int64_t cell, struct stw_text *out,
                          struct stw_error *error)
{
    static const char *const headers[] = {"stopping, by site of the last", "count", "p50", "p99",
                                          "max", "at work"};
    struct stw_reader reader;
    struct stw_table table = {0};
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, cell);
    for (uint32_t i = 0; i < sizeof headers / sizeof *headers; i++)
        stw_table_column(&table, headers[i], i ? STW_TABLE_RIGHT : STW_TABLE_LEFT);
    stw_status status = stw_reader_open(run, &reader, error);
    if (status == STW_OK)
        status = stw_reader_query(&reader, sites_sql, number, take_site, &table);
    if (table.row_count)
        stw_text_add(out, "\n");
    if (table.row_count)
        stw_table_print(&table, 0, out);
    stw_table_free(&table);
    stw_reader_close(&reader);
    return status;
}
