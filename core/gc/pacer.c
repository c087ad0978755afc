/* gc/pacer.c: decides when the next cycle begins, and how much marking each allocated byte owes.
 *
 * Go's published formulas (runtime/mgcpacer.go; 1.19 to 1.27 agree but for the details noted):
 *   percent goal = marked + (marked + stacks + roots) * GOGC/100, at least 4 MiB * GOGC/100;
 *             while sweeping is unfinished at least live + 1 MiB, in a cycle at least what
 *             triggered it + 64 KiB
 *   limit goal = limit - what is not heap - what is beyond the limit, less 3 % or 1 MiB; at least
 *             what is marked. The lower of the two goals counts.
 *   runway  = cons/mark * (0.75/0.25) * (last heap + stack + root scan)
 *   trigger = goal - runway, kept within [marked + 45/64 and marked + 61/64 of the way to goal];
 *             the upper bound is goal - 4 MiB where that is larger, the lower is live + 1 MiB while
 *             sweeping is unfinished, unless the limit counts
 *   cons/mark = allocation over marking speed while marking, the maximum of the last five cycles
 *             (Go since 1.23); with schedule stepped from work alone, as if no assist and no idle
 *             processor had helped: no clock is read, so every trigger and goal repeats exactly
 * Differs from Go: goals are fixed when a cycle ends or GOGC changes, not at each look, so the
 * limit goal is that of the moment when marking ended; mode stw has no runway.
 *
 * P1  minimum trigger <= trigger <= maximum trigger <= goal.
 * P2  debt is paid in scanned bytes; one allocated byte owes what is left to scan over what may
 *     still be allocated before the goal.
 * P3  the live heap is not negative.
 * P4  while the memory limit counts, a cycle's goal is not extended beyond it, by no estimate, and
 *     mutators pay in advance for no more than what fits. Go extends it without bound with GOGC
 *     off: a first cycle, which expects nothing, allowed gigabytes for its first 2,000 bytes, and
 *     held 44 to 53 MiB of a limit of 40 if its marker lost the processor for some milliseconds. A
 *     tenth above what is marked is always allowed, or nothing would go on near the limit.
 * Threads: retuned while the world is stopped, or under its lock; read by anyone. */
#include "gc/pacer.h"

#include "base/check.h"
#include "base/error.h"
#include "gc/collector.h"
#include "gc/cycle.h"

#define NEVER UINT64_MAX
#define HEAP_MIN_BYTES (4u * 1024u * 1024u) /* Go: defaultHeapMinimum, at GOGC=100 */
#define TRIGGER_LOW_64THS 45u               /* Go: minTriggerRatioDistance 0.7 */
#define TRIGGER_HIGH_64THS 61u              /* Go: maxTriggerRatioDistance 0.95 */
#define GOAL_MARGIN_BYTES (64u * 1024u)     /* goal is at least this above the trigger */
#define SWEEP_LEAST_BYTES (1024u * 1024u)   /* Go: sweepMinHeapDistance */
#define LIMIT_ROOM_PERCENT 3u               /* Go: memoryLimitHeapGoalHeadroomPercent */
#define LIMIT_ROOM_BYTES_MIN (1024u * 1024u) /* Go: memoryLimitMinHeapGoalHeadroom */
#define RETAIN_PERCENT 110u                 /* Go: retainExtraPercent */
#define UTILISATION 0.25                    /* Go: gcBackgroundUtilization */
#define UTILISATION_MAX 0.95  /* assists took everything: the quotient would explode */
#define WORK_LEFT_MIN 1000.0  /* Go: revise */
#define OVERSHOOT 1.1         /* Go: maxOvershoot */
#define FORCED_PERCENT 100000 /* Go: GOGC of a forced cycle while it is off */

