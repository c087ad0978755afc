/* testing/fake_heap.c: see stwlab/fake_heap.h. Runs are kept as in gc/mutator.c and gc/alloc.c. */
#include "base/check.h"
#include "base/error.h"
#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/testing.h>

struct fake_span {
    struct stw_span span;
    uint64_t *mark_bits;
    struct fake_heap_mutator *run_of; /* atomic; whose run is in it */
};

static const struct stw_host table;

static struct {
    pthread_mutex_t lock;
    char *memory;
    uint64_t page_limit, pages_used, span_count;
    struct fake_span **span_at; /* by page */
    uint8_t *used, *dirty;      /* by page */
    uint32_t generation;
    uint64_t fail_in; /* calls until one fails; 0: none will */
    const struct stw_allocator_ops *ops;
    void *self;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const uint64_t all_pointers[1] = {1};
static const struct stw_type pointers = {sizeof(struct stw_type), 0, 8, 8, all_pointers, "words"};

static uint64_t page_of(uintptr_t address)
{
    STW_REQUIRE(address >= (uintptr_t)heap.memory);
    uint64_t page = (address - (uintptr_t)heap.memory) / STW_PAGE_BYTES;
    STW_REQUIRE(page < heap.page_limit);
    return page;
}

static uint32_t words_of(const struct stw_span *span)
{
    return (span->cell_count + 63) / 64;
}

/* The lock is held. */
static int fails_now(void)
{
    return heap.fail_in > 0 && --heap.fail_in == 0;
}

static stw_status acquire(const struct stw_host *host, uint64_t page_count, uintptr_t *base,
                          uint32_t *needs_zero)
{
    (void)host;
    uint64_t run = 0, page = 0;
    pthread_mutex_lock(&heap.lock);
    if (fails_now())
        page = heap.page_limit;
    for (; page < heap.page_limit && run < page_count; page++)
        run = heap.used[page] ? 0 : run + 1;
    if (page_count == 0 || run < page_count) {
        pthread_mutex_unlock(&heap.lock);
        return STW_E_NOMEM;
    }
    page -= page_count;
    *needs_zero = 0;
    for (uint64_t i = page; i < page + page_count; i++)
        *needs_zero |= heap.dirty[i];
    memset(heap.used + page, 1, page_count);
    memset(heap.dirty + page, 1, page_count);
    heap.pages_used += page_count;
    *base = (uintptr_t)heap.memory + page * STW_PAGE_BYTES;
    pthread_mutex_unlock(&heap.lock);
    return STW_OK;
}

static void release(const struct stw_host *host, uintptr_t base, uint64_t page_count)
{
    (void)host;
    pthread_mutex_lock(&heap.lock);
    for (uint64_t i = 0, page = page_of(base); i < page_count; i++, page++) {
        STW_REQUIRE(page < heap.page_limit && heap.used[page] && !heap.span_at[page]);
        heap.used[page] = 0;
    }
    heap.pages_used -= page_count;
    pthread_mutex_unlock(&heap.lock);
}

static struct fake_span *new_record(const struct stw_span_request *r)
{
    STW_REQUIRE(r->struct_size == sizeof *r && r->cell_count > 0 && r->cell_bytes >= 8);
    STW_REQUIRE(r->cell_bytes * r->cell_count <= r->page_count * STW_PAGE_BYTES);
    struct fake_span *record = stw_new(1, sizeof *record);
    record->span = (struct stw_span){
        .struct_size = sizeof record->span,
        .span_class = r->span_class,
        .base = r->base,
        .page_count = r->page_count,
        .cell_bytes = r->cell_bytes,
        .cell_count = r->cell_count,
        .layout = r->layout,
        .sweep_generation = heap.generation,
        .needs_zero = r->needs_zero,
    };
    record->span.alloc_bits = stw_new(words_of(&record->span), sizeof(uint64_t));
    record->mark_bits = stw_new(words_of(&record->span), sizeof(uint64_t));
    return record;
}

static stw_status span_register(const struct stw_host *host,
                                const struct stw_span_request *request, struct stw_span **span)
{
    (void)host;
    pthread_mutex_lock(&heap.lock);
    if (fails_now()) {
        pthread_mutex_unlock(&heap.lock);
        return STW_E_NOMEM;
    }
    struct fake_span *record = new_record(request);
    for (uint64_t i = 0, page = page_of(request->base); i < request->page_count; i++, page++) {
        STW_REQUIRE(heap.used[page] && !heap.span_at[page]);
        heap.span_at[page] = record;
    }
    heap.span_count++;
    pthread_mutex_unlock(&heap.lock);
    *span = &record->span;
    return STW_OK;
}

static void span_unregister(const struct stw_host *host, struct stw_span *span)
{
    (void)host;
    struct fake_span *record = (struct fake_span *)span;
    STW_REQUIRE(!__atomic_load_n(&record->run_of, __ATOMIC_ACQUIRE));
    pthread_mutex_lock(&heap.lock);
    for (uint64_t i = 0, page = page_of(span->base); i < span->page_count; i++, page++) {
        STW_REQUIRE(heap.span_at[page] == record);
        heap.span_at[page] = NULL;
    }
    heap.span_count--;
    pthread_mutex_unlock(&heap.lock);
    free(span->alloc_bits);
    free(record->mark_bits);
    free(record);
}

static uint32_t span_sweep(const struct stw_host *host, struct stw_span *span)
{
    (void)host;
    struct fake_span *record = (struct fake_span *)span;
    STW_REQUIRE(span->sweep_generation != heap.generation && !record->run_of);
    uint64_t *old = span->alloc_bits;
    span->live_count = 0;
    for (uint32_t i = 0; i < span->cell_count; i++) {
        uint64_t allocated = old[i / 64] >> (i % 64) & 1;
        uint64_t marked = record->mark_bits[i / 64] >> (i % 64) & 1;
        STW_REQUIRE(allocated || !marked);
        span->live_count += (uint32_t)marked;
        span->needs_zero |= (uint32_t)allocated;
        if (allocated && !marked)
            memset((void *)(span->base + i * span->cell_bytes), FAKE_POISON, span->cell_bytes);
    }
    span->alloc_bits = record->mark_bits;
    record->mark_bits = memset(old, 0, words_of(span) * sizeof *old);
    span->free_index = 0;
    span->sweep_generation = heap.generation;
    return span->live_count;
}

static uint32_t sweep_generation(const struct stw_host *host)
{
    (void)host;
    return heap.generation;
}

static stw_status set_error(const struct stw_host *host, struct stw_error *error,
                            stw_status status, const char *field,
                            const char *message)
{
    (void)host;
    return stw_error_set(error, status, field, "%s", message);
}

static void set_bits(struct stw_span *span, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        STW_REQUIRE(!stw_span_is_allocated(span, i));
        __atomic_fetch_or(&span->alloc_bits[i / 64], 1ull << (i % 64), __ATOMIC_RELAXED);
    }
    span->live_count += count;
}

