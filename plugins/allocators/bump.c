/* allocators/bump.c: mark-region: bump allocation in the free lines of blocks, whatever the size.
 *
 * After Immix (Blackburn and McKinley, PLDI 2008) and the collector of Whippet (mmc), without
 * moving. The heap is blocks of 32 KiB, cut into lines of 128 bytes. Cells of all sizes lie one
 * behind the other, each with a header of 8 bytes. A sweep tells which lines hold no part of a live
 * cell; a mutator bumps through such holes of its block, then takes the next block: one with holes,
 * else an unswept one, else an empty one. Cells above a line have blocks of their own, so that a
 * hole too small for one of them is not passed over by small cells. Above 8 KiB a cell is a span of
 * its own.
 *
 * It writes the header of each cell, so all that is handed out of fresh pages has memory at once;
 * in go, cells that nobody writes take none. With collection off, three million such cells of 64
 * bytes and a few maps made heaps of 285 MiB here and 224 in go; of the process 297 MiB were
 * resident here, 51 in go.
 *
 * B1  a span is in one place: a mutator's cache, a list, or one thread's hands.
 * B2  the list `stale` has spans of old generations alone, `holes` and `set_aside` none of them.
 * B3  a block of `holes` has a free line behind free_index, which counts lines here; what is before
 *     it is granted, or too short to be, until the next sweep.
 * B4  at most KEPT_BLOCKS empty blocks are kept, in no span; release gives them back.
 *
 * Threads: a span's holder alone touches it. One lock, a leaf, guards lists and kept blocks; it is
 * held for as long as SWEEP_TOGETHER links take, never while the host is called.
 *
 * Left out: moving (opportunistic evacuation of sparse blocks: cells never move here), Immix's
 * conservative line marks (the host reads sizes instead and marks exactly), a global block buffer
 * ordered by holes, and blocks that small and medium cells share. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/plugin.h>

#define BLOCK_PAGES 4u /* 32 KiB, as in Immix */
#define BLOCK_LINES (BLOCK_PAGES * STW_PAGE_BYTES / LINE_BYTES)
#define LINE_BYTES (STW_GRANULE_BYTES * STW_LINE_GRANULES)
#define HEADER_BYTES 8u
#define SMALL_BYTES_MAX (8192u - HEADER_BYTES) /* a quarter of a block; Immix: 8 KiB */
#define ROWS (SMALL_BYTES_MAX / 8 + 1)
#define KEPT_BLOCKS 16u
#define SWEEP_TOGETHER 16u
#define TRIES 8u       /* blocks that a cell above a line is tried in before it gets a new one */
#define SWEEPS_MAX 32u /* of one refill before it takes new pages */

/* Span classes, and runs. */
#define SMALL 0u
#define MEDIUM 1u
#define RUNS 2u
#define LARGE 2u /* + 1: pointer-free */

#define IN_HANDS 0u /* allocator_word */
#define IN_CACHE 1u
#define IN_LIST 2u

struct list {
    struct stw_span *first, *last;
    uint64_t count;
};

struct cache {
    struct stw_span *blocks[RUNS]; /* that runs come from, or null */
    struct cache *next;
};

struct bump {
    const struct stw_host *host;
    pthread_mutex_t lock; /* of all until `sizes` */
    struct list holes[RUNS], set_aside, stale;
    uintptr_t kept[KEPT_BLOCKS];
    uint32_t kept_count;
    struct cache *caches;
    uint64_t span_count; /* atomic */
    struct stw_size_table sizes;
    struct stw_fit fits[ROWS];
};

/* Lists. */

static void add(struct list *list, struct stw_span *span)
{
    span->next = NULL;
    span->allocator_word = IN_LIST;
    if (list->last)
        list->last->next = span;
    else
        list->first = span;
    list->last = span;
    list->count++;
}

static struct stw_span *take(struct list *list)
{
    struct stw_span *span = list->first;
    if (!span)
        return NULL;
    list->first = span->next;
    if (!list->first)
        list->last = NULL;
    list->count--;
    span->next = NULL;
    span->allocator_word = IN_HANDS;
    return span;
}

static void append(struct list *list, struct list *more)
{
    if (!more->first)
        return;
    if (list->last)
        list->last->next = more->first;
    else
        list->first = more->first;
    list->last = more->last;
    list->count += more->count;
    *more = (struct list){0};
}

