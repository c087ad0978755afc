/* gc/cycle.c: the phases of a cycle and the two windows, in Go's order of steps.
 *
 * Window 1 (sweep termination): stop; finish the sweep; hooks (pools are emptied); retire runs and
 * blacken the rest, of mutators that have not done so on their way to the stop; pacer; phase mark,
 * barrier on, every mutator owes a stack scan; start.
 * Window 2 (mark termination): stop; flush barrier buffers, and if anything turned grey start again
 * and go on marking; count what runs handed out as marked; phase off, barrier off; sweep generation
 * up, the allocator's lists change roles; pacer; start.
 *
 * C1  in mode concurrent neither window scans the heap or a stack.
 * C2  window 2 is entered only after a round in which every mutator flushed its barrier buffer once
 *     after the last known work was done, and no flush found anything.
 * C3  a mutator serves CACHES before it allocates from a span of the old generation. */
#include "gc/cycle.h"

#include "gc/audit.h"
#include "gc/barrier.h"
#include "gc/collector.h"
#include "gc/share.h"

#define STOPS_OF_CYCLE 2u /* and more if marking is taken up again */
#define WAIT_NS 1000000u /* between looks, when a forced cycle has nothing to help with */

/* What a mutator does for a cycle outside of stops, handshakes, marking and sweeping is taken time
 * all the same. */
struct duty {
    struct stw_taken taken;
    int is_inner; /* of one that is logged already; or no mutator's */
};

static struct duty begin_duty(struct stw_mutator_record *m)
{
    struct duty duty = {.is_inner = !m || m->is_in_cycle};
    if (!duty.is_inner) {
        m->is_in_cycle = 1;
        duty.taken = stw__taken_begin(&m->timeline);
    }
    return duty;
}

static void end_duty(struct stw_mutator_record *m, const struct duty *duty)
{
    if (duty->is_inner)
        return;
    stw__taken_end(&m->timeline, STW_TAKEN_CYCLE, duty->taken);
    m->is_in_cycle = 0;
}

static void add_poll(struct stw_gc *gc, uint32_t bits)
{
    for (uint32_t i = 0; i < gc->mutator_count; i++)
        if (!stw__is_detached(gc->mutators[i]))
            __atomic_fetch_or(&gc->mutators[i]->mutator.poll, bits, __ATOMIC_SEQ_CST);
}

static void for_each_mutator(struct stw_gc *gc, void (*act)(struct stw_mutator_record *))
{
    for (uint32_t i = 0; i < gc->mutator_count; i++)
        if (!stw__is_detached(gc->mutators[i]))
            act(gc->mutators[i]);
}

/* Those that ran have done it on their way to the stop. */
static void blacken_if_due(struct stw_mutator_record *m)
{
    if (!m->are_runs_black)
        stw__mutator_blacken_runs(m);
    m->are_runs_black = 0;
}

/* Gives back caches that mutators still owe, and sweeps what is left. World stopped. Sweepers from
 * outside end first: a flush might wait for a lock that one of them holds. */
static void finish_sweep(struct stw_gc *gc)
{
    struct stw_error error = {.struct_size = sizeof error};
    stw__sweep_end_outside(gc);
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        struct stw_mutator *m = &gc->mutators[i]->mutator;
        if (!(STW_LOAD(m->poll) & STW_POLL_CACHES))
            continue;
        stw__mutator_drop_runs(gc->mutators[i]);
        stw__watch_begin(gc, STW_WATCH_FLUSH);
        gc->options.allocator->flush(gc->options.allocator_self, m);
        stw__watch_end(gc);
        __atomic_fetch_and(&m->poll, ~STW_POLL_CACHES, __ATOMIC_SEQ_CST);
    }
    stw__sweep_finish(gc);
    if (gc->options.audit && stw__gc_audit_swept(gc, &error) != STW_OK)
        gc->options.audit_failed(&error);
}

static void run_hooks(struct stw_gc *gc)
{
    STW_EDGE("hook");
    for (uint32_t i = 0; i < gc->hook_count; i++) {
        stw__watch_begin(gc, STW_WATCH_HOOK + i);
        gc->hooks[i].run(gc->hooks[i].context);
        stw__watch_end(gc);
    }
}

