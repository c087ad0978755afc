/* gc/scan.c: reads the pointers of grey cells.
 *
 * Cells of one page with a pointer bitmap are not grey one by one: their span is, and a visit scans
 * all of its cells that are marked and not yet scanned, and those that it marks itself on the way,
 * first in, first out. While a span waits in its queue more of its cells are marked; so a page is
 * read once for many cells, an address is looked up in the page map only if it leaves the page, and
 * marks cost an atomic operation for each 64 cells of the page, not for each. (Go's Green Tea
 * collector, 1.26, does the first of the three.) What the next visit reads is prefetched meanwhile.
 * Other cells are scanned one by one.
 *
 * K2  a cell's words are read atomically; a slot may change under the reader, whose old value is
 *     then in a barrier buffer.
 * K3  large cells are scanned in pieces of 128 KiB (Go: maxObletBytes), each a grey entry of its
 *     own; an element belongs to the piece in which it starts.
 * K4  one thread at a time visits a span. A cell that is marked during the visit by another is
 *     scanned by the visitor, who looks again before the span is idle (work.c).
 * K5  a cell that is black from the start is not grey (heap.H5). A visitor to whom another cell of
 *     the page leads it scans it all the same, which is needless and harmless: it is handed out,
 *     and what was in it when the pointer was stored is seen with the pointer. The same holds for a
 *     cell that another marks during the visit. */
#include "gc/scan.h"

#include "gc/collector.h"

#define OBLET_BYTES STW_LIMIT_OBLET_BYTES
#define VISIT_WORDS 16u /* of a bitmap */
#define VISIT_CELLS (VISIT_WORDS * 64u) /* 1,008 of 8 bytes are the most */
#define LOOK_CELLS STW_LIMIT_LOOK_CELLS
#define AHEAD_LINES 4u /* of the next page, prefetched for each LOOK_CELLS cells of this one */

/* Scans elements of `type` that start in [from, to) of an array at `base`. */
static void scan_elements(struct stw_marker *marker, uintptr_t base, uint64_t from, uint64_t to,
                          const struct stw_type *type)
{
    uint64_t bytes = type->element_bytes, words = type->pointer_bytes / 8;
    struct stw_ahead ahead = {0};
    for (uint64_t at = (from + bytes - 1) / bytes * bytes; at < to; at += bytes) {
        const uintptr_t *element = (const uintptr_t *)(base + at);
        for (uint64_t block = 0; block * 64 < words; block++)
            for (uint64_t mask = type->pointer_mask[block]; mask; mask &= mask - 1) {
                uint64_t word = block * 64 + (uint64_t)__builtin_ctzll(mask);
                uintptr_t value = __atomic_load_n(&element[word], __ATOMIC_ACQUIRE); /* heap.H5 */
                if (value)
                    stw__mark_ahead(marker, &ahead, value);
            }
        marker->scan_bytes += type->pointer_bytes;
    }
    stw__mark_ahead_end(marker, &ahead);
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
            stw__work_push(marker, address + at);
    uint64_t to = total - from < OBLET_BYTES ? total : from + OBLET_BYTES;
    scan_elements(marker, record->span.base, from, to, type);
}

