/* gc/background.c: the thread that does what nobody waits for.
 *
 * It sweeps on idle processors, gives memory beyond the goals back, reminds mutators of their share
 * of marking, and passes processors on between mutators that have to share them. It begins a cycle
 * when none has ended for gc.period (Go: sysmon and forcegchelper), whatever mutators do, and makes
 * its first stop. It marks nothing outside of that stop. Stepped trials have no such thread.
 *
 * SV1  it gives memory back for SCAVENGE_PERCENT of all processors' time: who used that memory next
 *     has to have it backed and cleared page by page, which costs more than to keep it.
 * It ticks while marking goes on, and a little longer, and is not woken for what can wait for a
 * tick. It says that it no longer ticks before its last look for a cycle; who begins or ends one
 * looks after that whether it ticks (both sequentially consistent): no cycle is missed. */
#include "gc/background.h"

#include "gc/collector.h"
#include "gc/cycle.h"

#define TICK_NS 500000u      /* while marking */
#define LINGER_TICKS 4u      /* after the last cycle: the next may follow, and needs no wake then */
#define SWEEP_SPANS STW_LIMIT_SWEEP_SPANS
#define WORTH_PAGES STW_LIMIT_WORTH_PAGES
#define SCAVENGE_PAGES 64u   /* given back between two looks at other duties */
#define SCAVENGE_TURN_NS 1000000u /* at a time, and charged at least; Go: minScavWorkTime */
#define SCAVENGE_PERCENT 1u /* of all processors' time; Go: scavengePercent */

/* Workers that found no free processor sleep until somebody leaves one (gc.N2). */
static void leave_processor(struct stw_gc *gc)
{
    stw_processor_leave(gc);
    STW_EDGE("background.left");
    if (stw__phase(gc) == STW_PHASE_MARK)
        stw__workers_enlist(gc);
}

static int someone_waits(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->processors.waiting, __ATOMIC_ACQUIRE) != 0;
}

/* Gives some free memory beyond the goals back, if it is time for it (gc.SV1). 1: it did. */
static int give_back_in_turn(struct stw_gc *gc)
{
    struct stw_background *b = &gc->background;
    uint64_t began_ns = stw_clock_ns();
    if (began_ns < b->release_ns)
        return 0;
    int gave = stw__scavenge_some(gc, SCAVENGE_PAGES) > 0;
    uint64_t ended_ns = stw_clock_ns();
    b->released_ns += gave ? ended_ns - began_ns : 0;
    if (b->released_ns == 0 || (gave && b->released_ns < SCAVENGE_TURN_NS))
        return gave;
    uint64_t turn_ns = b->released_ns > SCAVENGE_TURN_NS ? b->released_ns : SCAVENGE_TURN_NS;
    uint64_t share_ns = turn_ns * 100 / SCAVENGE_PERCENT / gc->processors.total;
    uint64_t rest_ns = share_ns > turn_ns ? share_ns - turn_ns : 0;
    __atomic_store_n(&b->release_ns, ended_ns + rest_ns, __ATOMIC_RELEASE);
    b->released_ns = 0;
    return gave;
}

/* Sweeps, then gives back free memory beyond the goals. 1: there may be more to do. *worked: it did
 * something. */
static int sweep_on_idle_processor(struct stw_gc *gc, int *worked)
{
    uint32_t swept = __atomic_load_n(&gc->sweep.pending, __ATOMIC_ACQUIRE);
    if (!stw_processor_try_enter(gc))
        return (int)swept;
    while (swept && !someone_waits(gc) && stw__phase(gc) == STW_PHASE_OFF)
        *worked |= (swept = stw__sweep_some(gc, SWEEP_SPANS)) > 0;
    int given_back = swept ? 0 : give_back_in_turn(gc);
    *worked |= given_back;
    leave_processor(gc);
    return swept || given_back;
}

/* Asks mutators to work their fraction, and to pass on processors that others wait for. */
static void nudge_mutators(struct stw_gc *gc, int marking)
{
    uint32_t count = __atomic_load_n(&gc->mutator_count, __ATOMIC_ACQUIRE);
    uint64_t now = stw_clock_ns();
    for (uint32_t i = 0; i < count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        if (stw__is_detached(m) || STW_LOAD(m->state) != STW_STATE_RUNNING)
            continue;
        if (marking)
            __atomic_fetch_or(&m->mutator.poll, STW_POLL_WORK, __ATOMIC_SEQ_CST);
        if (stw__processor_is_due(m, now))
            __atomic_fetch_or(&m->mutator.poll, STW_POLL_YIELD, __ATOMIC_SEQ_CST);
    }
}

