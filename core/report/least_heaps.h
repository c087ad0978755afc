/* report/least_heaps.h: what a run of `stwlab minheap` has found. */
#ifndef STW_REPORT_LEAST_HEAPS_H
#define STW_REPORT_LEAST_HEAPS_H

#include "plan/experiment.h"

/* Gives the experiment the least heap of each cell that the run has trials of without a limit.
 * STW_E_INVALID: there is no such run, or it is none of minheap. */
stw_status stw_least_heaps_read(const char *run, struct stw_experiment *experiment,
                                struct stw_error *error);

#endif