static void clear_cycle(struct stw_gc *gc)
{
    STW_ADD(gc->totals.cycles, 1);
    gc->marked_bytes = 0;
    gc->cycle_scan_bytes = gc->cycle_stack_bytes = gc->cycle_root_bytes = 0;
    __atomic_store_n(&gc->mark.flush_left, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&gc->mark.flush_found, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&gc->mark.flush_round, 0, __ATOMIC_SEQ_CST); /* last: a round may begin now */
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        gc->mutators[i]->assist_balance = 0;
        gc->mutators[i]->mark_work_ns = 0;
    }
}

/* Cells of a tiny block that is still being filled stay alive with it (Go: gcMarkTinyAllocs). */
static void mark_tiny_blocks(struct stw_gc *gc)
{
    struct stw_marker marker = {0};
    stw__marker_begin(&marker, gc);
    for (uint32_t i = 0; i < gc->mutator_count; i++)
        if (gc->mutators[i]->mutator.tiny_cursor)
            stw__mark_precise(&marker, gc->mutators[i]->mutator.tiny_limit - 1);
    stw__marker_end(&marker);
}

static void set_marking(struct stw_gc *gc, uint32_t on)
{
    __atomic_store_n(&gc->phase, on ? STW_PHASE_MARK : STW_PHASE_OFF, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        gc->mutators[i]->mutator.marking = on;
        stw__barrier_reset(gc->mutators[i]);
    }
}

static void window_1(struct stw_gc *gc, struct stw_mutator_record *self)
{
    STW_EDGE("window1.stop");
    stw__world_stop(gc, self, STW_PAUSE_SWEEP_TERMINATION);
    finish_sweep(gc);
    stw__world_step(gc, STW_STEP_FINISH_SWEEP);
    run_hooks(gc);
    stw__world_step(gc, STW_STEP_HOOKS);
    clear_cycle(gc);
    for_each_mutator(gc, blacken_if_due);
    stw__world_step(gc, STW_STEP_RETIRE_RUNS);
    stw__pacer_begin(gc);
    stw__world_step(gc, STW_STEP_PACER);
    gc->mark.stack_count = gc->mutator_count;
    __atomic_store_n(&gc->mark.next_stack, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&gc->mark.stacks_left, gc->mutator_count, __ATOMIC_SEQ_CST);
    __atomic_store_n(&gc->roots.next_job, 0, __ATOMIC_SEQ_CST);
    STW_EDGE("window1.phase");
    set_marking(gc, 1);
    mark_tiny_blocks(gc);
    if (gc->workers.fraction > 0 && !gc->options.stepped)
        add_poll(gc, STW_POLL_WORK);
    stw__world_step(gc, STW_STEP_PHASE);
    STW_EDGE("window1.start");
    stw__world_start(gc);
    STW_EDGE("window1.scan");
    stw__stacks_ask(gc);
    stw__world_let_go(gc);
    stw__workers_enlist(gc);
    stw__background_tell(gc);
}

static void audit(struct stw_gc *gc, struct stw_mutator_record *self)
{
    if (!gc->options.audit)
        return;
    struct stw_error error = {.struct_size = sizeof error};
    if (stw__gc_audit(gc, self, &error) != STW_OK)
        gc->options.audit_failed(&error);
    stw__world_step(gc, STW_STEP_AUDIT);
}

/* What ends every mark phase: the marks become the truth. World stopped. */
static void end_marking(struct stw_gc *gc)
{
    __atomic_store_n(&gc->heap.generation, gc->heap.generation + 1, __ATOMIC_RELAXED);
    if (gc->options.period_ns && !gc->options.stepped)
        __atomic_store_n(&gc->marked_ns, stw_clock_ns(), __ATOMIC_RELAXED);
    stw__watch_begin(gc, STW_WATCH_CYCLE_END);
    STW_EDGE("mark.end");
    gc->options.allocator->cycle_end(gc->options.allocator_self);
    stw__watch_end(gc);
    stw__sweep_begin(gc);
    add_poll(gc, STW_POLL_CACHES);
    __atomic_fetch_add(&gc->cycles_done, 1, __ATOMIC_SEQ_CST);
}

