/* gc/worker.c: threads that mark: dedicated and idle ones while mutators run, all in a stop.
 *
 * There is one worker a processor, made before the first cycle. A dedicated worker takes a
 * processor from the mutators when marking begins and keeps it while there is work. The others mark
 * on processors that are idle, and leave as soon as a mutator wants one. Inside a stop every
 * processor is idle: the stopper calls the workers when there is much to mark (mode stw, and the
 * second scan of mode rescan).
 *
 * N1  a worker marks only with a processor, or inside a stop when the stopper wants help.
 * N2  a worker sleeps only after it has seen no work, or no processor for it; who makes work while
 *     a processor is idle wakes one (stw_workers_enlist), who leaves a processor does as well.
 * N3  a mark phase ends although no mutator allocates: somebody looks every half millisecond
 *     whether all is marked. A mutator that scans its stack last and finds nothing grey, or that
 *     flushes its barrier buffer while the last marker looks, does not. Where there are dedicated
 *     workers they do it; elsewhere mutators, when they work their fraction, or, when all are
 *     blocked, the worker that the last of them has woken. */
#include "gc/gc.h"

#include "base/text.h"

#define UTILISATION 0.25        /* Go: gcBackgroundUtilization, of all processors */
#define DEDICATED_EXCESS 0.3    /* Go: more than this off the share: a fraction does the rest */
#define SLICE_NS 10000000u      /* between looks whether the phase goes on */
#define ALONE_BYTES STW_LIMIT_ALONE_BYTES
#define SPINS 64u               /* between offers of the core */
#define STACK_BYTES (512u << 10) /* draining does not recurse */
#define NAP_NS 500000u   /* a dedicated worker that found nothing, as the background's tick */

void stw_workers_plan(struct stw_gc *gc)
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
}

static int must_end(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->workers.stop, __ATOMIC_ACQUIRE) != 0;
}

static int is_help_wanted(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->workers.help_wanted, __ATOMIC_SEQ_CST) != 0;
}

/* Marks with the stopper as long as it wants. The stopper waits for `helpers` after it took its
 * wish back, so whoever comes too late sees that and marks nothing. */
static void mark_in_stop(struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    if (!is_help_wanted(gc))
        return;
    __atomic_fetch_add(&gc->workers.helpers, 1, __ATOMIC_SEQ_CST);
    for (uint32_t spins = 1; is_help_wanted(gc); spins++) {
        if (stw_work_is_found(gc)) {
            stw_marker_begin(&worker->marker, gc);
            stw_mark_drain(&worker->marker,
                           &(struct stw_drain_limit){.scan_bytes_max = UINT64_MAX});
            stw_marker_end(&worker->marker);
        } else if (spins % SPINS) {
            stw_spin_pause();
        } else {
            stw_thread_yield(); /* the one with the work may need this core */
        }
    }
    __atomic_fetch_sub(&gc->workers.helpers, 1, __ATOMIC_SEQ_CST);
}

/* Not between begin and end: the stopper waits for those. */
static void wait_out_stop(struct stw_worker *worker)
{
    while (__atomic_load_n(&worker->gc->world.stopping, __ATOMIC_SEQ_CST)) {
        mark_in_stop(worker);
        stw_thread_yield();
    }
}

/* Between begin and end: it belongs to this cycle. */
static void count_time(struct stw_worker *worker, int dedicated, uint64_t spent_ns, uint64_t cpu_ns)
{
    struct stw_gc *gc = worker->gc;
    if (!dedicated)
        STW_ADD(gc->pacer.idle_ns, spent_ns);
    STW_ADD(*(dedicated ? &gc->totals.dedicated_ns : &gc->totals.idle_ns), spent_ns);
    STW_ADD(gc->totals.worker_cpu_ns, cpu_ns);
    stw_limiter_note(gc, spent_ns, !dedicated);
    stw_share_credit(gc, (int64_t)(worker->marker.scan_bytes + worker->marker.root_words * 8));
}

/* The worker has a processor. Returns 1 when it found nothing more to mark. */
static int mark(struct stw_worker *worker, int dedicated)
{
    struct stw_gc *gc = worker->gc;
    wait_out_stop(worker);
    uint64_t began = stw_clock_ns(), began_cpu_ns = stw_clock_thread_cpu_ns();
    struct stw_drain_limit limit = {.scan_bytes_max = UINT64_MAX, .deadline_ns = began + SLICE_NS,
                                    .worker = gc, .idle = !dedicated};
    int idle = 1;
    stw_marker_begin_outside(&worker->marker, gc);
    if (stw_phase(gc) == STW_PHASE_MARK) { /* or it came too late, and has marked nothing */
        idle = stw_mark_drain(&worker->marker, &limit);
        count_time(worker, dedicated, stw_clock_ns() - began,
                   stw_clock_thread_cpu_ns() - began_cpu_ns);
    }
    stw_marker_end(&worker->marker);
    if (idle)
        stw_cycle_try_finish(gc, NULL);
    return idle;
}

static void mark_dedicated(struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    if (!stw_work_is_found(gc) && !stw_cycle_can_finish(gc))
        return;
    stw_processor_enter_first(gc, &worker->turn);
    while (stw_phase(gc) == STW_PHASE_MARK && !must_end(gc) && !mark(worker, 1))
        ;
    stw_processor_leave(gc);
}

/* Go: startCycle. A cycle that only time has begun is in no hurry: it leaves idle processors idle,
 * unless nobody else were left to mark. */
