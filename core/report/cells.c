/* report/cells.c: reads results.sqlite.
 *
 * The database is copied into a private temporary one first, and all queries run on the copy: it is
 * a consistent moment of a run that goes on, and the run's own commits wait for the copying only,
 * not for percentiles over millions of pauses.
 * C1: the file is never changed, with one exception: a coordinator that was killed inside a commit
 *     leaves a journal, and then SQLite has to roll that commit back before anyone can read. */
#include "report/cells.h"

#include "base/error.h"
#include "base/text.h"
#include "lab/schema.h"
#include "lab/sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUSY_MS 10000 /* a commit takes milliseconds; a machine that swaps takes longer */

struct reader {
    sqlite3 *db;
    const char *path;
    struct stw_results *results;
    struct stw_error *error;
};

static const char *const dist_names[STW_DISTS] = {"pause", "stopping", "working", "restarting",
                                                  "op"};

const char *stw_dist_name(uint32_t dist)
{
    static const char *const names[STW_DISTS] = {"pause_ns", "stopping_ns", "working_ns",
                                                 "restarting_ns", "op_ns"};
    return names[dist];
}

/* Says in our words what SQLite's result `code` means. */
static stw_status explain(const struct reader *reader, int code)
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
        return stw_error_set(reader->error, STW_E_IO, NULL, "%s: cannot be read: %s", path,
                             sqlite3_errstr(code));
    }
}

static char *copy_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return stw_strdup(text ? (const char *)text : "");
}

typedef void row_function(struct reader *reader, sqlite3_stmt *row, void *context);

/* Calls `take` for each row. `argument` (may be null) is bound to ?1. */
static stw_status query(struct reader *reader, const char *sql, const char *argument,
                        row_function *take, void *context)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && argument)
        code = sqlite3_bind_text(statement, 1, argument, -1, SQLITE_TRANSIENT);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        take(reader, statement, context);
        code = SQLITE_OK;
    }
    stw_status status = code == SQLITE_DONE ? STW_OK : explain(reader, code);
    sqlite3_finalize(statement);
    return status;
}

static void take_int(struct reader *reader, sqlite3_stmt *row, void *context)
{
    (void)reader;
    *(int64_t *)context = sqlite3_column_int64(row, 0);
}

static void take_pair(struct reader *reader, sqlite3_stmt *row, void *context)
{
    (void)reader;
    struct stw_pairs *pairs = context;
    pairs->items = stw_grow(pairs->items, pairs->count + 1, sizeof *pairs->items);
    pairs->items[pairs->count++] = (struct stw_pair){copy_text(row, 0), copy_text(row, 1)};
}

static void take_median(struct reader *reader, sqlite3_stmt *row, void *context)
{
    (void)reader;
    struct stw_result_cell *cell = context;
    if (sqlite3_column_type(row, 1) == SQLITE_NULL)
        return;
    cell->medians = stw_grow(cell->medians, cell->median_count + 1, sizeof *cell->medians);
    cell->medians[cell->median_count++] =
        (struct stw_median){copy_text(row, 0), sqlite3_column_int64(row, 1)};
}

/* Columns of the view `cells`, in the order that take_cell reads them. */
static void cells_sql(struct stw_text *sql)
{
    stw_text_add(sql, "SELECT cell, id, hash, axes, counters, ok, crashed, timed_out, "
                      "out_of_memory, refused, invalid, skipped");
    for (uint32_t i = 0; i < STW_DISTS; i++) {
        const char *name = dist_names[i];
        stw_text_add(sql, ", %s_count, %s_p50_ns, %s_p99_ns, %s_max_ns, %s_sum_ns", name, name,
                     name, name, name);
    }
    stw_text_add(sql, " FROM cells ORDER BY cell");
}

/* The two JSON objects of a cell wait here for their own queries. */
struct cell_objects {
    char *axes, *counters;
};

