/* unit/store_test.c: results.sqlite is created whole, grows by whole trials, and says clearly why
 * it cannot. Method: a small matrix made by hand in a temporary folder; what was stored is read
 * back with SQL, through the public views where there is one. */
#include "store/store.h"

#include "base/error.h"
#include "base/sanitizer.h"
#include "base/text.h"
#include "prim/thread.h"
#include "store/checksums.h"
#include "trial/phase.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSES 64u

static char folder[64];
static char nine[] = "9", *n_values[] = {"8", nine};
static char n_key[] = "n", strategy_key[] = "strategy", none[] = "none", pool[] = "pool";
static char *strategy_values[] = {none, pool};
static struct stw_axis axes[] = {{n_key, n_values, NULL, 2, 1, STW_KIND_WORKLOAD},
                                 {strategy_key, strategy_values, NULL, 2, 2, 0}};
static struct stw_claim claims[] = {{n_key, none, pool}};
static struct stw_experiment experiment = {
    .path = none, .ini_text = pool, .name = n_key, .question = none, .workload = none,
    .trials = 3, .seed = 1, .axes = axes, .axis_count = 2, .claims = claims, .claim_count = 1};
static struct stw_cell cells[4];
static struct stw_matrix matrix = {.experiment = &experiment, .cells = cells, .cell_count = 4};
static struct stw_registry *registry;
static struct stw_identities now, *identities; /* null: not looked at */
static struct stw_error error = STW_ERROR_INIT;

static void set_up(void)
{
    static const char *values[4][2];
    static char ids[4][32];
    strcpy(folder, "/tmp/stw-store-XXXXXX");
    cr_assert(mkdtemp(folder));
    for (uint32_t i = 0; i < 4; i++) {
        values[i][0] = n_values[i / 2];
        values[i][1] = strategy_values[i % 2];
        snprintf(ids[i], sizeof ids[i], "n=%s strategy=%s", values[i][0], values[i][1]);
        cells[i] = (struct stw_cell){.index = i, .id = ids[i], .values = values[i]};
        snprintf(cells[i].hash, sizeof cells[i].hash, "%016x", i + 0xabc);
    }
    registry = stw_registry_new();
}

static void tear_down(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
    stw_registry_free(registry);
    stw_identities_free(&now);
}

TestSuite(store, .init = set_up, .fini = tear_down);

static const char *run_path(void)
{
    static char path[80];
    snprintf(path, sizeof path, "%s/deep/run", folder);
    return path;
}

static const char *file_path(void)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/results.sqlite", run_path());
    return path;
}

static struct stw_store *open_run(uint32_t resume)
{
    struct stw_store *store = NULL;
    cr_assert_eq(stw_store_open(run_path(), &matrix, registry, identities, resume, &store, &error),
                 STW_OK, "%s", error.message);
    return store;
}

static void cannot_open(uint32_t resume, stw_status status, const char *message)
{
    struct stw_store *store = NULL;
    cr_assert_eq(stw_store_open(run_path(), &matrix, registry, identities, resume, &store, &error),
                 status);
    cr_assert_not_null(strstr(error.message, message), "it says: %s", error.message);
    cr_assert_null(store);
}

/* The rows of a query: columns by '|', rows by newlines. */
static const char *query(const char *sql)
{
    static struct stw_text text;
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    stw_text_free(&text);
    cr_assert_eq(sqlite3_open_v2(file_path(), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(db));
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        stw_text_add(&text, text.length ? "\n" : "");
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *value = (const char *)sqlite3_column_text(statement, i);
            stw_text_add(&text, "%s%s", i ? "|" : "", value ? value : "null");
        }
    }
    cr_assert_eq(code, SQLITE_DONE, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return stw_text_get(&text);
}

