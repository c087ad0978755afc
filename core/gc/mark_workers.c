/* gc/mark_workers.c: threads that mark: dedicated and idle ones while mutators run, all in a stop.
 *
 * There is one worker a processor, made before the first cycle. Each takes any place. A dedicated
 * one takes a processor from the mutators and keeps it while there is work. The others mark on
 * processors that are idle, and leave as soon as a mutator wants one. Inside a stop every processor
 * is idle: the stopper calls the workers when there is much to mark (mode stw, and the second scan
 * of mode rescan).
 *
 * N1  a worker marks only with a processor, or inside a stop when the stopper wants help.
 * N2  a worker sleeps only after it has seen no work, or no place for it; who makes work while a
 *     place is free wakes one (stw__workers_enlist), who leaves a processor does as well, unless
 *     there is less to mark than a wake is worth, or the world is stopped.
 * N3  a mark phase ends although no mutator allocates: the background thread looks every half
 *     millisecond whether there is work that a worker could do, or all is marked, and wakes one. A
 *     mutator that scans its stack last and finds nothing grey, or that flushes its barrier buffer
 *     while the last marker looks, does not. Where no worker has a place, mutators look when they
 *     work their fraction.
 * N4  nobody is woken for nothing. A worker is woken when there is work and a place for one more, a
 *     debtor when there is credit, and others when what they wait for is there; not for work that
 *     is done before they are up. No more workers at once than the machine has processors, and one
 *     after the other: none is woken while another is on its way, which finds that work as well.
 *     gc.futile_wakes counts who slept again without having done anything.
 * Rejected: to wake all at the beginning. With 8 processors, 2 of them real, a forced cycle over 7
 * cells took 42 us instead of 15. */
#include "gc/mark_workers.h"

#include "base/text.h"
#include "gc/collector.h"
#include "gc/cycle.h"
#include "gc/share.h"

#define UTILISATION 0.25        /* Go: gcBackgroundUtilization, of all processors */
#define DEDICATED_EXCESS 0.3    /* Go: more than this off the share: a fraction does the rest */
#define LOOK_NS 10000000u      /* between looks whether the phase goes on */
#define ALONE_BYTES STW_LIMIT_ALONE_BYTES
#define WORTH_BYTES STW_LIMIT_WORTH_BYTES
#define STOP_SPINS STW_LIMIT_SPINS
#define SPINS 64u               /* between offers of the core */
#define STACK_BYTES (512u << 10) /* draining does not recurse */

/* stw_workers.asleep: the number of workers that sleep or are about to, and this bit: one of them
 * has been woken and is still counted. Both in one word, or the bit could outlive the last sleeper
 * and keep all wakes away. */
#define ON_ITS_WAY 0x80000000u

void stw__workers_plan(struct stw_gc *gc)
{
    struct stw_workers *workers = &gc->workers;
    double share = UTILISATION * gc->processors.total;
    workers->dedicated = (uint32_t)(share + 0.5);
    double off = (double)workers->dedicated / share - 1;
    if (off < -DEDICATED_EXCESS || off > DEDICATED_EXCESS) {
        if ((double)workers->dedicated > share)
            workers->dedicated--;
        workers->fraction = (share - workers->dedicated) / gc->processors.total;
    }
    workers->count = gc->processors.total;
    workers->useful = stw_processor_count();
}

static int must_end(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->workers.stop, __ATOMIC_ACQUIRE) != 0;
}

static int is_help_wanted(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->workers.help_wanted, __ATOMIC_SEQ_CST) != 0;
}

static int is_stopping(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->world.stopping, __ATOMIC_SEQ_CST) != 0;
}

/* Marks with the stopper as long as it wants and there is work, or may soon be. The stopper waits
 * for `helpers` after it took its wish back, so whoever comes too late sees that and marks
 * nothing. */
