/* tests/unit/pacer_test.c: goal: goals, triggers and debts are Go's to the byte (gc.P1-P4). */
/* Method: a collector that was never started; cycles are played by setting what they measured.
 * Oracles: Go 1.19 to 1.27, runtime/mgcpacer.go, worked out by hand for the cases below. */
#include "base/error.h"
#include "gc/collector.h"

#include <criterion/criterion.h>

#define MIB (1024ull * 1024ull)

static struct stw_gc gc;

static void start(int32_t percent)
{
    gc = (struct stw_gc){0};
    stw__gc_init(&gc);
    gc.options.mode = STW_MODE_STW;
    gc.options.percent = percent;
    gc.processors.total = 2;
    stw__pacer_init(&gc);
}

/* Ends a cycle that marked so many bytes. */
static void end_cycle(uint64_t marked_bytes, uint64_t scan_bytes)
{
    gc.marked_bytes = marked_bytes;
    gc.cycle_scan_bytes = scan_bytes;
    gc.cycle_stack_bytes = gc.cycle_root_bytes = 0;
    stw__pacer_end(&gc);
}

Test(pacer, first_cycle)
{
    start(100);
    cr_assert_eq(gc.pacer.goal, 4194304);
    cr_assert_eq(gc.pacer.trigger, 3997696);
}

Test(pacer, four_mebibytes_marked)
{
    start(100);
    end_cycle(4 * MIB, 0);
    cr_assert_eq(gc.pacer.goal, 8388608);
    cr_assert_eq(gc.pacer.trigger, 8192000, "no runway: the maximum trigger");
    gc.pacer.cons_mark = 1e9;
    end_cycle(4 * MIB, 1 * MIB);
    cr_assert_eq(gc.pacer.trigger, 7143424, "runway beyond the goal: the minimum trigger");
}

Test(pacer, hundred_mebibytes_marked)
{
    start(100);
    end_cycle(100 * MIB, 0);
    cr_assert_eq(gc.pacer.goal, 200 * MIB);
    cr_assert_eq(gc.pacer.trigger, 196 * MIB);
    gc.pacer.cons_mark = 1e9;
    end_cycle(100 * MIB, 1 * MIB);
    cr_assert_eq(gc.pacer.trigger, 1703125 * MIB / 10000);
}

Test(pacer, runway_moves_the_trigger_between_its_bounds)
{
    start(100);
    gc.pacer.cons_mark = 0.5;
    end_cycle(100 * MIB, 8 * MIB);
    cr_assert_eq(gc.pacer.trigger, 188 * MIB, "0.5 * 3 * 8 MiB before the goal");
}

Test(pacer, roots_and_stacks_count_for_the_goal)
{
    start(100);
    gc.marked_bytes = 100 * MIB;
    gc.cycle_stack_bytes = 2 * MIB;
    gc.cycle_root_bytes = 1 * MIB;
    stw__pacer_end(&gc);
    cr_assert_eq(gc.pacer.goal, 203 * MIB);
}

Test(pacer, gogc_scales_goal_and_minimum)
{
    start(50);
    cr_assert_eq(gc.pacer.goal, 2 * MIB);
    end_cycle(100 * MIB, 0);
    cr_assert_eq(gc.pacer.goal, 150 * MIB);
    start(400);
    cr_assert_eq(gc.pacer.goal, 16 * MIB);
}

Test(pacer, gc_off_never_triggers)
{
    start(STW_GC_OFF);
    cr_assert_eq(gc.pacer.goal, UINT64_MAX);
    cr_assert_eq(gc.pacer.trigger, UINT64_MAX);
    cr_assert_eq(stw_gc_set_percent(&gc, NULL, 100, NULL), STW_GC_OFF);
    cr_assert_eq(gc.pacer.trigger, 3997696);
    cr_assert_eq(stw_gc_set_percent(&gc, NULL, -7, NULL), 100);
    cr_assert_eq(gc.pacer.percent, STW_GC_OFF);
}

Test(pacer, live_heap_is_what_was_marked)
{
    start(100);
    gc.heap_live = 123456;
    end_cycle(7 * MIB, 0);
    cr_assert_eq(gc.heap_live, 7 * MIB);
    cr_assert_eq(gc.pacer.heap_marked, 7 * MIB);
}