void stw__scan_cell(struct stw_marker *marker, uintptr_t address)
{
    struct stw_heap_cell cell;
    if (!stw_heap_resolve(&marker->gc->heap, address, &cell))
        return;
    switch (cell.record->span.layout) {
    case STW_LAYOUT_MIXED: /* it is grey: it has a type */
    case STW_LAYOUT_HEADER: {
        const struct stw_type *type = stw_header_type(stw_cell_header(&cell));
        uint64_t bytes = stw_cell_bytes(&cell) - 8;
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

/* A span under visit. Cell i is bit i of a bitmap, and byte i of `seen`: a byte takes one store. */
struct visit {
    struct stw_marker *marker;
    struct stw_span_record *record;
    const uint64_t *pointers; /* bit i: word i of the page is one */
    uint64_t scan_bytes;
    uintptr_t ahead, ahead_end; /* of the page that is visited next, what is not prefetched yet */
    uint32_t head, tail;
    uint64_t marks[VISIT_WORDS]; /* the record's, when the visit began */
    uint64_t todo[VISIT_WORDS];  /* were grey then */
    uint64_t seen[8 * VISIT_WORDS]; /* bytes; 1: marked then, or by this visit */
    uint16_t queue[VISIT_CELLS + 1]; /* grey cells, by index; each comes in once */
};

/* The bits of a byte as bytes of 0 or 1, the lowest first in memory (little-endian), and back. */
static inline uint64_t bytes_of(uint64_t bits)
{
    uint64_t spread = (bits & 0xff) * 0x0101010101010101ull & 0x8040201008040201ull;
    return (spread + 0x7f7f7f7f7f7f7f7full) >> 7 & 0x0101010101010101ull;
}

static inline uint64_t bits_of(uint64_t bytes)
{
    return bytes * 0x0102040810204080ull >> 56;
}

/* Takes up the cells that wait. 0: there is none. */
static int visit_begin(struct visit *visit, struct stw_marker *marker,
                       struct stw_span_record *record)
{
    visit->marker = marker;
    visit->record = record;
    visit->pointers = (const uint64_t *)(record->span.base + STW_PAGE_BYTES - STW_BITS_BYTES);
    visit->scan_bytes = 0;
    visit->head = visit->tail = 0;
    for (uint32_t i = 0; i < record->bit_words; i++) {
        uint64_t marks = __atomic_load_n(&record->mark_bits[i], __ATOMIC_SEQ_CST); /* heap.H5 */
        uint64_t scanned = __atomic_load_n(&record->scan_bits[i], __ATOMIC_ACQUIRE);
        visit->marks[i] = marks;
        visit->todo[i] = marks & ~scanned;
        for (uint32_t part = 0; part < 8; part++)
            visit->seen[8 * i + part] = bytes_of(marks >> 8 * part);
        for (uint64_t grey = visit->todo[i]; grey; grey &= grey - 1) {
            uint32_t index = i * 64 + (uint32_t)__builtin_ctzll(grey);
            visit->queue[visit->tail++] = (uint16_t)index;
            __builtin_prefetch((const void *)(record->span.base + index * record->span.cell_bytes));
        }
    }
    return visit->tail != 0;
}

/* Of the cells of a bitmap's word, those that this visit marked. */
static uint64_t marked_here(const struct visit *visit, uint32_t word)
{
    uint64_t seen = 0;
    for (uint32_t part = 0; part < 8; part++)
        seen |= bits_of(visit->seen[8 * word + part]) << 8 * part;
    return seen & ~visit->marks[word];
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
        uint64_t mine = marked_here(visit, i), done = (visit->todo[i] | mine) & ~left[i];
        uint64_t before =
            done ? __atomic_fetch_or(&record->scan_bits[i], done, __ATOMIC_RELAXED) : 0;
        STW_ASSERT(!(before & visit->todo[i])); /* K4 */
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
static inline __attribute__((always_inline)) uint64_t index_at(const struct visit *visit,
                                                               uint64_t offset,
                                                               uint64_t cell_bytes)
{
    if (__builtin_constant_p(cell_bytes))
        return offset / cell_bytes;
    return (offset * visit->record->divide) >> 32;
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

/* What the visit after this one reads first: bitmaps, and the record of the one after that. Its
 * cells follow while this page is scanned. */
static void prefetch_next(struct visit *visit, const struct stw_span_record *next)
{
    visit->ahead = visit->ahead_end = 0;
    if (!next)
        return;
    visit->ahead = next->span.base;
    visit->ahead_end = next->span.base + STW_PAGE_BYTES - STW_BITS_BYTES;
    stw_heap_prefetch_bits(next);
    __builtin_prefetch(next->mark_bits);
    __builtin_prefetch(next->scan_bits);
    for (uint32_t at = 0; at < sizeof *next; at += STW_LINE_BYTES)
        __builtin_prefetch((const void *)((uintptr_t)next->grey_next + at)); /* may be none */
}

static inline __attribute__((always_inline)) void prefetch_ahead(struct visit *visit)
{
    for (uint32_t i = 0; i < AHEAD_LINES && visit->ahead < visit->ahead_end; i++) {
        __builtin_prefetch((const void *)visit->ahead);
        visit->ahead += STW_LINE_BYTES;
    }
}

/* Where the loop over a queue is: in registers, since bytes of `seen` may alias all memory. */
struct place {
    uintptr_t base;
    uint64_t limit; /* offset of the first byte after the last cell */
    uint64_t scan_bytes;
    uint32_t head, tail;
};

/* A pointer to a cell of the page itself makes it grey unless it was seen, without a branch. */
static inline __attribute__((always_inline)) void visit_word(struct visit *visit,
                                                             struct place *place,
                                                             const uintptr_t *word,
                                                             uint64_t cell_bytes)
{
    uintptr_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
    if (value - place->base < place->limit) {
        uint64_t index = index_at(visit, value - place->base, cell_bytes);
        unsigned char *seen = (unsigned char *)visit->seen + index;
        visit->queue[place->tail] = (uint16_t)index;
        place->tail += !*seen;
        *seen = 1;
        __builtin_prefetch((const void *)value);
    } else if (value) {
        stw__mark_precise(visit->marker, value);
    }
}

static inline __attribute__((always_inline)) void visit_cell(struct visit *visit,
                                                             struct place *place, uint64_t index,
                                                             uint64_t cell_bytes)
{
    uint64_t offset = index * cell_bytes;
    const uintptr_t *words = (const uintptr_t *)(place->base + offset);
    uint64_t mask = pointer_bits(visit, offset, cell_bytes / 8);
    if (__builtin_constant_p(cell_bytes) && cell_bytes == 16) {
        place->scan_bytes += mask & 2 ? 16 : 8 * mask;
        if (mask & 1)
            visit_word(visit, place, &words[0], cell_bytes);
        if (mask & 2)
            visit_word(visit, place, &words[1], cell_bytes);
        return;
    }
    if (mask)
        place->scan_bytes += 8 * (64 - (uint64_t)__builtin_clzll(mask));
    for (; mask; mask &= mask - 1)
        visit_word(visit, place, &words[__builtin_ctzll(mask)], cell_bytes);
}

/* Scans the cells in the queue, to which it adds. 0: the visitor is wanted elsewhere, and cells are
 * left there. */
static inline __attribute__((always_inline)) int visit_all(struct visit *visit,
                                                           const struct stw_drain_limit *limit,
                                                           uint64_t cell_bytes)
{
    struct place place = {visit->record->span.base, cell_bytes * visit->record->span.cell_count,
                          0, visit->head, visit->tail};
    for (; place.head != place.tail; place.head++) {
        if (place.head % LOOK_CELLS == 0) {
            if (stw__mark_must_leave(limit))
                break;
            prefetch_ahead(visit);
        }
        visit_cell(visit, &place, visit->queue[place.head], cell_bytes);
    }
    visit->head = place.head;
    visit->tail = place.tail;
    visit->scan_bytes = place.scan_bytes;
    return place.head == place.tail;
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

uint32_t stw__scan_span(struct stw_marker *marker, struct stw_span_record *record,
                        const struct stw_drain_limit *limit)
{
    struct visit visit;
    uint32_t cells = 0;
    stw__work_visit(record);
    prefetch_next(&visit, marker->spans.first);
    do {
        if (!visit_begin(&visit, marker, record))
            continue;
        STW_EDGE("scan.visit");
        int finished = visit_cells(&visit, limit);
        cells += visit.head;
        visit_end(&visit);
        if (!finished) {
            stw__work_leave(marker, record);
            break;
        }
    } while (!stw__work_visited(record));
    return cells;
}
