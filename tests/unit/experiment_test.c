/* unit/experiment_test.c: an INI file becomes an experiment, or the full list of what is wrong.
 *
 * Method: files are read against a registry of fixture plugins (support/plugins); axes, fixed keys
 * and values are compared as text, and so are all problems, line numbers included. */
#include "fixture_registry.h"

#include "plan/keys.h"

#define HEAD FIXTURE_HEAD   /* lines 1 to 3 */
#define FIXED FIXTURE_FIXED /* four lines */

static void add_axes(struct stw_text *text, const char *label, const struct stw_axis *axes,
                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        stw_text_add(text, "%d %s %s =", axes[i].line, label, axes[i].key);
        for (uint32_t v = 0; v < axes[i].value_count; v++)
            stw_text_add(text, "%s %s", v ? "," : "", axes[i].values[v]);
        stw_text_add(text, "\n");
    }
}

static void expect_keys_set(const char *ini, const char *const *overrides, const char *expected)
{
    struct stw_experiment experiment = fixture_experiment(ini, overrides);
    struct stw_text text = {0};
    add_axes(&text, "axis", experiment.axes, experiment.axis_count);
    add_axes(&text, "fixed", experiment.fixed, experiment.fixed_count);
    cr_assert_str_eq(stw_text_get(&text), expected);
    stw_text_free(&text);
    stw_experiment_free(&experiment);
}

static void expect_keys(const char *ini, const char *expected)
{
    expect_keys_set(ini, NULL, expected);
}

static void expect_problems_set(const char *ini, const char *const *overrides,
                                const char *expected)
{
    struct reading_result result = fixture_read(ini, overrides);
    cr_assert_str_eq(result.problems, expected);
    cr_assert_eq(result.status, STW_E_INVALID);
    stw_experiment_free(&result.experiment);
    free(result.problems);
}

static void expect_problems(const char *ini, const char *expected)
{
    expect_problems_set(ini, NULL, expected);
}

/* [experiment] */

Test(experiment, reads_every_key_of_its_own)
{
    struct stw_experiment e = fixture_experiment(
        "[experiment]\nname = a.b_c-1\nquestion = Does it; or not?\nworkload = fixture-work\n"
        "trials = 3\nseed = 18446744073709551615\ntimeout = 500ms\nmemory = 64MiB\n" FIXED, NULL);
    cr_assert_str_eq(e.name, "a.b_c-1");
    cr_assert_str_eq(e.question, "Does it; or not?");
    cr_assert_str_eq(e.workload, "fixture-work");
    cr_assert_eq(e.trials, 3);
    cr_assert_eq(e.seed, UINT64_MAX);
    cr_assert_eq(e.timeout_ns, 500000000u);
    cr_assert_eq(e.memory_bytes, 64u << 20);
    stw_experiment_free(&e);
}

Test(experiment, reads_how_many_trials_are_enough)
{
    struct stw_text text = {0};
    struct stw_experiment e = fixture_experiment(
        HEAD "trials = 20..200  until 2.5% of op.p99\ntime = 5min\n" FIXED, NULL);
    cr_assert_eq(e.enough.least, 20);
    cr_assert_eq(e.trials, 200);
    cr_assert_float_eq(e.enough.percent, 2.5, 1e-12);
    cr_assert_str_eq(e.enough.metric, "op.p99");
    cr_assert_eq(e.time_ns, 300000000000u);
    stw_experiment_trials(&e, &text);
    cr_assert_str_eq(text.bytes, "20..200 until 2.5% of op.p99");
    stw_text_free(&text);
    stw_experiment_free(&e);
    static const char *const plain[] = {"experiment.trials=7", NULL};
    e = fixture_experiment(HEAD "trials = 20..200 until 5% of cpu\n" FIXED, plain);
    cr_assert_null(e.enough.metric);
    stw_experiment_trials(&e, &text);
    cr_assert_str_eq(text.bytes, "7");
    stw_text_free(&text);
    stw_experiment_free(&e);
}

static void refuses_trials(const char *value, const char *why)
{
    struct stw_text ini = {0}, problem = {0};
    stw_text_add(&ini, HEAD "trials = %s\n" FIXED, value);
    stw_text_add(&problem, "FILE:4: [experiment] trials: %s\n", why);
    expect_problems(ini.bytes, problem.bytes);
    stw_text_free(&ini);
    stw_text_free(&problem);
}

/* plan.TR1 */
Test(experiment, refuses_rules_that_could_not_be_kept)
{
#define FORM                                                                                       \
    "expected LEAST..MOST until PERCENT% of METRIC, as in 20..200 until 5% of stop.p50"
    refuses_trials("5..20 until 5% of cpu",
                   "\"5\": fewer than 6 trials have no interval, so that nothing is known of them");
    refuses_trials("20..20 until 5% of cpu",
                   "\"20..20\": the second number is to be the larger one");
    refuses_trials("20..200000 until 5% of cpu", "\"200000\" is out of range: 1 to 100000");
    refuses_trials("20..x until 5% of cpu", "\"x\" is not a number");
    refuses_trials("20..200 until 0% of cpu", "\"0%\" is out of range: above 0%, up to 100%");
    refuses_trials("20..200 until 0x5% of cpu", "\"0x5%\" is no percentage; " FORM);
    refuses_trials("20..200 until five% of cpu", "\"five%\" is no percentage; " FORM);
    refuses_trials("20..200 until 5% of pause.max", "\"pause.max\": a maximum may be anything in "
                                                    "the next trial; it has no interval");
    refuses_trials("20..200 until 5% of pause.p5O",
                   "there is no metric 'pause.p5O'; did you mean 'pause.p50'?");
    refuses_trials("20..200", "\"20..200\" is neither a number nor a rule; " FORM);
    refuses_trials("20 until 5% of cpu", "\"20 until 5% of cpu\" is neither a number nor a rule; "
                                         FORM);
    refuses_trials("20..200 until 5% of cpu or so",
                   "\"20..200 until 5% of cpu or so\" is neither a number nor a rule; " FORM);
}

