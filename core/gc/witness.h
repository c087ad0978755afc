/* gc/witness.h: the collector's record of its stops, held against what the mutators saw.
 *
 * Every mutator that a stop had to stop logged it by its own clock: from its safepoint to its
 * departure. That must hold the whole working segment, and must lie between the request and the
 * moment at which the record says that the last one ran again. */
#ifndef STW_GC_WITNESS_H
#define STW_GC_WITNESS_H

#include <stdint.h>

struct stw_gc;

struct stw_testimony {
    uint64_t examined; /* stops while all mutators logged */
    uint64_t disputed; /* of them: fewer mutators saw them so than had to be stopped */
};

/* After the mutators have detached, before their timelines are united. Nothing is examined when a
 * timeline has lost intervals, or was never begun. */
struct stw_testimony stw_witnesses_hear(const struct stw_gc *gc);

#endif
