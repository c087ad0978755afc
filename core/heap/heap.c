/* heap/heap.c: span records, bitmaps and the page map. Invariants H1-H6: heap.h.
 *
 * A record and its three bitmaps lie in one block from a bump area; blocks of ended spans are kept
 * on free lists by capacity and used again, so registering a span costs no system call. */
#include "heap/heap.h"

#include "base/breach.h"

#include "base/check.h"
#include "base/error.h"
#include "prim/memory.h"

#include <string.h>

void stw_span_record_check(const struct stw_span_record *record)
{
    const struct stw_span *span = &record->span;
    uint64_t last = span->cell_count - 1, tail = span->cell_count % 64;
    uint64_t beyond = tail ? ~0ull << tail : 0;
    STW_REQUIRE(span->struct_size == sizeof *span && span->cell_count > 0);
    STW_REQUIRE(span->base % STW_PAGE_BYTES == 0 && span->page_count > 0); /* heap.H1 */
    STW_REQUIRE(span->cell_bytes <= span->page_count * STW_PAGE_BYTES / span->cell_count);
    STW_REQUIRE(record->bit_words == last / 64 + 1
                && record->bit_words <= 1u << record->record_class);
    STW_REQUIRE(span->alloc_bits != record->mark_bits); /* heap.H4: sweeping swaps them */
    STW_REQUIRE(!record->divide
                || (last * span->cell_bytes * record->divide) >> 32 == last);
    STW_REQUIRE(!((__atomic_load_n(&span->alloc_bits[last / 64], __ATOMIC_RELAXED)
                   | __atomic_load_n(&record->mark_bits[last / 64], __ATOMIC_RELAXED))
                  & beyond)); /* heap.H3 */
}

stw_status stw_heap_init(struct stw_heap *heap, uint64_t reserve_bytes, struct stw_error *error)
{
    memset(heap, 0, sizeof *heap);
    STW_TRY(stw_space_init(&heap->space, reserve_bytes, error));
    heap->page_map = stw_memory_map(sizeof(void *) << (STW_ADDRESS_BITS - STW_ARENA_BITS));
    if (!heap->page_map)
        return stw_error_set(error, STW_E_NOMEM, "heap", "no memory for the page map");
    pthread_mutex_init(&heap->lock, NULL);
    heap->generation = 1;
    return STW_OK;
}

static size_t block_bytes(uint32_t record_class)
{
    size_t bytes = sizeof(struct stw_span_record) + 3 * (sizeof(uint64_t) << record_class);
    return (bytes + 63) & ~(size_t)63;
}

/* A zeroed record with bitmaps for `words` words each. The lock is held. Null: no memory. */
static struct stw_span_record *take_record(struct stw_heap *heap, uint32_t words)
{
    uint32_t record_class = words <= 1 ? 0 : 32 - (uint32_t)__builtin_clz(words - 1);
    struct stw_span_record *record = heap->free_records[record_class];
    size_t bytes = block_bytes(record_class);
    if (record) {
        heap->free_records[record_class] = record->all_next;
        memset(record, 0, bytes);
    } else {
        if ((size_t)(heap->record_limit - heap->record_cursor) < bytes) {
            size_t least = STW_LIMIT_RECORD_AREA_BYTES, area = bytes > least ? bytes : least;
            heap->record_cursor = stw_memory_map(area);
            heap->record_limit = heap->record_cursor ? heap->record_cursor + area : NULL;
            if (!heap->record_cursor)
                return NULL;
            __atomic_fetch_add(&heap->own_bytes, area, __ATOMIC_RELAXED);
        }
        record = (struct stw_span_record *)(void *)heap->record_cursor;
        heap->record_cursor += bytes;
    }
    record->record_class = record_class;
    record->bit_words = words;
    record->span.alloc_bits = (uint64_t *)(record + 1);
    record->mark_bits = record->span.alloc_bits + ((size_t)1 << record_class);
    record->scan_bits = record->mark_bits + ((size_t)1 << record_class);
    return record;
}

