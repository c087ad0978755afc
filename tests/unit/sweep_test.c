/* tests/unit/sweep_test.c: goal: sweeping keeps pace with allocation, and memory with its limit. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: the real runtime in this process, the test's thread as its only mutator, audits on. With
 * one processor the mutator holds it, so nobody else sweeps or marks. Memory is what the collector
 * counts: pages in use and free ones that the system does not have back, and its own.
 * Rules: gc.SV1. */
#include "gc/collector.h"
#include "gc_rig.h"

#include <criterion/criterion.h>
#include <string.h>

#define KIB 1024ull
#define MIB (1024ull * 1024ull)
#define SLOTS 320u
#define SLOT_BYTES (64 * KIB)

static const uint64_t first_word[1] = {1};
static const struct stw_type slots = {sizeof(struct stw_type), 0, 8, 8, first_word, "slots"};

static struct stw_gc *gc;
static struct stw_mutator *m;
static void *root;

static void start(uint32_t mode, uint32_t processors, int32_t percent, uint64_t limit_bytes)
{
    gc_rig_options.gc.mode = mode;
    gc_rig_options.gc.processors = processors;
    gc_rig_options.gc.percent = percent;
    gc_rig_options.gc.limit_bytes = limit_bytes;
    gc_rig_start();
    gc = stw_runtime_gc();
    m = gc_rig_attach(0);
    cr_assert_eq(stw_roots_add(gc, &root, 1), STW_OK);
    stw_store(m, &root, stw_alloc(m, SLOTS * 8, &slots));
}

static void fill_slot(uint32_t at, uint64_t bytes)
{
    stw_store(m, (void **)root + at, stw_alloc(m, bytes, NULL));
}

/* 20 MiB that live on. */
static void build_live_heap(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        fill_slot(i, SLOT_BYTES);
}

static uint64_t held_bytes(void)
{
    return stw_space_held_pages(&gc->heap.space) * STW_PAGE_BYTES
           + STW_LOAD(gc->heap.own_bytes);
}

/* Pages that must be swept by now; 0: nothing is owed. */
static int64_t pages_owed(void)
{
    if (!gc->sweep.owed)
        return 0;
    int64_t used = gc->heap_live - (int64_t)gc->sweep.basis_live;
    return (int64_t)(gc->sweep.pages_per_byte * (double)(used > 0 ? used : 0))
           - (int64_t)(gc->sweep.pages_swept - gc->sweep.basis_pages);
}

Test(sweep, keeps_pace_with_allocation_and_is_done_at_the_trigger)
{
    start(STW_MODE_CONCURRENT, 1, 100, 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        fill_slot(i, 32 * KIB);
    uint64_t sweeps = 0, cycles = gc->cycles_done;
    for (uint64_t i = 0; gc->cycles_done < cycles + 6; i++) {
        uint64_t before = gc->sweep.pages_swept, done = gc->cycles_done;
        fill_slot((uint32_t)(i % SLOTS), i % 3 ? 1000 : 30 * KIB);
        sweeps += gc->cycles_done == done && gc->sweep.pages_swept > before;
        /* It was paid before the last span was taken, and spans have up to 10 pages. */
        cr_assert_leq(pages_owed(), 1 + (int64_t)(gc->sweep.pages_per_byte * 10 * STW_PAGE_BYTES));
        int is_near = gc->heap_live > (int64_t)gc->pacer.trigger - (int64_t)MIB / 2;
        if (!m->marking && is_near && gc->sweep.pending)
            cr_assert_eq(stw__sweep_some(gc, 1), 0, "half a mebibyte before the trigger");
    }
    cr_assert_gt(sweeps, 100, "%llu", (unsigned long long)sweeps);
}

Test(sweep, counts_every_page_once)
{
    start(STW_MODE_CONCURRENT, 1, 100, 0);
    build_live_heap();
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
    cr_assert_geq(gc->sweep.pages_due, 20 * MIB / STW_PAGE_BYTES);
    cr_assert_eq(gc->sweep.pages_swept, gc->sweep.pages_due);
}

/* Replaces the live heap `times` over; returns the most that was held. */
static uint64_t churn(uint32_t times)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < times * SLOTS; i++) {
        fill_slot(i * 7 % SLOTS, SLOT_BYTES);
        for (uint32_t j = 0; j < 4; j++)
            stw_alloc(m, 500, NULL);
        uint64_t held = held_bytes();
        most = held > most ? held : most;
    }
    return most;
}

