/* trial/laps.c: cuts a mutator's time into laps and keeps the worst. */
#include "trial/laps.h"

#include "prim/thread.h"

/* Machine time that is worth asking the scheduler about at once: some 5 us in the system. */
#define CHECK_NS 100000u

static struct stw_look look(const struct stw_timeline *timeline, uint64_t now_ns)
{
    struct stw_look now = {now_ns, stw_clock_thread_cpu_ns(), timeline->asleep_ns,
                           timeline->blocked_ns, {0}};
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        now.taken_ns[kind] = timeline->taken_ns[kind];
    return now;
}

static uint64_t less(uint64_t from, uint64_t part)
{
    return from > part ? from - part : 0;
}

static struct stw_lap between(const struct stw_look *from, const struct stw_look *to)
{
    struct stw_lap lap = {.wall_ns = to->wall_ns - from->wall_ns,
                              .cpu_ns = to->cpu_ns - from->cpu_ns,
                              .asleep_ns = to->asleep_ns - from->asleep_ns,
                              .blocked_ns = to->blocked_ns - from->blocked_ns};
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++) {
        lap.taken_ns[kind] = to->taken_ns[kind] - from->taken_ns[kind];
        lap.gap_ns += lap.taken_ns[kind];
    }
    uint64_t idle_ns = lap.asleep_ns + lap.blocked_ns;
    uint64_t machine_ns = less(less(lap.wall_ns, lap.cpu_ns), idle_ns);
    uint64_t room_ns = less(lap.wall_ns, lap.gap_ns + lap.blocked_ns);
    lap.machine_ns = machine_ns < room_ns ? machine_ns : room_ns;
    lap.gap_ns += lap.machine_ns;
    return lap;
}

void stw_laps_begin(struct stw_laps *laps, struct stw_timeline *timeline, uint64_t now_ns)
{
    *laps = (struct stw_laps){.timeline = timeline, .delay_ns = stw_clock_thread_delay_ns(),
                              .sleeps = stw_thread_sleep_count()};
    stw_timeline_begin(timeline, now_ns);
    laps->first = laps->last = look(timeline, now_ns);
}

/* The scheduler knows how long the thread waited for a processor since it was asked last. What is
 * left of the machine time is interrupts, unless the thread slept. */
static void check(struct stw_laps *laps)
{
    uint64_t delay_ns = stw_clock_thread_delay_ns(), sleeps = stw_thread_sleep_count();
    int is_known = delay_ns != STW_DELAY_UNKNOWN && laps->delay_ns != STW_DELAY_UNKNOWN;
    if (is_known && sleeps > laps->sleeps)
        laps->unexplained_ns += less(laps->unchecked_ns, delay_ns - laps->delay_ns);
    laps->delay_ns = delay_ns;
    laps->sleeps = sleeps;
    laps->unchecked_ns = 0;
}

void stw_laps_cut(struct stw_laps *laps, uint64_t now_ns)
{
    struct stw_look now = look(laps->timeline, now_ns);
    struct stw_lap lap = between(&laps->last, &now);
    laps->machine_ns += lap.machine_ns;
    laps->unchecked_ns += lap.machine_ns;
    if (lap.machine_ns >= CHECK_NS)
        check(laps);
    if (lap.gap_ns > laps->longest.gap_ns)
        laps->longest = lap;
    laps->last = now;
}

void stw_laps_end(struct stw_laps *laps, uint64_t now_ns)
{
    stw_laps_cut(laps, now_ns);
    check(laps);
    stw_timeline_end(laps->timeline, now_ns);
}

struct stw_lap stw_laps_whole(const struct stw_laps *laps)
{
    return between(&laps->first, &laps->last);
}