static void change(const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(file_path(), &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static struct stw_record *record_new(uint32_t pauses)
{
    struct stw_record *record =
        calloc(1, sizeof(struct stw_record) + PAUSES * sizeof(struct stw_pause));
    cr_assert(record);
    record->magic = STW_RECORD_MAGIC;
    record->state = STW_RECORD_DONE;
    record->verdict = STW_VERDICT_OK;
    record->checksum = 0xfeedfacecafebeefull;
    record->operations = 2;
    record->main_ns = record->first_op_ns = 1000;
    record->last_op_ns = 9000;
    record->pause_count = pauses;
    for (uint32_t i = 0; i < pauses; i++) {
        struct stw_pause *pause = &stw_record_pauses(record)[i];
        *pause = (struct stw_pause){.cycle = i / 2 + 1, .kind = i % 2, .start_ns = 100ull * i,
                                    .stopping_ns = i + 1, .working_ns = 10, .restarting_ns = 2,
                                    .mutators = 2, .complete = 1, .last_mutator = 1,
                                    .last_site = "merge"};
        pause->step_ns[STW_STEP_HOOKS] = 4;
        pause->step_ns[STW_STEP_PHASE] = 6;
    }
    strcpy(record->counters[0].name, "gc.cycles");
    strcpy(record->counters[5].name, "alloc.bytes");
    stw_histogram_record(&record->op_ns, 100);
    stw_histogram_record(&record->op_ns, 100000);
    return record;
}

static void keep(struct stw_store *store, uint32_t cell, uint32_t trial, uint32_t kind,
                 const struct stw_record *record)
{
    struct stw_outcome outcome = {.kind = kind, .detail = "because", .wall_ns = 7};
    cr_assert_eq(stw_store_trial(store, &cells[cell], trial, &outcome, record, &error), STW_OK,
                 "%s", error.message);
}

Test(store, a_new_run_holds_the_plan)
{
    stw_store_close(open_run(0));
    cr_assert_str_eq(query("SELECT value FROM run WHERE key IN ('ini','seed','trials')"
                           " ORDER BY key"), "pool\n1\n3");
    cr_assert_str_eq(query("SELECT id, axes, ok, skipped, pause_count, pause_p50_ns, counters"
                           " FROM cells WHERE cell = 2"),
                     "n=9 strategy=none|{\"n\":\"9\",\"strategy\":\"none\"}|0|0|0|null|{}");
    cr_assert_str_eq(query("SELECT * FROM claim"), "n|none|pool");
    cr_assert_str_eq(query("SELECT count(*) > 5, max(value = '') FROM environment"), "1|0");
    cr_assert_str_eq(query("PRAGMA application_id"), "1398036273");
}

/* store.S5. */

static void aborts(const struct stw_store *store)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none_left = {0, 0};
        setrlimit(RLIMIT_CORE, &none_left);
        stw__store_check(store);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

Test(store, its_check_sees_an_open_transaction_and_a_note_that_is_not_its_own)
{
    struct stw_store *store = open_run(0);
    stw__store_check(store);
    stw_store_announce(store, &cells[1], 2);
    cr_assert_eq(stw_store_settle(store, &error), STW_OK, "%s", error.message);
    stw__store_check(store);
    cr_assert_eq(stw_store_begin(store, &error), STW_OK, "%s", error.message);
    aborts(store);
    cr_assert_eq(stw_store_end(store, STW_OK, &error), STW_OK, "%s", error.message);
    stw__store_check(store);
    change("DELETE FROM attempt");
    aborts(store);
    stw_store_close(store);
}

static uint32_t writes_left;

static ssize_t write_or_die(int file, const void *bytes, size_t count, off_t at)
{
    if (writes_left-- == 0)
        raise(SIGKILL);
    return pwrite(file, bytes, count, at);
}

/* store.S1: whoever creates a run is killed at its first write, at its second, and so on. */
Test(store, a_run_that_was_killed_at_its_creation_is_whole_or_none)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int status = 1;
    uint32_t writes = 0;
    for (; status != 0; writes++) {
        char command[128];
        snprintf(command, sizeof command, "rm -rf %s", run_path());
        cr_assert_eq(system(command), 0);
        pid_t creator = fork();
        if (creator == 0) {
            writes_left = writes;
            vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write_or_die);
            vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write_or_die);
            stw_store_close(open_run(0));
            _exit(0);
        }
        cr_assert_eq(waitpid(creator, &status, 0), creator);
        cr_assert(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
        stw_store_close(open_run(1));
        cr_assert_str_eq(query("SELECT (SELECT count(*) FROM cell), (SELECT count(*) FROM claim)"),
                         "4|1", "killed at write %u", writes);
    }
    cr_assert_gt(writes, 10);
}

Test(store, an_existing_run_needs_resume)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(1);
    keep(store, 0, 0, STW_OUTCOME_OK, record);
    stw_store_close(store);
    cannot_open(0, STW_E_STATE, "exists already; use --resume or another -o");
    store = open_run(1);
    cr_assert(stw_store_has(store, &cells[0], 0));
    cr_assert(!stw_store_has(store, &cells[0], 1));
    cr_assert(!stw_store_has(store, &cells[1], 0));
    stw_store_close(store);
    free(record);
}

/* A matrix with another value of the first axis, before those of the run. */
static struct stw_cell larger_cells[6];
static struct stw_matrix larger = {.experiment = &experiment, .cells = larger_cells,
                                   .cell_count = 6};

static void enlarge(void)
{
    static char seven[] = "7", eight[] = "8", *more[] = {seven, eight, nine};
    static const char *values[6][2];
    static char ids[6][32];
    axes[0].values = more;
    axes[0].value_count = 3;
    for (uint32_t i = 0; i < 6; i++) {
        values[i][0] = more[i / 2];
        values[i][1] = strategy_values[i % 2];
        snprintf(ids[i], sizeof ids[i], "n=%s strategy=%s", values[i][0], values[i][1]);
        larger_cells[i] = (struct stw_cell){.index = i, .id = ids[i], .values = values[i]};
        if (i < 2)
            snprintf(larger_cells[i].hash, sizeof larger_cells[i].hash, "%016x", i + 1);
        else
            strcpy(larger_cells[i].hash, cells[i - 2].hash);
    }
}

/* store.S4: those of the run are numbered anew, and their trials with them. */
Test(store, a_run_may_be_given_further_cells)
{
    struct stw_store *store = open_run(0);
    keep(store, 0, 0, STW_OUTCOME_CRASHED, NULL);
    keep(store, 3, 2, STW_OUTCOME_CRASHED, NULL);
    keep(store, 0, 1, STW_OUTCOME_CRASHED, NULL);
    stw_store_announce(store, &cells[1], 1);
    cr_assert_eq(stw_store_settle(store, &error), STW_OK);
    stw_store_close(store);
    enlarge();
    cr_assert_eq(stw_store_check(run_path(), &larger, registry, NULL, 1, &error), STW_OK, "%s",
                 error.message);
    cr_assert_eq(stw_store_open(run_path(), &larger, registry, NULL, 1, &store, &error), STW_OK,
                 "%s", error.message);
    cr_assert(stw_store_has(store, &larger_cells[2], 0));
    cr_assert(stw_store_has(store, &larger_cells[2], 1));
    cr_assert(stw_store_has(store, &larger_cells[5], 2));
    cr_assert(!stw_store_has(store, &larger_cells[0], 0));
    cr_assert(stw_store_was_lost(store, &larger_cells[3], 1));
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT cell, id, trial FROM trials ORDER BY cell, trial"),
                     "2|n=8 strategy=none|0\n2|n=8 strategy=none|1\n5|n=9 strategy=pool|2");
    cr_assert_str_eq(query("SELECT json_extract(axes, '$.n') FROM cells"), "7\n7\n8\n8\n9\n9");
    cr_assert_str_eq(query("SELECT start, trials, cells, added FROM plans"),
                     "1|3|4|null\n2|3|6|n: was 8, 9, is 7, 8, 9");
    axes[0].values = n_values;
    axes[0].value_count = 2;
    cannot_open(1, STW_E_STATE, "holds another experiment: n: was 7, 8, 9, is 8, 9");
}

