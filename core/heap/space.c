/* heap/space.c: pages of the reserved range, first fit by address. Invariants S1-S3: space.h.
 *
 * A search skips chunks without a free page and words without a free bit; low_free keeps it from
 * starting at zero. Rejected: Go's five-level radix of summaries; at the heap sizes of a trial a
 * scan over 16-bit chunk counts costs less than the summaries' upkeep. */
#include "heap/space.h"

#include "base/breach.h"

#include "base/check.h"
#include "base/error.h"
#include "prim/memory.h"

#include <string.h>

#define ARENA_BYTES ((uint64_t)1 << STW_LIMIT_ARENA_BITS)
#define ARENA_PAGES (ARENA_BYTES / STW_PAGE_BYTES)

static int bit_get(const uint64_t *bits, uint64_t at)
{
    return (int)(bits[at / 64] >> (at % 64)) & 1;
}

/* Sets or clears bits [first, first + count). */
static void bits_fill(uint64_t *bits, uint64_t first, uint64_t count, int value)
{
    while (count > 0) {
        uint64_t shift = first % 64, width = 64 - shift < count ? 64 - shift : count;
        uint64_t mask = (width == 64 ? ~0ull : (1ull << width) - 1) << shift;
        if (value)
            bits[first / 64] |= mask;
        else
            bits[first / 64] &= ~mask;
        first += width;
        count -= width;
    }
}

static void chunks_add(struct stw_space *space, uint64_t first, uint64_t count, int sign)
{
    while (count > 0) {
        uint64_t left = STW_CHUNK_PAGES - first % STW_CHUNK_PAGES;
        uint64_t part = left < count ? left : count;
        uint16_t *free_pages = &space->free_in_chunk[first / STW_CHUNK_PAGES];
        *free_pages = (uint16_t)(sign > 0 ? *free_pages + part : *free_pages - part);
        first += part;
        count -= part;
    }
}

/* Under the lock; read without it. */
static void count_pages(uint64_t *counter, int64_t pages)
{
    __atomic_store_n(counter, *counter + (uint64_t)pages, __ATOMIC_RELAXED);
}

stw_status stw_space_init(struct stw_space *space, uint64_t bytes, struct stw_error *error)
{
    uint64_t arenas = (bytes + ARENA_BYTES - 1) / ARENA_BYTES;
    memset(space, 0, sizeof *space);
    pthread_mutex_init(&space->lock, NULL);
    space->page_limit = arenas * ARENA_PAGES;
    space->base = stw_memory_reserve(STW_SPACE_HINT, arenas * ARENA_BYTES, ARENA_BYTES);
    space->used = stw_memory_map(space->page_limit / 8);
    space->dirty = stw_memory_map(space->page_limit / 8);
    space->free_in_chunk = stw_memory_map(space->page_limit / STW_CHUNK_PAGES * 2);
    if (!space->base || !space->used || !space->dirty || !space->free_in_chunk)
        return stw_error_set(error, STW_E_NOMEM, "heap.reserve",
                             "cannot reserve %llu MiB of address space",
                             (unsigned long long)(bytes >> 20));
    return STW_OK;
}

/* First page of the lowest run of `count` free pages, or UINT64_MAX. */
static uint64_t find_run(struct stw_space *space, uint64_t count)
{
    uint64_t run = 0, page = space->low_free;
    while (page < space->committed_pages) {
        if (page % STW_CHUNK_PAGES == 0 && !space->free_in_chunk[page / STW_CHUNK_PAGES]) {
            run = 0;
            page += STW_CHUNK_PAGES;
            continue;
        }
        uint64_t word = space->used[page / 64] >> (page % 64);
        uint64_t left = 64 - page % 64;
        if (word & 1) {
            run = 0;
            uint64_t used = ~word ? (uint64_t)__builtin_ctzll(~word) : 64;
            page += used < left ? used : left;
            continue;
        }
        uint64_t free_pages = word ? (uint64_t)__builtin_ctzll(word) : left;
        free_pages = free_pages < left ? free_pages : left;
        if (run + free_pages >= count)
            return page - run;
        run += free_pages;
        page += free_pages;
    }
    return UINT64_MAX;
}

