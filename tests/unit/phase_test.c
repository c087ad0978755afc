/* Phases of a trial. Goal: each stop and each cycle is in the one that trial.PH1 and trial.PH2 say,
 * at the edges too. Method: records with stops around operations that last from 1000 ns to 2000. */
#include "trial/phase.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MAIN_NS 100u
#define FIRST_NS 1000u
#define LAST_NS 2000u
#define STOPS 16u

static struct stw_record *record;

static void make_record(void)
{
    record = calloc(1, sizeof *record + STOPS * sizeof(struct stw_pause));
    cr_assert(record);
    record->main_ns = MAIN_NS;
    record->first_op_ns = FIRST_NS;
    record->last_op_ns = LAST_NS;
}

static void free_record(void)
{
    free(record);
}

TestSuite(phase, .init = make_record, .fini = free_record);

/* From and to on the clock; a third of it in each segment, or nearly so. */
static struct stw_pause stop(uint32_t kind, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t third_ns = (to_ns - from_ns) / 3;
    return (struct stw_pause){.kind = kind, .start_ns = from_ns - MAIN_NS, .stopping_ns = third_ns,
                              .working_ns = to_ns - from_ns - 2 * third_ns,
                              .restarting_ns = third_ns, .complete = 1};
}

static const char *phase_of(uint64_t from_ns, uint64_t to_ns)
{
    struct stw_pause pause = stop(STW_PAUSE_OTHER, from_ns, to_ns);
    return stw_phase_name(stw_phase_of_stop(record, &pause));
}

static void add(uint32_t kind, uint64_t cycle, uint64_t from_ns)
{
    struct stw_pause pause = stop(kind, from_ns, from_ns + 30);
    pause.cycle = cycle;
    cr_assert_lt(record->pause_count, STOPS);
    stw_record_pauses(record)[record->pause_count++] = pause;
}

/* UINT64_MAX: there is no such counter. */
static uint64_t counter(const char *name)
{
    for (uint32_t i = 0; i < STW_RECORD_COUNTERS; i++)
        if (strcmp(record->counters[i].name, name) == 0)
            return record->counters[i].value;
    return UINT64_MAX;
}

/* trial.PH1 */
Test(phase, of_a_stop_is_timed_where_it_overlaps_the_operations_at_all)
{
    cr_expect_str_eq(phase_of(500, 900), "setup");
    cr_expect_str_eq(phase_of(500, FIRST_NS), "setup");
    cr_expect_str_eq(phase_of(500, FIRST_NS + 1), "timed", "across the first operation's begin");
    cr_expect_str_eq(phase_of(FIRST_NS, 1500), "timed");
    cr_expect_str_eq(phase_of(1200, 1500), "timed");
    cr_expect_str_eq(phase_of(LAST_NS - 1, 2500), "timed", "across the last one's end");
    cr_expect_str_eq(phase_of(500, 2500), "timed", "across all of them");
    cr_expect_str_eq(phase_of(LAST_NS, 2500), "after");
    cr_expect_str_eq(phase_of(2200, 2500), "after");
}

Test(phase, of_all_stops_is_setup_when_no_operation_began)
{
    record->first_op_ns = record->last_op_ns = 0;
    cr_expect_str_eq(phase_of(500, 900), "setup");
    cr_expect_str_eq(phase_of(1500, 1UL << 49), "setup");
}

Test(phase, of_a_trial_that_did_not_end_its_operations_is_timed_to_the_end)
{
    record->last_op_ns = 0;
    cr_expect_str_eq(phase_of(500, 900), "setup");
    cr_expect_str_eq(phase_of(5000, 6000), "timed");
}

/* Mutators that have none to carry out begin and end in the same moment. */
Test(phase, without_operations_is_a_moment)
{
    record->last_op_ns = FIRST_NS;
    cr_expect_str_eq(phase_of(500, FIRST_NS), "setup");
    cr_expect_str_eq(phase_of(FIRST_NS, 1500), "after");
    cr_expect_str_eq(phase_of(500, 1500), "timed");
}

Test(phase, of_another_runtimes_stop_is_what_its_program_told)
{
    for (uint32_t phase = 0; phase < STW_TRIAL_PHASES; phase++) {
        struct stw_pause pause = stop(STW_PAUSE_PEER, MAIN_NS, MAIN_NS + 30);
        pause.told_phase = phase;
        cr_expect_eq(stw_phase_of_stop(record, &pause), phase);
        cr_expect_eq(stw_phase_find(stw_phase_name(phase)), phase);
    }
    cr_expect_eq(stw_phase_find("set-up"), STW_TRIAL_PHASES);
}

Test(phase, counts_the_stops_of_setup)
{
    add(STW_PAUSE_OTHER, 1, 300);
    stw_record_pauses(record)[0].working_ns += 20;
    add(STW_PAUSE_OTHER, 1, 400);
    add(STW_PAUSE_OTHER, 1, 500);
    stw_record_pauses(record)[2].complete = 0;
    add(STW_PAUSE_OTHER, 1, 1500);
    add(STW_PAUSE_OTHER, 1, 2500);
    stw_phase_count_stops(record, 1);
    cr_expect_eq(counter("setup.stops"), 2);
    cr_expect_eq(counter("setup.pause_max_ns"), 50);
    cr_expect_eq(counter("setup.pause_total_ns"), 80);
}

Test(phase, has_no_times_of_a_stepped_trial)
{
    stw_phase_count_stops(record, 0);
    cr_expect_eq(counter("setup.stops"), 0);
    cr_expect_eq(counter("setup.pause_max_ns"), UINT64_MAX);
    cr_expect_eq(counter("setup.pause_total_ns"), UINT64_MAX);
}

static void expect_cycles(uint64_t began, uint64_t setup, uint64_t timed)
{
    stw_phase_count_cycles(record, began);
    cr_expect_eq(counter("setup.cycles"), setup, "%lu in set-up", counter("setup.cycles"));
    cr_expect_eq(counter("timed.cycles"), timed, "%lu timed", counter("timed.cycles"));
}

/* trial.PH2 */
Test(phase, of_a_cycle_that_runs_into_the_operations_is_timed)
{
    add(STW_PAUSE_SWEEP_TERMINATION, 1, 200);
    add(STW_PAUSE_MARK_TERMINATION, 1, 300);
    add(STW_PAUSE_SWEEP_TERMINATION, 2, 900);
    add(STW_PAUSE_MARK_TERMINATION, 2, 1100);
    add(STW_PAUSE_SWEEP_TERMINATION, 3, 1500);
    add(STW_PAUSE_MARK_TERMINATION, 3, 2100);
    add(STW_PAUSE_SWEEP_TERMINATION, 4, 2200);
    expect_cycles(4, 1, 2);
}

Test(phase, of_a_cycle_whose_first_try_to_end_was_in_setup_is_timed)
{
    add(STW_PAUSE_SWEEP_TERMINATION, 1, 200);
    add(STW_PAUSE_MARK_TERMINATION, 1, 300);
    add(STW_PAUSE_MARK_TERMINATION, 1, 1300);
    expect_cycles(1, 0, 1);
}

Test(phase, of_cycles_in_one_stop_is_their_stops)
{
    add(STW_PAUSE_FULL, 1, 200);
    add(STW_PAUSE_OTHER, 2, 300);
    add(STW_PAUSE_FULL, 2, 990);
    add(STW_PAUSE_FULL, 3, 1500);
    add(STW_PAUSE_FULL, 4, 2500);
    expect_cycles(4, 1, 2);
}

Test(phase, has_no_cycles_without_stops)
{
    expect_cycles(0, 0, 0);
}
