/* gc/world.c: stopping and starting the world, and handshakes with single mutators.
 *
 * A stop sets STOP in every mutator's poll word and waits until none runs. A mutator parks at its
 * next safepoint; one that is blocked outside managed code counts as stopped, because it must pass
 * stw_block_end, and with it the poll word, before it touches the heap again.
 *
 * W1  a mutator stores its state before it reads its poll word, a stopper sets the poll bit before
 *     it reads the state (both sequentially consistent): one of the two sees the other.
 * W2  a mutator reads `epoch` before it looks for STOP; the stopper clears STOP before it raises
 *     `epoch`: a mutator that saw STOP will see the epoch change.
 * W3  a stop begins only after the last one's record is complete (resuming == 0).
 * W4  poll bits CACHES, SCAN and FLUSH are served by the mutator itself, or by the one thread that
 *     holds it while it is blocked.
 * W5  while the world is stopped nobody marks but the stopper and the workers that it calls
 *     (stw__marker_begin_outside, stw__workers_mark_stopped).
 * W6  a stopper says what it sleeps for before its last look at that, a mutator stores its state
 *     before it looks whether the stopper sleeps for it (both sequentially consistent): no wake is
 *     missed, and none given for another's arrival (gc.N4). The same for whatever else is waited
 *     for.
 * W7  nobody spins for longer than STW_LIMIT_SPINS turns: then it sleeps, with a bound, or until
 *     what it waits for is announced. Whoever is waited for may be off its processor, because this
 *     very thread has a higher priority, or the machine is busy.
 * Rejected: counting arrivals only. The states are scanned, so that a mutator that blocks, unblocks
 * and parks during one stop cannot be counted twice. */
#include "gc/world.h"

#include "gc/barrier.h"
#include "gc/collector.h"
#include "gc/cycle.h"
#include "gc/share.h"

#include "base/breach.h"

#include <string.h>

#define STOP_SPINS STW_LIMIT_SPINS
#define PARK_SPINS ((STW_LIMIT_SPINS + 1u) / 2u) /* with a look at the clock: twice as long */
#define AWAY_NS 5000u /* between two looks at the clock: not on a processor; a look takes 50 ns */
#define LOST_WAKE_NS 10000000u /* upper bound on how long a wake that was missed could cost */

void stw__world_lock(struct stw_gc *gc, struct stw_mutator_record *self)
{
    if (!self) {
        pthread_mutex_lock(&gc->world.lock);
        return;
    }
    for (uint32_t spins = 0; pthread_mutex_trylock(&gc->world.lock) != 0; spins++) {
        stw_safepoint(&self->mutator);
        if (spins < STOP_SPINS) {
            stw_spin_pause();
            continue;
        }
        stw__managed_leave(self);
        stw__mutator_await_lock(self, &gc->world.lock);
        stw__managed_enter(self);
    }
}

void stw__world_check(const struct stw_world *world)
{
    uint32_t stopping = STW_LOAD(world->stopping), stopped = STW_LOAD(world->stopped);
    STW_REQUIRE(!stopped || stopping); /* gc.G3 */
    STW_REQUIRE(!STW_LOAD(world->settled) || stopped); /* gc.W5 */
    STW_REQUIRE(!stopping || STW_LOAD(world->resuming) == 0); /* gc.W3 */
}

struct stw_gc_hold stw_gc_hold(const struct stw_gc *gc)
{
    const struct stw_world *world = &gc->world;
    struct stw_gc_hold hold = {.is_stopped = STW_LOAD(world->stopped)};
    hold.is_stopping = !hold.is_stopped && STW_LOAD(world->stopping);
    uint64_t now = stw_clock_ns(), came = STW_LOAD(world->came_ns);
    if (hold.is_stopping || hold.is_stopped)
        hold.for_ns = now > came ? now - came : 0;
    for (uint32_t i = 0; hold.is_stopping && !hold.mutator && i < STW_LOAD(gc->mutator_count); i++)
        if (STW_LOAD(gc->mutators[i]->mutator.poll) & STW_POLL_STOP /* not the stopper's */
            && STW_LOAD(gc->mutators[i]->state) == STW_STATE_RUNNING)
            hold.mutator = gc->mutators[i]->mutator.index + 1;
    return hold;
}

