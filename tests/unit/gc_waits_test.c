/* tests/unit/gc_waits_test.c: goal: who waits for another thread sleeps, however long that takes
 * (gc.W7), and is woken when what it waits for is there (gc.W6). */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: the real runtime in this process. A thread of the test takes what a part of the collector
 * waits for, keeps it for a while as if it had lost its processor, and gives it back the way its
 * owner does. The CPU time of the one that waits is compared with the time that it waited: a
 * spinner uses all of it, unless the machine is so busy that it gets less than a quarter. */
#include "gc/collector.h"
#include "gc_rig.h"

#include <criterion/criterion.h>

#define KEPT_NS 200000000u
#define CPU_NS_MAX (KEPT_NS / 4)
#define LATE_NS_MAX 5000000000u /* on a busy machine; a wake that is missed costs more in none */

static struct stw_gc *gc;
static struct stw_mutator *m;
static uint32_t never;

static void start(uint32_t mode)
{
    gc_rig_options.gc.mode = mode;
    gc_rig_options.gc.audit = 0;
    gc_rig_options.mutators = 2;
    gc_rig_start();
    gc = stw_runtime_gc();
    m = gc_rig_attach(0);
    m->host->collect(m->host, m); /* the workers are there */
}

/* Something that is taken, kept, and given back. */
struct kept {
    void (*take)(void);
    void (*give_back)(void);
    uint32_t is_taken; /* atomic */
    pthread_t thread;
};

static void *keep(void *context)
{
    struct kept *kept = context;
    kept->take();
    __atomic_store_n(&kept->is_taken, 1, __ATOMIC_SEQ_CST);
    stw_futex_wait(&never, 0, KEPT_NS);
    kept->give_back();
    return NULL;
}

static void begin(struct kept *kept)
{
    cr_assert_eq(stw_thread_start(&kept->thread, 0, keep, kept), STW_OK);
    while (!__atomic_load_n(&kept->is_taken, __ATOMIC_SEQ_CST))
        stw_thread_yield();
}

/* Runs `wait` in the calling thread while another keeps what it waits for. */
static void expect_sleep(struct kept kept, void (*wait)(void))
{
    begin(&kept);
    uint64_t began_ns = stw_clock_ns(), cpu_ns = stw_clock_thread_cpu_ns();
    wait();
    cpu_ns = stw_clock_thread_cpu_ns() - cpu_ns;
    uint64_t waited_ns = stw_clock_ns() - began_ns;
    pthread_join(kept.thread, NULL);
    cr_assert_geq(waited_ns, KEPT_NS / 2, "it did not wait");
    cr_assert_lt(waited_ns, KEPT_NS + LATE_NS_MAX);
    cr_assert_lt(cpu_ns, CPU_NS_MAX, "it used %lu ns in %lu ns", cpu_ns, waited_ns);
}

static void collect(void)
{
    m->host->collect(m->host, m);
}

static struct stw_marker marker;
static void take_marker(void)
{
    stw__marker_begin_outside(&marker, gc);
}
static void end_marker(void)
{
    stw__marker_end(&marker);
}
Test(gc_waits, a_stop_for_markers)
{
    start(STW_MODE_STW);
    expect_sleep((struct kept){.take = take_marker, .give_back = end_marker}, collect);
}

