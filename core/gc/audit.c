/* gc/audit.c: an independent trace of the heap, compared with what the collector marked.
 *
 * Own worklist, own marks (audit_bits), own reading of pointer maps: word by word, not by masks.
 * Runs in the stop that ends marking, before the marks become allocations.
 *
 * U1  every cell reachable from roots and from reachable cells is allocated and marked; in modes
 *     stw and rescan from stacks, too. In mode concurrent a stack's stale words may name dead cells
 *     that were not there when it was scanned, so stacks prove nothing; a live cell that was lost
 *     shows as poison in its user.
 * U3  every span is swept or new.
 * U4  what markers and allocation counted as marked is what mark bits say.
 * U5  after sweep termination as many pages have been swept as spans had when marking ended.
 * U6  every page of the space that is handed out belongs to a registered span, or is kept by the
 *     allocator, which says so (stats); pages from elsewhere that spans have were adopted.
 * U7  when marking ends no span is grey, and all of its marked cells were scanned, or born black.
 * U8  what a sweep keeps is what was counted as marked; without audits sweep.c asserts it.
 * Memory comes from the C library; nothing is freed on failure, since the trial ends. */
#include "gc/audit.h"

#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "gc/collector.h"

#include <stdlib.h>

struct audit {
    struct stw_gc *gc;
    struct stw_error *error;
    uintptr_t *list;
    size_t count;
    stw_status status;
};

static int audit_bit_set(struct stw_heap_cell *cell)
{
    struct stw_span_record *record = cell->record;
    if (!record->audit_bits)
        record->audit_bits = stw_new(record->bit_words, sizeof(uint64_t));
    uint64_t bit = 1ull << (cell->index % 64), *word = &record->audit_bits[cell->index / 64];
    int was = (*word & bit) != 0;
    *word |= bit;
    return was;
}

/* Cells of a bitmap have lost their type: what is left of it are bits. */
static const struct stw_type *type_of(const struct stw_heap_cell *cell)
{
    uint32_t layout = cell->record->span.layout;
    if (layout == STW_LAYOUT_HEADER || layout == STW_LAYOUT_MIXED)
        return stw_header_type(*(const uint64_t *)cell->base);
    return layout == STW_LAYOUT_LARGE ? cell->record->large_type : NULL;
}

/* "a cell of 64 bytes with pointers", "a cell of 4096 bytes of type "node"". */
static void add_cell(const struct stw_heap_cell *cell, struct stw_text *text)
{
    int is_allocated = (int)stw_span_is_allocated(&cell->record->span, cell->index);
    const struct stw_type *type = is_allocated ? type_of(cell) : NULL;
    stw_text_add(text, "cell %#llx of %llu bytes", (unsigned long long)cell->base,
                 (unsigned long long)stw_cell_bytes(cell));
    if (type && type->name)
        stw_text_add(text, " of type \"%.40s\"", type->name);
    else if (cell->record->span.layout == STW_LAYOUT_NOSCAN)
        stw_text_add(text, " without pointers");
}

/* Who holds the lost cell: a word of a cell, of a mutator's stack, or a root. */
static void add_holder(const struct audit *audit, uintptr_t from, struct stw_text *text)
{
    struct stw_heap_cell holder;
    if (stw_heap_resolve(&audit->gc->heap, from, &holder)) {
        stw_text_add(text, "word %llu of ", (unsigned long long)((from - holder.base) / 8));
        add_cell(&holder, text);
        return;
    }
    for (uint32_t i = 0; i < audit->gc->mutator_count; i++) {
        const struct stw_mutator_record *m = audit->gc->mutators[i];
        if (from < m->stack_low || from >= m->stack_top)
            continue;
        stw_text_add(text, "the stack of mutator %u", m->mutator.index);
        return;
    }
    stw_text_add(text, "the root at %#llx", (unsigned long long)from);
}

static void fail(struct audit *audit, const char *rule, const struct stw_heap_cell *cell,
                 uintptr_t from)
{
    struct stw_text text = {0};
    if (audit->status != STW_OK)
        return;
    add_cell(cell, &text);
    stw_text_add(&text, " is held by ");
    add_holder(audit, from, &text);
    stw_text_add(&text, ", but %s; likely stored without stw_store, or held where no scan looks",
                 stw_span_is_allocated(&cell->record->span, cell->index)
                     ? "is not marked"
                     : "was freed or never allocated");
    audit->status = stw_error_set(audit->error, STW_E_AUDIT, rule, "%s", stw_text_get(&text));
    stw_text_free(&text);
}