Test(experiment, has_defaults)
{
    struct stw_experiment e = fixture_experiment(HEAD FIXED, NULL);
    cr_assert_eq(e.trials, 20);
    cr_assert_null(e.enough.metric);
    cr_assert_eq(e.time_ns, 0);
    cr_assert_eq(e.seed, 1);
    cr_assert_eq(e.timeout_ns, 60000000000u);
    cr_assert_eq(e.memory_bytes, 2ull << 30);
    cr_assert_str_eq(e.ini_text, HEAD FIXED);
    stw_experiment_free(&e);
}

static void expect_remark(const char *ini, const char *const *overrides, const char *where)
{
    struct reading_result result = fixture_read(ini, overrides);
    struct stw_text expected = {0};
    stw_text_add(&expected, "%s: is missing; say in a sentence what is asked\n", where);
    cr_assert_str_eq(result.problems, expected.bytes);
    cr_assert_eq(result.status, STW_OK);
    stw_text_free(&expected);
    stw_experiment_free(&result.experiment);
    free(result.problems);
}

Test(experiment, misses_a_question)
{
    static const char *const no_question[] = {"experiment.question= ; all gone", NULL};
    expect_remark(HEAD FIXED, no_question, "--set experiment.question= ; all gone");
    expect_remark(HEAD "question = ; all gone\n" FIXED, NULL, "FILE:4: [experiment] question");
    expect_remark("[experiment]\nname = question\nworkload = fixture-work\n" FIXED, NULL,
                  "FILE:1: [experiment] question");
}

Test(experiment, demands_a_name_and_a_workload)
{
    expect_problems(FIXED, "FILE: [experiment] name: is missing\n"
                           "FILE: [experiment] workload: is missing\n");
    expect_problems("\n[experiment]\nname =\n" FIXED,
                    "FILE:2: [experiment] workload: is missing\n"
                    "FILE:3: [experiment] name: is missing\n");
}

Test(experiment, refuses_bad_values_of_its_own)
{
    expect_problems("[experiment]\nname = ../x\nworkload = fixture-wrok\ntrial = 3\nzzz = 1\n"
                    "gogc = 50\n" FIXED,
                    "FILE:2: [experiment] name: \"../x\" is not a name: letters, digits, \".\", "
                    "\"_\" and \"-\", beginning with a letter or a digit, at most 64\n"
                    "FILE:3: [experiment] workload: there is no workload \"fixture-wrok\"; did you "
                    "mean \"fixture-work\"?\n"
                    "FILE:4: [experiment] trial: unknown key; did you mean \"trials\"?\n"
                    "FILE:5: [experiment] zzz: unknown key; there are name, question, workload, "
                    "trials, time, seed, timeout, memory, sandbox, minheap and canary\n"
                    "FILE:6: [experiment] gogc: belongs in [fixed] or [axes]\n");
}

/* Sections and claims. */

Test(experiment, refuses_unknown_sections)
{
    expect_problems(HEAD "[FIXED]\n" FIXED,
                    "FILE:4: [FIXED]: unknown section; did you mean [fixed]?\n");
    expect_problems(HEAD "[axis]\nn = 1\n[zebra]\n" FIXED,
                    "FILE:4: [axis]: unknown section; did you mean [axes]?\n"
                    "FILE:6: [zebra]: unknown section; there are [experiment], [axes], [fixed], "
                    "[exclude], [permissions] and [claim ID]\n");
}

Test(experiment, keeps_claims)
{
    struct stw_experiment e = fixture_experiment(
        HEAD FIXED "n = 1\n[claim C1.1]\nsays = a is b\n"
                   "expect = ratio(pause.max, n=1, n=2) >= 100\n"
                   "[claim  C2]\nexpect = pause.p99 < 10ms\nsays = y\n", NULL);
    cr_assert_eq(e.claim_count, 2);
    cr_assert_str_eq(e.claims[0].id, "C1.1");
    cr_assert_str_eq(e.claims[0].says, "a is b");
    cr_assert_str_eq(e.claims[0].expect, "ratio(pause.max, n=1, n=2) >= 100");
    cr_assert_str_eq(e.claims[1].id, "C2");
    stw_experiment_free(&e);
}

/* A metric may have parentheses of its own. */
Test(experiment, claims_count_stops_over_a_bound)
{
    struct stw_experiment e = fixture_experiment(
        HEAD FIXED "n = 1\n[claim C]\nsays = s\nexpect = ratio(stop.over(1ms), n=1, n=2) <= 0.5\n"
                   "[claim D]\nsays = s\nexpect = stop.mark-termination.over(2.5us) < 3\n"
                   "[claim E]\nsays = s\nexpect = op.p99.9 < stop.total\n", NULL);
    cr_expect_eq(e.claim_count, 3);
    stw_experiment_free(&e);
}

