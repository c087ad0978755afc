/* store/store.c: the run directory and its results.sqlite.
 *
 * S1  a run is created in one transaction: after a kill there is a whole run or an empty database,
 *     and an empty database counts as no run.
 * S2  a trial and all its rows are one transaction, durable when stw_store_trial returns. The trial
 *     that was announced before is noted in the same transaction.
 * S3  one coordinator a run: the directory is locked (flock) as long as the store is open; readers
 *     are not kept out. The system drops the lock when the coordinator dies.
 * S4  which trials were stored is read once, when a run is opened again. A cell has the same number
 *     in the matrix and in the run: a matrix opens it that has all of its cells, and if it has more
 *     of them, those of the run are numbered anew first; trials belong to a cell by its hash.
 * S5  before and after each write no transaction is open, and what is known of table attempt is
 *     what it holds. Trials are stored anew only by who asked to retry.
 * The journal is kept and its head cleared, durably, which is the commit: no blocks are freed and
 * claimed again for every trial, as TRUNCATE does.
 * Rejected: WAL, because 3.40.1 has the WAL-reset bug; a file for the lock, because the directory
 * itself can be locked. */
#include "store/store.h"

#include "base/array.h"
#include "base/check.h"
#include "base/error.h"
#include "prim/thread.h"
#include "store/attempts.h"
#include "store/contents.h"
#include "store/environment.h"
#include "store/plans.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/sqlite.h"
#include "store/trials.h"
#include "trial/phase.h"
#include "trial/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Waiting for someone who reads the run. */
#define WAIT_MS_MAX 100
#define WAIT_SILENT_NS 2000000000ull

/* Statements that are prepared once. */
#define TRIAL 0u
#define PAUSE 1u
#define STEP 2u
#define COUNTER 3u
#define BUCKET 4u
#define WINDOW 5u
#define HICCUP 6u
#define CYCLE 7u
#define NOTE 8u
#define UNNOTE 9u
#define OP_TIME 10u
#define OUTPUT 11u
#define MACHINE 12u
#define BIN 13u
#define STATEMENTS 14u

/* The lab's own time for what a worker left in its record. An honest trial of 100,000 stops takes a
 * second; whoever writes more of them into its record does not keep the matrix from going on. */
#define STORE_NS_MAX 10000000000ull
#define ROWS_BETWEEN_LOOKS 1024u

static const char *const statement_texts[STATEMENTS] = {
    [TRIAL] = "INSERT INTO trial VALUES"
              "(NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,"
              " (SELECT coalesce(max(attempt), 0) + 1 FROM earlier"
              " WHERE cell_hash=?2 AND trial=?3), ?21)",
    [PAUSE] = ("INSERT INTO pause VALUES"
               "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,"
               "?22)"),
    [STEP] = "INSERT INTO pause_step VALUES(?1,?2,?3,?4)",
    [COUNTER] = "INSERT INTO counter VALUES(?1,?2,?3)",
    [BUCKET] = "INSERT INTO op_bucket VALUES(?1,?2,?3)",
    [OP_TIME] = "INSERT INTO op_time_bucket VALUES(?1,?4,?2,?3)",
    [WINDOW] = "INSERT INTO worst_window VALUES(?1,?2,?3)",
    [CYCLE] = "INSERT INTO cycle VALUES(?1,?2,?3,?4,?5,?6)",
    [HICCUP] = "INSERT INTO hiccup VALUES(?1,?2,?3,?4)",
    [NOTE] = "INSERT OR REPLACE INTO attempt VALUES(1,?1,?2,?3,?4)",
    [BIN] = "INSERT INTO bin VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [OUTPUT] = "INSERT INTO trial_output VALUES(?1,?2,?3,?4)",
    [UNNOTE] = "DELETE FROM attempt",
    [MACHINE] = "INSERT INTO machine_time VALUES(?1,?2,?3,?4,?5,?6,?7)",
};

struct stw_store {
    struct stw_sql sql;
    int lock; /* the run directory, locked */
    int (*gives_up)(void *context); /* may be null: never */
    void *context;
    uint64_t wait_began_ns;
    int is_wait_told;
    int64_t start;        /* the row of this one */
    struct stw_trials stored; /* S4 */
    struct stw_trials failed; /* of these, those that may be stored anew; none unless is_retry */
    struct stw_trials lost;   /* during which a coordinator died, and that were not run since */
    int is_retry, has_canary;
    const struct stw_cell *next; /* announced, or null */
    uint32_t next_trial;
    int is_settled; /* the announced is what table attempt says */
    int has_note;   /* table attempt has a row */
    sqlite3_stmt *statements[STATEMENTS];
};