static void take_cell(struct reader *reader, sqlite3_stmt *row, void *context)
{
    struct stw_results *results = reader->results;
    struct cell_objects **objects = context;
    uint32_t index = results->cell_count++;
    results->cells = stw_grow(results->cells, index + 1, sizeof *results->cells);
    *objects = stw_grow(*objects, index + 1, sizeof **objects);
    (*objects)[index] = (struct cell_objects){copy_text(row, 3), copy_text(row, 4)};
    struct stw_result_cell *cell = &results->cells[index];
    *cell = (struct stw_result_cell){.cell = sqlite3_column_int64(row, 0),
                                     .id = copy_text(row, 1),
                                     .hash = copy_text(row, 2)};
    int column = 5;
    for (uint32_t i = 0; i < STW_OUTCOMES; i++)
        cell->outcomes[i] = sqlite3_column_int64(row, column++);
    for (uint32_t i = 0; i < STW_DISTS; i++) {
        struct stw_dist *dist = &cell->dists[i];
        dist->count = sqlite3_column_int64(row, column++);
        dist->p50 = sqlite3_column_int64(row, column++);
        dist->p99 = sqlite3_column_int64(row, column++);
        dist->max = sqlite3_column_int64(row, column++);
        dist->sum = sqlite3_column_int64(row, column++);
    }
}

