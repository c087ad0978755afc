/* lab/run.h: runs a matrix: schedule, worker processes, outcomes, store, progress. */
#ifndef STW_LAB_RUN_H
#define STW_LAB_RUN_H

#include "plan/experiment.h"

struct stw_run_options {
    const char *run_path;        /* run directory */
    const char *executable;      /* this program, for workers */
    struct stw_peers *peers; /* null: none */
    int resume;
    int retry;                   /* with resume: trials that failed, too */
    const uint8_t *is_chosen;    /* [cell_count]: only these cells' trials; null: all */
    int quiet;
};

struct stw_run_result {
    uint64_t trials_run;
    uint64_t trials_stored; /* before this run */
    uint64_t stored_not_ok; /* of all trials that are stored now */
    uint32_t cells_not_ok;  /* cells that have one of these */
    int interrupted; /* Ctrl-C */
};

/* STW_OK also when cells failed: see result. Errors are of the environment (store, fork). */
stw_status stw_run_matrix(const struct stw_matrix *matrix, const struct stw_registry *registry,
                          const struct stw_run_options *options, struct stw_run_result *result,
                          struct stw_error *error);

#endif