/* S5, of an open store; a database that cannot be read is told by what comes next. */
void stw__store_check(const struct stw_store *store)
{
    int failed = 0;
    STW_REQUIRE(store->sql.db && store->lock >= 0 && store->start > 0);
    STW_REQUIRE(store->statements[0] && store->statements[STATEMENTS - 1]);
    STW_REQUIRE(store->is_retry || store->failed.count == 0);
    STW_REQUIRE(!store->is_settled || store->has_note == (store->next != NULL));
    STW_REQUIRE(sqlite3_get_autocommit(store->sql.db));
    int64_t noted = stw_sql_number(&store->sql, "SELECT count(*) FROM attempt", &failed);
    STW_REQUIRE(failed || noted == store->has_note);
}

/* Opening. */

static stw_status make_directories(const char *run, struct stw_error *error)
{
    char *path = stw_strdup(run);
    int failed = 0;
    for (size_t i = 1; !failed && i <= strlen(run); i++) {
        if (run[i] != '/' && run[i] != '\0')
            continue;
        path[i] = '\0';
        failed = mkdir(path, 0777) != 0 && errno != EEXIST ? errno : 0;
        path[i] = run[i];
    }
    free(path);
    if (failed)
        return stw_error_set(error, STW_E_IO, NULL, "cannot create the run folder %s: %s", run,
                             strerror(failed));
    return STW_OK;
}

static stw_status lock_directory(struct stw_store *store, const char *run, struct stw_error *error)
{
    store->lock = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->lock < 0)
        return stw_error_set(error, STW_E_IO, NULL, "cannot open the run folder %s: %s", run,
                             strerror(errno));
    if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
        return STW_OK;
    if (errno == EWOULDBLOCK)
        return stw_error_set(error, STW_E_STATE, NULL, "%s is in use by another stwlab run", run);
    return stw_error_set(error, STW_E_IO, NULL, "cannot lock the run folder %s: %s", run,
                         strerror(errno));
}

/* SQLite's busy handler: how often it was called for this lock before; 0 gives up. */
static int wait_for_reader(void *context, int waits)
{
    struct stw_store *store = context;
    if (store->gives_up && store->gives_up(store->context))
        return 0;
    uint64_t now_ns = stw_clock_ns();
    if (waits == 0) {
        store->wait_began_ns = now_ns;
        store->is_wait_told = 0;
    }
    if (!store->is_wait_told && now_ns - store->wait_began_ns >= WAIT_SILENT_NS) {
        store->is_wait_told = 1;
        fprintf(stderr, "stwlab: waiting for a reader of %s to end its transaction; interrupt"
                        "%s to give up\n", store->sql.path, store->gives_up ? " twice" : "");
    }
    sqlite3_sleep(waits < WAIT_MS_MAX ? waits + 1 : WAIT_MS_MAX);
    return 1;
}

void stw_store_heed(struct stw_store *store, int (*gives_up)(void *context), void *context)
{
    store->gives_up = gives_up;
    store->context = context;
}

static stw_status open_database(struct stw_store *store, int flags, struct stw_error *error)
{
    STW_TRY(stw_sqlite_load(error));
    if (sqlite3_open_v2(store->sql.path, &store->sql.db, flags, NULL) != SQLITE_OK)
        return stw_sql_failed(&store->sql, "open", error);
    sqlite3_extended_result_codes(store->sql.db, 1);
    sqlite3_busy_handler(store->sql.db, wait_for_reader, store);
    return STW_OK;
}

/* Tells an empty file from a run of ours and from anything else; a run of ours must be the same.
 * Changes nothing. */
static stw_status check_run(struct stw_store *store, const struct stw_plan *plan, int resume,
                            int *is_empty, struct stw_error *error)
{
    int failed = 0;
    int64_t tables = stw_sql_number(&store->sql, "SELECT count(*) FROM sqlite_schema", &failed);
    int64_t owner = stw_sql_number(&store->sql, "PRAGMA application_id", &failed);
    int64_t version = stw_sql_number(&store->sql, "PRAGMA user_version", &failed);
    if (failed)
        return stw_sql_failed(&store->sql, "read", error);
    *is_empty = tables == 0;
    if (*is_empty)
        return STW_OK;
    if (owner != STW_STORE_APPLICATION)
        return stw_error_set(error, STW_E_STATE, NULL, "%s was not written by stwlab",
                             store->sql.path);
    if (version != STW_STORE_VERSION)
        return stw_error_set(error, STW_E_STATE, NULL,
                             "%s has format %lld, this stwlab writes format %d", store->sql.path,
                             (long long)version, STW_STORE_VERSION);
    char *run = stw_strdup(store->sql.path);
    *strrchr(run, '/') = '\0';
    stw_status status = resume ? stw_plan_check(&store->sql, plan, run, error)
        : stw_error_set(error, STW_E_STATE, NULL,
                        "%s exists already; use --resume or another -o", run);
    free(run);
    return status;
}

