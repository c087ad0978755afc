/* plan/experiment.h: an experiment as its INI file describes it, checked against the plugins.
 *
 * Parsing collects all errors, each with file, line, section and key, before it gives up. */
#ifndef STW_PLAN_EXPERIMENT_H
#define STW_PLAN_EXPERIMENT_H

#include "base/text.h"
#include "host/registry.h"
#include "plan/peers.h"

/* A key with its values: one for [fixed] keys, several for axes. */
struct stw_axis {
    char *key;
    char **values; /* canonical texts */
    char **files; /* of a parameter that names files: the path of each value, null for a word; else
                     null. A cell is known by the value as it was written. */
    uint32_t value_count;
    int line;
    uint32_t owner; /* STW_KIND_* of the plugin whose parameter it is; 0: the runtime's */
};

/* A rule of [exclude]: cells where it holds are skipped. */
struct stw_exclusion {
    char *name;
    char *text;
    int line;
    struct stw_condition *condition; /* opaque; parsed */
};

/* What a plugin that some cell uses refuses: cells where it holds are skipped. */
struct stw_refusal {
    uint32_t kind; /* of the plugin */
    char id[STW_ID_BYTES];
    char *plugin; /* "workload/x" */
    char *reason;
    struct stw_condition *condition;
};

/* What a plugin may do in spite of the sandbox. */
struct stw_permission {
    char *plugin; /* "workload/x" */
    uint32_t permitted; /* STW_PERMIT_* */
};

struct stw_claim {
    char *id, *says, *expect; /* kept for the record; judged elsewhere */
};

/* When a run needs no more trials: once the 95 % interval of a metric's value ends near it in every
 * cell. Looked at before each block from `least` trials on (plan/trials.c). */
struct stw_enough {
    char *metric; /* null: no such rule */
    uint64_t least;
    double percent; /* of the value, the farther end of its interval lies off by */
};

/* The least heap limit in which a cell completes: `hash` is that of the cell without a limit. */
struct stw_least_heap {
    char hash[17];
    uint64_t bytes;
};

/* Whether one cell is run twice in each block, under another label, against itself. Nobody has said
 * it: from STW_CANARY_CELLS runnable cells on, of which it takes an eighth of the time at most, and
 * with as many trials as an interval needs (report/bootstrap.h); a run that goes on keeps to what
 * it began with. */
#define STW_CANARY_USUAL 0u
#define STW_CANARY_OFF 1u
#define STW_CANARY_ON 2u
#define STW_CANARY_CELLS 8u
#define STW_CANARY_TRIALS 6u

struct stw_experiment {
    char *path;
    char *ini_text; /* the whole file as read */
    char *name, *question, *workload;
    uint64_t trials;          /* of each cell; with a rule, at most */
    struct stw_enough enough;
    uint64_t time_ns;         /* of a start: no new block begins after it; 0: not bounded */
    uint64_t seed;
    uint64_t timeout_ns;   /* of one trial */
    uint64_t memory_bytes; /* of one trial's process */
    int is_sandboxed;      /* asked for; stw_policy_is_boxed */
    uint32_t canary;       /* STW_CANARY_* */
    struct stw_permission *permissions;
    uint32_t permission_count;
    struct stw_axis *axes;
    uint32_t axis_count;
    struct stw_axis *fixed; /* value_count == 1 */
    uint32_t fixed_count;
    struct stw_axis *defaults; /* the same, of what is neither: settings of the runtime, parameters
                                  of the plugins that some cell uses */
    uint32_t default_count;
    struct stw_exclusion *exclusions;
    uint32_t exclusion_count;
    struct stw_refusal *refusals;
    uint32_t refusal_count;
    struct stw_claim *claims;
    uint32_t claim_count;
    char *minheap; /* the run that knows the least heaps, if `heap` is used; else null */
    struct stw_least_heap *least_heaps; /* sorted */
    uint32_t least_heap_count;
};

/* `overrides` are "section.key=value" texts of --set, applied after the file, checked alike.
 * `peers` is searched if a value of `runtime` calls for it; null: there are none.
 * On failure STW_E_INVALID and every problem as a line "FILE:LINE: [section] key: what" in
 * `problems`. Free with stw_experiment_free in both cases. */
