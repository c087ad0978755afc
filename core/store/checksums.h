/* store/checksums.h: the checksums of a run's trials, read and judged anew. */
#ifndef STW_STORE_CHECKSUMS_H
#define STW_STORE_CHECKSUMS_H

#include "store/store.h"
#include "trial/outcome.h"

/* Trials of a cell that were ok by themselves and have this checksum. */
struct stw_stored_checksum {
    uint32_t cell; /* as stored: may be none of the matrix */
    uint64_t checksum;
    uint64_t trials;
    uint64_t expected; /* those whose workload worked out the same */
    uint64_t not_ok;   /* those that are stored as something else than ok */
};

/* Calls `each` for every cell and checksum, in the order of cells. */
stw_status stw_store_checksums(const struct stw_store *store,
                               void (*each)(void *context, const struct stw_stored_checksum *),
                               void *context, struct stw_error *error);
/* A transaction: judgements between the two are stored together, or not at all when `status` is not
 * ok. */
stw_status stw_store_begin(struct stw_store *store, struct stw_error *error);
stw_status stw_store_end(struct stw_store *store, stw_status status, struct stw_error *error);
/* Gives these trials the kind and the detail of `outcome`; adds those that had another kind to
 * `*changed`. STW_E_IO; stw_store_end tells why. */
stw_status stw_store_judge(struct stw_store *store, uint32_t cell, uint64_t checksum,
                           const struct stw_outcome *outcome, uint64_t *changed);

#endif