static stw_status create_or_resume(struct stw_store *store, const struct stw_plan *plan,
                                   int resume, struct stw_error *error)
{
    int is_empty = 0;
    STW_TRY(stw_sql_run(&store->sql, "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=FULL;",
                        "open", error));
    STW_TRY(check_run(store, plan, resume, &is_empty, error));
    return is_empty ? stw_plan_create(&store->sql, plan, &store->start, error)
                    : stw_plan_resume(&store->sql, plan, &store->start, error);
}

static stw_status prepare_all(struct stw_store *store, struct stw_error *error)
{
    for (uint32_t i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(store->sql.db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK)
            return stw_sql_failed(&store->sql, "read", error);
    return STW_OK;
}

/* Stored trials. */

/* Whether the run's canary repeats the same cell as the matrix's. */
static int has_canary(const struct stw_store *store, const struct stw_matrix *matrix, int *failed)
{
    char query[192];
    if (!matrix->has_canary)
        return 0;
    snprintf(query, sizeof query, "SELECT count(*) FROM run r JOIN cell c"
             " ON c.cell = CAST(r.value AS INTEGER) WHERE r.key = 'canary' AND c.hash = '%s'",
             matrix->cells[matrix->canary_of].hash);
    return stw_sql_number(&store->sql, query, failed) > 0;
}

/* S4, and what became of the attempts. */
static stw_status read_stored(struct stw_store *store, const struct stw_matrix *matrix,
                              struct stw_error *error)
{
    int failed = 0;
    STW_TRY(stw_attempts_recover(&store->sql, error));
    store->has_canary = has_canary(store, matrix, &failed);
    if (failed)
        return stw_sql_failed(&store->sql, "read", error);
    STW_TRY(stw_trials_read(&store->sql, "SELECT cell, trial FROM trial", &store->stored, error));
    if (store->is_retry)
        STW_TRY(stw_trials_read(&store->sql, "SELECT cell, trial FROM trial"
                                " WHERE outcome NOT IN ('ok','skipped')", &store->failed, error));
    return stw_trials_read(&store->sql, "SELECT cell, trial FROM (SELECT cell, trial, outcome,"
                           " max(attempt) FROM earlier GROUP BY cell, trial)"
                           " WHERE outcome='lost'", &store->lost, error);
}

static struct stw_store *store_new(const char *run)
{
    struct stw_store *store = stw_new(1, sizeof *store);
    struct stw_text path = {0};
    stw_text_add(&path, "%s/results.sqlite", run);
    store->sql.path = path.bytes;
    store->lock = -1;
    return store;
}

static stw_status open_run(struct stw_store *store, const char *run, const struct stw_plan *plan,
                           int resume, struct stw_error *error)
{
    STW_TRY(make_directories(run, error));
    STW_TRY(lock_directory(store, run, error));
    STW_TRY(open_database(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error));
    STW_TRY(create_or_resume(store, plan, resume, error));
    STW_TRY(read_stored(store, plan->matrix, error));
    return prepare_all(store, error);
}

stw_status stw_store_open(const char *run, const struct stw_matrix *matrix,
                          const struct stw_registry *registry,
                          const struct stw_identities *identities, uint32_t how,
                          struct stw_store **store, struct stw_error *error)
{
    struct stw_store *opened = store_new(run);
    const struct stw_plan plan = {matrix, registry, identities, (how & STW_STORE_MIXED) != 0};
    opened->is_retry = (how & STW_STORE_RETRY) != 0;
    stw_status status = open_run(opened, run, &plan, how != STW_STORE_NEW, error);
    if (status != STW_OK) {
        stw_store_close(opened);
        return status;
    }
    STW_CHECK(stw__store_check(opened));
    *store = opened;
    return STW_OK;
}

static stw_status check_there(struct stw_store *store, const struct stw_plan *plan, int resume,
                              struct stw_error *error)
{
    int is_empty;
    STW_TRY(stw_sqlite_load(error));
    if (access(store->sql.path, F_OK) != 0)
        return STW_OK;
    /* Writable, because what a killed run left half-written is rolled back first. */
    STW_TRY(open_database(store, SQLITE_OPEN_READWRITE, error));
    return check_run(store, plan, resume, &is_empty, error);
}

stw_status stw_store_check(const char *run, const struct stw_matrix *matrix,
                           const struct stw_registry *registry,
                           const struct stw_identities *identities, uint32_t how,
                           struct stw_error *error)
{
    struct stw_store *store = store_new(run);
    const struct stw_plan plan = {matrix, registry, identities, (how & STW_STORE_MIXED) != 0};
    stw_status status = check_there(store, &plan, how != STW_STORE_NEW, error);
    stw_store_close(store);
    return status;
}

void stw_store_close(struct stw_store *store)
{
    if (!store)
        return;
    for (uint32_t i = 0; i < STATEMENTS; i++)
        if (store->statements[i])
            sqlite3_finalize(store->statements[i]);
    if (store->sql.db)
        sqlite3_close(store->sql.db);
    if (store->lock >= 0)
        close(store->lock);
    free(store->stored.keys);
    free(store->failed.keys);
    free(store->lost.keys);
    free(store->sql.path);
    free(store);
}

/* Binding allocates nothing, texts are borrowed until the step: it fails by our mistake alone. */
static void bind(sqlite3_stmt *statement, int at, uint64_t value)
{
    int64_t kept = value > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)value;
    STW_REQUIRE(sqlite3_bind_int64(statement, at, kept) == SQLITE_OK);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    STW_REQUIRE(sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK);
}

