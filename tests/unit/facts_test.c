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

/* But other runtimes': of those nobody knows the kind. */
Test(facts, hold_every_kind_of_stop)
{
    for (uint32_t kind = 0; kind < STW_PAUSE_PEER; kind++) {
        char rows[64];
        snprintf(rows, sizeof rows, "kind = '%s'", stw_pause_kind_name(kind));
        cr_assert_lt(kind, stw_stop_kind_count);
        cr_expect_str_eq(stw_stop_kinds[kind].word, stw_pause_kind_name(kind));
        cr_expect_str_eq(stw_stop_kinds[kind].rows, rows);
    }
    cr_assert_eq(stw_stop_kind_count, STW_PAUSE_PEER + 3, "and forced, waited, unwaited");
    for (uint32_t i = 0; i < stw_fact_alias_count; i++) {
        cr_expect_not_null(stw_fact_find(stw_fact_aliases[i].name));
        cr_expect_null(stw_fact_find(stw_fact_aliases[i].word), "it hides a fact");
    }
}

/* Each part that they are worked out of is a fact that a trial has once, and is measured. */
Test(facts, are_worked_out_of_those_that_are_stored)
{
    for (uint32_t i = 0; i < STW_FACTS; i++) {
        const char *at = stw_facts[i].place == STW_IN_OTHERS ? stw_facts[i].where : "";
        uint32_t parts = 0;
        for (; (at = strchr(at, '{')); parts++) {
            char name[64];
            at += strncmp(at, "{least ", 7) == 0 ? 7 : 1;
            snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "}"), at);
            const struct stw_fact *part = stw_fact_find(name);
            cr_assert_not_null(part, "%s: %s", stw_facts[i].name, name);
            cr_expect(part->place == STW_IN_COUNTERS || part->place == STW_IN_TRIALS);
        }
        cr_expect(parts > 1 || stw_facts[i].place != STW_IN_OTHERS, "%s", stw_facts[i].name);
    }
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
