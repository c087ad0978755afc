/* tests/unit/gc_test.c: goal: a cycle's windows, steps, scans and counts are Go's. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: the real runtime in this process, the test's thread as mutator 0, audits on, cycles
 * forced at known moments; every Criterion test is a process of its own. */
#include "gc/collector.h"
#include "gc_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KIB 1024ull
#define MIB (1024ull * 1024ull)

static const uint64_t first_word[1] = {1};
static const struct stw_type pair = {sizeof(struct stw_type), 0, 16, 8, first_word, "pair"};
static const struct stw_type slots = {sizeof(struct stw_type), 0, 8, 8, first_word, "slots"};

static struct stw_gc *gc;
static struct stw_mutator *m;
static void *root;

static void start(uint32_t mode)
{
    gc_rig_options.gc.mode = mode;
    gc_rig_start();
    gc = stw_runtime_gc();
    m = gc_rig_attach(0);
    cr_assert_eq(stw_roots_add(gc, &root, 1), STW_OK);
}

static int is_live(const void *cell)
{
    struct stw_heap_cell at;
    return stw_heap_resolve(&gc->heap, (uintptr_t)cell, &at)
           && stw_span_is_allocated(&at.record->span, at.index);
}

/* Addresses that conservative scanning must not see. */
static uintptr_t hide(const void *cell)
{
    return ~(uintptr_t)cell;
}
static __attribute__((noinline)) int is_hidden_live(uintptr_t hidden)
{
    return is_live((const void *)~hidden);
}
static __attribute__((noinline)) void root_hidden(uintptr_t hidden)
{
    stw_store(m, &root, (const void *)~hidden);
}

/* Runs where its frames are gone afterwards, and clears them. Unsanitized: red zones around the
 * array would keep old words just where the next call's frame lies. */
static __attribute__((noinline, no_sanitize("address"))) void scrub(void)
{
    uintptr_t words[512];
    memset(words, 0, sizeof words);
    __asm__ volatile("" : : "r"(words) : "memory");
}

Test(gc, concurrent_cycle_has_two_windows_in_order)
{
    start(STW_MODE_CONCURRENT);
    for (uint64_t cycle = 1; cycle <= 5; cycle++) {
        stw_store(m, &root, stw_alloc(m, 16, &pair));
        m->host->collect(m->host, m);
        cr_assert_eq(gc_rig_pause_count, 2 * cycle);
        const struct stw_pause *one = gc_rig_pause(2 * cycle - 2), *two = one + 1;
        cr_assert_eq(one->kind, STW_PAUSE_SWEEP_TERMINATION);
        cr_assert_eq(two->kind, STW_PAUSE_MARK_TERMINATION);
        cr_assert_eq(one->cycle, cycle);
        cr_assert_eq(two->cycle, cycle);
        cr_assert(one->complete && two->complete);
        cr_assert(two->start_ns >= one->start_ns + one->stopping_ns + one->working_ns);
    }
    cr_assert_eq(STW_LOAD(gc->totals.scan_stw_bytes), 0, "no window scans (gc.C1)");
}

Test(gc, stw_cycle_has_one_stop_that_scans)
{
    start(STW_MODE_STW);
    stw_store(m, &root, stw_alloc(m, 16, &pair));
    m->host->collect(m->host, m);
    cr_assert_eq(gc_rig_pause_count, 1);
    const struct stw_pause *pause = gc_rig_pause(0);
    cr_assert_eq(pause->kind, STW_PAUSE_FULL);
    cr_assert(pause->scan_bytes >= 8 && pause->mark_objects >= 1);
    cr_assert_eq(STW_LOAD(gc->totals.scan_conc_bytes), 0);
    cr_assert(pause->step_ns[STW_STEP_SWEEP] > 0);
}

