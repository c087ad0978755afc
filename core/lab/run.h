/* lab/run.h: runs a matrix: schedule, worker processes, outcomes, store, progress. */
#ifndef STW_LAB_RUN_H
#define STW_LAB_RUN_H

#include "plan/experiment.h"

struct stw_sql;

/* How a start ended. */
#define STW_ENDED_PLANNED 0u /* all trials are there */
#define STW_ENDED_ENOUGH 1u  /* as many as the experiment's rule asks for */
#define STW_ENDED_TIME 2u    /* experiment->time_ns was over */
#define STW_ENDED_INTERRUPTED 3u
#define STW_ENDS 4u

/* Whether the trials that are stored in `sql`, an open run, are enough of them. */
typedef stw_status stw_enough_function(void *context, const struct stw_sql *sql, int *is_enough,
                                       struct stw_error *error);

struct stw_run_options {
    const char *run_path;        /* run directory */
    const char *executable;      /* this program, for workers */
    struct stw_peers *peers; /* null: none */
    int resume;
    int retry;                   /* with resume: trials that failed, too */
    const uint8_t *is_chosen;    /* [cell_count]: only these cells' trials; null: all */
    int mixed;                   /* with resume: also of other programs, or from elsewhere */
    int quiet;
    stw_enough_function *is_enough; /* asked if the experiment has such a rule; else may be null */
    void *context;                  /* of it */
};

struct stw_run_result {
    uint64_t trials_run;
    uint64_t trials_stored; /* before this run */
    uint64_t stored_not_ok; /* of all trials that are stored now */
    uint32_t cells_not_ok;  /* cells that have one of these */
    int interrupted; /* Ctrl-C */
    uint32_t ended;      /* STW_ENDED_* */
    uint64_t blocks;     /* the most trials that a cell has been given */
};

/* STW_OK also when cells failed: see result. Errors are of the environment (store, fork). */
stw_status stw_run_matrix(const struct stw_matrix *matrix, const struct stw_registry *registry,
                          const struct stw_run_options *options, struct stw_run_result *result,
                          struct stw_error *error);

#endif
