/* allocators/go.c: Go's allocator: size classes, a span cache per mutator, central lists.
 *
 * After Go 1.23: runtime/sizeclasses.go, msize.go, mcache.go, mcentral.go, mheap.go, mgcsweep.go.
 * Small cells come from the span of their class that the mutator's cache holds. When that has no
 * free cell left it goes to its class's list of full spans, and the cache takes a swept span with
 * free cells, an unswept one (sweeping it), or new pages. A large cell is a span of its own.
 *
 * A1  a span is in one place: a mutator's cache, a central list, or one thread's hands. Its
 *     allocator_word says which; the hands are PLACE_NONE.
 * A2  lists[swept_side] hold spans of the heap's generation only, the other side holds stale ones
 *     only. cycle_end turns the sides round, so it costs the same for any heap.
 * A3  a span in a list PARTIAL has a free cell, one in a list FULL has none, by its alloc_bits.
 * A4  the unswept lists only shrink until the next cycle_end: those of the classes below
 *     sweep_class are empty, and once sweep_class is SPAN_CLASSES all are.
 *
 * Threads: a span's holder alone touches it. Locks: central.lock guards one class's lists,
 * caches_lock the list of caches; both are leaves, held over SWEEP_TOGETHER spans at most and never
 * while the host is called. swept_side changes while the world is stopped: no slot sees it change.
 *
 * Left out: Go's page cache of each P (the host's page lock is taken once a span), and reclaiming
 * unmarked spans before the heap grows while sweeping is unfinished (mheap.reclaim); here that is
 * done only when the host has no pages. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/plugin.h>

#define SIZE_CLASSES 68u
#define SPAN_CLASSES (2 * SIZE_CLASSES)
#define SMALL_BYTES_MAX 32760u /* a header more is the largest class; Go: maxSmallSize - 8 */
#define HEADER_ABOVE_BYTES 512u /* Go: minSizeForMallocHeader */
#define HEADER_BYTES 8u
#define TINY_BYTES_MAX 16u /* Go: maxTinySize */
#define LARGEST_CLASS_BYTES 32768u
#define BITMAP_SHARE 64u /* one bit a word */
#define SWEEP_TOGETHER 16u /* spans: threads that sweep meet at the lists less often */
#define SWEEPS_MAX 100u  /* of one refill before it takes new pages; Go: spanBudget in cacheSpan */

#define PARTIAL 0u
#define FULL 1u
#define PLACE_NONE 0u
#define PLACE_CACHE 1u
#define PLACE_LIST 2u /* + 2 * side + PARTIAL or FULL */

static const uint32_t class_bytes[SIZE_CLASSES] = {
    0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320,
    352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792,
    2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
    10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672,
    LARGEST_CLASS_BYTES,
};
static const uint8_t class_pages[SIZE_CLASSES] = {
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 2, 1, 2, 1, 2, 1, 3, 2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2, 9, 7, 5, 8,
    3, 10, 7, 4,
};

/* Last in, first out: the span given back last is the one in the processor's cache. */
struct span_list {
    struct stw_span *first;
    uint64_t count;
};

struct central {
    _Alignas(64) pthread_mutex_t lock;
    struct span_list lists[2][2]; /* [side][PARTIAL or FULL] */
    uint64_t span_count;          /* atomic; spans of the class in all places */
};

struct cache {
    struct stw_span *spans[SPAN_CLASSES]; /* the span that runs come from, or null */
    struct cache *next;
};

struct go {
    struct central central[SPAN_CLASSES];
    const struct stw_host *host;
    pthread_mutex_t caches_lock;
    struct cache *caches;
    uint32_t swept_side;  /* atomic, relaxed (A2) */
    uint32_t sweep_class; /* atomic, relaxed: the lists' locks order everything else (A4) */
    struct stw_size_table sizes;
    struct stw_fit fits[2][SMALL_BYTES_MAX / 8 + 1]; /* [1]: pointer-free */
};

static uint32_t swept_side(const struct go *go)
{
    return __atomic_load_n(&go->swept_side, __ATOMIC_RELAXED);
}

/* Spans of one class in a thread's hands, linked by `next`. */
struct chain {
    struct stw_span *first, *last;
    uint64_t count;
};

static void append(struct chain *chain, struct stw_span *span)
{
    span->next = NULL;
    if (chain->last)
        chain->last->next = span;
    else
        chain->first = span;
    chain->last = span;
    chain->count++;
}

