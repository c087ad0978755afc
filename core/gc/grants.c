/* gc/grants.c: asks the allocator for runs and large cells, and checks what it grants.
 *
 * GR1  every grant is checked against rules L1 to L6 of allocator.h, in every build, before a cell
 *      of it is handed out: a run is some hundred cells, and their bits are a few words. What
 *      breaks a rule ends the trial as invalid, under the rule's name.
 * GR2  before memory counts as exhausted, the allocator has released what it keeps, and was asked
 *      again. */
#include "gc/grants.h"

#include "base/breach.h"
#include "gc/collector.h"

#define BREACH(gc, rule, ...) STW_BREACH(rule, (gc)->options.allocator_ordinal, __VA_ARGS__)

/* Else there is no record behind it. */
static void expect_registered(struct stw_gc *gc, const struct stw_span *span, const char *text)
{
    const struct stw_span_record *record = stw_heap_span_at(&gc->heap, span->base);
    if (!record || &record->span != span)
        BREACH(gc, "L1", "%s", text);
}

static void check_shape(struct stw_gc *gc, const struct stw_fit *fit, const struct stw_span *span)
{
    uint64_t cell_bytes = fit->granules ? STW_GRANULE_BYTES : fit->cell_bytes;
    if (span->span_class != fit->run)
        BREACH(gc, "L5", "was asked for class %u and granted a span of class %u", fit->run,
               span->span_class);
    if (span->layout != fit->layout || span->cell_bytes != cell_bytes)
        BREACH(gc, "L5", "granted a span with cells of %llu bytes and layout %u, where its "
               "size table has %llu and %u (class %u)", (unsigned long long)span->cell_bytes,
               span->layout, (unsigned long long)cell_bytes, fit->layout, fit->run);
}

static void check_cells(struct stw_gc *gc, const struct stw_fit *fit, const struct stw_grant *grant)
{
    const struct stw_span *span = grant->span;
    uint32_t first = grant->first_cell, count = grant->cell_count;
    if (first >= span->cell_count || count > span->cell_count - first
        || count * span->cell_bytes < fit->cell_bytes)
        BREACH(gc, "L3", "granted cells %u to %llu of a span of %u, for one of %u bytes", first,
               (unsigned long long)first + count, span->cell_count, fit->cell_bytes);
    if (fit->granules && (first | count) % STW_LINE_GRANULES)
        BREACH(gc, "L3", "granted granules %u to %u, which are no whole lines", first,
               first + count);
    if (span->sweep_generation != gc->heap.generation)
        BREACH(gc, "L4", "granted cell %u of a span that is not swept", first);
    uint32_t taken = stw_heap_find_taken((const struct stw_span_record *)span, first, count);
    if (taken != first + count)
        BREACH(gc, "L3", "granted cell %u, which is allocated already", taken);
}

void stw_mutator_refuse_grant(struct stw_mutator *m)
{
    stw__record_of(m)->is_refused = 1;
}

/* A strategy wants to know what becomes of an allocation that fails. */
static int is_refused(struct stw_mutator_record *m)
{
    uint32_t refused = m->is_refused;
    m->is_refused = 0;
    return refused != 0;
}

static stw_status refill(struct stw_mutator_record *m, const struct stw_fit *fit,
                         struct stw_grant *grant)
{
    const struct stw_gc_options *options = &m->gc->options;
    stw__watch_enter(m->gc, STW_WATCH_REFILL);
    stw_status status = options->allocator->refill(options->allocator_self, &m->mutator, fit->run,
                                                   fit->cell_bytes, grant);
    stw__watch_leave(m->gc);
    if (status != STW_OK && status != STW_E_NOMEM)
        BREACH(m->gc, "L6", "returned status %d from refill", status);
    return status;
}

static stw_status large(struct stw_mutator_record *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span)
{
    const struct stw_gc_options *options = &m->gc->options;
    stw__watch_enter(m->gc, STW_WATCH_LARGE);
    stw_status status =
        options->allocator->large(options->allocator_self, &m->mutator, bytes, scan, span);
    stw__watch_leave(m->gc);
    if (status != STW_OK && status != STW_E_NOMEM)
        BREACH(m->gc, "L6", "returned status %d from large", status);
    return status;
}

static void release(struct stw_gc *gc)
{
    stw__watch_enter(gc, STW_WATCH_RELEASE);
    gc->options.allocator->release(gc->options.allocator_self);
    stw__watch_leave(gc);
}

static void check_held(struct stw_mutator_record *m, const struct stw_fit *fit,
                       struct stw_span_record *record)
{
    struct stw_run_span *held = &m->run_spans[fit->run];
    if (STW_LOAD(record->holder))
        BREACH(m->gc, "L2", "granted cells of span %#llx, which serves another run",
               (unsigned long long)record->span.base);
    __atomic_store_n(&record->holder, held, __ATOMIC_RELAXED);
}

void stw__grant_ask(struct stw_mutator_record *m, const struct stw_fit *fit,
                    struct stw_grant *grant)
{
    struct stw_run_span *held = &m->run_spans[fit->run];
    if (held->record) /* it may be another's before the call returns */
        __atomic_store_n(&held->record->holder, NULL, __ATOMIC_RELAXED);
    held->record = NULL;
    stw_status status = is_refused(m) ? STW_E_NOMEM : refill(m, fit, grant);
    if (status == STW_E_NOMEM) {
        release(m->gc);
        status = refill(m, fit, grant);
    }
    if (status != STW_OK)
        m->gc->options.out_of_memory("the managed heap is full");
    if (!grant->span)
        BREACH(m->gc, "L6", "returned STW_OK from refill, and granted no span");
    expect_registered(m->gc, grant->span, "granted cells of a span that is not registered");
    check_shape(m->gc, fit, grant->span);
    check_cells(m->gc, fit, grant);
    check_held(m, fit, (struct stw_span_record *)grant->span);
}

struct stw_span *stw__grant_ask_large(struct stw_mutator_record *m, uint64_t bytes, uint32_t scan)
{
    struct stw_span *span = NULL;
    stw_status status = is_refused(m) ? STW_E_NOMEM : large(m, bytes, scan, &span);
    if (status == STW_E_NOMEM) {
        release(m->gc);
        status = large(m, bytes, scan, &span);
    }
    if (status != STW_OK)
        m->gc->options.out_of_memory("the managed heap is full (large cell)");
    if (!span)
        BREACH(m->gc, "L6", "returned STW_OK from large, and made no span");
    expect_registered(m->gc, span, "made a span that is not registered for a large cell");
    if (span->cell_count != 1 || span->cell_bytes < bytes
        || span->layout != (scan ? STW_LAYOUT_LARGE : STW_LAYOUT_NOSCAN))
        BREACH(m->gc, "L5", "made a span of %u cells of %llu bytes and layout %u for a large "
               "cell of %llu", span->cell_count, (unsigned long long)span->cell_bytes,
               span->layout, (unsigned long long)bytes);
    if (span->sweep_generation != m->gc->heap.generation || stw_span_is_allocated(span, 0))
        BREACH(m->gc, "L3", "made a span that is not new for a large cell");
    return span;
}
