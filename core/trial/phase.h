/* trial/phase.h: the phases of a trial, and which of them its stops and cycles are of.
 *
 * The timed phase begins when the first mutator begins its first operation, and ends when the last
 * one ends its last. Before it is set-up; all of it, if no operation has begun. */
#ifndef STW_TRIAL_PHASE_H
#define STW_TRIAL_PHASE_H

#include "trial/record.h"

#define STW_TRIAL_SETUP 0u
#define STW_TRIAL_TIMED 1u
#define STW_TRIAL_AFTER 2u
#define STW_TRIAL_PHASES 3u

/* "setup", "timed", "after". */
const char *stw_phase_name(uint32_t phase);
/* STW_TRIAL_PHASES when there is none of that name. */
uint32_t stw_phase_find(const char *name);
/* Of a stop of the record whose fields are final. */
uint32_t stw_phase_of_stop(const struct stw_record *record, const struct stw_pause *pause);

/* Counts the stops of set-up, once all are in the record, among its counters; and how long they
 * were, if the trial has times. */
void stw_phase_count_stops(struct stw_record *record, int are_timed);
/* Puts the timed stops into bins, as operations are. */
void stw_phase_bin_stops(struct stw_record *record);
/* Likewise the cycles of set-up, and the timed ones, of so many that the lab's collector began. */
void stw_phase_count_cycles(struct stw_record *record, uint64_t cycles);

#endif