static void bind_null(sqlite3_stmt *statement, int at)
{
    STW_REQUIRE(sqlite3_bind_null(statement, at) == SQLITE_OK);
}

/* `none` stands for what is not known, or is not there: NULL. */
static void bind_unless(sqlite3_stmt *statement, int at, uint64_t value, uint64_t none)
{
    if (value == none)
        bind_null(statement, at);
    else
        bind(statement, at, value);
}

static void bind_told(sqlite3_stmt *statement, int at, uint64_t value, int is_told)
{
    if (is_told)
        bind(statement, at, value);
    else
        bind_null(statement, at);
}

static void bind_blob(sqlite3_stmt *statement, int at, const void *bytes, uint32_t count)
{
    STW_REQUIRE(sqlite3_bind_blob(statement, at, bytes, (int)count, SQLITE_STATIC) == SQLITE_OK);
}

/* Reading. */

int stw_store_has(const struct stw_store *store, const struct stw_cell *cell, uint32_t trial)
{
    return stw_trials_have(&store->stored, cell->index, trial)
           && !stw_trials_have(&store->failed, cell->index, trial);
}

int stw_store_was_lost(const struct stw_store *store, const struct stw_cell *cell, uint32_t trial)
{
    return stw_trials_have(&store->lost, cell->index, trial);
}

int stw_store_has_canary(const struct stw_store *store)
{
    return store->has_canary;
}

struct stw_sql *stw_store_sql(const struct stw_store *store)
{
    return (struct stw_sql *)(uintptr_t)&store->sql;
}

stw_status stw_store_count_not_ok(const struct stw_store *store, uint64_t *trials, uint32_t *cells,
                                  struct stw_error *error)
{
    int failed = 0;
    *trials = (uint64_t)stw_sql_number(&store->sql, "SELECT count(*) FROM trial"
                                       " WHERE outcome NOT IN ('ok','skipped')", &failed);
    *cells = (uint32_t)stw_sql_number(&store->sql, "SELECT count(DISTINCT cell) FROM trial"
                                      " WHERE outcome NOT IN ('ok','skipped')", &failed);
    return failed ? stw_sql_failed(&store->sql, "read", error) : STW_OK;
}

/* Writing: a trial's rows. A failure is told by the step that ends the transaction. */

struct trial_rows {
    const struct stw_store *store;
    const struct stw_cell *cell;
    const struct stw_outcome *outcome;
    const struct stw_record *record; /* may be null */
    int64_t id;
    uint64_t deadline_ns; /* what is not written by then is not */
    uint64_t pauses_left, cycles_left; /* that were not written */
    int is_given_up;
};

/* Binds and runs; the statement is ready again after it. */
static stw_status step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE)
        return STW_E_IO; /* not reset: that would clear the error's words */
    sqlite3_reset(statement);
    return STW_OK;
}