/* Stacks of all mutators, each held still. World stopped. */
static void scan_stacks(struct stw_gc *gc, struct stw_mutator_record *self,
                        struct stw_marker *marker)
{
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        int held = m != self && stw__mutator_pin(m);
        stw__stack_scan(marker, m);
        if (held)
            stw__mutator_unhold(m);
    }
}

/* Mode rescan: what mutators loaded since their stacks were scanned was recorded by nobody; their
 * stacks are the only place where it can be. World stopped, nothing else is grey. */
static void rescan_stacks(struct stw_gc *gc, struct stw_mutator_record *self)
{
    struct stw_marker marker = {0};
    stw__marker_begin(&marker, gc);
    scan_stacks(gc, self, &marker);
    stw__world_step(gc, STW_STEP_ROOTS);
    stw__workers_mark_stopped(gc, &marker);
    stw__marker_end(&marker);
    stw__world_step(gc, STW_STEP_MARK);
}

/* Everything is marked but, in mode rescan, what stacks hide. World stopped. */
static void terminate(struct stw_gc *gc, struct stw_mutator_record *self)
{
    if (gc->options.mode == STW_MODE_RESCAN)
        rescan_stacks(gc, self);
    for_each_mutator(gc, stw__mutator_close_runs);
    stw__world_step(gc, STW_STEP_RETIRE_RUNS);
    audit(gc, self);
    set_marking(gc, 0);
    end_marking(gc);
    stw__world_step(gc, STW_STEP_PHASE);
    stw__pacer_end(gc);
    stw__world_step(gc, STW_STEP_PACER);
}

/* Those that ran have done it on their way to the stop. World stopped. */
static void flush_barriers(struct stw_gc *gc)
{
    for (uint32_t i = 0; i < gc->mutator_count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        gc->world.pause->barrier_words += m->flushed_words + stw__barrier_words(&m->mutator);
        m->flushed_words = 0;
        stw_barrier_flush(&m->mutator);
    }
}

/* They count themselves before they look at cycles_done. */
static void wake_end_waiters(struct stw_gc *gc)
{
    if (__atomic_load_n(&gc->end_waiters, __ATOMIC_SEQ_CST) > 0)
        stw_futex_wake(&gc->cycles_done, STW_FUTEX_ALL);
}

/* 1: the mark phase is over. 0: something was grey after all, marking goes on. */
static int window_2(struct stw_gc *gc, struct stw_mutator_record *self)
{
    STW_EDGE("window2.stop");
    stw__world_stop(gc, self, STW_PAUSE_MARK_TERMINATION);
    flush_barriers(gc);
    stw__world_step(gc, STW_STEP_BARRIER_FLUSH);
    STW_EDGE("window2.look");
    if (stw__mark_is_left(gc)) {
        gc->totals.restarts++;
        stw__world_start(gc);
        stw__world_let_go(gc);
        stw__workers_enlist(gc);
        return 0;
    }
    if (self)
        stw__with_stack(self, terminate);
    else
        terminate(gc, NULL);
    stw__world_start(gc);
    STW_EDGE("window2.started");
    if (self) /* it may be inside an allocation, with no poll before the next refill (C3) */
        stw__served(gc, self, stw__mutator_serve(self));
    stw__scavenge_after_stop(gc);
    stw__world_let_go(gc);
    stw__share_release(gc);
    wake_end_waiters(gc);
    stw__background_tell(gc);
    return 1;
}

/* Makes every mutator flush its barrier buffer: itself at its next safepoint, or here if blocked.
 * Whoever flushes last goes on in stw__cycle_flush_done. */
