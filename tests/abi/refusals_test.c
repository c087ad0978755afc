/* What plugins refuse, in their manifests: read whole, and a condition that nobody could judge
 * refuses the plugin, with line and column. Method: texts given to the parser directly. */
#include "base/error.h"
#include "base/text.h"
#include "host/manifest_parts.h"

#include "refused_text.h"

static struct stw_manifest manifest;

/* A condition may hold bars; a reason may not. */
Test(refusals, reads_what_a_plugin_refuses)
{
    static const char good[] =
        "plugin|strategy|s|s\nrefuses|mutators % 2 == 1|pairs of mutators\n"
        "refuses|gc.mode == stw || strategy.s.depth > 3 && strategy != \"a + s\"|too deep\n"
        "param|depth|u64||1|1|9|h\nplugin|workload|w|s\nparam|n|u64||1|1|9|h\n"
        "refuses|n == 1 || runtime == nobodys|one\n";
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_plugin_info *info = manifest.plugins;
    cr_assert_eq(stw__manifest_parse(good, sizeof good, &manifest, &error), STW_OK, "%s",
                 error.message);
    cr_assert_eq(info[0].refusal_count, 2);
    cr_assert_str_eq(info[0].refusals[0].condition, "mutators % 2 == 1");
    cr_assert_str_eq(info[0].refusals[0].reason, "pairs of mutators");
    cr_assert_str_eq(info[0].refusals[1].condition,
                     "gc.mode == stw || strategy.s.depth > 3 && strategy != \"a + s\"");
    cr_assert_str_eq(info[0].refusals[1].reason, "too deep");
    cr_assert_eq(info[1].refusal_count, 1);
    cr_assert_str_eq(info[1].refusals[0].condition, "n == 1 || runtime == nobodys");
}

#define WORK_LINES "plugin|workload|w|s\nparam|n|u64||1|1|9|h\n"

static void expect_refused_line(const char *line, const char *message)
{
    struct stw_text text = {0}, whole = {0};
    stw_text_add(&text, WORK_LINES "refuses|%s\n", line);
    stw_text_add(&whole, "manifest line 3, refuses: %s", message);
    expect_text_refused(text.bytes, "refuses", whole.bytes);
    stw_text_free(&text);
    stw_text_free(&whole);
}

Test(refusals, refuses_conditions_that_cannot_be_judged)
{
    expect_text_refused("refuses|n == 1|r\n", "refuses",
                        "manifest line 1, refuses: stands before the first plugin line");
    expect_refused_line("n == 1", "has 2 fields; refuses|CONDITION|REASON has 3");
    expect_refused_line("n == 1|", "the reason is missing behind the last |");
    expect_refused_line("n = 1|r", "column 11: at \"= 1\": write ==");
    expect_refused_line("n == 1 || n == 2",
                        "column 16: expected && or || at \"|\""); /* the reason is " n == 2" */
    expect_refused_line("|r", "column 9: the condition ends where a comparison should be");
    expect_refused_line("n == 1 && m == 1|r",
                        "column 19: \"m\" is neither a setting of the runtime nor a parameter of "
                        "this plugin; did you mean \"n\"?");
    expect_refused_line("n == '\u00e9' || mutator > 2|r",
                        "column 9: \"\u00e9\" is not a number");
    expect_refused_line("map == '\u00e9' || mutator > 2|r",
                        "column 23: \"mutator\" is neither a setting of the runtime nor a "
                        "parameter of this plugin; did you mean \"mutators\"?");
    expect_refused_line("gc.mode < stw|r",
                        "column 9: gc.mode is not a number: only == and != compare it");
    expect_refused_line("gc.mode == both|r",
                        "column 9: \"both\" is not one of stw, concurrent, rescan");
    expect_refused_line("gc.mode % 2 == 1|r",
                        "column 9: gc.mode is no whole number: it has no remainder");
    expect_refused_line("n % 2 == 2|r",
                        "column 9: \"2\" is not a remainder: one of 0 to 1");
}

Test(refusals, reads_eight_refusals_and_no_more)
{
    struct stw_text text = {0};
    struct stw_error error = STW_ERROR_INIT;
    stw_text_add(&text, WORK_LINES);
    for (int i = 0; i < 8; i++)
        stw_text_add(&text, "refuses|n == 1|r\n");
    cr_assert_eq(stw__manifest_parse(text.bytes, text.length, &manifest, &error), STW_OK);
    stw_text_add(&text, "refuses|n == 1|r\n");
    expect_text_refused(text.bytes, "refuses",
                        "manifest line 11, refuses: a plugin has at most 8 of them");
    stw_text_free(&text);
}
