/* lab/agreement.h: which checksum is right when trials that compute the same disagree.
 *
 * Cells of a group (equal parameters of the workload, equal mutators) compute the same. The trials
 * of a group that were ok by themselves, and have the same checksum, are a side.
 *
 * G1  nobody is right for having come first: with two sides and more, the right one is that which
 *     the workload itself worked out (`expected`), else that of more than half of the trials, else
 *     that of the baseline, the cells whose strategy is `none`. If none of them tells, no side is
 *     right. Where the workload's word backs several sides, the rest decides between these.
 * G2  after stw_agreement_settle the stored trials of the right side are ok and those of the others
 *     are invalid, each with all sides named, whatever was thought of them when they were stored.
 *
 * Coordinator only, one thread. */
#ifndef STW_LAB_AGREEMENT_H
#define STW_LAB_AGREEMENT_H

#include "plan/experiment.h"
#include "trial/outcome.h"

struct stw_store;
struct stw_agreement; /* opaque */

/* Of no trial yet. */
struct stw_agreement *stw_agreement_new(const struct stw_matrix *matrix);
void stw_agreement_free(struct stw_agreement *agreement);
/* Counts a trial that was ok by itself, and makes its outcome invalid unless, by what is known so
 * far, its side is right. */
void stw_agreement_judge(struct stw_agreement *agreement, uint32_t cell, uint64_t checksum,
                         struct stw_outcome *outcome);
/* Forgets everything, counts the stored trials instead, and makes their outcomes what all of them
 * together say (G2), in one transaction. `*changed`: how many trials are judged otherwise now. */
stw_status stw_agreement_settle(struct stw_agreement *agreement, struct stw_store *store,
                                uint64_t *changed, struct stw_error *error);

#endif