/* Points pages at `value`: all of them or, without memory for the map, none. The lock is held. */
static stw_status map_pages(struct stw_heap *heap, uintptr_t base, uint64_t page_count,
                            struct stw_span_record *value)
{
    for (uint64_t page = 0; page < page_count; page++) {
        uintptr_t address = base + page * STW_PAGE_BYTES;
        struct stw_span_record ***slot = &heap->page_map[address >> STW_ARENA_BITS];
        if (!*slot) {
            void *arena = stw_memory_map(sizeof(void *) * STW_ARENA_PAGES);
            if (!arena) {
                map_pages(heap, base, page, NULL); /* whose arenas are there */
                return STW_E_NOMEM;
            }
            __atomic_fetch_add(&heap->own_bytes, sizeof(void *) * STW_ARENA_PAGES,
                               __ATOMIC_RELAXED);
            __atomic_store_n(slot, (struct stw_span_record **)arena, __ATOMIC_RELEASE);
        }
        __atomic_store_n(&(*slot)[(address >> STW_PAGE_BITS) & (STW_ARENA_PAGES - 1)], value,
                         __ATOMIC_RELEASE);
    }
    return STW_OK;
}

static const char *request_problem(const struct stw_span_request *request)
{
    /* Divided, not multiplied: whatever is in a request, nothing wraps. */
    uint64_t end = 1ull << STW_ADDRESS_BITS;
    if (request->base % STW_PAGE_BYTES || request->page_count == 0)
        return "no whole pages";
    if (request->page_count > end / STW_PAGE_BYTES
        || request->base > end - request->page_count * STW_PAGE_BYTES)
        return "pages beyond the address space";
    if (request->span_class >= STW_SPAN_CLASSES)
        return "a span class beyond STW_SPAN_CLASSES";
    if (request->layout > STW_LAYOUT_MIXED)
        return "an unknown layout";
    if (request->cell_count == 0 || request->cell_bytes < 8)
        return "no cells of at least 8 bytes";
    uint64_t tail = request->layout == STW_LAYOUT_BITMAP ? STW_BITS_BYTES : 0;
    if (request->cell_bytes
        > (request->page_count * STW_PAGE_BYTES - tail) / request->cell_count)
        return "more cells than its pages hold";
    if (request->layout == STW_LAYOUT_BITMAP
        && (request->page_count != 1 || request->cell_bytes > 512 || request->cell_bytes % 8))
        return "layout BITMAP, but not one page of cells of at most 512 bytes";
    if (request->layout == STW_LAYOUT_LARGE && request->cell_count != 1)
        return "layout LARGE and several cells";
    if (request->layout == STW_LAYOUT_MIXED
        && (request->cell_bytes != STW_GRANULE_BYTES
            || request->cell_count
                   != request->page_count * STW_PAGE_BYTES / STW_GRANULE_BYTES))
        return "layout MIXED, but not of granules";
    return NULL;
}

static void check_request(const struct stw_span_request *request)
{
    if (request->struct_size < sizeof *request)
        STW_BREACH("A2", STW_BREACH_CALLER,
                   "passed a stw_span_request whose struct_size is %u, not %zu",
                   request->struct_size, sizeof *request);
    const char *problem = request_problem(request);
    if (problem)
        STW_BREACH("L8", STW_BREACH_CALLER, "registered a span with %s", problem);
}

/* The lock is held. */
static void check_free(struct stw_heap *heap, const struct stw_span_request *request)
{
    for (uint64_t page = 0; page < request->page_count; page++)
        if (stw_heap_span_at(heap, request->base + page * STW_PAGE_BYTES))
            STW_BREACH("L1", STW_BREACH_CALLER,
                       "registered a span with a page that another span has");
}

