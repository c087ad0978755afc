/* heap/space.c: pages of the reserved range, first fit by address. Invariants S1-S3: space.h.
 *
 * A search skips chunks without a free page and words without a free bit; low_free keeps it from
 * starting at zero. Rejected: Go's five-level radix of summaries; at the heap sizes of a trial a
 * scan over 16-bit chunk counts costs less than the summaries' upkeep. */
#include "heap/space.h"

#include "base/check.h"
#include "base/error.h"
#include "prim/memory.h"

#include <string.h>

#define CHUNK_BYTES ((uint64_t)STW_CHUNK_PAGES * STW_PAGE_BYTES)
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

stw_status stw_space_init(struct stw_space *space, uint64_t bytes, struct stw_error *error)
{
    uint64_t arenas = (bytes + ARENA_BYTES - 1) / ARENA_BYTES;
    memset(space, 0, sizeof *space);
    pthread_mutex_init(&space->lock, NULL);
    pthread_mutex_init(&space->scavenging, NULL);
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

void stw_space_destroy(struct stw_space *space)
{
    stw_memory_unmap((void *)space->base, space->page_limit * STW_PAGE_BYTES);
    stw_memory_unmap(space->used, space->page_limit / 8);
    stw_memory_unmap(space->dirty, space->page_limit / 8);
    stw_memory_unmap(space->free_in_chunk, space->page_limit / STW_CHUNK_PAGES * 2);
    pthread_mutex_destroy(&space->lock);
    pthread_mutex_destroy(&space->scavenging);
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
    stw_status status = stw_memory_commit(space->base + old * STW_PAGE_BYTES,
                                          more * STW_PAGE_BYTES);
    if (status != STW_OK)
        return status;
    space->committed_pages += more;
    space->clean_free_pages += more;
    chunks_add(space, old, more, 1);
    return STW_OK;
}

static uint64_t count_dirty(const struct stw_space *space, uint64_t first, uint64_t count)
{
    uint64_t dirty = 0;
    for (uint64_t page = first; page < first + count; page++)
        dirty += (uint64_t)bit_get(space->dirty, page);
    return dirty;
}

stw_status stw_space_acquire(struct stw_space *space, uint64_t page_count, uintptr_t *base,
                             uint32_t *needs_zero)
{
    STW_REQUIRE(page_count > 0);
    pthread_mutex_lock(&space->lock);
    uint64_t first = page_count > space->page_limit ? UINT64_MAX : find_run(space, page_count);
    if (first == UINT64_MAX && page_count <= space->page_limit && !grow(space, page_count))
        first = find_run(space, page_count);
    if (first == UINT64_MAX) {
        pthread_mutex_unlock(&space->lock);
        return STW_E_NOMEM;
    }
    uint64_t dirty = count_dirty(space, first, page_count);
    *needs_zero = dirty > 0;
    *base = space->base + first * STW_PAGE_BYTES;
    bits_fill(space->used, first, page_count, 1);
    bits_fill(space->dirty, first, page_count, 1);
    chunks_add(space, first, page_count, -1);
    space->clean_free_pages -= page_count - dirty;
    __atomic_store_n(&space->used_pages, space->used_pages + page_count, __ATOMIC_RELAXED);
    if (first == space->low_free)
        space->low_free = first + page_count;
    pthread_mutex_unlock(&space->lock);
    return STW_OK;
}

void stw_space_release(struct stw_space *space, uintptr_t base, uint64_t page_count)
{
    uint64_t first = (base - space->base) / STW_PAGE_BYTES;
    pthread_mutex_lock(&space->lock);
    STW_REQUIRE(base >= space->base && first + page_count <= space->committed_pages);
    STW_REQUIRE(bit_get(space->used, first) && bit_get(space->used, first + page_count - 1));
    bits_fill(space->used, first, page_count, 0);
    chunks_add(space, first, page_count, 1);
    __atomic_store_n(&space->used_pages, space->used_pages - page_count, __ATOMIC_RELAXED);
    if (first < space->low_free)
        space->low_free = first;
    pthread_mutex_unlock(&space->lock);
}

static int is_releasable(const struct stw_space *space, uint64_t page)
{
    return !bit_get(space->used, page) && bit_get(space->dirty, page);
}

/* The highest run of releasable pages that ends at or before `*end`, at most `most` long: 1 and
 * [*first, *end), or 0. The caller holds the lock. */
static int find_releasable(const struct stw_space *space, uint64_t most, uint64_t *first,
                           uint64_t *end)
{
    while (*end > 0) {
        uint64_t chunk = (*end - 1) / STW_CHUNK_PAGES;
        if (!space->free_in_chunk[chunk]) {
            *end = chunk * STW_CHUNK_PAGES;
        } else if (!is_releasable(space, *end - 1)) {
            --*end;
        } else {
            *first = *end - 1;
            while (*first > 0 && is_releasable(space, *first - 1) && *end - *first < most)
                --*first;
            return 1;
        }
    }
    return 0;
}

/* Takes free pages out of circulation while the system has them back, or puts them back, clean. */
static void set_releasing(struct stw_space *space, uint64_t first, uint64_t count, int value)
{
    bits_fill(space->used, first, count, value);
    chunks_add(space, first, count, value ? -1 : 1);
    space->releasing_pages = value ? count : 0;
    if (value)
        return;
    bits_fill(space->dirty, first, count, 0);
    space->clean_free_pages += count;
    space->scavenged_pages += count;
    if (first < space->low_free)
        space->low_free = first;
}

uint64_t stw_space_scavenge(struct stw_space *space, uint64_t page_max)
{
    uint64_t released = 0, first = 0;
    pthread_mutex_lock(&space->scavenging);
    pthread_mutex_lock(&space->lock);
    uint64_t end = space->committed_pages;
    uint64_t kept = end - space->used_pages - space->clean_free_pages;
    page_max = page_max < kept ? page_max : kept; /* so that the search ends with the last */
    while (released < page_max && find_releasable(space, page_max - released, &first, &end)) {
        set_releasing(space, first, end - first, 1);
        pthread_mutex_unlock(&space->lock);
        stw_memory_release(space->base + first * STW_PAGE_BYTES, (end - first) * STW_PAGE_BYTES);
        pthread_mutex_lock(&space->lock);
        set_releasing(space, first, end - first, 0);
        released += end - first;
        end = first;
    }
    pthread_mutex_unlock(&space->lock);
    pthread_mutex_unlock(&space->scavenging);
    return released;
}

uint64_t stw_space_held_pages(struct stw_space *space)
{
    pthread_mutex_lock(&space->lock);
    uint64_t held = space->committed_pages - space->clean_free_pages;
    pthread_mutex_unlock(&space->lock);
    return held;
}

static stw_status audit_locked(struct stw_space *space, struct stw_error *error)
{
    uint64_t used = 0, clean = 0;
    for (uint64_t chunk = 0; chunk < space->committed_pages / STW_CHUNK_PAGES; chunk++) {
        uint64_t used_before = used;
        uint64_t first = chunk * STW_CHUNK_PAGES;
        for (uint64_t page = first; page < first + STW_CHUNK_PAGES; page++) {
            used += (uint64_t)bit_get(space->used, page);
            clean += !bit_get(space->used, page) && !bit_get(space->dirty, page);
        }
        if (STW_CHUNK_PAGES - (used - used_before) != space->free_in_chunk[chunk])
            return stw_error_set(error, STW_E_AUDIT, "S3", "chunk %llu miscounts its free pages",
                                 (unsigned long long)chunk);
    }
    used -= space->releasing_pages;
    if (used != space->used_pages || clean != space->clean_free_pages)
        return stw_error_set(error, STW_E_AUDIT, "S1",
                             "%llu pages are used and %llu clean, %llu and %llu were counted",
                             (unsigned long long)used, (unsigned long long)clean,
                             (unsigned long long)space->used_pages,
                             (unsigned long long)space->clean_free_pages);
    return STW_OK;
}

stw_status stw_space_audit(struct stw_space *space, struct stw_error *error)
{
    pthread_mutex_lock(&space->lock);
    stw_status status = audit_locked(space, error);
    pthread_mutex_unlock(&space->lock);
    return status;
}
