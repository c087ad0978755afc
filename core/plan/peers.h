/* plan/peers.h: other runtimes that carry out the same workloads.
 *
 * A family is a kind of runtime, "go"; a peer is one that is there, labelled by its version,
 * "go1.23.8". Its program says what it can do (peer_describe.c), and carries out a trial as a
 * process that prints its record (peer_trial.c).
 * A new family is a source file beside peer_go.c and a line in peers.c.
 *
 * PE1  a peer is known by its label, the version and settings of its toolchain, and the content of
 *      its program: a toolchain with other experiments (GOEXPERIMENT) has another label.
 * Threads: the main thread of the coordinator. */
#ifndef STW_PLAN_PEERS_H
#define STW_PLAN_PEERS_H

#include "base/facts.h"
#include "prim/identity.h"

#include <stwlab/base.h>

#include <stdint.h>

#define STW_PEER_PATH_BYTES 8192
#define STW_PEER_ASK_NS 60000000000ull /* to say a version: milliseconds, on a busy machine too */

#define STW_PEER_VARIANT "-X:" /* in a label, before what makes a toolchain unlike others */

struct stw_peer;
struct stw_peers;

struct stw_peer_family {
    const char *name;   /* what `runtime` calls any of them */
    const char *title;  /* for messages: "Go" */
    const char *advice; /* how to come by one */
    /* Adds those that are there. STW_E_IO: one that was named cannot be run. */
    stw_status (*search)(struct stw_peers *peers, struct stw_error *error);
    /* Sets peer->program. STW_E_IO with what went wrong. */
    stw_status (*provide)(struct stw_peer *peer, struct stw_error *error);
};

extern const struct stw_peer_family stw_peer_go, stw_peer_bdwgc;

struct stw_words {
    char **items;
    uint32_t count;
};
int stw_words_have(const struct stw_words *words, const char *word);

/* What a peer's program says that it can do. */
struct stw_peer_description {
    struct stw_words workloads, strategies;
    struct stw_words settings; /* of the lab's runtime, that mean something to it */
    struct stw_words facts;    /* counters that it may tell, its own among them */
    struct stw_fact *own;      /* its own; texts are allocated */
    uint32_t own_count;
    uint32_t mutators_max;     /* 0: as many as the lab */
};

struct stw_peer {
    const struct stw_peer_family *family;
    char *label;
    char *path;    /* of what it was found by: the go command, the program */
    char *program; /* null until stw_peer_provide */
    struct stw_identity identity; /* of the program */
    char *version;  /* what it said of itself */
    char *settings; /* that the program is built with: "GOEXPERIMENT=x GOAMD64=v1"; "": none */
    struct stw_peer_description description; /* once it is: */
    int is_described;
};

struct stw_peers {
    const char *const *paths; /* of --go; borrowed */
    uint32_t path_count;
    uint32_t searched;      /* a bit for each family */
    struct stw_peer *items; /* in the order in which they were found; each label once */
    uint32_t count;
};

struct stw_experiment;
struct stw_cell;

/* The family that "go", "go1.23" or "go1.23.8" is of; null when it is of none, as "stwlab". */
const struct stw_peer_family *stw_peer_family_of(const char *runtime);
/* Looks for all peers of the family of `runtime`, once. STW_E_IO: one that was named cannot be run.
 * Go: the commands of `paths`, else those of STWLAB_GO (colon-separated), else `go` on PATH. */
stw_status stw_peers_search(struct stw_peers *peers, const char *runtime, struct stw_error *error);
/* Adds one, unless its label is there: then another command of that label is told on stderr. For
 * families; `settings` may be "". */
void stw_peers_add(struct stw_peers *peers, const struct stw_peer_family *family,
                   const char *label, const char *path, const char *version,
                   const char *settings);
void stw_peers_free(struct stw_peers *peers);
/* Null when there is none with this label. */
struct stw_peer *stw_peers_get(const struct stw_peers *peers, const char *label);
/* Makes sure that there is a program. Go's is built, unless the user's cache has it (plan/cache.h).
 * STW_E_IO with what the toolchain printed. */
stw_status stw_peer_provide(struct stw_peer *peer, struct stw_error *error);
/* Provides the program and asks it what it can do, once (plan.PE2). STW_E_IO with what is wrong
 * with the answer. */
stw_status stw_peer_ask(struct stw_peer *peer, struct stw_error *error);
/* Asks all that the experiment's cells may need. Before its matrix is built. */
stw_status stw_peers_ask(const struct stw_peers *peers, const struct stw_experiment *experiment,
                         struct stw_error *error);
/* Frees the description. */
void stw_peer_forget(struct stw_peer *peer);
/* The path of peers/NAME, beside the executable or installed. For families. */
stw_status stw_peer_find(const char *name, char path[STW_PEER_PATH_BYTES], struct stw_error *error);

/* The values of `runtime` and `strategy` in a cell; never null. */
const char *stw_cell_runtime(const struct stw_experiment *experiment, const struct stw_cell *cell);
const char *stw_cell_strategy(const struct stw_experiment *experiment, const struct stw_cell *cell);
/* Why no peer can run the cell, as a new text; null if one can, or if it is not for a peer. What
 * only the lab's runtime has (allocator, map, gc.mode and so on) a peer does without: it runs the
 * cells that have the first value of such axes, and not the others. */
char *stw_peer_misfit(const struct stw_peers *peers, const struct stw_experiment *experiment,
                      const struct stw_cell *cell);

#endif