/* Makes room for a run of `count` pages at the end of the committed part. */
static stw_status grow(struct stw_space *space, uint64_t count)
{
    uint64_t tail = 0, old = space->committed_pages;
    while (tail < old && !bit_get(space->used, old - 1 - tail) && tail < count)
        tail++;
    uint64_t more = count - tail + STW_CHUNK_PAGES - 1;
    more -= more % STW_CHUNK_PAGES;
    if (more > space->page_limit - old)
        return STW_E_NOMEM;
    STW_TRY(stw_memory_commit(space->base + old * STW_PAGE_BYTES, more * STW_PAGE_BYTES));
    space->committed_pages += more;
    chunks_add(space, old, more, 1);
    return STW_OK;
}

static uint64_t count_dirty(const struct stw_space *space, uint64_t first, uint64_t count)
{
    uint64_t dirty = 0;
    for (uint64_t page = first, end = first + count; page < end; page = (page / 64 + 1) * 64) {
        uint64_t word = space->dirty[page / 64] >> (page % 64), left = end - page;
        if (left < 64)
            word &= (1ull << left) - 1;
        dirty += (uint64_t)__builtin_popcountll(word);
    }
    return dirty;
}

stw_status stw_space_acquire(struct stw_space *space, uint64_t page_count, uintptr_t *base,
                             uint32_t *needs_zero)
{
    struct stw_growth growth;
    return stw_space_acquire_grown(space, page_count, base, needs_zero, &growth);
}

stw_status stw_space_acquire_grown(struct stw_space *space, uint64_t page_count, uintptr_t *base,
                                   uint32_t *needs_zero, struct stw_growth *growth)
{
    if (page_count == 0)
        STW_BREACH("L8", STW_BREACH_CALLER, "asked for no pages");
    pthread_mutex_lock(&space->lock);
    uint64_t committed = space->committed_pages;
    growth->held_before = space->held_pages;
    uint64_t first = page_count > space->page_limit ? UINT64_MAX : find_run(space, page_count);
    if (first == UINT64_MAX && page_count <= space->page_limit && !grow(space, page_count))
        first = find_run(space, page_count);
    if (first == UINT64_MAX) {
        pthread_mutex_unlock(&space->lock);
        return STW_E_NOMEM;
    }
    uint64_t dirty = count_dirty(space, first, page_count);
    growth->pages = space->committed_pages - committed;
    *needs_zero = dirty > 0;
    *base = space->base + first * STW_PAGE_BYTES;
    bits_fill(space->used, first, page_count, 1);
    bits_fill(space->dirty, first, page_count, 1);
    chunks_add(space, first, page_count, -1);
    count_pages(&space->held_pages, (int64_t)(page_count - dirty));
    count_pages(&space->used_pages, (int64_t)page_count);
    if (first == space->low_free)
        space->low_free = first + page_count;
    pthread_mutex_unlock(&space->lock);
    return STW_OK;
}

void stw_space_release(struct stw_space *space, uintptr_t base, uint64_t page_count)
{
    uint64_t first = (base - space->base) / STW_PAGE_BYTES;
    pthread_mutex_lock(&space->lock);
    if (base < space->base || page_count == 0 || first >= space->committed_pages
        || page_count > space->committed_pages - first || !bit_get(space->used, first)
        || !bit_get(space->used, first + page_count - 1))
        STW_BREACH("L8", STW_BREACH_CALLER, "released pages that it does not have");
    bits_fill(space->used, first, page_count, 0);
    chunks_add(space, first, page_count, 1);
    count_pages(&space->used_pages, -(int64_t)page_count);
    if (first < space->low_free)
        space->low_free = first;
    pthread_mutex_unlock(&space->lock);
}

/* Pages of word `at` that are free and dirty. */
static uint64_t idle_word(const struct stw_space *space, uint64_t at)
{
    return ~space->used[at] & space->dirty[at];
}

