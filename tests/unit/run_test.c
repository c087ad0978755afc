/* unit/run_test.c: a matrix runs to its end whatever its workers do, and every end is typed.
 * Method: this executable is its own worker: started with `worker` as first argument it never
 * reaches main, but maps the record and misbehaves as the cell's strategy says. No heap,
 * no plugins. */
#include "lab/run.h"

#include "base/error.h"
#include "base/sanitizer.h"
#include "prim/memory.h"
#include "prim/process.h"
#include "prim/self.h"
#include "prim/thread.h"
#include "trial/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The worker. */

static void finish(struct stw_record *record, int lingers)
{
    record->first_op_ns = stw_clock_ns();
    record->last_op_ns = record->first_op_ns + 1;
    record->rss_peak_bytes = stw_memory_of(0).rss_peak_bytes;
    record->verdict = STW_VERDICT_OK;
    record->state = STW_RECORD_DONE;
    while (lingers)
        pause();
    _exit(0);
}

/* Arguments of this worker. */
static int told_count;
static char **told;

static int is_told_of_presize_alone(const char *settings)
{
    const char *first = strstr(settings, "\nfile:strategy/");
    const char *name = told_count == 6 ? strrchr(told[5], '/') : NULL;
    return first && strncmp(first, "\nfile:strategy/presize\t", 23) == 0
           && !strstr(first + 1, "\nfile:strategy/") && name && strcmp(told[4], "--plugin") == 0
           && strcmp(name, "/presize.so") == 0;
}

/* How many trials are stored, as a workload finds it behind its gate. */
static uint64_t count_stored(void)
{
    char path[100];
    sqlite3 *db = NULL;
    sqlite3_stmt *row = NULL;
    stw_process_await_gate();
    snprintf(path, sizeof path, "%s/results.sqlite", getenv("STW_RUN_TEST"));
    uint64_t count = UINT32_MAX;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK
        && sqlite3_prepare_v2(db, "SELECT count(*) FROM trial", -1, &row, NULL) == SQLITE_OK
        && sqlite3_step(row) == SQLITE_ROW)
        count = (uint64_t)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return count;
}

static void behave(struct stw_record *record)
{
    const char *as = record->settings;
    static volatile uintptr_t nowhere = 64;
    record->checksum = strstr(as, "n\t8") ? 8 : 9;
    if (strstr(as, "strategy\tcounts"))
        record->operations = count_stored();
    if (strstr(as, "strategy\tcrash"))
        *(volatile int *)nowhere = 1;
    if (strstr(as, "strategy\texit"))
        exit(3);
    if (strstr(as, "strategy\tscribble"))
        memset(record, 0x5a, sizeof *record);
    if (strstr(as, "strategy\tshrink") && ftruncate(STW_PROCESS_SHARED, 0) != 0 && errno == EPERM)
        _exit(9);
    if (strstr(as, "strategy\tshrink"))
        _exit(0);
    if (strstr(as, "strategy\tdiffer"))
        record->checksum = 1234;
    if (strstr(as, "strategy\tkilled"))
        raise(SIGKILL);
    if (strstr(as, "strategy\ttold") && !is_told_of_presize_alone(as))
        exit(4);
    if (strstr(as, "strategy\tslow"))
        usleep(100000);
    while (strstr(as, "strategy\thang")) {
        record->state = STW_RECORD_STARTED; /* is asked where it is, and dies of it */
        pause();
    }
    finish(record, strstr(as, "strategy\tlinger") != NULL);
}

__attribute__((constructor)) static void act_as_worker(int count, char **arguments)
{
    if (count < 4 || strcmp(arguments[1], "worker") != 0)
        return;
    struct stw_record *record = stw_memory_map_shared(atoi(arguments[3]), STW_RECORD_BYTES);
    if (!record || record->magic != STW_RECORD_MAGIC || record->bytes != STW_RECORD_BYTES)
        _exit(99);
    const struct stw_crash_note note = {&record->crash_signal, &record->crash_at_limit,
                                        &record->crash_address, &record->rss_peak_bytes, NULL,
                                        NULL, NULL, NULL, 0};
    stw_crash_handler_install(&note);
    record->main_ns = stw_clock_ns();
    told_count = count;
    told = arguments;
    behave(record);
}

/* The coordinator. */

static char folder[64];
/* A sanitizer makes a worker start ten times as slowly. */
#define TIMEOUT_NS (STW_ASAN || STW_TSAN ? 3000000000u : 300000000u)

