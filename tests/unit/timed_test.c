/* tests/unit/timed_test.c: goal: a cycle begins by itself when none has ended for gc.period. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: the real runtime in this process with a period of some milliseconds, audits on. Mutators
 * run without allocating, or are blocked, so that nothing but time begins a cycle; the heap is
 * small and far from its trigger. */
#include "gc/collector.h"
#include "gc_rig.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#define MS 1000000ull
#define PERIOD_NS (5 * MS)
#define PATIENCE_NS (20000 * MS) /* under a sanitizer on a busy machine */
#define CELLS 2000u              /* small ones: the trigger stays far away */

static const uint64_t first_word[1] = {1};
static const struct stw_type pair = {sizeof(struct stw_type), 0, 16, 8, first_word, "pair"};

static struct stw_gc *gc;
static struct stw_mutator *m;
static void *root;

static uint64_t period_ns = PERIOD_NS;

static void start(uint32_t mode, uint32_t processors, int32_t percent)
{
    gc_rig_options.gc.mode = mode;
    gc_rig_options.gc.processors = processors;
    gc_rig_options.gc.percent = percent;
    gc_rig_options.gc.period_ns = period_ns;
    gc_rig_start();
    gc = stw_runtime_gc();
    m = gc_rig_attach(0);
    cr_assert_eq(stw_roots_add(gc, &root, 1), STW_OK);
    for (uint32_t i = 0; i < CELLS; i++) { /* a list */
        void **cell = stw_alloc(m, 16, &pair);
        stw_store(m, cell, root);
        stw_store(m, &root, cell);
    }
}

static uint64_t timed(void)
{
    return STW_LOAD(gc->totals.timed_cycles);
}

/* With a frame of its own, below those that a scan sees while the caller is blocked. */
static __attribute__((noinline)) void sleep_ms(uint64_t ms)
{
    const struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000 * MS)};
    nanosleep(&time, NULL);
}

/* Until `count` timed cycles have ended. */
static void run_until(uint64_t count)
{
    uint64_t began_ns = stw_clock_ns();
    while ((timed() < count || stw__phase(gc) != STW_PHASE_OFF)
           && stw_clock_ns() - began_ns < PATIENCE_NS)
        stw_poll(m);
}
static void block_until(uint64_t count)
{
    uint64_t began_ns = stw_clock_ns();
    stw_block_begin(m);
    while ((timed() < count || stw__phase(gc) != STW_PHASE_OFF)
           && stw_clock_ns() - began_ns < PATIENCE_NS)
        sleep_ms(1);
    stw_block_end(m);
}

static void expect_cycles(uint64_t count)
{
    uint32_t length = 0;
    uint64_t cycles = STW_LOAD(gc->totals.cycles); /* first: time may begin another now */
    cr_assert_geq(timed(), count);
    cr_assert_eq(STW_LOAD(gc->totals.forced_cycles), 1);
    cr_assert_leq(cycles, timed() + 1, "nothing else begins one");
    for (void **cell = root; cell; cell = *cell)
        length++;
    cr_assert_eq(length, CELLS);
}

static void expect_timed_cycles(uint32_t mode, uint32_t processors)
{
    start(mode, processors, 100);
    m->host->collect(m->host, m);
    run_until(4);
    expect_cycles(4);
    block_until(timed() + 4);
    expect_cycles(8);
}

Test(timed, concurrent_cycles_on_one_processor)
{
    expect_timed_cycles(STW_MODE_CONCURRENT, 1);
}
Test(timed, concurrent_cycles_with_idle_workers)
{
    expect_timed_cycles(STW_MODE_CONCURRENT, 3);
}
Test(timed, concurrent_cycles_with_dedicated_workers)
{
    expect_timed_cycles(STW_MODE_CONCURRENT, 4);
}
Test(timed, cycles_that_scan_again)
{
    expect_timed_cycles(STW_MODE_RESCAN, 2);
}
Test(timed, cycles_in_one_stop)
{
    expect_timed_cycles(STW_MODE_STW, 2);
}
Test(timed, cycles_in_one_stop_on_one_processor)
{
    expect_timed_cycles(STW_MODE_STW, 1);
}

Test(timed, cycles_come_no_sooner_than_the_period)
{
    start(STW_MODE_CONCURRENT, 2, 100);
    m->host->collect(m->host, m);
    block_until(5);
    stw_mutator_detach(m);
    stw_runtime_stop(); /* the records do not change any more */
    uint64_t ended_ns = 0;
    for (uint64_t i = 0; i < gc_rig_pause_count; i++) {
        const struct stw_pause *pause = gc_rig_pause(i);
        if (pause->kind == STW_PAUSE_SWEEP_TERMINATION && pause->cycle > 1)
            cr_assert_geq(pause->start_ns, ended_ns + PERIOD_NS);
        ended_ns = pause->start_ns + pause->stopping_ns; /* at least */
    }
}

