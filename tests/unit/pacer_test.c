/* tests/unit/pacer_test.c: goal: goals and triggers are Go's to the byte (P1, P2). */
/* Method: a collector that was never started; cycles are played by setting what they measured.
 * Oracles: Go 1.19 to 1.27, runtime/mgcpacer.go, worked out by hand for the cases below. */
#include "gc/gc.h"

#include <criterion/criterion.h>

#define MIB (1024ull * 1024ull)

static struct stw_gc gc;

static void start(int32_t percent)
{
    gc = (struct stw_gc){0};
    stw_gc_init(&gc);
    gc.options.mode = STW_MODE_STW;
    gc.options.percent = percent;
    gc.processors.total = 2;
    stw_pacer_init(&gc);
}

/* Ends a cycle that marked so many bytes. */
static void end_cycle(uint64_t marked_bytes, uint64_t scan_bytes)
{
    gc.marked_bytes = marked_bytes;
    gc.cycle_scan_bytes = scan_bytes;
    gc.cycle_stack_bytes = gc.cycle_root_bytes = 0;
    stw_pacer_end(&gc);
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
    stw_pacer_end(&gc);
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
    cr_assert_eq(stw_pacer_set_percent(&gc, NULL, 100), STW_GC_OFF);
    cr_assert_eq(gc.pacer.trigger, 3997696);
    cr_assert_eq(stw_pacer_set_percent(&gc, NULL, -7), 100);
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

Test(pacer, debt_is_what_is_left_over_what_may_be_allocated)
{
    start(100);
    end_cycle(100 * MIB, 40 * MIB);
    gc.heap_live = 180 * MIB;
    stw_pacer_begin(&gc);
    gc.cycle_scan_bytes = 0;
    cr_assert_float_eq(stw_pacer_assist_ratio(&gc), 2.0, 1e-9, "40 MiB over 20 MiB");
    gc.cycle_scan_bytes = 30 * MIB;
    cr_assert_float_eq(stw_pacer_assist_ratio(&gc), 0.5, 1e-9);
    gc.heap_live = 200 * MIB;
    cr_assert(stw_pacer_assist_ratio(&gc) > 1e6, "at the goal nothing may be allocated unpaid");
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