stw_status stw_heap_register(struct stw_heap *heap, const struct stw_span_request *request,
                             struct stw_span **span)
{
    check_request(request);
    pthread_mutex_lock(&heap->lock);
    check_free(heap, request);
    struct stw_span_record *record = take_record(heap, (request->cell_count - 1) / 64 + 1);
    if (!record) {
        pthread_mutex_unlock(&heap->lock);
        return STW_E_NOMEM;
    }
    record->span.struct_size = sizeof record->span;
    record->span.span_class = request->span_class;
    record->span.base = request->base;
    record->span.page_count = request->page_count;
    record->span.cell_bytes = request->cell_bytes;
    record->span.cell_count = request->cell_count;
    record->span.layout = request->layout;
    record->span.needs_zero = request->needs_zero;
    record->span.sweep_generation = heap->generation;
    uint64_t span_bytes = request->page_count * STW_PAGE_BYTES;
    if (request->layout == STW_LAYOUT_MIXED)
        record->span.line_bits = record->scan_bits;
    else if (request->cell_count > 1 && request->cell_bytes <= (UINT32_MAX - 1) / span_bytes)
        record->divide = (uint32_t)(UINT32_MAX / request->cell_bytes + 1);
    stw_status status = map_pages(heap, request->base, request->page_count, record);
    if (status != STW_OK) {
        record->all_next = heap->free_records[record->record_class];
        heap->free_records[record->record_class] = record;
        pthread_mutex_unlock(&heap->lock);
        return status;
    }
    record->all_next = heap->all;
    if (heap->all)
        heap->all->all_prev = record;
    heap->all = record;
    heap->span_count++;
    heap->span_pages += request->page_count;
    STW_CHECK(stw_span_record_check(record)); /* heap.H2: it is complete */
    pthread_mutex_unlock(&heap->lock);
    *span = &record->span;
    return STW_OK;
}

void stw_heap_unregister(struct stw_heap *heap, struct stw_span *span)
{
    struct stw_span_record *record = (struct stw_span_record *)span;
    pthread_mutex_lock(&heap->lock);
    if (!span || stw_heap_span_at(heap, span->base) != record)
        STW_BREACH("L1", STW_BREACH_CALLER, "unregistered a span that is not registered");
    STW_CHECK(stw_span_record_check(record));
    map_pages(heap, span->base, span->page_count, NULL);
    if (record->all_prev)
        record->all_prev->all_next = record->all_next;
    else
        heap->all = record->all_next;
    if (record->all_next)
        record->all_next->all_prev = record->all_prev;
    heap->span_count--;
    heap->span_pages -= span->page_count;
    record->all_next = heap->free_records[record->record_class];
    heap->free_records[record->record_class] = record;
    pthread_mutex_unlock(&heap->lock);
}

static uint64_t bits_mask(uint32_t first, uint32_t count, uint32_t *width)
{
    uint32_t shift = first % 64;
    *width = 64 - shift < count ? 64 - shift : count;
    return (*width == 64 ? ~0ull : (1ull << *width) - 1) << shift;
}

void stw_bits_set(uint64_t *bits, uint32_t first, uint32_t count)
{
    for (uint32_t width; count > 0; first += width, count -= width) {
        uint64_t mask = bits_mask(first, count, &width);
        __atomic_fetch_or(&bits[first / 64], mask, __ATOMIC_ACQ_REL);
    }
}

void stw_bits_add(uint64_t *bits, uint32_t first, uint32_t count)
{
    for (uint32_t width; count > 0; first += width, count -= width) {
        uint64_t *word = &bits[first / 64], mask = bits_mask(first, count, &width);
        __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) | mask, __ATOMIC_RELEASE);
    }
}

void stw_bits_clear(uint64_t *bits, uint32_t first, uint32_t count)
{
    for (uint32_t width; count > 0; first += width, count -= width) {
        uint64_t mask = bits_mask(first, count, &width);
        __atomic_fetch_and(&bits[first / 64], ~mask, __ATOMIC_RELAXED);
    }
}

void stw_heap_blacken(struct stw_span_record *record, uint32_t first, uint32_t count)
{
    if (record->span.layout == STW_LAYOUT_BITMAP)
        stw_bits_set(record->scan_bits, first, count);
    stw_bits_set(record->mark_bits, first, count); /* released; acquired by gc/scan.c's visits */
}

uint32_t stw_bits_count(const uint64_t *bits, uint32_t word_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < word_count; i++)
        count += (uint32_t)__builtin_popcountll(__atomic_load_n(&bits[i], __ATOMIC_RELAXED));
    return count;
}

