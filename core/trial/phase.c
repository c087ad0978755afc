/* trial/phase.c: tells stops and cycles of the operations from those of set-up and tear-down.
 *
 * PH1  a stop is set-up's when it was over before the first operation began, after when it was
 *      asked for when the last had ended; else it is timed, however little of it the operations
 *      saw.
 * PH2  a cycle is set-up's when its marking ended in a stop that is, after when it began in one
 *      that is; else it is timed. So each cycle is in one phase, as each stop is.
 * Another runtime's program says the phase of each stop, as it says no time of it. */
#include "trial/phase.h"

#include "base/check.h"

#include <string.h>

static const char *const names[STW_TRIAL_PHASES] = {
    [STW_TRIAL_SETUP] = "setup", [STW_TRIAL_TIMED] = "timed", [STW_TRIAL_AFTER] = "after"};

const char *stw_phase_name(uint32_t phase)
{
    STW_REQUIRE(phase < STW_TRIAL_PHASES);
    return names[phase];
}

uint32_t stw_phase_find(const char *name)
{
    uint32_t phase = 0;
    while (phase < STW_TRIAL_PHASES && strcmp(names[phase], name) != 0)
        phase++;
    return phase;
}

uint32_t stw_phase_of_stop(const struct stw_record *record, const struct stw_pause *pause)
{
    if (pause->kind == STW_PAUSE_PEER)
        return pause->told_phase;
    uint64_t began_ns = record->main_ns + pause->start_ns;
    uint64_t ended_ns = began_ns + pause->stopping_ns + pause->working_ns + pause->restarting_ns;
    if (!record->first_op_ns || ended_ns <= record->first_op_ns)
        return STW_TRIAL_SETUP;
    return record->last_op_ns && began_ns >= record->last_op_ns ? STW_TRIAL_AFTER
                                                                 : STW_TRIAL_TIMED;
}

static uint64_t length_ns(const struct stw_pause *pause)
{
    return pause->stopping_ns + pause->working_ns + pause->restarting_ns;
}

void stw_phase_bin_stops(struct stw_record *record)
{
    const struct stw_pause *pauses = stw_record_pauses(record);
    uint64_t count = __atomic_load_n(&record->pause_count, __ATOMIC_ACQUIRE);
    uint64_t end_ns = record->op_bins.first + record->op_bins.count; /* in widths */
    record->stop_bins = stw_bins_alike(&record->op_bins);
    for (uint64_t i = 0; i < count; i++) {
        const struct stw_pause *pause = &pauses[i];
        int is_inside = pause->start_ns >> record->op_bins.log_width < end_ns;
        if (pause->complete == 1 && is_inside
            && stw_phase_of_stop(record, pause) == STW_TRIAL_TIMED)
            stw_bins_add(&record->stop_bins, record->main_ns + pause->start_ns, length_ns(pause));
    }
}

void stw_phase_count_stops(struct stw_record *record, int are_timed)
{
    const struct stw_pause *pauses = stw_record_pauses(record);
    uint64_t count = __atomic_load_n(&record->pause_count, __ATOMIC_ACQUIRE);
    uint64_t stops = 0, total_ns = 0, longest_ns = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t ns = length_ns(&pauses[i]);
        if (pauses[i].complete != 1 || stw_phase_of_stop(record, &pauses[i]) != STW_TRIAL_SETUP)
            continue;
        stops++;
        total_ns += ns;
        longest_ns = ns > longest_ns ? ns : longest_ns;
    }
    stw_record_count(record, STW_FACT_SETUP_STOPS, stops);
    if (!are_timed)
        return;
    stw_record_count(record, STW_FACT_SETUP_PAUSE_MAX, longest_ns);
    stw_record_count(record, STW_FACT_SETUP_PAUSE_TOTAL, total_ns);
}

/* PH2. Stops are in the order of time. A cycle may try to end several times: the last one
 * counts. */
void stw_phase_count_cycles(struct stw_record *record, uint64_t cycles)
{
    const struct stw_pause *pauses = stw_record_pauses(record);
    uint64_t count = __atomic_load_n(&record->pause_count, __ATOMIC_ACQUIRE);
    uint64_t setup = 0, after = 0;
    for (uint64_t i = 0; i < count; i++) {
        const struct stw_pause *pause = &pauses[i];
        uint32_t phase = stw_phase_of_stop(record, pause);
        int is_end = pause->kind == STW_PAUSE_MARK_TERMINATION || pause->kind == STW_PAUSE_FULL;
        int is_begin = pause->kind == STW_PAUSE_SWEEP_TERMINATION || pause->kind == STW_PAUSE_FULL;
        if (pause->complete != 1)
            continue;
        if (is_end && phase == STW_TRIAL_SETUP)
            setup = pause->cycle;
        else if (is_end && setup == pause->cycle)
            setup--;
        if (is_begin && phase == STW_TRIAL_AFTER)
            after++;
    }
    stw_record_count(record, STW_FACT_SETUP_CYCLES, setup);
    stw_record_count(record, STW_FACT_TIMED_CYCLES, cycles - setup - after);
}