static char executable[4096];
static char *n_values[] = {"8", "9"};
static char *strategies[] = {"good", "differ"};
static struct stw_axis axes[] = {{"n", n_values, NULL, 2, 1, STW_KIND_WORKLOAD},
                                 {"strategy", strategies, NULL, 2, 2, 0}};
static struct stw_exclusion rule = {"too-big", "n == 9 && strategy == differ", 3, NULL};
static struct stw_experiment experiment = {
    .path = "x.ini", .ini_text = "text", .name = "x", .question = "?", .workload = "w",
    .trials = 2, .seed = 1, .timeout_ns = TIMEOUT_NS, .axes = axes, .axis_count = 2,
    .exclusions = &rule, .exclusion_count = 1};
static struct stw_cell cells[4];
static struct stw_matrix matrix = {.experiment = &experiment, .cells = cells, .cell_count = 4};
static struct stw_registry *registry;
static struct stw_error error = STW_ERROR_INIT;
static struct stw_run_options options = {.executable = executable, .quiet = 1};
static struct stw_run_result result;

static void set_up(void)
{
    static const char *values[4][2];
    static char ids[4][32];
    ssize_t length = readlink("/proc/self/exe", executable, sizeof executable - 1);
    cr_assert_gt(length, 0);
    strcpy(folder, "/tmp/stw-run-XXXXXX");
    cr_assert(mkdtemp(folder));
    options.run_path = folder;
    for (uint32_t i = 0; i < 4; i++) {
        values[i][0] = n_values[i / 2];
        values[i][1] = strategies[i % 2];
        cells[i] = (struct stw_cell){.index = i, .id = ids[i], .values = values[i]};
        snprintf(cells[i].hash, sizeof cells[i].hash, "%016x", i);
    }
    registry = stw_registry_new();
}

/* The cells "n=8 strategy=good" and "n=8 strategy=NAME", and the same with n=9. */
static void set_strategy(char *name)
{
    strategies[1] = name;
    for (uint32_t i = 0; i < 4; i++) {
        cells[i].values[1] = strategies[i % 2];
        snprintf(cells[i].id, 32, "n=%s strategy=%s", cells[i].values[0], cells[i].values[1]);
    }
}

/* How often a look is taken, and how many trials are stored then. */
struct looks {
    uint32_t count, enough_at; /* the look that says so; from 1 */
    struct stw_text stored;
};
static struct looks looks;

static void tear_down(void)
{
    stw_text_free(&looks.stored);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
    stw_registry_free(registry);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "a worker was left behind");
}

TestSuite(run, .init = set_up, .fini = tear_down);

static void run_matrix(void)
{
    cr_assert_eq(stw_run_matrix(&matrix, registry, &options, &result, &error), STW_OK, "%s",
                 error.message);
}

static int add_row(void *context, int count, char **values, char **names)
{
    struct stw_text *text = context;
    (void)names;
    stw_text_add(text, text->length ? "\n" : "");
    for (int i = 0; i < count; i++)
        stw_text_add(text, "%s%s", i ? "|" : "", values[i] ? values[i] : "null");
    return 0;
}

static const char *query(const char *sql)
{
    static struct stw_text text;
    char path[100];
    sqlite3 *db = NULL;
    stw_text_free(&text);
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, add_row, &text, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    return stw_text_get(&text);
}

static void expect_typed(char *strategy, const char *outcome, const char *detail)
{
    set_strategy(strategy);
    run_matrix();
    cr_assert_eq(result.trials_run, 8);
    cr_assert_eq(result.cells_not_ok, 2);
    cr_assert_str_eq(query("SELECT count(*) FROM trials WHERE outcome <> 'ok'"), "4");
    cr_assert_eq(result.interrupted, 0);
    char expected[256];
    snprintf(expected, sizeof expected, "%s|%s", outcome, detail);
    cr_assert_str_eq(query("SELECT DISTINCT outcome, detail FROM trials WHERE id NOT LIKE '%good'"),
                     expected);
    cr_assert_str_eq(query("SELECT DISTINCT outcome FROM trials WHERE id LIKE '%good'"), "ok");
}

/* Reads the run again and again, so that each commit has to wait. */
static uint32_t is_over; /* atomic */
static void *read_on_and_on(void *context)
{
    char path[100];
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
        sqlite3 *db = NULL;
        if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK
            && sqlite3_exec(db, "BEGIN; SELECT count(*) FROM trial", NULL, NULL, NULL) == SQLITE_OK)
            usleep(50000);
        sqlite3_close(db);
        usleep(1000);
    }
    return context;
}