Test(pacer, cycles_are_told_to_the_embedder_while_there_is_room)
{
    struct stw_cycle cycles[2] = {0};
    uint64_t count = 0;
    start(100);
    gc.options.cycles = cycles;
    gc.options.cycle_count = &count;
    gc.options.pause_capacity = 1;
    gc.heap_live = 4 * MIB;
    stw__pacer_begin(&gc);
    gc.heap_live = 5 * MIB;
    end_cycle(3 * MIB, 0);
    cr_assert_eq(count, 1);
    cr_assert_eq(cycles[0].triggered_bytes, 4 * MIB);
    cr_assert_eq(cycles[0].goal_bytes, 4 * MIB + 65536, "above what triggered it");
    cr_assert_eq(cycles[0].live_bytes, 5 * MIB);
    cr_assert_eq(cycles[0].marked_bytes, 3 * MIB);
    end_cycle(3 * MIB, 0);
    cr_assert_eq(count, 1);
    cr_assert_eq(cycles[1].live_bytes, 0);
}

Test(pacer, debt_is_what_is_left_over_what_may_be_allocated)
{
    start(100);
    end_cycle(100 * MIB, 40 * MIB);
    gc.heap_live = 180 * MIB;
    stw__pacer_begin(&gc);
    gc.cycle_scan_bytes = 0;
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 2.0, 1e-9, "40 MiB over 20 MiB");
    gc.cycle_scan_bytes = 30 * MIB;
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 0.5, 1e-9);
    gc.heap_live = 200 * MIB;
    cr_assert(stw__pacer_assist_ratio(&gc) > 1e6, "at the goal nothing may be allocated unpaid");
}

Test(pacer, trigger_stays_within_its_bounds)
{
    for (uint64_t marked = 0; marked < 3000 * MIB; marked = marked * 5 / 4 + 65536) {
        for (int32_t percent = 1; percent <= 1600; percent *= 2) {
            start(percent);
            gc.pacer.cons_mark = (double)(marked % 7) / 8;
            end_cycle(marked, marked / 3);
            uint64_t goal = gc.pacer.goal;
            cr_assert(gc.pacer.trigger <= goal);
            cr_assert(gc.pacer.trigger >= marked + (goal - marked) / 64 * 45);
        }
    }
}

/* Ends a cycle of which nothing is swept yet. */
static void end_unswept_cycle(uint64_t live_bytes, uint64_t marked_bytes)
{
    gc.heap_live = (int64_t)live_bytes;
    gc.sweep.pending = 1;
    end_cycle(marked_bytes, 0);
}

Test(pacer, sweeping_has_a_mebibyte_of_time)
{
    start(10);
    end_unswept_cycle(4 * MIB, MIB / 2);
    cr_assert_eq(gc.pacer.goal, 1572864, "marked + 1 MiB, not marked + 10 %%");
    cr_assert_eq(gc.pacer.trigger, 1572864);
    gc.sweep.pending = 0;
    end_cycle(MIB / 2, 0);
    cr_assert_eq(gc.pacer.goal, 576716, "524288 + 10 %%");
    cr_assert_eq(gc.pacer.trigger, 574247, "524288 + 819 * 61");
}

/* The process holds pages and 1 MiB of the runtime's own. */
static void hold(uint64_t used_pages, uint64_t retained_pages)
{
    gc.heap.space.used_pages = used_pages;
    gc.heap.space.committed_pages = used_pages + retained_pages + 100;
    gc.heap.space.held_pages = used_pages + retained_pages;
    gc.heap.own_bytes = MIB;
}

static void start_limited(int32_t percent, uint64_t limit_bytes)
{
    gc = (struct stw_gc){0};
    stw__gc_init(&gc);
    gc.options.mode = STW_MODE_CONCURRENT;
    gc.options.percent = percent;
    gc.options.limit_bytes = limit_bytes;
    gc.processors.total = 2;
    stw__pacer_init(&gc);
}