Test(store, a_run_with_further_cells_keeps_its_seed_and_exclusions)
{
    stw_store_close(open_run(0));
    enlarge();
    experiment.seed = 2;
    cr_assert_eq(stw_store_check(run_path(), &larger, registry, NULL, 1, &error), STW_E_STATE);
    cr_assert_not_null(strstr(error.message, "seed: was 1, is 2; n: was 8, 9, is 7, 8, 9"), "%s",
                       error.message);
    experiment.seed = 1;
    larger_cells[4].excluded = "rule";
    cr_assert_eq(stw_store_check(run_path(), &larger, registry, NULL, 1, &error), STW_E_STATE);
    larger_cells[4].excluded = NULL;
    cr_assert_eq(stw_store_check(run_path(), &larger, registry, NULL, 1, &error), STW_OK);
}

/* store.PL1 */
Test(store, each_start_keeps_its_plan_and_how_it_ended)
{
    static char metric[] = "cpu";
    experiment.enough = (struct stw_enough){metric, 6, 5};
    experiment.time_ns = 7000;
    struct stw_store *store = open_run(0);
    cr_assert_eq(stw_store_ended(store, "enough", 2, 1, &error), STW_OK);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT value FROM run WHERE key = 'trials'"), "2");
    experiment.enough.metric = NULL;
    experiment.time_ns = 0;
    experiment.trials = 20;
    store = open_run(1);
    cr_assert_str_eq(query("SELECT * FROM plans"), "1|6..3 until 5% of cpu|7000|4|null|enough|2\n"
                                                   "2|20|null|4|null|null|null");
    cr_assert_eq(stw_store_ended(store, "interrupted", 9, 0, &error), STW_OK);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT ended, ended_trials FROM plans"), "enough|2\ninterrupted|9");
    cr_assert_str_eq(query("SELECT value FROM run WHERE key = 'trials'"), "20");
}

/* store.S4 */
Test(store, resume_refuses_another_experiment_and_names_the_difference)
{
    stw_store_close(open_run(0));
    strcpy(cells[1].hash, "00000000000000ff");
    cannot_open(1, STW_E_STATE, "holds another experiment: it has no cell n=8 strategy=pool");
    strcpy(cells[1].hash, "0000000000000abd");
    cells[3].excluded = "rule";
    cannot_open(1, STW_E_STATE, "cell n=9 strategy=pool is excluded in this file only");
    cells[3].excluded = NULL;
    matrix.cell_count = 3;
    cannot_open(1, STW_E_STATE, "it has 4 cells, this file has 3");
    matrix.cell_count = 4;
    experiment.seed = 2;
    cannot_open(1, STW_E_STATE, "seed: was 1, is 2");
    experiment.seed = 1;
    strcpy(cells[1].hash, "00000000000000ff");
    n_values[1] = none;
    cannot_open(1, STW_E_STATE, "n: was 8, 9, is 8, none");
    n_values[1] = nine;
    axes[0].key = pool;
    cannot_open(1, STW_E_STATE, "n: was 8, 9, is not set; pool: was not set, is 8, 9");
    axes[0].key = n_key;
    strcpy(cells[1].hash, "0000000000000abd");
    stw_store_close(open_run(1));
}

/* store.ST1, in this and the next three. */
Test(store, resume_refuses_another_build_of_a_plugin)
{
    cr_assert_eq(stw_registry_add(registry, STW_BUILD_PLUGINS, &error), STW_OK);
    cr_assert_eq(stw_identities_take(&matrix, registry, NULL, &now, &error), STW_OK);
    identities = &now;
    stw_store_close(open_run(0));
    stw_store_close(open_run(1));
    cr_assert_str_eq(query("SELECT id, length(content) FROM plugin ORDER BY kind, id"),
                     "none|32\npool|32"); /* those that a cell uses */
    change("UPDATE start_fact SET value='abc' WHERE key='strategy/pool'");
    cannot_open(1, STW_E_STATE, "another build of strategy/pool: was abc, is ");
    cr_assert_eq(stw_store_check(run_path(), &matrix, registry, identities, 1, &error),
                 STW_E_STATE);
    stw_store_close(open_run(STW_STORE_RESUME | STW_STORE_MIXED));
    cr_assert_str_eq(query("SELECT start, length(value) FROM starts WHERE key='strategy/pool'"),
                     "1|3\n2|3\n3|32");
    stw_store_close(open_run(1)); /* as at the last start */
    change("DELETE FROM start_fact WHERE key='strategy/pool'"); /* store.ST2 */
    stw_store_close(open_run(1));
    cr_assert_str_eq(query("SELECT count(*) FROM environment WHERE key LIKE '%/%'"), "0");
}

Test(store, resume_refuses_another_stwlab_and_another_worker)
{
    cr_assert_eq(stw_identities_take(&matrix, registry, NULL, &now, &error), STW_OK);
    identities = &now;
    stw_store_close(open_run(0));
    change("UPDATE start_fact SET value='abc' WHERE key='stwlab'");
    cannot_open(1, STW_E_STATE, "another build of stwlab: was abc, is ");
    change("DELETE FROM start_fact WHERE key='stwlab'");
    strcpy(now.worker.content, "def");
    cannot_open(1, STW_E_STATE, "another build of worker: was none, is def");
}