static void retire_run(struct fake_heap_mutator *f, uint32_t span_class)
{
    struct stw_span *span = f->spans[span_class];
    if (!span)
        return;
    uintptr_t start = f->starts[span_class], cursor = f->m.runs[span_class].cursor;
    uint64_t count = (cursor - start) / span->cell_bytes;
    set_bits(span, (uint32_t)((start - span->base) / span->cell_bytes), (uint32_t)count);
    f->alloc_bytes += count * span->cell_bytes;
    f->spans[span_class] = NULL;
    f->m.runs[span_class] = (struct stw_run){0, 0};
    __atomic_store_n(&((struct fake_span *)span)->run_of, NULL, __ATOMIC_RELEASE);
}

static void check_grant(struct fake_heap_mutator *f, uint32_t span_class,
                        const struct stw_grant *grant)
{
    const struct stw_span *span = grant->span;
    struct fake_heap_mutator *nobody = NULL;
    STW_REQUIRE(span->span_class == span_class && grant->cell_count > 0);
    STW_REQUIRE(grant->first_cell + grant->cell_count <= span->cell_count);
    STW_REQUIRE(span->sweep_generation == heap.generation);
    STW_REQUIRE(__atomic_compare_exchange_n(&((struct fake_span *)grant->span)->run_of, &nobody, f,
                                            0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    for (uint32_t i = 0; i < grant->cell_count; i++)
        STW_REQUIRE(!stw_span_is_allocated(span, grant->first_cell + i));
}

static int refill(struct fake_heap_mutator *f, const struct stw_fit *fit)
{
    struct stw_grant grant = {0};
    uint32_t span_class = fit->run;
    retire_run(f, span_class);
    if (heap.ops->refill(heap.self, &f->m, span_class, fit->cell_bytes, &grant) != STW_OK)
        return 0;
    check_grant(f, span_class, &grant);
    uintptr_t start = grant.span->base + grant.first_cell * grant.span->cell_bytes;
    uintptr_t end = start + grant.cell_count * grant.span->cell_bytes;
    if (grant.span->needs_zero)
        memset((void *)start, 0, end - start);
    f->spans[span_class] = grant.span;
    f->starts[span_class] = start;
    f->m.runs[span_class] = (struct stw_run){start, end};
    return 1;
}

static void *large_cell(struct fake_heap_mutator *f, uint64_t bytes, const struct stw_type *type)
{
    struct stw_span *span = NULL;
    if (heap.ops->large(heap.self, &f->m, bytes, type != NULL, &span) != STW_OK)
        return NULL;
    STW_REQUIRE(span->cell_count == 1 && span->cell_bytes >= bytes && span->span_class < 2);
    STW_REQUIRE(span->layout == (type ? STW_LAYOUT_LARGE : STW_LAYOUT_NOSCAN));
    set_bits(span, 0, 1);
    if (span->needs_zero)
        memset((void *)span->base, 0, span->cell_bytes);
    f->alloc_bytes += span->cell_bytes;
    return (void *)span->base;
}

static void *alloc_slow(const struct stw_host *host, struct stw_mutator *m, uint64_t bytes,
                        const struct stw_type *type)
{
    (void)host;
    struct fake_heap_mutator *f = (struct fake_heap_mutator *)m;
    const struct stw_size_table *k = m->sizes;
    if (bytes > k->small_bytes_max)
        return large_cell(f, bytes, type);
    if (!type && bytes < k->tiny_bytes_max)
        bytes = STW_TINY_BLOCK_BYTES; /* tiny requests get a block each: fewer cases to model */
    const struct stw_fit *fit = &(type ? k->with_pointers : k->without_pointers)[(bytes + 7) / 8];
    struct stw_run *run = &m->runs[fit->run];
    if (run->cursor + fit->cell_bytes > run->limit && !refill(f, fit))
        return NULL;
    uintptr_t cell = run->cursor;
    run->cursor += fit->cell_bytes;
    return stw_cell_open(cell, fit, bytes, type);
}

static const struct stw_host table = {
    .struct_size = sizeof table,
    .set_error = set_error,
    .alloc_slow = alloc_slow,
    .pages_acquire = acquire,
    .pages_release = release,
    .span_register = span_register,
    .span_unregister = span_unregister,
    .span_sweep = span_sweep,
    .sweep_generation = sweep_generation,
};

const struct stw_host *fake_heap_begin(uint64_t page_limit)
{
    heap.memory = aligned_alloc(STW_PAGE_BYTES, page_limit * STW_PAGE_BYTES);
    STW_REQUIRE(heap.memory);
    memset(heap.memory, 0, page_limit * STW_PAGE_BYTES);
    heap.page_limit = page_limit;
    heap.pages_used = heap.span_count = heap.fail_in = 0;
    heap.span_at = stw_new(page_limit, sizeof(struct fake_span *));
    heap.used = stw_new(page_limit, 1);
    heap.dirty = stw_new(page_limit, 1);
    heap.generation = 1;
    return &table;
}

void fake_heap_end(void)
{
    STW_REQUIRE(heap.pages_used == 0 && heap.span_count == 0);
    free(heap.memory);
    free(heap.span_at);
    free(heap.used);
    free(heap.dirty);
}

void fake_heap_use(const struct stw_allocator_ops *ops, void *self)
{
    heap.ops = ops;
    heap.self = self;
}

struct fake_heap_mutator *fake_attach(uint32_t index)
{
    struct fake_heap_mutator *f = stw_new(1, sizeof *f);
    f->m.struct_size = sizeof f->m;
    f->m.index = index;
    f->m.host = &table;
    f->m.sizes = heap.ops->size_table(heap.self);
    STW_REQUIRE(heap.ops->attach(heap.self, &f->m) == STW_OK);
    return f;
}

void fake_detach(struct fake_heap_mutator *f)
{
    fake_retire(f);
    heap.ops->detach(heap.self, &f->m);
    free(f);
}

void fake_retire(struct fake_heap_mutator *f)
{
    for (uint32_t i = 0; i < STW_SPAN_CLASSES; i++)
        retire_run(f, i);
}

void *fake_alloc(struct fake_heap_mutator *f, uint64_t bytes, uint32_t scan)
{
    return stw_alloc(&f->m, bytes, scan ? &pointers : NULL);
}

static struct fake_span *record_at(const void *address)
{
    pthread_mutex_lock(&heap.lock);
    struct fake_span *record = heap.span_at[page_of((uintptr_t)address)];
    pthread_mutex_unlock(&heap.lock);
    return record;
}

struct stw_span *fake_span_at(const void *address)
{
    return (struct stw_span *)record_at(address);
}

void fake_heap_mark(const void *address)
{
    struct fake_span *record = record_at(address);
    STW_REQUIRE(record && record->span.sweep_generation == heap.generation);
    uint64_t cell = ((uintptr_t)address - record->span.base) / record->span.cell_bytes;
    STW_REQUIRE(cell < record->span.cell_count);
    STW_REQUIRE(stw_span_is_allocated(&record->span, (uint32_t)cell));
    record->mark_bits[cell / 64] |= 1ull << (cell % 64);
}

/* Calls `add` for each span. */
static uint64_t sum_spans(uint64_t (*add)(const struct fake_span *record))
{
    uint64_t sum = 0;
    for (uint64_t page = 0; page < heap.page_limit; page++) {
        const struct fake_span *record = heap.span_at[page];
        if (record && (page == 0 || record != heap.span_at[page - 1]))
            sum += add(record);
    }
    return sum;
}

static uint64_t count_bits(const uint64_t *bits, uint32_t words)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < words; i++)
        count += (uint64_t)__builtin_popcountll(bits[i]);
    return count;
}

static uint64_t allocated_cells(const struct fake_span *record)
{
    return count_bits(record->span.alloc_bits, words_of(&record->span));
}

void fake_cycle_end(void)
{
    heap.generation++;
    heap.ops->cycle_end(heap.self);
}

uint64_t fake_span_count(void)
{
    return heap.span_count;
}

uint64_t fake_cells_allocated(void)
{
    return sum_spans(allocated_cells);
}

uint64_t fake_pages_used(void)
{
    return heap.pages_used;
}

void fake_fail_nth(uint64_t nth)
{
    heap.fail_in = nth;
}

void fake_generation_skip(int32_t by)
{
    heap.generation += (uint32_t)by;
}
