/* unit/metric_test.c: names of metrics: what each stands for, and which one a wrong one meant.
 * Method: a table of names with what is in them, and one of refusals. */
#include "base/error.h"
#include "base/metric.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

static struct stw_fact items[STW_FACTS + 1];
static struct stw_fact_list facts;
static struct stw_error error = STW_ERROR_INIT;

static void list_facts(void)
{
    memcpy(items, stw_facts, sizeof stw_facts);
    items[STW_FACTS] = (struct stw_fact){.name = "strategy/x.hits", .unit = ""};
    facts = (struct stw_fact_list){items, STW_FACTS + 1, STW_FACTS};
}

TestSuite(metric, .init = list_facts);

struct expected {
    const char *name, *fact;
    enum stw_made made;
    double number; /* the percentile, or the bound */
    const char *kind, *site;
};

static void expect_name(const struct expected *expected)
{
    struct stw_metric_name name;
    const char *text = expected->name;
    cr_assert_eq(stw_metric_name_parse(&facts, text, &name, &error), STW_OK, "%s: %s", text,
                 error.message);
    cr_expect_str_eq(name.fact->name, expected->fact, "%s", text);
    cr_expect_eq(name.made, expected->made, "%s", text);
    cr_expect_float_eq(name.made == STW_MADE_OVER ? name.bound : name.percent, expected->number,
                       1e-9, "%s", text);
    cr_expect_eq(name.kind != NULL, expected->kind != NULL, "%s", text);
    if (name.kind && expected->kind)
        cr_expect_str_eq(name.kind->word, expected->kind, "%s", text);
    cr_expect_eq(name.site != NULL, expected->site != NULL, "%s", text);
    if (name.site && expected->site)
        cr_expect(strncmp(name.site, expected->site, name.site_bytes) == 0
                  && strlen(expected->site) == name.site_bytes, "%s", text);
}

