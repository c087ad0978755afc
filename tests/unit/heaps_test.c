/* unit/heaps_test.c: heap limits in multiples of the least heap (plan.HE1, plan.HE2, report.LH1).
 * Method: experiments against fixture plugins; least heaps are given, or read from a small
 * run that is written here. */
#include "fixture_registry.h"
#include "plan/heaps.h"
#include "report/least_heaps.h"
#include "store/schema.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define HEAD "[experiment]\nname = x\nquestion = q\nworkload = fixture-work\nminheap = m\n"

static struct stw_error error = STW_ERROR_INIT;

static struct stw_matrix build(const struct stw_experiment *experiment)
{
    struct stw_matrix matrix;
    cr_assert_eq(stw_matrix_build(experiment, NULL, &matrix, &error), STW_OK, "%s", error.message);
    return matrix;
}

/* The hashes of the cells of an experiment with these axes and fixed keys. */
static void hash_cells(const char *keys, char hashes[][17])
{
    struct stw_text ini = {0};
    stw_text_add(&ini, HEAD "%s" FIXTURE_FIXED, keys);
    struct stw_experiment experiment = fixture_experiment(ini.bytes, NULL);
    struct stw_matrix matrix = build(&experiment);
    for (uint32_t i = 0; i < matrix.cell_count; i++)
        strcpy(hashes[i], matrix.cells[i].hash);
    stw_matrix_free(&matrix);
    stw_experiment_free(&experiment);
    stw_text_free(&ini);
}

static void give(struct stw_experiment *experiment, const char *hash, uint64_t bytes)
{
    struct stw_least_heap *heap = stw_new(1, sizeof *heap);
    strcpy(heap->hash, hash);
    heap->bytes = bytes;
    stw_experiment_take_heaps(experiment, heap, 1);
}

/* plan.HE1: by its hash and its settings it is the cell with that limit. */
Test(heaps, a_multiple_is_a_limit)
{
    char base[2][17], limited[2][17];
    struct stw_text settings = {0};
    hash_cells("[axes]\nn = 1, 2\n", base);
    hash_cells("[axes]\nn = 2\ngc.limit = 0, 3MiB\n", limited);
    cr_assert_str_eq(base[1], limited[0]);
    struct stw_experiment experiment = fixture_experiment(
        HEAD "[axes]\nn = 1, 2\nheap = off, 1.50x\n" FIXTURE_FIXED, NULL);
    give(&experiment, base[1], 2 << 20);
    struct stw_matrix matrix = build(&experiment);
    cr_assert_eq(matrix.cell_count, 4);
    cr_assert_str_eq(matrix.cells[3].id, "n=2 heap=1.5x");
    cr_assert_eq(matrix.cells[3].limit_bytes, 3 << 20);
    cr_assert_null(matrix.cells[3].excluded);
    cr_assert_str_eq(matrix.cells[3].hash, limited[1]);
    cr_assert_str_eq(matrix.cells[2].hash, base[1]);
    stw_cell_settings(&matrix, &matrix.cells[3], &settings);
    cr_assert_not_null(strstr(settings.bytes, "\ngc.limit\t3145728\n"), "%s", settings.bytes);
    cr_assert_null(strstr(settings.bytes, "heap\t"), "%s", settings.bytes);
    stw_text_free(&settings);
    /* plan.HE2 */
    cr_assert_str_eq(matrix.cells[0].hash, base[0]);
    cr_assert_null(matrix.cells[0].excluded);
    cr_assert_str_eq(matrix.cells[1].excluded, "heap");
    cr_assert_not_null(strstr(matrix.cells[1].reason, "/m does not know its least heap"), "%s",
                       matrix.cells[1].reason);
    cr_assert_str_neq(matrix.cells[1].hash, base[0]);
    stw_matrix_free(&matrix);
    stw_experiment_free(&experiment);
}

Test(heaps, limits_are_whole_kib)
{
    char base[1][17];
    hash_cells("[axes]\nn = 1\n", base);
    struct stw_experiment experiment =
        fixture_experiment(HEAD "[axes]\nn = 1\nheap = 1.3x\n" FIXTURE_FIXED, NULL);
    give(&experiment, base[0], 70 * 1024);
    struct stw_matrix matrix = build(&experiment);
    cr_assert_eq(matrix.cells[0].limit_bytes, 91 * 1024);
    stw_matrix_free(&matrix);
    stw_experiment_free(&experiment);
}

static void refuses(const char *ini, const char *problem)
{
    struct reading_result result = fixture_read(ini, NULL);
    cr_expect_str_eq(result.problems, problem);
    cr_expect_eq(result.status, STW_E_INVALID);
    free(result.problems);
    stw_experiment_free(&result.experiment);
}