Test(store, resume_refuses_another_program_of_a_runtime)
{
    char label[] = "go1.99", path[] = "/go", program[] = "/p", settings[] = "X=1", other[] = "X=2";
    struct stw_peer peer = {.label = label, .path = path, .program = program, .version = label,
                            .settings = settings, .identity = {"aa", ""}};
    const struct stw_peers peers = {.items = &peer, .count = 1};
    cr_assert_eq(stw_identities_take(&matrix, registry, NULL, &now, &error), STW_OK);
    now.peers = &peers;
    identities = &now;
    stw_store_close(open_run(0));
    stw_store_close(open_run(1));
    cr_assert_str_eq(query("SELECT * FROM runtime"), "go1.99|/go|go1.99|X=1|aa");
    peer.settings = other;
    cannot_open(1, STW_E_STATE, "another build of go1.99: was go1.99 X=1, is go1.99 X=2");
    peer.settings = settings;
    strcpy(peer.identity.content, "bb");
    cannot_open(1, STW_E_STATE, "another build of go1.99: was aa, is bb");
}

Test(store, each_start_keeps_its_environment_and_trials_tell_theirs)
{
    struct stw_store *store = open_run(0);
    keep(store, 0, 0, STW_OUTCOME_CRASHED, NULL);
    stw_store_close(store);
    setenv("MALLOC_ARENA_MAX", "1", 1);
    cannot_open(1, STW_E_STATE, "holds trials of another environment, MALLOC_ARENA_MAX: was not "
                                "there, is 1; use another -o, or --mixed");
    cr_assert_str_eq(query("SELECT count(*) FROM start"), "1");
    store = open_run(STW_STORE_RESUME | STW_STORE_MIXED);
    keep(store, 0, 1, STW_OUTCOME_CRASHED, NULL);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT trial, start FROM trials ORDER BY trial"), "0|1\n1|2");
    cr_assert_str_eq(query("SELECT start, value FROM starts WHERE key = 'MALLOC_ARENA_MAX'"),
                     "2|1");
    cr_assert_str_eq(query("SELECT count(*) FROM environment WHERE key = 'MALLOC_ARENA_MAX'"),
                     "0");
}

Test(store, a_resumed_run_says_what_its_file_says_now)
{
    struct stw_store *store = open_run(0);
    keep(store, 0, 2, STW_OUTCOME_CRASHED, NULL);
    stw_store_close(store);
    experiment.claim_count = 0;
    experiment.trials = 1;
    stw_store_close(open_run(1));
    cr_assert_str_eq(query("SELECT count(*) FROM claim"), "0");
    cr_assert_str_eq(query("SELECT value FROM run WHERE key = 'trials'"), "3"); /* as many as are */
}

Test(store, a_check_says_what_opening_would_and_changes_nothing)
{
    cr_assert_eq(stw_store_check(run_path(), &matrix, registry, NULL, 0, &error), STW_OK);
    cr_assert_eq(access(run_path(), F_OK), -1);
    stw_store_close(open_run(0));
    cr_assert_eq(stw_store_check(run_path(), &matrix, registry, NULL, 0, &error), STW_E_STATE);
    cr_assert_not_null(strstr(error.message, "exists already; use --resume or another -o"));
    cr_assert_eq(stw_store_check(run_path(), &matrix, registry, NULL, 1, &error), STW_OK);
    experiment.seed = 2;
    cr_assert_eq(stw_store_check(run_path(), &matrix, registry, NULL, 1, &error), STW_E_STATE);
}

static int give_up_at_zero(void *context)
{
    return (*(int *)context)-- == 0;
}

Test(store, a_reader_keeps_a_trial_waiting_until_somebody_gives_up)
{
    sqlite3 *reader = NULL;
    int patience = 20;
    struct stw_outcome outcome = {0};
    struct stw_store *store = open_run(0);
    sqlite3_open(file_path(), &reader);
    sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM trial", NULL, NULL, NULL);
    stw_store_heed(store, give_up_at_zero, &patience);
    cr_assert_eq(stw_store_trial(store, &cells[0], 0, &outcome, NULL, &error), STW_E_STATE);
    cr_assert_eq(patience, -1);
    cr_assert_not_null(strstr(error.message, "database is locked"), "%s", error.message);
    sqlite3_close(reader);
    keep(store, 0, 0, STW_OUTCOME_CRASHED, NULL);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT count(*) FROM trial"), "1");
}

Test(store, a_resumed_run_may_grow)
{
    stw_store_close(open_run(0));
    experiment.trials = 20;
    stw_store_close(open_run(1));
    cr_assert_str_eq(query("SELECT value FROM run WHERE key='trials'"), "20");
}

/* store.S3 */
Test(store, two_coordinators_cannot_share_a_run)
{
    struct stw_store *store = open_run(0);
    cannot_open(1, STW_E_STATE, "is in use by another stwlab run");
    stw_store_close(store);
    stw_store_close(open_run(1));
}

Test(store, a_run_can_be_read_while_it_is_written)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(2);
    keep(store, 0, 0, STW_OUTCOME_OK, record);
    cr_assert_str_eq(query("SELECT count(*) FROM trials"), "1");
    keep(store, 0, 1, STW_OUTCOME_OK, record);
    stw_store_close(store);
    free(record);
}

Test(store, an_empty_file_is_no_run)
{
    stw_store_close(open_run(0));
    cr_assert_eq(truncate(file_path(), 0), 0);
    stw_store_close(open_run(0));
    cr_assert_str_eq(query("SELECT count(*) FROM cell"), "4");
}

Test(store, other_files_are_left_alone)
{
    stw_store_close(open_run(0));
    FILE *file = fopen(file_path(), "w");
    for (int i = 0; i < 100; i++)
        fprintf(file, "precious notes\n");
    fclose(file);
    cannot_open(0, STW_E_INVALID, "damaged, or not of an stwlab run: file is not a database");
    cr_assert_eq(stw_store_check(run_path(), &matrix, registry, NULL, 0, &error), STW_E_INVALID);
    cr_assert_eq(unlink(file_path()), 0);
    sqlite3 *db = NULL;
    sqlite3_open(file_path(), &db);
    sqlite3_exec(db, "CREATE TABLE notes(text)", NULL, NULL, NULL);
    sqlite3_close(db);
    cannot_open(1, STW_E_STATE, "was not written by stwlab");
}

