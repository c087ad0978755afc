/* unit/bump_allocator_test.c: goal: the allocator `bump` bumps through free lines, finds them again
 * after a sweep, and keeps its books (bump.B1 to bump.B4); cells of layout MIXED are found and kept
 * by their headers (heap.H6). */
/* sources: plugins/allocators/go.c plugins/allocators/bump.c tests/support/gc_rig.c */
/* Method: the real heap and collector, mode stw, stepped: nothing moves but by the test. Each cycle
 * ends with an audit. What lives is in a root table; addresses of what is to die are not on the
 * stack, which is scanned. */
#include "gc_rig.h"

#include "base/error.h"
#include "base/random.h"
#include "gc/audit.h"
#include "gc/collector.h"

#include <criterion/criterion.h>
#include <string.h>

#define SLOTS 4096u
#define BLOCK_BYTES 32768u

const struct stw_descriptor *stw_plugin_entry_bump(void);

static const uint64_t both[1] = {3};
static const struct stw_type pair = {sizeof(struct stw_type), 0, 16, 16, both, "pair"};
static void *slots[SLOTS];
static volatile uintptr_t cells[256];
static struct stw_mutator *m;

static void begin(void)
{
    gc_rig_entry = stw_plugin_entry_bump;
    gc_rig_options.gc.mode = STW_MODE_STW;
    gc_rig_options.gc.percent = STW_GC_OFF;
    gc_rig_options.gc.stepped = 1;
    gc_rig_start();
    stw_roots_add(stw_runtime_gc(), slots, SLOTS);
    m = gc_rig_attach(0);
}

TestSuite(bump_allocator, .init = begin);

static const struct stw_allocator_ops *ops(void)
{
    return stw_runtime_gc()->options.allocator;
}

static void *self(void)
{
    return stw_runtime_gc()->options.allocator_self;
}

static struct stw_allocator_stats stats(void)
{
    struct stw_allocator_stats stats = {.struct_size = sizeof stats};
    ops()->stats(self(), &stats);
    return stats;
}

static uintptr_t fill(uint32_t slot, uint64_t bytes, const struct stw_type *type)
{
    void *cell = stw_alloc(m, bytes, type);
    stw_store(m, &slots[slot], cell);
    return (uintptr_t)cell;
}

static void forget(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        stw_store(m, &slots[i], NULL);
}

/* gc.U1: marks are those of the next cycle here, which has not begun, so the first root's cell has
 * none. */
Test(bump_allocator, audits_name_the_type_of_a_lost_cell)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_gc *gc = stw_runtime_gc();
    fill(0, 16, &pair);
    stw_gc_collect(m);
    gc->marked_bytes = 0;
    cr_assert_eq(stw__gc_audit(gc, stw__record_of(m), &error), STW_E_AUDIT);
    cr_assert_str_eq(error.field, "gc.U1");
    cr_assert(strstr(error.message, "of 32 bytes of type \"pair\" is held by the root at "), "%s",
              error.message);
}

Test(bump_allocator, puts_all_sizes_one_behind_the_other)
{
    uintptr_t at = fill(0, 8, NULL);
    cr_assert_eq(fill(1, 16, &pair), at + 16, "a header of 8 bytes before each");
    cr_assert_eq(fill(2, 100, NULL), at + 16 + 32);
    cr_assert_eq(fill(3, 1, NULL), at + 16 + 32 + 112);
    uintptr_t medium = fill(4, 1000, NULL);
    cr_assert_neq(medium / BLOCK_BYTES, at / BLOCK_BYTES, "above a line: another block");
    cr_assert_eq(fill(5, 8184, NULL), medium + 1008);
    cr_assert_eq(fill(6, 8185, NULL) % STW_PAGE_BYTES, 0, "a span of its own");
}

Test(bump_allocator, uses_free_lines_again)
{
    for (uint32_t i = 0; i < 256; i++)
        cells[i] = fill(i, 120, NULL); /* a line each */
    forget(16, 3);
    forget(100, 1);
    stw_gc_collect(m);
    cr_assert_eq(stats().spans_partial, 1);
    for (uint32_t i = 16; i < 19; i++)
        cr_assert_eq(fill(i, 120, NULL), cells[i]);
    uintptr_t first = fill(300, 40, NULL), second = fill(301, 40, NULL);
    cr_assert_eq(first, cells[100], "the next hole, with smaller cells");
    cr_assert_eq(second, cells[100] + 48);
    cr_assert_eq(fill(302, 40, NULL) / BLOCK_BYTES, first / BLOCK_BYTES + 1, "a new block");
    stw_gc_collect(m);
    cr_assert_eq(*(uint64_t *)(first - 8) >> 48, 3, "48 bytes");
}

Test(bump_allocator, a_line_is_taken_by_any_part_of_a_cell)
{
    uintptr_t first = fill(0, 1000, NULL);
    cells[1] = fill(1, 1000, NULL);
    fill(2, 1000, NULL);
    forget(1, 1);
    stw_gc_collect(m);
    uintptr_t hole = fill(3, 800, NULL);
    cr_assert_eq((hole - 8) % 128, 0);
    cr_assert_gt(hole, first + 1000, "not in the line where the first one ends");
    cr_assert_lt(hole, cells[1] + 128);
}

