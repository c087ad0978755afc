/* tests/unit/heap_test.c: goal: pages, spans, addresses to cells (heap.S1-S3, heap.H1, heap.H4). */
/* Method: a real reserved range; random acquire/release against a shadow bitmap; every interior
 * address of spans of every shape; sweeps with known marks. */
#include "base/random.h"
#include "base/sanitizer.h"
#include "heap/heap.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define RESERVE_BYTES (256ull << 20)
#define PAGES (RESERVE_BYTES / STW_PAGE_BYTES)

static struct stw_heap heap;

static void setup(void)
{
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(stw_heap_init(&heap, RESERVE_BYTES, &error), STW_OK, "%s", error.message);
}

static void audit(void)
{
    struct stw_error error = {.struct_size = sizeof error};
    cr_assert_eq(stw_heap_audit(&heap, &error), STW_OK, "%s: %s", error.field, error.message);
}

static uintptr_t acquire(uint64_t pages, uint32_t *needs_zero)
{
    uintptr_t base = 0;
    uint32_t dirty = 0;
    cr_assert_eq(stw_space_acquire(&heap.space, pages, &base, &dirty), STW_OK);
    if (needs_zero)
        *needs_zero = dirty;
    return base;
}

static struct stw_span *span_of(uint64_t pages, uint64_t cell_bytes, uint32_t cells,
                                uint32_t layout)
{
    struct stw_span_request request = {.struct_size = sizeof request, .span_class = 2,
                                       .base = acquire(pages, NULL), .page_count = pages,
                                       .cell_bytes = cell_bytes, .cell_count = cells,
                                       .layout = layout};
    struct stw_span *span = NULL;
    cr_assert_eq(stw_heap_register(&heap, &request, &span), STW_OK);
    return span;
}

TestSuite(heap, .init = setup);

Test(heap, arena_is_aligned_and_at_its_hint)
{
    cr_assert_eq(heap.space.base % STW_ARENA_BYTES, 0);
#if !STW_TSAN /* it never grants the hint */
    cr_assert_eq(heap.space.base, STW_SPACE_HINT);
#endif
}

Test(heap, pages_are_first_fit_by_address)
{
    uintptr_t a = acquire(3, NULL), b = acquire(5, NULL), c = acquire(1, NULL);
    cr_assert_eq(b, a + 3 * STW_PAGE_BYTES);
    cr_assert_eq(c, b + 5 * STW_PAGE_BYTES);
    stw_space_release(&heap.space, a, 3);
    stw_space_release(&heap.space, b, 5);
    cr_assert_eq(acquire(8, NULL), a, "adjacent free runs join");
    stw_space_release(&heap.space, a, 8);
    cr_assert_eq(acquire(2, NULL), a);
    audit();
}

Test(heap, used_pages_need_zeroing_until_they_are_scavenged)
{
    uint32_t needs_zero = 9;
    uintptr_t a = acquire(4, &needs_zero);
    cr_assert_eq(needs_zero, 0, "fresh from the system");
    memset((void *)a, 0xff, 4 * STW_PAGE_BYTES);
    stw_space_release(&heap.space, a, 4);
    cr_assert_eq(stw_space_held_pages(&heap.space) - heap.space.used_pages, 4);
    cr_assert_eq(acquire(4, &needs_zero), a);
    cr_assert_eq(needs_zero, 1);
    stw_space_release(&heap.space, a, 4);
    cr_assert_eq(stw_space_scavenge(&heap.space, 3), 3, "no more than asked for");
    cr_assert_eq(stw_space_scavenge(&heap.space, 100), 1);
    cr_assert_eq(stw_space_held_pages(&heap.space) - heap.space.used_pages, 0);
    cr_assert_eq(acquire(4, &needs_zero), a);
    cr_assert_eq(needs_zero, 0);
    for (uint64_t i = 0; i < 4 * STW_PAGE_BYTES; i++)
        cr_assert_eq(((char *)a)[i], 0);
    audit();
}