/* lab.R1, lab.R2: when a workload begins, all trials before it are over and stored. */
Test(run, a_trial_begins_when_the_one_before_is_stored)
{
    static char counts[] = "counts";
    pthread_t reader;
    setenv("STW_RUN_TEST", folder, 1);
    strategies[0] = counts;
    set_strategy(counts);
    cr_assert_eq(pthread_create(&reader, NULL, read_on_and_on, NULL), 0);
    run_matrix();
    __atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
    pthread_join(reader, NULL);
    cr_assert_str_eq(query("SELECT group_concat(operations) FROM (SELECT operations FROM trial"
                           " ORDER BY rowid)"), "0,1,2,3,4,5,6,7");
}

/* lab.R2: bad trials stop no matrix, in this and those that follow. */
Test(run, a_crash_is_typed)
{
    expect_typed("crash", "crashed", "SIGSEGV at 0x40");
    cr_assert_str_eq(query("SELECT DISTINCT signal FROM trials WHERE outcome='crashed'"), "11");
}

Test(run, an_exit_is_typed)
{
    expect_typed("exit", "crashed", "exited with status 3 without a result");
}

/* trial.WH2 */
Test(run, a_hang_is_typed)
{
    expect_typed("hang", "timed-out", "its time was up");
}

Test(run, a_hang_at_exit_is_told_from_one_in_the_trial)
{
    expect_typed("linger", "timed-out", "its time was up, after its result");
}

Test(run, a_scribbled_record_is_typed)
{
    expect_typed("scribble", "invalid",
                 "the worker's record is damaged: its magic number is gone");
}

Test(run, a_record_cannot_be_cut_short)
{
    expect_typed("shrink", "crashed", "exited with status 9 without a result");
}

Test(run, a_kill_that_is_not_ours_is_typed)
{
    expect_typed("killed", "crashed", "SIGKILL, not sent by the lab");
}

Test(run, workers_are_told_files_and_builds_of_their_plugins_alone)
{
    cr_assert_eq(stw_registry_add(registry, STW_BUILD_PLUGINS, &error), STW_OK);
    const struct stw_plugin_info *none = stw_registry_find(registry, STW_KIND_STRATEGY, "presize");
    cr_assert(none && none->build_id[0]);
    set_strategy("told + presize");
    run_matrix();
    cr_assert_eq(result.cells_not_ok, 0);
}

Test(run, a_checksum_that_differs_is_invalid)
{
    /* Good cells of both n agree with themselves: their checksums differ by n alone. Which of good
     * and differ comes first is the schedule's choice, and makes no difference. */
    strategies[0] = "none";
    set_strategy("differ");
    run_matrix();
    cr_assert_eq(result.cells_not_ok, 2);
    cr_assert_str_eq(query("SELECT DISTINCT id, outcome, detail FROM trials WHERE id LIKE 'n=8%'"
                           " ORDER BY cell"),
                     "n=8 strategy=none|ok|\nn=8 strategy=differ|invalid|checksum 00000000000004d2 "
                     "differs: 0000000000000008 by 2 trials of 1 cell (n=8 strategy=none), which "
                     "the baseline has; 00000000000004d2 by 2 trials of 1 cell (n=8 "
                     "strategy=differ)");
    cr_assert_str_eq(query("SELECT DISTINCT id, outcome FROM trials WHERE id LIKE 'n=9%'"
                           " ORDER BY cell"),
                     "n=9 strategy=none|ok\nn=9 strategy=differ|invalid");
}

/* Whose a key is decides what is compared, not how it is spelt (host.KO1). */
Test(run, a_key_of_the_workload_with_a_point_makes_groups)
{
    static char with_point[] = "gc.n";
    axes[0].key = with_point;
    set_strategy("good");
    run_matrix();
    cr_assert_eq(result.cells_not_ok, 0);
}

Test(run, a_setting_of_the_runtime_makes_no_groups)
{
    axes[0].owner = 0; /* cells of n=8 and n=9 should compute the same */
    set_strategy("good");
    run_matrix();
    cr_assert_eq(result.cells_not_ok, 4);
}