static int compare_medians(const void *a, const void *b)
{
    const struct stw_median *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static stw_status read_objects(struct reader *reader, struct stw_result_cell *cell,
                               const struct cell_objects *objects)
{
    const char *sql = "SELECT key, atom FROM json_each(?1)";
    if (*objects->axes) {
        stw_status status = query(reader, sql, objects->axes, take_pair, &cell->axes);
        if (status != STW_OK)
            return status;
    }
    if (!*objects->counters)
        return STW_OK;
    stw_status status = query(reader, sql, objects->counters, take_median, cell);
    if (cell->median_count)
        qsort(cell->medians, cell->median_count, sizeof *cell->medians, compare_medians);
    return status;
}

static stw_status read_cells(struct reader *reader)
{
    struct cell_objects *objects = NULL;
    struct stw_text sql = {0};
    cells_sql(&sql);
    stw_status status = query(reader, sql.bytes, NULL, take_cell, &objects);
    stw_text_free(&sql);
    struct stw_results *results = reader->results;
    for (uint32_t i = 0; i < results->cell_count; i++) {
        if (status == STW_OK)
            status = read_objects(reader, &results->cells[i], &objects[i]);
        free(objects[i].axes);
        free(objects[i].counters);
    }
    free(objects);
    return status;
}

/* The cell of a row whose first column is its number, or null. Rows are in the order of cells, and
 * `*index` is the cell reached. */
static struct stw_result_cell *cell_of(struct reader *reader, sqlite3_stmt *row, uint32_t *index)
{
    struct stw_results *results = reader->results;
    int64_t number = sqlite3_column_int64(row, 0);
    while (*index < results->cell_count && results->cells[*index].cell < number)
        (*index)++;
    int found = *index < results->cell_count && results->cells[*index].cell == number;
    return found ? &results->cells[*index] : NULL;
}

static void take_utilisation(struct reader *reader, sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(reader, row, context);
    if (!cell)
        return;
    cell->mmu = stw_grow(cell->mmu, cell->mmu_count + 1, sizeof *cell->mmu);
    cell->mmu[cell->mmu_count++] =
        (struct stw_utilisation){sqlite3_column_int64(row, 1), sqlite3_column_double(row, 2),
                                 sqlite3_column_double(row, 3)};
}

static void take_gap(struct reader *reader, sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(reader, row, context);
    if (!cell)
        return;
    cell->gap = stw_grow(cell->gap, cell->gap_count + 1, sizeof *cell->gap);
    cell->gap[cell->gap_count++] =
        (struct stw_median){copy_text(row, 1), sqlite3_column_int64(row, 2)};
}

/* With max(), SQLite takes the other columns from the row that has the maximum. */
static const char gap_sql[] =
    "SELECT k.cell, k.name, k.value FROM counters k"
    " JOIN (SELECT cell, trial, max(value) FROM counters WHERE name = 'gap.max_ns' GROUP BY cell)"
    "  AS longest ON longest.cell = k.cell AND longest.trial = k.trial"
    " WHERE k.name LIKE 'gap.%' ORDER BY k.cell, k.name";

static const char mmu_sql[] =
    "SELECT cell, window_ns, min(utilisation),"
    " max(CASE WHEN rank = (n + 1) / 2 THEN utilisation END)"
    " FROM (SELECT cell, window_ns, utilisation,"
    "   row_number() OVER (PARTITION BY cell, window_ns ORDER BY utilisation) AS rank,"
    "   count(*) OVER (PARTITION BY cell, window_ns) AS n"
    "  FROM mmu WHERE utilisation IS NOT NULL)"
    " GROUP BY cell, window_ns ORDER BY cell, window_ns";

static void take_trial(struct reader *reader, sqlite3_stmt *row, void *context)
{
    struct stw_result_cell *cell = cell_of(reader, row, context);
    if (!cell)
        return;
    char *name = copy_text(row, 2);
    uint32_t outcome = 0;
    while (outcome < STW_OUTCOMES && strcmp(name, stw_outcome_name(outcome)) != 0)
        outcome++;
    free(name);
    if (outcome != STW_OUTCOME_SKIPPED) {
        cell->trial_count++;
        cell->wall_ns_sum += sqlite3_column_int64(row, 5);
    }
    if (outcome == STW_OUTCOME_OK || outcome == STW_OUTCOMES)
        return;
    cell->failures = stw_grow(cell->failures, cell->failure_count + 1, sizeof *cell->failures);
    cell->failures[cell->failure_count++] =
        (struct stw_failure){sqlite3_column_int64(row, 1), outcome, sqlite3_column_int(row, 3),
                             copy_text(row, 4)};
}

static stw_status check_format(struct reader *reader)
{
    int64_t id = 0, version = 0, tables = 0;
    stw_status status = query(reader, "PRAGMA application_id", NULL, take_int, &id);
    if (status == STW_OK)
        status = query(reader, "PRAGMA user_version", NULL, take_int, &version);
    if (status == STW_OK)
        status = query(reader, "SELECT count(*) FROM sqlite_schema", NULL, take_int, &tables);
    if (status != STW_OK)
        return status;
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

static stw_status read_copy(struct reader *reader)
{
    struct stw_results *results = reader->results;
    uint32_t reached = 0, reached_by_mmu = 0, reached_by_gap = 0;
    stw_status status = check_format(reader);
    if (status == STW_OK)
        status = query(reader, "SELECT key, value FROM run ORDER BY key", NULL, take_pair,
                       &results->info);
    if (status == STW_OK)
        status = query(reader, "SELECT key, value FROM environment ORDER BY key", NULL, take_pair,
                       &results->environment);
    if (status == STW_OK)
        status = read_cells(reader);
    if (status == STW_OK)
        status = query(reader, "SELECT cell, trial, outcome, signal, detail, wall_ns FROM trials "
                               "ORDER BY cell, trial", NULL, take_trial, &reached);
    if (status == STW_OK)
        status = query(reader, mmu_sql, NULL, take_utilisation, &reached_by_mmu);
    if (status == STW_OK)
        status = query(reader, gap_sql, NULL, take_gap, &reached_by_gap);
    return status;
}

/* Copies the database into `to`. `flags` say how it is opened. Returns an extended result code. */
static int copy_database(const char *path, int flags, sqlite3 *to)
{
    sqlite3 *from = NULL;
    int64_t version;
    struct reader probe = {.path = path};
    int code = sqlite3_open_v2(path, &from, flags, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(from, BUSY_MS);
        probe.db = from;
        /* Asking anything makes SQLite look at the file: its errors are found here. */
        query(&probe, "PRAGMA user_version", NULL, take_int, &version);
        code = sqlite3_extended_errcode(from);
    }
    if (code == SQLITE_OK || code == SQLITE_DONE) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
        code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_extended_errcode(to);
        sqlite3_backup_finish(backup);
    }
    sqlite3_close(from);
    return code;
}

static stw_status open_copy(struct reader *reader)
{
    stw_status status = stw_sqlite_load(reader->error);
    if (status != STW_OK)
        return status;
    int code = sqlite3_open("", &reader->db); /* a private file that SQLite deletes */
    if (code == SQLITE_OK)
        code = copy_database(reader->path, SQLITE_OPEN_READONLY, reader->db);
    if (code == SQLITE_READONLY_ROLLBACK)
        code = copy_database(reader->path, SQLITE_OPEN_READWRITE, reader->db);
    return code == SQLITE_DONE ? STW_OK : explain(reader, code);
}

/* Sets results->path to the database of `run`. */
static stw_status find_database(const char *run, struct stw_results *results,
                                struct stw_error *error)
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
    results->path = path.bytes;
    if (!found && problem != ENOENT && problem != ENOTDIR)
        return stw_error_set(error, STW_E_IO, NULL, "%s: %s", path.bytes, strerror(problem));
    if (!found && folder)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "%s: not a run: the folder has no results.sqlite", run);
    if (!found)
        return stw_error_set(error, STW_E_INVALID, NULL, "%s: there is no such run", run);
    if (!S_ISREG(status.st_mode))
        return stw_error_set(error, STW_E_INVALID, NULL, "%s: not a file", path.bytes);
    return STW_OK;
}

