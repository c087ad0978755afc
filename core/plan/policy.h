/* plan/policy.h: what an experiment lets its trials do: `sandbox` and [permissions].
 *
 * PO1  a trial may do what any plugin of its cell is permitted: it is one process.
 * PO2  what a plugin declares to need and is not permitted is a problem of the experiment, told
 *      before anything runs.
 * PO3  a run's policy is one for all of its trials, and stored with it. */
#ifndef STW_PLAN_POLICY_H
#define STW_PLAN_POLICY_H

#include "plan/experiment.h"
#include "prim/variables.h"

/* The setting by which a worker is told what is permitted; without it there is no sandbox. */
#define STW_SANDBOX_SETTING "sandbox.permitted"

struct stw_draft;
/* Reads [permissions], and checks it against what the plugins declare. */
void stw_policy_read(struct stw_draft *draft);

/* Whether trials run in a sandbox: it is asked for and the machine has one. */
int stw_policy_is_boxed(const struct stw_experiment *experiment);
/* STW_PERMIT_* of a cell. */
uint32_t stw_policy_permitted(const struct stw_matrix *matrix, const struct stw_cell *cell,
                              const struct stw_registry *registry);
/* In one short line: "on"; "on; strategy/x may: network"; "off"; "not available: ...". */
void stw_policy_describe(const struct stw_experiment *experiment, struct stw_text *text);

/* The environment of a cell's worker: what the system, the lab and sanitizers need, what the cell's
 * plugins declare (STW_NEEDS_ENV), and the scratch folder as HOME and TMPDIR. */
struct stw_variables stw_policy_environment(const struct stw_matrix *matrix,
                                            const struct stw_cell *cell,
                                            const struct stw_registry *registry,
                                            const char *scratch);

#endif