static void push_all(struct go *go, const struct chain *chain, uint32_t side, uint32_t full)
{
    if (!chain->first)
        return;
    struct central *central = &go->central[chain->first->span_class];
    struct span_list *list = &central->lists[side][full];
    for (struct stw_span *span = chain->first; span; span = span->next)
        span->allocator_word = PLACE_LIST + 2 * side + full;
    pthread_mutex_lock(&central->lock);
    chain->last->next = list->first;
    list->first = chain->first;
    list->count += chain->count;
    pthread_mutex_unlock(&central->lock);
}

static void push(struct go *go, struct stw_span *span, uint32_t side, uint32_t full)
{
    struct chain chain = {0};
    append(&chain, span);
    push_all(go, &chain, side, full);
}

static void prefetch_span(const struct stw_span *span)
{
    if (!span)
        return;
    __builtin_prefetch(span);
    __builtin_prefetch(&span->next);
}

/* At most `count_max` spans of a list; no chain: it is empty. */
static struct chain pop_some(struct go *go, uint32_t span_class, uint32_t side, uint32_t full,
                             uint32_t count_max)
{
    struct central *central = &go->central[span_class];
    struct span_list *list = &central->lists[side][full];
    struct chain chain = {0};
    pthread_mutex_lock(&central->lock);
    chain.first = list->first;
    for (struct stw_span *span = chain.first; span && chain.count < count_max; span = span->next) {
        chain.last = span;
        chain.count++;
    }
    list->first = chain.last ? chain.last->next : NULL;
    prefetch_span(list->first); /* seldom taken at once */
    list->count -= chain.count;
    pthread_mutex_unlock(&central->lock);
    if (chain.last)
        chain.last->next = NULL;
    for (struct stw_span *span = chain.first; span; span = span->next)
        span->allocator_word = PLACE_NONE;
    return chain;
}

static struct stw_span *pop(struct go *go, uint32_t span_class, uint32_t side, uint32_t full)
{
    return pop_some(go, span_class, side, full, 1).first;
}

static uint32_t count_free(const struct stw_span *span)
{
    uint32_t allocated = 0;
    for (uint32_t i = 0; i < span->cell_count; i += 64) {
        uint64_t word = __atomic_load_n(&span->alloc_bits[i / 64], __ATOMIC_RELAXED);
        allocated += (uint32_t)__builtin_popcountll(word);
    }
    return span->cell_count - allocated;
}

/* The first cell from `from` on whose allocation bit is `wanted`, or cell_count. */
static uint32_t find_cell(const struct stw_span *span, uint32_t from, uint32_t wanted)
{
    while (from < span->cell_count) {
        uint64_t word = __atomic_load_n(&span->alloc_bits[from / 64], __ATOMIC_RELAXED);
        uint64_t found = (wanted ? word : ~word) >> (from % 64);
        if (found) {
            uint32_t at = from + (uint32_t)__builtin_ctzll(found);
            return at < span->cell_count ? at : span->cell_count;
        }
        from = (from / 64 + 1) * 64;
    }
    return span->cell_count;
}

/* Grants the next free cells of a cached span; 0: it has none. */
static int next_run(struct stw_span *span, struct stw_grant *grant)
{
    uint32_t first = find_cell(span, span->free_index, 0);
    uint32_t end = find_cell(span, first, 1);
    span->free_index = end;
    *grant = (struct stw_grant){span, first, end - first};
    return end > first;
}

/* Span class: 2 * size class + (1 if pointer-free). Size class 0: large cells. */
static uint32_t layout_of(uint32_t span_class)
{
    if (span_class % 2)
        return STW_LAYOUT_NOSCAN;
    return class_bytes[span_class / 2] <= HEADER_ABOVE_BYTES ? STW_LAYOUT_BITMAP
                                                             : STW_LAYOUT_HEADER;
}

/* What every span of a small class looks like; base and needs_zero are left to fill in. */
static struct stw_span_request shape_of(uint32_t span_class)
{
    uint32_t size_class = span_class / 2, bytes = class_bytes[size_class];
    uint64_t room = class_pages[size_class] * (uint64_t)STW_PAGE_BYTES;
    struct stw_span_request shape = {
        .struct_size = sizeof shape,
        .span_class = span_class,
        .page_count = class_pages[size_class],
        .cell_bytes = bytes,
        .layout = layout_of(span_class),
    };
    if (shape.layout == STW_LAYOUT_BITMAP)
        room -= room / BITMAP_SHARE;
    shape.cell_count = (uint32_t)(room / bytes);
    return shape;
}

