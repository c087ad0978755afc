/* trial/losses.h: what the mutators of a trial lose: taken time, worst windows, gaps, CPU split.
 *
 * Covers the time from the first operation's begin to the last one's end. Stepped trials are not
 * timed, and have none of this.
 * Thread rules: start and fill by the main thread; enter and leave by each mutator, on its own
 * index; fill after all mutators have detached and before the runtime stops. */
#ifndef STW_TRIAL_LOSSES_H
#define STW_TRIAL_LOSSES_H

#include "gc/gc.h"
#include "trial/hiccup.h"
#include "trial/laps.h"
#include "trial/record.h"

/* CPU time used up to a moment. */
struct stw_cpu_sample {
    uint64_t process_ns; /* by all threads */
    struct stw_gc_cpu gc;
    uint64_t meter_ns;   /* by the hiccup meter */
};

struct stw_losses {
    struct stw_gc *gc;
    uint32_t mutators, processors;
    uint32_t entered, left; /* atomic */
    struct stw_cpu_sample before, after;
    struct stw_hiccup_meter hiccups;
    struct stw_laps laps[STW_RECORD_MUTATORS];
};

/* STW_E_NOMEM: the hiccup meter's thread did not start. */
stw_status stw_losses_start(struct stw_losses *losses, struct stw_gc *gc, uint32_t mutators,
                            uint32_t processors);
/* Before the mutator's first operation, and after its last. */
void stw_losses_enter(struct stw_losses *losses, struct stw_mutator *m, uint64_t now_ns);
void stw_losses_leave(struct stw_losses *losses, struct stw_mutator *m);
/* Ends the hiccup meter and writes everything into the record. */
void stw_losses_fill(struct stw_losses *losses, struct stw_record *record);

#endif
