/* heap/heap.h: spans over the pages of a space, and the way from any address to its cell.
 *
 * The page map covers the whole 48-bit address space in two levels (arenas of 64 MiB, pages), so
 * that an allocator may take pages from anywhere.
 *
 * H1  the page map names a span for exactly the pages of registered spans.
 * H2  a span is published (release) only when its record is complete; it is never unregistered
 *     while marking.
 * H3  alloc_bits is exact when the world is stopped and runs are retired; while mutators run it
 *     misses only cells handed out since, and while marking those are marked.
 * H4  mark bits are set by atomic or, while marking or on the way to window 1; sweeping turns them
 *     into alloc bits.
 * H5  a cell of layout BITMAP that is black from the start has its scan bit before its mark bit:
 *     nobody sees it grey.
 * H6  a cell of layout MIXED is found by its allocation bit, at its first granule, and by its
 *     header, which is complete before. While marking, its mark bit is set before: one that is
 *     found is black, or was there when marking began.
 * Threads: resolve by anyone; register and unregister by anyone; sweep by the span's owner. */
#ifndef STW_HEAP_HEAP_H
#define STW_HEAP_HEAP_H

#include "heap/space.h"

#define STW_ADDRESS_BITS 48u
#define STW_ARENA_BITS STW_LIMIT_ARENA_BITS
#define STW_PAGE_BITS 13u  /* log2 of STW_PAGE_BYTES */
#define STW_ARENA_PAGES (1u << (STW_ARENA_BITS - STW_PAGE_BITS))
#define STW_RECORD_CLASSES 32u
#define STW_BITS_BYTES (STW_PAGE_BYTES / 64) /* of the pointer bits at the end of a page */
#define STW_LINE_BYTES 64u                   /* of a processor's cache */

/* A span's record: the public part first. */
struct stw_span_record {
    struct stw_span span;
    uint64_t *mark_bits;              /* atomic words */
    uint64_t *scan_bits; /* atomic words; layout BITMAP: marked cells that need no scan any more;
                          * MIXED: span.line_bits */
    uint32_t grey_state;              /* atomic; gc/work.c */
    uint32_t divide;                  /* ceil(2^32 / cell_bytes), or 0: resolve slowly */
    struct stw_span_record *grey_next; /* whoever has the queue that it is in */
    const struct stw_type *large_type; /* layout LARGE; atomic; null until published */
    uint64_t large_bytes;              /* as requested */
    uint64_t mixed_bytes;              /* layout MIXED: of the cells that the last sweep kept */
    const void *holder; /* atomic, relaxed: the run that is served from it, or null */
    uint32_t bit_words;                /* of each bitmap */
    uint32_t record_class;             /* log2 of the bitmap's capacity in words */
    struct stw_span_record *all_next, *all_prev;
    struct stw_death *deaths; /* atomic; gc/deaths.c */
    uint64_t *audit_bits; /* the audit's own marks; null until an audit runs */
};

struct stw_heap {
    struct stw_space space;
    struct stw_span_record ***page_map; /* [2^22, one an arena] of [STW_ARENA_PAGES] */
    uint32_t generation;                /* sweep generation; written while stopped */
    uint32_t poison;                    /* fill swept cells, so that their use shows */
    pthread_mutex_t lock;               /* records, page map arenas, `all` */
    struct stw_span_record *all;
    uint64_t span_count, span_pages;    /* registered */
    uint64_t own_bytes;                 /* atomic: memory of the runtime beside the pages, and
                                         * adopted ones */
    uint64_t adopted_pages;             /* atomic: the allocator's, from elsewhere */
    struct stw_span_record *free_records[STW_RECORD_CLASSES];
    char *record_cursor, *record_limit;
};

/* Between calls of the heap, whoever has the span. The page map, and bits of all cells: audit. */
void stw_span_record_check(const struct stw_span_record *record);

stw_status stw_heap_init(struct stw_heap *heap, uint64_t reserve_bytes, struct stw_error *error);

stw_status stw_heap_register(struct stw_heap *heap, const struct stw_span_request *request,
                             struct stw_span **span);
void stw_heap_unregister(struct stw_heap *heap, struct stw_span *span);
/* Turns marks into allocations; returns the live cells. */
uint32_t stw_heap_sweep(struct stw_heap *heap, struct stw_span *span);
/* Sets or clears bits [first, first + count) atomically, word by word. */
void stw_bits_set(uint64_t *bits, uint32_t first, uint32_t count);
void stw_bits_clear(uint64_t *bits, uint32_t first, uint32_t count);
/* Sets them where nobody else writes meanwhile, without the wait of an atomic instruction for all
 * stores before it. */