static uint64_t span_ns(const struct stw_record *record)
{
    int whole = record->first_op_ns && record->last_op_ns > record->first_op_ns;
    return whole ? record->last_op_ns - record->first_op_ns : 0;
}

/* Pauses that were begun, not ended, or did not fit. */
static uint64_t pauses_lost(const struct stw_record *record)
{
    const struct stw_pause *pauses = (const struct stw_pause *)(record + 1);
    uint64_t lost = record->pauses_lost;
    for (uint64_t i = 0; i < record->pause_count; i++)
        lost += pauses[i].complete != 1;
    return lost;
}

static void bind_record(sqlite3_stmt *statement, const struct stw_record *record,
                        char checksum[17])
{
    snprintf(checksum, 17, "%016" PRIx64, record->checksum);
    if (record->state == STW_RECORD_DONE)
        bind_text(statement, 7, checksum);
    bind(statement, 8, record->operations);
    bind(statement, 14, span_ns(record));
    bind(statement, 15, record->op_ns.sum);
    bind(statement, 16, pauses_lost(record));
}

static stw_status insert_trial(struct trial_rows *rows, uint32_t trial)
{
    sqlite3_stmt *statement = rows->store->statements[TRIAL];
    const struct stw_outcome *outcome = rows->outcome;
    char load[64], now[32], checksum[17];
    stw_environment_load(load, sizeof load);
    stw_environment_utc(now);
    sqlite3_clear_bindings(statement);
    bind(statement, 1, rows->cell->index);
    bind_text(statement, 2, rows->cell->hash);
    bind(statement, 3, trial);
    bind_text(statement, 4, stw_outcome_name(outcome->kind));
    if (outcome->signal)
        bind(statement, 5, (uint64_t)outcome->signal);
    bind_text(statement, 6, outcome->detail);
    if (rows->record)
        bind_record(statement, rows->record, checksum);
    if (outcome->kind != STW_OUTCOME_SKIPPED) {
        bind(statement, 9, outcome->wall_ns);
        bind(statement, 10, outcome->start_ns);
        bind(statement, 11, outcome->coordinator_ns);
        bind_unless(statement, 12, outcome->cpu_ns, STW_USAGE_UNKNOWN);
        if (outcome->rss_peak_bytes)
            bind(statement, 13, outcome->rss_peak_bytes);
        bind_text(statement, 17, load);
    }
    bind_text(statement, 18, now);
    if (outcome->checksum)
        bind(statement, 19, outcome->checksum == STW_CHECKSUM_EXPECTED);
    if (outcome->note[0])
        bind_text(statement, 20, outcome->note);
    bind(statement, 21, (uint64_t)rows->store->start);
    stw_status status = step(statement);
    rows->id = sqlite3_last_insert_rowid(rows->store->sql.db);
    return status;
}

static stw_status insert_steps(const struct trial_rows *rows, uint64_t seq,
                               const struct stw_pause *pause)
{
    sqlite3_stmt *statement = rows->store->statements[STEP];
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < STW_STEPS; i++) {
        if (pause->step_ns[i] == 0)
            continue;
        bind(statement, 1, (uint64_t)rows->id);
        bind(statement, 2, seq);
        bind_text(statement, 3, stw_step_name(i));
        bind(statement, 4, pause->step_ns[i]);
        status = step(statement);
    }
    return status;
}

/* What it told that stopped last, in words. */
static void bind_last(const struct trial_rows *rows, const struct stw_pause *pause,
                      struct stw_text *strategy)
{
    sqlite3_stmt *statement = rows->store->statements[PAUSE];
    bind_unless(statement, 10, pause->last_mutator, STW_NO_MUTATOR);
    stw_trace_strategy(rows->record, pause->last_call, strategy);
    if (pause->kind == STW_PAUSE_PEER)
        bind_null(statement, 11);
    else
        bind_text(statement, 11, strategy->length ? strategy->bytes : pause->last_site);
}