Test(experiment, refuses_bad_claims)
{
    expect_problems(HEAD FIXED "[claim]\nsays = a\nexpect = rss > 1\n[claim A]\nsays = a\n"
                               "[claim  A]\nsays =\nexpect = cpu > 1\nbecause = d\n",
                    "FILE:8: [claim]: a claim needs an id, as in [claim C1]\n"
                    "FILE:11: [claim A] expect: is missing\n"
                    "FILE:13: [claim  A]: there is another claim \"A\"\n"
                    "FILE:14: [claim  A] says: is missing\n"
                    "FILE:16: [claim  A] because: unknown key; a claim has \"says\" and "
                    "\"expect\"\n");
}

static void expect_claim_refused(const char *expect, const char *what)
{
    char ini[512], problem[512];
    snprintf(ini, sizeof ini, HEAD FIXED "n = 1\n[claim C]\nsays = a\nexpect = %s\n", expect);
    snprintf(problem, sizeof problem, "FILE:11: [claim C] expect: %s\n", what);
    expect_problems(ini, problem);
}

/* Nonsense is told when the file is read, not when somebody wants the verdict. */
Test(experiment, refuses_claims_that_nobody_can_judge)
{
    expect_claim_refused("rato(banana >>> 7",
                         "there is no function \"rato\"; there is ratio, as in "
                         "ratio(pause.max, n=2, n=1) >= 100");
    expect_claim_refused("gc.cycles", "ends where ==, !=, <, <=, > or >= should be");
    expect_claim_refused("ratio(op.p50, n=1", "ends where \",\" or \")\" should be");
    expect_claim_refused("ratio(op.p50, m=1, n=2) > 1",
                         "\"m\" is neither in [axes] nor in [fixed]; did you mean \"n\"?");
    expect_claim_refused("op.p50 > ", "ends where a number, a metric or a function should be");
    expect_claim_refused("op.p50 > 1 > 2", "expected the end at \"> 2\"");
    expect_claim_refused("ratio(, n=1) > 1", "expected a metric or KEY=VALUE at \", n=1) > 1\"");
    expect_claim_refused("stop.over(1) > 2", "over(1): a time, as in over(1ms) is needed");
    expect_claim_refused("gc.cycle > 1",
                         "there is no metric 'gc.cycle'; did you mean 'gc.cycles'?");
    expect_claim_refused("10ms > ratio(pause.p9, n=1, n=2, puse.p9)",
                         "there is no metric 'puse.p9'; did you mean 'pause.p9'?");
    expect_claim_refused("pause > 1", "a trial has many of 'pause'; say which, as in 'pause.p50'");
    expect_claim_refused("strategy/absent.hits > 1",
                         "there is no metric 'strategy/absent.hits'; see stwlab facts, and stwlab "
                         "help compare");
    struct stw_experiment e = fixture_experiment(
        HEAD FIXED "[claim B]\nsays = a\nexpect = go.pause_total_ns < op.max\n[claim C]\nsays = a\n"
        "expect = 2 <= ratio(pause.max, strategy=\"a + b\", map='x')\n"
        "[claim D]\nsays = b\nexpect = 1\n", NULL);
    stw_experiment_free(&e);
}

/* [axes] and [fixed] */

Test(experiment, spells_values_in_one_way)
{
    expect_keys(HEAD "[axes]\nn = 65_536, 2^10, 1k\nroom = 64KiB, 1048576\nratio = 0.50, 1\n"
                     "rest = 10ms\ndeep = yes, off\nshape = string\nsource = any text, /a/b\n"
                     "strategy = fixture-a+fixture-b, fixture-b  +  fixture-a, fixture-a\n"
                     "gogc = 050, off\n"
                     "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\ngc.mode = stw\n"
                     "map.fixture-map.fill = 0.5\nstrategy.fixture-a.label = x, y\n",
                "5 axis n = 65536, 1024, 1000\n"
                "6 axis room = 64KiB, 1MiB\n"
                "7 axis ratio = 0.5, 1\n"
                "8 axis rest = 10ms\n"
                "9 axis deep = true, false\n"
                "10 axis shape = string\n"
                "11 axis source = any text, /a/b\n"
                "12 axis strategy = fixture-a + fixture-b, fixture-b + fixture-a, fixture-a\n"
                "13 axis gogc = 50, off\n"
                "15 fixed allocator = fixture-alloc\n"
                "16 fixed map = fixture-map\n"
                "17 fixed gc.mode = stw\n"
                "18 fixed map.fixture-map.fill = 0.5\n"
                "19 fixed strategy.fixture-a.label = x, y\n");
}

Test(experiment, refuses_bad_numbers_and_words)
{
    expect_problems("[experiment]\nname = x\nworkload = fixture-work\ntrials = 0\nseed = -1\n"
                    "timeout = 10 minutes\nmemory = 1KiB\n"
                    "[axes]\nn = 1, two, 3.5, 0\nroom = 64KB\nratio = 1.5\ngogc = 5, on\n"
                    FIXED "gc.mode = ragged\naudit = maybe\nmutators = 257\n",
                    "FILE:4: [experiment] trials: \"0\" is out of range: 1 to 100000\n"
                    "FILE:5: [experiment] seed: \"-1\" is negative\n"
                    "FILE:6: [experiment] timeout: \"10 minutes\" is not a number; directly "
                    "after its digits there may be ns, us, ms, s, min, h\n"
                    "FILE:7: [experiment] memory: \"1KiB\" is out of range: 64MiB to 16TiB\n"
                    "FILE:9: [axes] n: \"two\" is not a number\n"
                    "FILE:9: [axes] n: \"3.5\" is not a whole number\n"
                    "FILE:9: [axes] n: \"0\" is out of range: 1 to 1048576 entries\n"
                    "FILE:10: [axes] room: \"64KB\" is not a number; after its digits there may be "
                    "B, KiB, MiB, GiB, TiB, k, M, G\n"
                    "FILE:11: [axes] ratio: \"1.5\" is out of range: 0 to 1\n"
                    "FILE:12: [axes] gogc: \"on\" is neither \"off\" nor a percentage from 0 to "
                    "1000000\n"
                    "FILE:17: [fixed] gc.mode: \"ragged\" is not one of stw, concurrent, rescan\n"
                    "FILE:18: [fixed] audit: \"maybe\" is neither true (yes, on, 1) nor false (no, "
                    "off, 0)\n"
                    "FILE:19: [fixed] mutators: \"257\" is out of range: 1 to 256 threads\n");
}