Test(store, another_format_is_refused)
{
    sqlite3 *db = NULL;
    stw_store_close(open_run(0));
    sqlite3_open(file_path(), &db);
    sqlite3_exec(db, "PRAGMA user_version=9", NULL, NULL, NULL);
    sqlite3_close(db);
    cannot_open(1, STW_E_STATE, "has format 9, this stwlab writes format 6");
}

Test(store, a_folder_that_cannot_be_made_is_an_error)
{
    struct stw_store *store = NULL;
    char path[100];
    snprintf(path, sizeof path, "%s/file", folder);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    snprintf(path, sizeof path, "%s/file/run", folder);
    cr_assert_eq(stw_store_open(path, &matrix, registry, NULL, 0, &store, &error), STW_E_IO);
    cr_assert_not_null(strstr(error.message, "cannot create the run folder"));
    cr_assert_not_null(strstr(error.message, "Not a directory"));
    snprintf(path, sizeof path, "%s/file", folder);
    cr_assert_eq(stw_store_open(path, &matrix, registry, NULL, 0, &store, &error), STW_E_IO);
    cr_assert_not_null(strstr(error.message, "Not a directory"), "%s", error.message);
}

Test(store, a_trial_is_read_back_as_it_was)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(2);
    struct stw_outcome outcome = {.checksum = STW_CHECKSUM_EXPECTED, .wall_ns = 1, .start_ns = 2,
                                  .coordinator_ns = 3, .cpu_ns = 4, .rss_peak_bytes = 5};
    record->counters[0].value = 77;
    stw_record_pauses(record)[1].last_mutator = STW_NO_MUTATOR;
    stw_record_pauses(record)[0].page_faults = 3;
    stw_record_pauses(record)[1].page_faults = STW_FAULTS_UNKNOWN;
    stw_record_pauses(record)[0].stopper_cpu_ns = STW_CPU_UNKNOWN;
    stw_record_pauses(record)[1].stopper_cpu_ns = 6;
    stw_record_pauses(record)[0].late_cpu_ns = STW_CPU_UNKNOWN;
    stw_record_pauses(record)[1].late_cpu_ns = 4;
    cr_assert_eq(stw_store_trial(store, &cells[1], 2, &outcome, record, &error), STW_OK);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT * FROM trials"), "1|n=8 strategy=pool|2|ok|null||"
                     "feedfacecafebeef|2|1|2|3|4|5|8000|100100|1|null|1|1|0");
    cr_assert_str_eq(query("SELECT seq, cycle, kind, start_ns, pause_ns, stopping_ns, working_ns,"
                           " restarting_ns, last_mutator, last_site, mutators, page_faults,"
                           " stopper_cpu_ns, late_cpu_ns, phase FROM pauses"),
                     "0|1|sweep-termination|0|13|1|10|2|1|merge|2|3|null|null|timed\n"
                     "1|1|mark-termination|100|14|2|10|2|null|merge|2|null|6|4|timed");
    cr_assert_str_eq(query("SELECT seq, step, ns FROM pause_step WHERE seq = 0 ORDER BY step"),
                     "0|hooks|4\n0|phase|6");
    cr_assert_str_eq(query("SELECT name, value FROM counters ORDER BY name"),
                     "alloc.bytes|0\ngc.cycles|77");
    cr_assert_str_eq(query("SELECT high_ns, count FROM op_bucket ORDER BY high_ns"),
                     "100|1\n100000|1");
    free(record);
}

/* Of a peer's stop all but its length, and often its stopping, is not known; nor is what a program
 * used that nobody waited for. */
Test(store, what_is_not_known_is_null)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(3);
    struct stw_outcome outcome = {.cpu_ns = STW_USAGE_UNKNOWN};
    struct stw_pause *pauses = stw_record_pauses(record);
    for (uint32_t i = 1; i < 3; i++)
        pauses[i] = (struct stw_pause){.kind = STW_PAUSE_PEER, .last_mutator = STW_NO_MUTATOR,
                                       .working_ns = 90, .mutators = 2, .complete = 1,
                                       .page_faults = STW_FAULTS_UNKNOWN,
                                       .stopper_cpu_ns = STW_CPU_UNKNOWN,
                                       .told_phase = STW_TRIAL_TIMED,
                                       .untold = STW_UNTOLD_RESTART};
    pauses[2].untold = STW_UNTOLD_ALL;
    pauses[0].is_forced = 1;
    pauses[1].stopping_ns = 10;
    cr_assert_eq(stw_store_trial(store, &cells[1], 0, &outcome, record, &error), STW_OK);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT cpu_ns, rss_peak_bytes FROM trials"), "null|null");
    cr_assert_str_eq(query("SELECT seq, kind, pause_ns, stopping_ns, working_ns, restarting_ns"
                           " FROM pauses"),
                     "0|sweep-termination|13|1|10|2\n1|peer|100|10|90|null\n"
                     "2|peer|90|null|null|null");
    cr_assert_str_eq(query("SELECT cycle, start_ns, last_mutator, last_site, mutators, scan_bytes,"
                           " mark_objects, root_words, barrier_words, spans_swept, page_faults,"
                           " stopper_cpu_ns, is_forced FROM pauses WHERE seq <> 1"),
                     "1|0|1|merge|2|0|0|0|0|0|0|0|1\n"
                     "null|null|null|null|2|null|null|null|null|null|null|null|null");
    cr_assert_str_eq(query("SELECT pause_count, stopping_count, stopping_p50_ns, working_count,"
                           " restarting_count, restarting_max_ns FROM cells WHERE cell = 1"),
                     "3|2|1|2|1|2");
    cr_assert_str_eq(query("SELECT position, key, value FROM axes WHERE cell = 1"),
                     "0|n|8\n1|strategy|pool");
    free(record);
}

