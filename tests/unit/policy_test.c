/* unit/policy_test.c: what an experiment permits, and what its trials inherit (plan/policy.h).
 * Method: experiments are read against the fixture plugins, one of which declares its needs. */
#include "fixture_registry.h"

#include "base/text.h"
#include "plan/policy.h"
#include "prim/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD FIXTURE_HEAD
#define NEEDY                                                                                      \
    "[axes]\nstrategy = fixture-b, fixture-a, fixture-needy\n"                                     \
    "[fixed]\nallocator = fixture-alloc\n"                                                         \
    "map = fixture-map\n"
#define NEEDY_MAY "[permissions]\nstrategy/fixture-needy = files, network\n"

static void expect_problems(const char *ini, const char *const *overrides, const char *expected)
{
    struct reading_result result = fixture_read(ini, overrides);
    cr_assert_str_eq(result.problems, expected);
    stw_experiment_free(&result.experiment);
    free(result.problems);
}

/* plan.PO2: it is a problem before anything runs, and says what to write. */
Test(policy, what_a_plugin_needs_is_told)
{
    static const char *const off[] = {"experiment.sandbox=off", NULL};
    expect_problems(HEAD NEEDY, NULL,
                    "FILE: [permissions] strategy/fixture-needy: the plugin needs files and "
                    "network; if you trust it, write \"strategy/fixture-needy = files, network\" "
                    "there, or \"sandbox = off\" in [experiment]\n");
    expect_problems(HEAD NEEDY "[permissions]\nstrategy/fixture-needy = network\n", NULL,
                    "FILE:9: [permissions] strategy/fixture-needy: the plugin needs files; if you "
                    "trust it, write \"strategy/fixture-needy = files, network\" there, or "
                    "\"sandbox = off\" in [experiment]\n");
    expect_problems(HEAD NEEDY NEEDY_MAY, NULL, "");
    expect_problems(HEAD NEEDY, off, "");
    expect_problems(HEAD FIXTURE_FIXED, NULL, ""); /* no cell has the plugin */
}

Test(policy, slips_are_told)
{
    expect_problems(HEAD FIXTURE_FIXED "[permissions]\nstrategy/fixture-neddy = files\n", NULL,
                    "FILE:9: [permissions] strategy/fixture-neddy: there is no such plugin; did "
                    "you mean \"strategy/fixture-needy\"?\n");
    expect_problems(HEAD FIXTURE_FIXED "[permissions]\nfixture-a = files\n", NULL,
                    "FILE:9: [permissions] fixture-a: there is no such plugin; a line of this "
                    "section is KIND/PLUGIN = PERMISSIONS, as in \"workload/x = files\"\n");
    expect_problems(HEAD FIXTURE_FIXED "[permissions]\nstrategy/fixture-a = file, everything\n",
                    NULL,
                    "FILE:9: [permissions] strategy/fixture-a: there is no permission \"file\"; "
                    "did you mean \"files\"?\n"
                    "FILE:9: [permissions] strategy/fixture-a: there is no permission "
                    "\"everything\"; there are files, network, processes and scheduling\n");
}

/* An experiment with its cells: fixture-b, fixture-a, fixture-needy. */
struct built {
    struct stw_experiment experiment;
    struct stw_matrix matrix;
    struct stw_registry *registry;
};

static void build(struct built *built, const char *ini)
{
    struct stw_error error = STW_ERROR_INIT;
    built->experiment = fixture_experiment(ini, NULL);
    built->registry = fixture_registry();
    cr_assert_eq(stw_matrix_build(&built->experiment, NULL, &built->matrix, &error), STW_OK, "%s",
                 error.message);
    cr_assert_eq(built->matrix.cell_count, 3);
}

static void built_free(struct built *built)
{
    stw_matrix_free(&built->matrix);
    stw_registry_free(built->registry);
    stw_experiment_free(&built->experiment);
}

static uint32_t permitted(const struct built *built, uint32_t cell)
{
    return stw_policy_permitted(&built->matrix, &built->matrix.cells[cell], built->registry);
}

