/* powers.c: an allocator whose cells are powers of two, in spans of one page.
 *
 * P1  a span is in one place: a mutator's cache, or one of the lists.
 * P2  `partial` and `full` hold spans of the heap's generation only, `unswept` stale ones only.
 * Threads: one lock guards the lists; a cached span is its mutator's alone. */
#include <pthread.h>
#include <stwlab/kit.h>

#define LOG_LEAST 4u /* cells of 16 bytes */
#define LOG_MOST 12u /* to 4096 */
#define SIZES (LOG_MOST - LOG_LEAST + 1)
#define LARGE 0u /* classes 0 and 1: large; then two of each size, with and without pointers */
#define CLASSES (2 + 2 * SIZES)
#define HEADER_BYTES 8u
#define BITMAP_BYTES_MAX 512u /* larger cells with pointers have a header */
#define BITMAP_BYTES 128u     /* of a page, for the pointers of its cells */
#define SMALL_BYTES_MAX ((1u << LOG_MOST) - HEADER_BYTES)

struct list {
    struct stw_span *first, *last;
};

struct powers {
    const struct stw_host *host;
    pthread_mutex_t lock;
    struct list partial[CLASSES], full, unswept;
    struct stw_size_table sizes;
    struct stw_fit fits[2][SMALL_BYTES_MAX / 8 + 1]; /* with pointers, without */
};

struct cache {
    struct stw_span *spans[CLASSES];
};

/* Lists. */

static void push(struct list *list, struct stw_span *span)
{
    span->next = list->first;
    list->first = span;
    if (!list->last)
        list->last = span;
}

static struct stw_span *pop(struct list *list)
{
    struct stw_span *span = list->first;
    if (span)
        list->first = span->next;
    if (!list->first)
        list->last = NULL;
    return span;
}

static void move_all(struct list *to, struct list *from)
{
    if (!from->first)
        return;
    from->last->next = to->first;
    if (!to->last)
        to->last = from->last;
    to->first = from->first;
    *from = (struct list){NULL, NULL};
}

/* Spans. */

static uint32_t next_cell(const struct stw_span *span, uint32_t from, uint32_t allocated)
{
    while (from < span->cell_count && stw_span_is_allocated(span, from) != allocated)
        from++;
    return from;
}

/* The next free cells of a span; 0: there are none. */
static int next_run(struct stw_span *span, struct stw_grant *grant)
{
    uint32_t first = next_cell(span, span->free_index, 0), end = next_cell(span, first, 1);
    span->free_index = end;
    *grant = (struct stw_grant){span, first, end - first};
    return end > first;
}

static void free_span(struct powers *powers, struct stw_span *span)
{
    uintptr_t base = span->base;
    uint64_t page_count = span->page_count;
    powers->host->span_unregister(powers->host, span);
    powers->host->pages_release(powers->host, base, page_count);
}

/* Puts a swept span into its list. The lock is held. */
static void put(struct powers *powers, struct stw_span *span)
{
    span->free_index = 0;
    int is_full = next_cell(span, 0, 0) == span->cell_count;
    push(is_full ? &powers->full : &powers->partial[span->span_class], span);
}

/* Sweeps a span that is in no list; frees it, or puts it into one. The lock is held. */
static void sweep_span(struct powers *powers, struct stw_span *span)
{
    if (powers->host->span_sweep(powers->host, span) == 0)
        free_span(powers, span);
    else
        put(powers, span);
}

static uint32_t sweep(void *self, uint32_t span_max)
{
    struct powers *powers = self;
    uint32_t swept = 0;
    for (; swept < span_max; swept++) {
        pthread_mutex_lock(&powers->lock);
        struct stw_span *span = pop(&powers->unswept);
        if (span)
            sweep_span(powers, span);
        pthread_mutex_unlock(&powers->lock);
        if (!span)
            break;
    }
    return swept;
}

/* A span in new pages. Before memory counts as exhausted, what is unswept is swept. */
static stw_status make_span(struct powers *powers, struct stw_span_request *request,
                            struct stw_span **span)
{
    const struct stw_host *host = powers->host;
    stw_status status;
    do
        status = host->pages_acquire(host, request->page_count, &request->base,
                                     &request->needs_zero);
    while (status != STW_OK && sweep(powers, 64) > 0);
    if (status != STW_OK)
        return status;
    status = host->span_register(host, request, span);
    if (status != STW_OK)
        host->pages_release(host, request->base, request->page_count);
    return status;
}

static uint32_t layout_of(uint32_t cell_bytes, uint32_t is_noscan)
{
    return is_noscan                        ? STW_LAYOUT_NOSCAN
           : cell_bytes <= BITMAP_BYTES_MAX ? STW_LAYOUT_BITMAP
                                            : STW_LAYOUT_HEADER;
}

static stw_status new_span(struct powers *powers, uint32_t span_class, struct stw_span **span)
{
    uint32_t bytes = 1u << (LOG_LEAST + (span_class - 2) / 2);
    uint32_t layout = layout_of(bytes, span_class % 2);
    uint32_t room = STW_PAGE_BYTES - (layout == STW_LAYOUT_BITMAP ? BITMAP_BYTES : 0);
    struct stw_span_request request = {
        .struct_size = sizeof request,
        .span_class = span_class,
        .page_count = 1,
        .cell_bytes = bytes,
        .cell_count = room / bytes,
        .layout = layout,
    };
    return make_span(powers, &request, span);
}

/* Slots. */

