/* gc/pacer.c: decides when the next cycle begins, and how much marking each allocated byte owes.
 *
 * Go's published formulas (runtime/mgcpacer.go; 1.19 to 1.27 agree but for the details noted):
 *   goal    = marked + (marked + stacks + roots) * GOGC/100, at least 4 MiB * GOGC/100
 *   runway  = cons/mark * (0.75/0.25) * (last heap + stack + root scan)
 *   trigger = goal - runway, kept within [marked + 45/64 and marked + 61/64 of the way to goal];
 *             the upper bound is goal - 4 MiB where that is larger
 *   cons/mark = allocation over marking speed while marking, the maximum of the last five cycles
 * P1  minimum trigger <= trigger <= maximum trigger <= goal.
 * P2  debt is paid in scanned bytes; one allocated byte owes what is left to scan over what may
 *     still be allocated before the goal.
 * Threads: retuned while the world is stopped; read by anyone. */
#include "gc/gc.h"

#define HEAP_MIN_BYTES (4u * 1024u * 1024u) /* Go: defaultHeapMinimum, at GOGC=100 */
#define TRIGGER_LOW_64THS 45u               /* Go: minTriggerRatioDistance 0.7 */
#define TRIGGER_HIGH_64THS 61u              /* Go: maxTriggerRatioDistance 0.95 */
#define GOAL_MARGIN_BYTES (64u * 1024u)     /* goal is at least this above the trigger */
#define UTILISATION 0.25                    /* Go: gcBackgroundUtilization */
#define EXPECTED_WORK_MIN 1000u