static void mark_in_stop(struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    if (!is_help_wanted(gc))
        return;
    __atomic_fetch_add(&gc->workers.helpers, 1, __ATOMIC_SEQ_CST);
    uint64_t began_cpu_ns = stw_clock_thread_cpu_ns();
    for (uint32_t spins = 1; is_help_wanted(gc) && spins <= STOP_SPINS; spins++) {
        if (stw__work_is_found(gc)) {
            stw__marker_begin(&worker->marker, gc);
            stw__mark_drain(&worker->marker,
                            &(struct stw_drain_limit){.scan_bytes_max = UINT64_MAX});
            stw__marker_end(&worker->marker);
            worker->has_worked |= worker->marker.scan_bytes > 0;
            spins = 0;
        } else if (spins % SPINS) {
            stw_spin_pause();
        } else {
            stw_thread_yield(); /* the one with the work may need this core */
        }
    }
    if (__atomic_fetch_sub(&gc->workers.helpers, 1, __ATOMIC_SEQ_CST) == 1)
        stw__world_tell(&gc->world, &gc->workers.helpers);
    STW_ADD(gc->totals.help_cpu_ns, stw_clock_thread_cpu_ns() - began_cpu_ns); /* no stop waits */
}

/* Most stops are over soon. 0: this one is not, and the worker gives its processor up. Not between
 * begin and end: the stopper waits for those. */
static int wait_out_stop(struct stw_worker *worker)
{
    for (uint32_t spins = 0; is_stopping(worker->gc) && spins < STOP_SPINS; spins++) {
        mark_in_stop(worker);
        stw_spin_pause();
    }
    return !is_stopping(worker->gc);
}

/* Between begin and end: it belongs to this cycle. */
static void count_time(struct stw_worker *worker, int dedicated, uint64_t spent_ns, uint64_t cpu_ns)
{
    struct stw_gc *gc = worker->gc;
    if (!dedicated)
        STW_ADD(gc->pacer.idle_ns, spent_ns);
    STW_ADD(*(dedicated ? &gc->totals.dedicated_ns : &gc->totals.idle_ns), spent_ns);
    STW_ADD(gc->totals.worker_cpu_ns, cpu_ns);
    stw__limiter_note(gc, spent_ns, !dedicated);
    stw__share_credit(gc, (int64_t)(worker->marker.scan_bytes + worker->marker.root_words * 8));
}

/* The worker has a processor. Returns 1 when it is to give it up: it found nothing more to mark, or
 * the world is stopped. */
static int mark(struct stw_worker *worker, int dedicated)
{
    struct stw_gc *gc = worker->gc;
    if (!wait_out_stop(worker))
        return 1;
    uint64_t began = stw_clock_ns(), began_cpu_ns = stw_clock_thread_cpu_ns();
    struct stw_drain_limit limit = {.scan_bytes_max = UINT64_MAX, .deadline_ns = began + LOOK_NS,
                                    .worker = gc, .idle = !dedicated};
    int idle = 1;
    stw__marker_begin_outside(&worker->marker, gc);
    if (stw__phase(gc) == STW_PHASE_MARK) { /* or it came too late, and has marked nothing */
        idle = stw__mark_drain(&worker->marker, &limit);
        worker->has_worked |= worker->marker.scan_bytes > 0 || worker->marker.root_words > 0;
        count_time(worker, dedicated, stw_clock_ns() - began,
                   stw_clock_thread_cpu_ns() - began_cpu_ns);
    }
    stw__marker_end(&worker->marker);
    if (idle)
        worker->has_worked |= (uint32_t)stw__cycle_try_finish(gc, NULL);
    return idle;
}