Test(heap, exhausted_range_refuses_and_recovers)
{
    uintptr_t base = 0;
    uint32_t needs_zero = 0;
    cr_assert_eq(stw_space_acquire(&heap.space, PAGES + 1, &base, &needs_zero), STW_E_NOMEM);
    uintptr_t all = acquire(PAGES, NULL);
    cr_assert_eq(stw_space_acquire(&heap.space, 1, &base, &needs_zero), STW_E_NOMEM);
    stw_space_release(&heap.space, all, PAGES);
    cr_assert_eq(acquire(PAGES, NULL), all);
    audit();
}

Test(heap, random_pages_never_overlap)
{
    static uint8_t used[PAGES];
    struct { uint64_t first, count; } runs[200] = {0};
    struct stw_random random = stw_random_seed(7, 1);
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t at = stw_random_below(&random, 200);
        if (runs[at].count) {
            memset(used + runs[at].first, 0, runs[at].count);
            stw_space_release(&heap.space, heap.space.base + runs[at].first * STW_PAGE_BYTES,
                              runs[at].count);
            runs[at].count = 0;
        } else {
            uint64_t count = 1 + stw_random_below(&random, step % 50 ? 12 : 700);
            uintptr_t base = 0;
            uint32_t needs_zero = 0;
            if (stw_space_acquire(&heap.space, count, &base, &needs_zero) != STW_OK)
                continue;
            runs[at].first = (base - heap.space.base) / STW_PAGE_BYTES;
            runs[at].count = count;
            for (uint64_t i = 0; i < count; i++)
                cr_assert_eq(used[runs[at].first + i]++, 0, "page handed out twice (heap.S1)");
        }
        if (step % 1000 == 0)
            stw_space_scavenge(&heap.space, 50);
        if (step % 500 == 0)
            audit();
    }
}

Test(heap, every_interior_address_resolves_to_its_cell)
{
    static const struct { uint64_t pages, bytes; uint32_t layout; } shapes[] = {
        {1, 8, STW_LAYOUT_NOSCAN},     {1, 48, STW_LAYOUT_BITMAP},
        {1, 512, STW_LAYOUT_BITMAP},   {2, 1408, STW_LAYOUT_HEADER},
        {6, 6912, STW_LAYOUT_NOSCAN},  {10, 27264, STW_LAYOUT_HEADER},
        {9, 18432, STW_LAYOUT_NOSCAN}, {4, 32768, STW_LAYOUT_HEADER},
        {40, 40 * 8192, STW_LAYOUT_LARGE}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        uint64_t total = shapes[i].pages * STW_PAGE_BYTES
                         - (shapes[i].layout == STW_LAYOUT_BITMAP ? STW_PAGE_BYTES / 64 : 0);
        uint32_t cells = (uint32_t)(total / shapes[i].bytes);
        struct stw_span *span = span_of(shapes[i].pages, shapes[i].bytes, cells, shapes[i].layout);
        for (uint64_t at = 0; at < shapes[i].pages * STW_PAGE_BYTES; at++) {
            struct stw_heap_cell cell = {0};
            int found = stw_heap_resolve(&heap, span->base + at, &cell);
            cr_assert_eq(found, at / shapes[i].bytes < cells);
            if (!found)
                continue;
            cr_assert_eq(cell.index, at / shapes[i].bytes);
            cr_assert_eq(cell.base, span->base + at / shapes[i].bytes * shapes[i].bytes);
            cr_assert_eq(&cell.record->span, span);
        }
    }
    audit();
}

Test(heap, foreign_addresses_resolve_to_nothing)
{
    struct stw_heap_cell cell = {0};
    struct stw_span *span = span_of(1, 64, 128, STW_LAYOUT_NOSCAN);
    cr_assert_not(stw_heap_resolve(&heap, span->base - 1, &cell));
    cr_assert_not(stw_heap_resolve(&heap, span->base + STW_PAGE_BYTES, &cell));
    cr_assert_not(stw_heap_resolve(&heap, (uintptr_t)&cell, &cell));
    cr_assert_not(stw_heap_resolve(&heap, UINTPTR_MAX, &cell));
    cr_assert_not(stw_heap_resolve(&heap, (uintptr_t)1 << 63, &cell));
    cr_assert_not(stw_heap_resolve(&heap, 0, &cell));
    uintptr_t base = span->base;
    stw_heap_unregister(&heap, span);
    cr_assert_not(stw_heap_resolve(&heap, base, &cell));
    audit();
}