Test(gc, named_steps_cover_the_work_of_a_stop)
{
    start(STW_MODE_CONCURRENT);
    m->host->collect(m->host, m);
    for (uint64_t i = 0; i < gc_rig_pause_count; i++) {
        const struct stw_pause *pause = gc_rig_pause(i);
        uint64_t sum = 0;
        for (uint32_t step = 0; step < STW_STEPS; step++)
            sum += pause->step_ns[step];
        cr_assert(sum <= pause->working_ns);
    }
}

static __attribute__((noinline)) uintptr_t make_garbage(void)
{
    return hide(stw_alloc(m, 4096, NULL));
}

Test(gc, garbage_is_freed_and_rooted_cells_are_not)
{
    start(STW_MODE_CONCURRENT);
    uintptr_t hidden = make_garbage();
    void **kept = stw_alloc(m, 16, &pair);
    stw_store(m, &root, kept);
    stw_store(m, kept, stw_alloc(m, 100, NULL));
    scrub();
    m->host->collect(m->host, m);
    cr_assert(is_live(root));
    cr_assert(is_live(*(void **)root));
    cr_assert_not(is_hidden_live(hidden));
}

Test(gc, interior_pointer_on_the_stack_keeps_a_cell)
{
    start(STW_MODE_STW);
    char *volatile inside = (char *)stw_alloc(m, 3000, NULL) + 1234;
    memset(inside - 1234, 7, 3000);
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
    cr_assert(is_live(inside - 1234));
    cr_assert_eq(inside[1000], 7);
}

Test(gc, pointer_free_cells_are_never_scanned)
{
    start(STW_MODE_CONCURRENT);
    void **table = stw_alloc(m, 8 * 64, &slots);
    stw_store(m, &root, table);
    for (uint32_t i = 0; i < 64; i++)
        stw_store(m, &table[i], stw_alloc(m, 1 * MIB, NULL));
    uint64_t before = STW_LOAD(gc->totals.scan_conc_bytes);
    m->host->collect(m->host, m);
    cr_assert(gc->pacer.heap_marked >= 64 * MIB);
    cr_assert(STW_LOAD(gc->totals.scan_conc_bytes) - before < 4 * KIB,
              "only the table has pointers");
}

/* gc.K3: each word once. */
Test(gc, large_cells_are_scanned_to_their_last_pointer)
{
    start(STW_MODE_CONCURRENT);
    uint64_t count = 3 * MIB / 16 + 5;
    void **table = stw_alloc(m, count * 16, &pair);
    stw_store(m, &root, table);
    for (uint64_t i = 0; i < count; i += 1000)
        stw_store(m, &table[2 * i], stw_alloc(m, 48, NULL));
    stw_store(m, &table[2 * (count - 1)], stw_alloc(m, 48, NULL));
    m->host->collect(m->host, m); /* may meet cells of the stack as well: measure the second */
    uint64_t before = STW_LOAD(gc->totals.scan_conc_bytes);
    m->host->collect(m->host, m);
    cr_assert_eq(STW_LOAD(gc->totals.scan_conc_bytes) - before, count * 8, "8 of every 16 bytes");
    for (uint64_t i = 0; i < count; i += 1000)
        cr_assert(is_live(table[2 * i]));
    cr_assert(is_live(table[2 * (count - 1)]));
}

Test(gc, gc_off_never_collects_unless_forced)
{
    gc_rig_options.gc.percent = STW_GC_OFF;
    start(STW_MODE_CONCURRENT);
    for (uint32_t i = 0; i < 100; i++)
        stw_alloc(m, 1 * MIB, NULL);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 0);
    m->host->collect(m->host, m);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 1);
    cr_assert_eq(STW_LOAD(gc->totals.forced_cycles), 1);
    cr_assert_eq(m->host->set_gc_percent(m->host, m, 100), STW_GC_OFF);
    for (uint32_t i = 0; i < 100; i++)
        stw_alloc(m, 1 * MIB, NULL);
    cr_assert(STW_LOAD(gc->totals.cycles) > 5);
}