Test(store, worst_windows_are_shown_as_utilisation)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(0);
    keep(store, 0, 0, STW_OUTCOME_OK, record);
    record->are_windows_known = 1;
    for (uint32_t i = 0; i < STW_RECORD_WINDOWS; i++)
        record->worst_ns[i] = i < 2 ? 100000 : i < 4 ? 125000 : UINT64_MAX;
    keep(store, 0, 1, STW_OUTCOME_OK, record);
    keep(store, 1, 0, STW_OUTCOME_CRASHED, record);
    cr_assert_str_eq(query("SELECT DISTINCT cell, id, trial FROM mmu"), "0|n=8 strategy=none|1",
                     "only what was measured, only ok trials");
    cr_assert_str_eq(query("SELECT window_ns, utilisation FROM mmu ORDER BY 1 LIMIT 5"),
                     "100000|0.0\n200000|0.5\n500000|0.75\n1000000|0.875\n2000000|null");
    cr_assert_str_eq(query("SELECT count(*), max(window_ns) FROM mmu"), "13|1000000000");
    stw_store_close(store);
    free(record);
}

/* Those that hold something; what the stop had is in the bin in which it began. */
Test(store, bins_are_stored_with_their_moments)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(0);
    stw_bins_begin(&record->op_bins, 0, 5u << STW_BIN_LOG_LEAST);
    stw_bins_add(&record->op_bins, 5u << STW_BIN_LOG_LEAST, 70);
    stw_bins_add(&record->op_bins, 5u << STW_BIN_LOG_LEAST, 80);
    stw_bins_add(&record->op_bins, 9u << STW_BIN_LOG_LEAST, 90);
    record->stop_bins = stw_bins_alike(&record->op_bins);
    stw_bins_add(&record->stop_bins, 7u << STW_BIN_LOG_LEAST, 3);
    keep(store, 0, 1, STW_OUTCOME_OK, record);
    keep(store, 1, 0, STW_OUTCOME_CRASHED, record);
    cr_assert_str_eq(query("SELECT cell, trial, start_ns / width_ns, width_ns, op_count, op_sum_ns,"
                           " op_max_ns, stop_count, stop_sum_ns, stop_max_ns FROM bins ORDER BY 3"),
                     "0|1|5|16384|2|150|80|0|0|0\n0|1|7|16384|0|0|0|1|3|3\n"
                     "0|1|9|16384|1|90|90|0|0|0");
    stw_store_close(store);
    free(record);
}

/* Of trials of any outcome, and of nothing when a trial is run anew. */
Test(store, output_is_stored_with_its_trial)
{
    struct stw_store *store = open_run(0);
    struct stw_outcome outcome = {.kind = STW_OUTCOME_CRASHED, .detail = "because",
                                  .printed = {7000, "first", "la\0st", 5, 5}};
    cr_assert_eq(stw_store_trial(store, &cells[2], 1, &outcome, NULL, &error), STW_OK);
    keep(store, 3, 0, STW_OUTCOME_OK, NULL);
    cr_assert_str_eq(query("SELECT id, trial, bytes, CAST(head AS TEXT), hex(tail) FROM output"),
                     "n=9 strategy=none|1|7000|first|6C61007374");
    stw_store_close(store);
    store = open_run(STW_STORE_RETRY);
    keep(store, 2, 1, STW_OUTCOME_OK, NULL);
    cr_assert_str_eq(query("SELECT count(*) FROM trial_output"), "0");
    stw_store_close(store);
}

Test(store, hiccups_are_stored_longest_first)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(0);
    record->hiccups[0] = (struct stw_hiccup){70, 9000000};
    record->hiccups[1] = (struct stw_hiccup){50, 2000000};
    keep(store, 2, 0, STW_OUTCOME_OK, record);
    keep(store, 3, 0, STW_OUTCOME_INVALID, record);
    cr_assert_str_eq(query("SELECT id, trial, at_ns, late_ns FROM hiccups ORDER BY late_ns DESC"),
                     "n=9 strategy=none|0|70|9000000\nn=9 strategy=none|0|50|2000000");
    stw_store_close(store);
    free(record);
}

Test(store, unfinished_pauses_are_lost_not_shown)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(5);
    stw_record_pauses(record)[2].complete = 0;
    stw_record_pauses(record)[3].complete = 0;
    record->pauses_lost = 10;
    keep(store, 0, 0, STW_OUTCOME_OK, record);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT pauses_lost FROM trial"), "12");
    cr_assert_str_eq(query("SELECT group_concat(seq) FROM pauses"), "0,1,4");
    free(record);
}

Test(store, percentiles_are_nearest_rank_over_all_ok_trials)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(50); /* stopping 1..50 */
    keep(store, 0, 0, STW_OUTCOME_OK, record);
    keep(store, 0, 1, STW_OUTCOME_OK, record);
    keep(store, 0, 2, STW_OUTCOME_INVALID, record); /* gives no numbers */
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT ok, invalid, stopping_count, stopping_p50_ns, stopping_p99_ns,"
                           " stopping_max_ns, stopping_sum_ns FROM cells WHERE cell = 0"),
                     "2|1|100|25|50|50|2550");
    cr_assert_str_eq(query("SELECT pause_count, pause_p50_ns, pause_max_ns, pause_sum_ns,"
                           " working_sum_ns, restarting_p50_ns FROM cells WHERE cell = 0"),
                     "100|37|62|3750|1000|2");
    cr_assert_str_eq(query("SELECT op_count, op_p50_ns, op_p99_ns, op_max_ns, op_sum_ns"
                           " FROM cells WHERE cell = 0"), "4|100|100000|100000|200200");
    free(record);
}