static struct stw_pause *next_record(struct stw_gc *gc)
{
    const struct stw_gc_options *options = &gc->options;
    uint64_t at = STW_ADD(gc->totals.pauses, 1);
    if (at >= options->pause_capacity) {
        STW_ADD(*options->pauses_lost, 1);
        return &gc->world.spill;
    }
    __atomic_store_n(options->pause_count, at + 1, __ATOMIC_RELEASE);
    return &options->pauses[at];
}

static int is_stopped(struct stw_gc *gc, const void *state)
{
    (void)gc;
    return __atomic_load_n((const uint32_t *)state, __ATOMIC_SEQ_CST) != STW_STATE_RUNNING;
}

/* Before a stop sleeps for mutators: which strategy's slot each of them is in, if it is in one (its
 * site is the workload's, also where a strategy keeps it), and how much CPU time it has used. */
static void note_late(struct stw_gc *gc)
{
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        if (is_stopped(gc, &m->state))
            continue;
        if (!m->late_call)
            m->late_call = STW_LOAD(m->mutator.strategy_call);
        if (!STW_LOAD(m->late_cpu_ns))
            __atomic_store_n(&m->late_cpu_ns, stw_clock_by_id_ns(m->cpu_clock), __ATOMIC_RELAXED);
    }
}

static inline void await(struct stw_gc *gc, const void *word,
                         int (*is_over)(struct stw_gc *, const void *))
{
    struct stw_world *world = &gc->world;
    int woken = 0;
    for (uint32_t spins = 0; !is_over(gc, word); spins++) {
        if (spins < STOP_SPINS) {
            stw_spin_pause();
            continue;
        }
        if (woken)
            stw__futile_wake(gc);
        woken = 0;
        if (is_over == is_stopped)
            note_late(gc);
        __atomic_store_n(&world->awaited, word, __ATOMIC_SEQ_CST);
        uint32_t arrivals = __atomic_load_n(&world->arrivals, __ATOMIC_SEQ_CST);
        STW_EDGE("stop.sleep");
        if (!is_over(gc, word))
            woken =
                stw__mutator_sleep(stw__mutator_self(), &world->arrivals, arrivals, LOST_WAKE_NS);
        __atomic_store_n(&world->awaited, NULL, __ATOMIC_SEQ_CST);
    }
}

void stw__world_await(struct stw_gc *gc, const void *word,
                      int (*is_over)(struct stw_gc *gc, const void *word))
{
    await(gc, word, is_over);
}

int stw__world_is_zero(struct stw_gc *gc, const void *word)
{
    (void)gc;
    return __atomic_load_n((const uint32_t *)word, __ATOMIC_SEQ_CST) == 0;
}

/* A stopper that spins sees a change by itself: the system call for one that sleeps takes this
 * thread 1 to 6 us, in which it could not start again. */
void stw__world_wake_stopper(struct stw_world *world)
{
    __atomic_fetch_add(&world->arrivals, 1, __ATOMIC_SEQ_CST);
    stw_futex_wake(&world->arrivals, STW_FUTEX_ALL);
}

/* Reads `epoch` before it looks, as W2 has it for mutators. */
void stw__world_await_start(struct stw_gc *gc)
{
    struct stw_world *world = &gc->world;
    for (uint32_t spins = 0;; spins++) {
        uint32_t epoch = __atomic_load_n(&world->epoch, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&world->stopping, __ATOMIC_SEQ_CST))
            return;
        if (spins < STOP_SPINS) {
            stw_spin_pause();
            continue;
        }
        __atomic_fetch_add(&world->sleepers, 1, __ATOMIC_SEQ_CST);
        stw__mutator_sleep(stw__mutator_self(), &world->epoch, epoch, 0);
        __atomic_fetch_sub(&world->sleepers, 1, __ATOMIC_SEQ_CST);
    }
}

/* Markers outside of mutators leave, and none comes in (W5). 1: there were some. */
static int wait_for_markers(struct stw_gc *gc)
{
    if (__atomic_load_n(&gc->mark.active, __ATOMIC_SEQ_CST) == 0)
        return 0;
    await(gc, &gc->mark.active, stw__world_is_zero);
    return 1;
}

