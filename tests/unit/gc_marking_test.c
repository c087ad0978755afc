/* tests/unit/gc_marking_test.c: goal: who marks is what Go's rules say; work is shared and found;
 * the modes differ in what a stop scans. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: the real runtime in this process, the test's thread as mutator 0; every Criterion test is
 * a process of its own. Counts are compared, never times. */
#include "gc/collector.h"
#include "gc_rig.h"

#include <criterion/criterion.h>

static const uint64_t both_words[1] = {3};
static const struct stw_type pair = {sizeof(struct stw_type), 0, 16, 16, both_words, "pair"};

static struct stw_gc *gc;
static struct stw_mutator *m;
static void *root;

static void start(void)
{
    gc_rig_start();
    gc = stw_runtime_gc();
    m = gc_rig_attach(0);
    cr_assert_eq(stw_roots_add(gc, &root, 1), STW_OK);
}

/* A complete binary tree of 2^depth - 1 pairs. */
static void *tree(uint32_t depth)
{
    void **node = stw_alloc(m, 16, &pair);
    if (depth > 1) {
        void *left = tree(depth - 1), *right = tree(depth - 1);
        stw_store(m, &node[0], left);
        stw_store(m, &node[1], right);
    }
    return node;
}

static uint64_t count_tree(void *const *node)
{
    return node ? 1 + count_tree(node[0]) + count_tree(node[1]) : 0;
}

