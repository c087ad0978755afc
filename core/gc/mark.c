/* gc/mark.c: markers, scanning, draining.
 *
 * K1  marker buffers are empty outside begin..end (work.c).
 * K2  a cell's words are read atomically; a slot may change under the reader, whose old value is
 *     then in a barrier buffer.
 * K3  large cells are scanned in pieces of 128 KiB (Go: maxObletBytes), each a grey entry of its
 *     own; an element belongs to the piece in which it starts. */
#include "gc/gc.h"

#define OBLET_BYTES STW_LIMIT_OBLET_BYTES
#define CHECK_CELLS STW_LIMIT_CHECK_CELLS
#define LOWEST_POINTER 4096u /* Go: minLegalPointer */

void stw_marker_begin(struct stw_marker *marker, struct stw_gc *gc)
{
    STW_ASSERT(!marker->active && !marker->spare);
    __atomic_fetch_add(&gc->mark.active, 1, __ATOMIC_SEQ_CST);
    STW_EDGE("drain.begin");
    __atomic_fetch_add(&gc->mark.begins, 1, __ATOMIC_SEQ_CST);
    *marker = (struct stw_marker){.gc = gc, .in_stop = STW_LOAD(gc->world.settled)};
}

/* Raises `active` before it looks at `stopped`; window 2 sets that before it waits for `active`. */
void stw_marker_begin_outside(struct stw_marker *marker, struct stw_gc *gc)
{
    stw_marker_begin(marker, gc);
    STW_EDGE("drain.outside");
    while (__atomic_load_n(&gc->world.stopped, __ATOMIC_SEQ_CST)) {
        __atomic_fetch_sub(&gc->mark.active, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&gc->world.stopped, __ATOMIC_ACQUIRE))
            stw_thread_yield();
        __atomic_fetch_add(&gc->mark.active, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&gc->mark.begins, 1, __ATOMIC_SEQ_CST);
    }
    marker->in_stop = 0;
}

void stw_marker_end(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    STW_EDGE("drain.end");
    stw_work_give_back(marker);
    STW_ADD(*(marker->in_stop ? &gc->totals.scan_stw_bytes : &gc->totals.scan_conc_bytes),
            marker->scan_bytes);
    STW_ADD(gc->totals.mark_objects, marker->mark_objects);
    STW_ADD(gc->totals.steals, marker->steals);
    STW_ADD(gc->totals.stack_bytes, marker->stack_bytes);
    STW_ADD(gc->totals.root_bytes, marker->root_words * 8);
    STW_ADD(gc->cycle_scan_bytes, marker->scan_bytes);
    STW_ADD(gc->cycle_stack_bytes, marker->stack_bytes);
    STW_ADD(gc->cycle_root_bytes, marker->root_words * 8);
    STW_ADD(gc->marked_bytes, marker->marked_bytes);
    STW_EDGE("drain.left");
    __atomic_fetch_sub(&gc->mark.active, 1, __ATOMIC_SEQ_CST);
}

static void grey(struct stw_marker *marker, const struct stw_cell *cell)
{
    if (!stw_cell_mark(cell))
        return;
    marker->mark_objects++;
    marker->marked_bytes += cell->record->span.cell_bytes;
    if (cell->record->span.layout != STW_LAYOUT_NOSCAN)
        stw_work_push(marker, cell->base);
}

void stw_mark_precise(struct stw_marker *marker, uintptr_t address)
{
    struct stw_cell cell;
    if (address >= LOWEST_POINTER && stw_heap_resolve(&marker->gc->heap, address, &cell))
        grey(marker, &cell);
}

void stw_mark_candidate(struct stw_marker *marker, uintptr_t address)
{
    struct stw_cell cell;
    if (address >= LOWEST_POINTER && stw_heap_resolve(&marker->gc->heap, address, &cell)
        && stw_span_is_allocated(&cell.record->span, cell.index))
        grey(marker, &cell);
}

static void scan_word(struct stw_marker *marker, const uintptr_t *word)
{
    uintptr_t value = __atomic_load_n(word, __ATOMIC_RELAXED);
    if (value)
        stw_mark_precise(marker, value);
}

/* Scans elements of `type` that start in [from, to) of an array at `base`. */
static void scan_elements(struct stw_marker *marker, uintptr_t base, uint64_t from, uint64_t to,
                          const struct stw_type *type)
{
    uint64_t bytes = type->element_bytes, words = type->pointer_bytes / 8;
    for (uint64_t at = (from + bytes - 1) / bytes * bytes; at < to; at += bytes) {
        const uintptr_t *element = (const uintptr_t *)(base + at);
        for (uint64_t block = 0; block * 64 < words; block++)
            for (uint64_t mask = type->pointer_mask[block]; mask; mask &= mask - 1)
                scan_word(marker, element + block * 64 + (uint64_t)__builtin_ctzll(mask));
        marker->scan_bytes += type->pointer_bytes;
    }
}