static void begin_flush_round(struct stw_gc *gc, struct stw_mutator_record *self)
{
    __atomic_store_n(&gc->mark.flush_found, 0, __ATOMIC_SEQ_CST);
    STW_EDGE("flush.begin");
    uint32_t count = __atomic_load_n(&gc->mutator_count, __ATOMIC_ACQUIRE);
    __atomic_store_n(&gc->mark.flush_left, 1, __ATOMIC_SEQ_CST); /* this thread's own share */
    for (uint32_t i = 0; i < count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        if (stw__is_detached(m))
            continue;
        __atomic_fetch_add(&gc->mark.flush_left, 1, __ATOMIC_SEQ_CST);
        STW_EDGE("flush.ask");
        __atomic_fetch_or(&m->mutator.poll, STW_POLL_FLUSH, __ATOMIC_SEQ_CST);
        if (m == self)
            stw__mutator_serve(m);
        else
            stw__mutator_serve_blocked(m); /* never the last: this thread's share is owed */
    }
    STW_EDGE("flush.asked");
    if (__atomic_fetch_sub(&gc->mark.flush_left, 1, __ATOMIC_SEQ_CST) == 1)
        stw__cycle_flush_done(gc, self);
}

int stw__cycle_can_finish(struct stw_gc *gc)
{
    return stw__phase(gc) == STW_PHASE_MARK && stw__mark_is_idle(gc)
           && !__atomic_load_n(&gc->mark.flush_round, __ATOMIC_SEQ_CST);
}