/* lab.R3: of the trials before the resume one is wrong and alone; those after it know better. */
Test(run, a_resume_judges_what_is_stored_anew)
{
    set_strategy("good");
    cells[1].excluded = cells[3].excluded = "too-big";
    experiment.trials = 1;
    run_matrix();
    cr_assert_eq(result.cells_not_ok, 0);
    char path[100];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    sqlite3_open(path, &db);
    sqlite3_exec(db, "UPDATE trial SET checksum='00000000000000aa' WHERE cell=0", NULL, NULL, NULL);
    sqlite3_close(db);
    experiment.trials = 3;
    options.resume = 1;
    run_matrix();
    cr_assert_eq(result.trials_stored, 2);
    cr_assert_eq(result.trials_run, 4);
    cr_assert_eq(result.cells_not_ok, 1);
    cr_assert_str_eq(query("SELECT trial, outcome, checksum FROM trials WHERE cell=0"
                           " ORDER BY trial"), "0|invalid|00000000000000aa\n"
                                               "1|ok|0000000000000008\n2|ok|0000000000000008");
}

Test(run, excluded_cells_get_one_skipped_row)
{
    set_strategy("differ");
    cells[1].excluded = cells[3].excluded = "too-big";
    run_matrix();
    options.resume = 1;
    run_matrix();
    cr_assert_eq(result.trials_run, 0);
    cr_assert_eq(result.trials_stored, 4);
    cr_assert_str_eq(query("SELECT cell, trial, detail FROM trials WHERE outcome='skipped'"),
                     "1|0|too-big: n == 9 && strategy == differ\n"
                     "3|0|too-big: n == 9 && strategy == differ");
}

Test(run, resume_counts_failures_of_before)
{
    set_strategy("exit");
    run_matrix();
    options.resume = 1;
    run_matrix();
    cr_assert_eq(result.trials_run, 0);
    cr_assert_eq(result.cells_not_ok, 2);
}

Test(run, an_executable_that_is_gone_is_an_error)
{
    strcpy(executable, "/nonexistent/stwlab");
    cr_assert_eq(stw_run_matrix(&matrix, registry, &options, &result, &error), STW_E_IO);
    cr_assert_not_null(strstr(error.message, "/nonexistent/stwlab"));
}

