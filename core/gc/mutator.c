/* gc/mutator.c: attaching threads, and the bookkeeping of runs.
 *
 * R1  cells in [start, cursor) of a run are handed out but not yet in alloc_bits; retiring a run
 *     moves them there, and counts them.
 * R2  while marking, all cells of a grant up to its end are marked (gc.G2); when the run is given
 *     up, the marks of cells that were never handed out are taken back. Of layout MIXED, where a
 *     grant is not cut into cells yet, they are marked as they are retired; until then no pointer
 *     leads to them (heap.H6).
 * R3  window 2 counts what runs have handed out as marked, and touches no span. The rest of R1 and
 *     R2 follows when the mutator gives its caches back, before it runs on and before the span is
 *     swept (gc.C3).
 * R4  when a run gets its first grant of a span, all that is free in the span counts as live heap;
 *     what was not handed out of it no longer does when the run gets another span, unless a cycle
 *     has ended in between, which sets the live heap anew (Go: mcache.refill,
 *     mcentral.uncacheSpan).
 * A mutator's record is never freed: after detach it stays as one that is blocked for ever and has
 * an empty stack, so that nobody needs a lock to look at the list. */
#include "gc/mutator.h"

#include "gc/barrier.h"
#include "gc/collector.h"
#include "prim/memory.h"

static _Thread_local struct stw_mutator_record *self; /* of this thread */

struct stw_mutator_record *stw__mutator_self(void)
{
    return self;
}

struct stw_mutator *stw_mutator_self(void)
{
    return self ? &self->mutator : NULL;
}

int stw_mutator_is_blocked(struct stw_block *block)
{
    if (!self || STW_LOAD(self->state) == STW_STATE_RUNNING)
        return 0;
    *block = self->block;
    return 1;
}

struct stw_timeline *stw_mutator_timeline(struct stw_mutator *m)
{
    return &stw__record_of(m)->timeline;
}

int stw__mutator_sleep(struct stw_mutator_record *m, uint32_t *word, uint32_t expected,
                       uint64_t timeout_ns)
{
    uint64_t began_ns = stw_clock_ns();
    int woken = stw_futex_wait(word, expected, timeout_ns);
    if (m)
        m->timeline.asleep_ns += stw_clock_ns() - began_ns;
    return woken;
}

void stw__mutator_await_lock(struct stw_mutator_record *m, pthread_mutex_t *lock)
{
    uint64_t began_ns = stw_clock_ns();
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    uint64_t woke_ns = stw_clock_ns();
    m->timeline.asleep_ns += woke_ns - began_ns;
    stw__timeline_add(&m->timeline, STW_TAKEN_TURN, began_ns, woke_ns);
}

void stw__run_check(const struct stw_mutator_record *m, uint32_t span_class)
{
    const struct stw_run *run = &m->mutator.runs[span_class];
    const struct stw_run_span *where = &m->run_spans[span_class];
    if (!where->record)
        return;
    const struct stw_span *span = &where->record->span;
    STW_REQUIRE(span->span_class == span_class);
    STW_REQUIRE(where->start <= run->cursor && run->cursor <= run->limit); /* gc.R1 */
    STW_REQUIRE(run->limit <= where->end);                                  /* gc.R2 */
    STW_REQUIRE(span->base <= where->start
                && where->end <= span->base + span->cell_count * span->cell_bytes);
    STW_REQUIRE(m->active_runs[span_class / 64] >> (span_class % 64) & 1);
}

void stw__mutator_check(const struct stw_mutator_record *m)
{
    STW_REQUIRE(m->mutator.struct_size == sizeof m->mutator && m->gc);
    STW_REQUIRE(STW_LOAD(m->state) <= STW_STATE_AWAITED && m->stack_low <= m->stack_top);
    STW_REQUIRE(m->mutator.barrier_buffer <= m->mutator.barrier_next
                && m->mutator.barrier_next <= m->mutator.barrier_end);
    STW_REQUIRE(m->mutator.tiny_cursor <= m->mutator.tiny_limit);
    for (uint32_t word = 0; word < STW_SPAN_CLASSES / 64; word++)
        for (uint64_t left = m->active_runs[word]; left; left &= left - 1)
            stw__run_check(m, word * 64 + (uint32_t)__builtin_ctzll(left));
}

static uint32_t cell_index(const struct stw_span_record *record, uintptr_t address)
{
    uint64_t offset = address - record->span.base;
    return (uint32_t)(record->divide ? (offset * record->divide) >> 32
                                     : offset / record->span.cell_bytes);
}

/* Cells of [from, to) become allocated. Of layout MIXED they have no marks yet (gc.R2). */
static uint32_t add_cells(struct stw_mutator_record *m, struct stw_span_record *record,
                          uintptr_t from, uintptr_t to)
{
    if (record->span.layout == STW_LAYOUT_MIXED)
        return stw_heap_add_mixed(record, from, to, m->mutator.marking || m->are_runs_closed);
    uint32_t first = cell_index(record, from), count = cell_index(record, to) - first;
    stw_bits_add(record->span.alloc_bits, first, count);
    return count;
}