static void free_span(struct go *go, struct stw_span *span)
{
    uintptr_t base = span->base;
    uint64_t page_count = span->page_count;
    __atomic_fetch_sub(&go->central[span->span_class].span_count, 1, __ATOMIC_RELAXED);
    go->host->span_unregister(go->host, span);
    go->host->pages_release(go->host, base, page_count);
}

/* Unswept spans of one class, large ones first, at most `count_max`; no chain: none is left. Of the
 * large ones, without bound in size, no more than one: what is in a thread's hands is free to
 * nobody, and another may need it. */
static struct chain next_unswept(struct go *go, uint32_t count_max)
{
    uint32_t side = 1 - swept_side(go);
    uint32_t span_class = __atomic_load_n(&go->sweep_class, __ATOMIC_RELAXED);
    while (span_class < SPAN_CLASSES) {
        uint32_t most = span_class < 2 ? 1 : count_max;
        struct chain chain = pop_some(go, span_class, side, FULL, most);
        if (!chain.first)
            chain = pop_some(go, span_class, side, PARTIAL, most);
        if (chain.first)
            return chain;
        /* If it fails, another thread has moved on: span_class is then where it is. */
        if (__atomic_compare_exchange_n(&go->sweep_class, &span_class, span_class + 1, 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            span_class++;
    }
    return (struct chain){0};
}

/* Sweeps stale spans in the caller's hands; frees them, or puts them into their lists. */
static void sweep_chain(struct go *go, struct chain *stale)
{
    struct chain kept[2] = {0}; /* PARTIAL and FULL */
    for (struct stw_span *span = stale->first, *next; span; span = next) {
        next = span->next;
        prefetch_span(next);
        uint32_t live = go->host->span_sweep(go->host, span);
        if (live == 0)
            free_span(go, span);
        else
            append(&kept[live == span->cell_count ? FULL : PARTIAL], span);
    }
    for (uint32_t full = PARTIAL; full <= FULL; full++)
        push_all(go, &kept[full], swept_side(go), full);
}

static uint32_t sweep(void *self, uint32_t span_max)
{
    struct go *go = self;
    uint32_t swept = 0;
    while (swept < span_max) {
        uint32_t left = span_max - swept;
        struct chain stale = next_unswept(go, left < SWEEP_TOGETHER ? left : SWEEP_TOGETHER);
        if (!stale.first)
            break;
        sweep_chain(go, &stale);
        swept += (uint32_t)stale.count;
    }
    return swept;
}

/* Makes a span in new pages. Before memory counts as exhausted, what is left to sweep is swept. */
static stw_status make_span(struct go *go, struct stw_span_request *request,
                            struct stw_span **span)
{
    const struct stw_host *host = go->host;
    stw_status status;
    do
        status = host->pages_acquire(host, request->page_count, &request->base,
                                     &request->needs_zero);
    while (status == STW_E_NOMEM && sweep(go, SWEEPS_MAX) > 0);
    if (status != STW_OK)
        return status;
    status = host->span_register(host, request, span);
    if (status != STW_OK) {
        host->pages_release(host, request->base, request->page_count);
        return status;
    }
    __atomic_fetch_add(&go->central[request->span_class].span_count, 1, __ATOMIC_RELAXED);
    return STW_OK;
}

/* A swept span with a free cell from the central lists, or null (Go: mcentral.cacheSpan). */
static struct stw_span *take_listed(struct go *go, uint32_t span_class)
{
    uint32_t side = swept_side(go), sweeps = 0;
    struct stw_span *span = pop(go, span_class, side, PARTIAL);
    if (span)
        return span;
    for (uint32_t full = PARTIAL; full <= FULL; full++) {
        while (sweeps < SWEEPS_MAX && (span = pop(go, span_class, 1 - side, full))) {
            sweeps++;
            if (go->host->span_sweep(go->host, span) < span->cell_count)
                return span;
            push(go, span, side, FULL);
        }
    }
    return NULL;
}

static stw_status take_span(struct go *go, uint32_t span_class, struct stw_span **taken)
{
    struct stw_span *span = take_listed(go, span_class);
    if (!span) {
        struct stw_span_request request = shape_of(span_class);
        stw_status status = make_span(go, &request, &span);
        if (status != STW_OK)
            return status;
    }
    span->free_index = 0; /* behind it may be cells that an earlier holder did not use up */
    span->allocator_word = PLACE_CACHE;
    *taken = span;
    return STW_OK;
}

/* Gives a cached span back (Go: mcentral.uncacheSpan). Its runs are retired. */
static void give_back(struct go *go, struct stw_span *span)
{
    span->allocator_word = PLACE_NONE;
    if (span->sweep_generation != go->host->sweep_generation(go->host)) {
        struct chain stale = {0};
        append(&stale, span);
        sweep_chain(go, &stale);
        return;
    }
    push(go, span, swept_side(go), count_free(span) == 0 ? FULL : PARTIAL);
}

static stw_status refill(void *self, struct stw_mutator *m, uint32_t span_class,
                         uint64_t cell_bytes, struct stw_grant *grant)
{
    (void)cell_bytes; /* the class's */
    struct go *go = self;
    struct cache *cache = m->allocator_state;
    struct stw_span *span = cache->spans[span_class];
    if (span && next_run(span, grant))
        return STW_OK;
    cache->spans[span_class] = NULL;
    if (span)
        give_back(go, span);
    stw_status status = take_span(go, span_class, &span);
    if (status != STW_OK)
        return status;
    cache->spans[span_class] = span;
    next_run(span, grant);
    return STW_OK;
}

static void flush(void *self, struct stw_mutator *m)
{
    struct cache *cache = m->allocator_state;
    for (uint32_t i = 0; i < SPAN_CLASSES; i++) {
        struct stw_span *span = cache->spans[i];
        cache->spans[i] = NULL;
        if (span)
            give_back(self, span);
    }
}

static stw_status attach(void *self, struct stw_mutator *m)
{
    struct go *go = self;
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return STW_E_NOMEM;
    pthread_mutex_lock(&go->caches_lock);
    cache->next = go->caches;
    go->caches = cache;
    pthread_mutex_unlock(&go->caches_lock);
    m->allocator_state = cache;
    return STW_OK;
}

static void detach(void *self, struct stw_mutator *m)
{
    struct go *go = self;
    struct cache *cache = m->allocator_state;
    flush(go, m);
    pthread_mutex_lock(&go->caches_lock);
    struct cache **link = &go->caches;
    while (*link != cache)
        link = &(*link)->next;
    *link = cache->next;
    pthread_mutex_unlock(&go->caches_lock);
    m->allocator_state = NULL;
    free(cache);
}

/* Rounded up to pages; 0 if that is beyond 64 bits. */
static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + STW_PAGE_BYTES - 1) & ~(uint64_t)(STW_PAGE_BYTES - 1);
}

