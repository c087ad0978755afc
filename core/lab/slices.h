/* lab/slices.h: the application's own clock: what a mutator got of its time.
 *
 * Time is cut into slices between operations: a slice is the least number of operations that take
 * STW_SLICE_NS_MIN. A slice's wall time is own + taken + machine: taken is what the timeline logged
 * in it, machine is what the thread neither computed nor slept through by the runtime's doing. The
 * gap of a slice is taken + machine; a piece of both (the system took the processor away while the
 * world was stopped) counts once where there is no room for it twice.
 * A sleep that the runtime did not log shows as machine time, but the system's scheduler knows that
 * the thread slept and did not wait for a processor: that part is unexplained.
 * Thread rules: all by the mutator's own thread. */
#ifndef STW_LAB_SLICES_H
#define STW_LAB_SLICES_H

#include "gc/timeline.h"

/* Looking at the clocks costs about 0.3 us: less than 1 % of the shortest slice. */
#define STW_SLICE_NS_MIN 50000u

/* Clocks and sums at one moment. */
struct stw_look {
    uint64_t wall_ns, cpu_ns, asleep_ns;
    uint64_t taken_ns[STW_TAKEN_KINDS];
};

/* A slice: differences of two looks. */
struct stw_time_slice {
    uint64_t wall_ns, cpu_ns;
    uint64_t asleep_ns;  /* in the runtime's futexes */
    uint64_t taken_ns[STW_TAKEN_KINDS];
    uint64_t machine_ns; /* of the gap */
    uint64_t gap_ns;
};

struct stw_slices {
    struct stw_mutator_record *m;
    struct stw_look first, last;
    struct stw_time_slice longest; /* by gap */
    uint64_t machine_ns;      /* of all slices */
    uint64_t unexplained_ns;
    uint64_t unchecked_ns;    /* machine time since the scheduler was asked */
    uint64_t delay_ns;        /* what it said then, or STW_DELAY_UNKNOWN */
    uint64_t sleeps;          /* of the thread until then */
};

/* Begins and ends the mutator's timeline as well. */
void stw_slices_begin(struct stw_slices *slices, struct stw_mutator_record *m, uint64_t now_ns);
void stw_slices_cut(struct stw_slices *slices, uint64_t now_ns);
void stw_slices_end(struct stw_slices *slices, uint64_t now_ns);

/* Between two operations. */
static inline void stw_slices_pass(struct stw_slices *slices, uint64_t now_ns)
{
    if (now_ns - slices->last.wall_ns >= STW_SLICE_NS_MIN)
        stw_slices_cut(slices, now_ns);
}

/* The whole time from begin to end as one slice. */
struct stw_time_slice stw_slices_whole(const struct stw_slices *slices);

#endif