/* What it computed from when the stop went to sleep for it until it parked. Forgets it. */
static uint64_t take_late_cpu(struct stw_mutator_record *m)
{
    uint64_t late_ns = STW_LOAD(m->late_cpu_ns), parked_ns = STW_LOAD(m->parked_cpu_ns);
    if (!late_ns) /* mostly: then nothing is written inside the stop */
        return STW_CPU_UNKNOWN;
    __atomic_store_n(&m->late_cpu_ns, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&m->parked_cpu_ns, 0, __ATOMIC_RELAXED);
    return parked_ns >= late_ns ? parked_ns - late_ns : STW_CPU_UNKNOWN;
}

/* Counts the parked and names the last of them in the record, or the worker that came after. */
static void note_stopped(struct stw_gc *gc, struct stw_mutator_record *self, uint64_t request_ns,
                         int worker_was_last)
{
    struct stw_pause *pause = gc->world.pause;
    struct stw_mutator_record *last = NULL;
    uint64_t last_ns = 0, last_cpu_ns = STW_CPU_UNKNOWN;
    uint32_t last_call = 0;
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        uint32_t late_call = m->late_call;
        uint64_t late_cpu_ns = take_late_cpu(m);
        m->late_call = 0;
        if (m == self || __atomic_load_n(&m->state, __ATOMIC_ACQUIRE) != STW_STATE_PARKED)
            continue;
        m->counted = 1;
        pause->mutators++;
        uint64_t parked_ns = STW_LOAD(m->parked_ns);
        if (parked_ns >= request_ns && parked_ns >= last_ns) {
            last = m;
            last_ns = parked_ns;
            last_call = late_call;
            last_cpu_ns = late_cpu_ns;
        }
    }
    pause->late_cpu_ns = worker_was_last ? STW_CPU_UNKNOWN : last_cpu_ns;
    pause->last_call = worker_was_last ? 0 : last_call;
    pause->last_mutator = last && !worker_was_last ? last->mutator.index : STW_NO_MUTATOR;
    const char *site = worker_was_last ? "gc.worker" : last ? STW_LOAD(last->mutator.site) : NULL;
    if (site)
        strncpy(pause->last_site, site, STW_SITE_BYTES - 1);
}

static struct stw_work work_so_far(const struct stw_gc *gc)
{
    const struct stw_totals *totals = &gc->totals;
    return (struct stw_work){
        .scan_bytes = STW_LOAD(totals->scan_stw_bytes) + STW_LOAD(totals->scan_conc_bytes),
        .mark_objects = STW_LOAD(totals->mark_objects),
        .root_words = (STW_LOAD(totals->root_bytes) + STW_LOAD(totals->stack_bytes)) / 8,
        .spans_swept = STW_LOAD(gc->sweep.spans_total)};
}

/* What was done inside the stop: nobody else marks (W5), and sweepers were waited for. */
static void note_work(struct stw_gc *gc)
{
    const struct stw_work now = work_so_far(gc), *before = &gc->world.before;
    struct stw_pause *pause = gc->world.pause;
    pause->scan_bytes = now.scan_bytes - before->scan_bytes;
    pause->mark_objects = now.mark_objects - before->mark_objects;
    pause->root_words = now.root_words - before->root_words;
    pause->spans_swept = now.spans_swept - before->spans_swept;
}

/* Window 1 needs runs blackened (gc.R2), window 2 barrier buffers flushed. A mutator does it
 * for itself on its way to the stop: all at once, each with its own data near by, where the stopper
 * would fetch them one after the other (docs/decisions/0006 has what that took). Not one that
 * comes back from outside: the stop may have counted it as stopped and be acting for it. */
static void prepare(struct stw_mutator_record *m)
{
    uint32_t kind = __atomic_load_n(&m->gc->world.kind, __ATOMIC_SEQ_CST);
    if (m->is_rejoining)
        return;
    if (kind == STW_PAUSE_SWEEP_TERMINATION) {
        stw__mutator_blacken_runs(m);
        STW_EDGE("park.black");
        m->are_runs_black = 1; /* published with the state; taken back by window 1 */
    } else if (kind == STW_PAUSE_MARK_TERMINATION) {
        m->flushed_words += stw__barrier_words(&m->mutator);
        stw_barrier_flush(&m->mutator);
        STW_EDGE("park.flushed");
    }
}