/* Of another runtime's stops how long they were is known, and at times what of it was stopping. */
static stw_status insert_pause(const struct trial_rows *rows, uint64_t seq,
                               const struct stw_pause *pause)
{
    sqlite3_stmt *statement = rows->store->statements[PAUSE];
    const int is_own = pause->kind != STW_PAUSE_PEER;
    const int has_parts = !(pause->untold & STW_UNTOLD_PARTS);
    const uint64_t work[] = {pause->scan_bytes, pause->mark_objects, pause->root_words,
                             pause->barrier_words, pause->spans_swept};
    struct stw_text strategy = {0};
    bind(statement, 1, (uint64_t)rows->id);
    bind(statement, 2, seq);
    bind_told(statement, 3, pause->cycle, is_own);
    bind_text(statement, 4, stw_pause_kind_name(pause->kind));
    bind_told(statement, 5, pause->start_ns, is_own);
    bind_told(statement, 6, pause->stopping_ns, has_parts);
    bind_told(statement, 7, pause->working_ns, has_parts);
    bind_told(statement, 8, pause->restarting_ns, !(pause->untold & STW_UNTOLD_RESTART));
    bind(statement, 9, pause->stopping_ns + pause->working_ns + pause->restarting_ns);
    bind_last(rows, pause, &strategy);
    bind(statement, 12, pause->mutators);
    for (int i = 0; i < (int)(sizeof work / sizeof *work); i++)
        bind_told(statement, 13 + i, work[i], is_own);
    bind_unless(statement, 18, pause->page_faults, STW_FAULTS_UNKNOWN);
    bind_unless(statement, 19, pause->stopper_cpu_ns, STW_CPU_UNKNOWN);
    bind_unless(statement, 20, pause->late_cpu_ns, STW_CPU_UNKNOWN);
    bind_text(statement, 21, stw_phase_name(stw_phase_of_stop(rows->record, pause)));
    bind_told(statement, 22, pause->is_forced, is_own);
    stw_status status = step(statement);
    stw_text_free(&strategy);
    STW_TRY(status);
    return insert_steps(rows, seq, pause);
}

/* Asked after every row `at` of those that a worker can write many of: whether to go on. */
static int goes_on(struct trial_rows *rows, uint64_t at)
{
    const struct stw_store *store = rows->store;
    if (at % ROWS_BETWEEN_LOOKS != 0)
        return 1;
    rows->is_given_up = store->gives_up && store->gives_up(store->context);
    return !rows->is_given_up && stw_clock_ns() < rows->deadline_ns;
}

static stw_status insert_pauses(struct trial_rows *rows)
{
    const struct stw_pause *pauses = (const struct stw_pause *)(rows->record + 1);
    uint64_t count = rows->record->pause_count, i = 0;
    uint64_t most = count < STW_STORE_STOPS ? count : STW_STORE_STOPS;
    stw_status status = STW_OK;
    for (; status == STW_OK && i < most && goes_on(rows, i + 1); i++)
        if (pauses[i].complete == 1)
            status = insert_pause(rows, i, &pauses[i]);
    for (; i < count; i++)
        rows->pauses_left += pauses[i].complete == 1;
    return status;
}

static stw_status insert_cycles(struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[CYCLE];
    const struct stw_cycle *cycles = stw_record_cycles(rows->record);
    uint64_t count = rows->record->cycle_count, i = 0;
    uint64_t most = count < STW_STORE_STOPS ? count : STW_STORE_STOPS;
    stw_status status = STW_OK;
    for (; status == STW_OK && i < most && goes_on(rows, i + 1); i++) {
        bind(statement, 1, (uint64_t)rows->id);
        bind(statement, 2, i + 1);
        bind_unless(statement, 3, cycles[i].triggered_bytes, STW_BYTES_UNKNOWN);
        bind_unless(statement, 4, cycles[i].goal_bytes, STW_BYTES_UNKNOWN);
        bind_unless(statement, 5, cycles[i].live_bytes, STW_BYTES_UNKNOWN);
        bind_unless(statement, 6, cycles[i].marked_bytes, STW_BYTES_UNKNOWN);
        status = step(statement);
    }
    rows->cycles_left = count - i;
    return status;
}

static stw_status insert_counters(const struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[COUNTER];
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < STW_RECORD_COUNTERS; i++) {
        const struct stw_record_counter *counter = &rows->record->counters[i];
        if (!counter->name[0])
            continue;
        bind(statement, 1, (uint64_t)rows->id);
        bind_text(statement, 2, counter->name);
        bind(statement, 3, counter->value);
        status = step(statement);
    }
    return status;
}

/* The last bucket's high value is the largest value itself. */
static stw_status insert_buckets(const struct trial_rows *rows, sqlite3_stmt *statement,
                                 const struct stw_histogram *histogram, const char *name)
{
    uint64_t left = histogram->count;
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && left > 0 && i < STW_HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] == 0)
            continue;
        left -= histogram->buckets[i];
        bind(statement, 1, (uint64_t)rows->id);
        bind(statement, 2, left ? stw_histogram_bucket_low(i + 1) - 1 : histogram->max);
        bind(statement, 3, histogram->buckets[i]);
        if (name)
            bind_text(statement, 4, name);
        status = step(statement);
    }
    return status;
}

