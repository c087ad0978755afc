/* testing/fake_host.c: mutators over cells of the C library; see stwlab/fake_host.h.
 *
 * Threads: a mutator's cells, counts and recorded pointers are its own. Roots are under a lock.
 * What looks at all of them (marking, the lookups of cells) is called while no other mutator
 * runs. */
#include "base/array.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stwlab/testing.h>

#define HOOKS              16u
#define PAGE_BYTES         8192u
#define SMALL_BYTES_MAX    32760u /* Go 1.23: 32 KiB less the header */
#define HEADER_ABOVE_BYTES 512u

struct cell {
    struct cell *next; /* of the same mutator */
    uint64_t bytes;
    const struct stw_type *type;
    uint64_t *before; /* contents at fake_marking_begin, or null */
    uint64_t marked;
    uint64_t reserved; /* keeps the payload on 16 bytes */
};

struct fake_record {
    struct stw_mutator mutator; /* first, so that one pointer is both */
    struct fake_tallies counts;
    struct cell *cells;
    uint64_t *recorded; /* by the barrier, in order */
    uint64_t recorded_count;
    uint32_t trace[STW_TRACE_CALLS];
    uint64_t own_counts[FAKE_COUNTERS];
};

struct root {
    void **words;
    uint64_t count;
    uint64_t *before;
};

struct words {
    uint64_t *items;
    uint64_t count;
};

static const struct stw_host table;

static struct {
    uint32_t mutator_count;
    struct fake_record **mutators;
    struct fake_tallies counts; /* the sum, made on request */
    fake_alloc_hook alloc_hook;
    void *alloc_context;
    struct root *roots;
    uint64_t root_count;
    struct cell **sorted; /* by address; valid when sorted_count is the number of cells */
    uint64_t sorted_count;
    stw_cycle_hook hooks[HOOKS];
    void *hook_contexts[HOOKS];
    uint32_t hook_count;
    int64_t external_bytes;
    int32_t gc_percent;
    uint64_t clock_ns;
} fake;

static pthread_mutex_t roots_lock = PTHREAD_MUTEX_INITIALIZER;

/* Go 1.23's size classes (facts 3.1). */
static const uint16_t class_bytes[] = {
    8,     16,    24,    32,    48,    64,    80,    96,    112,   128,   144,  160,   176,   192,
    208,   224,   240,   256,   288,   320,   352,   384,   416,   448,   480,  512,   576,   640,
    704,   768,   896,   1024,  1152,  1280,  1408,  1536,  1792,  2048,  2304, 2688,  3072,  3200,
    3456,  4096,  4864,  5376,  6144,  6528,  6784,  6912,  8192,  9472,  9728, 10240, 10880, 12288,
    13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768};

/* All requests take the slow path. */
static const struct stw_size_table sizes = {.struct_size = sizeof sizes};

