/* gc/mark.c: markers: who may mark, marking a cell, draining.
 *
 * A marker holds no grey cell outside begin..end (gc.K1, work.c).
 * K6  pointers read ahead are marked before the cell that they come from counts as scanned. */
#include "gc/mark.h"

#include "gc/collector.h"
#include "gc/scan.h"

#define CHECK_CELLS STW_LIMIT_CHECK_CELLS
#define AHEAD_CELLS STW_LIMIT_AHEAD_CELLS
#define LOWEST_POINTER 4096u /* Go: minLegalPointer */

void stw__marker_check(const struct stw_marker *marker)
{
    STW_REQUIRE(!marker->active && !marker->spare); /* gc.K1 */
    STW_REQUIRE(!marker->spans.first && !marker->spans.count && !marker->slot);
}

void stw__marker_begin(struct stw_marker *marker, struct stw_gc *gc)
{
    STW_CHECK(stw__marker_check(marker));
    __atomic_fetch_add(&gc->mark.active, 1, __ATOMIC_SEQ_CST);
    STW_EDGE("drain.begin");
    __atomic_fetch_add(&gc->mark.begins, 1, __ATOMIC_SEQ_CST);
    *marker = (struct stw_marker){.gc = gc, .in_stop = STW_LOAD(gc->world.settled)};
}

static void leave(struct stw_gc *gc)
{
    if (__atomic_fetch_sub(&gc->mark.active, 1, __ATOMIC_SEQ_CST) == 1)
        stw__world_tell(&gc->world, &gc->mark.active);
}

/* Raises `active` before it looks at `stopped`; window 2 sets that before it waits for `active`. */
void stw__marker_begin_outside(struct stw_marker *marker, struct stw_gc *gc)
{
    stw__marker_begin(marker, gc);
    STW_EDGE("drain.outside");
    while (__atomic_load_n(&gc->world.stopped, __ATOMIC_SEQ_CST)) {
        leave(gc);
        stw__world_await_start(gc);
        __atomic_fetch_add(&gc->mark.active, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&gc->mark.begins, 1, __ATOMIC_SEQ_CST);
    }
    marker->in_stop = 0;
}

/* An atomic instruction waits for all stores before it, also when it adds nothing. */
static void add(uint64_t *total, uint64_t count)
{
    if (count > 0)
        STW_ADD(*total, count);
}

void stw__marker_end(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    STW_EDGE("drain.end");
    stw__work_give_back(marker);
    STW_CHECK(stw__marker_check(marker));
    add(marker->in_stop ? &gc->totals.scan_stw_bytes : &gc->totals.scan_conc_bytes,
        marker->scan_bytes);
    add(&gc->totals.mark_objects, marker->mark_objects);
    add(&gc->totals.steals, marker->steals);
    add(&gc->totals.stack_bytes, marker->stack_bytes);
    add(&gc->totals.root_bytes, marker->root_words * 8);
    add(&gc->cycle_scan_bytes, marker->scan_bytes);
    add(&gc->cycle_stack_bytes, marker->stack_bytes);
    add(&gc->cycle_root_bytes, marker->root_words * 8);
    add(&gc->marked_bytes, marker->marked_bytes);
    STW_EDGE("drain.left");
    leave(gc);
}

static void grey(struct stw_marker *marker, const struct stw_heap_cell *cell)
{
    if (!stw_cell_mark(cell))
        return;
    marker->mark_objects++;
    marker->marked_bytes += stw_cell_bytes(cell);
    uint32_t layout = cell->record->span.layout;
    if (layout == STW_LAYOUT_BITMAP)
        stw__work_push_span(marker, cell->record);
    else if (layout != STW_LAYOUT_NOSCAN
             && (layout != STW_LAYOUT_MIXED || stw_header_type(stw_cell_header(cell))))
        stw__work_push(marker, cell->base);
}