void stw__world_stop(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t kind)
{
    struct stw_world *world = &gc->world;
    uint64_t came_ns = stw_clock_ns();
    stw__world_lock(gc, self);
    await(gc, &world->resuming, stw__world_is_zero); /* gc.W3 */
    STW_CHECK(stw__world_check(world));
    world->came_ns = came_ns;
    world->came_cpu_ns = stw_clock_thread_cpu_ns(); /* a system call: not inside the stop */
    struct stw_pause *pause = next_record(gc);
    memset(pause, 0, sizeof *pause);
    pause->kind = kind;
    pause->cycle = gc->totals.cycles + (kind != STW_PAUSE_MARK_TERMINATION);
    pause->is_forced = kind != STW_PAUSE_OTHER && gc->is_cycle_forced;
    world->pause = pause;
    stw__watch_stop_begin(gc);
    uint64_t request_ns = stw_clock_ns();
    pause->start_ns = request_ns - gc->options.origin_ns;
    STW_EDGE("stop.ask");
    __atomic_store_n(&world->kind, kind, __ATOMIC_SEQ_CST);
    __atomic_store_n(&world->stopping, 1, __ATOMIC_SEQ_CST);
    STW_EDGE("stop.flag");
    for (uint32_t i = 0; i < gc->mutator_count; i++)
        if (gc->mutators[i] != self)
            __atomic_fetch_or(&gc->mutators[i]->mutator.poll, STW_POLL_STOP, __ATOMIC_SEQ_CST);
    if (self)
        prepare(self);
    for (uint32_t i = 0; i < gc->mutator_count; i++)
        if (gc->mutators[i] != self)
            await(gc, &gc->mutators[i]->state, is_stopped);
    STW_EDGE("stop.counted");
    __atomic_store_n(&world->stopped, 1, __ATOMIC_SEQ_CST);
    STW_EDGE("stop.stopped");
    int waited = wait_for_markers(gc);
    __atomic_store_n(&world->settled, 1, __ATOMIC_SEQ_CST);
    note_stopped(gc, self, request_ns, waited);
    world->step_from_ns = stw_clock_ns(); /* after the counted have parked by their own clocks */
    pause->stopping_ns = world->step_from_ns - request_ns;
    world->before = work_so_far(gc);
}

void stw__world_step(struct stw_gc *gc, uint32_t step)
{
    uint64_t now = stw_clock_ns();
    gc->world.pause->step_ns[step] += now - gc->world.step_from_ns;
    gc->world.step_from_ns = now;
}

/* The stopper and the last mutator to resume write into the record; then it is complete. */
static void end_record(struct stw_world *world)
{
    if (__atomic_fetch_sub(&world->writers, 1, __ATOMIC_ACQ_REL) == 1)
        __atomic_store_n(&world->pause->complete, 1, __ATOMIC_RELEASE);
}

void stw__world_start(struct stw_gc *gc)
{
    struct stw_world *world = &gc->world;
    struct stw_pause *pause = world->pause;
    uint64_t began_ns = pause->start_ns + gc->options.origin_ns, came_ns = world->came_ns;
    uint32_t alone = pause->mutators == 0;
    STW_CHECK(stw__world_check(world));
    stw__watch_stop_end(gc);
    note_work(gc);
    __atomic_store_n(&world->resuming, alone ? 0 : pause->mutators + 1, __ATOMIC_RELEASE);
    world->released_ns = stw_clock_ns();
    pause->working_ns = world->released_ns - gc->options.origin_ns - pause->start_ns
                        - pause->stopping_ns;
    __atomic_store_n(&world->writers, alone ? 1 : 2, __ATOMIC_RELAXED);
    STW_EDGE("start.release");
    __atomic_store_n(&world->settled, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&world->stopped, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&world->stopping, 0, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < gc->mutator_count; i++)
        __atomic_fetch_and(&gc->mutators[i]->mutator.poll, ~STW_POLL_STOP, __ATOMIC_SEQ_CST);
    STW_EDGE("start.epoch");
    __atomic_fetch_add(&world->epoch, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&world->sleepers, __ATOMIC_SEQ_CST) > 0)
        stw_futex_wake(&world->epoch, STW_FUTEX_ALL);
    uint64_t cpu_ns = stw_clock_thread_cpu_ns() - world->came_cpu_ns; /* all others run */
    pause->stopper_cpu_ns = cpu_ns;
    end_record(world);
    stw__limiter_note_stop(gc, world->released_ns - pause->working_ns);
    STW_EDGE("start.unlock");
    pthread_mutex_unlock(&world->lock);
    struct stw_mutator_record *self = stw__mutator_self();
    if (!self)
        return;
    /* Whoever stops the world loses that time as well, and waited for its turn to do so. */
    stw__timeline_add(&self->timeline, STW_TAKEN_STOP, came_ns, began_ns);
    stw__timeline_add(&self->timeline, STW_TAKEN_STOP, began_ns, stw_clock_ns());
    stw__timeline_used(&self->timeline, STW_TAKEN_STOP, cpu_ns);
}

