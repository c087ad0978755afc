/* trial/worker.h: the process that carries out one trial. */
#ifndef STW_TRIAL_WORKER_H
#define STW_TRIAL_WORKER_H

/* `stwlab worker` (not for users). Returns the exit status. */
int stw_worker_main(int argument_count, char **arguments);

#endif