void stw_bits_add(uint64_t *bits, uint32_t first, uint32_t count);
uint32_t stw_bits_count(const uint64_t *bits, uint32_t word_count);
/* The first that is set, or first + count. */
uint32_t stw_bits_find(const uint64_t *bits, uint32_t first, uint32_t count);
/* Layout MIXED: the cells that were cut off one after the other from `from` on are allocated; while
 * marking (black) they are marked, too. By the span's holder. Returns how many. */
uint32_t stw_heap_add_mixed(struct stw_span_record *record, uintptr_t from, uintptr_t to,
                            int black);
/* The first granted cell that is not free, or first + count. Exact for the span's holder. */
uint32_t stw_heap_find_taken(const struct stw_span_record *record, uint32_t first, uint32_t count);
/* Of free cells or lines, and of those that the last sweep kept. */
uint64_t stw_heap_free_bytes(const struct stw_span_record *record);
uint64_t stw_heap_kept_bytes(const struct stw_span_record *record);
/* Of marked cells. World stopped. */
uint64_t stw_heap_marked_bytes(const struct stw_span_record *record);
/* Cells [first, first + count) are marked and need no scan (H5). While marking, or stopped. */
void stw_heap_blacken(struct stw_span_record *record, uint32_t first, uint32_t count);
/* Checks H1 and the records. World stopped. */
stw_status stw_heap_audit(struct stw_heap *heap, struct stw_error *error);

/* The cell that holds `address`. */
struct stw_heap_cell {
    struct stw_span_record *record;
    uintptr_t base;
    uint32_t index;
};

static inline struct stw_span_record *stw_heap_span_at(const struct stw_heap *heap,
                                                       uintptr_t address)
{
    if (address >> STW_ADDRESS_BITS)
        return NULL;
    struct stw_span_record **arena =
        __atomic_load_n(&heap->page_map[address >> STW_ARENA_BITS], __ATOMIC_ACQUIRE);
    if (!arena)
        return NULL;
    return __atomic_load_n(&arena[(address >> STW_PAGE_BITS) & (STW_ARENA_PAGES - 1)],
                           __ATOMIC_ACQUIRE);
}

/* For what a multiplication does not find: layout MIXED, and spans that are too large for it. */
int stw_heap_resolve_slowly(struct stw_span_record *record, uint64_t offset,
                            struct stw_heap_cell *cell);

/* The cell at an address in the pages of a span. 0: there is none, it is the span's tail. */
static inline int stw_heap_resolve_in(struct stw_span_record *record, uintptr_t address,
                                      struct stw_heap_cell *cell)
{
    uint64_t offset = address - record->span.base, index = 0;
    if (record->span.cell_count > 1) {
        if (!record->divide)
            return stw_heap_resolve_slowly(record, offset, cell);
        index = (offset * record->divide) >> 32;
    }
    if (index >= record->span.cell_count)
        return 0;
    *cell = (struct stw_heap_cell){record, record->span.base + index * record->span.cell_bytes,
                                   (uint32_t)index};
    return 1;
}

/* 0 when no cell is there (foreign memory, or a span's tail). Says nothing about allocation. */
static inline int stw_heap_resolve(const struct stw_heap *heap, uintptr_t address,
                                   struct stw_heap_cell *cell)
{
    struct stw_span_record *record = stw_heap_span_at(heap, address);
    return record && stw_heap_resolve_in(record, address, cell);
}

/* The pointer bits of a span with layout BITMAP; nothing for others. */
static inline void stw_heap_prefetch_bits(const struct stw_span_record *record)
{
    if (record->span.layout != STW_LAYOUT_BITMAP)
        return;
    const char *end = (const char *)record->span.base + STW_PAGE_BYTES;
    for (const char *bits = end - STW_BITS_BYTES; bits < end; bits += STW_LINE_BYTES)
        __builtin_prefetch(bits);
}

/* Where it is of layout MIXED or HEADER. */
static inline uint64_t stw_cell_header(const struct stw_heap_cell *cell)
{
    return __atomic_load_n((const uint64_t *)cell->base, __ATOMIC_RELAXED);
}

static inline uint64_t stw_cell_bytes(const struct stw_heap_cell *cell)
{
    if (cell->record->span.layout != STW_LAYOUT_MIXED)
        return cell->record->span.cell_bytes;
    return stw_header_granules(stw_cell_header(cell)) * STW_GRANULE_BYTES;
}

static inline int stw_cell_is_marked(const struct stw_heap_cell *cell)
{
    uint64_t word = __atomic_load_n(&cell->record->mark_bits[cell->index / 64], __ATOMIC_RELAXED);
    return (int)(word >> (cell->index % 64)) & 1;
}

/* Marks; 1 if this call did it. */
static inline int stw_cell_mark(const struct stw_heap_cell *cell)
{
    uint64_t bit = 1ull << (cell->index % 64);
    uint64_t *word = &cell->record->mark_bits[cell->index / 64];
    if (__atomic_load_n(word, __ATOMIC_RELAXED) & bit)
        return 0;
    return !(__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit); /* before grey_state is read */
}

#endif
