/* stwlab/workload.h: the workload kind: what a program does.
 *
 * A trial runs `operations` operations on each mutator, each timed by the host. Everything that a
 * workload wants of a map it asks of the strategy chain (strategy.h). The checksum depends on the
 * workload's parameters, the seed and the number of mutators alone: cells that share those must
 * agree on it, or the trial is invalid. */
#ifndef STWLAB_WORKLOAD_H
#define STWLAB_WORKLOAD_H

#include "strategy.h"

/* What a mutator's setup gets. Borrowed for the trial. */
struct stw_trial {
    uint32_t struct_size;
    uint32_t mutator_count;
    uint64_t seed; /* equal in all trials of an experiment */
    const struct stw_link *strategy; /* head of the chain */
};

struct stw_workload_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Mandatory. kit.h has it ready for workloads that read parameters and nothing else. */
    stw_status (*create)(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_LOADED STW_MAY_BLOCK;
    /* Optional. Without it the host hands self, which is null or comes from malloc, to free(). */
    void (*destroy)(void *self) STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_FINISHED STW_MAY_BLOCK;
    /* Optional. Operations that each mutator will run; constant. Without it they are the value of a
     * parameter, u64, that the manifest names with STW_OPERATIONS, or else calls "operations". */
    uint64_t (*operations)(void *self) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Mandatory. Builds mutator m's inputs, untimed. `*state` is kept by the host in a registered
     * root when it is a managed cell, and passed back. */
    stw_status (*setup)(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    /* Mandatory. One operation, number 0 .. operations - 1. */
    void (*operate)(void *self, struct stw_mutator *m, void *state, uint64_t number)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    /* Mandatory. Of all that m computed, after its last operation; the host adds mutators' up. */
    uint64_t (*checksum)(void *self, struct stw_mutator *m, void *state)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Optional. Shape of the last map that m built. */
    void (*last_map)(void *self, struct stw_mutator *m, void *state, struct stw_map_stats *stats)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Optional. What the mutator has outside of its state; that is dropped afterwards anyway. */
    void (*teardown)(void *self, struct stw_mutator *m, void *state)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    /* Optional. What checksum must return for m, worked out without maps and strategies: 1 and
     * `*checksum` set, or 0 if that is not known. Called after checksum; a trial whose checksum
     * differs is invalid. */
    uint32_t (*expected)(void *self, struct stw_mutator *m, void *state, uint64_t *checksum)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Optional. The types of the maps that it will need, one an index; null behind the last. So a
     * map that does not take them is told of before anything has run. */
    const struct stw_map_type *(*map_type)(void *self, uint32_t index)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_CREATED;
};

#endif
