/* unit/ends_test.c: goal: a plugin can tune the collector: it is told when cycles have ended
 * (gc.EN1), sees the heap as the pacer does, and sets GOGC and the memory limit from there. What an
 * allocator adopts counts. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
/* Method: mode stw, stepped, through the table that plugins get. */
#include "gc_rig.h"

#include "base/error.h"

#include <criterion/criterion.h>

static struct stw_mutator *m;
static const struct stw_host *host;
static uint32_t calls;
static uint64_t cycles_seen;
static int32_t wanted_percent;

static void begin(void)
{
    gc_rig_options.gc.mode = STW_MODE_STW;
    gc_rig_options.gc.stepped = 1;
    gc_rig_options.gc.percent = 100;
    gc_rig_start();
    m = gc_rig_attach(0);
    host = m->host;
}

TestSuite(ends, .init = begin);

static struct stw_heap_stats look(void)
{
    struct stw_heap_stats stats = {.struct_size = sizeof stats};
    host->heap_stats(host, &stats);
    cr_assert_eq(stats.struct_size, sizeof stats);
    return stats;
}

static void ended(void *context, struct stw_mutator *mutator)
{
    cr_assert_eq(context, &calls);
    cr_assert_eq(mutator, m);
    cr_assert_not(stw_gc_snapshot(stw_runtime_gc()).is_stopped);
    calls++;
    cycles_seen = look().cycles;
    if (wanted_percent)
        host->set_gc_percent(host, mutator, wanted_percent);
}

static void allocate(uint64_t bytes)
{
    for (uint64_t done = 0; done < bytes; done += 1024)
        stw_alloc(m, 1024, NULL);
}

Test(ends, hooks_are_called_once_a_cycle)
{
    cr_assert_eq(host->cycle_end_hook_add(host, ended, &calls), STW_OK);
    allocate(1 << 20);
    cr_assert_eq(calls, 0, "no cycle has ended");
    stw_gc_collect(m);
    cr_assert_eq(calls, 1);
    allocate(1 << 20);
    cr_assert_eq(calls, 1, "gc.EN1: once for each");
    stw_gc_collect(m);
    stw_gc_collect(m);
    cr_assert(calls == 3 && cycles_seen == 3);
    allocate(32 << 20);
    cr_assert_eq(calls, look().cycles, "also of cycles that an allocation began");
    cr_assert_gt(calls, 6);
}

Test(ends, of_hooks_there_are_sixteen)
{
    for (uint32_t i = 0; i < STW_CYCLE_HOOKS; i++)
        cr_assert_eq(host->cycle_end_hook_add(host, ended, &calls), STW_OK);
    cr_assert_eq(host->cycle_end_hook_add(host, ended, &calls), STW_E_NOMEM);
}

Test(ends, a_hook_tunes_gogc)
{
    host->cycle_end_hook_add(host, ended, &calls);
    wanted_percent = 800;
    stw_gc_collect(m);
    struct stw_heap_stats stats = look();
    cr_assert_eq(stats.gc_percent, 800);
    cr_assert_geq(stats.goal_bytes, 32u << 20, "4 MiB at GOGC 100");
    uint32_t before = calls;
    allocate(16 << 20);
    cr_assert_eq(calls, before);
}

Test(ends, the_limit_can_be_set)
{
    struct stw_heap_stats stats = look();
    cr_assert_eq(stats.limit_bytes, UINT64_MAX);
    cr_assert_eq(stats.goal_bytes, 4u << 20);
    cr_assert_eq(host->set_gc_percent(host, m, STW_GC_OFF), 100);
    cr_assert_eq(look().goal_bytes, UINT64_MAX);
    cr_assert_eq(host->set_memory_limit(host, m, 16u << 20), UINT64_MAX);
    stats = look();
    cr_assert_eq(stats.limit_bytes, 16u << 20);
    cr_assert_lt(stats.goal_bytes, 16u << 20);
    allocate(64 << 20);
    cr_assert_geq(look().cycles, 3, "the limit alone begins cycles");
    cr_assert_leq(look().pages_bytes, 16u << 20);
    cr_assert_eq(host->set_memory_limit(host, m, 0), 16u << 20);
    cr_assert_eq(look().goal_bytes, UINT64_MAX);
}

Test(ends, adopted_pages_count)
{
    uint64_t before = look().pages_bytes;
    host->set_memory_limit(host, m, 64u << 20);
    uint64_t goal = look().goal_bytes;
    host->set_gc_percent(host, m, STW_GC_OFF);
    uint64_t limited = look().goal_bytes;
    host->pages_adopt(host, 0x7f0000000000, 2048);
    cr_assert_eq(look().pages_bytes, before + (16u << 20));
    host->set_memory_limit(host, m, 64u << 20); /* looks anew */
    cr_assert_leq(look().goal_bytes, limited - (15u << 20));
    host->pages_disown(host, 0x7f0000000000, 2048);
    cr_assert_eq(look().pages_bytes, before);
    cr_assert_eq(goal, 4u << 20);
    cr_assert_geq(stw_gc_snapshot(stw_runtime_gc()).totals.heap_pages_peak_bytes,
                  before + (16u << 20));
}

Test(ends, what_is_requested_is_counted)
{
    uint64_t before = m->requested_bytes;
    stw_alloc(m, 1000, NULL);
    stw_alloc(m, 5, NULL);
    stw_alloc(m, 100000, NULL);
    stw_alloc(m, 1000, NULL);
    cr_assert_eq(m->requested_bytes - before, 102005);
}

/* abi.L7 */
Test(ends, what_is_not_returned_is_told)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_gc_check_returned(stw_runtime_gc(), &error), STW_OK);
    stw_alloc(m, 1000, NULL);
    cr_assert_eq(stw_gc_check_returned(stw_runtime_gc(), &error), STW_E_AUDIT);
    cr_assert_str_eq(error.field, "L7");
    cr_assert_str_eq(error.message, "has not returned 1 spans and 1 pages in destroy");
}