Test(pacer, limit_drives_cycles_with_gc_off)
{
    start_limited(STW_GC_OFF, 100 * MIB);
    cr_assert_eq(gc.pacer.goal, 101711872, "100 MiB less 3 %%");
    hold(5120, 256);
    end_unswept_cycle(38 * MIB, 20 * MIB);
    /* 41 MiB needed, 38 of them cells: 97 MiB are left, less 3 %. */
    cr_assert_eq(gc.pacer.goal, 98660518);
    cr_assert_eq(gc.pacer.trigger, 95018810, "20971520 + 1213890 * 61");
    cr_assert_eq(stw__pacer_audit(&gc, NULL), STW_OK);
}

Test(pacer, swept_cells_take_no_room_in_the_limit)
{
    start_limited(STW_GC_OFF, 100 * MIB);
    hold(2816, 0);
    gc.heap_live = 38 * MIB;
    end_cycle(20 * MIB, 0);
    /* 23 MiB needed, 20 of them cells: 97 MiB again, though 38 MiB were live before the sweep. */
    cr_assert_eq(gc.pacer.goal, 98660518);
}

Test(pacer, the_lower_goal_counts)
{
    start_limited(100, 100 * MIB);
    hold(5120, 256);
    end_unswept_cycle(38 * MIB, 20 * MIB);
    cr_assert_eq(gc.pacer.goal, 40 * MIB);
    end_unswept_cycle(38 * MIB, 60 * MIB);
    cr_assert_eq(gc.pacer.goal, 98660518, "not 120 MiB");
}

Test(pacer, what_is_beyond_the_limit_is_taken_off)
{
    start_limited(STW_GC_OFF, 100 * MIB);
    hold(13952, 0); /* 109 MiB and 1 MiB of its own */
    end_unswept_cycle(109 * MIB, 20 * MIB);
    /* 1 MiB beside the heap, 10 MiB beyond: 89 MiB = 93323264, less 3 % of it. */
    cr_assert_eq(gc.pacer.goal, 93323264 - 2799696);
}

Test(pacer, limit_below_the_live_heap_collects_at_once_and_never_below_it)
{
    start_limited(100, 30 * MIB);
    hold(5120, 0);
    end_unswept_cycle(40 * MIB, 35 * MIB);
    cr_assert_eq(gc.pacer.goal, 35 * MIB);
    cr_assert_eq(gc.pacer.trigger, 35 * MIB);
    start_limited(100, 3 * MIB);
    gc.heap.own_bytes = 4 * MIB;
    end_unswept_cycle(10 * MIB, 7 * MIB);
    cr_assert_eq(gc.pacer.goal, 7 * MIB, "nothing is left for the heap");
    cr_assert_eq(stw__pacer_audit(&gc, NULL), STW_OK);
}

Test(pacer, headroom_is_at_least_a_mebibyte)
{
    start_limited(STW_GC_OFF, 10 * MIB);
    cr_assert_eq(gc.pacer.goal, 9 * MIB);
    start_limited(STW_GC_OFF, 3 * MIB / 2);
    cr_assert_eq(gc.pacer.goal, MIB, "what is left after it, but not less than it");
}

Test(pacer, no_limit_is_zero_or_the_largest_number)
{
    start_limited(STW_GC_OFF, 0);
    cr_assert_eq(gc.pacer.goal, UINT64_MAX);
    start_limited(STW_GC_OFF, UINT64_MAX);
    cr_assert_eq(gc.pacer.goal, UINT64_MAX);
}

Test(pacer, goal_in_a_cycle_is_above_what_triggered_it_unless_the_limit_counts)
{
    start_limited(100, 0);
    end_cycle(100 * MIB, 0);
    gc.heap_live = 205 * MIB;
    stw__pacer_begin(&gc);
    cr_assert_eq(gc.pacer.goal, 205 * MIB + 65536);
    cr_assert_eq(stw_gc_set_percent(&gc, NULL, 200, NULL), 100, "in the cycle");
    cr_assert_eq(gc.pacer.goal, 300 * MIB);
    cr_assert_eq(stw__pacer_audit(&gc, NULL), STW_OK);
    end_cycle(100 * MIB, 0);
    cr_assert_eq(gc.pacer.goal, 300 * MIB);
    start_limited(STW_GC_OFF, 10 * MIB);
    gc.heap_live = 20 * MIB;
    stw__pacer_begin(&gc);
    cr_assert_eq(gc.pacer.goal, 9 * MIB);
}