Test(gc, first_cycle_starts_at_gos_first_trigger)
{
    start(STW_MODE_CONCURRENT);
    uint64_t bytes = 0;
    while (STW_LOAD(gc->totals.cycles) == 0) {
        cr_assert(bytes <= 3997696 + 64 * KIB);
        stw_alloc(m, 64 * KIB, NULL);
        bytes += 64 * KIB;
    }
    cr_assert(bytes + 16 * KIB >= 3997696, "%llu bytes", (unsigned long long)bytes);
}

Test(gc, heap_live_is_what_was_marked)
{
    start(STW_MODE_STW);
    void **table = stw_alloc(m, 8 * 32, &slots);
    stw_store(m, &root, table);
    for (uint32_t i = 0; i < 32; i++)
        stw_store(m, &table[i], stw_alloc(m, 100 * KIB, NULL));
    for (uint32_t i = 0; i < 20; i++)
        make_garbage();
    scrub();
    m->host->collect(m->host, m);
    uint64_t marked = gc->pacer.heap_marked;
    cr_assert(marked >= 32 * 13 * STW_PAGE_BYTES && marked < 32 * 13 * STW_PAGE_BYTES + 64 * KIB,
              "%llu", (unsigned long long)marked);
}

/* abi.M3 */
Test(gc, cells_come_zeroed_after_reuse)
{
    start(STW_MODE_CONCURRENT);
    for (uint32_t round = 0; round < 50; round++) {
        for (uint64_t bytes = 8; bytes < 70000; bytes = bytes * 3 / 2 + 8) {
            unsigned char *cell = stw_alloc(m, bytes, NULL);
            for (uint64_t i = 0; i < bytes; i++)
                cr_assert_eq(cell[i], 0, "round %u, %llu bytes", round, (unsigned long long)bytes);
            memset(cell, 0xee, bytes);
        }
        if (round % 5 == 4)
            m->host->collect(m->host, m);
    }
}

static uint64_t resident_bytes(void)
{
    unsigned long long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    cr_assert(file && fscanf(file, "%llu %llu", &all, &resident) == 2);
    fclose(file);
    return resident * 4096;
}

Test(gc, a_ballast_that_nobody_touches_takes_no_memory)
{
    start(STW_MODE_CONCURRENT);
    uint64_t before = resident_bytes();
    char *ballast = stw_alloc(m, 1024 * MIB, NULL);
    stw_store(m, &root, ballast);
    m->host->collect(m->host, m);
    cr_assert_lt(resident_bytes(), before + 64 * MIB);
    cr_assert_eq(ballast[0] | ballast[512 * MIB] | ballast[1024 * MIB - 1], 0);
    cr_assert(is_live(ballast));
}

static __attribute__((noinline)) uintptr_t fill_large(uint64_t bytes)
{
    return hide(memset(stw_alloc(m, bytes, NULL), 0xff, bytes));
}

Test(gc, large_cells_come_zeroed_after_reuse)
{
    start(STW_MODE_STW);
    uint64_t bytes = 24 * MIB; /* beyond what is backed when it is fresh */
    uintptr_t before = fill_large(bytes);
    scrub();
    scrub();
    m->host->collect(m->host, m);
    char *again = stw_alloc(m, bytes, NULL);
    cr_assert_eq(hide(again), before, "not the same pages: nothing is shown");
    for (uint64_t i = 0; i < bytes; i++)
        cr_assert_eq(again[i], 0, "byte %llu", (unsigned long long)i);
}

Test(gc, a_mutator_that_is_refused_takes_no_memory)
{
    start(STW_MODE_CONCURRENT);
    static uint32_t calls[STW_TRACE_CALLS];
    struct stw_mutator *none = NULL;
    uint64_t before = STW_LOAD(gc->heap.own_bytes);
    uint32_t count = gc->mutator_count;
    gc->mutator_count = STW_MUTATORS;
    stw_status status = stw_mutator_attach(gc, 1, calls, &none);
    gc->mutator_count = count;
    cr_assert_eq(status, STW_E_NOMEM);
    cr_assert_eq(STW_LOAD(gc->heap.own_bytes), before);
}