Test(heaps, wrong_multiples_are_refused)
{
    refuses(HEAD "[axes]\nheap = 0.9x, 2, x, 1e3x\n" FIXTURE_FIXED,
            "FILE:7: [axes] heap: \"0.9x\" is out of range: 1x to 1000x\n"
            "FILE:7: [axes] heap: \"2\" is neither \"off\" nor a multiple, as 1.3x\n"
            "FILE:7: [axes] heap: \"x\" is neither \"off\" nor a multiple, as 1.3x\n"
            "FILE:7: [axes] heap: \"1e3x\" is neither \"off\" nor a multiple, as 1.3x\n");
    refuses(HEAD "[axes]\nheap = 2x, 2.0x\n" FIXTURE_FIXED,
            "FILE:7: [axes] heap: \"2.0x\" is there twice: it is \"2x\"\n");
    refuses(HEAD "[axes]\nheap = 2x\n" FIXTURE_FIXED "gc.limit = 1GiB\n",
            "FILE: [axes] heap: heap is gc.limit in multiples: one of the two is enough\n");
    refuses(FIXTURE_HEAD "[axes]\nheap = 2x\n" FIXTURE_FIXED,
            "FILE: [axes] heap: multiples of what? [experiment] minheap = RUN names what stwlab "
            "minheap has found\n");
}

/* A run of two cells; of the first the limits 4 and 2 MiB are kept, 3 MiB has no meaning. */
static void write_run(const char *path)
{
    static const char *const rows[] = {
        "PRAGMA application_id=0x53545731; PRAGMA user_version=6; BEGIN",
        "INSERT INTO cell VALUES(0, 'a', 'n=1', NULL), (1, 'b', 'n=2', NULL), (2, 'c', 'x', NULL),"
        " (3, 'd', 'x', NULL), (4, 'e', 'x', NULL), (5, 'f', 'n=3', NULL)",
        "INSERT INTO cell_axis VALUES(0, 0, 'n', '1'), (1, 0, 'n', '2'), (2, 0, 'n', '1'),"
        " (3, 0, 'n', '1'), (4, 0, 'n', '1'), (5, 0, 'n', '3'), (0, 1, 'gc.limit', '0'),"
        " (1, 1, 'gc.limit', '0'), (2, 1, 'gc.limit', '4MiB'), (3, 1, 'gc.limit', '2MiB'),"
        " (4, 1, 'gc.limit', '1MiB'), (5, 1, 'gc.limit', '0')",
        "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome) VALUES(1, 0, 'a', 0, 'ok'),"
        " (2, 1, 'b', 0, 'ok'), (3, 2, 'c', 0, 'ok'), (4, 3, 'd', 0, 'ok'), (5, 4, 'e', 0, 'ok'),"
        " (6, 3, 'd', 1, 'ok'), (7, 5, 'f', 0, 'crashed')",
        "INSERT INTO counter SELECT trial_id, 'heap.pages_peak_bytes', CASE trial_id WHEN 1 THEN"
        " 9000000 WHEN 2 THEN 65536 WHEN 6 THEN 2097152 WHEN 5 THEN 1048577 ELSE 1000000 END"
        " FROM trial",
        "COMMIT",
    };
    sqlite3 *db = NULL;
    char *message = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert_eq(sqlite3_exec(db, rows[i], NULL, NULL, &message), SQLITE_OK, "%s", message);
        for (int s = 0; i == 0 && stw_schema[s]; s++)
            cr_assert_eq(sqlite3_exec(db, stw_schema[s], NULL, NULL, NULL), SQLITE_OK);
    }
    sqlite3_close(db);
}

/* report.LH1 */
Test(heaps, least_heaps_are_the_least_limits_that_all_trials_kept)
{
    char folder[] = "/tmp/stw-heaps-XXXXXX", path[64];
    struct stw_experiment experiment = {0};
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/results.sqlite", folder);
    cr_assert_eq(stw_least_heaps_read(folder, &experiment, &error), STW_E_INVALID);
    write_run(path);
    cr_assert_eq(stw_least_heaps_read(folder, &experiment, &error), STW_OK, "%s", error.message);
    cr_assert_eq(experiment.least_heap_count, 2); /* the third is not ok without a limit */
    cr_assert_str_eq(experiment.least_heaps[0].hash, "a");
    cr_assert_eq(experiment.least_heaps[0].bytes, 2 << 20);
    cr_assert_str_eq(experiment.least_heaps[1].hash, "b");
    cr_assert_eq(experiment.least_heaps[1].bytes, 65536);
    stw_experiment_free(&experiment);
    unlink(path);
    rmdir(folder);
}
