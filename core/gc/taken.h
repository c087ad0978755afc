/* gc/taken.h: writes a timeline, and reads its intervals one by one (timeline.c).
 *
 * T1  logged intervals are in the order of their ends, and lie between begin and the last end.
 * T2  taken_ns sums to the length of the union of all that was logged. */
#ifndef STW_GC_TAKEN_H
#define STW_GC_TAKEN_H

#include "gc/timeline.h"

void stw__timeline_check(const struct stw_timeline *timeline); /* by its writer */

/* One interval, wall time only: short pieces, and those that are slept through. */
void stw__timeline_add(struct stw_timeline *timeline, uint32_t kind, uint64_t start_ns,
                       uint64_t end_ns);

/* CPU time for an interval that is logged by stw__timeline_add: of the thread now (0: nothing is
 * logged), and what it spent since then. */
uint64_t stw__timeline_cpu_ns(const struct stw_timeline *timeline);
void stw__timeline_spent(struct stw_timeline *timeline, uint32_t kind, uint64_t since_cpu_ns);

/* CPU time that the caller knows. */
void stw__timeline_used(struct stw_timeline *timeline, uint32_t kind, uint64_t cpu_ns);

/* A piece of work of some microseconds, whose CPU time is worth two system calls. */
struct stw_taken {
    uint64_t start_ns, start_cpu_ns, inner_cpu_ns;
};
struct stw_taken stw__taken_begin(const struct stw_timeline *timeline);
/* Logs it; returns its wall time. */
uint64_t stw__taken_end(struct stw_timeline *timeline, uint32_t kind, struct stw_taken taken);

/* Around what a plugin does outside of managed code. */
void stw__timeline_block(struct stw_timeline *timeline);
void stw__timeline_unblock(struct stw_timeline *timeline);

static inline struct stw_taken_interval *stw__timeline_at(const struct stw_timeline *timeline,
                                                    uint64_t index)
{
    return &timeline->chunks[index / STW_TIMELINE_CHUNK][index % STW_TIMELINE_CHUNK];
}
static inline uint32_t stw__interval_kind(const struct stw_taken_interval *interval)
{
    return (uint32_t)(interval->length_kind & 7);
}
static inline uint64_t stw__interval_end_ns(const struct stw_taken_interval *interval)
{
    return interval->start_ns + interval->length_kind / 8;
}
static inline uint64_t stw__timeline_taken_ns(const struct stw_timeline *timeline)
{
    uint64_t sum = 0;
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        sum += timeline->taken_ns[kind];
    return sum;
}

#endif
