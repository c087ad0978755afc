/* gc/alloc.c: allocation off the fast path: refills, large cells, tiny blocks, what they owe.
 *
 * Order inside: poll, refill (the allocator plugin grants a run), charge and blacken the run, carve
 * the cell, then test the trigger. A cycle that begins here finds the new cell in a register or on
 * the stack. The live heap is charged by spans (gc.R4) and large cells (here). What the allocator
 * grants is checked in grants.c. */
#include "gc/collector.h"
#include "gc/cycle.h"
#include "gc/grants.h"
#include "gc/share.h"
#include "gc/type.h"
#include "prim/memory.h"

#include <string.h>

/* Of a large cell: cleared between two polls, or backed by one call. */
#define CLEAR_BYTES STW_LIMIT_CLEAR_BYTES
#define BACK_BYTES_MAX (16u << 20) /* of a fresh one: maps' buckets are backed, a ballast is not */
#define STEP_TURN 64u /* slow allocations in a turn, stepped: about half a megabyte */
#define WORK_LOOKS STW_LIMIT_WORK_LOOKS

void stw_gc_external_add(struct stw_gc *gc, struct stw_mutator *m, int64_t bytes)
{
    int64_t now = __atomic_add_fetch(&gc->external_bytes, bytes, __ATOMIC_SEQ_CST);
    if (now > 0)
        stw_raise(&gc->totals.external_peak_bytes, (uint64_t)now);
    stw__pacer_charge(gc, bytes);
    if (m && bytes > 0)
        stw__cycle_maybe_start(stw__record_of(m));
}

static void charge(struct stw_mutator_record *m, uint64_t bytes)
{
    if (!m->mutator.marking)
        return;
    m->assist_balance -= (int64_t)bytes;
    if (m->assist_balance < 0)
        stw__share_assist(m);
}

/* Gets the next run that serves `fit`. */
static void refill(struct stw_mutator_record *m, const struct stw_fit *fit)
{
    uint32_t span_class = fit->run;
    struct stw_grant grant = {0};
    stw__sweep_pay(m, STW_PAGE_BYTES); /* the allocator alone knows whether it takes a new span */
    stw__mutator_retire_run(m, span_class);
    const struct stw_span_record *before = m->run_spans[span_class].record;
    stw__grant_ask(m, fit, &grant);
    struct stw_span_record *record = (struct stw_span_record *)grant.span;
    uint64_t bytes = grant.cell_count * record->span.cell_bytes;
    uintptr_t start = record->span.base + grant.first_cell * record->span.cell_bytes;
    if (record != before) {
        stw_heap_prefetch_bits(record); /* allocation reads them */
        stw__mutator_take_span(m, span_class, record);
        stw__mutator_tell_bytes(m);
    }
    if (m->mutator.marking && fit->layout != STW_LAYOUT_MIXED)
        stw_heap_blacken(record, grant.first_cell, grant.cell_count);
    /* After all atomic instructions, which would wait until cold memory is written. */
    if (record->span.needs_zero)
        memset((void *)start, 0, bytes);
    if (record->span.layout != STW_LAYOUT_NOSCAN)
        m->scannable += bytes;
    uint64_t shown = m->gc->options.stress ? fit->cell_bytes : bytes;
    m->mutator.runs[span_class] = (struct stw_run){start, start + shown};
    m->run_spans[span_class].record = record;
    m->run_spans[span_class].start = start;
    m->run_spans[span_class].end = start + bytes;
    m->active_runs[span_class / 64] |= 1ull << (span_class % 64);
    STW_CHECK(stw__run_check(m, span_class));
}

/* A cell of a small class, its type written. */
static void *small_cell(struct stw_mutator_record *m, uint64_t bytes, const struct stw_type *type)
{
    const struct stw_size_table *k = m->mutator.sizes;
    const struct stw_fit *fit =
        &(type ? k->with_pointers : k->without_pointers)[(bytes + 7) / 8];
    struct stw_run *run = &m->mutator.runs[fit->run];
    const struct stw_run_span *held = &m->run_spans[fit->run];
    while (run->cursor + fit->cell_bytes > run->limit) {
        if (held->record && run->cursor + fit->cell_bytes <= held->end) {
            run->limit = run->cursor + fit->cell_bytes;
            break;
        }
        refill(m, fit);
        /* An assist may end the cycle, which drops runs: then once more. */
        charge(m, held->end - run->cursor);
    }
    uintptr_t cell = run->cursor;
    run->cursor += fit->cell_bytes;
    return stw_cell_open(cell, fit, bytes, type);
}

/* What only running mutators are asked for, and one that backs memory hardly ever runs: a fraction
 * of marking, and its processor when its turn is over. */
static void share(struct stw_mutator_record *m)
{
    if (m->gc->options.stepped)
        return;
    if (m->mutator.marking)
        stw__share_fraction(m);
    if (stw__processor_is_due(m, stw_clock_ns()))
        stw__processor_yield(m);
}