Test(experiment, refuses_the_same_value_twice)
{
    expect_problems(HEAD "[axes]\nn = 64, 2, 2^6, 2\ngogc = 50, 050\n" FIXED,
                    "FILE:5: [axes] n: \"2^6\" is there twice: it is \"64\"\n"
                    "FILE:5: [axes] n: \"2\" is there twice\n"
                    "FILE:6: [axes] gogc: \"050\" is there twice: it is \"50\"\n");
}

Test(experiment, refuses_empty_axes_and_values)
{
    expect_problems(HEAD "[axes]\nn =\nshape = int,,string\nratio = 0.5,\ndeep = ,\n" FIXED
                         "mutators =\n",
                    "FILE:5: [axes] n: the axis has no values\n"
                    "FILE:6: [axes] shape: a value is missing beside a comma\n"
                    "FILE:7: [axes] ratio: a value is missing beside a comma\n"
                    "FILE:8: [axes] deep: a value is missing beside a comma\n"
                    "FILE:13: [fixed] mutators: the value is missing\n");
}

Test(experiment, refuses_several_fixed_values)
{
    expect_problems(HEAD "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\n"
                         "strategy = fixture-a, fixture-b\nn = 1, 2\n",
                    "FILE:7: [fixed] strategy: one plugin is fixed; several belong in [axes]\n"
                    "FILE:8: [fixed] n: one value is fixed; several belong in [axes]\n");
}

Test(experiment, refuses_a_key_that_is_axis_and_fixed)
{
    expect_problems(HEAD "[axes]\nn = 1, 2\n" FIXED "n = 3\n",
                    "FILE:10: [fixed] n: also an axis, on line 5; a key is either an axis or "
                    "fixed\n");
}

Test(experiment, refuses_unknown_keys)
{
    expect_problems(HEAD "[axes]\nmutator = 1, 2\nration = 1\nzzzzzz = 1\nseed = 1, 2\n" FIXED
                         "workload = fixture-work\n",
                    "FILE:5: [axes] mutator: unknown key; did you mean \"mutators\"?\n"
                    "FILE:6: [axes] ration: unknown key; did you mean \"ratio\"?\n"
                    "FILE:7: [axes] zzzzzz: unknown key: neither a setting of the runtime nor a "
                    "parameter of workload \"fixture-work\"\n"
                    "FILE:8: [axes] seed: the same for all cells: it belongs in [experiment]\n"
                    "FILE:13: [fixed] workload: the same for all cells: it belongs in "
                    "[experiment]\n");
}

Test(experiment, refuses_unknown_parameters_of_plugins)
{
    expect_problems(HEAD FIXED "strategy.fixture-a.chunks = 1\nstrategy.fixture-q.chunk = 1\n"
                               "strategi.fixture-a.chunk = 1\nzebra.x.y = 1\n"
                               "map.fixture-map.zzzzzzz = 1\nworkload.fixture-work.n = 1\n",
                    "FILE:8: [fixed] strategy.fixture-a.chunks: strategy \"fixture-a\" has no "
                    "parameter \"chunks\"; did you mean \"chunk\"?\n"
                    "FILE:9: [fixed] strategy.fixture-q.chunk: there is no strategy \"fixture-q\"; "
                    "did you mean \"fixture-a\"?\n"
                    "FILE:10: [fixed] strategi.fixture-a.chunk: there is no kind \"strategi\" of "
                    "plugin; did you mean \"strategy.fixture-a.chunk\"?\n"
                    "FILE:11: [fixed] zebra.x.y: there is no kind \"zebra\" of plugin; there are "
                    "allocator, map and strategy\n"
                    "FILE:12: [fixed] map.fixture-map.zzzzzzz: map \"fixture-map\" has no "
                    "parameter \"zzzzzzz\"\n"
                    "FILE:13: [fixed] workload.fixture-work.n: a parameter of the workload is "
                    "written without its name: \"n\"\n");
}

/* host.KO1: found by looking it up. */
Test(experiment, knows_the_owner_of_every_key)
{
    struct stw_experiment e = fixture_experiment(
        HEAD "[axes]\ngc.depth = 1, 2\nn = 1, 2\ngc.limit = 0, 1GiB\nmutators = 1, 2\n" FIXED
        "strategy.fixture-a.chunk = 3\n", NULL);
    cr_assert_str_eq(e.axes[0].key, "gc.depth");
    cr_assert_eq(e.axes[0].owner, STW_KIND_WORKLOAD);
    cr_assert_eq(e.axes[1].owner, STW_KIND_WORKLOAD);
    cr_assert_eq(e.axes[2].owner, 0);
    cr_assert_eq(e.axes[3].owner, 0);
    cr_assert_str_eq(e.fixed[3].key, "strategy.fixture-a.chunk");
    cr_assert_eq(e.fixed[3].owner, STW_KIND_STRATEGY);
    stw_experiment_free(&e);
}