/* Not add and take back: two who try at once would both fail. */
static int take_place(uint32_t *taken, uint32_t places)
{
    uint32_t count = __atomic_load_n(taken, __ATOMIC_SEQ_CST);
    while (count < places)
        if (__atomic_compare_exchange_n(taken, &count, count + 1, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return 1;
    return 0;
}

static void leave_place(uint32_t *taken)
{
    STW_EDGE("worker.place");
    __atomic_fetch_sub(taken, 1, __ATOMIC_SEQ_CST);
}

/* There is something to do for a worker that has a place. */
static int is_work_left(struct stw_gc *gc)
{
    return stw__work_is_found(gc) || stw__cycle_can_finish(gc);
}

/* Whoever does not get a place sleeps, whatever there is to mark; whoever leaves one looks for work
 * again before it sleeps (N2). */
static void mark_dedicated(struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    uint32_t *taken = &gc->workers.dedicated_count;
    if (!is_work_left(gc) || is_stopping(gc) || !take_place(taken, gc->workers.dedicated))
        return;
    stw__processor_enter_first(gc, &worker->turn);
    while (stw__phase(gc) == STW_PHASE_MARK && !must_end(gc) && !mark(worker, 1))
        ;
    stw_processor_leave(gc);
    leave_place(taken);
}

/* Go: startCycle. A cycle that only time has begun is in no hurry: it leaves idle processors idle,
 * unless nobody else were left to mark. */
void stw__workers_limit_idle(struct stw_gc *gc, int timed)
{
    uint32_t max = !timed ? UINT32_MAX : gc->workers.dedicated ? 0 : 1;
    __atomic_store_n(&gc->workers.idle_max, max, __ATOMIC_SEQ_CST);
}

/* Marks for a turn on a processor that nobody wants. 0: there is no such, or nothing to mark. */
static int mark_idle_turn(struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    if (!stw_processor_try_enter(gc))
        return 0;
    int idle = mark(worker, 0);
    stw_processor_leave(gc);
    return !idle;
}

static void mark_on_idle_processor(struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    uint32_t *taken = &gc->workers.idle_count;
    int more = is_work_left(gc);
    while (more && stw__phase(gc) == STW_PHASE_MARK && !must_end(gc)
           && take_place(taken, __atomic_load_n(&gc->workers.idle_max, __ATOMIC_SEQ_CST))) {
        more = mark_idle_turn(worker);
        leave_place(taken);
    }
}

static int is_idle_or_found(struct stw_gc *gc, const void *active)
{
    (void)active;
    return stw__mark_is_idle(gc) || stw__work_is_found(gc);
}

void stw__workers_mark_stopped(struct stw_gc *gc, struct stw_marker *marker)
{
    const struct stw_drain_limit all = {.scan_bytes_max = UINT64_MAX};
    if (stw__mark_drain(marker, &(struct stw_drain_limit){.scan_bytes_max = ALONE_BYTES}))
        return;
    STW_EDGE("worker.ask");
    __atomic_store_n(&gc->workers.help_wanted, 1, __ATOMIC_SEQ_CST);
    stw__workers_enlist(gc);
    for (int idle = 0; !idle; stw__marker_begin(marker, gc)) {
        stw__mark_drain(marker, &all);
        stw__marker_end(marker);
        stw__world_await(gc, &gc->mark.active, is_idle_or_found); /* others are inside */
        idle = stw__mark_is_idle(gc);
    }
    STW_EDGE("worker.dismiss");
    __atomic_store_n(&gc->workers.help_wanted, 0, __ATOMIC_SEQ_CST);
    stw__world_await(gc, &gc->workers.helpers, stw__world_is_zero);
}

/* One that no mutator uses, nor would it have to share one of the machine's. */
static int is_processor_idle(struct stw_gc *gc)
{
    uint32_t free = __atomic_load_n(&gc->processors.free, __ATOMIC_SEQ_CST);
    return free > 0 && gc->processors.total - free < gc->workers.useful;
}

/* Whether one more worker may mark. */
static int is_place_free(struct stw_gc *gc)
{
    struct stw_workers *workers = &gc->workers;
    if (is_help_wanted(gc)) /* the stopper has a processor, too */
        return __atomic_load_n(&workers->helpers, __ATOMIC_SEQ_CST) + 1 < workers->useful;
    if (stw__phase(gc) != STW_PHASE_MARK || is_stopping(gc))
        return 0;
    return __atomic_load_n(&workers->dedicated_count, __ATOMIC_SEQ_CST) < workers->dedicated
           || (is_processor_idle(gc)
               && __atomic_load_n(&workers->idle_count, __ATOMIC_SEQ_CST)
                      < __atomic_load_n(&workers->idle_max, __ATOMIC_SEQ_CST));
}

static void *run(void *context)
{
    struct stw_worker *worker = context;
    struct stw_gc *gc = worker->gc;
    struct stw_workers *workers = &gc->workers;
    for (int woken = 0;;) {
        uint32_t wake = __atomic_load_n(&workers->wake, __ATOMIC_ACQUIRE); /* before all looks */
        STW_EDGE("worker.look");
        if (must_end(gc))
            break;
        worker->has_worked = 0;
        mark_in_stop(worker);
        if (stw__phase(gc) == STW_PHASE_MARK) {
            mark_dedicated(worker);
            mark_on_idle_processor(worker);
        }
        if (woken && !worker->has_worked)
            stw__futile_wake(gc);
        woken = 0;
        STW_EDGE("worker.sleep");
        __atomic_fetch_add(&workers->asleep, 1, __ATOMIC_SEQ_CST);
        if (!is_place_free(gc) || !is_work_left(gc)) /* N2 */
            woken = stw_futex_wait(&workers->wake, wake, 0);
        uint32_t asleep = __atomic_load_n(&workers->asleep, __ATOMIC_SEQ_CST);
        while (!__atomic_compare_exchange_n(&workers->asleep, &asleep, (asleep & ~ON_ITS_WAY) - 1,
                                            0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            ;
    }
    return NULL;
}

static void wake(struct stw_gc *gc, uint32_t count)
{
    __atomic_fetch_add(&gc->workers.wake, 1, __ATOMIC_SEQ_CST);
    stw_futex_wake(&gc->workers.wake, count);
}

/* Unless all are up, or one is on its way: when it is counted as up it will look for work. */
static void wake_one(struct stw_gc *gc)
{
    uint32_t asleep = __atomic_load_n(&gc->workers.asleep, __ATOMIC_SEQ_CST);
    while (asleep > 0 && asleep < ON_ITS_WAY && is_place_free(gc) && is_work_left(gc))
        if (__atomic_compare_exchange_n(&gc->workers.asleep, &asleep, asleep | ON_ITS_WAY, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            wake(gc, 1);
            return;
        }
}

void stw__workers_enlist(struct stw_gc *gc)
{
    int in_stop = is_help_wanted(gc);
    if (in_stop)
        stw__world_tell(&gc->world, &gc->mark.active); /* who found nothing looks again */
    if (in_stop || STW_LOAD(gc->pacer.scannable) >= WORTH_BYTES)
        wake_one(gc);
}

void stw__workers_look_after(struct stw_gc *gc)
{
    wake_one(gc);
}

stw_status stw__workers_start(struct stw_gc *gc)
{
    struct stw_workers *workers = &gc->workers;
    if (workers->all || gc->options.stepped)
        return STW_OK;
    workers->all = stw_new(workers->count, sizeof *workers->all);
    for (uint32_t i = 0; i < workers->count; i++) {
        struct stw_worker *worker = &workers->all[i];
        worker->gc = gc;
        if (stw_thread_start(&worker->thread, STACK_BYTES, run, worker) != STW_OK) {
            workers->count = i; /* those that there are do the work */
            return STW_E_NOMEM;
        }
        __atomic_store_n(&workers->started, i + 1, __ATOMIC_RELEASE);
    }
    return STW_OK;
}

uint64_t stw__workers_cpu_ns(struct stw_gc *gc)
{
    uint64_t sum_ns = 0;
    uint32_t started = __atomic_load_n(&gc->workers.started, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < started; i++)
        sum_ns += stw_clock_cpu_of_ns(gc->workers.all[i].thread);
    return sum_ns;
}

void stw__workers_stop(struct stw_gc *gc)
{
    struct stw_workers *workers = &gc->workers;
    if (!workers->all)
        return;
    __atomic_store_n(&workers->stop, 1, __ATOMIC_RELEASE);
    wake(gc, STW_FUTEX_ALL);
    for (uint32_t i = 0; i < workers->count; i++)
        pthread_join(workers->all[i].thread, NULL);
}