Test(gc, tiny_cells_share_blocks_and_survive_by_any_of_them)
{
    start(STW_MODE_CONCURRENT);
    void **table = stw_alloc(m, 8 * 1000, &slots);
    stw_store(m, &root, table);
    for (uint32_t i = 0; i < 1000; i++) {
        char *text = stw_alloc(m, 5, NULL);
        memset(text, (int)('a' + i % 26), 5);
        stw_store(m, &table[i], text);
        if (i % 100 == 50)
            m->host->collect(m->host, m);
    }
    for (uint32_t i = 0; i < 1000; i++)
        for (uint32_t j = 0; j < 5; j++)
            cr_assert_eq(((char *)table[i])[j], (char)('a' + i % 26));
    stw_mutator_detach(m);
    cr_assert_eq(STW_LOAD(gc->totals.tiny_objects), 1000);
}

Test(gc, removed_root_lets_go)
{
    start(STW_MODE_CONCURRENT);
    uintptr_t hidden = make_garbage();
    root_hidden(hidden);
    scrub();
    m->host->collect(m->host, m);
    cr_assert(is_hidden_live(hidden));
    stw_roots_remove(gc, &root);
    scrub();
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
    cr_assert_not(is_hidden_live(hidden));
}

static uint32_t hook_runs;
static void count_hook(void *context)
{
    cr_assert_eq(context, &hook_runs);
    cr_assert_eq(m->marking, 0, "before marking begins");
    hook_runs++;
}

/* gc.K7: 100,000 ranges take a moment, not minutes; which of them were removed is known. */
Test(gc, many_roots_are_added_and_removed)
{
    enum { COUNT = 100000 };
    static void *words[2 * COUNT];
    start(STW_MODE_CONCURRENT);
    uint64_t began_ns = stw_clock_thread_cpu_ns();
    for (uint32_t i = 0; i < COUNT; i++)
        cr_assert_eq(m->host->root_add(m->host, &words[2 * i], 1), STW_OK);
    for (uint32_t i = 0; i < COUNT; i += 2)
        m->host->root_remove(m->host, &words[2 * i]);
    cr_assert_lt(stw_clock_thread_cpu_ns() - began_ns, 2000000000u);
    uintptr_t kept = hide(words[2] = stw_alloc(m, 64, NULL));
    uintptr_t lost = hide(words[4] = stw_alloc(m, 64, NULL));
    scrub();
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
    cr_assert(is_hidden_live(kept));
    cr_assert(!is_hidden_live(lost));
    for (uint32_t i = 0; i < COUNT; i += 2)
        cr_assert_eq(m->host->root_add(m->host, &words[2 * i], 1), STW_OK);
    cr_assert_leq(gc->roots.count, COUNT + 1, "places are used again");
}

/* abi.A4: whoever says why keeps its text. */
Test(gc, what_a_plugin_says_is_copied)
{
    char field[] = "field", text[] = "a reason";
    struct stw_error error = {.struct_size = sizeof error};
    start(STW_MODE_CONCURRENT);
    cr_assert_eq(m->host->set_error(m->host, &error, STW_E_STATE, field, text), STW_E_STATE);
    memset(field, 'x', sizeof field - 1);
    memset(text, 'x', sizeof text - 1);
    cr_assert_str_eq(error.field, "field");
    cr_assert_str_eq(error.message, "a reason");
}

Test(gc, hooks_run_once_a_cycle)
{
    start(STW_MODE_CONCURRENT);
    cr_assert_eq(m->host->cycle_hook_add(m->host, count_hook, &hook_runs), STW_OK);
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
    cr_assert_eq(hook_runs, 2);
}

struct other {
    pthread_t thread;
    uint32_t stop, blocked, polls;
    uint32_t trace, call; /* noted last; of the strategy's slot that runs. Then it polls late. */
    struct stw_mutator *m;
};

