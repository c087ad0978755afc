/* gc/spans.c: pages and spans for the allocator, with what taking and sweeping them means to the
 * collector: the memory limit, the counts of the sweep, and a mutator's lost time. */
#include "base/breach.h"
#include "base/error.h"
#include "gc/collector.h"

stw_status stw_gc_pages_acquire(struct stw_gc *gc, uint64_t page_count, uintptr_t *base,
                                uint32_t *needs_zero)
{
    struct stw_growth growth;
    stw_status status =
        stw_space_acquire_grown(&gc->heap.space, page_count, base, needs_zero, &growth);
    if (status == STW_OK) {
        stw_raise(&gc->totals.heap_pages_peak_bytes, stw__allocator_pages(gc) * STW_PAGE_BYTES);
        stw__scavenge_taken(gc, &growth);
    }
    return status;
}

void stw_gc_pages_adopt(struct stw_gc *gc, uint64_t page_count)
{
    STW_ADD(gc->heap.adopted_pages, page_count);
    STW_ADD(gc->heap.own_bytes, page_count * STW_PAGE_BYTES);
    stw_raise(&gc->totals.heap_pages_peak_bytes, stw__allocator_pages(gc) * STW_PAGE_BYTES);
    stw__scavenge_taken(gc, NULL);
}

void stw_gc_pages_disown(struct stw_gc *gc, uint64_t page_count)
{
    if (STW_ADD(gc->heap.adopted_pages, -page_count) < page_count)
        STW_BREACH("L8", STW_BREACH_CALLER, "disowned pages that it did not adopt");
    STW_ADD(gc->heap.own_bytes, -(page_count * STW_PAGE_BYTES));
}

void stw_gc_allocator_stats(struct stw_gc *gc, struct stw_allocator_stats *stats)
{
    stw__watch_enter(gc, STW_WATCH_STATS);
    gc->options.allocator->stats(gc->options.allocator_self, stats);
    stw__watch_leave(gc);
}

stw_status stw_gc_check_returned(const struct stw_gc *gc, struct stw_error *error)
{
    uint64_t spans = gc->heap.span_count, pages = stw__allocator_pages(gc);
    if (spans == 0 && pages == 0)
        return STW_OK;
    return stw_error_set(error, STW_E_AUDIT, "L7",
                         "has not returned %llu spans and %llu pages in destroy",
                         (unsigned long long)spans, (unsigned long long)pages);
}

void stw_gc_pages_release(struct stw_gc *gc, uintptr_t base, uint64_t page_count)
{
    stw_space_release(&gc->heap.space, base, page_count);
}

stw_status stw_gc_span_register(struct stw_gc *gc, const struct stw_span_request *request,
                                struct stw_span **span)
{
    uint64_t own_before = STW_LOAD(gc->heap.own_bytes);
    stw_status status = stw_heap_register(&gc->heap, request, span);
    if (STW_LOAD(gc->heap.own_bytes) != own_before)
        stw__scavenge_taken(gc, NULL);
    return status;
}

void stw_gc_span_unregister(struct stw_gc *gc, struct stw_span *span)
{
    stw_heap_unregister(&gc->heap, span);
}

/* Sweeping on the way to an allocation is a mutator's own loss. What it sweeps on purpose is logged
 * as a whole, and when it stopped the world, the stop holds it. */
static int is_own_loss(const struct stw_gc *gc, const struct stw_mutator_record *m)
{
    return m && m->timeline.is_open && !m->is_sweeping
        && !__atomic_load_n(&gc->world.stopped, __ATOMIC_ACQUIRE);
}

uint32_t stw_gc_span_sweep(struct stw_gc *gc, struct stw_span *span)
{
    struct stw_mutator_record *self = stw__mutator_self();
    int is_loss = is_own_loss(gc, self);
    uint64_t began_ns = is_loss ? stw_clock_ns() : 0;
    stw__deaths_find(gc, (struct stw_span_record *)span);
    uint32_t live = stw_heap_sweep(&gc->heap, span);
    STW_ADD(gc->sweep.spans_total, 1);
    STW_ADD(gc->sweep.pages_swept, span->page_count);
    STW_ADD(gc->sweep.live_bytes, stw_heap_kept_bytes((struct stw_span_record *)span));
    if (is_loss)
        stw__timeline_add(&self->timeline, STW_TAKEN_SWEEP, began_ns, stw_clock_ns());
    return live;
}

uint32_t stw_gc_sweep_generation(const struct stw_gc *gc)
{
    return gc->heap.generation;
}