void stw__world_let_go(struct stw_gc *gc)
{
    for (uint32_t spins = 0; spins < STOP_SPINS; spins++) {
        if (__atomic_load_n(&gc->world.resuming, __ATOMIC_ACQUIRE) == 0)
            return;
        stw_spin_pause();
    }
}

/* What a parked mutator uses of its processor. Whoever spins uses it all the time, except when it
 * looks at the clock and finds that much time has passed. The thread's own clock would tell, too,
 * but that system call takes 1 to 10 us, in which the mutator could not start again: it is asked
 * only by those who sleep. */
struct park_use {
    uint64_t spun_ns;      /* before it slept, if it did */
    uint64_t sleep_cpu_ns; /* the thread's clock when it began to sleep; 0: it did not */
};

static void wait_for_start(struct stw_mutator_record *m, uint32_t epoch, struct park_use *use)
{
    struct stw_world *world = &m->gc->world;
    uint64_t seen_ns = stw_clock_ns();
    for (uint32_t spins = 0; __atomic_load_n(&world->epoch, __ATOMIC_ACQUIRE) == epoch; spins++) {
        if (spins < PARK_SPINS) {
            uint64_t before_ns = seen_ns;
            stw_spin_pause();
            seen_ns = stw_clock_ns();
            if (!use->sleep_cpu_ns && seen_ns - before_ns < AWAY_NS)
                use->spun_ns += seen_ns - before_ns;
            continue;
        }
        if (!use->sleep_cpu_ns)
            use->sleep_cpu_ns = stw__timeline_cpu_ns(&m->timeline);
        STW_EDGE("park.sleep");
        __atomic_fetch_add(&world->sleepers, 1, __ATOMIC_SEQ_CST);
        int woken = stw__mutator_sleep(m, &world->epoch, epoch, 0);
        __atomic_fetch_sub(&world->sleepers, 1, __ATOMIC_SEQ_CST);
        if (woken && __atomic_load_n(&world->epoch, __ATOMIC_RELAXED) == epoch)
            stw__futile_wake(m->gc);
    }
}

/* Leaves the stop that counted this thread; the last to leave ends its record. */
static void depart(struct stw_gc *gc)
{
    struct stw_world *world = &gc->world;
    if (__atomic_fetch_sub(&world->resuming, 1, __ATOMIC_ACQ_REL) != 2)
        return;
    world->pause->restarting_ns = stw_clock_ns() - world->released_ns;
    end_record(world);
    __atomic_store_n(&world->resuming, 0, __ATOMIC_SEQ_CST);
    stw__world_tell(world, &world->resuming);
}

/* Parks until no stop is under way. A mutator that was counted by the stop that it leaves owes it a
 * departure; the last to leave completes the record (resuming counts one more than the parked, so
 * that the record is complete before the next stop begins). */
