/* stwlab/fake_host.h: a host table for tests of plugins that need mutators but no collector.
 *
 * Every cell is its own zeroed block of the C library, so AddressSanitizer sees the bounds, and
 * every allocation takes the slow path, where it is noted. Nothing is ever freed before
 * fake_host_free. There is one fake host at a time, like the real one. Several mutators may run on
 * several threads.
 *
 * Not offered: what only allocators call (those slots are null). */
#ifndef STWLAB_FAKE_HOST_H
#define STWLAB_FAKE_HOST_H

#include "plugin.h"

/* What the mutators and the main thread asked for since fake_host_new. */
struct fake_tallies {
    uint64_t allocs;
    uint64_t alloc_bytes; /* as requested */
    uint64_t safepoints;  /* polls that found a request; alloc does not count */
    uint64_t flushes;     /* of barrier buffers */
    uint64_t copies;      /* stw_copy calls that took the slow path */
    uint64_t yields;
    uint64_t blocks; /* block_begin calls */
    uint64_t collects;
    uint64_t growths[STW_GROWTHS]; /* of maps, by kind */
};

/* Called at the start of every allocation, which is where a real host may collect. */
typedef void (*fake_alloc_hook)(struct stw_mutator *m, void *context);

/* Makes the host with `mutators` attached mutators, indices 0 .. mutators - 1. Everything starts
 * zeroed: marking off, GOGC 100. */
const struct stw_host *fake_host_new(uint32_t mutators);
void fake_host_free(void);

struct stw_mutator *fake_mutator(uint32_t index);
const struct fake_tallies *fake_counts(void);
void fake_on_alloc(fake_alloc_hook hook, void *context);

/* Cells. `address` may point inside the cell. */
uint64_t fake_cell_bytes(const void *address);              /* as requested; 0: not in a cell */
const struct stw_type *fake_cell_type(const void *address); /* null: pointer-free */
void *fake_cell_start(const void *address);                 /* null: not in a cell */

/* Marks all that `address`, or the registered roots, reach through pointer words of typed cells.
 * Marks add up until fake_unmark. */
void fake_mark(const void *address);
void fake_mark_roots(void);
uint32_t fake_is_marked(const void *address);
void fake_unmark(void);

/* The write barrier. fake_marking_begin turns it on for all mutators and keeps a copy of all typed
 * cells and roots. fake_marking_check counts the pointer words that break its rule: the old value
 * of a word that changed, and its new one, must have been recorded. fake_marking_end turns it off.
 */
void fake_marking_begin(void);
uint64_t fake_marking_check(void);
void fake_marking_end(void);

/* Runs the cycle hooks, as the first stop of a cycle does. */
void fake_run_hooks(void);
uint64_t fake_root_words(void); /* registered now */
int32_t fake_gc_percent(void);
/* Tells the death of a cell, of all with null: no cell dies by itself. Returns how many notices. */
uint32_t fake_tell_deaths(const void *cell);
int64_t fake_external_bytes(void); /* charged and not credited */

#endif
