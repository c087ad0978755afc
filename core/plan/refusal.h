/* plan/refusal.h: what plugins refuse, as their manifests say (stwlab/manifest.h).
 *
 * RF1  a plugin is asked in the cells that use it and that the lab runs; those of another runtime
 *      do not run its code.
 * RF2  it is judged by the cell's effective settings: what the file does not mention has its
 *      default. So nothing has to run to be refused. */
#ifndef STW_PLAN_REFUSAL_H
#define STW_PLAN_REFUSAL_H

#include "plan/draft.h"

/* Reads the refusals of all plugins that some cell uses. The draft's axes are read by then. */
void stw_refusals_read(struct stw_draft *draft);
void stw_refusals_free(struct stw_experiment *experiment);
/* The first that holds in the cell where axis i has its value number picks[i], or null. */
const struct stw_refusal *stw_refusal_find(const struct stw_experiment *experiment,
                                           const struct stw_cell *cell, const uint32_t *picks);

#endif