Test(experiment, refuses_parameters_of_plugins_that_no_cell_uses)
{
    static const char parameter[] = "[axes]\nstrategy.fixture-a.chunk = 1, 2\n";
    char ini[512];
    snprintf(ini, sizeof ini, HEAD "%s[fixed]\nallocator = fixture-alloc\nmap = fixture-map\n"
             "strategy = %s\n", parameter, "fixture-b");
    expect_problems(ini, "FILE:5: [axes] strategy.fixture-a.chunk: no cell uses strategy "
                         "\"fixture-a\"\n");
    snprintf(ini, sizeof ini, HEAD "%s[fixed]\nallocator = fixture-alloc\nmap = fixture-map\n"
             "strategy = %s\n", "[axes]\nstrategy.fixture-a.chnk = 1, 2\n", "fixture-b");
    expect_problems(ini, "FILE:5: [axes] strategy.fixture-a.chnk: strategy \"fixture-a\" has no "
                         "parameter \"chnk\"; did you mean \"chunk\"?\n");
    snprintf(ini, sizeof ini, HEAD "%s[fixed]\nallocator = fixture-alloc\nmap = fixture-map\n"
             "strategy = %s\n", parameter, "fixture-b + fixture-a");
    struct stw_experiment e = fixture_experiment(ini, NULL);
    stw_experiment_free(&e);
}

Test(experiment, refuses_unknown_plugins_and_bad_chains)
{
    expect_problems(HEAD "[axes]\nstrategy = fixture-c, a + fixture-a, fixture-a + fixture-a, "
                         "fixture-a +, + fixture-a\n[fixed]\nallocator = fixture-aloc\n"
                         "map = elephant\n",
                    "FILE:5: [axes] strategy: there is no strategy \"fixture-c\"; did you mean "
                    "\"fixture-a\"?\n"
                    "FILE:5: [axes] strategy: there is no strategy \"a\"; `stwlab plugins` lists "
                    "what there is\n"
                    "FILE:5: [axes] strategy: strategy \"fixture-a\" is in the chain twice\n"
                    "FILE:5: [axes] strategy: a strategy is missing beside \"+\"\n"
                    "FILE:5: [axes] strategy: a strategy is missing beside \"+\"\n"
                    "FILE:7: [fixed] allocator: there is no allocator \"fixture-aloc\"; did you "
                    "mean \"fixture-alloc\"?\n"
                    "FILE:8: [fixed] map: there is no map \"elephant\"; `stwlab plugins` lists "
                    "what there is\n");
}

Test(experiment, fixes_plugins_that_the_file_does_not_choose)
{
    /* The defaults are real plugins, built beside the fixtures. */
    struct stw_registry *registry = fixture_registry();
    static const char ini[] = HEAD "question = what?\n";
    struct ini_file file = ini_file_make(ini, strlen(ini));
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    struct stw_experiment e;
    cr_assert_eq(stw_registry_add(registry, STW_BUILD_PLUGINS, &error), STW_OK,
                 "%s", error.message);
    stw_status status = stw_experiment_read(file.path, NULL, 0, registry, NULL, &e, &text);
    cr_assert_eq(status, STW_OK, "%s", stw_text_get(&text));
    add_axes(&text, "fixed", e.fixed, e.fixed_count);
    cr_assert_str_eq(stw_text_get(&text),
                     "0 fixed allocator = go\n0 fixed map = go-buckets\n0 fixed strategy = none\n");
    stw_text_free(&text);
    stw_experiment_free(&e);
    stw_registry_free(registry);
    unlink(file.path);
}

Test(experiment, refuses_a_default_plugin_that_is_not_there)
{
    expect_problems(HEAD, "FILE: [fixed] allocator: there is no allocator \"go\"; `stwlab plugins` "
                          "lists what there is (it is the default)\n"
                          "FILE: [fixed] map: there is no map \"go-buckets\"; `stwlab plugins` "
                          "lists what there is (it is the default)\n"
                          "FILE: [fixed] strategy: there is no strategy \"none\"; `stwlab plugins` "
                          "lists what there is (it is the default)\n");
}

Test(experiment, refuses_too_many_cells)
{
    char ini[4096];
    size_t length = (size_t)snprintf(ini, sizeof ini, HEAD FIXED "[axes]\n");
    static const char *const keys[] = {"n", "room", "rest", "gogc", "gc.stress", "mutators"};
    for (size_t k = 0; k < 6; k++) {
        length += (size_t)snprintf(ini + length, sizeof ini - length, "%s = 1", keys[k]);
        for (int v = 2; v <= 10; v++)
            length += (size_t)snprintf(ini + length, sizeof ini - length, ",%d", v);
        length += (size_t)snprintf(ini + length, sizeof ini - length, "\n");
    }
    struct stw_experiment e = fixture_experiment(ini, NULL);
    stw_experiment_free(&e);
    snprintf(ini + length, sizeof ini - length, "deep = on, off\n");
    expect_problems(ini, "FILE:8: [axes]: the axes make more than 1000000 cells\n");
}

/* Overrides. */

