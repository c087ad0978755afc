/* unit/gate_test.c: what fails, passes and stays undecided by --fail-if (report.GT1, GT2, GT3), how
 * conditions are read, and what the JUnit file says.
 * Method: two cells in a small database with the schema of the store, whose CPU times are far
 * apart, close to each other, or one and the same. */
#include "base/error.h"
#include "report/gate.h"
#include "small_run.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static struct stw_results results;
static struct stw_error error = STW_ERROR_INIT;
static struct stw_gates gates;
static struct stw_noise quiet, busy;
static struct stw_finding finding = {.severity = STW_NOISE_BUSY, .kind = "others",
                                     .words = (char[]){"others & more"}, .avoid = "times"};

/* So many trials of both cells: cpu is 1000 give or take `spread` in cell 1, `times` that in cell
 * 0; gc.cycles is 11 there and 10 here. */
static void build(int trials, double times, int spread)
{
    sqlite3 *db = small_begin();
    run_sql(db, "INSERT INTO cell VALUES(0, 'h0', 'v=<new>', NULL), (1, 'h1', 'v=\"old\"', NULL)");
    for (int cell = 0; cell < 2; cell++)
        for (int trial = 0; trial < trials; trial++) {
            char sql[512];
            int id = 1000 * cell + trial, cpu = 1000 + (trial * (cell ? 7 : 3) % 5 - 2) * spread;
            snprintf(sql, sizeof sql,
                     "INSERT INTO trial(trial_id, cell, cell_hash, trial, outcome, cpu_ns, start)"
                     " VALUES(%d, %d, 'h%d', %d, 'ok', %d, 1);"
                     "INSERT INTO counter VALUES(%d, 'gc.cycles', %d)",
                     id, cell, cell, trial, (int)(cell ? cpu : cpu * times), id, cell ? 10 : 11);
            run_sql(db, sql);
        }
    small_end(db);
    cr_assert_eq(stw_results_read(small_run, &results, &error), STW_OK, "%s", error.message);
    busy = (struct stw_noise){.items = &finding, .count = 1};
}

static void remove_all(void)
{
    stw_gates_free(&gates);
    stw_results_free(&results);
    small_remove();
}

TestSuite(gate, .fini = remove_all);

/* The verdict of cell 0 against cell 1; what became of it is in gates.gated[0]. */
static int verdict(const char *condition, const struct stw_noise *noise)
{
    const struct stw_compare_options options = {.bootstrap = {1, 2000, 95}, .noise = noise};
    const struct stw_compare_side a = {&results, &results.reader, &results.cells[0]};
    const struct stw_compare_side b = {&results, &results.reader, &results.cells[1]};
    stw_gates_free(&gates);
    cr_assert_eq(stw_gates_add(&gates, condition, &error), STW_OK, "%s", error.message);
    cr_assert_eq(stw_gates_ask(&gates, &a, &b, &options, &error), STW_OK, "%s", error.message);
    stw_gates_judge(&gates, &options);
    return (int)gates.gated[0].verdict;
}

/* report.GT1 */
Test(gate, decides_what_is_shown)
{
    build(20, 1.2, 10);
    cr_expect_eq(verdict("cpu > 1.1x", &quiet), STW_GATE_FAILS);
    cr_expect_eq(verdict("cpu > 1.3x", &quiet), STW_GATE_PASSES);
    cr_expect_eq(verdict("cpu < 1.1x", &quiet), STW_GATE_PASSES);
    cr_expect_eq(verdict("cpu <= 1.3x", &quiet), STW_GATE_FAILS);
    cr_expect_float_eq(gates.asked.items[0].contrast.ratio.estimate, 1.2, 0.02, "as it is");
}

/* report.GT1: nor is a small difference that is not shown a pass. */
Test(gate, leaves_open_what_is_not_shown)
{
    build(20, 1.05, 100);
    cr_expect_eq(verdict("cpu > 1x", &quiet), STW_GATE_UNDECIDED);
    cr_expect_null(gates.gated[0].without);
    cr_expect_gt(gates.gated[0].trials, 20);
    cr_expect_eq(verdict("cpu > 2x", &quiet), STW_GATE_PASSES);
}

/* report.GT1: what has no verdict as a comparison. */
Test(gate, leaves_open_what_few_trials_cannot_show)
{
    build(5, 3, 1);
    cr_expect_eq(verdict("cpu > 1.1x", &quiet), STW_GATE_UNDECIDED);
    cr_expect(gates.gated[0].without);
}