static stw_status large(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span)
{
    (void)m;
    struct go *go = self;
    struct stw_span_request request = {
        .struct_size = sizeof request,
        .span_class = scan ? 0 : 1,
        .page_count = whole_pages(bytes) / STW_PAGE_BYTES,
        .cell_bytes = whole_pages(bytes),
        .cell_count = 1,
        .layout = scan ? STW_LAYOUT_LARGE : STW_LAYOUT_NOSCAN,
    };
    if (request.page_count == 0)
        return STW_E_NOMEM;
    stw_status status = make_span(go, &request, span);
    if (status == STW_OK) /* the host sets its cell's bit before the next safepoint */
        push(go, *span, swept_side(go), FULL);
    return status;
}

static uint64_t usable_bytes(void *self, uint64_t bytes, uint32_t scan)
{
    const struct go *go = self;
    if (bytes > SMALL_BYTES_MAX)
        return whole_pages(bytes) ? whole_pages(bytes) : bytes;
    const struct stw_fit *fit = &go->fits[!scan][(bytes + 7) / 8];
    return fit->cell_bytes - (fit->layout == STW_LAYOUT_HEADER ? HEADER_BYTES : 0);
}

static const struct stw_size_table *size_table(void *self)
{
    return &((struct go *)self)->sizes;
}

