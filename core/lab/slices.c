/* lab/slices.c: cuts a mutator's time into slices and keeps the worst. */
#include "lab/slices.h"

#include "gc/gc.h"

/* Machine time that is worth asking the scheduler about at once: some 5 us in the system. */
#define CHECK_NS 100000u

static struct stw_look look(const struct stw_mutator_record *m, uint64_t now_ns)
{
    struct stw_look now = {now_ns, stw_clock_thread_cpu_ns(), m->asleep_ns, {0}};
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        now.taken_ns[kind] = m->timeline.taken_ns[kind];
    return now;
}

static uint64_t less(uint64_t from, uint64_t part)
{
    return from > part ? from - part : 0;
}

static struct stw_time_slice between(const struct stw_look *from, const struct stw_look *to)
{
    struct stw_time_slice slice = {.wall_ns = to->wall_ns - from->wall_ns,
                              .cpu_ns = to->cpu_ns - from->cpu_ns,
                              .asleep_ns = to->asleep_ns - from->asleep_ns};
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++) {
        slice.taken_ns[kind] = to->taken_ns[kind] - from->taken_ns[kind];
        slice.gap_ns += slice.taken_ns[kind];
    }
    uint64_t machine_ns = less(less(slice.wall_ns, slice.cpu_ns), slice.asleep_ns);
    uint64_t room_ns = less(slice.wall_ns, slice.gap_ns);
    slice.machine_ns = machine_ns < room_ns ? machine_ns : room_ns;
    slice.gap_ns += slice.machine_ns;
    return slice;
}

void stw_slices_begin(struct stw_slices *slices, struct stw_mutator_record *m, uint64_t now_ns)
{
    *slices = (struct stw_slices){.m = m, .delay_ns = stw_clock_thread_delay_ns(),
                                  .sleeps = stw_thread_sleep_count()};
    stw_timeline_begin(m, now_ns);
    slices->first = slices->last = look(m, now_ns);
}

/* The scheduler knows how long the thread waited for a processor since it was asked last. What is
 * left of the machine time is interrupts, unless the thread slept. */
static void check(struct stw_slices *slices)
{
    uint64_t delay_ns = stw_clock_thread_delay_ns(), sleeps = stw_thread_sleep_count();
    int is_known = delay_ns != STW_DELAY_UNKNOWN && slices->delay_ns != STW_DELAY_UNKNOWN;
    if (is_known && sleeps > slices->sleeps)
        slices->unexplained_ns += less(slices->unchecked_ns, delay_ns - slices->delay_ns);
    slices->delay_ns = delay_ns;
    slices->sleeps = sleeps;
    slices->unchecked_ns = 0;
}

void stw_slices_cut(struct stw_slices *slices, uint64_t now_ns)
{
    struct stw_look now = look(slices->m, now_ns);
    struct stw_time_slice slice = between(&slices->last, &now);
    slices->machine_ns += slice.machine_ns;
    slices->unchecked_ns += slice.machine_ns;
    if (slice.machine_ns >= CHECK_NS)
        check(slices);
    if (slice.gap_ns > slices->longest.gap_ns)
        slices->longest = slice;
    slices->last = now;
}

void stw_slices_end(struct stw_slices *slices, uint64_t now_ns)
{
    stw_slices_cut(slices, now_ns);
    check(slices);
    stw_timeline_end(slices->m, now_ns);
}

struct stw_time_slice stw_slices_whole(const struct stw_slices *slices)
{
    return between(&slices->first, &slices->last);
}