static void expect_below_limit(uint32_t mode, uint32_t processors, uint32_t stepped)
{
    gc_rig_options.gc.stepped = stepped;
    start(mode, processors, STW_GC_OFF, 40 * MIB);
    build_live_heap();
    uint64_t most = churn(20);
    cr_assert_leq(most, 40 * MIB, "%llu KiB", (unsigned long long)most / 1024);
    cr_assert_gt(most, 30 * MIB, "a limit that is not used: %llu", (unsigned long long)most);
    /* 400 MiB, between 8 and 19 MiB a cycle. */
    cr_assert(STW_LOAD(gc->totals.cycles) >= 20 && STW_LOAD(gc->totals.cycles) <= 60, "%llu cycles",
              (unsigned long long)STW_LOAD(gc->totals.cycles));
#if !STW_TSAN /* it slows marking down by more than the rest: half of the time is soon spent */
    cr_assert_eq(STW_LOAD(gc->totals.limited_cycles), 0);
#endif
}

Test(limit, is_kept_by_concurrent_cycles)
{
    expect_below_limit(STW_MODE_CONCURRENT, 2, 0);
}
Test(limit, is_kept_on_one_processor)
{
    expect_below_limit(STW_MODE_CONCURRENT, 1, 0);
}
Test(limit, is_kept_by_cycles_in_one_stop)
{
    expect_below_limit(STW_MODE_STW, 2, 0);
}
Test(limit, is_kept_in_steps)
{
    expect_below_limit(STW_MODE_CONCURRENT, 1, 1);
}

Test(limit, free_pages_are_given_back_before_it_is_passed)
{
    start(STW_MODE_STW, 1, STW_GC_OFF, 40 * MIB);
    fill_slot(0, 16 * MIB);
    fill_slot(1, 100 * KIB); /* behind it */
    stw_store(m, root, NULL);
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
    cr_assert_geq(held_bytes(), 16 * MIB, "though next to nothing is in use");
    cr_assert_leq(gc->heap.space.used_pages, 100);
    uint64_t before = gc->heap.space.scavenged_pages;
    fill_slot(0, 30 * MIB); /* does not fit into them */
    cr_assert_gt(gc->heap.space.scavenged_pages, before);
    cr_assert_leq(held_bytes(), 40 * MIB);
}

/* Free memory in pieces of 64 KiB between live cells, at the goal or beyond it. With one processor,
 * which the mutator holds, the background thread gives nothing back. */
static void leave_holes(void)
{
    build_live_heap();
    for (uint32_t i = 0; i < SLOTS; i += 2)
        stw_store(m, (void **)root + i, NULL);
    m->host->collect(m->host, m);
    m->host->collect(m->host, m);
}

struct footprint {
    uint64_t committed_pages, held_pages, scavenged_pages;
};

static struct footprint footprint(void)
{
    const struct stw_space *space = &gc->heap.space;
    return (struct footprint){space->committed_pages, space->held_pages, space->scavenged_pages};
}

/* Cells that fit into no hole, until the heap grows. Returns how much came before. */
static struct footprint grow(void)
{
    for (uint32_t i = 1;; i += 2) {
        struct footprint before = footprint();
        cr_assert_lt(i, SLOTS);
        fill_slot(i, 3 * SLOT_BYTES / 2);
        if (footprint().committed_pages > before.committed_pages)
            return before;
    }
}

Test(growth, is_made_up_for_by_free_pages)
{
    start(STW_MODE_CONCURRENT, 1, 100, 0);
    leave_holes();
    uint64_t goal = gc->pacer.retain_bytes / STW_PAGE_BYTES;
    cr_assert_gt(footprint().held_pages, goal);
    cr_assert_eq(footprint().scavenged_pages, 0);
    struct footprint before = grow(), after = footprint();
    uint64_t grown = after.committed_pages - before.committed_pages;
    uint64_t beyond = before.held_pages + grown - goal;
    cr_assert_eq(after.scavenged_pages, grown < beyond ? grown : beyond);
    cr_assert_leq(after.held_pages, before.held_pages + 1);
}

