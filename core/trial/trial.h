/* trial/trial.h: one trial inside its worker process: from plugins to numbers. */
#ifndef STW_TRIAL_TRIAL_H
#define STW_TRIAL_TRIAL_H

#include "host/registry.h"
#include "trial/record.h"

/* Runs the trial that record->settings describes and fills the record. The verdict is in the
 * record; the return value is STW_OK iff the verdict is OK. */
stw_status stw_trial_run(struct stw_record *record, const struct stw_registry *registry);
/* The calling thread: a mutator's index + 1, or 0. For signal handlers. */
uint32_t stw_trial_mutator(void);

#endif