static struct stw_span *pop(struct bump *bump, struct list *list)
{
    pthread_mutex_lock(&bump->lock);
    struct stw_span *span = take(list);
    pthread_mutex_unlock(&bump->lock);
    return span;
}

static void push(struct bump *bump, struct list *list, struct stw_span *span)
{
    pthread_mutex_lock(&bump->lock);
    add(list, span);
    pthread_mutex_unlock(&bump->lock);
}

/* Holes. */

/* The first line from `from` on whose bit is `wanted`, or BLOCK_LINES. */
static uint32_t find_line(const struct stw_span *block, uint32_t from, uint32_t wanted)
{
    while (from < BLOCK_LINES) {
        uint64_t word = __atomic_load_n(&block->line_bits[from / 64], __ATOMIC_RELAXED);
        uint64_t found = (wanted ? word : ~word) >> (from % 64);
        if (found)
            return from + (uint32_t)__builtin_ctzll(found);
        from = (from / 64 + 1) * 64;
    }
    return BLOCK_LINES;
}

/* Grants the next hole of a block that is no shorter than `bytes`; 0: it has none. Those that are
 * passed over are lost until the next sweep, as in Immix. */
static int next_hole(struct stw_span *block, uint64_t bytes, struct stw_grant *grant)
{
    uint32_t first = find_line(block, block->free_index, 0), end;
    for (; first < BLOCK_LINES; first = find_line(block, end, 0)) {
        end = find_line(block, first, 1);
        block->free_index = end;
        if ((uint64_t)(end - first) * LINE_BYTES < bytes)
            continue;
        *grant = (struct stw_grant){block, first * STW_LINE_GRANULES,
                                    (end - first) * STW_LINE_GRANULES};
        return 1;
    }
    block->free_index = BLOCK_LINES;
    return 0;
}

static int has_hole(const struct stw_span *block)
{
    return find_line(block, block->free_index, 0) < BLOCK_LINES;
}

/* Spans. */

static void free_span(struct bump *bump, struct stw_span *span)
{
    uintptr_t base = span->base;
    uint64_t page_count = span->page_count;
    int is_kept = 0;
    __atomic_fetch_sub(&bump->span_count, 1, __ATOMIC_RELAXED);
    uint32_t is_block = span->span_class < LARGE;
    bump->host->span_unregister(bump->host, span);
    if (is_block) {
        pthread_mutex_lock(&bump->lock);
        is_kept = bump->kept_count < KEPT_BLOCKS;
        if (is_kept)
            bump->kept[bump->kept_count++] = base;
        pthread_mutex_unlock(&bump->lock);
    }
    if (!is_kept)
        bump->host->pages_release(bump->host, base, page_count);
}

/* Puts a swept span where it belongs. */
static void put(struct bump *bump, struct stw_span *span)
{
    int has_holes = span->span_class < LARGE && has_hole(span);
    push(bump, has_holes ? &bump->holes[span->span_class] : &bump->set_aside, span);
}

static void sweep_span(struct bump *bump, struct stw_span *span)
{
    if (bump->host->span_sweep(bump->host, span) == 0)
        free_span(bump, span);
    else
        put(bump, span);
}

/* One large span at a time: what is in a thread's hands is free to nobody. */
static uint32_t sweep(void *self, uint32_t span_max)
{
    struct bump *bump = self;
    uint32_t swept = 0;
    struct stw_span *some[SWEEP_TOGETHER];
    for (uint32_t count = 1; count > 0 && swept < span_max; swept += count) {
        uint32_t most = span_max - swept < SWEEP_TOGETHER ? span_max - swept : SWEEP_TOGETHER;
        pthread_mutex_lock(&bump->lock);
        for (count = 0; count < most && bump->stale.first; count++) {
            some[count] = take(&bump->stale);
            if (some[count]->span_class >= LARGE)
                most = 0;
        }
        pthread_mutex_unlock(&bump->lock);
        for (uint32_t i = 0; i < count; i++)
            sweep_span(bump, some[i]);
    }
    return swept;
}

static uintptr_t take_kept(struct bump *bump)
{
    pthread_mutex_lock(&bump->lock);
    uintptr_t base = bump->kept_count > 0 ? bump->kept[--bump->kept_count] : 0;
    pthread_mutex_unlock(&bump->lock);
    return base;
}

static void release(void *self)
{
    struct bump *bump = self;
    uintptr_t base;
    while ((base = take_kept(bump)))
        bump->host->pages_release(bump->host, base, BLOCK_PAGES);
}

