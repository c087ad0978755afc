/* trial/peer_trial.h: a trial that another runtime carries out, seen from its worker process. */
#ifndef STW_TRIAL_PEER_TRIAL_H
#define STW_TRIAL_PEER_TRIAL_H

#include "host/registry.h"
#include "trial/record.h"

/* The setting that names the program to run; only trials of peers have it. No parameter can have
 * such a name. */
#define STW_PEER_SETTING "peer/program"

/* The names of the counters that it may tell, with blanks between them; likewise. */
#define STW_PEER_FACTS "peer/facts"

/* Whether record->settings name a peer. */
int stw_peer_trial_is_asked(const struct stw_record *record);
/* Runs the program, with the parameters that the settings and the manifests' defaults give, and
 * fills the record from what it prints. The verdict is in the record. */
void stw_peer_trial_run(struct stw_record *record, const struct stw_registry *registry);

#endif