static void park(struct stw_mutator_record *m)
{
    struct stw_world *world = &m->gc->world;
    struct park_use use = {0, 0};
    uint64_t began_ns = 0;
    for (;;) {
        uint32_t epoch = __atomic_load_n(&world->epoch, __ATOMIC_SEQ_CST);
        if (!(__atomic_load_n(&m->mutator.poll, __ATOMIC_SEQ_CST) & STW_POLL_STOP))
            break;
        began_ns = began_ns ? began_ns : stw_clock_ns();
        prepare(m);
        if (STW_LOAD(m->late_cpu_ns)) /* else the system call would take longer than the wait */
            __atomic_store_n(&m->parked_cpu_ns, stw_clock_thread_cpu_ns(), __ATOMIC_RELAXED);
        __atomic_store_n(&m->parked_ns, stw_clock_ns(), __ATOMIC_RELAXED);
        STW_EDGE("park.state");
        __atomic_store_n(&m->state, STW_STATE_PARKED, __ATOMIC_SEQ_CST);
        stw__world_tell(&m->gc->world, &m->state);
        wait_for_start(m, epoch, &use);
        STW_EDGE("park.woken");
        __atomic_store_n(&m->state, STW_STATE_RUNNING, __ATOMIC_SEQ_CST);
    }
    uint64_t ended_ns = stw_clock_ns(); /* before the record's own end */
    STW_EDGE("park.leave");
    if (m->counted) {
        m->counted = 0;
        depart(m->gc);
    }
    if (!began_ns)
        return;
    stw__timeline_add(&m->timeline, STW_TAKEN_STOP, began_ns, ended_ns);
    stw__timeline_used(&m->timeline, STW_TAKEN_STOP, use.spun_ns);
    stw__timeline_spent(&m->timeline, STW_TAKEN_STOP, use.sleep_cpu_ns);
}

static void serve_self(struct stw_mutator_record *m)
{
    uint64_t began_ns = stw_clock_ns();
    uint32_t served = stw__mutator_serve(m);
    stw__timeline_add(&m->timeline, STW_TAKEN_HANDSHAKE, began_ns, stw_clock_ns());
    stw__served(m->gc, m, served);
}

/* One thing that the poll word asks for. Its frame is below all frames of the caller, so that the
 * stack from here up holds every pointer of the mutator. */
static __attribute__((noinline)) void serve_one(struct stw_mutator_record *m)
{
    m->stack_low = (uintptr_t)__builtin_frame_address(0);
    uint32_t poll = __atomic_load_n(&m->mutator.poll, __ATOMIC_SEQ_CST);
    if (poll & STW_POLL_STOP) {
        park(m);
    } else if (poll & (STW_POLL_CACHES | STW_POLL_SCAN | STW_POLL_FLUSH)) {
        serve_self(m);
    } else if (poll & STW_POLL_YIELD) {
        __atomic_fetch_and(&m->mutator.poll, ~STW_POLL_YIELD, __ATOMIC_SEQ_CST);
        stw__processor_yield(m);
    } else if (poll & STW_POLL_WORK) {
        __atomic_fetch_and(&m->mutator.poll, ~STW_POLL_WORK, __ATOMIC_SEQ_CST);
        stw__share_fraction(m);
    }
}

__attribute__((noinline)) void stw_safepoint(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    while (__atomic_load_n(&mutator->poll, __ATOMIC_SEQ_CST) != 0) {
        stw_registers_save(m->saved.registers);
        serve_one(m);
    }
}

static __attribute__((noinline)) void below_caller(struct stw_mutator_record *m,
                                                   void (*act)(struct stw_gc *,
                                                               struct stw_mutator_record *))
{
    m->stack_low = (uintptr_t)__builtin_frame_address(0);
    act(m->gc, m);
}

__attribute__((noinline)) void stw__with_stack(struct stw_mutator_record *m,
                                               void (*act)(struct stw_gc *,
                                                           struct stw_mutator_record *))
{
    stw_registers_save(m->saved.registers);
    below_caller(m, act);
}