static stw_status refill(void *self, struct stw_mutator *m, uint32_t span_class,
                         uint64_t cell_bytes, struct stw_grant *grant)
{
    (void)cell_bytes; /* a run has cells of one size */
    struct powers *powers = self;
    struct stw_span **cached = &((struct cache *)m->allocator_state)->spans[span_class];
    if (*cached && next_run(*cached, grant))
        return STW_OK;
    pthread_mutex_lock(&powers->lock);
    if (*cached)
        put(powers, *cached);
    *cached = pop(&powers->partial[span_class]);
    pthread_mutex_unlock(&powers->lock);
    if (!*cached && sweep(powers, 16) > 0) { /* pays with sweeping, and may find one */
        pthread_mutex_lock(&powers->lock);
        *cached = pop(&powers->partial[span_class]);
        pthread_mutex_unlock(&powers->lock);
    }
    if (!*cached) {
        stw_status status = new_span(powers, span_class, cached);
        if (status != STW_OK)
            return status;
    }
    next_run(*cached, grant);
    return STW_OK;
}

static stw_status large(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span)
{
    (void)m;
    struct powers *powers = self;
    uint64_t pages = bytes / STW_PAGE_BYTES + (bytes % STW_PAGE_BYTES != 0);
    struct stw_span_request request = {
        .struct_size = sizeof request,
        .span_class = scan ? LARGE : LARGE + 1,
        .page_count = pages,
        .cell_bytes = pages * STW_PAGE_BYTES,
        .cell_count = 1,
        .layout = scan ? STW_LAYOUT_LARGE : STW_LAYOUT_NOSCAN,
    };
    stw_status status = make_span(powers, &request, span);
    if (status != STW_OK)
        return status;
    pthread_mutex_lock(&powers->lock);
    push(&powers->full, *span);
    pthread_mutex_unlock(&powers->lock);
    return STW_OK;
}

static uint64_t usable_bytes(void *self, uint64_t bytes, uint32_t scan)
{
    const struct powers *powers = self;
    if (bytes > SMALL_BYTES_MAX)
        return (bytes + STW_PAGE_BYTES - 1) / STW_PAGE_BYTES * STW_PAGE_BYTES;
    const struct stw_fit *fit = &powers->fits[!scan][(bytes + 7) / 8];
    return fit->cell_bytes - (fit->layout == STW_LAYOUT_HEADER ? HEADER_BYTES : 0);
}

static void cycle_end(void *self)
{
    struct powers *powers = self;
    for (uint32_t i = 0; i < CLASSES; i++)
        move_all(&powers->unswept, &powers->partial[i]);
    move_all(&powers->unswept, &powers->full);
}

static void flush(void *self, struct stw_mutator *m)
{
    struct powers *powers = self;
    struct cache *cache = m->allocator_state;
    uint32_t generation = powers->host->sweep_generation(powers->host);
    pthread_mutex_lock(&powers->lock);
    for (uint32_t i = 0; i < CLASSES; i++) {
        struct stw_span *span = cache->spans[i];
        cache->spans[i] = NULL;
        if (span && span->sweep_generation != generation)
            sweep_span(powers, span);
        else if (span)
            put(powers, span);
    }
    pthread_mutex_unlock(&powers->lock);
}

static stw_status attach(void *self, struct stw_mutator *m)
{
    (void)self;
    m->allocator_state = calloc(1, sizeof(struct cache));
    return m->allocator_state ? STW_OK : STW_E_NOMEM;
}

static void detach(void *self, struct stw_mutator *m)
{
    flush(self, m);
    free(m->allocator_state);
    m->allocator_state = NULL;
}

static void fill_fits(struct powers *powers, uint32_t is_noscan)
{
    for (uint32_t words = 0; words <= SMALL_BYTES_MAX / 8; words++) {
        uint32_t size = 0, bytes = 8 * words;
        if (!is_noscan && bytes > BITMAP_BYTES_MAX)
            bytes += HEADER_BYTES;
        while (1u << (LOG_LEAST + size) < bytes)
            size++;
        uint32_t cell_bytes = 1u << (LOG_LEAST + size);
        powers->fits[is_noscan][words] = (struct stw_fit){
            cell_bytes, (uint8_t)(2 + 2 * size + is_noscan),
            (uint8_t)layout_of(cell_bytes, is_noscan), 0};
    }
}

static const struct stw_size_table *size_table(void *self)
{
    return &((struct powers *)self)->sizes;
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    static const struct stw_binding bindings[] = {STW_BIND_HOST(struct powers, host)};
    struct powers *powers = STW_PLAN_NEW(host, config, error, struct powers, bindings);
    if (!powers)
        return STW_E_NOMEM;
    pthread_mutex_init(&powers->lock, NULL);
    fill_fits(powers, 0);
    fill_fits(powers, 1);
    powers->sizes = (struct stw_size_table){
        .struct_size = sizeof powers->sizes,
        .small_bytes_max = SMALL_BYTES_MAX,
        .with_pointers = powers->fits[0],
        .without_pointers = powers->fits[1],
    };
    *self = powers;
    return STW_OK;
}

static void destroy(void *self)
{
    struct powers *powers = self;
    struct stw_span *span;
    cycle_end(powers); /* all spans are in one list then */
    while ((span = pop(&powers->unswept)))
        free_span(powers, span);
    pthread_mutex_destroy(&powers->lock);
    free(powers);
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
};
STW_MANIFEST(STW_PLUGIN("allocator", "powers", "Cells of powers of two, in spans of one page"));
STW_EXPORT(STW_OFFER(STW_KIND_ALLOCATOR, "powers", &ops));
