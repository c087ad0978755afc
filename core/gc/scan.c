/* gc/scan.c: reads the pointers of grey cells.
 *
 * Cells of one page with a pointer bitmap are not grey one by one: their span is, and a visit scans
 * all of its cells that are marked and not yet scanned, and those that it marks itself on the way,
 * first in, first out. While a span waits in its queue more of its cells are marked; so a page is
 * read once for many cells, an address is looked up in the page map only if it leaves the page, and
 * marks cost an atomic operation for each 64 cells of the page, not for each. (Go's Green Tea
 * collector, 1.26, does the first of the three.) Other cells are scanned one by one.
 *
 * K2  a cell's words are read atomically; a slot may change under the reader, whose old value is
 *     then in a barrier buffer.
 * K3  large cells are scanned in pieces of 128 KiB (Go: maxObletBytes), each a grey entry of its
 *     own; an element belongs to the piece in which it starts.
 * K4  one thread at a time visits a span. A cell that is marked during the visit by another is
 *     scanned by the visitor, who looks again before the span is idle (work.c).
 * K5  a cell that is black from the start is not scanned: its scan bit is there before its mark
 *     bit (H5), and the visitor reads the mark bit of a cell that it has not seen marked before. */
#include "gc/gc.h"

#define OBLET_BYTES STW_LIMIT_OBLET_BYTES
#define BITS_BYTES (STW_PAGE_BYTES / 64) /* of the pointer bitmap at a page's end */
#define VISIT_WORDS 16u /* of a bitmap */
#define VISIT_CELLS (VISIT_WORDS * 64u) /* 1,008 of 8 bytes are the most */
#define LOOK_CELLS STW_LIMIT_LOOK_CELLS

static void scan_word(struct stw_marker *marker, const uintptr_t *word)
{
    uintptr_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE); /* with it, its cell's bits (H5) */
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