/* Whoever ends a cycle with spans unswept (against L4) gets them swept by their newest marks. */
static void keep_unswept(struct go *go)
{
    uint32_t side = swept_side(go);
    struct stw_span *span;
    for (uint32_t span_class = 0; span_class < SPAN_CLASSES; span_class++)
        for (uint32_t full = PARTIAL; full <= FULL; full++)
            while ((span = pop(go, span_class, 1 - side, full)))
                push(go, span, side, full);
}

static void cycle_end(void *self)
{
    struct go *go = self;
    if (__atomic_load_n(&go->sweep_class, __ATOMIC_RELAXED) < SPAN_CLASSES)
        keep_unswept(go);
    __atomic_store_n(&go->swept_side, 1 - swept_side(go), __ATOMIC_RELAXED);
    __atomic_store_n(&go->sweep_class, 0, __ATOMIC_RELAXED);
}

static void fill_fits(struct go *go, uint32_t pointer_free)
{
    uint32_t size_class = 1; /* also of no bytes at all: class 0 is for large cells */
    for (uint32_t word = 0; word <= SMALL_BYTES_MAX / 8; word++) {
        uint32_t header = !pointer_free && word * 8 > HEADER_ABOVE_BYTES ? HEADER_BYTES : 0;
        while (word * 8 + header > class_bytes[size_class])
            size_class++;
        uint32_t span_class = 2 * size_class + pointer_free;
        go->fits[pointer_free][word] =
            (struct stw_fit){.cell_bytes = class_bytes[size_class], .run = (uint8_t)span_class,
                             .layout = (uint8_t)layout_of(span_class)};
    }
}

static void set_sizes(struct go *go)
{
    fill_fits(go, 0);
    fill_fits(go, 1);
    go->sizes = (struct stw_size_table){
        .struct_size = sizeof go->sizes,
        .small_bytes_max = SMALL_BYTES_MAX,
        .tiny_bytes_max = TINY_BYTES_MAX,
        .with_pointers = go->fits[0],
        .without_pointers = go->fits[1],
    };
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config;
    struct go *go = aligned_alloc(_Alignof(struct go), sizeof *go);
    if (!go)
        return host->set_error(host, error, STW_E_NOMEM, "create", "go: out of memory");
    memset(go, 0, sizeof *go);
    go->host = host;
    go->sweep_class = SPAN_CLASSES;
    pthread_mutex_init(&go->caches_lock, NULL);
    for (uint32_t i = 0; i < SPAN_CLASSES; i++)
        pthread_mutex_init(&go->central[i].lock, NULL);
    set_sizes(go);
    *self = go;
    return STW_OK;
}

static void destroy(void *self)
{
    struct go *go = self;
    struct stw_span *span;
    for (uint32_t i = 0; i < SPAN_CLASSES; i++) {
        for (uint32_t list = 0; list < 4; list++)
            while ((span = pop(go, i, list / 2, list % 2)))
                free_span(go, span);
        pthread_mutex_destroy(&go->central[i].lock);
    }
    pthread_mutex_destroy(&go->caches_lock);
    free(go);
}

static void stats(void *self, struct stw_allocator_stats *stats)
{
    struct go *go = self;
    struct stw_allocator_stats sum = {.struct_size = stats->struct_size};
    uint32_t side = swept_side(go);
    uint64_t spans = 0;
    for (uint32_t i = 0; i < SPAN_CLASSES; i++) {
        struct central *central = &go->central[i];
        const struct span_list *swept = central->lists[side], *stale = central->lists[1 - side];
        pthread_mutex_lock(&central->lock);
        sum.spans_partial += swept[PARTIAL].count;
        sum.spans_full += swept[FULL].count;
        sum.spans_unswept += stale[PARTIAL].count + stale[FULL].count;
        spans += __atomic_load_n(&central->span_count, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&central->lock);
    }
    /* Spans in a thread's hands count here too. */
    sum.spans_cached = spans - sum.spans_partial - sum.spans_full - sum.spans_unswept;
    memcpy(stats, &sum, stats->struct_size < sizeof sum ? stats->struct_size : sizeof sum);
}

struct audit {
    struct go *go;
    struct stw_error *error;
    uint64_t found[SPAN_CLASSES];
};

static stw_status broken(const struct audit *audit, const char *rule, const char *what,
                         uint32_t span_class, const struct stw_span *span)
{
    char text[sizeof audit->error->message];
    snprintf(text, sizeof text, "go: %s (span class %u, span %#llx)", what, span_class,
             span ? (unsigned long long)span->base : 0ull);
    return audit->go->host->set_error(audit->go->host, audit->error, STW_E_AUDIT, rule, text);
}