int stw__cycle_try_finish(struct stw_gc *gc, struct stw_mutator_record *self)
{
    uint32_t none = 0;
    if (stw__phase(gc) != STW_PHASE_MARK || !stw__mark_is_idle(gc))
        return 0;
    if (!__atomic_compare_exchange_n(&gc->mark.flush_round, &none, 1, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return 0;
    STW_EDGE("finish.claimed");
    /* Workers are not stopped by window 1 and may come here a cycle late, when stacks are not yet
     * scanned. While the round is held, this cycle cannot end. */
    if (stw__phase(gc) == STW_PHASE_MARK && stw__mark_is_idle(gc))
        begin_flush_round(gc, self);
    else
        __atomic_store_n(&gc->mark.flush_round, 0, __ATOMIC_SEQ_CST);
    return 1;
}

void stw__cycle_flush_done(struct stw_gc *gc, struct stw_mutator_record *self)
{
    STW_EDGE("flush.done");
    int quiet = !__atomic_load_n(&gc->mark.flush_found, __ATOMIC_SEQ_CST);
    if (quiet && stw__phase(gc) == STW_PHASE_MARK && stw__mark_is_idle(gc)) {
        struct duty duty = begin_duty(self);
        int is_over = window_2(gc, self);
        end_duty(self, &duty);
        if (is_over)
            return;
    }
    STW_EDGE("flush.again");
    __atomic_store_n(&gc->mark.flush_round, 0, __ATOMIC_SEQ_CST);
}

/* Everything in one stop. The world is stopped, the stack of `self` can be scanned. */
static void collect_stopped(struct stw_gc *gc, struct stw_mutator_record *self)
{
    finish_sweep(gc);
    stw__world_step(gc, STW_STEP_FINISH_SWEEP);
    run_hooks(gc);
    stw__world_step(gc, STW_STEP_HOOKS);
    clear_cycle(gc);
    for_each_mutator(gc, stw__mutator_drop_runs);
    stw__world_step(gc, STW_STEP_RETIRE_RUNS);
    stw__pacer_begin(gc);
    stw__world_step(gc, STW_STEP_PACER);
    struct stw_marker marker = {0};
    stw__marker_begin(&marker, gc);
    __atomic_store_n(&gc->roots.next_job, 0, __ATOMIC_SEQ_CST);
    while (stw__roots_scan_next(&marker))
        ;
    scan_stacks(gc, self, &marker);
    stw__world_step(gc, STW_STEP_ROOTS);
    stw__workers_mark_stopped(gc, &marker);
    stw__marker_end(&marker);
    stw__world_step(gc, STW_STEP_MARK);
    audit(gc, self);
    end_marking(gc);
    stw__world_step(gc, STW_STEP_PHASE);
    finish_sweep(gc);
    stw__world_step(gc, STW_STEP_SWEEP);
    stw__pacer_end(gc);
    stw__world_step(gc, STW_STEP_PACER);
    stw__world_start(gc);
    stw__scavenge_after_stop(gc);
    stw__world_let_go(gc);
    wake_end_waiters(gc);
    stw__background_tell(gc);
}

/* Why a cycle begins. */
#define WHY_HEAP 0u   /* the live heap has reached the trigger */
#define WHY_FORCED 1u
#define WHY_TIME 2u   /* none has ended for gc.period */

static int is_due(const struct stw_gc *gc)
{
    uint64_t trigger = STW_LOAD(gc->pacer.trigger);
    int64_t live = STW_LOAD(gc->heap_live);
    return trigger != UINT64_MAX && live >= 0 && (uint64_t)live >= trigger;
}

uint64_t stw__cycle_time_left_ns(const struct stw_gc *gc)
{
    uint64_t period_ns = gc->options.period_ns, marked_ns = STW_LOAD(gc->marked_ns);
    if (!marked_ns || STW_LOAD(gc->pacer.percent) < 0 || stw__phase(gc) != STW_PHASE_OFF)
        return UINT64_MAX;
    uint64_t now_ns = stw_clock_ns(), passed_ns = now_ns > marked_ns ? now_ns - marked_ns : 0;
    return passed_ns < period_ns ? period_ns - passed_ns : 0;
}

static int is_wanted(const struct stw_gc *gc, uint32_t why)
{
    if (why == WHY_TIME)
        return stw__cycle_time_left_ns(gc) == 0;
    return why == WHY_FORCED || is_due(gc);
}

/* Writes a word's page and leaves the word: the background thread may come here while another's
 * second stop still writes. */
static void touch(uint64_t *word)
{
    __atomic_fetch_or(word, 0, __ATOMIC_RELAXED);
}

/* Takes the page faults of what a cycle's stops will write before the world is stopped: a first
 * fault in the record takes the system 60 to 200 us. A record ends where the next one begins. */
static void touch_records(const struct stw_gc *gc)
{
    const struct stw_gc_options *options = &gc->options;
    uint64_t pause = stw__pauses_stored(gc), cycle = STW_LOAD(gc->pacer.cycles_noted);
    for (uint64_t i = 0; i <= STOPS_OF_CYCLE; i++)
        if (pause + i < options->pause_capacity)
            touch(&options->pauses[pause + i].cycle);
    for (uint64_t i = 0; options->cycles && i <= 1; i++)
        if (cycle + i < options->pause_capacity)
            touch(&options->cycles[cycle + i].triggered_bytes);
}

/* The first stop of a cycle; mode stw: all of it. */
static void enter_cycle(struct stw_gc *gc, struct stw_mutator_record *self)
{
    if (gc->options.mode != STW_MODE_STW) {
        window_1(gc, self);
        return;
    }
    stw__world_stop(gc, self, STW_PAUSE_FULL);
    if (self)
        stw__with_stack(self, collect_stopped);
    else
        collect_stopped(gc, NULL);
}

/* The stop as a whole counts as lost: the background thread's CPU time in it does not count again
 * (trial/losses.c). */
static void enter_cycle_from_background(struct stw_gc *gc)
{
    uint64_t began_cpu_ns = stw_clock_thread_cpu_ns();
    enter_cycle(gc, NULL);
    STW_ADD(gc->background.stop_cpu_ns, stw_clock_thread_cpu_ns() - began_cpu_ns);
}

/* The cycle itself, up to its window 1 (mode stw: all of it). The caller has cycle_lock, and is a
 * mutator, or the background thread (self: null). */
static int begin_locked(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t why,
                        uint32_t *done_before)
{
    if (stw__phase(gc) != STW_PHASE_OFF)
        return 0;
    while (is_wanted(gc, why) && stw__sweep_some(gc, 64))
        if (self)
            stw_poll(&self->mutator);
    if (!is_wanted(gc, why))
        return 0;
    STW_EDGE("cycle.begin");
    *done_before = __atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST);
    if (stw__workers_start(gc) != STW_OK)
        gc->options.out_of_memory("no memory for the collector's threads");
    stw__workers_limit_idle(gc, why == WHY_TIME);
    touch_records(gc);
    gc->is_cycle_forced = why == WHY_FORCED;
    STW_ADD(gc->totals.forced_cycles, why == WHY_FORCED);
    STW_ADD(gc->totals.timed_cycles, why == WHY_TIME);
    if (self)
        enter_cycle(gc, self);
    else
        enter_cycle_from_background(gc);
    return 1;
}

/* Begins a cycle on the calling mutator. 0: one is going on, or the trigger is not reached. While
 * cycle_lock is held and the phase is off, no cycle can end: *done_before is the count before this
 * one. */
static int begin_cycle(struct stw_mutator_record *m, uint32_t why, uint32_t *done_before)
{
    struct stw_gc *gc = m->gc;
    if (pthread_mutex_trylock(&gc->cycle_lock) != 0)
        return 0;
    struct duty duty = begin_duty(m);
    int begun = begin_locked(gc, m, why, done_before);
    pthread_mutex_unlock(&gc->cycle_lock);
    end_duty(m, &duty);
    if (begun)
        stw_poll(&m->mutator);
    return begun;
}

void stw__cycle_begin_timed(struct stw_gc *gc)
{
    uint32_t done_before;
    if (pthread_mutex_trylock(&gc->cycle_lock) != 0)
        return; /* another begins one */
    begin_locked(gc, NULL, WHY_TIME, &done_before);
    pthread_mutex_unlock(&gc->cycle_lock);
}

void stw__cycle_maybe_start(struct stw_mutator_record *m)
{
    uint32_t done_before = 0;
    if (is_due(m->gc) && stw__phase(m->gc) == STW_PHASE_OFF)
        begin_cycle(m, WHY_HEAP, &done_before);
}

/* Marks along until the phase is over; sleeps when there is nothing to do. */
static void help_to_end(struct stw_mutator_record *m, uint32_t done_before)
{
    struct stw_gc *gc = m->gc;
    while (__atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST) == done_before) {
        stw_poll(&m->mutator);
        if (stw__phase(gc) != STW_PHASE_MARK)
            continue;
        struct stw_taken taken = stw__taken_begin(&m->timeline);
        stw__marker_begin(&m->marker, gc);
        struct stw_drain_limit limit = {.scan_bytes_max = UINT64_MAX, .mutator = m};
        int idle = stw__mark_drain(&m->marker, &limit);
        stw__marker_end(&m->marker);
        stw__taken_end(&m->timeline, STW_TAKEN_ASSIST, taken);
        if (!idle)
            continue;
        stw__cycle_try_finish(gc, m);
        if (__atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST) != done_before)
            break;
        if (gc->options.stepped || stw__work_is_found(gc))
            continue;
        stw_block_begin(&m->mutator);
        uint64_t began_ns = stw_clock_ns();
        __atomic_fetch_add(&gc->end_waiters, 1, __ATOMIC_SEQ_CST);
        stw__mutator_sleep(m, &gc->cycles_done, done_before, WAIT_NS);
        __atomic_fetch_sub(&gc->end_waiters, 1, __ATOMIC_SEQ_CST);
        stw__timeline_add(&m->timeline, STW_TAKEN_ASSIST, began_ns, stw_clock_ns());
        stw_block_end(&m->mutator);
    }
}

void stw__cycle_wait_for_mark(struct stw_mutator_record *m)
{
    uint32_t done = __atomic_load_n(&m->gc->cycles_done, __ATOMIC_SEQ_CST); /* before the phase */
    if (stw__phase(m->gc) == STW_PHASE_MARK)
        help_to_end(m, done);
}

void stw_gc_collect(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    struct stw_gc *gc = m->gc;
    struct duty duty = begin_duty(m);
    for (;;) {
        uint32_t done = __atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST);
        if (begin_cycle(m, WHY_FORCED, &done)) {
            help_to_end(m, done);
            break;
        }
        if (stw__phase(gc) == STW_PHASE_MARK) {
            help_to_end(m, done);
        } else {
            /* Another is beginning one, and may need this core. Blocked: the stop that it is about
             * to make does not wait until this thread is given the core again. */
            stw_block_begin(&m->mutator);
            stw__mutator_await_lock(m, &gc->cycle_lock);
            stw_block_end(&m->mutator);
        }
    }
    while (stw__sweep_some(gc, 64))
        stw_poll(&m->mutator);
    end_duty(m, &duty);
    stw__ends_tell(m);
    stw__deaths_tell(m);
}