void stw_scan_cell(struct stw_marker *marker, uintptr_t address)
{
    struct stw_cell cell;
    if (!stw_heap_resolve(&marker->gc->heap, address, &cell))
        return;
    switch (cell.record->span.layout) {
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

/* A span under visit. Bit i of the bitmaps is cell i. */
struct visit {
    struct stw_marker *marker;
    struct stw_span_record *record;
    uintptr_t base;
    const uint64_t *pointers;  /* bit i: word i of the page is one */
    const uint64_t *mark_bits; /* the record's */
    uint64_t limit;            /* offset of the first byte after the last cell */
    uint64_t scan_bytes;
    uint64_t seen[VISIT_WORDS]; /* known to be marked */
    uint64_t todo[VISIT_WORDS]; /* were grey when the visit began */
    uint64_t mine[VISIT_WORDS]; /* marked by this visit; not yet in mark_bits */
    uint32_t head, tail;
    uint16_t queue[VISIT_CELLS]; /* grey cells, by index; each comes in once */
};

/* Takes up the cells that wait. 0: there is none. */
static int visit_begin(struct visit *visit, struct stw_marker *marker,
                       struct stw_span_record *record)
{
    visit->marker = marker;
    visit->record = record;
    visit->base = record->span.base;
    visit->pointers = (const uint64_t *)(visit->base + STW_PAGE_BYTES - BITS_BYTES);
    visit->mark_bits = record->mark_bits;
    visit->scan_bytes = 0;
    visit->limit = record->span.cell_bytes * record->span.cell_count;
    visit->head = visit->tail = 0;
    for (uint32_t i = 0; i < record->bit_words; i++) {
        uint64_t marks = __atomic_load_n(&record->mark_bits[i], __ATOMIC_SEQ_CST); /* first: H5 */
        uint64_t scanned = __atomic_load_n(&record->scan_bits[i], __ATOMIC_ACQUIRE);
        visit->seen[i] = marks;
        visit->todo[i] = marks & ~scanned;
        visit->mine[i] = 0;
        for (uint64_t grey = visit->todo[i]; grey; grey &= grey - 1)
            visit->queue[visit->tail++] = (uint16_t)(i * 64 + (uint32_t)__builtin_ctzll(grey));
    }
    return visit->tail != 0;
}

/* Tells the others what was marked, and what was scanned, which is all but what is left in the
 * queue; and counts it. */
static void visit_end(struct visit *visit)
{
    struct stw_span_record *record = visit->record;
    uint64_t marked = 0, left[VISIT_WORDS] = {0};
    for (uint32_t i = visit->head; i < visit->tail; i++)
        left[visit->queue[i] / 64] |= 1ull << (visit->queue[i] % 64);
    for (uint32_t i = 0; i < record->bit_words; i++) {
        uint64_t mine = visit->mine[i], done = (visit->todo[i] | mine) & ~left[i];
        uint64_t before =
            done ? __atomic_fetch_or(&record->scan_bits[i], done, __ATOMIC_RELAXED) : 0;
        STW_ASSERT(!(before & done)); /* K4, K5 */
        (void)before;
        if (mine)
            marked += (uint64_t)__builtin_popcountll(
                mine & ~__atomic_fetch_or(&record->mark_bits[i], mine, __ATOMIC_RELAXED));
    }
    visit->marker->scan_bytes += visit->scan_bytes;
    visit->marker->mark_objects += marked;
    visit->marker->marked_bytes += marked * record->span.cell_bytes;
}

/* `cell_bytes` is a constant in the copies of this for common sizes: so is the division. */
static inline __attribute__((always_inline)) uint32_t index_at(const struct visit *visit,
                                                               uint64_t offset,
                                                               uint64_t cell_bytes)
{
    if (__builtin_constant_p(cell_bytes))
        return (uint32_t)(offset / cell_bytes);
    return (uint32_t)((offset * visit->record->divide) >> 32);
}

/* A pointer to a cell of the page itself. */
static inline __attribute__((always_inline)) void visit_local(struct visit *visit, uint64_t offset,
                                                              uint64_t cell_bytes)
{
    uint32_t index = index_at(visit, offset, cell_bytes), word = index / 64;
    uint64_t bit = 1ull << (index % 64);
    if (visit->seen[word] & bit)
        return;
    visit->seen[word] |= __atomic_load_n(&visit->mark_bits[word], __ATOMIC_ACQUIRE);
    if (visit->seen[word] & bit)
        return; /* by another, or black from the start (K5) */
    visit->seen[word] |= bit;
    visit->mine[word] |= bit;
    visit->queue[visit->tail++] = (uint16_t)index;
    __builtin_prefetch((const void *)(visit->base + index * cell_bytes));
}

/* The pointer bits of a cell, lowest word first. */
static inline __attribute__((always_inline)) uint64_t pointer_bits(const struct visit *visit,
                                                                   uint64_t offset, uint64_t words)
{
    uint64_t word = offset / 8, shift = word % 64;
    uint64_t mask = __atomic_load_n(&visit->pointers[word / 64], __ATOMIC_RELAXED) >> shift;
    if ((words & (words - 1)) && shift + words > 64) /* 2^n words lie within 64 */
        mask |= __atomic_load_n(&visit->pointers[word / 64 + 1], __ATOMIC_RELAXED) << (64 - shift);
    return words < 64 ? mask & ((1ull << words) - 1) : mask;
}

static inline __attribute__((always_inline)) void visit_word(struct visit *visit,
                                                             const uintptr_t *word,
                                                             uint64_t cell_bytes)
{
    uintptr_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (value - visit->base < visit->limit)
        visit_local(visit, value - visit->base, cell_bytes);
    else if (value)
        stw_mark_precise(visit->marker, value);
}

static inline __attribute__((always_inline)) void visit_cell(struct visit *visit, uint32_t index,
                                                             uint64_t cell_bytes)
{
    uint64_t offset = index * cell_bytes;
    const uintptr_t *words = (const uintptr_t *)(visit->base + offset);
    uint64_t mask = pointer_bits(visit, offset, cell_bytes / 8);
    if (__builtin_constant_p(cell_bytes) && cell_bytes == 16) {
        visit->scan_bytes += 8 * ((mask >> 1) + (mask != 0));
        if (mask & 1)
            visit_word(visit, &words[0], cell_bytes);
        if (mask & 2)
            visit_word(visit, &words[1], cell_bytes);
        return;
    }
    if (mask)
        visit->scan_bytes += 8 * (64 - (uint64_t)__builtin_clzll(mask));
    for (; mask; mask &= mask - 1)
        visit_word(visit, &words[__builtin_ctzll(mask)], cell_bytes);
}

/* Scans the cells in the queue, to which it adds. 0: the visitor is wanted elsewhere, and cells are
 * left there. */
static inline __attribute__((always_inline)) int visit_all(struct visit *visit,
                                                           const struct stw_drain_limit *limit,
                                                           uint64_t cell_bytes)
{
    while (visit->head != visit->tail) {
        if (visit->head % LOOK_CELLS == 0 && stw_mark_must_leave(limit))
            return 0;
        visit_cell(visit, visit->queue[visit->head++], cell_bytes);
    }
    return 1;
}

static int visit_cells(struct visit *visit, const struct stw_drain_limit *limit)
{
    switch (visit->record->span.cell_bytes) {
    case 16:
        return visit_all(visit, limit, 16);
    case 32:
        return visit_all(visit, limit, 32);
    case 64:
        return visit_all(visit, limit, 64);
    default:
        return visit_all(visit, limit, visit->record->span.cell_bytes);
    }
}

uint32_t stw_scan_span(struct stw_marker *marker, struct stw_span_record *record,
                       const struct stw_drain_limit *limit)
{
    struct visit visit;
    uint32_t cells = 0;
    stw_work_visit(record);
    do {
        if (!visit_begin(&visit, marker, record))
            continue;
        STW_EDGE("scan.visit");
        int finished = visit_cells(&visit, limit);
        cells += visit.head;
        visit_end(&visit);
        if (!finished) {
            stw_work_leave(marker, record);
            break;
        }
    } while (!stw_work_visited(record));
    return cells;
}