static uint64_t maximum(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t goal_of(const struct stw_pacer *pacer)
{
    if (pacer->percent < 0)
        return UINT64_MAX;
    uint64_t percent = (uint64_t)pacer->percent;
    uint64_t scannable = pacer->heap_marked + pacer->last_stack_bytes + pacer->last_root_bytes;
    double growth = (double)scannable * (double)percent / 100.0;
    uint64_t goal = pacer->heap_marked + (uint64_t)growth;
    return maximum(goal, (uint64_t)HEAP_MIN_BYTES * percent / 100);
}

static uint64_t trigger_of(const struct stw_pacer *pacer, uint64_t goal)
{
    uint64_t marked = pacer->heap_marked;
    if (goal == UINT64_MAX || marked >= goal)
        return goal;
    uint64_t least = marked + (goal - marked) / 64 * TRIGGER_LOW_64THS;
    uint64_t most = marked + (goal - marked) / 64 * TRIGGER_HIGH_64THS;
    if (goal > HEAP_MIN_BYTES)
        most = maximum(most, goal - HEAP_MIN_BYTES);
    most = maximum(most, least);
    uint64_t work = pacer->last_scan_bytes + pacer->last_stack_bytes + pacer->last_root_bytes;
    double runway = pacer->cons_mark * ((1 - UTILISATION) / UTILISATION) * (double)work;
    if (runway >= (double)(goal - least))
        return least;
    uint64_t trigger = goal - (uint64_t)runway;
    return trigger > most ? most : trigger;
}

static void commit(struct stw_gc *gc)
{
    struct stw_pacer *pacer = &gc->pacer;
    uint64_t goal = goal_of(pacer);
    uint64_t trigger = trigger_of(pacer, goal);
    STW_ASSERT(trigger <= goal);
    __atomic_store_n(&pacer->goal, goal, __ATOMIC_RELAXED);
    __atomic_store_n(&pacer->trigger, trigger, __ATOMIC_RELAXED);
}

void stw_pacer_init(struct stw_gc *gc)
{
    gc->pacer.percent = gc->options.percent;
    commit(gc);
}

/* A goal while marking: not below what has triggered the cycle. */
static uint64_t goal_after(const struct stw_pacer *pacer, uint64_t goal)
{
    return goal == UINT64_MAX ? goal : maximum(goal, pacer->triggered + GOAL_MARGIN_BYTES);
}

void stw_pacer_begin(struct stw_gc *gc)
{
    struct stw_pacer *pacer = &gc->pacer;
    pacer->triggered = (uint64_t)STW_LOAD(gc->heap_live);
    pacer->mark_start_ns = stw_clock_ns();
    pacer->expected_work = pacer->last_scan_bytes + pacer->last_stack_bytes
                           + pacer->last_root_bytes;
    pacer->credit = 0;
    pacer->assist_ns = pacer->idle_ns = 0;
    __atomic_store_n(&pacer->goal, goal_after(pacer, STW_LOAD(pacer->goal)), __ATOMIC_RELAXED);
}

/* This cycle's cons/mark; 0 when nothing was scanned. */
static double cons_mark_now(const struct stw_gc *gc, double work)
{
    const struct stw_pacer *pacer = &gc->pacer;
    double wall = (double)(stw_clock_ns() - pacer->mark_start_ns) * gc->processors.total;
    if (wall <= 0 || work <= 0)
        return 0;
    double used = UTILISATION + (double)STW_LOAD(pacer->assist_ns) / wall;
    double idle = (double)STW_LOAD(pacer->idle_ns) / wall;
    double live = (double)STW_LOAD(gc->heap_live), triggered = (double)pacer->triggered;
    if (used >= 0.95)
        used = 0.95; /* assists took everything: the quotient would explode */
    double allocated = live > triggered ? live - triggered : 0;
    return allocated * (used + idle) / (work * (1 - used));
}

void stw_pacer_end(struct stw_gc *gc)
{
    struct stw_pacer *pacer = &gc->pacer;
    pacer->last_scan_bytes = gc->cycle_scan_bytes;
    pacer->last_stack_bytes = gc->cycle_stack_bytes;
    pacer->last_root_bytes = gc->cycle_root_bytes;
    double work = (double)(gc->cycle_scan_bytes + gc->cycle_stack_bytes + gc->cycle_root_bytes);
    if (gc->options.mode == STW_MODE_CONCURRENT) {
        double now = cons_mark_now(gc, work);
        pacer->cons_mark = now;
        for (uint32_t i = 0; i < 4; i++)
            if (pacer->cons_mark_before[i] > pacer->cons_mark)
                pacer->cons_mark = pacer->cons_mark_before[i];
        for (uint32_t i = 3; i > 0; i--)
            pacer->cons_mark_before[i] = pacer->cons_mark_before[i - 1];
        pacer->cons_mark_before[0] = now;
    }
    pacer->heap_marked = gc->marked_bytes;
    __atomic_store_n(&gc->heap_live, (int64_t)gc->marked_bytes, __ATOMIC_RELAXED);
    commit(gc);
}

double stw_pacer_assist_ratio(const struct stw_gc *gc)
{
    const struct stw_pacer *pacer = &gc->pacer;
    int64_t live = STW_LOAD(gc->heap_live);
    uint64_t done = STW_LOAD(gc->cycle_scan_bytes) + STW_LOAD(gc->cycle_stack_bytes)
                    + STW_LOAD(gc->cycle_root_bytes);
    /* Past its estimate, or past the goal, a cycle plans for the whole heap (Go: revise). */
    uint64_t expected = pacer->expected_work;
    double goal = (double)STW_LOAD(pacer->goal); /* off: as good as infinite */
    if (done > expected || (double)live > goal) {
        expected = maximum((uint64_t)(live > 0 ? live : 0), done);
        goal *= 1.1;
    }
    uint64_t left = maximum(expected > done ? expected - done : 0, EXPECTED_WORK_MIN);
    double room = goal - (double)live;
    return (double)left / (room < 1 ? 1 : room);
}

int32_t stw_pacer_set_percent(struct stw_gc *gc, struct stw_mutator_record *self, int32_t percent)
{
    stw_world_lock(gc, self);
    int32_t before = gc->pacer.percent;
    gc->pacer.percent = percent < 0 ? STW_GC_OFF : percent;
    if (stw_phase(gc) == STW_PHASE_OFF)
        commit(gc);
    else
        __atomic_store_n(&gc->pacer.goal, goal_after(&gc->pacer, goal_of(&gc->pacer)),
                         __ATOMIC_RELAXED);
    pthread_mutex_unlock(&gc->world.lock);
    return before;
}