Test(experiment, applies_overrides)
{
    static const char *const overrides[] = {"axes.n=1,2", "fixed.gogc=50", "axes.mutators=1,2",
                                            "experiment.trials=7", "fixed.shape=string", NULL};
    expect_keys_set(HEAD "[axes]\nn = zzz\nshape = int, string\n" FIXED "mutators = 3\n",
                    overrides,
                    "0 axis n = 1, 2\n0 axis mutators = 1, 2\n"
                    "8 fixed allocator = fixture-alloc\n9 fixed map = fixture-map\n"
                    "10 fixed strategy = fixture-a\n0 fixed gogc = 50\n0 fixed shape = string\n");
    struct stw_experiment e = fixture_experiment(HEAD FIXED, overrides);
    cr_assert_eq(e.trials, 7);
    stw_experiment_free(&e);
}

Test(experiment, reports_problems_of_overrides_by_their_text)
{
    static const char *const overrides[] = {"axes.nn=1,2", "experiment.tirals=7", "fixed.map=bad",
                                            "exclude.x=n == 1", "bad", NULL};
    expect_problems_set(HEAD FIXED, overrides,
                        "--set bad: expected SECTION.KEY=VALUE, as in axes.n=1,2\n"
                        "--set experiment.tirals=7: unknown key; did you mean \"trials\"?\n"
                        "--set axes.nn=1,2: unknown key; did you mean \"n\"?\n"
                        "--set fixed.map=bad: there is no map \"bad\"; `stwlab plugins` lists what "
                        "there is\n"
                        "--set exclude.x=n == 1: \"n\" is neither in [axes] nor in [fixed]; did "
                        "you mean \"nn\"?\n");
}

Test(experiment, refuses_settings_that_do_not_fit_a_worker)
{
    struct stw_text value = {0};
    stw_text_add(&value, "fixed.source=%050000d", 0); /* with what the lab adds it might not */
    const char *overrides[] = {value.bytes, NULL};
    struct reading_result result = fixture_read(HEAD FIXED, overrides);
    cr_assert_str_eq(result.problems, "FILE: the settings of a cell take up to 50152 bytes; at "
                                      "most 49152 fit\n");
    free(result.problems);
    stw_experiment_free(&result.experiment);
    stw_text_free(&value);
}

/* Many at once. */

Test(experiment, reports_everything_in_one_go_sorted_by_line)
{
    expect_problems("[fixed]\nallocator = fixture-alloc\nmap = fixture-mop\nx = 1\n x = 2\n"
                    "[axes]\nn = 1,1\nn = 2\nwhat\nstrategy = fixture-a\n[exclude]\nbad = n ==\n"
                    "[experiment]\nworkload = fixture-work\n",
                    "FILE:3: [fixed] map: there is no map \"fixture-mop\"; did you mean "
                    "\"fixture-map\"?\n"
                    "FILE:4: [fixed] x: unknown key; did you mean \"n\"?\n"
                    "FILE:5: [fixed] x: the line is indented, so it would continue the value "
                    "above; a key begins its line\n"
                    "FILE:7: [axes] n: \"1\" is there twice\n"
                    "FILE:8: [axes] n: this key was set before, on line 7\n"
                    "FILE:9: [axes]: neither \"key = value\" nor a \"[section]\"\n"
                    "FILE:12: [exclude] bad: the condition ends where a value should be\n"
                    "FILE:13: [experiment] name: is missing\n");
}

/* plan.D2 */
Test(experiment, says_one_mistake_once)
{
    /* The workload is unknown, so its parameters are not judged; a line that is too long is not
     * missing; a parameter of a strategy is not unused because the strategies are misspelt. */
    char ini[1024];
    snprintf(ini, sizeof ini, "[experiment]\nname = %0200d\nworkload = zzz\n[axes]\nn = 1, 2\n"
             "strategy = fixture-z, fixture-b\n[fixed]\nallocator = fixture-alloc\n"
             "map = fixture-map\nstrategy.fixture-a.chunk = 2\n[exclude]\nx = n == 3\n", 0);
    expect_problems(ini, "FILE:2: [experiment] name: the line is 207 bytes long; at most 198 are "
                         "allowed, and a value goes on in a line that is indented\n"
                         "FILE:3: [experiment] workload: there is no workload \"zzz\"; `stwlab "
                         "plugins` lists what there is\n"
                         "FILE:6: [axes] strategy: there is no strategy \"fixture-z\"; did you "
                         "mean \"fixture-a\"?\n");
}

/* Keys of a misspelt section, and of a misspelt workload, are checked as if they were meant. */
Test(experiment, tells_all_of_many_slips_at_once)
{
    expect_problems("[experiment]\nnam = x\nqestion = q\nworkload = fixture-wrk\nsed = 4\n"
                    "[axs]\nn = 10, ten\n[fixd]\nallocator = fixture-alloc\nmap = fixture-map\n"
                    "strategy = fixture-a\ngc.mod = stw\nshap = int\n[exclude]\nx = n == 11\n",
                    "FILE:2: [experiment] nam: unknown key; did you mean \"name\"?\n"
                    "FILE:3: [experiment] qestion: unknown key; did you mean \"question\"?\n"
                    "FILE:4: [experiment] workload: there is no workload \"fixture-wrk\"; did you "
                    "mean \"fixture-work\"?\n"
                    "FILE:5: [experiment] sed: unknown key; did you mean \"seed\"?\n"
                    "FILE:6: [axs]: unknown section; did you mean [axes]?\n"
                    "FILE:7: [axes] n: \"ten\" is not a number\n"
                    "FILE:8: [fixd]: unknown section; did you mean [fixed]?\n"
                    "FILE:12: [fixed] gc.mod: unknown key; did you mean \"gc.mode\"?\n"
                    "FILE:13: [fixed] shap: unknown key; did you mean \"shape\"?\n");
    expect_problems("[experiment]\nname = x\nworkload = zzzzzz\n" FIXED "gc.mod = stw\nn = 1\n"
                    "zebra = 1\n",
                    "FILE:3: [experiment] workload: there is no workload \"zzzzzz\"; `stwlab "
                    "plugins` lists what there is\n"
                    "FILE:8: [fixed] gc.mod: unknown key; did you mean \"gc.mode\"?\n"
                    "FILE:10: [fixed] zebra: unknown key: neither a setting of the runtime nor a "
                    "parameter of any workload\n");
}