Test(growth, within_the_goal_keeps_free_pages)
{
    start(STW_MODE_CONCURRENT, 1, 100, 0);
    leave_holes();
    gc->pacer.retain_bytes = 1024 * MIB;
    grow();
    cr_assert_eq(footprint().scavenged_pages, 0);
}

Test(growth, of_a_heap_without_a_goal_keeps_free_pages)
{
    start(STW_MODE_CONCURRENT, 1, STW_GC_OFF, 0);
    leave_holes();
    cr_assert_eq(gc->pacer.retain_bytes, UINT64_MAX);
    grow();
    cr_assert_eq(footprint().scavenged_pages, 0);
}

Test(background, gives_back_for_a_hundredth_of_the_time)
{
    uint64_t began_ns = stw_clock_ns(), turn_ns = 1000000;
    start(STW_MODE_CONCURRENT, 2, 100, 0);
    leave_holes();
    while (!STW_LOAD(gc->background.release_ns) && stw_clock_ns() - began_ns < 10000000000u)
        stw_poll(m);
    uint64_t release_ns = __atomic_load_n(&gc->background.release_ns, __ATOMIC_ACQUIRE);
    uint64_t given = STW_LOAD(gc->heap.space.scavenged_pages), seen = given;
    cr_assert_gt(given, 0);
    cr_assert_geq(release_ns, began_ns + (100 / 2 - 1) * turn_ns, "of two processors");
    while (stw_clock_ns() < release_ns) { /* what is seen before that time was given before */
        cr_assert_eq(seen, given, "given back in the rest");
        seen = STW_LOAD(gc->heap.space.scavenged_pages);
        stw_poll(m);
    }
}

/* On a processor that mutators would have used. */
static uint64_t marking_ns(void)
{
    return STW_LOAD(gc->totals.assist_ns) + STW_LOAD(gc->totals.fractional_ns)
           + STW_LOAD(gc->totals.dedicated_ns);
}

Test(limit, below_the_live_heap_is_passed_so_that_the_program_goes_on)
{
    gc_rig_options.gc.audit = 0;
    start(STW_MODE_CONCURRENT, 1, STW_GC_OFF, 10 * MIB);
    for (uint32_t i = 0; i < SLOTS; i++) /* words that may be pointers: 20 MiB to scan */
        stw_store(m, (void **)root + i, stw_alloc(m, SLOT_BYTES, &slots));
    uint64_t began_ns = stw_clock_ns();
    while (STW_LOAD(gc->totals.limited_cycles) < 10 && stw_clock_ns() - began_ns < 30000000000u)
        stw_alloc(m, 8 * KIB, NULL);
    cr_assert_geq(STW_LOAD(gc->totals.limited_cycles), 10, "%llu cycles",
                  (unsigned long long)STW_LOAD(gc->totals.cycles));
    /* From here on more than a third of the time is the program's. */
    uint64_t spent_ns = marking_ns(), until_ns = stw_clock_ns() + 1000000000u;
    while (stw_clock_ns() < until_ns)
        stw_alloc(m, 8 * KIB, NULL);
    spent_ns = marking_ns() - spent_ns;
    uint64_t most_ns = STW_TSAN ? 800000000 : 700000000; /* under TSan a step is long */
    cr_assert_leq(spent_ns, most_ns, "%llu ns of a second", (unsigned long long)spent_ns);
}

Test(limit, is_off_by_default)
{
    start(STW_MODE_CONCURRENT, 2, STW_GC_OFF, 0);
    churn(2);
    cr_assert_eq(STW_LOAD(gc->totals.cycles), 0);
    cr_assert_eq(gc->heap.space.scavenged_pages, 0);
}

/* 20 MiB of words that may be pointers: marking them is not done at one go. */
static __attribute__((noinline)) void keep(uint32_t at, void *cell)
{
    stw_store(m, (void **)root + at, cell);
}

static void start_marking(void)
{
    for (uint32_t i = 0; !m->marking; i++) {
        keep(i % SLOTS, stw_alloc(m, SLOT_BYTES, &slots));
        stw_stack_clear_dead(); /* a word there that leads to root ends marking with the stack */
    }
}

Test(pacer, switching_off_waits_for_the_mark_phase)
{
    start(STW_MODE_CONCURRENT, 1, 100, 0);
    start_marking();
    cr_assert_eq(m->host->set_gc_percent(m->host, m, STW_GC_OFF), 100);
    cr_assert_eq(m->marking, 0);
    cr_assert_eq(gc->cycles_done, STW_LOAD(gc->totals.cycles));
}

