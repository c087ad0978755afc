/* stwlab/fake_heap.h: a host heap for tests of allocators, without a collector and without stops.
 *
 * Pages lie in one block and are handed out first fit; span records and bitmaps come from the C
 * library; a test marks cells by hand and says when a cycle ends. Every call of the allocator is
 * checked against allocator.h: a grant of cells that are not free, of a stale span, or of a span
 * that another mutator's run is in ends the test, as do spans over foreign pages. Swept cells that
 * die are filled with FAKE_POISON. Host functions and mutators may be used by several threads at
 * once; the rest belongs to the one thread that stands in for the collector. */
#ifndef STWLAB_FAKE_HEAP_H
#define STWLAB_FAKE_HEAP_H

#include "plugin.h"

#define FAKE_POISON 0xdb

/* A mutator whose runs are retired as the host does it. */
struct fake_heap_mutator {
    struct stw_mutator m;
    struct stw_span *spans[STW_SPAN_CLASSES]; /* of the run; null: no run */
    uintptr_t starts[STW_SPAN_CLASSES];       /* cells from here to the cursor are not retired */
    uint64_t alloc_bytes;                     /* retired small cells and large cells, so far */
};

/* An empty heap; one at a time. `fake_heap_end` requires that all spans and pages came back. */
const struct stw_host *fake_heap_begin(uint64_t page_limit);
void fake_heap_end(void);
/* The allocator that the mutators' slow path calls. */
void fake_heap_use(const struct stw_allocator_ops *ops, void *self);

struct fake_heap_mutator *fake_attach(uint32_t index);
void fake_detach(struct fake_heap_mutator *mutator);
/* Retires all runs and empties them, as a stop at the end of marking does. */
void fake_retire(struct fake_heap_mutator *mutator);
/* Allocates as stw_alloc does; null when memory ran out. `scan` != 0: words are pointers. */
void *fake_alloc(struct fake_heap_mutator *mutator, uint64_t bytes, uint32_t scan);

/* Marks the cell that holds `address`. */
void fake_heap_mark(const void *address);
/* Ends a cycle: the generation goes up, and cycle_end is called. All runs are retired. */
void fake_cycle_end(void);

/* The span that holds `address`, or null. */
struct stw_span *fake_span_at(const void *address);
uint64_t fake_span_count(void);
/* Cells with an allocation bit, in all spans. */
uint64_t fake_cells_allocated(void);
uint64_t fake_pages_used(void);
/* From now on the nth call (1: the next) of pages_acquire or span_register fails, once. 0: none. */
void fake_fail_nth(uint64_t nth);
/* Raises the generation without telling the allocator: makes a broken heap for audits. */
void fake_generation_skip(int32_t by);

#endif
