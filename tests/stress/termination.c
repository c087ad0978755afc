/* tests/stress/termination.c: goal: marking does not end while a cell is known to a barrier buffer
 * alone that was flushed too early. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: one order of events that chance brings about once in hours, arranged by four mutators
 * that choose when to reach a safepoint (gc.C2):
 *
 *   hider    has a chain 1 -> 2 -> 3 on its stack alone when marking begins. It stores 1 into a
 *            root that was scanned already, forgets it, and then lets its stack be scanned: 1 is
 *            known to its barrier buffer alone.
 *   forcer   began the cycle; finds nothing to mark, and asks all to flush their buffers.
 *   cutter   answers, its buffer is empty. Then it takes 2 out of 1: on its stack, which was
 *            scanned before, and in its buffer, which was flushed before.
 *   hider    answers: 1 is marked, and scanned by whoever finds it.
 *   last     answers when nothing is grey any more. A collector that ends marking now loses 3, or 2
 *            and 3, which the cutter looks at afterwards.
 *
 * A round in which something came in between (a stop, a handshake one look too early) is given up
 * and counted as missed. In hostile builds the hider's buffer is full at once, and nothing can be
 * hidden in it: skipped. A plain program; audits are on.
 *
 * usage: termination [seed=N] [ms=N]      seed: of the delays in builds that have them */
#include "gc/collector.h"
#include "gc_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4u
#define PROCESSORS 8u /* more than mutators: each keeps its own */
#define HITS_MIN 3u
#define PATIENCE_NS 50000000u   /* for one event; a round takes about a millisecond */
#define OVERTIME_NS 40000000000u /* at most, for those hits on a slow or busy machine */
#define STACK_BYTES 2048u

/* How far a round has come. */
#define READY 0u
#define MADE 1u     /* the chain is */
#define HIDDEN 2u   /* 1 is in the root and in the hider's buffer */
#define SCANNED 3u  /* the hider's stack is */
#define CUT 4u
#define FLUSHED 5u  /* the hider's buffer is */
#define OVER 6u

struct cell {
    struct cell *next;
    uint64_t stamp;
};

static const uint64_t mask[1] = {1};
static const struct stw_type type = {sizeof type, 0, sizeof(struct cell), 8, mask, "cell"};

static void *root;
static uint32_t stage;  /* atomic */
static uint32_t missed; /* atomic: the round is given up */
static uintptr_t hidden[4]; /* addresses of the cells 1 to 3, inverted: not for stack scans */
static uint32_t is_last; /* round; written by the forcer while the others wait */
static uint64_t hits, rounds;
static uint64_t deadline_ns;
static pthread_barrier_t barrier;

static struct stw_gc *gc(void)
{
    return stw_runtime_gc();
}

static uint32_t at_stage(void)
{
    return __atomic_load_n(&stage, __ATOMIC_SEQ_CST);
}

/* Never back: a mutator may be late in a round that is over. */
static void reach(uint32_t to)
{
    uint32_t from = at_stage();
    while (from < to
           && !__atomic_compare_exchange_n(&stage, &from, to, 0, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST))
        ;
}

static int is_missed(void)
{
    return (int)__atomic_load_n(&missed, __ATOMIC_SEQ_CST);
}

static uint32_t asked(const struct stw_mutator *m, uint32_t bits)
{
    return __atomic_load_n(&m->poll, __ATOMIC_SEQ_CST) & bits;
}

/* Nobody has marked the cells from `first` on: no stale word led a scan to them. */
static int are_white(uint32_t first)
{
    struct stw_heap_cell cell;
    for (uint32_t i = first; i <= 3; i++)
        if (!stw_heap_resolve(&gc()->heap, ~hidden[i], &cell) || stw_cell_is_marked(&cell))
            return 0;
    return 1;
}

static int is_still(void)
{
    return stw__mark_is_idle(gc());
}

static int is_quiet_but_for_one_stack(void)
{
    const struct stw_gc *g = gc();
    return STW_LOAD(g->work.full_count) == 0 && STW_LOAD(g->work.spans.count) == 0
           && STW_LOAD(g->mark.active) == 0
           && STW_LOAD(g->roots.next_job) >= STW_LOAD(g->roots.count)
           && STW_LOAD(g->mark.stacks_left) == 1;
}

/* Waits, with or without safepoints; gives the round up when it takes too long or a stop comes. */
#define AWAIT(m, polling, condition)                                                               \
    do {                                                                                           \
        uint64_t until_ns = stw_clock_ns() + PATIENCE_NS;                                          \
        while (!is_missed() && !(condition)) {                                                     \
            stw_thread_yield(); /* there may be fewer processors than mutators */                  \
            if (polling)                                                                           \
                stw_poll(m);                                                                       \
            if (stw_clock_ns() > until_ns || (!(polling) && asked(m, STW_POLL_STOP)))              \
                __atomic_store_n(&missed, 1, __ATOMIC_SEQ_CST);                                    \
        }                                                                                          \
    } while (0)

static void await_end(struct stw_mutator *m)
{
    while (at_stage() != OVER) {
        stw_poll(m);
        stw_thread_yield();
    }
}

static void meet(struct stw_mutator *m)
{
    stw_block_begin(m);
    pthread_barrier_wait(&barrier);
    stw_block_end(m);
}