/* A sweeper that is inside the allocator. */
static void enter_sweep(void)
{
    __atomic_fetch_add(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
}
static void leave_sweep(void)
{
    __atomic_fetch_sub(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
    stw__world_tell(&gc->world, &gc->sweep.active);
}
Test(gc_waits, a_stop_for_sweepers)
{
    start(STW_MODE_STW);
    expect_sleep((struct kept){.take = enter_sweep, .give_back = leave_sweep}, collect);
}

static void lock_world(void)
{
    pthread_mutex_lock(&gc->world.lock);
}
static void unlock_world(void)
{
    pthread_mutex_unlock(&gc->world.lock);
}
Test(gc_waits, a_mutator_for_the_stop_of_another)
{
    start(STW_MODE_CONCURRENT);
    expect_sleep((struct kept){.take = lock_world, .give_back = unlock_world}, collect);
}

static void lock_cycle(void)
{
    pthread_mutex_lock(&gc->cycle_lock);
}
static void unlock_cycle(void)
{
    pthread_mutex_unlock(&gc->cycle_lock);
}
Test(gc_waits, a_forced_cycle_for_one_that_begins)
{
    start(STW_MODE_CONCURRENT);
    expect_sleep((struct kept){.take = lock_cycle, .give_back = unlock_cycle}, collect);
}

/* The world is stopped. */
static void stop_world(void)
{
    stw__world_stop(gc, NULL, STW_PAUSE_OTHER);
}
static void start_world(void)
{
    stw__world_start(gc);
}
static void *a_root;
static void add_root(void)
{
    stw_roots_add(gc, &a_root, 1);
}
static void *add_root_elsewhere(void *context)
{
    struct kept kept = {.take = stop_world, .give_back = start_world};
    expect_sleep(kept, add_root);
    return context;
}
Test(gc_waits, a_root_is_added_while_the_world_is_stopped)
{
    pthread_t thread;
    start(STW_MODE_CONCURRENT);
    stw_block_begin(m); /* not one of those that are stopped */
    cr_assert_eq(stw_thread_start(&thread, 0, add_root_elsewhere, NULL), STW_OK);
    pthread_join(thread, NULL);
    stw_block_end(m);
}

/* Another mutator, blocked and held. */
static struct stw_mutator_record *other;
static uint32_t other_state; /* atomic: 1 it is blocked, 2 it may end */
static void *be_blocked(void *context)
{
    struct stw_mutator *mine = gc_rig_attach(1);
    other = stw__record_of(mine);
    stw_block_begin(mine);
    __atomic_store_n(&other_state, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&other_state, __ATOMIC_SEQ_CST) != 2)
        stw_futex_wait(&other_state, 1, KEPT_NS);
    stw_block_end(mine);
    stw_mutator_detach(mine);
    return context;
}
static void hold(void)
{
    cr_assert(stw__mutator_hold(other));
}
static void let_go(void)
{
    stw__mutator_unhold(other);
}
static void expect_sleep_for_the_held(uint32_t mode, void (*wait)(void))
{
    pthread_t thread;
    start(mode);
    cr_assert_eq(stw_thread_start(&thread, 0, be_blocked, NULL), STW_OK);
    while (__atomic_load_n(&other_state, __ATOMIC_SEQ_CST) != 1) {
        stw_poll(m);
        stw_thread_yield();
    }
    expect_sleep((struct kept){.take = hold, .give_back = let_go}, wait);
    __atomic_store_n(&other_state, 2, __ATOMIC_SEQ_CST);
    stw_futex_wake(&other_state, 1);
    stw_block_begin(m);
    pthread_join(thread, NULL);
    stw_block_end(m);
}
Test(gc_waits, a_stop_pins_one_that_is_held)
{
    expect_sleep_for_the_held(STW_MODE_STW, collect);
}
static void serve_other(void)
{
    stw__mutator_serve_blocked(other);
}
Test(gc_waits, one_that_is_held_is_served)
{
    expect_sleep_for_the_held(STW_MODE_CONCURRENT, serve_other);
}

/* A mutator that was stopped does not get on. */
static void resume_late(void)
{
    __atomic_store_n(&gc->world.resuming, 2, __ATOMIC_SEQ_CST);
}
static void resume(void)
{
    __atomic_store_n(&gc->world.resuming, 0, __ATOMIC_SEQ_CST);
    stw__world_tell(&gc->world, &gc->world.resuming);
}
Test(gc_waits, a_stop_for_the_end_of_the_one_before)
{
    start(STW_MODE_CONCURRENT);
    expect_sleep((struct kept){.take = resume_late, .give_back = resume}, collect);
}

/* All workers together while one stop lasts: they have nothing to do in it. */
static uint64_t workers_cpu_ns(void)
{
    uint64_t sum_ns = 0;
    for (uint32_t i = 0; i < gc->workers.count; i++)
        sum_ns += stw_clock_cpu_of_ns(gc->workers.all[i].thread);
    return sum_ns;
}
static void linger(void *context)
{
    (void)context;
    stw_futex_wait(&never, 0, KEPT_NS);
}
Test(gc_waits, workers_for_the_end_of_a_stop)
{
    gc_rig_options.gc.processors = 8;
    start(STW_MODE_CONCURRENT);
    m->host->cycle_hook_add(m->host, linger, NULL);
    uint64_t cpu_ns = workers_cpu_ns();
    m->host->collect(m->host, m);
    cr_assert_lt(workers_cpu_ns() - cpu_ns, CPU_NS_MAX);
}