static stw_status insert_operations(const struct trial_rows *rows)
{
    const struct stw_record *record = rows->record;
    sqlite3_stmt *statement = rows->store->statements[OP_TIME];
    stw_status status = insert_buckets(rows, rows->store->statements[BUCKET], &record->op_ns, NULL);
    for (uint32_t i = 0; status == STW_OK && i < STW_OP_TIMES; i++) {
        char name[STW_RECORD_NAME_BYTES];
        if (record->op_times_ns[i].count == 0)
            continue;
        stw_record_op_name(record, i, name, sizeof name);
        status = insert_buckets(rows, statement, &record->op_times_ns[i], name);
    }
    return status;
}

/* A window that was longer than the trial has null. */
static stw_status insert_windows(const struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[WINDOW];
    stw_status status = STW_OK;
    if (!rows->record->are_windows_known)
        return STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < STW_RECORD_WINDOWS; i++) {
        bind(statement, 1, (uint64_t)rows->id);
        bind(statement, 2, stw_record_windows_ns[i]);
        bind_unless(statement, 3, rows->record->worst_ns[i], UINT64_MAX);
        status = step(statement);
    }
    return status;
}

static stw_status insert_hiccups(const struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[HICCUP];
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < STW_RECORD_HICCUPS; i++) {
        const struct stw_hiccup *hiccup = &rows->record->hiccups[i];
        if (hiccup->late_ns == 0)
            break;
        bind(statement, 1, (uint64_t)rows->id);
        bind(statement, 2, i);
        bind(statement, 3, hiccup->at_ns);
        bind(statement, 4, hiccup->late_ns);
        status = step(statement);
    }
    return status;
}

static void bind_bin(sqlite3_stmt *statement, int from, const struct stw_bin *bin)
{
    bind(statement, from, bin->count);
    bind(statement, from + 1, bin->sum_ns);
    bind(statement, from + 2, bin->max_ns);
}

/* Those in which something was. */
static stw_status insert_bins(const struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[BIN];
    const struct stw_bins *ops = &rows->record->op_bins, *stops = &rows->record->stop_bins;
    stw_status status = STW_OK;
    for (uint32_t i = 0; status == STW_OK && i < ops->count; i++) {
        if (ops->bins[i].count + stops->bins[i].count == 0)
            continue;
        bind(statement, 1, (uint64_t)rows->id);
        bind(statement, 2, ops->first + i);
        bind(statement, 3, ops->log_width);
        bind_bin(statement, 4, &ops->bins[i]);
        bind_bin(statement, 7, &stops->bins[i]);
        status = step(statement);
    }
    return status;
}

/* What the trial printed, if it did. */
static stw_status insert_output(const struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[OUTPUT];
    const struct stw_printed *printed = &rows->outcome->printed;
    if (printed->bytes == 0)
        return STW_OK;
    bind(statement, 1, (uint64_t)rows->id);
    bind(statement, 2, printed->bytes);
    bind_blob(statement, 3, printed->head, printed->head_bytes);
    bind_blob(statement, 4, printed->tail, printed->tail_bytes);
    return step(statement);
}

/* What the machine did meanwhile, if that was read. */
static stw_status insert_lap(const struct trial_rows *rows)
{
    sqlite3_stmt *statement = rows->store->statements[MACHINE];
    const struct stw_machine_lap *lap = &rows->outcome->lap;
    if (lap->wall_ns == 0)
        return STW_OK;
    bind(statement, 1, (uint64_t)rows->id);
    bind(statement, 2, lap->wall_ns);
    bind(statement, 3, lap->processors);
    bind_unless(statement, 4, lap->times.busy_ns, STW_MACHINE_UNKNOWN);
    bind_unless(statement, 5, lap->times.own_ns, STW_MACHINE_UNKNOWN);
    bind_unless(statement, 6, lap->times.steal_ns, STW_MACHINE_UNKNOWN);
    bind_unless(statement, 7, lap->times.throttled_ns, STW_MACHINE_UNKNOWN);
    return step(statement);
}

static stw_status insert_rows(struct trial_rows *rows)
{
    STW_TRY(insert_pauses(rows));
    STW_TRY(insert_cycles(rows));
    STW_TRY(insert_counters(rows));
    STW_TRY(insert_operations(rows));
    STW_TRY(insert_windows(rows));
    STW_TRY(insert_bins(rows));
    return insert_hiccups(rows);
}