Test(bump_allocator, finds_cells_by_any_address_in_them)
{
    struct stw_heap_cell cell;
    const struct stw_heap *heap = &stw_runtime_gc()->heap;
    uintptr_t first = fill(0, 3000, NULL), second = fill(1, 24, NULL);
    cr_assert_not(stw_heap_resolve(heap, first, &cell), "heap.H6: handed out, not retired");
    stw_gc_collect(m);
    cr_assert(stw_heap_resolve(heap, first, &cell) && cell.base == first - 8);
    cr_assert(stw_heap_resolve(heap, first + 2999, &cell) && cell.base == first - 8);
    cr_assert_eq(stw_cell_bytes(&cell), 3008);
    cr_assert_not(stw_heap_resolve(heap, first + 3000, &cell), "behind it nothing is allocated");
    cr_assert(stw_heap_resolve(heap, second + 23, &cell) && cell.base == second - 8);
    cr_assert_not(stw_heap_resolve(heap, second - 9, &cell), "heap.H6: no cell is before it");
}

Test(bump_allocator, keeps_what_pointers_lead_to)
{
    void **top = (void **)fill(0, 16, &pair);
    for (uint32_t i = 0; i < 1000; i++) {
        void **next = stw_alloc(m, 16, &pair);
        stw_store(m, &next[1], top);
        top = next;
        stw_store(m, &slots[0], top);
    }
    stw_gc_collect(m);
    uint32_t length = 0;
    for (void **at = top; at; at = at[1])
        length++;
    cr_assert_eq(length, 1001);
    cr_assert_geq(stw_gc_snapshot(stw_runtime_gc()).totals.heap_marked_bytes, 1001 * 32);
}

Test(bump_allocator, frees_and_keeps_empty_blocks)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        fill(i, 500, NULL);
    uint64_t before = stats().spans_full + stats().spans_partial + stats().spans_cached;
    cr_assert_geq(before, SLOTS / 65);
    forget(0, SLOTS);
    stw_gc_collect(m);
    cr_assert_leq(stats().spans_full + stats().spans_partial, 2, "but for stale words");
    cr_assert_eq(stats().pages_kept, 16 * 4, "bump.B4");
    ops()->release(self());
    cr_assert_eq(stats().pages_kept, 0);
}

static int is_filled(const unsigned char *cell, uint64_t bytes, uint32_t fill_byte)
{
    return cell[0] == fill_byte && memcmp(cell, cell + 1, bytes - 1) == 0;
}

Test(bump_allocator, survives_a_random_history)
{
    struct stw_random random = stw_random_seed(7, 1);
    static uint64_t bytes_of[SLOTS];
    for (uint32_t round = 0; round < 20; round++) {
        for (uint32_t i = 0; i < 3000; i++) {
            uint32_t slot = stw_random_below(&random, SLOTS);
            static const uint32_t bounds[] = {40, 40, 300, 9000, 40000};
            uint64_t bytes = 1 + stw_random_below(&random, bounds[stw_random_below(&random, 5)]);
            unsigned char *cell = (unsigned char *)fill(slot, bytes, NULL);
            cr_assert(is_filled(cell, bytes, 0), "a new cell is not zero");
            memset(cell, (int)(slot % 251) + 1, bytes);
            bytes_of[slot] = bytes;
        }
        stw_gc_collect(m);
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            cr_assert(!slots[slot] || is_filled(slots[slot], bytes_of[slot], slot % 251 + 1));
        forget(stw_random_below(&random, SLOTS / 2), SLOTS / 2);
    }
}

static void expect_broken(const char *rule)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(ops()->audit(self(), &error), STW_E_AUDIT, "%s was not seen", rule);
    cr_assert_str_eq(error.field, rule, "%s", error.message);
}

Test(bump_allocator, audit_names_what_is_broken)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stw_heap_cell cell;
    for (uint32_t i = 0; i < 300; i++)
        fill(i, 120, NULL);
    forget(7, 1);
    stw_gc_collect(m);
    cr_assert_eq(ops()->audit(self(), &error), STW_OK, "%s: %s", error.field, error.message);
    stw_heap_resolve(&stw_runtime_gc()->heap, (uintptr_t)slots[0], &cell);
    struct stw_span *span = &cell.record->span;
    span->page_count--, expect_broken("abi.L1"), span->page_count++;
    span->live_count--, expect_broken("abi.L3"), span->live_count++;
    span->line_bits[0] ^= 1ull << 7, expect_broken("abi.L3"), span->line_bits[0] ^= 1ull << 7;
    span->allocator_word++, expect_broken("bump.B1"), span->allocator_word--;
    span->sweep_generation--, expect_broken("bump.B2"), span->sweep_generation++;
    span->free_index = 256, expect_broken("bump.B3"), span->free_index = 0;
    cr_assert_eq(ops()->audit(self(), &error), STW_OK, "%s: %s", error.field, error.message);
}