stw_status stw_results_read(const char *run, struct stw_results *results, struct stw_error *error)
{
    *results = (struct stw_results){0};
    stw_status status = find_database(run, results, error);
    if (status != STW_OK)
        return status;
    struct reader reader = {.path = results->path, .results = results, .error = error};
    status = open_copy(&reader);
    if (status == STW_OK)
        status = read_copy(&reader);
    if (reader.db)
        sqlite3_close(reader.db);
    return status;
}

static void free_pairs(struct stw_pairs *pairs)
{
    for (uint32_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].key);
        free(pairs->items[i].value);
    }
    free(pairs->items);
}

static void free_cell(struct stw_result_cell *cell)
{
    free(cell->id);
    free(cell->hash);
    free_pairs(&cell->axes);
    for (uint32_t i = 0; i < cell->median_count; i++)
        free(cell->medians[i].name);
    free(cell->medians);
    for (uint32_t i = 0; i < cell->gap_count; i++)
        free(cell->gap[i].name);
    free(cell->gap);
    free(cell->mmu);
    for (uint32_t i = 0; i < cell->failure_count; i++)
        free(cell->failures[i].detail);
    free(cell->failures);
}

void stw_results_free(struct stw_results *results)
{
    free(results->path);
    free_pairs(&results->info);
    free_pairs(&results->environment);
    for (uint32_t i = 0; i < results->cell_count; i++)
        free_cell(&results->cells[i]);
    free(results->cells);
    *results = (struct stw_results){0};
}

const char *stw_pairs_get(const struct stw_pairs *pairs, const char *key)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    return NULL;
}

static const int64_t *find(const struct stw_median *items, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(items[i].name, name) == 0)
            return &items[i].value;
    return NULL;
}

const int64_t *stw_result_median(const struct stw_result_cell *cell, const char *name)
{
    return find(cell->medians, cell->median_count, name);
}

const int64_t *stw_result_of_longest_gap(const struct stw_result_cell *cell, const char *name)
{
    return find(cell->gap, cell->gap_count, name);
}