/* Follows one word found at `from`. */
static void reach(struct audit *audit, uintptr_t value, uintptr_t from)
{
    struct stw_heap_cell cell;
    if (!stw_heap_resolve(&audit->gc->heap, value, &cell))
        return;
    int allocated = (int)stw_span_is_allocated(&cell.record->span, cell.index);
    if (!allocated || !stw_cell_is_marked(&cell)) {
        fail(audit, "gc.U1", &cell, from);
        return;
    }
    if (audit_bit_set(&cell))
        return;
    *STW_APPEND(audit->list, audit->count) = cell.base;
}

static int type_has_pointer(const struct stw_type *type, uint64_t word)
{
    uint64_t at = word % (type->element_bytes / 8);
    return at * 8 < type->pointer_bytes && (type->pointer_mask[at / 64] >> (at % 64) & 1);
}

static int is_pointer_word(const struct stw_heap_cell *cell, uint64_t word)
{
    const struct stw_span *span = &cell->record->span;
    if (span->layout == STW_LAYOUT_BITMAP) {
        uint64_t at = (cell->base - span->base) / 8 + word;
        const uint64_t *bits = (const uint64_t *)(span->base + STW_PAGE_BYTES - 128);
        return (int)(bits[at / 64] >> (at % 64)) & 1;
    }
    const struct stw_type *type = type_of(cell);
    if (!type)
        return 0;
    if (span->layout == STW_LAYOUT_LARGE)
        return word * 8 < cell->record->large_bytes && type_has_pointer(type, word);
    uint64_t elements = (stw_cell_bytes(cell) - 8) / type->element_bytes; /* behind the header */
    return word > 0 && (word - 1) * 8 < elements * type->element_bytes
           && type_has_pointer(type, word - 1);
}

static void trace(struct audit *audit)
{
    while (audit->count > 0 && audit->status == STW_OK) {
        struct stw_heap_cell cell;
        uintptr_t base = audit->list[--audit->count];
        if (!stw_heap_resolve(&audit->gc->heap, base, &cell)
            || cell.record->span.layout == STW_LAYOUT_NOSCAN)
            continue;
        for (uint64_t word = 0; word < stw_cell_bytes(&cell) / 8; word++)
            if (is_pointer_word(&cell, word))
                reach(audit, ((const uintptr_t *)base)[word], base + 8 * word);
    }
}

__attribute__((no_sanitize("address"), noinline)) static void
reach_words(struct audit *audit, const uintptr_t *low, const uintptr_t *high)
{
    /* Words of a stack may refer to free cells at any time: never a fault by themselves. */
    for (const uintptr_t *word = low; word < high; word++) {
        struct stw_heap_cell cell;
        uintptr_t value = *(const volatile uintptr_t *)word;
        if (stw_heap_resolve(&audit->gc->heap, value, &cell)
            && stw_span_is_allocated(&cell.record->span, cell.index))
            reach(audit, value, (uintptr_t)word);
    }
}

/* Before the trace: a span that was missed by the sweeper explains everything after it. */
static void check_spans(struct audit *audit)
{
    for (struct stw_span_record *r = audit->gc->heap.all; r; r = r->all_next)
        if (audit->status == STW_OK && r->span.sweep_generation != audit->gc->heap.generation)
            audit->status = stw_error_set(audit->error, STW_E_AUDIT, "gc.U3",
                                          "span %#llx was not swept",
                                          (unsigned long long)r->span.base);
}

/* Runs are retired: marks of cells that were granted and never handed out are taken back. */
static void check_marked_bytes(struct audit *audit)
{
    uint64_t marked = 0, counted = STW_LOAD(audit->gc->marked_bytes);
    for (struct stw_span_record *r = audit->gc->heap.all; r; r = r->all_next)
        marked += stw_heap_marked_bytes(r);
    if (audit->status == STW_OK && marked != counted)
        audit->status = stw_error_set(audit->error, STW_E_AUDIT, "gc.U4",
                                      "%llu bytes are marked, %llu were counted",
                                      (unsigned long long)marked, (unsigned long long)counted);
}

static void check_grey_spans(struct audit *audit)
{
    for (struct stw_span_record *r = audit->gc->heap.all; r; r = r->all_next) {
        uint64_t grey = STW_LOAD(r->grey_state);
        for (uint32_t i = 0; i < r->bit_words && r->span.layout == STW_LAYOUT_BITMAP; i++)
            grey |= r->mark_bits[i] & ~r->scan_bits[i];
        if (audit->status == STW_OK && grey)
            audit->status = stw_error_set(audit->error, STW_E_AUDIT, "gc.U7",
                                          "span %#llx is grey",
                                          (unsigned long long)r->span.base);
    }
}

static void forget_marks(struct stw_gc *gc)
{
    for (struct stw_span_record *r = gc->heap.all; r; r = r->all_next) {
        free(r->audit_bits);
        r->audit_bits = NULL;
    }
}