/* plan.PO1 */
Test(policy, a_trial_may_what_any_of_its_plugins_may_and_no_other_trial)
{
    struct built built;
    build(&built, HEAD NEEDY NEEDY_MAY "map/fixture-map = scheduling\n");
    cr_assert_eq(permitted(&built, 0), STW_PERMIT_SCHEDULING);
    cr_assert_eq(permitted(&built, 1), STW_PERMIT_SCHEDULING);
    cr_assert_eq(permitted(&built, 2),
                 STW_PERMIT_SCHEDULING | STW_PERMIT_FILES | STW_PERMIT_NETWORK);
    built_free(&built);
}

/* plan.PO3: what is stored with a run, and compared when it goes on (fault/escape.sh). */
Test(policy, is_one_line)
{
    static const char *const off[] = {"experiment.sandbox=off", NULL};
    struct stw_text text = {0};
    struct stw_experiment experiment = fixture_experiment(HEAD FIXTURE_FIXED, off);
    stw_policy_describe(&experiment, &text);
    cr_assert_str_eq(text.bytes, "off");
    cr_assert_not(stw_policy_is_boxed(&experiment));
    stw_text_free(&text);
    stw_experiment_free(&experiment);
    if (stw_sandbox_support().landlock == 0)
        cr_skip_test("this build or kernel has not all of the sandbox");
    experiment = fixture_experiment(HEAD NEEDY NEEDY_MAY, NULL);
    stw_policy_describe(&experiment, &text);
    cr_assert_str_eq(text.bytes, "on; strategy/fixture-needy may: files, network");
    cr_assert(stw_policy_is_boxed(&experiment));
    stw_text_free(&text);
    stw_experiment_free(&experiment);
}

/* The value of a variable; null: it is not there. */
static const char *value_of(char *const *environment, const char *name)
{
    const char *value = NULL;
    uint32_t count = 0;
    for (char *const *each = environment; *each; each++)
        if (strncmp(*each, name, strlen(name)) == 0 && (*each)[strlen(name)] == '=') {
            value = *each + strlen(name) + 1;
            count++;
        }
    cr_assert_leq(count, 1, "%s is there twice", name);
    return value;
}

Test(policy, secrets_stay_and_what_is_declared_passes)
{
    struct built built;
    build(&built, HEAD NEEDY NEEDY_MAY);
    setenv("FIXTURE_TOKEN", "t", 1);
    setenv("FIXTURE_TOKEN_2", "t", 1);
    setenv("API_KEY", "secret", 1);
    setenv("PATH_OF_SECRET", "secret", 1); /* begins like PATH */
    setenv("HOME", "/home/user", 1);
    setenv("LC_NUMERIC", "C", 1);
    setenv("STW_X", "1", 1);
    for (uint32_t i = 0; i < 3; i++) {
        struct stw_variables environment = stw_policy_environment(
            &built.matrix, &built.matrix.cells[i], built.registry, "/run/scratch");
        char *const *all = stw_variables_list(&environment);
        cr_assert_eq(value_of(all, "FIXTURE_TOKEN") != NULL, i == 2);
        cr_assert_null(value_of(all, "FIXTURE_TOKEN_2"));
        cr_assert_null(value_of(all, "API_KEY"));
        cr_assert_null(value_of(all, "PATH_OF_SECRET"));
        cr_assert_str_eq(value_of(all, "HOME"), "/run/scratch");
        cr_assert_str_eq(value_of(all, "TMPDIR"), "/run/scratch");
        cr_assert_str_eq(value_of(all, "LC_NUMERIC"), "C");
        cr_assert_str_eq(value_of(all, "STW_X"), "1");
        cr_assert_str_eq(value_of(all, "PATH"), getenv("PATH"));
        stw_variables_free(&environment);
    }
    built_free(&built);
}

static void expect_printed(const char *options, const char *part)
{
    char command[1024], text[8192] = "";
    snprintf(command, sizeof command, "'%s' plugins %s '%s/fixture-needy.so'", STW_EXECUTABLE,
             options, STW_FIXTURE_PLUGINS);
    FILE *output = popen(command, "r");
    cr_assert_not_null(output);
    text[fread(text, 1, sizeof text - 1, output)] = '\0';
    cr_assert_eq(pclose(output), 0);
    cr_assert_not_null(strstr(text, part), "%s", text);
}

Test(policy, needs_are_listed_with_the_plugin)
{
    expect_printed("", "\n      needs files, network; reads FIXTURE_TOKEN\n");
    expect_printed("--json", "\"variables\": [\n        \"FIXTURE_TOKEN\"\n");
}