/* Facts 5.6: workers by processors. */
Test(gc_marking, dedicated_workers_and_fractions_are_gos)
{
    static const struct { uint32_t processors, dedicated; double fraction; } rows[] = {
        {1, 0, 0.25}, {2, 0, 0.25}, {3, 0, 0.25}, {4, 1, 0}, {5, 1, 0},   {6, 1, 0.0833},
        {7, 2, 0},    {8, 2, 0},    {10, 3, 0},   {12, 3, 0}, {16, 4, 0}, {32, 8, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stw_gc planned = {.processors = {.total = rows[i].processors}};
        stw__workers_plan(&planned);
        cr_expect_eq(planned.workers.dedicated, rows[i].dedicated, "%u processors",
                     rows[i].processors);
        cr_expect_float_eq(planned.workers.fraction, rows[i].fraction, 1e-3, "%u processors",
                           rows[i].processors);
        cr_expect_eq(planned.workers.count, rows[i].processors);
    }
}

/* The last to scan its stack, long after everything else is marked; allocates nothing. */
static uint32_t late_state; /* atomic: 1 it is there, 2 it may end */
static void *scan_late(void *context)
{
    struct stw_mutator *late = gc_rig_attach(1);
    __atomic_store_n(&late_state, 1, __ATOMIC_RELEASE);
    while (stw__phase(gc) != STW_PHASE_MARK) /* the stop waits for a poll */
        stw_poll(late);
    for (uint64_t until_ns = stw_clock_ns() + 20000000; stw_clock_ns() < until_ns;)
        ;
    while (__atomic_load_n(&late_state, __ATOMIC_ACQUIRE) != 2)
        stw_poll(late);
    stw_mutator_detach(late);
    return context;
}

static void expect_marking_ends(uint32_t processors)
{
    pthread_t thread;
    gc_rig_options.gc.processors = processors;
    start();
    cr_assert_eq(stw_thread_start(&thread, 0, scan_late, NULL), STW_OK);
    while (__atomic_load_n(&late_state, __ATOMIC_ACQUIRE) != 1)
        stw_poll(m);
    while (stw__phase(gc) != STW_PHASE_MARK) /* until the trigger is reached */
        stw_alloc(m, 4096, NULL);
    uint64_t began_ns = stw_clock_ns();
    while (stw__phase(gc) == STW_PHASE_MARK && stw_clock_ns() - began_ns < 20000000000u)
        stw_poll(m);
    cr_assert_eq(stw__phase(gc), STW_PHASE_OFF);
    __atomic_store_n(&late_state, 2, __ATOMIC_RELEASE);
    stw_block_begin(m);
    pthread_join(thread, NULL);
    stw_block_end(m);
}

/* gc.N3: mutators run on and allocate nothing. */
Test(gc_marking, ends_though_nobody_allocates_with_dedicated_workers)
{
    expect_marking_ends(4);
}
Test(gc_marking, ends_though_nobody_allocates_with_fractions)
{
    expect_marking_ends(2);
}

Test(gc_marking, a_dedicated_worker_takes_a_processor_and_marks)
{
    gc_rig_options.gc.processors = 4;
    start();
    stw_store(m, &root, tree(16));
    for (int i = 0; i < 50 && STW_LOAD(gc->totals.dedicated_ns) == 0; i++)
        m->host->collect(m->host, m);
    cr_assert_gt(STW_LOAD(gc->totals.dedicated_ns), 0);
    cr_assert_eq(count_tree(root), (1u << 16) - 1);
}

/* gc.N1: a mutator holds the only processor, and comes to no safepoint. */
Test(gc_marking, nobody_marks_without_a_processor)
{
    gc_rig_options.gc.processors = 1;
    start();
    stw_store(m, &root, tree(16));
    while (stw__phase(gc) != STW_PHASE_MARK)
        stw_alloc(m, 4096, NULL);
    uint64_t scanned = STW_LOAD(gc->totals.scan_conc_bytes);
    for (uint64_t until_ns = stw_clock_ns() + 20000000; stw_clock_ns() < until_ns;)
        cr_assert_eq(STW_LOAD(gc->mark.active), 0);
    cr_assert_eq(STW_LOAD(gc->totals.scan_conc_bytes), scanned);
    cr_assert_eq(stw__phase(gc), STW_PHASE_MARK);
    m->host->collect(m->host, m);
    cr_assert_gt(STW_LOAD(gc->totals.scan_conc_bytes), scanned);
}

/* gc.N2: all workers sleep; when marking has begun, one of them was woken. */
Test(gc_marking, who_makes_work_wakes_a_worker)
{
    gc_rig_options.gc.processors = 4;
    start();
    stw_store(m, &root, tree(16));
    m->host->collect(m->host, m);
    while (STW_LOAD(gc->workers.asleep) != gc->workers.count)
        stw_thread_yield();
    uint32_t wakes = STW_LOAD(gc->workers.wake);
    while (stw__phase(gc) != STW_PHASE_MARK)
        stw_alloc(m, 4096, NULL);
    cr_assert_gt(STW_LOAD(gc->workers.wake), wakes);
}

/* gc.N2, too: the stopper's work. */
Test(gc_marking, threads_steal_from_one_another_in_a_stop)
{
    gc_rig_options.gc.mode = STW_MODE_STW;
    start();
    stw_store(m, &root, tree(18));
    for (int i = 0; i < 50 && STW_LOAD(gc->totals.steals) == 0; i++)
        m->host->collect(m->host, m);
    cr_assert_gt(STW_LOAD(gc->totals.steals), 0);
    cr_assert_eq(gc->work.slots_taken, 0);
    cr_assert_eq(STW_LOAD(gc->totals.scan_conc_bytes), 0);
    cr_assert_eq(count_tree(root), (1u << 18) - 1);
}

static uint32_t has_entered; /* atomic */
static void *enter(void *context)
{
    struct stw_mutator *late = gc_rig_attach(1);
    __atomic_store_n(&has_entered, 1, __ATOMIC_SEQ_CST);
    stw_mutator_detach(late);
    return context;
}

static void *attach_while_marking(void *context)
{
    struct stw_mutator *late = gc_rig_attach(1);
    cr_assert_eq(late->marking, 1);
    cr_assert_eq(STW_LOAD(late->poll) & STW_POLL_SCAN, 0);
    stw_mutator_detach(late);
    return context;
}

/* abi.M4 */
Test(gc_marking, a_mutator_that_comes_while_others_mark_is_not_scanned)
{
    pthread_t thread;
    gc_rig_options.gc.processors = 1;
    gc_rig_options.mutators = 2;
    start();
    stw_store(m, &root, tree(16));
    while (stw__phase(gc) != STW_PHASE_MARK)
        stw_alloc(m, 4096, NULL);
    cr_assert_eq(gc->mark.stack_count, 1);
    cr_assert_eq(stw_thread_start(&thread, 0, attach_while_marking, NULL), STW_OK);
    while (STW_LOAD(gc->processors.waiting) == 0)
        stw_spin_pause();
    stw__processor_yield(stw__record_of(m));
    stw_block_begin(m);
    pthread_join(thread, NULL);
    stw_block_end(m);
    cr_assert_eq(gc->mark.stack_count, 1);
}

/* gc.G4: it queues, and does not run before the one that holds the only processor leaves. */
Test(gc_marking, a_mutator_without_a_processor_waits)
{
    pthread_t thread;
    gc_rig_options.gc.processors = 1;
    gc_rig_options.mutators = 2;
    start();
    cr_assert_eq(stw_thread_start(&thread, 0, enter, NULL), STW_OK);
    while (STW_LOAD(gc->processors.waiting) == 0)
        cr_assert_eq(__atomic_load_n(&has_entered, __ATOMIC_SEQ_CST), 0);
    stw_block_begin(m);
    pthread_join(thread, NULL);
    stw_block_end(m);
    cr_assert_eq(has_entered, 1);
}

/* All of `root`'s tree goes onto the stack, out of every cell: so only the second scan finds it. */
static __attribute__((noinline)) uint64_t load_and_delete(void)
{
    void *volatile held = root;
    stw_store(m, &root, NULL);
    m->host->collect(m->host, m);
    return count_tree(held);
}

Test(gc_marking, only_rescan_scans_stacks_in_the_second_stop)
{
    gc_rig_options.gc.mode = STW_MODE_RESCAN;
    start();
    stw_store(m, &root, tree(10));
    cr_assert_eq(load_and_delete(), 1023);
    const struct stw_pause *one = gc_rig_pause(gc_rig_pause_count - 2), *two = one + 1;
    cr_assert_eq(two->kind, STW_PAUSE_MARK_TERMINATION);
    cr_assert_eq(one->root_words, 0);
    cr_assert_gt(two->root_words, 0);
    cr_assert_gt(two->step_ns[STW_STEP_ROOTS], 0);
}

Test(gc_marking, concurrent_stops_scan_no_stack)
{
    start();
    stw_store(m, &root, tree(10));
    cr_assert_eq(load_and_delete(), 1023);
    for (uint64_t i = 0; i < gc_rig_pause_count; i++)
        cr_assert_eq(gc_rig_pause(i)->root_words, 0);
    cr_assert_gt(STW_LOAD(gc->totals.stack_bytes), 0);
}

/* gc.O1: mutators share one processor, by turns: who runs when is the order of their queue. */
static uint32_t order[64], ordered;

static void *take_turns(void *context)
{
    uint32_t index = (uint32_t)(uintptr_t)context;
    struct stw_mutator *mine = gc_rig_attach(index);
    for (uint32_t turn = 0; turn < 8; turn++) {
        order[ordered++] = index;
        mine->host->yield(mine->host, mine);
    }
    stw_mutator_detach(mine);
    return NULL;
}

Test(gc_marking, turns_with_one_processor_go_round)
{
    pthread_t threads[3];
    gc_rig_options.gc.stepped = 1;
    gc_rig_options.mutators = 3;
    gc_rig_start();
    gc = stw_runtime_gc();
    cr_assert(stw_processor_try_enter(gc));
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(stw_thread_start(&threads[i], 0, take_turns, (void *)(uintptr_t)i), STW_OK);
        while (__atomic_load_n(&gc->processors.waiting, __ATOMIC_ACQUIRE) < i + 1)
            stw_thread_yield();
    }
    stw_processor_leave(gc);
    for (uint32_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(ordered, 24);
    for (uint32_t i = 0; i < 24; i++)
        cr_assert_eq(order[i], i % 3, "turn %u", i);
}

Test(gc_marking, stepped_marks_at_allocations_alone)
{
    gc_rig_options.gc.stepped = 1;
    start();
    for (uint32_t i = 0; i < 20; i++)
        stw_store(m, &root, tree(14));
    cr_assert_gt(STW_LOAD(gc->totals.cycles), 0);
    cr_assert_gt(STW_LOAD(gc->totals.scan_conc_bytes), 0);
    cr_assert_null(gc->workers.all);
    cr_assert_not(gc->background.running);
    cr_assert_eq(count_tree(root), (1u << 14) - 1);
}
