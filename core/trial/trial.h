/* trial/trial.h: one trial inside its worker process: from plugins to numbers. */
#ifndef STW_TRIAL_TRIAL_H
#define STW_TRIAL_TRIAL_H

#include "host/registry.h"
#include "trial/record.h"

/* What whoever runs a trial does in it. Each may be null. */
struct stw_trial_calls {
    void (*await)(void); /* on the main thread: returns when the operations may begin */
    /* When the verdict is there, on the thread that found it: the exit status of the process if the
     * verdict ends it (else 0). */
    int (*judged)(const struct stw_record *record);
};

/* Runs the trial that record->settings describes and fills the record. The verdict is in the
 * record; the return value is STW_OK iff the verdict is OK. A verdict that other threads must not
 * survive ends the process. Once in a process. */
stw_status stw_trial_run(struct stw_record *record, const struct stw_registry *registry,
                         const struct stw_trial_calls *calls);
/* The calling thread: a mutator's index + 1, or 0. For signal handlers. */
uint32_t stw_trial_mutator(void);
/* The name, "map/x", of the plugin whose slot the frame is (trial/blame.h), and the slot's; or
 * null. Likewise. */
const char *stw_trial_frame(const void *function, const void *outer, const char **slot);

#endif
