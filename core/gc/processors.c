/* gc/processors.c: as many mutators and collector threads run as there are processors (gc.G4).
 *
 * Go's P, reduced to what stops need: a thread that runs managed code, or marks in the background,
 * holds one of `total` processors. With more threads than processors the system would take a
 * mutator off its core at any instruction, and a stop would wait for its next time slice.
 * First come, first served; dedicated workers come first.
 *
 * O1  a processor is handed over under the lock, and a yield queues and hands over in one step:
 *     with one processor the order of turns depends on nothing but the order of calls (stepped). */
#include "gc/processors.h"

#include "gc/collector.h"

/* Below, the caller holds the lock. */

void stw__processors_check(const struct stw_processors *p)
{
    STW_REQUIRE(p->free <= p->total); /* gc.G4 */
    STW_REQUIRE(!p->first == !p->waiting && !p->first == !p->last);
    STW_REQUIRE(!p->free || !p->first); /* gc.O1: nobody waits for one that is free */
}

static void queue(struct stw_processors *p, struct stw_turn *turn, int first)
{
    __atomic_store_n(&turn->granted, 0, __ATOMIC_RELAXED);
    turn->next = first ? p->first : NULL;
    if (first || !p->first)
        p->first = turn;
    else
        p->last->next = turn;
    if (!first || !p->last)
        p->last = turn;
    __atomic_store_n(&p->waiting, p->waiting + 1, __ATOMIC_SEQ_CST);
}

/* Passes a processor on to the first in the queue; null: there is none. */
static struct stw_turn *hand_over(struct stw_processors *p)
{
    struct stw_turn *heir = p->first;
    if (!heir)
        return NULL;
    p->first = heir->next;
    if (!p->first)
        p->last = NULL;
    __atomic_store_n(&p->waiting, p->waiting - 1, __ATOMIC_RELEASE);
    __atomic_store_n(&heir->granted, 1, __ATOMIC_RELEASE);
    return heir;
}

static int take_free(struct stw_processors *p)
{
    if (p->free == 0 || p->first)
        return 0;
    __atomic_store_n(&p->free, p->free - 1, __ATOMIC_RELEASE);
    return 1;
}

/* From here on without the lock. */

static int is_granted(struct stw_turn *turn)
{
    return __atomic_load_n(&turn->granted, __ATOMIC_ACQUIRE) != 0;
}

static void sleep_until_granted(struct stw_gc *gc, struct stw_turn *turn, uint64_t timeout_ns)
{
    if (stw_futex_wait(&turn->granted, 0, timeout_ns) && !is_granted(turn))
        stw__futile_wake(gc);
}

static void await(struct stw_gc *gc, struct stw_turn *turn)
{
    while (!is_granted(turn))
        sleep_until_granted(gc, turn, 0);
}

static void begin_turn(struct stw_mutator_record *m, uint64_t now_ns)
{
    __atomic_store_n(&m->turn_start_ns, now_ns, __ATOMIC_RELAXED);
}

static void await_turn(struct stw_mutator_record *m)
{
    struct stw_taken taken = stw__taken_begin(&m->timeline);
    uint64_t began_ns = stw_clock_ns();
    await(m->gc, &m->turn);
    uint64_t now_ns = stw_clock_ns();
    m->timeline.asleep_ns += now_ns - began_ns;
    stw__taken_end(&m->timeline, STW_TAKEN_TURN, taken);
    begin_turn(m, now_ns);
}

/* The caller is off managed code: running mutators never wait here. */
void stw__processor_enter(struct stw_mutator_record *m)
{
    struct stw_processors *p = &m->gc->processors;
    STW_EDGE("processor.enter");
    pthread_mutex_lock(&p->lock);
    STW_CHECK(stw__processors_check(p));
    int granted = take_free(p);
    if (!granted)
        queue(p, &m->turn, 0);
    STW_CHECK(stw__processors_check(p));
    pthread_mutex_unlock(&p->lock);
    if (granted) {
        begin_turn(m, stw_clock_ns());
        return;
    }
    stw__background_wake(m->gc);
    await_turn(m);
}

/* The mutator whose turn began first, of those that were not asked, is asked to end it. */
static void ask_for_one(struct stw_gc *gc)
{
    struct stw_mutator_record *longest = NULL;
    uint32_t count = __atomic_load_n(&gc->mutator_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        struct stw_mutator_record *m = gc->mutators[i];
        if (STW_LOAD(m->state) == STW_STATE_RUNNING && !(STW_LOAD(m->mutator.poll) & STW_POLL_YIELD)
            && (!longest || STW_LOAD(m->turn_start_ns) < STW_LOAD(longest->turn_start_ns)))
            longest = m;
    }
    if (longest)
        __atomic_fetch_or(&longest->mutator.poll, STW_POLL_YIELD, __ATOMIC_SEQ_CST);
}

void stw__processor_enter_first(struct stw_gc *gc, struct stw_turn *turn)
{
    struct stw_processors *p = &gc->processors;
    pthread_mutex_lock(&p->lock);
    STW_CHECK(stw__processors_check(p));
    int granted = take_free(p);
    if (!granted)
        queue(p, turn, 1);
    STW_CHECK(stw__processors_check(p));
    pthread_mutex_unlock(&p->lock);
    /* Whoever holds one may not have been running when it was asked for, and the background thread
     * asks nobody while it waits here itself. */
    while (!granted) {
        ask_for_one(gc);
        sleep_until_granted(gc, turn, STW_TURN_NS);
        granted = is_granted(turn);
    }
}

void stw_processor_leave(struct stw_gc *gc)
{
    struct stw_processors *p = &gc->processors;
    STW_EDGE("processor.leave");
    pthread_mutex_lock(&p->lock);
    STW_CHECK(stw__processors_check(p));
    struct stw_turn *heir = hand_over(p);
    if (!heir)
        __atomic_store_n(&p->free, p->free + 1, __ATOMIC_RELEASE);
    STW_CHECK(stw__processors_check(p));
    pthread_mutex_unlock(&p->lock);
    if (heir)
        stw_futex_wake(&heir->granted, 1);
}

int stw_processor_try_enter(struct stw_gc *gc)
{
    struct stw_processors *p = &gc->processors;
    pthread_mutex_lock(&p->lock);
    STW_CHECK(stw__processors_check(p));
    int granted = take_free(p);
    STW_CHECK(stw__processors_check(p));
    pthread_mutex_unlock(&p->lock);
    return granted;
}

int stw__processor_is_due(const struct stw_mutator_record *m, uint64_t now_ns)
{
    return __atomic_load_n(&m->gc->processors.waiting, __ATOMIC_ACQUIRE) != 0
        && (int64_t)(now_ns - STW_LOAD(m->turn_start_ns)) > STW_TURN_NS;
}

void stw__processor_yield(struct stw_mutator_record *m)
{
    struct stw_processors *p = &m->gc->processors;
    if (!__atomic_load_n(&p->waiting, __ATOMIC_ACQUIRE))
        return;
    stw__managed_leave(m);
    STW_EDGE("processor.yield");
    pthread_mutex_lock(&p->lock);
    STW_CHECK(stw__processors_check(p));
    struct stw_turn *heir = hand_over(p);
    if (heir)
        queue(p, &m->turn, 0);
    STW_CHECK(stw__processors_check(p));
    pthread_mutex_unlock(&p->lock);
    if (heir) {
        stw_futex_wake(&heir->granted, 1);
        await_turn(m);
    }
    stw__managed_enter(m);
}

void stw_mutator_yield(struct stw_mutator *m)
{
    stw__processor_yield(stw__record_of(m));
}