/* It is asked for a stop, which sleeps when this mutator polls. */
static int is_late(struct stw_mutator *mutator)
{
    const struct timespec nap = {0, 20000000};
    return __atomic_load_n(&mutator->poll, __ATOMIC_ACQUIRE) && nanosleep(&nap, NULL) == 0;
}

static void *spin_or_block(void *context)
{
    struct other *other = context;
    other->m = gc_rig_attach(1);
    stw_site(other->m, "test.spin");
    if (other->trace)
        stw_trace(other->m, other->trace >> 16, other->trace & 0xffff);
    stw_strategy_runs(other->m, other->call);
    if (other->blocked)
        stw_block_begin(other->m);
    __atomic_store_n(&other->polls, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&other->stop, __ATOMIC_ACQUIRE)) {
        if (!other->blocked && (!other->trace || is_late(other->m)))
            stw_poll(other->m);
        stw_spin_pause();
    }
    if (other->blocked)
        stw_block_end(other->m);
    stw_mutator_detach(other->m);
    return NULL;
}

static void run_beside(struct other *other)
{
    gc_rig_options.mutators = 2;
    start(STW_MODE_CONCURRENT);
    cr_assert_eq(stw_thread_start(&other->thread, 0, spin_or_block, other), STW_OK);
    while (!__atomic_load_n(&other->polls, __ATOMIC_ACQUIRE))
        stw_poll(m);
    m->host->collect(m->host, m);
    __atomic_store_n(&other->stop, 1, __ATOMIC_RELEASE);
    stw_block_begin(m);
    pthread_join(other->thread, NULL);
    stw_block_end(m);
}

Test(gc, a_stop_names_the_last_mutator_and_its_site)
{
    struct other other = {0};
    run_beside(&other);
    const struct stw_pause *pause = gc_rig_pause(0);
    cr_assert_eq(pause->mutators, 1);
    cr_assert_eq(pause->last_mutator, 1);
    cr_assert_str_eq(pause->last_site, "test.spin");
    cr_assert(pause->stopping_ns > 0 && pause->restarting_ns > 0);
    cr_assert(pause->complete);
}

Test(gc, a_stop_that_sleeps_names_the_slot_that_runs)
{
    struct other other = {.trace = 3u << 16 | STW_CALL_MAP_MAKE,
                          .call = 4u << 16 | STW_CALL_STRATEGY_MERGE};
    run_beside(&other);
    cr_assert_eq(gc_rig_pause(0)->last_mutator, 1);
    cr_assert_eq(gc_rig_pause(0)->last_call, other.call);
}

/* It came back from what it had called last. */
Test(gc, a_stop_that_sleeps_names_no_slot_that_has_been_left)
{
    struct other other = {.trace = 4u << 16 | STW_CALL_STRATEGY_NEED_MAP};
    run_beside(&other);
    cr_assert_eq(gc_rig_pause(0)->last_mutator, 1);
    cr_assert_eq(gc_rig_pause(0)->last_call, 0);
}

Test(gc, a_blocked_mutator_counts_as_stopped_and_does_not_hold_a_cycle_up)
{
    struct other other = {.blocked = 1};
    run_beside(&other);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 1);
    cr_assert_eq(gc_rig_pause(0)->mutators, 0);
    cr_assert_eq(gc_rig_pause(0)->last_mutator, STW_NO_MUTATOR);
    cr_assert(gc_rig_pause(0)->complete);
}

Test(gc, a_full_pause_log_loses_records_not_memory)
{
    gc_rig_options.gc.pause_capacity = 3;
    start(STW_MODE_CONCURRENT);
    for (uint32_t i = 0; i < 5; i++)
        m->host->collect(m->host, m);
    cr_assert_eq(gc_rig_pause_count, 3);
    cr_assert_eq(*gc_rig_options.gc.pauses_lost, 7);
    cr_assert_eq(gc_rig_pause(3)->complete, 0, "nothing was written past the end");
}