/* Audits: gc.U3 to gc.U8, broken by hand; mutants break gc.U1. */

static char rules[64];
static struct stw_span *left_behind; /* was not swept */

/* What was broken is whole again after its audit. */
static void note_rule(const struct stw_error *error)
{
    strncat(rules, error->field, sizeof rules - strlen(rules) - 2);
    strcat(rules, " ");
    if (left_behind)
        left_behind->sweep_generation++;
    left_behind = NULL;
}

static void start_noting(void)
{
    gc_rig_options.gc.audit_failed = note_rule;
    start(STW_MODE_CONCURRENT, 1, 100, 0);
}

static void start_noting_while_marking(void)
{
    start_noting();
    start_marking();
    cr_assert_str_empty(rules);
}

static struct stw_heap_cell cell_at(const void *address)
{
    struct stw_heap_cell cell = {0};
    cr_assert(stw_heap_resolve(&gc->heap, (uintptr_t)address, &cell));
    return cell;
}

Test(audit, names_a_span_that_was_left_behind)
{
    start_noting_while_marking();
    left_behind = &cell_at(((void **)root)[0]).record->span;
    left_behind->sweep_generation--;
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.U3 ");
}

Test(audit, names_a_span_that_stayed_grey)
{
    start_noting_while_marking();
    void *small = stw_alloc(m, 16, &slots);
    struct stw_heap_cell cell = cell_at(small);
    cr_assert_eq(cell.record->span.layout, STW_LAYOUT_BITMAP);
    stw_bits_clear(cell.record->scan_bits, cell.index, 1);
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.U7 ");
}

Test(audit, names_bytes_that_were_counted_as_marked)
{
    start_noting_while_marking();
    gc->marked_bytes += 8;
    m->host->collect(m->host, m); /* ends that cycle, and then runs one of its own */
    cr_assert_str_eq(rules, "gc.U4 gc.U8 ");
}

Test(audit, names_a_trigger_beyond_the_goal)
{
    start_noting_while_marking();
    gc->pacer.trigger = gc->pacer.goal + 1;
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.P1 ");
}

/* Sweeps whenever it may, as the background thread does on an idle processor. */
static uint32_t is_over; /* atomic */
static void *sweep_on_and_on(void *context)
{
    while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST))
        stw__sweep_some(gc, 1);
    return context;
}

/* gc.U9: as soon as the second stop has made the spans unswept, there is much to sweep. */
Test(sweep, the_second_stop_is_charged_for_no_span)
{
    pthread_t thread;
    gc_rig_options.gc.audit = 0; /* which sweeps in stops */
    start(STW_MODE_CONCURRENT, 2, 100, 0);
    cr_assert_eq(stw_thread_start(&thread, 0, sweep_on_and_on, NULL), STW_OK);
    build_live_heap();
    for (uint32_t i = 0; i < 300; i++)
        m->host->collect(m->host, m);
    __atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    cr_assert_geq(gc_rig_pause_count, 600);
    for (uint64_t i = 0; i < gc_rig_pause_count; i++)
        if (gc_rig_pause(i)->kind == STW_PAUSE_MARK_TERMINATION)
            cr_assert_eq(gc_rig_pause(i)->spans_swept, 0, "stop %lu", i);
    cr_assert_gt(STW_LOAD(gc->sweep.spans_total), 0);
}

Test(audit, names_a_live_heap_below_nothing)
{
    start_noting_while_marking();
    gc->heap_live = -(int64_t)(64 * MIB);
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.P3 ");
}

Test(audit, names_pages_that_were_not_swept)
{
    start_noting();
    m->host->collect(m->host, m);
    gc->sweep.pages_swept--;
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.U5 ");
}

Test(audit, names_pages_that_nobody_has)
{
    start_noting();
    uintptr_t base;
    uint32_t needs_zero;
    cr_assert_eq(stw_space_acquire(&gc->heap.space, 3, &base, &needs_zero), STW_OK);
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.U6 ");
    stw_space_release(&gc->heap.space, base, 3);
    m->host->collect(m->host, m);
    cr_assert_str_eq(rules, "gc.U6 ");
}