/* A plugin that is missing because its file was refused, with the reason. */
Test(experiment, names_the_refused_file_of_a_missing_plugin)
{
    char folder[] = "/tmp/stw-refused-XXXXXX", path[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/swiss.so", folder);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs("no plugin\n", file);
    fclose(file);
    struct stw_registry *registry = stw_registry_new();
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_registry_add(registry, folder, &error), STW_OK, "%s", error.message);
    cr_assert_null(stw_plugin_find(registry, STW_KIND_MAP, "swiss", &error));
    static const char told[] = "there is no map \"swiss\"; swiss.so was refused: not an ELF";
    cr_assert_eq(strncmp(error.message, told, strlen(told)), 0, "%s", error.message);
    stw_registry_free(registry);
    unlink(path);
    rmdir(folder);
}

/* What people write in other files. */
Test(experiment, says_how_it_is_written)
{
    expect_problems(HEAD "trials = 5 # few\n[fixed]\nallocator = fixture-alloc\n"
                    "map = \"fixture-map\"\nstrategy = fixture-a fixture-b\nn = 1,000\n"
                    "shape = string # all\nruntime = golang\n",
                    "FILE:4: [experiment] trials: 5 # few: a comment behind a value begins with "
                    "\" ;\"\n"
                    "FILE:7: [fixed] map: \"fixture-map\": values are written without quotes\n"
                    "FILE:8: [fixed] strategy: \"fixture-a fixture-b\" is not one strategy; "
                    "several are joined with \"+\"\n"
                    "FILE:9: [fixed] n: commas part values, so 1,000 is several; as one number it "
                    "is written 1_000\n"
                    "FILE:10: [fixed] shape: string # all: a comment behind a value begins with "
                    "\" ;\"\n"
                    "FILE:11: [fixed] runtime: there is no runtime \"golang\"; did you mean "
                    "\"go\"?\n");
    expect_problems(HEAD "[axes]\nn = 1,000,000\nroom = \"1 KiB\", 2KiB\n" FIXED,
                    "FILE:5: [axes] n: commas part values, so 1,000,000 is several; as one number "
                    "it is written 1_000_000\n"
                    "FILE:6: [axes] room: \"1 KiB\": values are written without quotes\n");
    struct stw_experiment e = fixture_experiment(HEAD "[axes]\nn = 1,200,300\n" FIXED, NULL);
    cr_assert_eq(e.axes[0].value_count, 3);
    stw_experiment_free(&e);
}

/* Files that values name. */

Test(experiment, finds_files_beside_its_own)
{
    char name[] = "/tmp/Schl\xc3\xbcssel-XXXXXX";
    int descriptor = mkstemp(name);
    cr_assert_geq(descriptor, 0);
    close(descriptor);
    char ini[512], expected[512];
    snprintf(ini, sizeof ini, HEAD "[axes]\ntable = none, %s, %s\n" FIXED, name + strlen("/tmp/"),
             name);
    struct stw_experiment e = fixture_experiment(ini, NULL); /* in /tmp itself */
    struct stw_matrix matrix;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text settings = {0};
    cr_assert_eq(stw_matrix_build(&e, NULL, &matrix, &error), STW_OK);
    cr_assert_str_eq(e.axes[0].values[1], name + strlen("/tmp/"), "known by what was written");
    for (uint32_t c = 0; c < 3; c++)
        stw_cell_settings(&matrix, &matrix.cells[c], &settings);
    snprintf(expected, sizeof expected, "table\t%s\n", name);
    const char *first = strstr(settings.bytes, expected);
    cr_assert(first && strstr(first + 1, expected), "%s", settings.bytes);
    cr_assert_not_null(strstr(settings.bytes, "table\tnone\n"));
    stw_text_free(&settings);
    stw_matrix_free(&matrix);
    stw_experiment_free(&e);
    unlink(name);
}

Test(experiment, refuses_files_that_cannot_be_read)
{
    expect_problems(HEAD "[axes]\ntable = no such.txt, nome, /tmp\n" FIXED,
                    "FILE:5: [axes] table: the file /tmp/no such.txt cannot be read: No such file "
                    "or directory\n"
                    "FILE:5: [axes] table: the file /tmp/nome cannot be read: No such file or "
                    "directory; did you mean \"none\"?\n"
                    "FILE:5: [axes] table: the file /tmp cannot be read: Is a directory\n");
}

/* [exclude] */

#define MATRIX HEAD "[axes]\nn = 64, 65536\nstrategy = fixture-a, fixture-a + fixture-b\n"         \
    "shape = int, string\n" "[fixed]\nallocator = fixture-alloc\nmap = fixture-map\nratio = 0.5\n" \
    "[exclude]\n" /* the next line is 13 */