static int has_shape(const struct stw_span *span)
{
    if (span->span_class < 2)
        return span->cell_count == 1 && span->cell_bytes == span->page_count * STW_PAGE_BYTES
               && span->layout == (span->span_class ? STW_LAYOUT_NOSCAN : STW_LAYOUT_LARGE);
    struct stw_span_request shape = shape_of(span->span_class);
    return span->page_count == shape.page_count && span->cell_bytes == shape.cell_bytes
           && span->cell_count == shape.cell_count && span->layout == shape.layout;
}

/* What holds for a span wherever it is. */
static stw_status check_span(struct audit *audit, const struct stw_span *span,
                             uint32_t span_class, uint64_t place)
{
    audit->found[span_class]++;
    if (span->span_class != span_class)
        return broken(audit, "go.A1", "a span is in another class's place", span_class, span);
    if (!has_shape(span))
        return broken(audit, "abi.L1", "a span does not have its class's shape", span_class, span);
    if (span->allocator_word != place)
        return broken(audit, "abi.L2", "a span is in two places", span_class, span);
    if (count_free(span) != span->cell_count - span->live_count)
        return broken(audit, "abi.L3", "live_count is not the number of allocation bits",
                      span_class, span);
    return STW_OK;
}

static stw_status check_list(struct audit *audit, uint32_t span_class, uint32_t side,
                             uint32_t full)
{
    const struct go *go = audit->go;
    const struct span_list *list = &go->central[span_class].lists[side][full];
    uint32_t generation = go->host->sweep_generation(go->host);
    uint64_t count = 0;
    for (const struct stw_span *span = list->first; span; span = span->next) {
        if (++count > list->count)
            break; /* a ring, or a link into another list */
        stw_status status = check_span(audit, span, span_class, PLACE_LIST + 2 * side + full);
        if (status != STW_OK)
            return status;
        if ((span->sweep_generation == generation) != (side == swept_side(go)))
            return broken(audit, "abi.L4", "a list has a span of the wrong generation", span_class,
                          span);
        if ((count_free(span) == 0) != (full == FULL))
            return broken(audit, "go.A3", "full and partial are mixed up", span_class, span);
    }
    if (count != list->count)
        return broken(audit, "go.A1", "a list does not have as many spans as counted", span_class,
                      list->first);
    if (count > 0 && side != swept_side(go)
        && span_class < __atomic_load_n(&go->sweep_class, __ATOMIC_RELAXED))
        return broken(audit, "go.A4", "sweeping has left a span behind", span_class, list->first);
    return STW_OK;
}

static stw_status check_cache(struct audit *audit, const struct cache *cache)
{
    stw_status status = STW_OK;
    for (uint32_t i = 0; i < SPAN_CLASSES && status == STW_OK; i++)
        if (cache->spans[i])
            status = check_span(audit, cache->spans[i], i, PLACE_CACHE);
    return status;
}

static stw_status check(void *self, struct stw_error *error)
{
    struct audit audit = {.go = self, .error = error};
    stw_status status = STW_OK;
    for (struct cache *c = audit.go->caches; c && status == STW_OK; c = c->next)
        status = check_cache(&audit, c);
    for (uint32_t i = 0; i < 4 * SPAN_CLASSES && status == STW_OK; i++)
        status = check_list(&audit, i / 4, i / 2 % 2, i % 2);
    for (uint32_t i = 0; i < SPAN_CLASSES && status == STW_OK; i++)
        if (audit.found[i] != audit.go->central[i].span_count)
            status = broken(&audit, "abi.L2", "spans are lost, or in two places", i, NULL);
    return status;
}

static const struct stw_allocator_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .size_table = size_table,
    .attach = attach,
    .detach = detach,
    .refill = refill,
    .large = large,
    .usable_bytes = usable_bytes,
    .cycle_end = cycle_end,
    .flush = flush,
    .sweep = sweep,
    .stats = stats,
    .audit = check,
};

STW_MANIFEST(STW_PLUGIN("allocator", "go",
                        "Go 1.23's: size classes, a span cache a mutator, central lists"));
STW_EXPORT(STW_OFFER(STW_KIND_ALLOCATOR, "go", &ops));
