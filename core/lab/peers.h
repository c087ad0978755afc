/* lab/peers.h: other runtimes that carry out the same workloads: every Go that there is.
 *
 * A peer is a Go toolchain, labelled by its version ("go1.23.8"). The program that it builds is
 * experiments/peers/go; a trial of it is a process that prints its record (peer_trial.c).
 *
 * Threads: the main thread of the coordinator. */
#ifndef STW_LAB_PEERS_H
#define STW_LAB_PEERS_H

#include <stwlab/base.h>

#include <stdint.h>

struct stw_peer {
    char *label;
    char *path;    /* of the go command */
    char *program; /* built; null until stw_peer_build */
};

struct stw_peers {
    const char *const *paths; /* of --go; borrowed */
    uint32_t path_count;
    int is_searched;
    struct stw_peer *items; /* in the order in which they were found; each label once */
    uint32_t count;
};

struct stw_experiment;
struct stw_cell;

/* Asks the go commands of `paths`, else those of STWLAB_GO (colon-separated), else `go` on PATH for
 * their version; once. STW_E_IO: one that was named cannot be run. */
stw_status stw_peers_search(struct stw_peers *peers, struct stw_error *error);
void stw_peers_free(struct stw_peers *peers);
/* Null when there is none with this label. */
struct stw_peer *stw_peers_get(const struct stw_peers *peers, const char *label);
/* Builds the program, unless the user's cache has it: $XDG_CACHE_HOME/stwlab or ~/.cache/stwlab.
 * STW_E_IO with what the toolchain printed. */
stw_status stw_peer_build(struct stw_peer *peer, struct stw_error *error);

/* The value of `runtime` in a cell; never null. */
const char *stw_cell_runtime(const struct stw_experiment *experiment, const struct stw_cell *cell);
/* Why no peer can run the cell, as a new text; null if one can, or if it is not for a peer. What
 * only the lab's runtime has (allocator, map, gc.mode and so on) a peer does without: it runs the
 * cells that have the first value of such axes, and not the others. */
char *stw_peer_misfit(const struct stw_peers *peers, const struct stw_experiment *experiment,
                      const struct stw_cell *cell);

#endif