void stw__mark_precise(struct stw_marker *marker, uintptr_t address)
{
    struct stw_heap_cell cell;
    if (address >= LOWEST_POINTER && stw_heap_resolve(&marker->gc->heap, address, &cell))
        grey(marker, &cell);
}

static void resolve_next(struct stw_ahead *ahead)
{
    struct stw_heap_cell *cell = &ahead->cells[ahead->resolved++ % AHEAD_CELLS];
    if (cell->record && stw_heap_resolve_in(cell->record, cell->base, cell))
        __builtin_prefetch(&cell->record->mark_bits[cell->index / 64], 1);
    else
        cell->record = NULL;
}

static void mark_next(struct stw_marker *marker, struct stw_ahead *ahead)
{
    const struct stw_heap_cell *cell = &ahead->cells[ahead->marked++ % AHEAD_CELLS];
    if (cell->record)
        grey(marker, cell);
}

void stw__mark_ahead(struct stw_marker *marker, struct stw_ahead *ahead, uintptr_t address)
{
    if (ahead->read - ahead->resolved == AHEAD_CELLS / 2)
        resolve_next(ahead);
    if (ahead->read - ahead->marked == AHEAD_CELLS)
        mark_next(marker, ahead);
    struct stw_heap_cell *cell = &ahead->cells[ahead->read++ % AHEAD_CELLS];
    cell->base = address;
    cell->record =
        address >= LOWEST_POINTER ? stw_heap_span_at(&marker->gc->heap, address) : NULL;
    if (cell->record) {
        __builtin_prefetch(cell->record);
        __builtin_prefetch(&cell->record->mark_bits);
    }
}

void stw__mark_ahead_end(struct stw_marker *marker, struct stw_ahead *ahead)
{
    while (ahead->resolved != ahead->read)
        resolve_next(ahead);
    while (ahead->marked != ahead->read)
        mark_next(marker, ahead);
}

void stw__mark_candidate(struct stw_marker *marker, uintptr_t address)
{
    struct stw_heap_cell cell;
    if (address >= LOWEST_POINTER && stw_heap_resolve(&marker->gc->heap, address, &cell)
        && stw_span_is_allocated(&cell.record->span, cell.index))
        grey(marker, &cell);
}

int stw__mark_drain(struct stw_marker *marker, const struct stw_drain_limit *limit)
{
    uint64_t scanned_before = marker->scan_bytes + marker->root_words * 8;
    for (uint32_t cells = 0;;) {
        struct stw_grey grey;
        if (stw__mark_must_leave(limit))
            return 0;
        if (!stw__work_pop(marker, &grey)) {
            if (!stw__roots_scan_next(marker))
                return 1;
            cells++;
        } else if (grey.span) {
            cells += stw__scan_span(marker, grey.span, limit);
        } else {
            stw__scan_cell(marker, grey.address);
            cells++;
        }
        if (marker->scan_bytes + marker->root_words * 8 - scanned_before >= limit->scan_bytes_max)
            return 0;
        if (cells < CHECK_CELLS)
            continue;
        cells = 0;
        stw__work_share(marker);
        if (limit->deadline_ns && stw_clock_ns() >= limit->deadline_ns)
            return 0;
    }
}

int stw__mark_is_left(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->work.full_count, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->work.spans.count, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->mark.stacks_left, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->roots.next_job, __ATOMIC_SEQ_CST)
                  < __atomic_load_n(&gc->roots.count, __ATOMIC_SEQ_CST);
}

/* Nobody was inside at first and nobody came in meanwhile: so the list was still while it was
 * read. */
int stw__mark_is_idle(struct stw_gc *gc)
{
    uint64_t begins = __atomic_load_n(&gc->mark.begins, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&gc->mark.active, __ATOMIC_SEQ_CST) == 0 && !stw__mark_is_left(gc)
           && __atomic_load_n(&gc->mark.begins, __ATOMIC_SEQ_CST) == begins;
}