stw_status stw_experiment_read(const char *path, const char *const *overrides,
                               uint32_t override_count, const struct stw_registry *registry,
                               struct stw_peers *peers, struct stw_experiment *experiment,
                               struct stw_text *problems);
void stw_experiment_free(struct stw_experiment *experiment);

/* What is planned, as it is stored and shown: "20", or "20..200 until 5% of stop.p50". */
void stw_experiment_trials(const struct stw_experiment *experiment, struct stw_text *text);

/* Gives the experiment the least heaps that its run of minheap knows, before the matrix is built;
 * `heaps` is owned by it from then on. */
void stw_experiment_take_heaps(struct stw_experiment *experiment, struct stw_least_heap *heaps,
                               uint32_t count);

/* A cell: one value for every axis. */
struct stw_cell {
    uint32_t index;        /* in axis order, the last axis fastest */
    char hash[17];         /* hex; identity: the workload and all effective settings (plan.X1) */
    char *id;              /* "n=65536 strategy=none": axes with more than one value; readable */
    const char **values;   /* [axis_count] */
    const char *excluded;  /* name of the exclusion that holds, the plugin that refuses it
                              ("workload/x"), "runtime", "heap", or null */
    char *reason;          /* of a plugin, or why no peer can run it; else null */
    uint64_t limit_bytes;  /* what `heap` makes of gc.limit; 0: nothing (plan/heaps.h) */
};

/* The canary is no cell: it stands behind the last one, with a number that none has, and only the
 * schedule and the store know of it. */
#define STW_CANARY_NUMBER 0x7fffffffu
struct stw_matrix {
    const struct stw_experiment *experiment;
    struct stw_cell *cells; /* [cell_count], and the canary if there is one */
    uint32_t cell_count;    /* excluded ones included */
    int has_canary;
    uint32_t canary_of;     /* the cell that it repeats: the first that is not excluded */
};

stw_status stw_matrix_build(const struct stw_experiment *experiment, const struct stw_peers *peers,
                            struct stw_matrix *matrix, struct stw_error *error);
/* Leaves the cells for which is_kept[cell] is set, at least one, numbered from 0 on. */
void stw_matrix_keep(struct stw_matrix *matrix, const uint8_t *is_kept);
/* Why an excluded cell is: the exclusion's text, or the reason. */
const char *stw_cell_reason(const struct stw_experiment *experiment, const struct stw_cell *cell);
void stw_matrix_free(struct stw_matrix *matrix);

/* The settings of a cell for its worker: "key\tvalue\n" for every axis and fixed key, and for the
 * experiment's workload and seed. */
void stw_cell_settings(const struct stw_matrix *matrix, const struct stw_cell *cell,
                       struct stw_text *settings);

/* Whether the cell's trials need the plugin. */
int stw_cell_uses(const struct stw_matrix *matrix, const struct stw_cell *cell,
                  const struct stw_plugin_info *info);

/* Whether the trials of some cell, run or excluded, need the plugin. */
int stw_matrix_uses(const struct stw_matrix *matrix, const struct stw_plugin_info *info);
int stw_experiment_uses(const struct stw_experiment *experiment,
                        const struct stw_plugin_info *info);

/* The one of `count` axes, or fixed settings, with this key, or null. */
const struct stw_axis *stw_axis_find(const struct stw_axis *axes, uint32_t count, const char *key);
/* What a cell has for a key of [axes] or [fixed], or null. */
const char *stw_cell_value(const struct stw_experiment *experiment, const struct stw_cell *cell,
                           const char *key);

/* The order of trials: blocks of one trial of every runnable cell, and of the canary, each block
 * shuffled by the seed. Allocated with malloc; *count = (runnable cells + canary) x trials. */
struct stw_slot {
    uint32_t cell;  /* cell_count: the canary */
    uint32_t trial; /* 0 .. trials - 1; of a block */
};
struct stw_slot *stw_matrix_schedule(const struct stw_matrix *matrix, uint32_t *count);

#endif