/* A cycle that was expected to scan 10 MiB: triggered at 180 MiB with a goal of 200 MiB. */
static void begin_growing_cycle(uint64_t scannable_bytes, uint64_t done_bytes)
{
    start(100);
    end_cycle(100 * MIB, 10 * MIB);
    gc.heap_live = 180 * MIB;
    stw__pacer_begin(&gc);
    gc.pacer.scannable = scannable_bytes;
    gc.cycle_scan_bytes = done_bytes;
}

Test(pacer, a_cycle_beyond_its_estimate_extends_its_goal)
{
    begin_growing_cycle(100 * MIB, 20 * MIB);
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 80.0 / 200, 1e-9,
                       "goal 180 + 20 / 10 * 100 = 380 MiB, 80 MiB to scan");
    begin_growing_cycle(200 * MIB, 20 * MIB);
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 180.0 / 220, 1e-9, "at most twice the goal");
}

Test(pacer, a_cycle_beyond_its_goal_has_a_tenth_more)
{
    begin_growing_cycle(100 * MIB, 5 * MIB);
    gc.heap_live = 210 * MIB;
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 9.5, 1e-6, "95 MiB over 10 MiB");
    gc.cycle_scan_bytes = 10 * MIB;
    gc.heap_live = 190 * MIB;
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 1000.0 / (10 * MIB), 1e-9, "Go's least");
}

Test(pacer, a_forced_cycle_with_gc_off_hardly_asks_for_assists)
{
    start(STW_GC_OFF);
    stw__pacer_begin(&gc);
    gc.heap_live = 10 * MIB;
    gc.pacer.scannable = 5 * MIB;
    cr_assert(stw__pacer_assist_ratio(&gc) < 1e-9);
    gc.cycle_scan_bytes = 1 * MIB;
    cr_assert(stw__pacer_assist_ratio(&gc) < 1e-9);
    cr_assert(stw__pacer_assist_ratio(&gc) > 0);
}

/* A first cycle with a limit of 100 MiB and GOGC off: nothing was expected, some is done. */
static void begin_limited_cycle(int64_t live_bytes)
{
    start_limited(STW_GC_OFF, 100 * MIB);
    gc.mutator_count = 2;
    gc.heap_live = live_bytes;
    stw__pacer_begin(&gc);
    gc.cycle_stack_bytes = 2000;
    gc.pacer.scannable = 1002000;
}

/* The goal is 3 MiB below the limit: half of that is what it may be extended by. */
Test(pacer, no_estimate_extends_a_goal_beyond_the_limit)
{
    const uint64_t goal = 101711872, most = 101711872 + 3145728 / 2;
    begin_limited_cycle(95 * MIB);
    cr_assert_eq(gc.pacer.goal, goal);
    cr_assert_float_eq(stw__pacer_assist_ratio(&gc), 1002000.0 / (double)(most - 95 * MIB), 1e-6,
                       "what is left over what fits, not over a thousand times the goal");
    cr_assert_eq(stw__pacer_ahead_max(&gc), (int64_t)(most - 95 * MIB) / 2, "each of two");
    begin_limited_cycle(99 * MIB);
    cr_assert_eq(stw__pacer_ahead_max(&gc), 0);
    cr_assert(stw__pacer_assist_ratio(&gc) > 1e5, "not a tenth more than the goal");
}

Test(pacer, a_tenth_above_what_is_marked_fits_beyond_the_limit)
{
    start_limited(STW_GC_OFF, 100 * MIB);
    end_cycle(120 * MIB, 0);
    gc.heap_live = 122 * MIB;
    stw__pacer_begin(&gc);
    cr_assert_eq(gc.pacer.goal, 120 * MIB);
    cr_assert_eq(stw__pacer_ahead_max(&gc), 10 * (int64_t)MIB);
}