Test(timed, cycles_wait_for_the_first_to_end)
{
    start(STW_MODE_CONCURRENT, 2, 100);
    stw_block_begin(m);
    sleep_ms(10 * PERIOD_NS / MS);
    stw_block_end(m);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 0, "Go: gcTrigger.test");
}

Test(timed, cycles_need_gogc)
{
    start(STW_MODE_CONCURRENT, 2, STW_GC_OFF);
    m->host->collect(m->host, m);
    stw_block_begin(m);
    sleep_ms(10 * PERIOD_NS / MS);
    stw_block_end(m);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 1);
    m->host->set_gc_percent(m->host, m, 100); /* wakes the thread that sleeps for ever */
    block_until(2);
    expect_cycles(2);
    m->host->set_gc_percent(m->host, m, STW_GC_OFF);
    uint64_t before = STW_LOAD(gc->totals.cycles);
    stw_block_begin(m);
    sleep_ms(10 * PERIOD_NS / MS);
    stw_block_end(m);
    cr_assert_leq(STW_LOAD(gc->totals.cycles), before + 1, "one may just have begun");
}

Test(timed, cycles_need_a_clock)
{
    gc_rig_options.gc.stepped = 1;
    start(STW_MODE_CONCURRENT, 1, 100);
    m->host->collect(m->host, m);
    sleep_ms(10 * PERIOD_NS / MS);
    for (uint32_t i = 0; i < 1000; i++)
        stw_alloc(m, 16, NULL);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 1);
}

Test(timed, cycles_leave_idle_processors_to_others)
{
    start(STW_MODE_CONCURRENT, 4, 100);
    m->host->collect(m->host, m);
    uint64_t idle_ns = STW_LOAD(gc->totals.idle_ns);
    uint64_t dedicated_ns = STW_LOAD(gc->totals.dedicated_ns);
    block_until(4);
    cr_assert_eq(STW_LOAD(gc->totals.idle_ns), idle_ns, "Go: startCycle");
    cr_assert_gt(STW_LOAD(gc->totals.dedicated_ns), dedicated_ns);
    m->host->collect(m->host, m);
    cr_assert_gt(STW_LOAD(gc->workers.idle_max), 4, "other cycles do not");
}

/* Other mutators that allocate and force cycles, come and go, while time begins cycles too. */
#define OTHERS 3u
static void *allocate(void *context)
{
    uint32_t index = *(uint32_t *)context;
    struct stw_mutator *mutator = gc_rig_attach(index);
    for (uint32_t i = 0; i < 60; i++) {
        for (uint32_t j = 0; j < 200; j++)
            stw_alloc(mutator, 16 + 16 * (j % 25), &pair);
        if (i % 20 == index)
            mutator->host->collect(mutator->host, mutator);
        stw_block_begin(mutator);
        sleep_ms(1);
        stw_block_end(mutator);
    }
    stw_mutator_detach(mutator);
    return NULL;
}

static void expect_peace_among_mutators(uint32_t mode, uint32_t processors)
{
    static uint32_t indices[OTHERS];
    pthread_t threads[OTHERS];
    period_ns = MS;
    start(mode, processors, 100);
    for (uint32_t i = 0; i < OTHERS; i++) {
        indices[i] = i + 1;
        cr_assert_eq(stw_thread_start(&threads[i], 0, allocate, &indices[i]), STW_OK);
    }
    stw_block_begin(m);
    for (uint32_t i = 0; i < OTHERS; i++)
        pthread_join(threads[i], NULL);
    stw_block_end(m);
    cr_assert_gt(timed(), 0);
    cr_assert_eq(STW_LOAD(gc->totals.forced_cycles), 3 * OTHERS);
    stw_mutator_detach(m);
    stw_runtime_stop();
}

Test(timed, cycles_among_others_concurrent)
{
    expect_peace_among_mutators(STW_MODE_CONCURRENT, 2);
}
Test(timed, cycles_among_others_concurrent_with_dedicated_workers)
{
    expect_peace_among_mutators(STW_MODE_CONCURRENT, 4);
}
Test(timed, cycles_among_others_that_scan_again)
{
    expect_peace_among_mutators(STW_MODE_RESCAN, 1);
}
Test(timed, cycles_among_others_in_one_stop)
{
    expect_peace_among_mutators(STW_MODE_STW, 2);
}