uint32_t stw__mutator_serve(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    uint32_t poll = __atomic_load_n(&m->mutator.poll, __ATOMIC_SEQ_CST);
    uint32_t served = 0;
    STW_EDGE("serve");
    if (poll & STW_POLL_CACHES) {
        __atomic_fetch_and(&m->mutator.poll, ~STW_POLL_CACHES, __ATOMIC_SEQ_CST);
        stw__mutator_drop_runs(m);
        stw_trace(&m->mutator, gc->options.allocator_ordinal, STW_CALL_ALLOCATOR_FLUSH);
        gc->options.allocator->flush(gc->options.allocator_self, &m->mutator);
    }
    if (poll & STW_POLL_SCAN) {
        __atomic_fetch_and(&m->mutator.poll, ~STW_POLL_SCAN, __ATOMIC_SEQ_CST);
        stw__marker_begin(&m->marker, gc);
        stw__stack_scan(&m->marker, m);
        STW_EDGE("serve.scanned");
        __atomic_fetch_sub(&gc->mark.stacks_left, 1, __ATOMIC_SEQ_CST);
        stw__marker_end(&m->marker);
        served |= STW_SERVED_SCAN;
    }
    if (poll & STW_POLL_FLUSH) {
        __atomic_fetch_and(&m->mutator.poll, ~STW_POLL_FLUSH, __ATOMIC_SEQ_CST);
        stw_barrier_flush(&m->mutator);
        STW_EDGE("serve.flushed");
        if (__atomic_fetch_sub(&gc->mark.flush_left, 1, __ATOMIC_SEQ_CST) == 1)
            served |= STW_SERVED_LAST_FLUSH;
    }
    return served;
}

static int is_held(struct stw_mutator_record *m)
{
    return __atomic_load_n(&m->state, __ATOMIC_SEQ_CST) >= STW_STATE_HELD;
}

/* The calling mutator (or null: a collector thread) sleeps until m is no longer held. */
static void await_release(struct stw_mutator_record *self, struct stw_mutator_record *m)
{
    uint32_t held = STW_STATE_HELD;
    if (!__atomic_compare_exchange_n(&m->state, &held, STW_STATE_AWAITED, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)
        && held != STW_STATE_AWAITED)
        return;
    if (stw__mutator_sleep(self, &m->state, STW_STATE_AWAITED, LOST_WAKE_NS) && is_held(m))
        stw__futile_wake(m->gc);
}

uint32_t stw__mutator_serve_blocked(struct stw_mutator_record *m)
{
    for (uint32_t spins = 0; __atomic_load_n(&m->state, __ATOMIC_SEQ_CST) >= STW_STATE_BLOCKED;) {
        if (!stw__mutator_hold(m)) {
            if (spins++ < STOP_SPINS)
                stw_spin_pause();
            else
                await_release(stw__mutator_self(), m);
            continue;
        }
        STW_EDGE("hold");
        uint32_t served = stw__mutator_serve(m);
        stw__mutator_unhold(m);
        return served;
    }
    return 0;
}

void stw__served(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t served)
{
    if (served & STW_SERVED_SCAN)
        stw__stacks_ask(gc);
    if (served & STW_SERVED_LAST_FLUSH)
        stw__cycle_flush_done(gc, self);
}