Test(pacer, mutators_may_pay_ahead_where_no_limit_counts)
{
    start_limited(100, 0);
    end_cycle(100 * MIB, 10 * MIB);
    cr_assert_eq(stw__pacer_ahead_max(&gc), INT64_MAX);
    start_limited(100, 1000 * MIB);
    end_cycle(100 * MIB, 10 * MIB);
    cr_assert_eq(stw__pacer_ahead_max(&gc), INT64_MAX);
    start_limited(STW_GC_OFF, UINT64_MAX - 1);
    cr_assert_eq(stw__pacer_ahead_max(&gc), INT64_MAX);
}

/* One cycle in which so much was allocated and scanned. */
static void play_cycle(uint64_t allocated_bytes, uint64_t scan_bytes)
{
    gc.heap_live = 100 * MIB;
    stw__pacer_begin(&gc);
    gc.pacer.assist_ns = gc.pacer.idle_ns = gc.pacer.mark_start_ns + 123456789;
    gc.heap_live += (int64_t)allocated_bytes;
    end_cycle(50 * MIB, scan_bytes);
}

Test(pacer, stepped_reads_no_clock)
{
    start(100);
    gc.options.mode = STW_MODE_RESCAN;
    gc.options.stepped = 1;
    play_cycle(3 * MIB, 4 * MIB);
    cr_assert_eq(gc.pacer.mark_start_ns, 0);
    cr_assert_float_eq(gc.pacer.cons_mark, 0.25, 1e-12, "3 * 0.25 / (4 * 0.75)");
    cr_assert_eq(gc.pacer.trigger, 97 * MIB, "runway: 0.25 * 3 * 4 MiB of the goal of 100");
}

Test(pacer, cons_mark_is_the_largest_of_five)
{
    start(100);
    gc.options.mode = STW_MODE_CONCURRENT;
    gc.options.stepped = 1;
    play_cycle(12 * MIB, 4 * MIB);
    for (uint32_t i = 0; i < 4; i++) {
        play_cycle(3 * MIB, 4 * MIB);
        cr_assert_float_eq(gc.pacer.cons_mark, 1.0, 1e-12);
    }
    play_cycle(3 * MIB, 4 * MIB);
    cr_assert_float_eq(gc.pacer.cons_mark, 0.25, 1e-12);
    play_cycle(0, 4 * MIB);
    play_cycle(3 * MIB, 0);
    cr_assert_float_eq(gc.pacer.cons_mark, 0.25, 1e-12, "too short a cycle tells nothing");
    cr_assert_float_eq(gc.pacer.cons_mark_before[0], 0.25, 1e-12);
}

Test(pacer, keeps_a_tenth_more_pages_than_the_last_cycle_in_proportion)
{
    start(100);
    cr_assert_eq(gc.pacer.retain_bytes, UINT64_MAX, "nothing is known yet");
    hold(640, 0); /* 5 MiB when the goal was 4 MiB */
    end_cycle(4 * MIB, 0);
    cr_assert_eq(gc.pacer.retain_bytes, 11 * MIB, "5 MiB * 8/4 * 1.1");
    stw_gc_set_percent(&gc, NULL, STW_GC_OFF, NULL);
    cr_assert_eq(gc.pacer.retain_bytes, UINT64_MAX);
}

static void expect_rule(const char *rule)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw__pacer_audit(&gc, &error), STW_E_AUDIT);
    cr_assert_str_eq(error.field, rule);
}

Test(pacer, audit_names_the_rule_that_is_broken)
{
    start(100);
    end_cycle(100 * MIB, 0);
    cr_assert_eq(stw__pacer_audit(&gc, NULL), STW_OK);
    gc.pacer.trigger = 196 * MIB + 1;
    expect_rule("gc.P1");
    gc.pacer.trigger = 170 * MIB;
    expect_rule("gc.P1");
    gc.pacer.trigger = 180 * MIB;
    cr_assert_eq(stw__pacer_audit(&gc, NULL), STW_OK);
    gc.heap_live = -1;
    expect_rule("gc.P3");
    start(STW_GC_OFF);
    gc.pacer.trigger = 5;
    expect_rule("gc.P1");
}
