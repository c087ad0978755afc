/* lab/losses.h: what the mutators of a trial lose: taken time, worst windows, gaps, CPU split.
 *
 * Covers the time from the first operation's begin to the last one's end. Stepped trials are not
 * timed, and have none of this.
 * Thread rules: start and fill by the main thread; enter and leave by each mutator, on its own
 * index; fill after all mutators have detached and before the runtime stops. */
#ifndef STW_LAB_LOSSES_H
#define STW_LAB_LOSSES_H

#include "gc/gc.h"
#include "lab/hiccup.h"
#include "lab/record.h"
#include "lab/slices.h"

/* CPU time used up to a moment, by all threads and by those of the collector. */
struct stw_cpu_sample {
    uint64_t process_ns, background_ns, worker_ns;
};

struct stw_losses {
    struct stw_gc *gc;
    uint32_t mutators;
    uint32_t entered, left; /* atomic */
    struct stw_cpu_sample before, after;
    struct stw_hiccup_meter hiccups;
    struct stw_slices slices[STW_RECORD_MUTATORS];
};

/* STW_E_NOMEM: the hiccup meter's thread did not start. */
stw_status stw_losses_start(struct stw_losses *losses, struct stw_gc *gc, uint32_t mutators);
/* Before the mutator's first operation, and after its last. */
void stw_losses_enter(struct stw_losses *losses, struct stw_mutator_record *m, uint64_t now_ns);
void stw_losses_leave(struct stw_losses *losses, struct stw_mutator_record *m);
/* Ends the hiccup meter and writes everything into the record. */
void stw_losses_fill(struct stw_losses *losses, struct stw_record *record);

#endif