uint32_t stw_bits_find(const uint64_t *bits, uint32_t first, uint32_t count)
{
    for (uint32_t width, at = first; at < first + count; at += width) {
        uint64_t mask = bits_mask(at, first + count - at, &width);
        uint64_t found = __atomic_load_n(&bits[at / 64], __ATOMIC_RELAXED) & mask;
        if (found)
            return at / 64 * 64 + (uint32_t)__builtin_ctzll(found);
    }
    return first + count;
}

static struct stw_heap_cell cell_at(struct stw_span_record *record, uint32_t index)
{
    uintptr_t base = record->span.base + index * record->span.cell_bytes;
    return (struct stw_heap_cell){record, base, index};
}

int stw_heap_resolve_slowly(struct stw_span_record *record, uint64_t offset,
                            struct stw_heap_cell *cell)
{
    uint32_t index = (uint32_t)(offset / record->span.cell_bytes), word = index / 64;
    if (record->span.layout != STW_LAYOUT_MIXED) {
        *cell = cell_at(record, index);
        return index < record->span.cell_count;
    }
    uint64_t starts = __atomic_load_n(&record->span.alloc_bits[word], __ATOMIC_ACQUIRE); /* H6 */
    starts &= ~0ull >> (63 - index % 64);
    while (!starts && word > 0)
        starts = __atomic_load_n(&record->span.alloc_bits[--word], __ATOMIC_ACQUIRE);
    if (!starts)
        return 0;
    *cell = cell_at(record, word * 64 + 63 - (uint32_t)__builtin_clzll(starts));
    return index - cell->index < stw_header_granules(stw_cell_header(cell));
}

static void add_lines(struct stw_span_record *record, uint32_t first, uint32_t granules)
{
    uint32_t line = first / STW_LINE_GRANULES, last = (first + granules - 1) / STW_LINE_GRANULES;
    stw_bits_add(record->span.line_bits, line, last - line + 1);
}

uint32_t stw_heap_add_mixed(struct stw_span_record *record, uintptr_t from, uintptr_t to, int black)
{
    uint32_t count = 0, granules;
    uint32_t end = (uint32_t)((to - record->span.base) / STW_GRANULE_BYTES);
    uint32_t at = (uint32_t)((from - record->span.base) / STW_GRANULE_BYTES);
    for (; at < end; at += granules, count++) {
        struct stw_heap_cell cell = cell_at(record, at);
        granules = (uint32_t)stw_header_granules(stw_cell_header(&cell));
        STW_REQUIRE(granules > 0 && granules <= end - at); /* else a cell was written before it */
        if (black)
            stw_bits_set(record->mark_bits, at, 1);
        stw_bits_add(record->span.alloc_bits, at, 1);
        add_lines(record, at, granules);
    }
    return count;
}

uint32_t stw_heap_find_taken(const struct stw_span_record *record, uint32_t first, uint32_t count)
{
    if (record->span.layout != STW_LAYOUT_MIXED)
        return stw_bits_find(record->span.alloc_bits, first, count);
    uint32_t line = first / STW_LINE_GRANULES, lines = count / STW_LINE_GRANULES;
    return stw_bits_find(record->span.line_bits, line, lines) * STW_LINE_GRANULES;
}

static uint32_t line_words(const struct stw_span_record *record)
{
    return (record->span.cell_count / STW_LINE_GRANULES + 63) / 64;
}

uint64_t stw_heap_free_bytes(const struct stw_span_record *record)
{
    const struct stw_span *span = &record->span;
    uint32_t taken = span->layout == STW_LAYOUT_MIXED
                         ? stw_bits_count(span->line_bits, line_words(record)) * STW_LINE_GRANULES
                         : stw_bits_count(span->alloc_bits, record->bit_words);
    return (span->cell_count - taken) * span->cell_bytes;
}

uint64_t stw_heap_kept_bytes(const struct stw_span_record *record)
{
    if (record->span.layout == STW_LAYOUT_MIXED)
        return record->mixed_bytes;
    return record->span.live_count * record->span.cell_bytes;
}

/* Calls act for the cells whose bits are set in `bits`, but not those in `without`, which may be
 * null. */