Test(heap, a_span_anywhere_in_the_address_space_can_be_registered)
{
    void *memory = NULL;
    cr_assert_eq(posix_memalign(&memory, STW_PAGE_BYTES, 3 * STW_PAGE_BYTES), 0);
    struct stw_span_request request = {.struct_size = sizeof request, .span_class = 3,
                                       .base = (uintptr_t)memory, .page_count = 3,
                                       .cell_bytes = 3072, .cell_count = 8};
    struct stw_span *span = NULL;
    cr_assert_eq(stw_heap_register(&heap, &request, &span), STW_OK);
    struct stw_heap_cell cell = {0};
    cr_assert(stw_heap_resolve(&heap, (uintptr_t)memory + 3072 * 7 + 5, &cell));
    cr_assert_eq(cell.index, 7);
    stw_heap_unregister(&heap, span);
    free(memory);
}

#if !STW_ASAN && !STW_TSAN /* whose runtimes need address space */
Test(heap, a_span_that_cannot_be_mapped_whole_is_not_mapped_at_all)
{
    struct stw_span *first = span_of(1, 16, 8, STW_LAYOUT_NOSCAN), *span = NULL;
    struct stw_span_request request = {.struct_size = sizeof request, .span_class = 1,
                                       .base = first->base + STW_PAGE_BYTES,
                                       .page_count = STW_ARENA_PAGES, .cell_count = 1,
                                       .cell_bytes = 8};
    struct rlimit before, none = {0, RLIM_INFINITY};
    cr_assert_eq(getrlimit(RLIMIT_AS, &before), 0);
    none.rlim_max = before.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_AS, &none), 0);
    stw_status status = stw_heap_register(&heap, &request, &span); /* the second arena's map */
    setrlimit(RLIMIT_AS, &before);
    cr_assert_eq(status, STW_E_NOMEM);
    for (uint64_t page = 0; page < request.page_count; page++)
        cr_assert_null(stw_heap_span_at(&heap, request.base + page * STW_PAGE_BYTES));
    audit();
}
#endif

Test(heap, cells_beyond_32_bits_resolve)
{
    uint64_t cell_bytes = 1ull << 33;
    struct stw_span_request request = {.struct_size = sizeof request, .span_class = 1,
                                       .base = 1ull << 44, .cell_count = 2,
                                       .page_count = 2 * cell_bytes / STW_PAGE_BYTES,
                                       .cell_bytes = cell_bytes};
    struct stw_span *span;
    struct stw_heap_cell cell;
    cr_assert_eq(stw_heap_register(&heap, &request, &span), STW_OK);
    cr_assert(stw_heap_resolve(&heap, request.base + cell_bytes + 5, &cell));
    cr_assert_eq(cell.index, 1);
    cr_assert_eq(cell.base, request.base + cell_bytes);
    cr_assert(stw_heap_resolve(&heap, request.base + cell_bytes - 1, &cell));
    cr_assert_eq(cell.index, 0);
}

static void register_lie(uint64_t cell_bytes, uint32_t cell_count, uint64_t page_count,
                         uintptr_t base)
{
    struct stw_span_request request = {.struct_size = sizeof request, .span_class = 2,
                                       .base = base, .page_count = page_count,
                                       .cell_bytes = cell_bytes, .cell_count = cell_count};
    struct stw_span *span;
    stw_heap_register(&heap, &request, &span);
}

Test(heap, cells_whose_sum_wraps_are_refused, .signal = SIGABRT)
{
    register_lie(1ull << 33, 1u << 31, 1, acquire(1, NULL));
}
Test(heap, pages_whose_sum_wraps_are_refused, .signal = SIGABRT)
{
    register_lie(16, 8, (1ull << 51) + 1, acquire(1, NULL));
}
Test(heap, pages_beyond_the_address_space_are_refused, .signal = SIGABRT)
{
    register_lie(16, 8, 2, (1ull << 48) - STW_PAGE_BYTES);
}
Test(heap, pages_released_whose_sum_wraps_are_refused, .signal = SIGABRT)
{
    stw_space_release(&heap.space, acquire(3, NULL) + STW_PAGE_BYTES, UINT64_MAX);
}