/* Before memory counts as exhausted, what is left to sweep is swept. */
static stw_status make_span(struct bump *bump, struct stw_span_request *request,
                            struct stw_span **span)
{
    const struct stw_host *host = bump->host;
    stw_status status = STW_OK;
    request->base = request->span_class < LARGE ? take_kept(bump) : 0;
    request->needs_zero = 1;
    while (!request->base) {
        status = host->pages_acquire(host, request->page_count, &request->base,
                                     &request->needs_zero);
        if (status != STW_OK && sweep(bump, SWEEPS_MAX) == 0)
            return status;
        if (status != STW_OK)
            request->base = request->span_class < LARGE ? take_kept(bump) : 0;
    }
    status = host->span_register(host, request, span);
    if (status != STW_OK) {
        host->pages_release(host, request->base, request->page_count);
        return status;
    }
    __atomic_fetch_add(&bump->span_count, 1, __ATOMIC_RELAXED);
    return STW_OK;
}

static stw_status make_block(struct bump *bump, uint32_t span_class, struct stw_span **block)
{
    struct stw_span_request request = {
        .struct_size = sizeof request,
        .span_class = span_class,
        .page_count = BLOCK_PAGES,
        .cell_bytes = STW_GRANULE_BYTES,
        .cell_count = BLOCK_LINES * STW_LINE_GRANULES,
        .layout = STW_LAYOUT_MIXED,
    };
    return make_span(bump, &request, block);
}

/* A swept block with a hole of `bytes`, which it grants, or null. */
static struct stw_span *take_block(struct bump *bump, uint32_t span_class, uint64_t bytes,
                                   struct stw_grant *grant)
{
    struct stw_span *block;
    for (uint32_t i = 0; i < TRIES && (block = pop(bump, &bump->holes[span_class])); i++) {
        if (next_hole(block, bytes, grant))
            return block;
        push(bump, &bump->set_aside, block);
    }
    for (uint32_t i = 0; i < SWEEPS_MAX && sweep(bump, 1); i++) {
        if (!(block = pop(bump, &bump->holes[span_class])))
            continue;
        if (next_hole(block, bytes, grant))
            return block;
        push(bump, &bump->set_aside, block);
    }
    return NULL;
}

static stw_status refill(void *self, struct stw_mutator *m, uint32_t span_class,
                         uint64_t cell_bytes, struct stw_grant *grant)
{
    struct bump *bump = self;
    struct cache *cache = m->allocator_state;
    struct stw_span *block = cache->blocks[span_class];
    if (block && next_hole(block, cell_bytes, grant))
        return STW_OK;
    cache->blocks[span_class] = NULL;
    if (block)
        push(bump, &bump->set_aside, block);
    block = take_block(bump, span_class, cell_bytes, grant);
    if (!block) {
        stw_status status = make_block(bump, span_class, &block);
        if (status != STW_OK)
            return status;
        next_hole(block, cell_bytes, grant);
    }
    block->allocator_word = IN_CACHE;
    cache->blocks[span_class] = block;
    return STW_OK;
}

static void flush(void *self, struct stw_mutator *m)
{
    struct bump *bump = self;
    struct cache *cache = m->allocator_state;
    uint32_t generation = bump->host->sweep_generation(bump->host);
    for (uint32_t i = 0; i < RUNS; i++) {
        struct stw_span *block = cache->blocks[i];
        cache->blocks[i] = NULL;
        if (!block)
            continue;
        block->allocator_word = IN_HANDS;
        if (block->sweep_generation != generation)
            sweep_span(bump, block);
        else
            put(bump, block);
    }
}

static stw_status attach(void *self, struct stw_mutator *m)
{
    struct bump *bump = self;
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return STW_E_NOMEM;
    pthread_mutex_lock(&bump->lock);
    cache->next = bump->caches;
    bump->caches = cache;
    pthread_mutex_unlock(&bump->lock);
    m->allocator_state = cache;
    return STW_OK;
}

static void detach(void *self, struct stw_mutator *m)
{
    struct bump *bump = self;
    struct cache *cache = m->allocator_state, **link = &bump->caches;
    flush(bump, m);
    pthread_mutex_lock(&bump->lock);
    while (*link != cache)
        link = &(*link)->next;
    *link = cache->next;
    pthread_mutex_unlock(&bump->lock);
    m->allocator_state = NULL;
    free(cache);
}