static uint64_t sum_cells(struct stw_span_record *record, const uint64_t *bits,
                          const uint64_t *without, void (*act)(const struct stw_heap_cell *cell))
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < record->bit_words; i++)
        for (uint64_t left = bits[i] & ~(without ? without[i] : 0); left; left &= left - 1) {
            struct stw_heap_cell cell = cell_at(record, i * 64 + (uint32_t)__builtin_ctzll(left));
            bytes += stw_cell_bytes(&cell);
            if (act)
                act(&cell);
        }
    return bytes;
}

uint64_t stw_heap_marked_bytes(const struct stw_span_record *record)
{
    if (record->span.layout != STW_LAYOUT_MIXED)
        return stw_bits_count(record->mark_bits, record->bit_words) * record->span.cell_bytes;
    return sum_cells((struct stw_span_record *)(uintptr_t)record, record->mark_bits, NULL, NULL);
}

/* Of the cells that die in a sweep. */
static void poison(const struct stw_heap_cell *cell)
{
    memset((void *)cell->base, STW_POISON, stw_cell_bytes(cell));
}

static void add_lines_of(const struct stw_heap_cell *cell)
{
    add_lines(cell->record, cell->index, (uint32_t)stw_header_granules(stw_cell_header(cell)));
}

uint32_t stw_heap_sweep(struct stw_heap *heap, struct stw_span *span)
{
    struct stw_span_record *record = (struct stw_span_record *)span;
    if (span->sweep_generation == heap->generation)
        STW_BREACH("L4", STW_BREACH_CALLER, "swept a span twice");
    STW_CHECK(stw_span_record_check(record));
    if (heap->poison)
        sum_cells(record, span->alloc_bits, record->mark_bits, poison);
    for (uint32_t i = 0; i < record->bit_words && !span->needs_zero; i++)
        span->needs_zero = span->alloc_bits[i] != 0;
    uint64_t *old = span->alloc_bits;
    span->alloc_bits = record->mark_bits;
    memset(old, 0, record->bit_words * sizeof *old);
    record->mark_bits = old;
    if (span->layout == STW_LAYOUT_BITMAP)
        memset(record->scan_bits, 0, record->bit_words * sizeof *old);
    if (span->layout == STW_LAYOUT_MIXED) {
        memset(span->line_bits, 0, line_words(record) * sizeof *old);
        record->mixed_bytes = sum_cells(record, span->alloc_bits, NULL, add_lines_of);
    }
    span->live_count = stw_bits_count(span->alloc_bits, record->bit_words);
    span->free_index = 0;
    STW_CHECK(stw_span_record_check(record));
    __atomic_store_n(&span->sweep_generation, heap->generation, __ATOMIC_RELEASE);
    return span->live_count;
}

stw_status stw_heap_audit(struct stw_heap *heap, struct stw_error *error)
{
    uint64_t spans = 0, pages = 0;
    for (struct stw_span_record *r = heap->all; r; r = r->all_next) {
        spans++;
        pages += r->span.page_count;
        for (uint64_t page = 0; page < r->span.page_count; page++)
            if (stw_heap_span_at(heap, r->span.base + page * STW_PAGE_BYTES) != r)
                return stw_error_set(error, STW_E_AUDIT, "heap.H1",
                                     "page %llu of span %#llx is lost",
                                     (unsigned long long)page, (unsigned long long)r->span.base);
        uint32_t beyond = r->span.cell_count % 64;
        uint64_t mask = beyond ? ~0ull << beyond : 0;
        if ((r->span.alloc_bits[r->bit_words - 1] | r->mark_bits[r->bit_words - 1]) & mask)
            return stw_error_set(error, STW_E_AUDIT, "heap.H3",
                                 "span %#llx has bits past its cells",
                                 (unsigned long long)r->span.base);
    }
    if (spans != heap->span_count || pages != heap->span_pages)
        return stw_error_set(error, STW_E_AUDIT, "heap.H1",
                             "%llu spans of %llu pages are listed, %llu of %llu were counted",
                             (unsigned long long)spans, (unsigned long long)pages,
                             (unsigned long long)heap->span_count,
                             (unsigned long long)heap->span_pages);
    return stw_space_audit(&heap->space, error);
}