/* One more than the highest idle page, or 0. */
static uint64_t idle_end(const struct stw_space *space)
{
    for (uint64_t chunk = space->committed_pages / STW_CHUNK_PAGES; chunk-- > 0;) {
        uint64_t first = chunk * STW_CHUNK_PAGES / 64, at = first + STW_CHUNK_PAGES / 64;
        while (space->free_in_chunk[chunk] && at-- > first) {
            uint64_t idle = idle_word(space, at);
            if (idle)
                return at * 64 + 64 - (uint64_t)__builtin_clzll(idle);
        }
    }
    return 0;
}

int stw_space_idle_take(struct stw_space *space, uint64_t page_max, struct stw_idle_pages *pages)
{
    pthread_mutex_lock(&space->lock);
    uint64_t kept = space->held_pages - space->used_pages;
    uint64_t end = kept > 0 && page_max > 0 ? idle_end(space) : 0, first = end;
    while (first > 0 && end - first < page_max
           && (idle_word(space, (first - 1) / 64) >> ((first - 1) % 64) & 1))
        first--;
    *pages = (struct stw_idle_pages){.first = first, .count = end - first};
    bits_fill(space->used, first, pages->count, 1);
    chunks_add(space, first, pages->count, -1);
    count_pages(&space->held_pages, -(int64_t)pages->count);
    space->releasing_pages += pages->count;
    pthread_mutex_unlock(&space->lock);
    return pages->count > 0;
}

void stw_space_idle_release(struct stw_space *space, const struct stw_idle_pages *pages)
{
    stw_memory_release(space->base + pages->first * STW_PAGE_BYTES, pages->count * STW_PAGE_BYTES);
}

void stw_space_idle_put(struct stw_space *space, const struct stw_idle_pages *pages)
{
    pthread_mutex_lock(&space->lock);
    bits_fill(space->used, pages->first, pages->count, 0);
    bits_fill(space->dirty, pages->first, pages->count, 0);
    chunks_add(space, pages->first, pages->count, 1);
    space->releasing_pages -= pages->count;
    __atomic_fetch_add(&space->scavenged_pages, pages->count, __ATOMIC_RELAXED);
    if (pages->first < space->low_free)
        space->low_free = pages->first;
    pthread_mutex_unlock(&space->lock);
}

uint64_t stw_space_scavenge(struct stw_space *space, uint64_t page_max)
{
    struct stw_idle_pages pages;
    uint64_t released = 0;
    while (stw_space_idle_take(space, page_max - released, &pages)) {
        stw_space_idle_release(space, &pages);
        stw_space_idle_put(space, &pages);
        released += pages.count;
    }
    return released;
}

uint64_t stw_space_held_pages(const struct stw_space *space)
{
    return __atomic_load_n(&space->held_pages, __ATOMIC_RELAXED);
}

static stw_status audit_locked(struct stw_space *space, struct stw_error *error)
{
    uint64_t used = 0, held = 0;
    for (uint64_t chunk = 0; chunk < space->committed_pages / STW_CHUNK_PAGES; chunk++) {
        uint64_t used_before = used;
        uint64_t first = chunk * STW_CHUNK_PAGES;
        for (uint64_t page = first; page < first + STW_CHUNK_PAGES; page++) {
            used += (uint64_t)bit_get(space->used, page);
            held += (uint64_t)(bit_get(space->used, page) || bit_get(space->dirty, page));
        }
        if (STW_CHUNK_PAGES - (used - used_before) != space->free_in_chunk[chunk])
            return stw_error_set(error, STW_E_AUDIT, "heap.S3",
                                 "chunk %llu miscounts its free pages",
                                 (unsigned long long)chunk);
    }
    used -= space->releasing_pages;
    held -= space->releasing_pages;
    if (used != space->used_pages || held != space->held_pages)
        return stw_error_set(error, STW_E_AUDIT, "heap.S1",
                             "%llu pages are used and %llu held, %llu and %llu were counted",
                             (unsigned long long)used, (unsigned long long)held,
                             (unsigned long long)space->used_pages,
                             (unsigned long long)space->held_pages);
    return STW_OK;
}

stw_status stw_space_audit(struct stw_space *space, struct stw_error *error)
{
    pthread_mutex_lock(&space->lock);
    stw_status status = audit_locked(space, error);
    pthread_mutex_unlock(&space->lock);
    return status;
}
