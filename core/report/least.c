/* report/least.c: groups cells by the work that they do, and finds the least of a counter in each.
 *
 * LE1  cells do the same work when they agree in all parameters of the workload and in the number
 *      of mutators, each of which does it: whatever carries it out (runtime, collector, strategy,
 *      map, allocator and their parameters) may differ. So it is for checksums (lab/agreement.c).
 * It is done by one scan of the counter's rows, however many cells there are. */
#include "report/least.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "host/manifest.h"
#include "host/runtime_params.h"

#include <stdlib.h>
#include <string.h>

struct keys {
    char **items;
    uint32_t count;
};

static void take_key(sqlite3_stmt *row, void *context)
{
    struct keys *keys = context;
    *STW_APPEND(keys->items, keys->count) = stw_reader_text(row, 0);
}

static void take_int(sqlite3_stmt *row, void *context)
{
    *(int64_t *)context = sqlite3_column_int64(row, 0);
}

/* "strategy.pool.keep" is not the workload's. */
static int is_of_plugin(const char *key)
{
    static const uint32_t kinds[] = {STW_KIND_ALLOCATOR, STW_KIND_MAP, STW_KIND_STRATEGY};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(stw_kind_name(kinds[i]));
        if (strncmp(key, stw_kind_name(kinds[i]), length) == 0 && key[length] == '.')
            return 1;
    }
    return 0;
}

/* LE1 */
static int is_of_work(const char *key)
{
    return strcmp(key, "mutators") == 0 || (!stw_runtime_param(key) && !is_of_plugin(key));
}

static void add_work_keys(const struct keys *keys, struct stw_text *sql)
{
    const char *gap = "";
    for (uint32_t i = 0; i < keys->count; i++)
        if (is_of_work(keys->items[i])) {
            stw_text_add(sql, "%s", gap);
            stw_reader_add_quoted(sql, keys->items[i]);
            gap = ", ";
        }
}

static stw_status fill(struct stw_reader *reader, const struct stw_fact *counter,
                       const struct keys *keys)
{
    struct stw_text sql = {0};
    stw_text_add(&sql, "INSERT INTO temp." STW_LEAST_TABLE
                 " SELECT ?1, cell, min(median) OVER (PARTITION BY work)"
                 " FROM (SELECT m.cell, m.median,"
                 "  coalesce((SELECT group_concat(key || '=' || value, char(10)) FROM"
                 "   (SELECT key, value FROM axes WHERE cell = m.cell AND key IN (");
    add_work_keys(keys, &sql);
    stw_text_add(&sql, ") ORDER BY key)), '') AS work FROM"
                 " (SELECT cell, max(CASE WHEN rank = (n + 1) / 2 THEN value END) AS median FROM"
                 "  (SELECT cell, value,"
                 "    row_number() OVER (PARTITION BY cell ORDER BY value) AS rank,"
                 "    count(*) OVER (PARTITION BY cell) AS n FROM counters WHERE name = ?1)"
                 "  GROUP BY cell) m)");
    stw_status status = stw_reader_query(reader, sql.bytes, counter->name, take_int, NULL);
    stw_text_free(&sql);
    return status;
}

#define NO_CELL "-1" /* its row says that the table is filled for the counter */

stw_status stw_least_find(struct stw_reader *reader, const struct stw_fact *counter)
{
    struct keys keys = {0};
    int64_t is_there = 0;
    STW_TRY(stw_reader_query(reader, "CREATE TEMP TABLE IF NOT EXISTS " STW_LEAST_TABLE
                             "(name TEXT, cell INTEGER, value INTEGER, PRIMARY KEY(name, cell))"
                             " WITHOUT ROWID", NULL, take_int, NULL));
    STW_TRY(stw_reader_query(reader, "SELECT count(*) FROM temp." STW_LEAST_TABLE
                             " WHERE name = ?1 AND cell = " NO_CELL, counter->name, take_int,
                             &is_there));
    if (is_there)
        return STW_OK;
    stw_status status = stw_reader_query(reader, "SELECT DISTINCT key FROM axes ORDER BY key", NULL,
                                         take_key, &keys);
    if (status == STW_OK)
        status = fill(reader, counter, &keys);
    if (status == STW_OK)
        status = stw_reader_query(reader, "INSERT INTO temp." STW_LEAST_TABLE " VALUES(?1, " NO_CELL
                                  ", NULL)", counter->name, take_int, NULL);
    for (uint32_t i = 0; i < keys.count; i++)
        free(keys.items[i]);
    free(keys.items);
    return status;
}
