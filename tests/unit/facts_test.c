/* The table of facts (base/facts.def). Goal: it is one: every name once and well spelt, nothing
 * recorded that is not in it (base.FA1). Method: the table beside what other files name and
 * record. */
#include "base/facts.h"
#include "gc/pause.h"
#include "gc/timeline.h"
#include "trial/record.h"

#include <criterion/criterion.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(facts, have_names_of_their_own)
{
    for (uint32_t i = 0; i < STW_FACTS; i++) {
        const char *name = stw_facts[i].name;
        cr_expect_eq(stw_fact_find(name), &stw_facts[i], "%s is there twice", name);
        cr_expect_lt(strlen(name), STW_RECORD_NAME_BYTES);
        for (const char *at = name; *at; at++)
            cr_expect(islower((unsigned char)*at) || isdigit((unsigned char)*at)
                      || strchr("._-", *at), "%s", name);
        cr_expect_gt(strlen(stw_facts[i].help), 0, "%s has no help", name);
        cr_expect_null(strpbrk(stw_facts[i].help, "|\n"), "%s", name);
    }
    cr_assert_null(stw_fact_find("gc.cycle"));
}

Test(facts, say_their_unit_in_their_name)
{
    for (uint32_t i = 0; i < STW_FACTS; i++) {
        const struct stw_fact *fact = &stw_facts[i];
        const char *end = strrchr(fact->name, '_');
        if (end && (strcmp(end, "_ns") == 0 || strcmp(end, "_bytes") == 0))
            cr_expect_str_eq(fact->unit, end + 1, "%s", fact->name);
    }
}

Test(facts, hold_every_step_of_a_stop)
{
    for (uint32_t i = 0; i < STW_STEPS; i++) {
        const struct stw_fact *fact = &stw_facts[STW_FACT_STEP_FINISH_SWEEP + i];
        cr_expect_eq(fact->place, STW_IN_STEPS);
        cr_expect_str_eq(fact->where, stw_step_name(i));
    }
    cr_assert_neq(stw_facts[STW_FACT_STEP_FINISH_SWEEP + STW_STEPS].place, STW_IN_STEPS);
}

Test(facts, hold_every_kind_of_taken_time)
{
    for (uint32_t i = 0; i < STW_TAKEN_KINDS; i++) {
        char name[64];
        snprintf(name, sizeof name, "taken.%s_ns", stw_taken_name(i));
        cr_expect_eq(stw_fact_find(name), &stw_facts[STW_FACT_TAKEN_STOP + i], "%s", name);
        snprintf(name, sizeof name, "gap.%s_ns", stw_taken_name(i));
        cr_expect_eq(stw_fact_find(name), &stw_facts[STW_FACT_GAP_STOP + i], "%s", name);
    }
}

Test(facts, windows_ascend_and_are_the_records)
{
    uint64_t windows[STW_FACTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < STW_FACTS; i++)
        if (stw_facts[i].place == STW_IN_MMU)
            windows[count++] = stw_facts[i].window_ns;
    cr_assert_eq(count, STW_RECORD_WINDOWS);
    cr_assert_arr_eq(windows, stw_record_windows_ns, sizeof stw_record_windows_ns);
    for (uint32_t i = 1; i < STW_RECORD_WINDOWS; i++)
        cr_expect_gt(windows[i], windows[i - 1]);
}

Test(facts, are_recorded_under_their_names)
{
    struct stw_record *record = calloc(1, sizeof *record);
    stw_record_count(record, STW_FACT_GC_CYCLES, 7);
    cr_assert_eq(stw_record_count_as(record, "strategy/pool.hits", 8), 1);
    cr_assert_str_eq(record->counters[0].name, "gc.cycles");
    cr_assert_eq(record->counters[0].value, 7);
    cr_assert_str_eq(record->counters[1].name, "strategy/pool.hits");
    for (uint32_t i = 2; i < STW_RECORD_COUNTERS; i++)
        cr_assert_eq(stw_record_count_as(record, "x", 1), 1);
    cr_assert_eq(stw_record_count_as(record, "y", 1), 0, "there was no place left");
    free(record);
}