Test(store, the_median_of_a_counter_is_the_lower_one)
{
    static const uint64_t values[] = {9, 1, 5, 7};
    struct stw_store *store = open_run(0);
    for (uint32_t i = 0; i < 4; i++) {
        struct stw_record *record = record_new(0);
        record->counters[0].value = values[i];
        keep(store, 0, i, STW_OUTCOME_OK, record);
        free(record);
    }
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT counters FROM cells WHERE cell = 0"),
                     "{\"alloc.bytes\":0,\"gc.cycles\":5}");
}

Test(store, outcomes_are_counted_by_kind)
{
    struct stw_store *store = open_run(0);
    for (uint32_t i = 0; i < STW_OUTCOMES; i++)
        keep(store, 3, i, i, NULL);
    stw_store_close(store);
    cr_assert_str_eq(query("SELECT ok, crashed, timed_out, out_of_memory, refused, invalid,"
                           " skipped FROM cells WHERE cell = 3"), "1|1|1|1|1|1|1");
}

Test(store, cells_with_failures_are_counted)
{
    struct stw_store *store = open_run(0);
    uint64_t trials = 99;
    uint32_t count = 99;
    cr_assert_eq(stw_store_count_not_ok(store, &trials, &count, &error), STW_OK);
    cr_assert_eq(trials, 0);
    cr_assert_eq(count, 0);
    keep(store, 0, 0, STW_OUTCOME_CRASHED, NULL);
    keep(store, 0, 1, STW_OUTCOME_INVALID, NULL);
    keep(store, 1, 0, STW_OUTCOME_OK, NULL);
    keep(store, 2, 0, STW_OUTCOME_SKIPPED, NULL);
    keep(store, 3, 0, STW_OUTCOME_TIMED_OUT, NULL);
    cr_assert_eq(stw_store_count_not_ok(store, &trials, &count, &error), STW_OK);
    cr_assert_eq(trials, 3);
    cr_assert_eq(count, 2);
    stw_store_close(store);
}

Test(store, a_failed_write_leaves_the_trials_before_it)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(50);
    struct stw_outcome outcome = {0};
    struct stat about;
    keep(store, 0, 0, STW_OUTCOME_OK, record);
    cr_assert_eq(stat(file_path(), &about), 0);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit full = {(rlim_t)about.st_size, (rlim_t)about.st_size};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
    stw_status status = STW_OK;
    uint32_t trial = 1;
    while (status == STW_OK && trial < 1000)
        status = stw_store_trial(store, &cells[0], trial++, &outcome, record, &error);
    cr_assert_eq(status, STW_E_IO);
    cr_assert_not_null(strstr(error.message, "cannot write "), "%s", error.message);
    cr_assert_not_null(strstr(error.message, file_path()), "%s", error.message);
    stw_store_close(store);
    char expected[64];
    snprintf(expected, sizeof expected, "%u|%u", trial - 1, (trial - 1) * 50);
    cr_assert_str_eq(query("SELECT count(DISTINCT trial), count(*) FROM pauses"), expected);
    cr_assert_str_eq(query("PRAGMA integrity_check"), "ok");
    free(record);
}

/* store.S2 */
Test(store, a_kill_leaves_whole_trials)
{
    struct stw_record *record = record_new(50);
    stw_store_close(open_run(0));
    uint32_t next = 0;
    for (uint32_t round = 0; round < 10; round++) {
        int ends[2];
        char opened;
        cr_assert_eq(pipe(ends), 0);
        pid_t writer = fork();
        if (writer == 0) {
            struct stw_store *store = open_run(1);
            cr_assert_eq(write(ends[1], "", 1), 1);
            for (uint32_t i = next;; i++)
                keep(store, 0, i, STW_OUTCOME_OK, record);
        }
        cr_assert_eq(read(ends[0], &opened, 1), 1); /* on a busy machine that takes its time */
        usleep(20000 + 7919 * round);
        kill(writer, SIGKILL);
        waitpid(writer, NULL, 0);
        close(ends[0]);
        close(ends[1]);
        struct stw_store *store = open_run(1);
        while (stw_store_has(store, &cells[0], next))
            next++;
        stw_store_close(store);
    }
    char expected[64];
    snprintf(expected, sizeof expected, "%u|%u", next, next * 50);
    cr_assert_gt(next, 0);
    cr_assert_str_eq(query("SELECT count(DISTINCT trial), count(*) FROM pauses"), expected);
    cr_assert_str_eq(query("PRAGMA integrity_check"), "ok");
    free(record);
}

/* Processor time: what the disk takes beside it, fault/overhead.sh measures. */
Test(store, a_trial_with_50_pauses_costs_under_5_ms)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(50);
    uint64_t before_ns = stw_clock_thread_cpu_ns();
    for (uint32_t i = 0; i < 20; i++)
        keep(store, 0, i, STW_OUTCOME_OK, record);
    uint64_t each_ns = (stw_clock_thread_cpu_ns() - before_ns) / 20;
    if (!STW_ASAN && !STW_TSAN) /* whose times mean nothing */
        cr_assert_lt(each_ns, 5000000, "%llu us", (unsigned long long)each_ns / 1000);
    stw_store_close(store);
    free(record);
}

/* Attempts. */

static void store_as(struct stw_store *store, uint32_t trial, uint32_t kind)
{
    struct stw_outcome outcome = {.kind = kind, .wall_ns = 5};
    snprintf(outcome.detail, sizeof outcome.detail, "%s", stw_outcome_name(kind));
    cr_assert_eq(stw_store_trial(store, &cells[0], trial, &outcome, NULL, &error), STW_OK, "%s",
                 error.message);
}