/* Clears in pieces, so that a stop need not wait for megabytes. The cell has no type yet. Fresh
 * pages are backed instead: a map reads a bucket before it writes it, and a page that is read first
 * is mapped to the system's zero page and then, at the write, copied, with an interrupt to every
 * other processor: two mutators' presized merges of 65,536 took 20 ms so, and take 3.4 ms now.
 * Backing is the system's work and touches nothing of the heap: a stop does not wait for it. (Of
 * pages that were used before most have memory; backing them too made merging 12 % slower.)
 * A fresh cell beyond BACK_BYTES_MAX is left as it is, zero: whoever makes a ballast never touches
 * it, and a GiB took half a second and a GiB of memory. It gets memory where it is written; one
 * with pointers is read by each marking, and reads as the system's zero page. (Backing nothing at
 * all cost 20 to 45 % more processor time in merges of 65,536 into presized and other maps.) */
static void clear_large(struct stw_mutator_record *m, uintptr_t base, uint64_t bytes, uint32_t used)
{
    if (!used && bytes > BACK_BYTES_MAX)
        return;
    const char *site = stw_site(&m->mutator, "alloc.clear");
    for (uint64_t at = 0; at < bytes; at += CLEAR_BYTES) {
        uint64_t left = bytes - at, part = left < CLEAR_BYTES ? left : CLEAR_BYTES;
        if (used) {
            memset((void *)(base + at), 0, part);
            stw_poll(&m->mutator);
        } else {
            stw__managed_leave(m);
            stw_memory_populate(base + at, part);
            stw__managed_enter(m);
            share(m);
        }
    }
    stw_site(&m->mutator, site);
}

static void *large_cell(struct stw_mutator_record *m, uint64_t bytes, const struct stw_type *type)
{
    struct stw_gc *gc = m->gc;
    stw__sweep_pay(m, bytes);
    struct stw_span *span = stw__grant_ask_large(m, bytes, type != NULL);
    struct stw_span_record *record = (struct stw_span_record *)span;
    record->large_bytes = bytes;
    stw_bits_set(span->alloc_bits, 0, 1);
    span->live_count = 1;
    if (m->mutator.marking) {
        /* Unless a stale word on a stack has led a marker here already. */
        if (stw_cell_mark(&(struct stw_heap_cell){record, span->base, 0}))
            STW_ADD(gc->marked_bytes, span->cell_bytes);
    }
    m->alloc_objects++;
    m->alloc_large++;
    m->alloc_bytes += span->cell_bytes;
    stw__pacer_charge(gc, (int64_t)span->cell_bytes);
    if (type)
        STW_ADD(gc->pacer.scannable, bytes);
    uintptr_t base = span->base;         /* keeps the cell alive while it is cleared */
    uint32_t used = span->needs_zero;    /* a sweep during the assist may set it */
    charge(m, span->cell_bytes);
    clear_large(m, base, span->cell_bytes, used);
    if (type)
        __atomic_store_n(&record->large_type, type, __ATOMIC_RELEASE);
    return (void *)base;
}

/* Opens a tiny block and keeps whichever block has more room (Go: mallocgc's tiny path). */
static void *tiny_cell(struct stw_mutator_record *m, uint64_t bytes)
{
    struct stw_mutator *mutator = &m->mutator;
    uintptr_t block = (uintptr_t)small_cell(m, STW_TINY_BLOCK_BYTES, NULL);
    if (!mutator->tiny_cursor || mutator->tiny_limit - mutator->tiny_cursor
                                     < STW_TINY_BLOCK_BYTES - bytes) {
        mutator->tiny_cursor = block + bytes;
        mutator->tiny_limit = block + STW_TINY_BLOCK_BYTES;
    }
    mutator->tiny_objects++;
    m->alloc_objects--; /* the block is not an object of its own */
    return (void *)block;
}

/* Stepped: marking and the change of turns happen here and nowhere else. */
static void step(struct stw_mutator_record *m)
{
    stw__share_step(m);
    if (m->slow_allocs % STEP_TURN == STEP_TURN - 1)
        stw__processor_yield(m);
}

static __attribute__((noinline)) void *slow_path(struct stw_mutator *mutator, uint64_t bytes,
                                                 const struct stw_type *type)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    const struct stw_size_table *k = mutator->sizes;
    const struct stw_gc_options *options = &m->gc->options;
    stw__watch_alloc(m->gc);
    if (type)
        stw__type_admit(m, type, bytes);
    stw_poll(mutator);
    if (options->stepped)
        step(m);
    else if (mutator->marking && m->slow_allocs % WORK_LOOKS == 0)
        stw__share_fraction(m);
    if (options->stress && (m->slow_allocs + 1) % options->stress == 0)
        stw_gc_collect(&m->mutator);
    m->slow_allocs++;
    if (bytes == 0)
        bytes = 1;
    mutator->requested_bytes += bytes;
    void *volatile cell; /* in memory: on the stack that a cycle scans */
    if (!type && bytes < k->tiny_bytes_max)
        cell = tiny_cell(m, bytes);
    else if (bytes <= k->small_bytes_max)
        cell = small_cell(m, bytes, type);
    else
        cell = large_cell(m, bytes, type);
    m->is_refused = 0; /* it needed no grant */
    stw__cycle_maybe_start(m);
    stw__ends_tell(m);
    stw__deaths_tell(m);
    return cell;
}

void *stw_alloc_slow_path(struct stw_mutator *mutator, uint64_t bytes, const struct stw_type *type)
{
    if (stw__record_of(mutator)->gc->options.stepped)
        stw_stack_clear_dead();
    return slow_path(mutator, bytes, type);
}