/* 0 if that is beyond 64 bits. */
static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + STW_PAGE_BYTES - 1) & ~(uint64_t)(STW_PAGE_BYTES - 1);
}

static stw_status large(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span)
{
    (void)m;
    struct bump *bump = self;
    struct stw_span_request request = {
        .struct_size = sizeof request,
        .span_class = LARGE + !scan,
        .page_count = whole_pages(bytes) / STW_PAGE_BYTES,
        .cell_bytes = whole_pages(bytes),
        .cell_count = 1,
        .layout = scan ? STW_LAYOUT_LARGE : STW_LAYOUT_NOSCAN,
    };
    if (request.page_count == 0)
        return STW_E_NOMEM;
    stw_status status = make_span(bump, &request, span);
    if (status == STW_OK)
        push(bump, &bump->set_aside, *span);
    return status;
}

static uint64_t usable_bytes(void *self, uint64_t bytes, uint32_t scan)
{
    (void)scan;
    const struct bump *bump = self;
    if (bytes > SMALL_BYTES_MAX)
        return whole_pages(bytes) ? whole_pages(bytes) : bytes;
    return bump->fits[(bytes + 7) / 8].cell_bytes - HEADER_BYTES;
}

static const struct stw_size_table *size_table(void *self)
{
    return &((struct bump *)self)->sizes;
}

/* Whoever ends a cycle with spans unswept (against L4) finds them in the same list. */
static void cycle_end(void *self)
{
    struct bump *bump = self;
    append(&bump->stale, &bump->set_aside);
    append(&bump->stale, &bump->holes[SMALL]);
    append(&bump->stale, &bump->holes[MEDIUM]);
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config;
    struct bump *bump = calloc(1, sizeof *bump);
    if (!bump)
        return host->set_error(host, error, STW_E_NOMEM, "create", "bump: out of memory");
    bump->host = host;
    pthread_mutex_init(&bump->lock, NULL);
    for (uint32_t word = 0; word < ROWS; word++) {
        uint32_t bytes = (word ? word : 1) * 8 + HEADER_BYTES;
        uint32_t granules = (bytes + STW_GRANULE_BYTES - 1) / STW_GRANULE_BYTES;
        bump->fits[word] = (struct stw_fit){
            .cell_bytes = granules * STW_GRANULE_BYTES,
            .run = (uint8_t)(granules <= STW_LINE_GRANULES ? SMALL : MEDIUM),
            .layout = STW_LAYOUT_MIXED,
            .granules = (uint16_t)granules,
        };
    }
    bump->sizes = (struct stw_size_table){
        .struct_size = sizeof bump->sizes,
        .small_bytes_max = SMALL_BYTES_MAX,
        .with_pointers = bump->fits,
        .without_pointers = bump->fits,
    };
    *self = bump;
    return STW_OK;
}

static void destroy(void *self)
{
    struct bump *bump = self;
    struct stw_span *span;
    cycle_end(bump);
    while ((span = take(&bump->stale)))
        free_span(bump, span);
    release(bump);
    pthread_mutex_destroy(&bump->lock);
    free(bump);
}

static void stats(void *self, struct stw_allocator_stats *stats)
{
    struct bump *bump = self;
    struct stw_allocator_stats sum = {.struct_size = stats->struct_size};
    pthread_mutex_lock(&bump->lock);
    sum.spans_partial = bump->holes[SMALL].count + bump->holes[MEDIUM].count;
    sum.spans_full = bump->set_aside.count;
    sum.spans_unswept = bump->stale.count;
    sum.pages_kept = bump->kept_count * BLOCK_PAGES;
    uint64_t listed = sum.spans_partial + sum.spans_full + sum.spans_unswept;
    sum.spans_cached = __atomic_load_n(&bump->span_count, __ATOMIC_RELAXED) - listed;
    pthread_mutex_unlock(&bump->lock);
    memcpy(stats, &sum, stats->struct_size < sizeof sum ? stats->struct_size : sizeof sum);
}

/* Audit. */

struct audit {
    const struct bump *bump;
    struct stw_error *error;
    uint64_t found;
};

static stw_status broken(const struct audit *audit, const char *rule, const char *what,
                         const struct stw_span *span)
{
    char text[sizeof audit->error->message];
    snprintf(text, sizeof text, "bump: %s (span %#llx)", what,
             span ? (unsigned long long)span->base : 0ull);
    return audit->bump->host->set_error(audit->bump->host, audit->error, STW_E_AUDIT, rule, text);
}