#define ATTEMPTS "SELECT trial, attempt, outcome FROM attempts ORDER BY trial, attempt"

/* store.SA1, lab.R6 */
Test(store, what_was_announced_is_noted_until_it_is_stored)
{
    struct stw_store *store = open_run(0);
    stw_store_announce(store, &cells[0], 0);
    cr_assert_eq(stw_store_settle(store, &error), STW_OK);
    cr_assert_str_eq(query("SELECT cell_hash, trial FROM attempt"), "0000000000000abc|0");
    stw_store_announce(store, &cells[1], 2);
    store_as(store, 0, STW_OUTCOME_OK);
    cr_assert_str_eq(query("SELECT cell_hash, trial FROM attempt"), "0000000000000abd|2");
    stw_store_announce(store, NULL, 0);
    cr_assert_eq(stw_store_settle(store, &error), STW_OK);
    cr_assert_str_eq(query("SELECT count(*) FROM attempt"), "0");
    stw_store_close(store);
    store = open_run(1);
    cr_assert(!stw_store_was_lost(store, &cells[1], 2), "it was taken back");
    stw_store_close(store);
}

/* What a coordinator leaves that dies while it runs a trial. */
static void lose(uint32_t how)
{
    struct stw_store *store = open_run(how);
    stw_store_announce(store, &cells[0], 1);
    cr_assert_eq(stw_store_settle(store, &error), STW_OK);
    stw_store_close(store);
}

/* store.SA2 */
Test(store, a_trial_that_is_lost_twice_is_crashed)
{
    lose(STW_STORE_NEW);
    struct stw_store *store = open_run(1);
    cr_assert(stw_store_was_lost(store, &cells[0], 1));
    cr_assert(!stw_store_was_lost(store, &cells[0], 0));
    cr_assert(!stw_store_has(store, &cells[0], 1));
    store_as(store, 1, STW_OUTCOME_OK); /* the second time it comes through */
    cr_assert_str_eq(query(ATTEMPTS), "1|1|lost\n1|2|ok");
    store_as(store, 0, STW_OUTCOME_OK);
    stw_store_close(store);
    lose(1); /* of a run that holds it: it is counted, and changes nothing */
    stw_store_close(open_run(1));
    cr_assert_str_eq(query("SELECT trial, attempt, outcome FROM trials ORDER BY trial"),
                     "0|1|ok\n1|2|ok");
}

/* store.SA2 */
Test(store, lost_twice_in_a_row)
{
    lose(STW_STORE_NEW);
    lose(1);
    struct stw_store *store = open_run(1);
    cr_assert(stw_store_has(store, &cells[0], 1));
    cr_assert(!stw_store_was_lost(store, &cells[0], 2));
    stw_store_close(store);
    cr_assert_str_eq(query(ATTEMPTS), "1|1|lost\n1|2|crashed");
    cr_assert_str_eq(query("SELECT count(*) FROM attempt"), "0");
    store = open_run(STW_STORE_RETRY);
    store_as(store, 1, STW_OUTCOME_OK);
    stw_store_close(store);
    cr_assert_str_eq(query(ATTEMPTS), "1|1|lost\n1|2|crashed\n1|3|ok");
}

/* store.SA3 */
Test(store, what_is_retried_stays_visible_without_its_numbers)
{
    struct stw_store *store = open_run(0);
    struct stw_record *record = record_new(3);
    struct stw_outcome outcome = {.kind = STW_OUTCOME_INVALID, .detail = "why"};
    cr_assert_eq(stw_store_trial(store, &cells[0], 1, &outcome, record, &error), STW_OK);
    cr_assert_eq(stw_store_trial(store, &cells[0], 1, &outcome, record, &error), STW_E_IO);
    stw_store_close(store);
    store = open_run(STW_STORE_RETRY);
    cr_assert(!stw_store_has(store, &cells[0], 1));
    store_as(store, 1, STW_OUTCOME_TIMED_OUT);
    store_as(store, 1, STW_OUTCOME_OK);
    stw_store_close(store);
    free(record);
    cr_assert_str_eq(query("SELECT attempt, outcome, detail FROM attempts ORDER BY attempt"),
                     "1|invalid|why\n2|timed-out|timed-out\n3|ok|ok");
    cr_assert_str_eq(query("SELECT trial, attempt, outcome FROM trials"), "1|3|ok");
    cr_assert_str_eq(query("SELECT (SELECT count(*) FROM pause), (SELECT count(*) FROM counter),"
                           " (SELECT count(*) FROM op_bucket), (SELECT count(*) FROM pause_step)"),
                     "0|0|0|0");
}

/* A worker can write as many stops as the record has room for. */
Test(store, too_many_stops_are_told)
{
    struct stw_store *store = open_run(0);
    struct stw_record *big = stw_new(1, STW_RECORD_BYTES);
    const struct stw_outcome outcome = {.kind = STW_OUTCOME_OK};
    big->state = STW_RECORD_DONE;
    big->pause_count = STW_STORE_STOPS + 10;
    big->cycle_count = STW_STORE_STOPS + 3;
    for (uint64_t i = 0; i < big->pause_count; i++)
        stw_record_pauses(big)[i].complete = i != 5;
    cr_assert_eq(stw_store_trial(store, &cells[0], 0, &outcome, big, &error), STW_OK);
    stw_store_close(store);
    free(big);
    cr_assert_str_eq(query("SELECT pauses_lost - (SELECT 262154 - count(*) FROM pause) FROM trial"),
                     "0");
    cr_assert_str_eq(query("SELECT count(*) <= 262143, count(*) > 1000 FROM pause"), "1|1");
    cr_assert_str_eq(query("SELECT note LIKE '% stops and % cycles of its record were not stored:"
                           " too many' FROM trial"), "1");
}
