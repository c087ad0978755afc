/* trial/laps.h: the application's own clock: what a mutator got of its time.
 *
 * Time is cut into laps between operations: a lap is the least number of operations that take
 * STW_LAP_NS_MIN. A lap's wall time is own + taken + machine: taken is what the timeline logged
 * in it, machine what the thread neither computed nor slept through by the runtime's doing, nor by
 * its own (block_begin): that is own time, and a late wake at its end cannot be told from it. The
 * gap of a lap is taken + machine; a piece of both (the system took the processor away while the
 * world was stopped) counts once where there is no room for it twice.
 * A sleep that the runtime did not log shows as machine time, but the system's scheduler knows that
 * the thread slept and did not wait for a processor: that part is unexplained.
 * Thread rules: all by the mutator's own thread. */
#ifndef STW_TRIAL_LAPS_H
#define STW_TRIAL_LAPS_H

#include "gc/timeline.h"

/* Looking at the clocks costs about 0.3 us: less than 1 % of the shortest lap. */
#define STW_LAP_NS_MIN 50000u

/* Clocks and sums at one moment. */
struct stw_look {
    uint64_t wall_ns, cpu_ns, asleep_ns, blocked_ns;
    uint64_t taken_ns[STW_TAKEN_KINDS];
};

/* A lap: differences of two looks. */
struct stw_lap {
    uint64_t wall_ns, cpu_ns;
    uint64_t asleep_ns;  /* in the runtime's futexes */
    uint64_t blocked_ns; /* of its own will */
    uint64_t taken_ns[STW_TAKEN_KINDS];
    uint64_t machine_ns; /* of the gap */
    uint64_t gap_ns;
};

struct stw_laps {
    struct stw_timeline *timeline;
    struct stw_look first, last;
    struct stw_lap longest; /* by gap */
    uint64_t machine_ns;      /* of all laps */
    uint64_t unexplained_ns;
    uint64_t unchecked_ns;    /* machine time since the scheduler was asked */
    uint64_t delay_ns;        /* what it said then, or STW_DELAY_UNKNOWN */
    uint64_t sleeps;          /* of the thread until then */
};

/* Begins and ends the mutator's timeline as well. */
void stw_laps_begin(struct stw_laps *laps, struct stw_timeline *timeline, uint64_t now_ns);
void stw_laps_cut(struct stw_laps *laps, uint64_t now_ns);
void stw_laps_end(struct stw_laps *laps, uint64_t now_ns);

/* Between two operations. */
static inline void stw_laps_pass(struct stw_laps *laps, uint64_t now_ns)
{
    if (now_ns - laps->last.wall_ns >= STW_LAP_NS_MIN)
        stw_laps_cut(laps, now_ns);
}

/* The whole time from begin to end as one lap. */
struct stw_lap stw_laps_whole(const struct stw_laps *laps);

#endif