void stw_workers_limit_idle(struct stw_gc *gc, int timed)
{
    uint32_t max = !timed ? UINT32_MAX : gc->workers.dedicated ? 0 : 1;
    __atomic_store_n(&gc->workers.idle_max, max, __ATOMIC_SEQ_CST);
}

static int is_idle_place_free(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->workers.idle_count, __ATOMIC_SEQ_CST)
           < __atomic_load_n(&gc->workers.idle_max, __ATOMIC_SEQ_CST);
}

/* Whoever does not get a place sleeps, whatever there is to mark; whoever leaves one looks for work
 * again before it sleeps (N2). Not add and take back: two who try at once would both fail. */
static int take_idle_place(struct stw_gc *gc)
{
    uint32_t count = __atomic_load_n(&gc->workers.idle_count, __ATOMIC_SEQ_CST);
    while (count < __atomic_load_n(&gc->workers.idle_max, __ATOMIC_SEQ_CST))
        if (__atomic_compare_exchange_n(&gc->workers.idle_count, &count, count + 1, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return 1;
    return 0;
}

/* Marks for a slice on a processor that nobody wants. 0: there is no such, or nothing to mark. */
static int mark_idle_slice(struct stw_worker *worker)
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
    int more = 1;
    while (more && stw_phase(gc) == STW_PHASE_MARK && !must_end(gc) && take_idle_place(gc)) {
        more = mark_idle_slice(worker);
        STW_EDGE("worker.place");
        __atomic_fetch_sub(&gc->workers.idle_count, 1, __ATOMIC_SEQ_CST);
    }
}

void stw_workers_mark_stopped(struct stw_gc *gc, struct stw_marker *marker)
{
    const struct stw_drain_limit all = {.scan_bytes_max = UINT64_MAX};
    if (stw_mark_drain(marker, &(struct stw_drain_limit){.scan_bytes_max = ALONE_BYTES}))
        return;
    STW_EDGE("worker.ask");
    __atomic_store_n(&gc->workers.help_wanted, 1, __ATOMIC_SEQ_CST);
    stw_workers_wake(gc, gc->workers.count - 1);
    for (int idle = 0; !idle; stw_marker_begin(marker, gc)) {
        stw_mark_drain(marker, &all);
        stw_marker_end(marker);
        while (!(idle = stw_mark_is_idle(gc)) && !stw_work_is_found(gc))
            stw_spin_pause(); /* others are inside */
    }
    STW_EDGE("worker.dismiss");
    __atomic_store_n(&gc->workers.help_wanted, 0, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&gc->workers.helpers, __ATOMIC_SEQ_CST) != 0)
        stw_spin_pause();
}

static int is_processor_free(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->processors.free, __ATOMIC_SEQ_CST) > 0;
}

static int can_mark(const struct stw_worker *worker)
{
    struct stw_gc *gc = worker->gc;
    int dedicated = worker->index < gc->workers.dedicated;
    return is_processor_free(gc) && (dedicated || is_idle_place_free(gc));
}

static void *run(void *context)
{
    struct stw_worker *worker = context;
    struct stw_gc *gc = worker->gc;
    struct stw_workers *workers = &gc->workers;
    for (;;) {
        uint32_t wake = __atomic_load_n(&workers->wake, __ATOMIC_ACQUIRE); /* before all looks */
        STW_EDGE("worker.look");
        if (must_end(gc))
            break;
        mark_in_stop(worker);
        int dedicated = worker->index < workers->dedicated;
        if (stw_phase(gc) == STW_PHASE_MARK && dedicated)
            mark_dedicated(worker);
        else
            mark_on_idle_processor(worker);
        int marking = stw_phase(gc) == STW_PHASE_MARK;
        STW_EDGE("worker.sleep");
        __atomic_fetch_add(&workers->sleeping, 1, __ATOMIC_SEQ_CST);
        if (!marking || !can_mark(worker) || !stw_work_is_found(gc)) /* N2 */
            stw_futex_wait(&workers->wake, wake, dedicated && marking ? NAP_NS : 0);
        __atomic_fetch_sub(&workers->sleeping, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

void stw_workers_wake(struct stw_gc *gc, uint32_t count)
{
    __atomic_fetch_add(&gc->workers.wake, 1, __ATOMIC_SEQ_CST);
    if (count > 0)
        stw_futex_wake(&gc->workers.wake, count);
}

void stw_workers_enlist(struct stw_gc *gc)
{
    if (is_processor_free(gc) && __atomic_load_n(&gc->workers.sleeping, __ATOMIC_SEQ_CST) > 0)
        stw_workers_wake(gc, 1);
}

stw_status stw_workers_start(struct stw_gc *gc)
{
    struct stw_workers *workers = &gc->workers;
    if (workers->all || gc->options.stepped)
        return STW_OK;
    workers->all = stw_new(workers->count, sizeof *workers->all);
    for (uint32_t i = 0; i < workers->count; i++) {
        struct stw_worker *worker = &workers->all[i];
        worker->gc = gc;
        worker->index = i;
        if (stw_thread_start(&worker->thread, STACK_BYTES, run, worker) != STW_OK) {
            workers->count = i; /* those that there are do the work */
            return STW_E_NOMEM;
        }
    }
    return STW_OK;
}

void stw_workers_stop(struct stw_gc *gc)
{
    struct stw_workers *workers = &gc->workers;
    if (!workers->all)
        return;
    __atomic_store_n(&workers->stop, 1, __ATOMIC_RELEASE);
    stw_workers_wake(gc, workers->count);
    for (uint32_t i = 0; i < workers->count; i++)
        pthread_join(workers->all[i].thread, NULL);
}
