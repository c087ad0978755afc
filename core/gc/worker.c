/* gc/worker.c: who marks: mutators for a fraction of their time, assists, and idle processors.
 *
 * Go gives a quarter of the processors to marking: with few processors as fractional workers that
 * take turns with goroutines on every P. Here a mutator's thread is its P: at a safepoint it
 * becomes a worker for a while, at which time it is as stoppable as at any safepoint. No thread
 * switch, and no thread more than there are processors (G4).
 *
 * Whoever allocates faster than the workers mark pays by assists; scanned bytes that nobody paid
 * for are a credit that assists take first (Go: bgScanCredit).
 *
 * The background thread marks when a processor is idle, sweeps when one is, gives memory back, and
 * passes processors on between mutators that share them. */
#include "gc/gc.h"

#define FRACTION 0.25           /* Go: gcBackgroundUtilization, as the share of every processor */
#define FRACTION_STOP 1.2       /* Go: fractional workers stop at 1.2 times their share */
#define TURN_NS_MIN 10000u      /* shorter turns cost more in clock reads than they mark */
#define TURN_NS_MAX 1000000u    /* a mutator is away from its work no longer than this */
#define ASSIST_BYTES_MIN 65536u /* Go: gcOverAssistWork */
#define ALLOWED_BYTES_MAX 1e15  /* what one payment buys at most, when there is no goal */
#define SLICE_NS 10000000       /* Go: sysmon's forcePreemptNS, when mutators share processors */
#define TICK_NS 500000u         /* the background thread's, while marking */
#define SWEEP_SPANS 10u         /* Go: bgsweep's batch */
#define SCAVENGE_PAGES 64u      /* given back between two looks at other duties */
#define RETAIN_PERCENT 110u     /* of the goal; Go: retainExtraPercent */

void stw_worker_fraction(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    if (stw_phase(gc) != STW_PHASE_MARK)
        return;
    uint64_t began = stw_clock_ns();
    double due = (double)(began - gc->pacer.mark_start_ns) * FRACTION;
    if ((double)m->mark_work_ns > due)
        return;
    double turn = due * FRACTION_STOP - (double)m->mark_work_ns;
    uint64_t turn_ns = turn < TURN_NS_MIN ? TURN_NS_MIN : turn > TURN_NS_MAX ? TURN_NS_MAX
                                                                              : (uint64_t)turn;
    struct stw_drain_limit limit = {UINT64_MAX, began + turn_ns, m, NULL};
    const char *site = stw_site(&m->mutator, "gc.mark");
    stw_marker_begin(&m->marker, gc);
    int idle = stw_mark_drain(&m->marker, &limit);
    int64_t work = (int64_t)m->marker.scan_bytes;
    stw_marker_end(&m->marker);
    STW_ADD(gc->pacer.credit, work);
    uint64_t spent_ns = stw_clock_ns() - began;
    m->mark_work_ns += spent_ns;
    STW_ADD(gc->totals.fractional_ns, spent_ns);
    stw_site(&m->mutator, site);
    if (idle)
        stw_cycle_try_finish(gc, m);
}

/* Takes up to `work` from the credit. */
static int64_t take_credit(struct stw_gc *gc, int64_t work)
{
    int64_t credit = STW_LOAD(gc->pacer.credit);
    if (credit <= 0)
        return 0;
    int64_t taken = credit < work ? credit : work;
    STW_ADD(gc->pacer.credit, -taken);
    return taken;
}

void stw_worker_assist(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    if (stw_phase(gc) != STW_PHASE_MARK)
        return;
    double ratio = stw_pacer_assist_ratio(gc);
    int64_t owed = (int64_t)((double)-m->assist_balance * ratio) + 1;
    if (owed < (int64_t)ASSIST_BYTES_MIN)
        owed = ASSIST_BYTES_MIN;
    int64_t paid = take_credit(gc, owed);
    int idle = 0;
    if (paid < owed) {
        uint64_t began = stw_clock_ns();
        struct stw_drain_limit limit = {(uint64_t)(owed - paid), 0, m, NULL};
        const char *site = stw_site(&m->mutator, "gc.assist");
        stw_marker_begin(&m->marker, gc);
        idle = stw_mark_drain(&m->marker, &limit);
        paid += (int64_t)(m->marker.scan_bytes + m->marker.root_words * 8);
        stw_marker_end(&m->marker);
        stw_site(&m->mutator, site);
        uint64_t spent_ns = stw_clock_ns() - began;
        STW_ADD(gc->pacer.assist_ns, spent_ns);
        STW_ADD(gc->totals.assist_ns, spent_ns);
    }
    double allowed = (double)paid / ratio;
    m->assist_balance += allowed > ALLOWED_BYTES_MAX ? (int64_t)ALLOWED_BYTES_MAX
                                                     : (int64_t)allowed;
    if (idle) {
        m->assist_balance = 0; /* nothing is left to pay with */
        stw_cycle_try_finish(gc, m);
    }
}