static void *must(void *memory)
{
    if (!memory) {
        fputs("fake_host: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static struct fake_record *record_of(struct stw_mutator *m)
{
    return (struct fake_record *)m;
}

/* Cells. */

static void *payload(struct cell *cell)
{
    return cell + 1;
}

static void *alloc_slow(const struct stw_host *host, struct stw_mutator *m, uint64_t bytes,
                        const struct stw_type *type)
{
    (void)host;
    struct fake_record *record = record_of(m);
    if (bytes == 0 || (type && bytes % type->element_bytes != 0)) {
        fprintf(stderr, "fake_host: bad request of %llu bytes\n", (unsigned long long)bytes);
        abort();
    }
    if (fake.alloc_hook)
        fake.alloc_hook(m, fake.alloc_context);
    struct cell *cell = must(calloc(1, sizeof *cell + bytes));
    cell->bytes = bytes;
    cell->type = type;
    cell->next = record->cells;
    record->cells = cell;
    record->counts.allocs++;
    record->counts.alloc_bytes += bytes;
    return payload(cell);
}

static uint64_t usable_bytes(const struct stw_host *host, struct stw_mutator *m, uint64_t bytes,
                             uint32_t scan)
{
    (void)host;
    (void)m;
    if (bytes > SMALL_BYTES_MAX)
        return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    uint64_t header = scan && bytes > HEADER_ABOVE_BYTES ? 8 : 0;
    uint32_t class = 0;
    while (class_bytes[class] < bytes + header)
        class ++;
    return class_bytes[class] - header;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t) * (struct cell *const *)a;
    uintptr_t right = (uintptr_t) * (struct cell *const *)b;
    return (left > right) - (left < right);
}

static void sort_cells(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < fake.mutator_count; i++)
        count += fake.mutators[i]->counts.allocs;
    if (count == fake.sorted_count)
        return;
    free(fake.sorted);
    fake.sorted = must(calloc(count, sizeof *fake.sorted));
    fake.sorted_count = 0;
    for (uint32_t i = 0; i < fake.mutator_count; i++)
        for (struct cell *cell = fake.mutators[i]->cells; cell; cell = cell->next)
            fake.sorted[fake.sorted_count++] = cell;
    qsort(fake.sorted, count, sizeof *fake.sorted, by_address);
}

static struct cell *find_cell(const void *address)
{
    sort_cells();
    uint64_t low = 0, high = fake.sorted_count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if ((uintptr_t)payload(fake.sorted[middle]) <= (uintptr_t)address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    struct cell *cell = fake.sorted[low - 1];
    return (uintptr_t)address - (uintptr_t)payload(cell) < cell->bytes ? cell : NULL;
}

uint64_t fake_cell_bytes(const void *address)
{
    struct cell *cell = find_cell(address);
    return cell ? cell->bytes : 0;
}

const struct stw_type *fake_cell_type(const void *address)
{
    struct cell *cell = find_cell(address);
    return cell ? cell->type : NULL;
}

void *fake_cell_start(const void *address)
{
    struct cell *cell = find_cell(address);
    return cell ? payload(cell) : NULL;
}

/* Marking. */

static void add_word(struct words *words, uint64_t word)
{
    *STW_APPEND(words->items, words->count) = word;
}

static uint32_t is_pointer_word(const struct stw_type *type, uint64_t index)
{
    uint64_t word = index % (type->element_bytes / 8);
    return (uint32_t)(type->pointer_mask[word / 64] >> (word % 64)) & 1u;
}

static void scan(struct cell *cell, struct words *work)
{
    const uint64_t *contents = payload(cell);
    for (uint64_t i = 0; cell->type && i < cell->bytes / 8; i++)
        if (contents[i] && is_pointer_word(cell->type, i))
            add_word(work, contents[i]);
}

void fake_mark(const void *address)
{
    struct words work = {0};
    add_word(&work, (uint64_t)(uintptr_t)address);
    while (work.count > 0) {
        uint64_t word = work.items[--work.count];
        struct cell *cell = find_cell((void *)(uintptr_t)word);
        if (!cell || cell->marked)
            continue;
        cell->marked = 1;
        scan(cell, &work);
    }
    free(work.items);
}

void fake_mark_roots(void)
{
    for (uint64_t i = 0; i < fake.root_count; i++)
        for (uint64_t j = 0; j < fake.roots[i].count; j++)
            fake_mark(fake.roots[i].words[j]);
}

uint32_t fake_is_marked(const void *address)
{
    struct cell *cell = find_cell(address);
    return cell && cell->marked;
}

void fake_unmark(void)
{
    sort_cells();
    for (uint64_t i = 0; i < fake.sorted_count; i++)
        fake.sorted[i]->marked = 0;
}

/* The barrier. */

static void barrier_flush(const struct stw_host *host, struct stw_mutator *m)
{
    (void)host;
    struct fake_record *record = record_of(m);
    for (uint64_t *word = m->barrier_buffer; word < m->barrier_next; word++)
        if (*word)
            *STW_APPEND(record->recorded, record->recorded_count) = *word;
    record->counts.flushes++;
    m->barrier_next = m->barrier_buffer;
}

static void copy_slow(const struct stw_host *host, struct stw_mutator *m, void *to,
                      const void *from, uint64_t bytes,
                      const struct stw_type *type)
{
    (void)host;
    record_of(m)->counts.copies++;
    uint64_t *target = to;
    const uint64_t *source = from;
    for (uint64_t i = 0; i < bytes / 8; i++) {
        uint64_t value = source ? source[i] : 0;
        if (is_pointer_word(type, i))
            stw_store(m, &target[i], (void *)(uintptr_t)value);
        else
            target[i] = value;
    }
}

static uint64_t *copy_words(const void *words, uint64_t bytes)
{
    return memcpy(must(malloc(bytes)), words, bytes);
}

void fake_marking_begin(void)
{
    fake_marking_end();
    sort_cells();
    for (uint64_t i = 0; i < fake.sorted_count; i++)
        if (fake.sorted[i]->type)
            fake.sorted[i]->before = copy_words(payload(fake.sorted[i]), fake.sorted[i]->bytes);
    for (uint64_t i = 0; i < fake.root_count; i++)
        fake.roots[i].before = copy_words(fake.roots[i].words, fake.roots[i].count * 8);
    for (uint32_t i = 0; i < fake.mutator_count; i++)
        fake.mutators[i]->mutator.marking = 1;
}

static int by_value(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static uint32_t has(const struct words *set, uint64_t word)
{
    return word == 0 || bsearch(&word, set->items, set->count, sizeof word, by_value) != NULL;
}

static uint64_t broken(const struct words *set, uint64_t before, uint64_t now)
{
    return before != now && !(has(set, before) && has(set, now));
}

uint64_t fake_marking_check(void)
{
    struct words set = {0};
    for (uint32_t i = 0; i < fake.mutator_count; i++) {
        barrier_flush(&table, &fake.mutators[i]->mutator);
        for (uint64_t j = 0; j < fake.mutators[i]->recorded_count; j++)
            add_word(&set, fake.mutators[i]->recorded[j]);
    }
    if (set.count)
        qsort(set.items, set.count, sizeof *set.items, by_value);
    else
        add_word(&set, 0);
    sort_cells();
    uint64_t count = 0;
    for (uint64_t i = 0; i < fake.sorted_count; i++) {
        struct cell *cell = fake.sorted[i];
        const uint64_t *now = payload(cell);
        for (uint64_t j = 0; cell->type && j < cell->bytes / 8; j++)
            if (is_pointer_word(cell->type, j))
                count += broken(&set, cell->before ? cell->before[j] : 0, now[j]);
    }
    for (uint64_t i = 0; i < fake.root_count; i++)
        for (uint64_t j = 0; fake.roots[i].before && j < fake.roots[i].count; j++)
            count +=
                broken(&set, fake.roots[i].before[j], (uint64_t)(uintptr_t)fake.roots[i].words[j]);
    free(set.items);
    return count;
}

void fake_marking_end(void)
{
    for (uint32_t i = 0; i < fake.mutator_count; i++) {
        struct fake_record *record = fake.mutators[i];
        record->mutator.marking = 0;
        record->mutator.barrier_next = record->mutator.barrier_buffer;
        record->recorded_count = 0;
        for (struct cell *cell = record->cells; cell; cell = cell->next) {
            free(cell->before);
            cell->before = NULL;
        }
    }
    for (uint64_t i = 0; i < fake.root_count; i++) {
        free(fake.roots[i].before);
        fake.roots[i].before = NULL;
    }
}

/* The rest of the table. */

static stw_status set_error(const struct stw_host *host, struct stw_error *error,
                            stw_status status, const char *field,
                            const char *message)
{
    (void)host;
    if (!error)
        return status;
    error->status = status;
    snprintf(error->field, sizeof error->field, "%s", field ? field : "");
    snprintf(error->message, sizeof error->message, "%s", message ? message : "");
    return status;
}

/* Deterministic: every reading is a microsecond later. */
static uint64_t clock_ns(const struct stw_host *host)
{
    (void)host;
    return __atomic_add_fetch(&fake.clock_ns, 1000, __ATOMIC_RELAXED);
}

static stw_status root_add(const struct stw_host *host, void **words, uint64_t count)
{
    (void)host;
    pthread_mutex_lock(&roots_lock);
    *STW_APPEND(fake.roots, fake.root_count) = (struct root){words, count, NULL};
    pthread_mutex_unlock(&roots_lock);
    return STW_OK;
}

static void root_remove(const struct stw_host *host, void **words)
{
    (void)host;
    pthread_mutex_lock(&roots_lock);
    uint64_t at = 0;
    while (at < fake.root_count && fake.roots[at].words != words)
        at++;
    if (at == fake.root_count) {
        fputs("fake_host: root_remove of words that are no root\n", stderr);
        abort();
    }
    free(fake.roots[at].before);
    fake.roots[at] = fake.roots[--fake.root_count];
    pthread_mutex_unlock(&roots_lock);
}

uint64_t fake_root_words(void)
{
    pthread_mutex_lock(&roots_lock);
    uint64_t count = 0;
    for (uint64_t i = 0; i < fake.root_count; i++)
        count += fake.roots[i].count;
    pthread_mutex_unlock(&roots_lock);
    return count;
}

static stw_status cycle_hook_add(const struct stw_host *host, stw_cycle_hook hook, void *context)
{
    (void)host;
    if (fake.hook_count == HOOKS)
        return STW_E_NOMEM;
    fake.hooks[fake.hook_count] = hook;
    fake.hook_contexts[fake.hook_count++] = context;
    return STW_OK;
}

void fake_run_hooks(void)
{
    for (uint32_t i = 0; i < fake.hook_count; i++)
        fake.hooks[i](fake.hook_contexts[i]);
}

static uint32_t mutator_count(const struct stw_host *host)
{
    (void)host;
    return fake.mutator_count;
}

static void safepoint(const struct stw_host *host, struct stw_mutator *m)
{
    (void)host;
    __atomic_store_n(&m->poll, 0, __ATOMIC_RELAXED);
    record_of(m)->counts.safepoints++;
}

static void yield(const struct stw_host *host, struct stw_mutator *m)
{
    (void)host;
    record_of(m)->counts.yields++;
}

static void block_begin(const struct stw_host *host, struct stw_mutator *m)
{
    (void)host;
    record_of(m)->counts.blocks++;
}

static void block_end(const struct stw_host *host, struct stw_mutator *m)
{
    (void)host;
    (void)m;
}

static void collect(const struct stw_host *host, struct stw_mutator *m)
{
    (void)host;
    record_of(m)->counts.collects++;
}

static int32_t set_gc_percent(const struct stw_host *host, struct stw_mutator *m, int32_t percent)
{
    (void)host;
    (void)m;
    return __atomic_exchange_n(&fake.gc_percent, percent, __ATOMIC_SEQ_CST);
}

int32_t fake_gc_percent(void)
{
    return __atomic_load_n(&fake.gc_percent, __ATOMIC_SEQ_CST);
}

static void fail(const struct stw_host *host, struct stw_mutator *m, stw_status status,
                 const char *text)
{
    (void)host, (void)m;
    fprintf(stderr, "fake_host: failed with status %d: %s\n", (int)status, text);
    abort();
}

static void external_bytes(const struct stw_host *host, struct stw_mutator *m, int64_t delta)
{
    (void)host, (void)m;
    __atomic_add_fetch(&fake.external_bytes, delta, __ATOMIC_SEQ_CST);
}

static void growth(const struct stw_host *host, struct stw_mutator *m, uint32_t kind, uint64_t ns)
{
    (void)host, (void)ns;
    if (kind < STW_GROWTHS)
        record_of(m)->counts.growths[kind]++;
}

static void operation_intended(const struct stw_host *host, struct stw_mutator *m, uint64_t due_ns)
{
    (void)host, (void)m, (void)due_ns;
}

static void operation_class(const struct stw_host *host, struct stw_mutator *m, uint32_t number)
{
    (void)host, (void)m, (void)number;
}

struct death {
    struct death *next;
    const void *cell;
    stw_death_notice notice;
    void *context;
};
static struct death *deaths;
static pthread_mutex_t deaths_lock = PTHREAD_MUTEX_INITIALIZER;

static stw_status death_notice_add(const struct stw_host *host, struct stw_mutator *m, void *cell,
                                   stw_death_notice notice, void *context)
{
    struct death *death = must(malloc(sizeof *death));
    (void)host, (void)m;
    pthread_mutex_lock(&deaths_lock);
    *death = (struct death){deaths, cell, notice, context};
    deaths = death;
    pthread_mutex_unlock(&deaths_lock);
    return STW_OK;
}

uint32_t fake_tell_deaths(const void *cell)
{
    uint32_t told = 0;
    for (struct death **link = &deaths, *death; (death = *link);) {
        if (cell && death->cell != cell) {
            link = &death->next;
            continue;
        }
        *link = death->next;
        death->notice(death->context);
        free(death);
        told++;
    }
    return told;
}

int64_t fake_external_bytes(void)
{
    return __atomic_load_n(&fake.external_bytes, __ATOMIC_SEQ_CST);
}

static const struct stw_host table = {
    .struct_size = sizeof table,
    .abi_major = STW_ABI_MAJOR,
    .abi_minor = STW_ABI_MINOR,
    .set_error = set_error,
    .clock_ns = clock_ns,
    .root_add = root_add,
    .root_remove = root_remove,
    .cycle_hook_add = cycle_hook_add,
    .mutator_count = mutator_count,
    .safepoint = safepoint,
    .barrier_flush = barrier_flush,
    .alloc_slow = alloc_slow,
    .copy_slow = copy_slow,
    .usable_bytes = usable_bytes,
    .yield = yield,
    .block_begin = block_begin,
    .block_end = block_end,
    .collect = collect,
    .set_gc_percent = set_gc_percent,
    .fail = fail,
    .external_bytes = external_bytes,
    .growth = growth,
    .operation_intended = operation_intended,
    .operation_class = operation_class,
    .death_notice_add = death_notice_add,
};

/* Life. */

const struct stw_host *fake_host_new(uint32_t mutators)
{
    fake_host_free();
    fake.mutators = must(calloc(mutators, sizeof *fake.mutators));
    fake.mutator_count = mutators;
    fake.gc_percent = 100;
    for (uint32_t i = 0; i < mutators; i++) {
        struct fake_record *record = must(calloc(1, sizeof *record));
        struct stw_mutator *m = &record->mutator;
        m->struct_size = sizeof *m;
        m->index = i;
        m->host = &table;
        m->sizes = &sizes;
        m->barrier_next = m->barrier_buffer;
        m->barrier_end = m->barrier_buffer + STW_BARRIER_WORDS;
        m->site = "";
        m->trace = record->trace;
        m->counts = record->own_counts;
        fake.mutators[i] = record;
    }
    return &table;
}

void fake_host_free(void)
{
    for (uint32_t i = 0; i < fake.mutator_count; i++) {
        struct fake_record *record = fake.mutators[i];
        for (struct cell *cell = record->cells, *next; cell; cell = next) {
            next = cell->next;
            free(cell->before);
            free(cell);
        }
        free(record->recorded);
        free(record);
    }
    for (uint64_t i = 0; i < fake.root_count; i++)
        free(fake.roots[i].before);
    free(fake.roots);
    free(fake.sorted);
    free(fake.mutators);
    memset(&fake, 0, sizeof fake);
}

struct stw_mutator *fake_mutator(uint32_t index)
{
    return index < fake.mutator_count ? &fake.mutators[index]->mutator : NULL;
}

const struct fake_tallies *fake_counts(void)
{
    fake.counts = (struct fake_tallies){0};
    for (uint32_t i = 0; i < fake.mutator_count; i++) {
        const struct fake_tallies *of = &fake.mutators[i]->counts;
        fake.counts.allocs += of->allocs;
        fake.counts.alloc_bytes += of->alloc_bytes;
        fake.counts.safepoints += of->safepoints;
        fake.counts.flushes += of->flushes;
        fake.counts.copies += of->copies;
        fake.counts.yields += of->yields;
        fake.counts.blocks += of->blocks;
        fake.counts.collects += of->collects;
        for (uint32_t kind = 0; kind < STW_GROWTHS; kind++)
            fake.counts.growths[kind] += of->growths[kind];
    }
    return &fake.counts;
}

void fake_on_alloc(fake_alloc_hook hook, void *context)
{
    fake.alloc_hook = hook;
    fake.alloc_context = context;
}
