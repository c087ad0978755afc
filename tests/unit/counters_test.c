/* Plugins' counters. Goal: each plugin counts for itself, and what several mutators counted adds up
 * as declared. Method: two plugins with counters of the same names, three mutators; host/counters.h
 * gives the places, the functions of stwlab/mutator.h count. Rule host.HC1. */
#include "base/error.h"
#include "host/counters.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define MUTATORS 3u

static struct stw_plugin_info infos[2];
static struct stw_config configs[2];
static struct stw_counters *counters;
static struct stw_mutator mutators[MUTATORS];

static void declare(struct stw_plugin_info *info, const char *name, uint32_t adds)
{
    struct stw_counter_info *counter = &info->counters[info->counter_count++];
    snprintf(counter->name, sizeof counter->name, "%s", name);
    counter->adds = adds;
}

static void set_up(void)
{
    counters = stw_counters_new(2, MUTATORS);
    for (uint32_t i = 0; i < 2; i++) {
        infos[i].kind = STW_KIND_STRATEGY;
        snprintf(infos[i].id, sizeof infos[i].id, "s%u", i);
        declare(&infos[i], "hits", STW_ADDS_SUM);
        declare(&infos[i], "longest", STW_ADDS_MAX);
        declare(&infos[i], "kept", STW_ADDS_LAST);
        stw_counters_add(counters, &infos[i], &configs[i]);
    }
    for (uint32_t i = 0; i < MUTATORS; i++)
        mutators[i].counts = stw_counters_of(counters, i);
}

static void tear_down(void)
{
    stw_counters_free(counters);
}

TestSuite(counters, .init = set_up, .fini = tear_down);

static uint64_t value_of(const char *wanted)
{
    struct stw_error error = STW_ERROR_INIT;
    char name[96];
    uint64_t value = 0;
    for (uint32_t i = 0; i < stw_counters_count(counters); i++) {
        cr_assert_eq(stw_counters_read(counters, i, name, sizeof name, &value, &error), STW_OK);
        if (strcmp(name, wanted) == 0)
            return value;
    }
    cr_assert_fail("no %s", wanted);
    return 0;
}

Test(counters, of_the_same_name_are_each_plugins_own)
{
    stw_count(&mutators[0], stw_config_counter(&configs[0], "hits"), 1);
    stw_count(&mutators[0], stw_config_counter(&configs[1], "hits"), 10);
    cr_assert_eq(value_of("strategy/s0.hits"), 1);
    cr_assert_eq(value_of("strategy/s1.hits"), 10);
    cr_assert_eq(stw_counters_count(counters), 6);
}

Test(counters, sums_add_up_over_mutators_and_what_none_of_them_counted)
{
    struct stw_counter hits = stw_config_counter(&configs[1], "hits");
    for (uint32_t i = 0; i < MUTATORS; i++)
        stw_count(&mutators[i], hits, i + 1);
    stw_count_shared(hits, 100);
    stw_count_shared(hits, 1000);
    cr_assert_eq(value_of("strategy/s1.hits"), 1106);
}

Test(counters, a_maximum_is_the_largest_of_all_mutators)
{
    struct stw_counter longest = stw_config_counter(&configs[0], "longest");
    stw_count_max(&mutators[0], longest, 5);
    stw_count_max(&mutators[1], longest, 9);
    stw_count_max(&mutators[1], longest, 7);
    cr_assert_eq(value_of("strategy/s0.longest"), 9);
    cr_assert_eq(value_of("strategy/s1.longest"), 0);
}

Test(counters, a_gauge_is_what_it_was_set_to_last)
{
    struct stw_counter kept = stw_config_counter(&configs[0], "kept");
    stw_gauge(kept, 9);
    stw_gauge(kept, 4);
    cr_assert_eq(value_of("strategy/s0.kept"), 4);
}

Test(counters, a_gauge_that_was_counted_is_told)
{
    struct stw_error error = STW_ERROR_INIT;
    char name[96];
    uint64_t value;
    stw_count(&mutators[2], stw_config_counter(&configs[1], "kept"), 1);
    cr_assert_eq(stw_counters_read(counters, 5, name, sizeof name, &value, &error),
                 STW_E_INVALID);
    cr_assert_str_eq(error.field, "strategy/s1.kept");
    cr_assert_str_eq(error.message,
                     "it is declared as a gauge, and was counted: stw_gauge sets it");
}

Test(counters, mutators_do_not_share_lines_of_the_cache)
{
    for (uint32_t i = 1; i < MUTATORS; i++)
        cr_assert_geq(mutators[i].counts - mutators[i - 1].counts,
                      8 + (int64_t)stw_counters_count(counters));
}