static __attribute__((noinline)) struct cell *make_chain(struct stw_mutator *m)
{
    struct cell *head = NULL;
    for (uint64_t i = 3; i > 0; i--) {
        struct cell *cell = stw_alloc(m, sizeof *cell, &type);
        cell->stamp = i;
        hidden[i] = ~(uintptr_t)cell;
        stw_store(m, &cell->next, head);
        head = cell;
    }
    return head;
}

/* In frames of their own, so that no register of the caller ever knows the address. */
static __attribute__((noinline)) void put_chain(struct stw_mutator *m, struct cell *volatile *chain)
{
    *chain = make_chain(m);
}

static __attribute__((noinline)) void move_to_root(struct stw_mutator *m,
                                                   struct cell *volatile *chain)
{
    stw_store(m, &root, *chain);
    *chain = NULL;
}

/* What calls left below on the stack is no longer there. */
static __attribute__((noinline)) void clear_stack(void)
{
    volatile char bytes[STACK_BYTES];
    memset((void *)(uintptr_t)bytes, 0, sizeof bytes);
}

static void hide(struct stw_mutator *m)
{
    struct cell *volatile chain = NULL;
    put_chain(m, &chain);
    clear_stack();
    reach(MADE);
    AWAIT(m, 1, m->marking);
    AWAIT(m, 0, asked(m, STW_POLL_SCAN) && is_quiet_but_for_one_stack());
    if (is_missed())
        return;
    move_to_root(m, &chain);
    clear_stack();
    reach(HIDDEN);
    stw_poll(m);
    reach(SCANNED);
    AWAIT(m, 0, at_stage() == CUT && asked(m, STW_POLL_FLUSH));
    if (is_missed())
        return;
    stw_poll(m);
    reach(FLUSHED);
}

static void look(const struct cell *cell, uint64_t stamp)
{
    if (cell->stamp == stamp)
        return;
    fprintf(stderr, "termination: cell %llu is lost: its stamp is %#llx\n",
            (unsigned long long)stamp, (unsigned long long)cell->stamp);
    abort();
}

static void cut(struct stw_mutator *m)
{
    AWAIT(m, 1, m->marking);
    AWAIT(m, 1, at_stage() >= HIDDEN);
    AWAIT(m, 0, at_stage() >= SCANNED && asked(m, STW_POLL_FLUSH));
    if (is_missed())
        return;
    stw_poll(m);
    struct cell *first = __atomic_load_n((struct cell **)(void *)&root, __ATOMIC_ACQUIRE);
    struct cell *volatile second = first->next;
    stw_store(m, &first->next, NULL);
    reach(CUT);
    await_end(m);
    look(second, 2);
    look(second->next, 3);
}

static void answer_last(struct stw_mutator *m)
{
    AWAIT(m, 1, m->marking);
    AWAIT(m, 1, at_stage() >= HIDDEN);
    AWAIT(m, 0, at_stage() == FLUSHED && asked(m, STW_POLL_FLUSH) && is_still());
    hits += !is_missed() && are_white(2);
    stw_poll(m);
}

/* The forcer attaches first and the hider last: stacks are scanned in that order. */
static void *run(void *context)
{
    static void (*const parts[THREADS])(struct stw_mutator *) = {NULL, answer_last, cut, hide};
    uint32_t index = (uint32_t)(uintptr_t)context;
    struct stw_mutator *m = NULL;
    for (uint32_t i = 0; i < THREADS; i++) {
        if (i == index)
            m = gc_rig_attach(index);
        if (m)
            stw_block_begin(m);
        pthread_barrier_wait(&barrier);
        if (m)
            stw_block_end(m);
    }
    while (!is_last) {
        meet(m);
        if (parts[index]) {
            parts[index](m);
            await_end(m);
        } else {
            AWAIT(m, 1, at_stage() == MADE);
            stw_gc_collect(m);
            reach(OVER);
        }
        meet(m);
        if (!parts[index]) {
            stw_store(m, &root, NULL);
            __atomic_store_n(&stage, READY, __ATOMIC_SEQ_CST);
            __atomic_store_n(&missed, 0, __ATOMIC_SEQ_CST);
            rounds++;
            is_last = stw_clock_ns() >= deadline_ns + (hits < HITS_MIN ? OVERTIME_NS : 0);
        }
        meet(m);
    }
    stw_mutator_detach(m);
    return NULL;
}

int main(int count, char **arguments)
{
    uint64_t ms = 1000;
    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], "seed=", 5) == 0)
            setenv("STW_SEED", arguments[i] + 5, 0);
        else if (strncmp(arguments[i], "ms=", 3) == 0)
            ms = strtoull(arguments[i] + 3, NULL, 10);
    }
    if (STW_LIMIT_BARRIER_WORDS < 16) {
        puts("skipped: barrier buffers are too small");
        return 77;
    }
    pthread_t threads[THREADS];
    gc_rig_options.mutators = THREADS;
    gc_rig_options.gc.processors = PROCESSORS;
    gc_rig_start();
    stw_roots_add(gc(), &root, 1);
    pthread_barrier_init(&barrier, NULL, THREADS);
    deadline_ns = stw_clock_ns() + ms * 1000000u;
    for (uintptr_t i = 0; i < THREADS; i++)
        if (stw_thread_start(&threads[i], 1u << 20, run, (void *)i) != STW_OK)
            return 1;
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    stw_runtime_stop();
    printf("termination: %llu rounds, %llu as planned\n", (unsigned long long)rounds,
           (unsigned long long)hits);
    return hits >= HITS_MIN ? 0 : 1;
}