/* report.GT2 */
Test(gate, counts_that_never_vary_decide)
{
    build(1, 1, 1);
    cr_expect_eq(verdict("gc.cycles > 1x", &busy), STW_GATE_FAILS);
    cr_expect_eq(verdict("gc.cycles > 1.1x", &busy), STW_GATE_PASSES, "10 times 1.1 is 11");
    cr_expect_eq(verdict("gc.cycles >= 1.1x", &busy), STW_GATE_FAILS);
    cr_expect_eq(verdict("gc.cycles < 1.2x", &busy), STW_GATE_FAILS);
    cr_expect_eq(verdict("gc.cycles < 1.1x", &busy), STW_GATE_PASSES);
}

/* report.GT3 */
Test(gate, a_busy_machine_decides_nothing_timed)
{
    build(20, 1.2, 10);
    cr_expect_eq(verdict("cpu > 1.1x", &busy), STW_GATE_UNDECIDED);
    cr_expect_str_eq(gates.gated[0].without, "the machine was busy");
}

static void refused(const char *condition, const char *part)
{
    cr_expect_eq(stw_gates_add(&gates, condition, &error), STW_E_INVALID, "%s", condition);
    cr_expect(strstr(error.message, part), "%s: %s", condition, error.message);
    cr_expect(strstr(error.message, condition), "%s", error.message);
}

Test(gate, conditions_are_read)
{
    static const struct {
        const char *text, *metric;
        int is_more, holds_equal;
        double factor;
    } good[] = {{"stop.p50 > 1.1x", "stop.p50", 1, 0, 1.1}, {" cpu<=2x ", "cpu", 0, 1, 2},
                {"stop.over(1ms) >= .5x", "stop.over(1ms)", 1, 1, 0.5}, {"a<1e1x", "a", 0, 0, 10}};
    for (uint32_t i = 0; i < sizeof good / sizeof *good; i++) {
        cr_assert_eq(stw_gates_add(&gates, good[i].text, &error), STW_OK, "%s", error.message);
        const struct stw_gate *gate = &gates.items[i];
        cr_expect_str_eq(gate->metric, good[i].metric);
        cr_expect(gate->is_more == good[i].is_more && gate->holds_equal == good[i].holds_equal);
        cr_expect_float_eq(gate->factor, good[i].factor, 1e-12);
    }
    refused("> 2x", "a metric comes first");
    refused("", "a metric comes first");
    refused("cpu", "behind the metric");
    refused("cpu = 2x", "behind the metric");
    refused("cpu > ", "so many times");
    refused("cpu > 2", "a number with an x");
    refused("cpu > 2xx", "a number with an x");
    refused("cpu > -2x", "so many times");
    refused("cpu > 0x", "so many times");
    refused("cpu > nanx", "so many times");
    refused("cpu => 2x", "behind the metric");
}

static void expect_junit(int is_strict, const struct stw_noise *noise, const char *const *parts)
{
    const struct stw_compare_options options = {.bootstrap = {1, 2000, 95}, .noise = noise};
    char *bytes = NULL;
    size_t length;
    FILE *file = open_memstream(&bytes, &length);
    stw_gates_junit(&gates, "a&b", &options, is_strict, file);
    fclose(file);
    for (; *parts; parts++)
        cr_expect(strstr(bytes, *parts), "%s lacks %s", bytes, *parts);
    free(bytes);
}

Test(gate, junit_has_what_is_undecided_as_skipped_or_failed)
{
    static const char *const skipped[] = {
        "<testsuite name=\"a&amp;b\" tests=\"1\" failures=\"0\" skipped=\"1\">",
        "<testcase classname=\"cpu &gt; 1.1x\" name=\"v=&lt;new&gt; against v=&quot;old&quot;\">",
        "<skipped message=\"", "the machine was busy\"/>", "others &amp; more", NULL};
    static const char *const strict[] = {"failures=\"1\" skipped=\"0\"", "type=\"undecided\"/>",
                                         NULL};
    static const char *const failed[] = {"failures=\"1\" skipped=\"0\"", "type=\"fails\"/>", NULL};
    build(20, 1.2, 10);
    cr_expect_eq(verdict("cpu > 1.1x", &busy), STW_GATE_UNDECIDED);
    expect_junit(0, &busy, skipped);
    expect_junit(1, &busy, strict);
    cr_expect_eq(verdict("cpu > 1.1x", &quiet), STW_GATE_FAILS);
    expect_junit(0, &quiet, failed);
}