static void begin_timed(struct stw_gc *gc)
{
    stw__processor_enter_first(gc, &gc->background.turn);
    stw__cycle_begin_timed(gc);
    leave_processor(gc);
    stw__workers_look_after(gc); /* nobody else may be there to mark */
}

/* 0: until it is woken. */
static uint64_t sleep_ns(struct stw_gc *gc, int more)
{
    uint64_t ns = someone_waits(gc) || more ? STW_TURN_NS : 0;
    uint64_t left_ns = stw__cycle_time_left_ns(gc), now = stw_clock_ns();
    if (left_ns == 0)
        return TICK_NS; /* another was about to begin a cycle */
    if (gc->background.release_ns > now && gc->background.release_ns - now < left_ns)
        left_ns = gc->background.release_ns - now;
    return left_ns < UINT64_MAX && (ns == 0 || left_ns < ns) ? left_ns : ns;
}

static uint32_t cycles_done(const struct stw_gc *gc)
{
    return __atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST);
}

/* The cycle that is marking, or 0. */
static uint64_t marking_cycle(const struct stw_gc *gc)
{
    return stw__phase(gc) == STW_PHASE_MARK ? STW_LOAD(gc->totals.cycles) : 0;
}

/* Sleeps, unless a cycle was missed. 1: it was woken. */
static int rest(struct stw_gc *gc, uint32_t wake, uint32_t done, uint64_t ns)
{
    uint32_t is_ticking = ns == TICK_NS;
    __atomic_store_n(&gc->background.is_ticking, is_ticking, __ATOMIC_SEQ_CST);
    STW_EDGE("background.rest");
    if (!is_ticking && (marking_cycle(gc) || cycles_done(gc) != done))
        return 0;
    return stw_futex_wait(&gc->background.wake, wake, ns);
}

/* Everything once. 1: there may be more to sweep. *cycle: that was marking at the last look. */
static int look(struct stw_gc *gc, uint64_t *cycle, int *worked)
{
    uint64_t before = *cycle;
    if (stw__cycle_time_left_ns(gc) == 0)
        begin_timed(gc);
    *cycle = marking_cycle(gc);
    int marking = *cycle != 0;
    *worked = marking || someone_waits(gc);
    int more = !marking && sweep_on_idle_processor(gc, worked);
    if (marking || someone_waits(gc))
        nudge_mutators(gc, marking);
    if (marking && *cycle == before) /* half a millisecond, and it has not ended (gc.N3) */
        stw__workers_look_after(gc);
    return more;
}

static void *run(void *context)
{
    struct stw_gc *gc = context;
    uint64_t cycle = 0;
    uint32_t ticks_left = 0, seen = 0;
    for (int woken = 0, worked = 0;;) {
        uint32_t wake = __atomic_load_n(&gc->background.wake, __ATOMIC_ACQUIRE); /* before stop */
        if (__atomic_load_n(&gc->background.stop, __ATOMIC_ACQUIRE))
            break;
        STW_EDGE("background.look");
        uint32_t done = cycles_done(gc);
        int more = look(gc, &cycle, &worked);
        if (woken && !worked)
            stw__futile_wake(gc);
        if (cycle || done != seen)
            ticks_left = LINGER_TICKS;
        else if (ticks_left > 0)
            ticks_left--;
        seen = done;
        woken = rest(gc, wake, done, ticks_left > 0 ? TICK_NS : sleep_ns(gc, more));
    }
    return NULL;
}

void stw__background_wake(struct stw_gc *gc)
{
    __atomic_fetch_add(&gc->background.wake, 1, __ATOMIC_ACQ_REL);
    stw_futex_wake(&gc->background.wake, 1);
}

void stw__background_tell(struct stw_gc *gc)
{
    int much = STW_LOAD(gc->sweep.pending) && STW_LOAD(gc->sweep.pages_due) >= WORTH_PAGES;
    if (much || !__atomic_load_n(&gc->background.is_ticking, __ATOMIC_SEQ_CST))
        stw__background_wake(gc);
}

stw_status stw__background_start(struct stw_gc *gc)
{
    if (gc->options.stepped)
        return STW_OK;
    stw_status status = stw_thread_start(&gc->background.thread, 0, run, gc);
    gc->background.running = status == STW_OK;
    return status;
}

void stw__background_stop(struct stw_gc *gc)
{
    if (!gc->background.running)
        return;
    __atomic_store_n(&gc->background.stop, 1, __ATOMIC_RELEASE);
    stw__background_wake(gc);
    pthread_join(gc->background.thread, NULL);
    gc->background.running = 0;
}