Test(heap, sweep_turns_marks_into_allocations)
{
    struct stw_span *span = span_of(1, 64, 128, STW_LAYOUT_NOSCAN);
    stw_bits_set(span->alloc_bits, 0, 100);
    for (uint32_t i = 0; i < 100; i += 3) {
        struct stw_heap_cell cell = {0};
        cr_assert(stw_heap_resolve(&heap, span->base + i * 64 + 7, &cell));
        cr_assert(stw_cell_mark(&cell), "first mark");
        cr_assert_not(stw_cell_mark(&cell), "only once");
        cr_assert(stw_cell_is_marked(&cell));
    }
    heap.generation++;
    cr_assert_eq(stw_heap_sweep(&heap, span), 34);
    cr_assert_eq(span->live_count, 34);
    cr_assert_eq(span->free_index, 0);
    cr_assert_eq(span->needs_zero, 1, "freed cells hold old words");
    cr_assert_eq(span->sweep_generation, heap.generation);
    for (uint32_t i = 0; i < 128; i++)
        cr_assert_eq(stw_span_is_allocated(span, i), i < 100 && i % 3 == 0);
    heap.generation++;
    cr_assert_eq(stw_heap_sweep(&heap, span), 0, "marks of one cycle do not last");
    audit();
}

Test(heap, poison_shows_dead_cells_and_spares_live_ones)
{
    heap.poison = 1;
    struct stw_span *span = span_of(1, 512, 16, STW_LAYOUT_NOSCAN);
    memset((void *)span->base, 0x11, 512 * 16);
    stw_bits_set(span->alloc_bits, 0, 3);
    struct stw_heap_cell live = {0};
    cr_assert(stw_heap_resolve(&heap, span->base + 512, &live));
    stw_cell_mark(&live);
    heap.generation++;
    stw_heap_sweep(&heap, span);
    const unsigned char *bytes = (const unsigned char *)span->base;
    cr_assert_eq(bytes[0], 0xdb);
    cr_assert_eq(bytes[511], 0xdb);
    cr_assert_eq(bytes[512], 0x11);
    cr_assert_eq(bytes[1024], 0xdb);
    cr_assert_eq(bytes[1536], 0x11, "never allocated: left alone");
}

Test(heap, bit_ranges_cover_exactly_their_cells)
{
    for (uint32_t first = 0; first < 130; first++) {
        for (uint32_t count = 0; first + count <= 192; count += 7) {
            uint64_t bits[3] = {0};
            stw_bits_set(bits, first, count);
            for (uint32_t i = 0; i < 192; i++)
                cr_assert_eq(bits[i / 64] >> (i % 64) & 1, i >= first && i < first + count);
            cr_assert_eq(stw_bits_count(bits, 3), count);
            stw_bits_clear(bits, first, count);
            cr_assert_eq(stw_bits_count(bits, 3), 0);
        }
    }
}

Test(heap, audit_finds_a_page_map_that_lies)
{
    struct stw_error error = {.struct_size = sizeof error};
    struct stw_span *span = span_of(2, 64, 256, STW_LAYOUT_NOSCAN);
    heap.page_map[span->base >> STW_ARENA_BITS][(span->base >> STW_PAGE_BITS)
                                                & (STW_ARENA_PAGES - 1)] = NULL;
    cr_assert_eq(stw_heap_audit(&heap, &error), STW_E_AUDIT);
    cr_assert_str_eq(error.field, "heap.H1");
}

Test(heap, audit_finds_a_chunk_that_miscounts)
{
    struct stw_error error = {.struct_size = sizeof error};
    acquire(1, NULL);
    heap.space.free_in_chunk[0]++;
    cr_assert_eq(stw_heap_audit(&heap, &error), STW_E_AUDIT);
    cr_assert_str_eq(error.field, "heap.S3");
}