static void mark_on_idle_processor(struct stw_gc *gc)
{
    if (!stw_processor_try_enter(gc))
        return;
    uint64_t began = stw_clock_ns();
    struct stw_drain_limit limit = {UINT64_MAX, began + SLICE_NS, NULL, gc};
    stw_marker_begin_outside(&gc->worker.marker, gc);
    int idle = 0;
    if (stw_phase(gc) == STW_PHASE_MARK)
        idle = stw_mark_drain(&gc->worker.marker, &limit);
    STW_ADD(gc->pacer.credit, (int64_t)gc->worker.marker.scan_bytes);
    uint64_t spent_ns = stw_clock_ns() - began;
    STW_ADD(gc->pacer.idle_ns, spent_ns);
    STW_ADD(gc->totals.idle_ns, spent_ns);
    stw_marker_end(&gc->worker.marker);
    if (idle)
        stw_cycle_try_finish(gc, NULL);
    stw_processor_leave(gc);
}

static int someone_waits(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->processors.waiting, __ATOMIC_ACQUIRE) != 0;
}

/* Sweeps, then gives back free memory beyond the goal. 1: there may be more to do. */
static int sweep_on_idle_processor(struct stw_gc *gc)
{
    uint32_t swept = __atomic_load_n(&gc->sweep.pending, __ATOMIC_ACQUIRE);
    if (!stw_processor_try_enter(gc))
        return (int)swept;
    while (swept && !someone_waits(gc) && stw_phase(gc) == STW_PHASE_OFF)
        swept = stw_sweep_some(gc, SWEEP_SPANS);
    uint64_t goal = STW_LOAD(gc->pacer.goal), kept = stw_space_retained_pages(&gc->heap.space);
    uint64_t used = STW_LOAD(gc->heap.space.used_pages);
    uint64_t given_back = 0;
    if (!swept && goal != UINT64_MAX
        && used + kept > goal / STW_PAGE_BYTES * RETAIN_PERCENT / 100)
        given_back = stw_space_scavenge(&gc->heap.space, SCAVENGE_PAGES);
    stw_processor_leave(gc);
    return swept || given_back;
}

/* Asks mutators to work their fraction, and to pass on processors that others wait for. */
static void nudge_mutators(struct stw_gc *gc, int marking)
{
    uint32_t count = __atomic_load_n(&gc->mutator_count, __ATOMIC_ACQUIRE);
    uint64_t now = stw_clock_ns();
    for (uint32_t i = 0; i < count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        if (stw_is_detached(m) || STW_LOAD(m->state) != STW_STATE_RUNNING)
            continue;
        if (marking)
            __atomic_fetch_or(&m->mutator.poll, STW_POLL_WORK, __ATOMIC_SEQ_CST);
        if (someone_waits(gc) && (int64_t)(now - STW_LOAD(m->turn_start_ns)) > SLICE_NS)
            __atomic_fetch_or(&m->mutator.poll, STW_POLL_YIELD, __ATOMIC_SEQ_CST);
    }
}

static void *background(void *context)
{
    struct stw_gc *gc = context;
    for (;;) {
        uint32_t wake = __atomic_load_n(&gc->worker.wake, __ATOMIC_ACQUIRE); /* before `stop` */
        if (__atomic_load_n(&gc->worker.stop, __ATOMIC_ACQUIRE))
            break;
        int marking = stw_phase(gc) == STW_PHASE_MARK;
        if (marking)
            mark_on_idle_processor(gc);
        int more = !marking && sweep_on_idle_processor(gc);
        if (marking || someone_waits(gc))
            nudge_mutators(gc, marking);
        uint64_t sleep_ns = marking ? TICK_NS : someone_waits(gc) || more ? SLICE_NS : 0;
        stw_futex_wait(&gc->worker.wake, wake, sleep_ns);
    }
    return NULL;
}

void stw_worker_wake(struct stw_gc *gc)
{
    __atomic_fetch_add(&gc->worker.wake, 1, __ATOMIC_ACQ_REL);
    stw_futex_wake(&gc->worker.wake, 1);
}

stw_status stw_worker_start(struct stw_gc *gc)
{
    stw_status status = stw_thread_start(&gc->worker.thread, 0, background, gc);
    gc->worker.running = status == STW_OK;
    return status;
}

void stw_worker_stop(struct stw_gc *gc)
{
    if (!gc->worker.running)
        return;
    __atomic_store_n(&gc->worker.stop, 1, __ATOMIC_RELEASE);
    stw_worker_wake(gc);
    pthread_join(gc->worker.thread, NULL);
    gc->worker.running = 0;
}