/* Lines of a block by the headers of its cells, with the number of these. */
static uint32_t lines_of(const struct stw_span *block, uint64_t lines[BLOCK_LINES / 64])
{
    uint32_t cells = 0;
    memset(lines, 0, BLOCK_LINES / 8);
    for (uint32_t i = 0; i < block->cell_count; i++) {
        if (!stw_span_is_allocated(block, i))
            continue;
        uint64_t header = *(const uint64_t *)(block->base + i * STW_GRANULE_BYTES);
        uint32_t last = i + (uint32_t)stw_header_granules(header) - 1;
        for (uint32_t line = i / STW_LINE_GRANULES; line <= last / STW_LINE_GRANULES; line++)
            lines[line / 64 % (BLOCK_LINES / 64)] |= 1ull << (line % 64);
        cells++;
    }
    return cells;
}

static stw_status check_block(const struct audit *audit, const struct stw_span *block)
{
    uint64_t lines[BLOCK_LINES / 64];
    if (block->page_count != BLOCK_PAGES || block->layout != STW_LAYOUT_MIXED
        || block->cell_bytes != STW_GRANULE_BYTES)
        return broken(audit, "abi.L1", "a block does not have a block's shape", block);
    if (lines_of(block, lines) != block->live_count)
        return broken(audit, "abi.L3", "live_count is not the number of allocation bits", block);
    if (memcmp(lines, block->line_bits, sizeof lines) != 0)
        return broken(audit, "abi.L3", "lines are not those of the allocated cells", block);
    return STW_OK;
}

static stw_status check_span(struct audit *audit, const struct stw_span *span, uint64_t place)
{
    audit->found++;
    if (span->allocator_word != place)
        return broken(audit, "bump.B1", "a span is in two places", span);
    if (span->span_class < LARGE)
        return check_block(audit, span);
    if (span->cell_count != 1 || span->cell_bytes != span->page_count * STW_PAGE_BYTES)
        return broken(audit, "abi.L1", "a large span does not have one cell", span);
    return STW_OK;
}

static stw_status check_list(struct audit *audit, const struct list *list)
{
    const struct bump *bump = audit->bump;
    uint32_t generation = bump->host->sweep_generation(bump->host);
    uint64_t count = 0;
    int is_stale = list == &bump->stale;
    int has_holes = list >= bump->holes && list < bump->holes + RUNS;
    for (const struct stw_span *span = list->first; span; span = span->next) {
        if (++count > list->count)
            break; /* a ring, or a link into another list */
        stw_status status = check_span(audit, span, IN_LIST);
        if (status != STW_OK)
            return status;
        if ((span->sweep_generation != generation) != is_stale)
            return broken(audit, "bump.B2", "a list has a span of the wrong generation", span);
        if (has_holes && (!has_hole(span) || &bump->holes[span->span_class] != list))
            return broken(audit, "bump.B3", "a block has no hole, or is in another's list", span);
    }
    if (count != list->count)
        return broken(audit, "bump.B1", "a list does not have as many spans as counted",
                      list->first);
    return STW_OK;
}

static stw_status check(void *self, struct stw_error *error)
{
    const struct bump *bump = self;
    struct audit audit = {.bump = bump, .error = error};
    const struct list *lists[] = {&bump->holes[SMALL], &bump->holes[MEDIUM], &bump->set_aside,
                                  &bump->stale};
    stw_status status = STW_OK;
    for (uint32_t i = 0; i < sizeof lists / sizeof *lists && status == STW_OK; i++)
        status = check_list(&audit, lists[i]);
    for (const struct cache *cache = bump->caches; cache; cache = cache->next)
        for (uint32_t i = 0; i < RUNS && status == STW_OK; i++)
            if (cache->blocks[i])
                status = check_span(&audit, cache->blocks[i], IN_CACHE);
    if (status == STW_OK && audit.found != bump->span_count)
        status = broken(&audit, "bump.B1", "spans are lost, or in two places", NULL);
    if (status == STW_OK && bump->kept_count > KEPT_BLOCKS)
        status = broken(&audit, "bump.B4", "too many blocks are kept", NULL);
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
    .release = release,
    .stats = stats,
    .audit = check,
};

STW_MANIFEST(STW_PLUGIN("allocator", "bump",
                        "Mark-region: bumps through the free lines of blocks, as Immix, unmoving"));
STW_EXPORT(STW_OFFER(STW_KIND_ALLOCATOR, "bump", &ops));