static void scan_bitmap(struct stw_marker *marker, const struct stw_cell *cell)
{
    uint64_t *bits = (uint64_t *)(cell->record->span.base + STW_PAGE_BYTES - STW_PAGE_BYTES / 64);
    uint64_t words = cell->record->span.cell_bytes / 8;
    uint64_t word = (cell->base & (STW_PAGE_BYTES - 1)) / 8, shift = word % 64;
    uint64_t mask = __atomic_load_n(&bits[word / 64], __ATOMIC_RELAXED) >> shift;
    if (shift + words > 64)
        mask |= __atomic_load_n(&bits[word / 64 + 1], __ATOMIC_RELAXED) << (64 - shift);
    if (words < 64)
        mask &= (1ull << words) - 1;
    if (mask)
        marker->scan_bytes += 8 * (64 - (uint64_t)__builtin_clzll(mask));
    for (; mask; mask &= mask - 1)
        scan_word(marker, (const uintptr_t *)cell->base + __builtin_ctzll(mask));
}

/* One piece of a large cell; the first visit greys the others. */
static void scan_large(struct stw_marker *marker, const struct stw_span_record *record,
                       uintptr_t address)
{
    const struct stw_type *type = __atomic_load_n(&record->large_type, __ATOMIC_ACQUIRE);
    if (!type) /* not published yet: still all zero, and black by now */
        return;
    uint64_t from = address - record->span.base, total = record->large_bytes;
    if (from == 0)
        for (uint64_t at = OBLET_BYTES; at < total; at += OBLET_BYTES)
            stw_work_push(marker, address + at);
    uint64_t to = total - from < OBLET_BYTES ? total : from + OBLET_BYTES;
    scan_elements(marker, record->span.base, from, to, type);
}

static void scan(struct stw_marker *marker, uintptr_t address)
{
    struct stw_cell cell;
    if (!stw_heap_resolve(&marker->gc->heap, address, &cell))
        return;
    switch (cell.record->span.layout) {
    case STW_LAYOUT_BITMAP:
        scan_bitmap(marker, &cell);
        break;
    case STW_LAYOUT_HEADER: {
        const struct stw_type *type = *(const struct stw_type **)cell.base;
        uint64_t bytes = cell.record->span.cell_bytes - 8;
        scan_elements(marker, cell.base + 8, 0, bytes / type->element_bytes * type->element_bytes,
                      type);
        break;
    }
    case STW_LAYOUT_LARGE:
        scan_large(marker, cell.record, address);
        break;
    default:
        break;
    }
}

static int must_leave(const struct stw_drain_limit *limit)
{
    if (limit->mutator)
        return (__atomic_load_n(&limit->mutator->mutator.poll, __ATOMIC_RELAXED)
                & (STW_POLL_STOP | STW_POLL_YIELD)) != 0;
    if (limit->worker)
        return __atomic_load_n(&limit->worker->world.stopping, __ATOMIC_RELAXED) != 0
               || (limit->idle && STW_LOAD(limit->worker->processors.waiting) != 0);
    return 0;
}

int stw_mark_drain(struct stw_marker *marker, const struct stw_drain_limit *limit)
{
    uint64_t scanned_before = marker->scan_bytes + marker->root_words * 8;
    for (uint32_t cells = 1;; cells++) {
        if (must_leave(limit))
            return 0;
        uintptr_t address = stw_work_pop(marker);
        if (address)
            scan(marker, address);
        else if (!stw_roots_scan_next(marker))
            return 1;
        if (marker->scan_bytes + marker->root_words * 8 - scanned_before >= limit->scan_bytes_max)
            return 0;
        if (cells % CHECK_CELLS)
            continue;
        stw_work_share(marker);
        if (limit->deadline_ns && stw_clock_ns() >= limit->deadline_ns)
            return 0;
    }
}

int stw_mark_is_left(struct stw_gc *gc)
{
    return __atomic_load_n(&gc->mark.full_count, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->mark.stacks_left, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->roots.next_job, __ATOMIC_SEQ_CST)
                  < __atomic_load_n(&gc->roots.count, __ATOMIC_SEQ_CST);
}

/* Nobody was inside at first and nobody came in meanwhile: so the list was still while it was
 * read. */
int stw_mark_is_idle(struct stw_gc *gc)
{
    uint64_t begins = __atomic_load_n(&gc->mark.begins, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&gc->mark.active, __ATOMIC_SEQ_CST) == 0 && !stw_mark_is_left(gc)
           && __atomic_load_n(&gc->mark.begins, __ATOMIC_SEQ_CST) == begins;
}