int stw__mutator_hold(struct stw_mutator_record *m)
{
    uint32_t blocked = STW_STATE_BLOCKED;
    return __atomic_compare_exchange_n(&m->state, &blocked, STW_STATE_HELD, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

void stw__mutator_unhold(struct stw_mutator_record *m)
{
    STW_EDGE("unhold");
    uint32_t held = __atomic_exchange_n(&m->state, STW_STATE_BLOCKED, __ATOMIC_SEQ_CST);
    if (held == STW_STATE_AWAITED)
        stw_futex_wake(&m->state, STW_FUTEX_ALL);
    stw__world_tell(&m->gc->world, &m->state);
}

/* Parked, or blocked and not held. */
static int is_still(struct stw_gc *gc, const void *state)
{
    (void)gc;
    uint32_t now = __atomic_load_n((const uint32_t *)state, __ATOMIC_SEQ_CST);
    return now == STW_STATE_PARKED || now == STW_STATE_BLOCKED;
}

int stw__mutator_pin(struct stw_mutator_record *m)
{
    for (;;) {
        if (__atomic_load_n(&m->state, __ATOMIC_SEQ_CST) == STW_STATE_PARKED)
            return 0;
        if (stw__mutator_hold(m))
            return 1;
        await(m->gc, &m->state, is_still); /* it may be back from blocking, about to park */
    }
}

static int take_back(struct stw_mutator_record *m)
{
    uint32_t blocked = STW_STATE_BLOCKED;
    return __atomic_compare_exchange_n(&m->state, &blocked, STW_STATE_RUNNING, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* Gives up running: from here on the mutator counts as stopped. Requests that nobody could serve
 * for it are served first. Its stack is known from `frame` up. */
static void leave(struct stw_mutator_record *m, uintptr_t frame)
{
    const uint32_t served = STW_POLL_CACHES | STW_POLL_SCAN | STW_POLL_FLUSH;
    struct stw_mutator *mutator = &m->mutator;
    struct stw_saved_words saved = m->saved;
    m->stack_low = frame;
    for (;;) {
        if (mutator->marking)
            stw_barrier_flush(mutator);
        STW_EDGE("block.state");
        __atomic_store_n(&m->state, STW_STATE_BLOCKED, __ATOMIC_SEQ_CST);
        STW_EDGE("block.poll");
        if (!(__atomic_load_n(&mutator->poll, __ATOMIC_SEQ_CST) & served) || !take_back(m))
            break;
        m->is_rejoining = 1;
        park(m); /* a stop may have counted it as blocked, and be under way */
        m->is_rejoining = 0;
        serve_self(m);
        m->saved = saved; /* safepoints further down overwrote this */
        m->stack_low = frame;
    }
    stw__world_tell(&m->gc->world, &m->state);
}

/* The caller's callee-saved registers may lie in this frame, which is gone when it returns: its
 * words are copied. Everything else of the mutator is above. */
__attribute__((noinline)) void stw__managed_leave(struct stw_mutator_record *m)
{
    stw_registers_save(m->saved.registers);
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    stw__stack_copy(m->saved.frame, frame - sizeof m->saved.frame / 2, STW_FRAME_WORDS);
    leave(m, frame);
}

void stw__managed_enter(struct stw_mutator_record *m)
{
    uint64_t began_ns = 0;
    STW_EDGE("unblock.state");
    while (!take_back(m)) {
        began_ns = began_ns ? began_ns : stw_clock_ns();
        await_release(m, m);
    }
    if (began_ns)
        stw__timeline_add(&m->timeline, STW_TAKEN_HANDSHAKE, began_ns, stw_clock_ns());
    STW_EDGE("unblock.poll");
    memset(m->saved.frame, 0, sizeof m->saved.frame);
    uint32_t was_rejoining = m->is_rejoining; /* a stop that such a safepoint makes may block */
    m->is_rejoining = 1;
    stw_safepoint(&m->mutator); /* not stw_poll: the look must come after the state (W1) */
    m->is_rejoining = was_rejoining;
}

static inline __attribute__((always_inline)) void block_begin(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    stw_registers_save(m->saved.registers);
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    stw__stack_copy(m->saved.frame, frame - sizeof m->saved.frame / 2, STW_FRAME_WORDS);
    leave(m, frame);
    stw_processor_leave(m->gc);
    if (stw__phase(m->gc) == STW_PHASE_MARK)
        stw__workers_enlist(m->gc);
}

__attribute__((noinline)) void stw_block_begin(struct stw_mutator *m)
{
    block_begin(m);
}

__attribute__((noinline)) void stw_block_begin_slot(const struct stw_host *host,
                                                    struct stw_mutator *m)
{
    stw_watch_wait(stw__record_of(m)->gc, "block_begin");
    if (m != stw_mutator_self())
        STW_BREACH("on-mutator", STW_BREACH_CALLER,
                   "called block_begin for a mutator of another thread");
    if (STW_LOAD(stw__record_of(m)->state) != STW_STATE_RUNNING)
        STW_BREACH("blocked", STW_BREACH_CALLER, "called block_begin twice");
    stw__record_of(m)->block = (struct stw_block){host, __builtin_return_address(0)};
    block_begin(m);
    stw__timeline_block(&stw__record_of(m)->timeline); /* after what the runtime did */
}

void stw_block_end_slot(struct stw_mutator *m)
{
    stw__timeline_unblock(&stw__record_of(m)->timeline);
    stw_block_end(m);
}

void stw_block_end(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    stw__processor_enter(m);
    stw__managed_enter(m);
}