Test(experiment, keeps_exclusions)
{
    struct stw_experiment e = fixture_experiment(
        MATRIX "few = n < 65536 && strategy == fixture-a\n"
               "odd = !(shape == 'int') || strategy != \"fixture-a + fixture-b\"\n"
               "none = ratio > 0.5 || n == 65_536 && n == 2^16\n", (const char *const[]){
               "axes.n=64,65536", NULL});
    cr_assert_eq(e.exclusion_count, 3);
    cr_assert_str_eq(e.exclusions[0].name, "few");
    cr_assert_str_eq(e.exclusions[0].text, "n < 65536 && strategy == fixture-a");
    cr_assert_eq(e.exclusions[2].line, 15);
    stw_experiment_free(&e);
}

Test(experiment, refuses_bad_conditions)
{
    expect_problems(MATRIX "a =\nb = m == 64\nc = n\nd = n = 64\ne = n == 65\nf = n == 64 &\n"
                           "g = (n == 64\nh = n == 64)\ni = shape < string\nj = n == 'x\n"
                           "k = strategy == fixture-a + fixture-b\nl = shape == strung\n"
                           "m = n == 64 n == 64\no = n == 64 && && n == 64\np = shpe == int\n"
                           "q = strategy == fixture-b\nr = ratio == 0.25\ns = n ==\n",
                    "FILE:13: [exclude] a: the condition ends where a comparison should be\n"
                    "FILE:14: [exclude] b: \"m\" is neither in [axes] nor in [fixed]; did you mean "
                    "\"n\"?\n"
                    "FILE:15: [exclude] c: the condition ends where ==, !=, <, <=, > or >= should "
                    "be\n"
                    "FILE:16: [exclude] d: at \"= 64\": write ==\n"
                    "FILE:17: [exclude] e: \"65\" is not a value of n; did you mean \"64\"?\n"
                    "FILE:18: [exclude] f: expected && or || at \"&\"\n"
                    "FILE:19: [exclude] g: the condition ends where &&, || or \")\" should be\n"
                    "FILE:20: [exclude] h: expected && or || at \")\"\n"
                    "FILE:21: [exclude] i: shape is not a number: only == and != compare it\n"
                    "FILE:22: [exclude] j: the quotation is not closed\n"
                    "FILE:23: [exclude] k: expected quotes around a value with spaces at \"+ "
                    "fixture-b\"\n"
                    "FILE:24: [exclude] l: shape: \"strung\" is not one of int, string; did you "
                    "mean \"string\"?\n"
                    "FILE:25: [exclude] m: expected && or || at \"n == 64\"\n"
                    "FILE:26: [exclude] o: expected a comparison at \"&& n == 64\"\n"
                    "FILE:27: [exclude] p: \"shpe\" is neither in [axes] nor in [fixed]; did you "
                    "mean \"shape\"?\n"
                    "FILE:28: [exclude] q: \"fixture-b\" is not a value of strategy; did you mean "
                    "\"fixture-a\"?\n"
                    "FILE:29: [exclude] r: \"0.25\" is not a value of ratio; did you mean "
                    "\"0.5\"?\n"
                    "FILE:30: [exclude] s: the condition ends where a value should be\n");
}

/* base.C1 */
Test(experiment, reads_remainders)
{
    struct stw_experiment e = fixture_experiment(
        MATRIX "odd = n % 2 == 1\nlate = n%64 >= 1 && n % 64 != 3\n", NULL);
    cr_assert_eq(e.exclusion_count, 2);
    stw_experiment_free(&e);
    expect_problems(MATRIX "a = n % 0 == 0\nb = n % 2 == 2\nc = shape % 2 == 1\nd = n % == 1\n"
                           "e = n % 2 == x\nf = n % -2 == 1\n",
                    "FILE:13: [exclude] a: expected a number from 1 on at \"0 == 0\"\n"
                    "FILE:14: [exclude] b: n: \"2\" is not a remainder: one of 0 to 1\n"
                    "FILE:15: [exclude] c: shape: is no whole number: it has no remainder\n"
                    "FILE:16: [exclude] d: expected a number from 1 on at \"== 1\"\n"
                    "FILE:17: [exclude] e: n: \"x\" is not a remainder: one of 0 to 1\n"
                    "FILE:18: [exclude] f: expected a number from 1 on at \"-2 == 1\"\n");
}

Test(experiment, bounds_the_nesting_of_conditions)
{
    struct stw_text text = {0};
    stw_text_add(&text, "exclude.deep=");
    for (int i = 0; i < 32; i++)
        stw_text_add(&text, "n == 64 || shape == int && (");
    stw_text_add(&text, "n == 64");
    for (int i = 0; i < 32; i++)
        stw_text_add(&text, ")");
    struct stw_experiment e =
        fixture_experiment(MATRIX, (const char *const[]){text.bytes, NULL});
    stw_experiment_free(&e);
    stw_text_free(&text);
    stw_text_add(&text, "exclude.deep=");
    for (int i = 0; i < 100000; i++)
        stw_text_add(&text, "!(");
    struct reading_result result = fixture_read(MATRIX, (const char *const[]){text.bytes, NULL});
    cr_assert_not_null(strstr(result.problems, "...: nested more than 32 deep\n"));
    stw_experiment_free(&result.experiment);
    free(result.problems);
    stw_text_free(&text);
}

Test(experiment, lets_conditions_outlive_overridden_axes)
{
    static const char *const overrides[] = {"axes.n=1,2", NULL};
    struct stw_experiment e = fixture_experiment(MATRIX "x = n == 65536\n", overrides);
    stw_experiment_free(&e);
}