void stw__mutator_retire_run(struct stw_mutator_record *m, uint32_t span_class)
{
    struct stw_run *run = &m->mutator.runs[span_class];
    struct stw_span_record *record = m->run_spans[span_class].record;
    uintptr_t start = m->run_spans[span_class].start;
    STW_CHECK(stw__run_check(m, span_class));
    if (!record || run->cursor == start)
        return;
    uint64_t bytes = run->cursor - start;
    uint32_t count = add_cells(m, record, start, run->cursor);
    record->span.live_count += count;
    m->alloc_objects += count;
    m->alloc_bytes += bytes;
    m->run_spans[span_class].start = run->cursor;
    m->run_spans[span_class].charged -= bytes;
    if (m->mutator.marking)
        m->marked += bytes;
}

void stw__mutator_take_span(struct stw_mutator_record *m, uint32_t span_class,
                            struct stw_span_record *record)
{
    struct stw_run_span *held = &m->run_spans[span_class];
    uint64_t bytes = record ? stw_heap_free_bytes(record) : 0;
    int64_t more = (int64_t)(bytes - held->charged);
    held->charged = bytes;
    if (more != 0)
        stw__pacer_charge(m->gc, more);
}

static void tell_marked(struct stw_mutator_record *m)
{
    if (m->marked > 0)
        STW_ADD(m->gc->marked_bytes, m->marked);
    m->marked = 0;
}

void stw__mutator_tell_bytes(struct stw_mutator_record *m)
{
    tell_marked(m);
    STW_ADD(m->gc->pacer.scannable, m->scannable);
    m->scannable = 0;
}

static void blacken_rest(struct stw_mutator_record *m, uint32_t span_class, int black)
{
    struct stw_run *run = &m->mutator.runs[span_class];
    struct stw_span_record *record = m->run_spans[span_class].record;
    uintptr_t end = m->run_spans[span_class].end;
    if (!record || run->cursor == end || record->span.layout == STW_LAYOUT_MIXED)
        return;
    uint32_t first = cell_index(record, run->cursor);
    uint32_t count = cell_index(record, end - 1) + 1 - first;
    if (black)
        stw_heap_blacken(record, first, count);
    else
        stw_bits_clear(record->mark_bits, first, count);
}

/* Calls act for each class whose run has a span. */
static void for_each_run(struct stw_mutator_record *m,
                         void (*act)(struct stw_mutator_record *, uint32_t))
{
    for (uint32_t word = 0; word < STW_SPAN_CLASSES / 64; word++)
        for (uint64_t left = m->active_runs[word]; left; left &= left - 1)
            act(m, word * 64 + (uint32_t)__builtin_ctzll(left));
}

static void blacken_run(struct stw_mutator_record *m, uint32_t span_class)
{
    stw__mutator_retire_run(m, span_class);
    blacken_rest(m, span_class, 1);
}

static void drop_run(struct stw_mutator_record *m, uint32_t span_class)
{
    stw__mutator_retire_run(m, span_class);
    if (m->mutator.marking || m->are_runs_closed)
        blacken_rest(m, span_class, 0);
    m->mutator.runs[span_class] = (struct stw_run){0, 0};
    __atomic_store_n(&m->run_spans[span_class].record->holder, NULL, __ATOMIC_RELAXED);
    m->run_spans[span_class] = (struct stw_run_span){0};
    m->active_runs[span_class / 64] &= ~(1ull << (span_class % 64));
}

static void count_run(struct stw_mutator_record *m, uint32_t span_class)
{
    m->marked += m->mutator.runs[span_class].cursor - m->run_spans[span_class].start;
}

static void make_run_exact(struct stw_mutator_record *m, uint32_t span_class)
{
    stw__mutator_retire_run(m, span_class);
    blacken_rest(m, span_class, 0);
}

static void give_credit(struct stw_mutator_record *m, uint32_t span_class)
{
    stw__mutator_retire_run(m, span_class);
    stw__mutator_take_span(m, span_class, NULL);
}

void stw__mutator_blacken_runs(struct stw_mutator_record *m)
{
    for_each_run(m, blacken_run);
}

void stw__mutator_close_runs(struct stw_mutator_record *m)
{
    for_each_run(m, m->gc->options.audit ? make_run_exact : count_run);
    tell_marked(m);
    m->are_runs_closed = 1;
    m->mutator.tiny_cursor = m->mutator.tiny_limit = 0;
}

void stw__mutator_drop_runs(struct stw_mutator_record *m)
{
    for_each_run(m, drop_run);
    stw__mutator_tell_bytes(m);
    m->are_runs_closed = 0;
    m->mutator.tiny_cursor = m->mutator.tiny_limit = 0;
}