/* Runs the matrix in a child, sends it `count` interrupts from 50 ms on; its result, or -1. */
static int interrupted_run(int count, struct stw_run_result *shared)
{
    int status;
    pid_t coordinator = fork();
    if (coordinator == 0) {
        sigset_t both; /* one that comes early waits until the coordinator counts it */
        sigemptyset(&both);
        sigaddset(&both, SIGINT);
        sigaddset(&both, SIGTERM);
        sigprocmask(SIG_BLOCK, &both, NULL);
        cr_assert(freopen("/dev/null", "w", stderr));
        stw_status done = stw_run_matrix(&matrix, registry, &options, shared, &error);
        _exit(done == STW_OK ? 0 : 1);
    }
    for (int i = 0; i < count; i++) {
        usleep(50000);
        kill(coordinator, i ? SIGTERM : SIGINT);
    }
    waitpid(coordinator, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(run, the_first_interrupt_lets_the_trial_end)
{
    struct stw_run_result *shared = stw_memory_map_shared(stw_memory_share("t", 4096), 4096);
    strategies[0] = "slow";
    set_strategy("slow");
    cr_assert_eq(interrupted_run(1, shared), 0);
    cr_assert_eq(shared->interrupted, 1);
    cr_assert_eq(shared->trials_run, 1);
    cr_assert_str_eq(query("SELECT DISTINCT outcome FROM trials"), "ok");
    options.resume = 1;
    run_matrix();
    cr_assert_eq(result.trials_stored, 1);
    cr_assert_eq(result.trials_run, 7);
    cr_assert_str_eq(query("SELECT count(*), count(DISTINCT cell || ' ' || trial) FROM trials"),
                     "8|8");
}

Test(run, the_second_interrupt_drops_it)
{
    struct stw_run_result *shared = stw_memory_map_shared(stw_memory_share("t", 4096), 4096);
    strategies[0] = "hang";
    set_strategy("hang");
    experiment.timeout_ns = 60000000000;
    cr_assert_eq(interrupted_run(2, shared), 0);
    cr_assert_eq(shared->interrupted, 1);
    cr_assert_eq(shared->trials_run, 0);
    cr_assert_str_eq(query("SELECT count(*) FROM trials"), "0");
}

/* lab.R4 */
Test(run, times_of_a_trial_are_told)
{
    set_strategy("slow");
    uint64_t began_ns = stw_clock_ns();
    run_matrix();
    uint64_t took_ns = stw_clock_ns() - began_ns;
    const char *sum = query("SELECT sum(wall_ns + coordinator_ns) FROM trials");
    uint64_t told_ns = strtoull(sum, NULL, 10);
    cr_assert_leq(told_ns, took_ns);
    cr_assert_geq(told_ns, took_ns / 2, "%llu of %llu ns", (unsigned long long)told_ns,
                  (unsigned long long)took_ns);
    cr_assert_str_eq(query("SELECT min(wall_ns) >= 100000000, min(start_ns) > 0,"
                           " min(start_ns) < 100000000 FROM trials WHERE id LIKE '%slow'"),
                     "1|1|0"); /* this worker sleeps before its first operation */
    cr_assert_str_eq(query("SELECT min(coordinator_ns) > 0, min(rss_peak_bytes) > 100000"
                           " FROM trials"), "1|1");
}

static stw_status look_at(void *context, const struct stw_sql *sql, int *is_enough,
                          struct stw_error *why)
{
    struct looks *to = context;
    (void)sql, (void)why;
    stw_text_add(&to->stored, "%s%s", to->count++ ? " " : "",
                 query("SELECT count(*) FROM trial"));
    *is_enough = to->count == to->enough_at;
    return STW_OK;
}

static void set_rule(uint64_t least, uint64_t most, uint32_t enough_at)
{
    static char metric[] = "cpu";
    stw_text_free(&looks.stored);
    looks = (struct looks){.enough_at = enough_at};
    experiment.enough = (struct stw_enough){metric, least, 5};
    experiment.trials = most;
    options.is_enough = look_at;
    options.context = &looks;
}

/* lab.R7: four cells; two trials of each without a look, then one before each block. */
Test(run, looks_before_each_block_and_ends_when_it_is_enough)
{
    set_strategy("good");
    set_rule(2, 9, 3);
    run_matrix();
    cr_assert_str_eq(looks.stored.bytes, "8 12 16");
    cr_assert_eq(result.ended, STW_ENDED_ENOUGH);
    cr_assert_eq(result.blocks, 4);
    cr_assert_eq(result.trials_run, 16);
    cr_assert_eq(result.interrupted, 0);
    cr_assert_str_eq(query("SELECT DISTINCT n FROM (SELECT count(*) AS n FROM trial"
                           " GROUP BY cell)"), "4");
    cr_assert_str_eq(query("SELECT value FROM run WHERE key = 'trials'"), "4");
    cr_assert_str_eq(query("SELECT trials, ended, ended_trials FROM plans"),
                     "2..9 until 5% of cpu|enough|4");
    options.resume = 1;
    set_rule(2, 9, 1);
    run_matrix(); /* still enough: nothing runs */
    cr_assert_str_eq(looks.stored.bytes, "16");
    cr_assert_eq(result.trials_run, 0);
    set_rule(2, 6, 0);
    run_matrix(); /* never enough */
    cr_assert_str_eq(looks.stored.bytes, "16 20");
    cr_assert_eq(result.ended, STW_ENDED_PLANNED);
    cr_assert_eq(result.trials_run, 8);
    cr_assert_str_eq(query("SELECT ended FROM plans"), "enough\nenough\nplanned");
}

/* lab.R7: what an interrupt left of a block runs before it is asked whether that is enough. */
Test(run, completes_a_block_that_has_begun)
{
    set_strategy("good");
    experiment.trials = 3;
    run_matrix();
    char path[100];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    sqlite3_open(path, &db);
    sqlite3_exec(db, "DELETE FROM trial WHERE cell > 0 AND trial = 2;"
                 "DELETE FROM machine_time WHERE trial_id NOT IN (SELECT trial_id FROM trial)",
                 NULL, NULL, NULL);
    sqlite3_close(db);
    options.resume = 1;
    set_rule(2, 9, 1);
    run_matrix();
    cr_assert_str_eq(looks.stored.bytes, "12");
    cr_assert_eq(result.trials_run, 3);
}

Test(run, begins_no_block_when_its_time_is_over)
{
    set_strategy("slow"); /* two trials of a block take 100 ms each */
    experiment.trials = 50;
    experiment.time_ns = 300000000;
    run_matrix();
    cr_assert_eq(result.ended, STW_ENDED_TIME);
    cr_assert_eq(result.interrupted, 0);
    cr_assert(result.blocks >= 1 && result.blocks <= 2, "%d", (int)result.blocks);
    cr_assert_eq(result.trials_run, 4 * result.blocks);
    cr_assert_str_eq(query("SELECT ended, value FROM plans, run WHERE key = 'trials'"), "time|50");
    experiment.time_ns = 1; /* at least one block */
    options.resume = 1;
    run_matrix();
    cr_assert_eq(result.trials_run, 4);
}