/* Threads that are no mutators may add roots even now. */
static void reach_roots(struct audit *audit)
{
    struct stw_roots *roots = &audit->gc->roots;
    pthread_mutex_lock(&roots->lock);
    for (uint32_t i = 0; i < roots->count; i++)
        for (uint64_t j = 0; j < roots->ranges[i].count; j++)
            reach(audit, (uintptr_t)roots->ranges[i].words[j],
                  (uintptr_t)&roots->ranges[i].words[j]);
    pthread_mutex_unlock(&roots->lock);
}

static void reach_stacks(struct audit *audit, struct stw_mutator_record *self)
{
    for (uint32_t i = 0; i < audit->gc->mutator_count; i++) {
        struct stw_mutator_record *m = audit->gc->mutators[i];
        if (stw__is_detached(m))
            continue;
        int held = m != self && stw__mutator_pin(m);
        reach_words(audit, (const uintptr_t *)(m->stack_low & ~(uintptr_t)7),
                    (const uintptr_t *)m->stack_top);
        if (held)
            stw__mutator_unhold(m);
    }
}

stw_status stw__gc_audit(struct stw_gc *gc, struct stw_mutator_record *self,
                         struct stw_error *error)
{
    struct audit audit = {.gc = gc, .error = error, .status = STW_OK};
    check_spans(&audit);
    check_marked_bytes(&audit);
    check_grey_spans(&audit);
    reach_roots(&audit);
    if (gc->options.mode != STW_MODE_CONCURRENT)
        reach_stacks(&audit, self);
    trace(&audit);
    forget_marks(gc);
    free(audit.list);
    if (audit.status == STW_OK)
        audit.status = stw_heap_audit(&gc->heap, error);
    stw__watch_begin(gc, STW_WATCH_AUDIT);
    if (audit.status == STW_OK)
        audit.status = gc->options.allocator->audit(gc->options.allocator_self, error);
    stw__watch_end(gc);
    return audit.status == STW_OK ? stw__pacer_audit(gc, error) : audit.status;
}

/* Pages of registered spans, and of them those that lie in the space. */
static uint64_t pages_in_space(const struct stw_gc *gc, uint64_t *all)
{
    const struct stw_space *space = &gc->heap.space;
    uintptr_t end = space->base + space->page_limit * STW_PAGE_BYTES;
    uint64_t pages = 0;
    *all = 0;
    for (const struct stw_span_record *r = gc->heap.all; r; r = r->all_next) {
        *all += r->span.page_count;
        if (r->span.base >= space->base && r->span.base < end)
            pages += r->span.page_count;
    }
    return pages;
}

stw_status stw__gc_audit_swept(struct stw_gc *gc, struct stw_error *error)
{
    struct audit audit = {.gc = gc, .error = error, .status = STW_OK};
    check_spans(&audit);
    if (audit.status != STW_OK)
        return audit.status;
    uint64_t swept = STW_LOAD(gc->sweep.pages_swept);
    if (swept != gc->sweep.pages_due)
        return stw_error_set(error, STW_E_AUDIT, "gc.U5",
                             "%llu pages were swept, %llu were in use after marking",
                             (unsigned long long)swept, (unsigned long long)gc->sweep.pages_due);
    if (gc->totals.cycles && gc->sweep.live_bytes != gc->marked_bytes)
        return stw_error_set(error, STW_E_AUDIT, "gc.U8",
                             "the sweep kept %llu bytes, %llu were counted as marked",
                             (unsigned long long)gc->sweep.live_bytes,
                             (unsigned long long)gc->marked_bytes);
    struct stw_allocator_stats stats = {.struct_size = sizeof stats};
    stw__watch_begin(gc, STW_WATCH_STATS);
    gc->options.allocator->stats(gc->options.allocator_self, &stats);
    stw__watch_end(gc);
    uint64_t all, registered = pages_in_space(gc, &all), used = STW_LOAD(gc->heap.space.used_pages);
    if (all - registered > STW_LOAD(gc->heap.adopted_pages))
        return stw_error_set(error, STW_E_AUDIT, "gc.U6",
                             "spans have %llu pages from elsewhere, and %llu were adopted",
                             (unsigned long long)(all - registered),
                             (unsigned long long)STW_LOAD(gc->heap.adopted_pages));
    if (registered + stats.pages_kept != used)
        return stw_error_set(error, STW_E_AUDIT, "gc.U6",
                             "%llu pages are handed out, spans have %llu, and the allocator keeps "
                             "%llu", (unsigned long long)used, (unsigned long long)registered,
                             (unsigned long long)stats.pages_kept);
    return STW_OK;
}