static struct stw_mutator_record *new_record(struct stw_gc *gc, uint32_t index, uint32_t *trace)
{
    struct stw_mutator_record *m = stw_memory_map(sizeof *m);
    if (!m)
        return NULL;
    const struct stw_gc_options *options = &gc->options;
    STW_ADD(gc->heap.own_bytes, sizeof *m);
    m->gc = gc;
    m->state = STW_STATE_BLOCKED;
    m->stack_top = stw_thread_stack_top();
    m->stack_low = m->stack_top;
    m->cpu_clock = stw_clock_id();
    m->mutator.struct_size = sizeof m->mutator;
    m->mutator.index = index;
    m->mutator.host = options->host;
    m->mutator.trace = trace;
    stw_trace(&m->mutator, options->allocator_ordinal, STW_CALL_ALLOCATOR_SIZES);
    m->mutator.sizes = options->allocator->size_table(options->allocator_self);
    m->marker.gc = gc;
    stw__barrier_reset(m);
    return m;
}

stw_status stw_mutator_attach(struct stw_gc *gc, uint32_t index, uint32_t *trace,
                              struct stw_mutator **mutator)
{
    struct stw_mutator_record *m = new_record(gc, index, trace);
    if (!m)
        return STW_E_NOMEM;
    stw_trace(&m->mutator, gc->options.allocator_ordinal, STW_CALL_ALLOCATOR_ATTACH);
    STW_EDGE("attach");
    stw__world_lock(gc, NULL);
    stw_status status = gc->mutator_count < STW_MUTATORS ? STW_OK : STW_E_NOMEM;
    if (status == STW_OK)
        status = gc->options.allocator->attach(gc->options.allocator_self, &m->mutator);
    if (status == STW_OK) {
        m->mutator.marking = stw__phase(gc) == STW_PHASE_MARK;
        gc->mutators[gc->mutator_count] = m;
        STW_EDGE("attach.listed");
        __atomic_store_n(&gc->mutator_count, gc->mutator_count + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&gc->world.lock);
    if (status != STW_OK) {
        stw_memory_unmap(m, sizeof *m);
        __atomic_fetch_sub(&gc->heap.own_bytes, sizeof *m, __ATOMIC_RELAXED);
        return status;
    }
    self = m;
    stw_block_end(&m->mutator);
    STW_CHECK(stw__mutator_check(m));
    *mutator = &m->mutator;
    return STW_OK;
}

/* What its runs have handed out since they were last looked at is not in alloc_bytes yet. */
uint64_t stw_mutator_allocated_bytes(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    uint64_t bytes = m->alloc_bytes;
    for (uint32_t i = 0; i < STW_SPAN_CLASSES; i++)
        if (m->run_spans[i].record)
            bytes += m->mutator.runs[i].cursor - m->run_spans[i].start;
    return bytes;
}

/* Adds what the mutator counted to the totals. */
static void count_up(struct stw_mutator_record *m)
{
    struct stw_totals *totals = &m->gc->totals;
    STW_ADD(totals->alloc_objects, m->alloc_objects);
    STW_ADD(totals->alloc_bytes, m->alloc_bytes);
    STW_ADD(totals->requested_bytes, m->mutator.requested_bytes);
    STW_ADD(totals->alloc_large, m->alloc_large);
    STW_ADD(totals->tiny_objects, m->mutator.tiny_objects);
    STW_ADD(totals->barrier_words, m->barrier_words);
    STW_ADD(totals->barrier_flushes, m->barrier_flushes);
    for (uint32_t i = 0; i < STW_COUNTERS; i++)
        STW_ADD(totals->counters[i], m->mutator.counters[i]);
}

void stw_mutator_detach(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    struct stw_gc *gc = m->gc;
    STW_EDGE("detach");
    STW_CHECK(stw__mutator_check(m));
    stw__world_lock(gc, m);
    /* No stop can begin now; what is owed from earlier ones is served first. */
    if (mutator->marking)
        stw_barrier_flush(mutator);
    if (!(STW_LOAD(mutator->poll) & STW_POLL_CACHES))
        for_each_run(m, give_credit);
    stw__mutator_drop_runs(m);
    stw_trace(mutator, gc->options.allocator_ordinal, STW_CALL_ALLOCATOR_DETACH);
    gc->options.allocator->detach(gc->options.allocator_self, mutator);
    __atomic_fetch_and(&mutator->poll, ~STW_POLL_CACHES, __ATOMIC_SEQ_CST);
    count_up(m);
    STW_EDGE("detach.mark");
    __atomic_store_n(&m->detached, 1, __ATOMIC_RELEASE);
    self = NULL;
    pthread_mutex_unlock(&gc->world.lock);
    stw_block_begin(mutator);
}