Test(metric, names_are_read)
{
    static const struct expected names[] = {
        {"cpu", "cpu", STW_MADE_VALUE, 0, NULL, NULL},
        {"gc.cycles", "gc.cycles", STW_MADE_VALUE, 0, NULL, NULL},
        {"op.mean", "op.mean", STW_MADE_VALUE, 0, NULL, NULL},
        {"mmu.1ms", "mmu.1ms", STW_MADE_VALUE, 0, NULL, NULL},
        {"lbo", "lbo", STW_MADE_VALUE, 0, NULL, NULL},
        {"strategy/x.hits", "strategy/x.hits", STW_MADE_VALUE, 0, NULL, NULL},
        {"watch.faults:strategy/x", "watch.faults", STW_MADE_VALUE, 0, NULL, NULL},
        {"stop.p50", "stop", STW_MADE_PERCENTILE, 50, NULL, NULL},
        {"pause.p50", "stop", STW_MADE_PERCENTILE, 50, NULL, NULL},
        {"stop.max", "stop", STW_MADE_PERCENTILE, 100, NULL, NULL},
        {"stop.p99.9", "stop", STW_MADE_PERCENTILE, 99.9, NULL, NULL},
        {"op.p99.99", "op", STW_MADE_PERCENTILE, 99.99, NULL, NULL},
        {"op:read.p0.5", "op", STW_MADE_PERCENTILE, 0.5, NULL, NULL},
        {"op.intended.p100", "op.intended", STW_MADE_PERCENTILE, 100, NULL, NULL},
        {"op.max", "op", STW_MADE_PERCENTILE, 100, NULL, NULL},
        {"restarting.p50", "stop.restarting", STW_MADE_PERCENTILE, 50, NULL, NULL},
        {"stop.restarting.p50", "stop.restarting", STW_MADE_PERCENTILE, 50, NULL, NULL},
        {"stop.scan_bytes.p50", "stop.scan_bytes", STW_MADE_PERCENTILE, 50, NULL, NULL},
        {"stop.total", "stop", STW_MADE_TOTAL, 0, NULL, NULL},
        {"pause.sum", "stop", STW_MADE_TOTAL, 0, NULL, NULL},
        {"step.hooks.mean", "step.hooks", STW_MADE_MEAN, 0, NULL, NULL},
        {"stop.mark-termination.p50", "stop", STW_MADE_PERCENTILE, 50, "mark-termination", NULL},
        {"stop.forced.total", "stop", STW_MADE_TOTAL, 0, "forced", NULL},
        {"stop.full.working.p9", "stop.working", STW_MADE_PERCENTILE, 9, "full", NULL},
        {"stop.other.root_words.max", "stop.root_words", STW_MADE_PERCENTILE, 100, "other", NULL},
        {"stop.over(1ms)", "stop", STW_MADE_OVER, 1e6, NULL, NULL},
        {"stop.sweep-termination.stopping.over(2.5us)", "stop.stopping", STW_MADE_OVER, 2500,
         "sweep-termination", NULL},
        {"step.hooks.over(100ns)", "step.hooks", STW_MADE_OVER, 100, NULL, NULL},
        {"stop.scan_bytes.over(1KiB)", "stop.scan_bytes", STW_MADE_OVER, 1024, NULL, NULL},
        {"stop.spans_swept.over(10)", "stop.spans_swept", STW_MADE_OVER, 10, NULL, NULL},
        {"op.over(1s)", "op", STW_MADE_OVER, 1e9, NULL, NULL},
        {"stop.stopping@put.p50", "stop.stopping", STW_MADE_PERCENTILE, 50, NULL, "put"},
        {"stopping@strategy/pool.need_map.p99.9", "stop.stopping", STW_MADE_PERCENTILE, 99.9, NULL,
         "strategy/pool.need_map"},
        {"stop.forced@a.over.over(1ms)", "stop", STW_MADE_OVER, 1e6, "forced", "a.over"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_name(&names[i]);
}

Test(metric, the_name_of_a_counter_is_whole)
{
    struct stw_metric_name name;
    cr_assert_eq(stw_metric_name_parse(&facts, "op:read.p50", &name, &error), STW_OK);
    cr_expect_eq(name.fact_bytes, strlen("op:read"));
    cr_assert_eq(stw_metric_name_parse(&facts, "watch.faults:strategy/x", &name, &error), STW_OK);
    cr_expect_eq(name.fact_bytes, strlen("watch.faults:strategy/x"));
}

Test(metric, wrong_names_are_refused_with_the_one_that_was_meant)
{
    static const struct { const char *name, *part; } names[] = {
        {"stop", "a trial has many of 'stop'; say which, as in 'stop.p50'"},
        {"pause", "say which, as in 'pause.p50'"},
        {"stop.mark-termination", "as in 'stop.mark-termination.p50'"},
        {"stop.mark-terminaton.p99.9", "did you mean 'stop.mark-termination.p99.9'?"},
        {"stop.mark-termination.wroking.max", "did you mean 'stop.mark-termination.working.max'?"},
        {"puase.p50", "did you mean 'pause.p50'?"},
        {"restartin.p50", "did you mean 'restarting.p50'?"},
        {"gc.cycels", "did you mean 'gc.cycles'?"},
        {"gc.cycles.p50", "a trial has one gc.cycles: did you mean 'gc.cycles'?"},
        {"op.totl", "there is no metric"},
        {"op.total", "op.mean and op.sum are facts"},
        {"stop.p0", "there is no metric 'stop.p0'"},
        {"stop.p100.1", "there is no metric 'stop.p100.1'"},
        {"stop.p5x", "there is no metric 'stop.p5x'"},
        {"stop.over(1)", "over(1): a time, as in over(1ms) is needed"},
        {"stop.over(ms)", "over(ms): a time, as in over(1ms) is needed"},
        {"stop.over(1KiB)", "over(1KiB): a time"},
        {"stop.scan_bytes.over(5)", "over(5): a size, as in over(1MiB)"},
        {"stop.spans_swept.over(5ms)", "over(5ms): a number, as in over(10)"},
        {"step.hooks@put.p50", "stops have a site"},
        {"op@put.p50", "stops have a site"},
        {"zebra", "see stwlab facts"},
        {"", "there is no metric ''"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stw_metric_name name;
        cr_expect_eq(stw_metric_name_parse(&facts, names[i].name, &name, &error), STW_E_INVALID,
                     "%s", names[i].name);
        cr_expect(strstr(error.message, names[i].part), "%s: %s", names[i].name, error.message);
    }
}