static uint64_t maximum(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void stw__pacer_charge(struct stw_gc *gc, int64_t bytes)
{
    int64_t live = __atomic_add_fetch(&gc->heap_live, bytes, __ATOMIC_RELAXED);
    if (live > 0)
        stw_raise(&gc->totals.heap_peak_bytes, (uint64_t)live);
}

static uint64_t percent_goal(const struct stw_pacer *pacer)
{
    if (pacer->percent < 0)
        return NEVER;
    uint64_t percent = (uint64_t)pacer->percent;
    uint64_t scannable = pacer->heap_marked + pacer->last_stack_bytes + pacer->last_root_bytes;
    uint64_t goal = pacer->heap_marked + scannable * percent / 100;
    return maximum(goal, (uint64_t)HEAP_MIN_BYTES * percent / 100);
}

static int is_limited(const struct stw_pacer *pacer)
{
    return pacer->limit_goal < percent_goal(pacer);
}

static uint64_t goal_of(const struct stw_pacer *pacer)
{
    uint64_t goal = percent_goal(pacer);
    if (is_limited(pacer))
        return pacer->limit_goal;
    if (goal == NEVER)
        return goal;
    goal = maximum(goal, pacer->sweep_least);
    return pacer->triggered == NEVER ? goal : maximum(goal, pacer->triggered + GOAL_MARGIN_BYTES);
}

struct bounds {
    uint64_t least, most;
};

/* Of the trigger; the goal is above what is marked. */
static struct bounds bounds_of(const struct stw_pacer *pacer, uint64_t goal)
{
    uint64_t marked = pacer->heap_marked, step = (goal - marked) / 64;
    struct bounds b = {marked + step * TRIGGER_LOW_64THS, marked + step * TRIGGER_HIGH_64THS};
    if (!is_limited(pacer))
        b.least = maximum(b.least, pacer->sweep_least);
    if (goal > HEAP_MIN_BYTES)
        b.most = maximum(b.most, goal - HEAP_MIN_BYTES);
    b.most = maximum(b.most, b.least);
    return b;
}

static uint64_t trigger_of(const struct stw_pacer *pacer, uint64_t goal)
{
    if (goal == NEVER || pacer->heap_marked >= goal)
        return goal;
    struct bounds b = bounds_of(pacer, goal);
    uint64_t work = pacer->last_scan_bytes + pacer->last_stack_bytes + pacer->last_root_bytes;
    double runway = pacer->cons_mark * ((1 - UTILISATION) / UTILISATION) * (double)work;
    if (runway >= (double)(goal - b.least))
        return b.least;
    uint64_t trigger = goal - (uint64_t)runway;
    return trigger > b.most ? b.most : trigger;
}

/* What the memory limit leaves for the heap. `allocated` is what cells, dead or alive, take of the
 * pages in use; all else that the process holds is a fixed cost. */
static void set_limit_goal(struct stw_gc *gc, uint64_t allocated)
{
    struct stw_pacer *pacer = &gc->pacer;
    uint64_t limit = STW_LOAD(pacer->limit_bytes), marked = pacer->heap_marked;
    pacer->limit_goal = pacer->limit_most = limit == NEVER ? NEVER : marked;
    if (limit == NEVER)
        return;
    uint64_t own = STW_LOAD(gc->heap.own_bytes);
    uint64_t needed = STW_LOAD(gc->heap.space.used_pages) * STW_PAGE_BYTES + own;
    uint64_t ready = stw_space_held_pages(&gc->heap.space) * STW_PAGE_BYTES + own;
    uint64_t lost = (needed > allocated ? needed - allocated : 0)
                    + (ready > limit ? ready - limit : 0);
    if (lost >= limit)
        return;
    uint64_t goal = limit - lost;
    uint64_t room = maximum(goal / 100 * LIMIT_ROOM_PERCENT, LIMIT_ROOM_BYTES_MIN);
    goal = goal < 2 * room ? room : goal - room;
    pacer->limit_goal = maximum(goal, marked);
    pacer->limit_most = goal + room / 2;
}

/* Pages to keep: as many as the last cycle needed, in proportion to the goal, and a tenth more. */
static uint64_t retain_bytes(const struct stw_pacer *pacer, uint64_t goal)
{
    if (goal == NEVER || pacer->last_goal == NEVER || pacer->last_goal == 0)
        return NEVER;
    double needed = (double)pacer->last_used_bytes * (double)goal / (double)pacer->last_goal;
    return (uint64_t)(needed * RETAIN_PERCENT / 100);
}

/* P1 */
static int is_in_bounds(const struct stw_pacer *pacer, struct bounds *b)
{
    uint64_t goal = pacer->goal;
    *b = (struct bounds){goal, goal};
    if (goal != NEVER && pacer->heap_marked < goal)
        *b = bounds_of(pacer, goal);
    return b->least <= pacer->trigger && pacer->trigger <= b->most && b->most <= goal;
}

void stw__pacer_check(const struct stw_pacer *pacer)
{
    struct bounds b;
    STW_REQUIRE(is_in_bounds(pacer, &b));
    STW_REQUIRE(pacer->goal >= pacer->heap_marked);
    STW_REQUIRE(pacer->percent >= 0 || pacer->percent == STW_GC_OFF);
    STW_REQUIRE(pacer->cons_mark >= 0);
}

static void set_goal(struct stw_pacer *pacer)
{
    uint64_t goal = goal_of(pacer), most = NEVER;
    if (is_limited(pacer)) /* P4 */
        most = maximum(pacer->limit_most, (uint64_t)((double)pacer->heap_marked * OVERSHOOT));
    __atomic_store_n(&pacer->live_most, most, __ATOMIC_RELAXED);
    uint64_t trigger = trigger_of(pacer, goal);
    __atomic_store_n(&pacer->goal, goal, __ATOMIC_RELAXED);
    __atomic_store_n(&pacer->trigger, trigger, __ATOMIC_RELAXED);
    STW_CHECK(stw__pacer_check(pacer));
}

static void commit(struct stw_gc *gc)
{
    struct stw_pacer *pacer = &gc->pacer;
    int64_t live = STW_LOAD(gc->heap_live);
    int sweeping = __atomic_load_n(&gc->sweep.pending, __ATOMIC_SEQ_CST) != 0;
    pacer->sweep_least = sweeping && live >= 0 ? (uint64_t)live + SWEEP_LEAST_BYTES : 0;
    set_goal(pacer);
    __atomic_store_n(&pacer->retain_bytes, retain_bytes(pacer, pacer->goal), __ATOMIC_RELAXED);
    stw__sweep_pace(gc);
}

void stw__pacer_init(struct stw_gc *gc)
{
    gc->pacer.limit_bytes = gc->options.limit_bytes ? gc->options.limit_bytes : NEVER;
    gc->pacer.percent = gc->pacer.percent_meant = gc->options.percent;
    gc->pacer.triggered = NEVER;
    set_limit_goal(gc, 0);
    commit(gc);
    if (!gc->options.stepped)
        stw__limiter_init(&gc->limiter, gc->processors.total, stw_clock_ns());
}

void stw__pacer_begin(struct stw_gc *gc)
{
    struct stw_pacer *pacer = &gc->pacer;
    int64_t live = STW_LOAD(gc->heap_live);
    STW_CHECK(stw__pacer_check(pacer));
    pacer->triggered = live > 0 ? (uint64_t)live : 0;
    pacer->mark_start_ns = gc->options.stepped ? 0 : stw_clock_ns();
    pacer->credit = 0;
    pacer->assist_ns = pacer->idle_ns = 0;
    set_goal(pacer);
}

/* This cycle's cons/mark; negative when there was too little of either to tell. */
static double cons_mark_now(const struct stw_gc *gc, double work)
{
    const struct stw_pacer *pacer = &gc->pacer;
    double live = (double)STW_LOAD(gc->heap_live), triggered = (double)pacer->triggered;
    double used = UTILISATION, idle = 0;
    if (live <= triggered || work <= 0)
        return -1;
    if (!gc->options.stepped) {
        double wall = (double)(stw_clock_ns() - pacer->mark_start_ns) * gc->processors.total;
        if (wall <= 0)
            return -1;
        used += (double)STW_LOAD(pacer->assist_ns) / wall;
        idle = (double)STW_LOAD(pacer->idle_ns) / wall;
    }
    if (used > UTILISATION_MAX)
        used = UTILISATION_MAX;
    return (live - triggered) * (used + idle) / (work * (1 - used));
}

static void learn_cons_mark(struct stw_gc *gc, double work)
{
    struct stw_pacer *pacer = &gc->pacer;
    double now = cons_mark_now(gc, work);
    if (now < 0)
        return;
    pacer->cons_mark = now;
    for (uint32_t i = 0; i < 4; i++)
        if (pacer->cons_mark_before[i] > pacer->cons_mark)
            pacer->cons_mark = pacer->cons_mark_before[i];
    for (uint32_t i = 3; i > 0; i--)
        pacer->cons_mark_before[i] = pacer->cons_mark_before[i - 1];
    pacer->cons_mark_before[0] = now;
}

/* For the embedder; there is a cycle for a pause at most, so what does not fit was told as lost. */
static void note_cycle(struct stw_gc *gc, uint64_t live, uint64_t marked)
{
    const struct stw_gc_options *options = &gc->options;
    uint64_t number = STW_LOAD(gc->pacer.cycles_noted);
    if (!options->cycles || number >= options->pause_capacity)
        return;
    options->cycles[number] = (struct stw_cycle){
        .triggered_bytes = gc->pacer.triggered,
        .goal_bytes = gc->pacer.goal,
        .live_bytes = live,
        .marked_bytes = marked,
    };
    __atomic_store_n(&gc->pacer.cycles_noted, number + 1, __ATOMIC_RELAXED);
    __atomic_store_n(options->cycle_count, number + 1, __ATOMIC_RELEASE);
}

void stw__pacer_end(struct stw_gc *gc)
{
    struct stw_pacer *pacer = &gc->pacer;
    int64_t live = STW_LOAD(gc->heap_live);
    int sweeping = __atomic_load_n(&gc->sweep.pending, __ATOMIC_SEQ_CST) != 0;
    int64_t external = __atomic_load_n(&gc->external_bytes, __ATOMIC_SEQ_CST);
    uint64_t marked = STW_LOAD(gc->marked_bytes) + (external > 0 ? (uint64_t)external : 0);
    note_cycle(gc, live > 0 ? (uint64_t)live : 0, marked);
    pacer->last_scan_bytes = STW_LOAD(gc->cycle_scan_bytes);
    pacer->last_stack_bytes = STW_LOAD(gc->cycle_stack_bytes);
    pacer->last_root_bytes = STW_LOAD(gc->cycle_root_bytes);
    pacer->last_goal = pacer->goal;
    pacer->last_used_bytes = STW_LOAD(gc->heap.space.used_pages) * STW_PAGE_BYTES;
    if (gc->options.mode != STW_MODE_STW)
        learn_cons_mark(gc, (double)(pacer->last_scan_bytes + pacer->last_stack_bytes
                                     + pacer->last_root_bytes));
    __atomic_store_n(&pacer->heap_marked, marked, __ATOMIC_RELAXED);
    pacer->triggered = NEVER;
    __atomic_store_n(&pacer->scannable, pacer->last_scan_bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&gc->heap_live, (int64_t)marked, __ATOMIC_RELAXED);
    /* Dead cells take pages until they are swept. */
    set_limit_goal(gc, sweeping && live > 0 ? (uint64_t)live : marked);
    commit(gc);
    gc->totals.limited_cycles += (uint64_t)stw__limiter_end_cycle(&gc->limiter);
}

/* Go's revise. Past its estimate a cycle extends its goal in proportion and plans for everything
 * that might have to be scanned; past its goal it allows itself a tenth more. */
double stw__pacer_assist_ratio(const struct stw_gc *gc)
{
    const struct stw_pacer *pacer = &gc->pacer;
    int32_t percent = STW_LOAD(pacer->percent);
    uint64_t stacks = STW_LOAD(gc->cycle_stack_bytes), roots = STW_LOAD(gc->cycle_root_bytes);
    double done = (double)(STW_LOAD(gc->cycle_scan_bytes) + stacks + roots);
    double expected = (double)(pacer->last_scan_bytes + pacer->last_stack_bytes
                               + pacer->last_root_bytes);
    double most = (double)(STW_LOAD(pacer->scannable) + maximum(pacer->last_stack_bytes, stacks)
                           + maximum(pacer->last_root_bytes, roots));
    double live = (double)STW_LOAD(gc->heap_live);
    double goal = (double)STW_LOAD(pacer->goal); /* off: as good as infinite */
    if (done > expected) {
        double triggered = (double)pacer->triggered;
        double extended = triggered + (goal - triggered) / (expected < 1 ? 1 : expected) * most;
        double hard = (1 + (percent < 0 ? FORCED_PERCENT : percent) / 100.0) * goal;
        goal = extended < hard ? extended : hard;
        expected = most;
    }
    if (live > goal) {
        goal *= OVERSHOOT;
        expected = most;
    }
    uint64_t live_most = STW_LOAD(pacer->live_most); /* P4 */
    if (live_most != NEVER && goal > (double)live_most)
        goal = (double)live_most;
    double left = expected - done, room = goal - live;
    return (left < WORK_LEFT_MIN ? WORK_LEFT_MIN : left) / (room < 1 ? 1 : room);
}

/* Of what fits, each mutator's share. */
int64_t stw__pacer_ahead_max(const struct stw_gc *gc)
{
    uint64_t most = STW_LOAD(gc->pacer.live_most);
    uint32_t mutators = __atomic_load_n(&gc->mutator_count, __ATOMIC_ACQUIRE);
    if (most > INT64_MAX) /* the limit does not count, or is none in effect */
        return INT64_MAX;
    int64_t room = (int64_t)most - STW_LOAD(gc->heap_live);
    return room > 0 ? room / (mutators > 0 ? mutators : 1) : 0;
}

int32_t stw_gc_set_percent(struct stw_gc *gc, struct stw_mutator *m, int32_t percent,
                           const struct stw_percent_setter *setter)
{
    struct stw_mutator_record *self = m ? stw__record_of(m) : NULL;
    struct stw_pacer *pacer = &gc->pacer;
    percent = percent < 0 ? STW_GC_OFF : percent;
    stw__world_lock(gc, self);
    int32_t before = pacer->percent;
    __atomic_store_n(&pacer->percent, percent, __ATOMIC_RELAXED);
    __atomic_store_n(&pacer->percent_setter, setter ? setter->plugin : 0, __ATOMIC_RELAXED);
    if (setter && setter->is_strategy)
        __atomic_store_n(&pacer->percent_meant, percent, __ATOMIC_RELAXED);
    commit(gc);
    pthread_mutex_unlock(&gc->world.lock);
    if (gc->background.running)
        stw__background_wake(gc); /* gc.period counts again, or no more */
    if (percent < 0 && self)
        stw__cycle_wait_for_mark(self);
    return before;
}

/* The goal under the new limit is by what is allocated now, as at the end of marking. */
uint64_t stw_gc_set_limit(struct stw_gc *gc, struct stw_mutator *m, uint64_t bytes)
{
    stw__world_lock(gc, m ? stw__record_of(m) : NULL);
    uint64_t before = gc->pacer.limit_bytes;
    int64_t live = STW_LOAD(gc->heap_live);
    __atomic_store_n(&gc->pacer.limit_bytes, bytes ? bytes : NEVER, __ATOMIC_RELAXED);
    set_limit_goal(gc, live > 0 ? (uint64_t)live : 0);
    commit(gc);
    pthread_mutex_unlock(&gc->world.lock);
    return before;
}

void stw_gc_heap_stats(const struct stw_gc *gc, struct stw_heap_stats *stats)
{
    int64_t live = STW_LOAD(gc->heap_live);
    *stats = (struct stw_heap_stats){
        .struct_size = sizeof *stats,
        .gc_percent = STW_LOAD(gc->pacer.percent),
        .cycles = STW_LOAD(gc->cycles_done),
        .live_bytes = live > 0 ? (uint64_t)live : 0,
        .marked_bytes = STW_LOAD(gc->pacer.heap_marked),
        .goal_bytes = STW_LOAD(gc->pacer.goal),
        .trigger_bytes = STW_LOAD(gc->pacer.trigger),
        .limit_bytes = STW_LOAD(gc->pacer.limit_bytes),
        .pages_bytes = stw__allocator_pages(gc) * STW_PAGE_BYTES,
    };
}

static stw_status check_trigger(const struct stw_pacer *pacer, struct stw_error *error)
{
    struct bounds b;
    if (is_in_bounds(pacer, &b))
        return STW_OK;
    return stw_error_set(error, STW_E_AUDIT, "gc.P1",
                         "trigger %llu is not within %llu and %llu, goal %llu, marked %llu",
                         (unsigned long long)pacer->trigger, (unsigned long long)b.least,
                         (unsigned long long)b.most, (unsigned long long)pacer->goal,
                         (unsigned long long)pacer->heap_marked);
}

stw_status stw__pacer_audit(const struct stw_gc *gc, struct stw_error *error)
{
    int64_t live = STW_LOAD(gc->heap_live);
    if (live < 0)
        return stw_error_set(error, STW_E_AUDIT, "gc.P3", "the live heap is %lld bytes",
                             (long long)live);
    return check_trigger(&gc->pacer, error);
}