/* Says in the trial's row what was not written. */
static stw_status tell_left(const struct trial_rows *rows)
{
    struct stw_outcome told = *rows->outcome;
    char id[32], lost[32];
    if (rows->pauses_left + rows->cycles_left == 0)
        return STW_OK;
    stw_outcome_note(&told, "%" PRIu64 " stops and %" PRIu64 " cycles of its record were not"
                     " stored: too many", rows->pauses_left, rows->cycles_left);
    snprintf(id, sizeof id, "%" PRId64, rows->id);
    snprintf(lost, sizeof lost, "%" PRIu64, pauses_lost(rows->record) + rows->pauses_left);
    const char *const values[] = {told.note, lost, id};
    return stw_sql_insert(&rows->store->sql, "UPDATE trial SET note=?1,"
                          " pauses_lost=CAST(?2 AS INTEGER) WHERE trial_id=?3", values, 3);
}

static stw_status insert_all(struct trial_rows *rows, uint32_t trial)
{
    if (rows->store->is_retry)
        STW_TRY(stw_attempts_retire(&rows->store->sql, rows->cell->hash, trial));
    STW_TRY(insert_trial(rows, trial));
    STW_TRY(insert_output(rows));
    STW_TRY(insert_lap(rows));
    if (!rows->record)
        return STW_OK;
    STW_TRY(insert_rows(rows));
    return tell_left(rows);
}

/* What table attempt is to say. */
static stw_status write_note(const struct stw_store *store)
{
    sqlite3_stmt *statement = store->statements[store->next ? NOTE : UNNOTE];
    char now[32];
    if (!store->next && !store->has_note)
        return STW_OK;
    if (store->next) {
        stw_environment_utc(now);
        bind(statement, 1, store->next->index);
        bind_text(statement, 2, store->next->hash);
        bind(statement, 3, store->next_trial);
        bind_text(statement, 4, now);
    }
    return step(statement);
}

/* Commits, and then knows what the file holds; or undoes, and makes the statements ready again. */
static stw_status end_writing(struct stw_store *store, stw_status status, struct stw_error *error)
{
    status = stw_sql_end(&store->sql, status, "write", error);
    if (status == STW_OK) {
        store->is_settled = 1;
        store->has_note = store->next != NULL;
    }
    for (uint32_t i = 0; status != STW_OK && i < STATEMENTS; i++)
        sqlite3_reset(store->statements[i]);
    STW_CHECK(status == STW_OK ? stw__store_check(store) : (void)0);
    return status;
}

void stw_store_announce(struct stw_store *store, const struct stw_cell *cell, uint32_t trial)
{
    store->next = cell;
    store->next_trial = trial;
    store->is_settled = !cell && !store->has_note;
}

stw_status stw_store_ended(struct stw_store *store, const char *ended, uint64_t trials,
                           int is_enough, struct stw_error *error)
{
    STW_CHECK(stw__store_check(store));
    STW_TRY(stw_sql_run(&store->sql, "BEGIN IMMEDIATE", "write", error));
    stw_status status = stw_plans_end(&store->sql, store->start, ended, trials, is_enough);
    return stw_sql_end(&store->sql, status, "write", error);
}

stw_status stw_store_settle(struct stw_store *store, struct stw_error *error)
{
    STW_CHECK(stw__store_check(store));
    if (store->is_settled)
        return STW_OK;
    STW_TRY(stw_sql_run(&store->sql, "BEGIN IMMEDIATE", "write", error));
    return end_writing(store, write_note(store), error);
}

stw_status stw_store_trial(struct stw_store *store, const struct stw_cell *cell, uint32_t trial,
                           const struct stw_outcome *outcome, const struct stw_record *record,
                           struct stw_error *error)
{
    struct trial_rows rows = {.store = store, .cell = cell, .outcome = outcome, .record = record,
                              .deadline_ns = stw_clock_ns() + STORE_NS_MAX};
    STW_CHECK(stw__store_check(store));
    STW_TRY(stw_sql_run(&store->sql, "BEGIN IMMEDIATE", "write", error));
    stw_status status = insert_all(&rows, trial);
    if (rows.is_given_up) {
        sqlite3_exec(store->sql.db, "ROLLBACK", NULL, NULL, NULL);
        return stw_error_set(error, STW_E_STATE, NULL, "%s: a trial was dropped while it was"
                             " stored", store->sql.path);
    }
    if (status == STW_OK)
        status = write_note(store);
    return end_writing(store, status, error);
}
