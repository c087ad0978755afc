/* gc/roots.c: registered root ranges, scanned precisely, and stacks, scanned conservatively.
 *
 * Ranges are claimed one by one by an atomic counter that window 1 sets to zero. A range that is
 * added while marking is appended and so scanned; one that is removed while marking is scanned by
 * the remover first, because what it holds was reachable at window 1 (gc.G1).
 * Removed entries stay as empty ones until they are used again.
 * K7  a range is added, removed and scanned in pieces of at most RANGE_WORDS_MAX, each under the
 *     lock and as a marker of its own: so long at most a stop waits for it. */
#include "gc/roots.h"

#include "base/breach.h"
#include "base/text.h"
#include "gc/collector.h"

#include <stdlib.h>
#include <string.h>

#define HASH_FACTOR 0x9e3779b97f4a7c15ull /* 2^64 over the golden ratio */
#define RANGE_WORDS_MAX STW_LIMIT_ROOT_WORDS /* longer ranges are cut */
#define DEAD_BYTES 8192u /* more than the frames from an operation down to a stack scan */

void stw__roots_check(const struct stw_roots *roots)
{
    STW_REQUIRE(roots->count <= roots->capacity && roots->free <= roots->count);
    STW_REQUIRE(!(roots->capacity & (roots->capacity - 1)));
    STW_REQUIRE(STW_LOAD(roots->next_job) <= roots->count);
    STW_REQUIRE(!roots->free || !roots->ranges[roots->free - 1].words);
}

static uint32_t *bucket_of(const struct stw_roots *roots, void **words)
{
    uint64_t hash = (uint64_t)(uintptr_t)words / sizeof *words * HASH_FACTOR;
    return &roots->buckets[hash >> 32 & (roots->capacity - 1)];
}

static void link_range(struct stw_roots *roots, uint32_t at)
{
    uint32_t *bucket = bucket_of(roots, roots->ranges[at].words);
    roots->ranges[at].next = *bucket;
    *bucket = at + 1;
}

/* All places are in use. */
static void grow(struct stw_roots *roots)
{
    roots->capacity = roots->capacity ? 2 * roots->capacity : 64;
    roots->ranges = stw_grow(roots->ranges, roots->capacity, sizeof *roots->ranges);
    free(roots->buckets);
    roots->buckets = stw_new(roots->capacity, sizeof *roots->buckets);
    for (uint32_t at = 0; at < roots->count; at++)
        link_range(roots, at);
}

static void insert(struct stw_roots *roots, void **words, uint64_t count, uint64_t more)
{
    uint32_t at = roots->free ? roots->free - 1 : roots->count;
    if (roots->free)
        roots->free = roots->ranges[at].next;
    else if (at == roots->capacity)
        grow(roots);
    roots->ranges[at] = (struct stw_root_range){.words = words, .count = count, .more = more};
    link_range(roots, at);
    if (at == roots->count)
        __atomic_store_n(&roots->count, at + 1, __ATOMIC_SEQ_CST);
}

static void scan_range(struct stw_marker *marker, void **words, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        stw__mark_precise(marker, (uintptr_t)__atomic_load_n(&words[i], __ATOMIC_RELAXED));
    marker->root_words += count;
}

/* Between two pieces a stop, which waits for markers, can come. */
static void poll(void)
{
    struct stw_mutator_record *self = stw__mutator_self();
    if (self && STW_LOAD(self->state) == STW_STATE_RUNNING)
        stw_poll(&self->mutator);
}

static void add_piece(struct stw_gc *gc, void **words, uint64_t count, uint64_t more)
{
    struct stw_marker marker = {0};
    stw__marker_begin_outside(&marker, gc);
    STW_EDGE("roots.add");
    pthread_mutex_lock(&gc->roots.lock);
    STW_CHECK(stw__roots_check(&gc->roots));
    insert(&gc->roots, words, count, more);
    STW_CHECK(stw__roots_check(&gc->roots));
    if (stw__phase(gc) == STW_PHASE_MARK)
        scan_range(&marker, words, count);
    pthread_mutex_unlock(&gc->roots.lock);
    stw__marker_end(&marker);
}

stw_status stw_roots_add(struct stw_gc *gc, void **words, uint64_t count)
{
    if (!words || (uintptr_t)words % sizeof *words)
        STW_BREACH("roots", STW_BREACH_CALLER, "added roots at %p, which is no place for words",
                   (void *)words);
    for (uint64_t at = 0; at < count; at += RANGE_WORDS_MAX) {
        uint64_t left = count - at, part = left < RANGE_WORDS_MAX ? left : RANGE_WORDS_MAX;
        add_piece(gc, words + at, part, left - part);
        poll();
    }
    return STW_OK;
}

/* Forgets the range that begins at `words`. Returns where it goes on, or null. */
static void **remove_range(struct stw_roots *roots, struct stw_marker *marker, void **words)
{
    uint32_t *link = roots->capacity ? bucket_of(roots, words) : NULL;
    while (link && *link && roots->ranges[*link - 1].words != words)
        link = &roots->ranges[*link - 1].next;
    if (!link || !*link)
        STW_BREACH("roots", STW_BREACH_CALLER, "removed roots at %p, where none were added",
                   (void *)words);
    uint32_t at = *link - 1;
    struct stw_root_range *range = &roots->ranges[at];
    uint64_t count = range->count, more = range->more;
    if (stw__phase(marker->gc) == STW_PHASE_MARK)
        scan_range(marker, words, count);
    *link = range->next;
    *range = (struct stw_root_range){.next = roots->free};
    roots->free = at + 1;
    return more ? words + count : NULL;
}

void stw_roots_remove(struct stw_gc *gc, void **words)
{
    for (void **next = words; next;) {
        struct stw_marker marker = {0};
        stw__marker_begin_outside(&marker, gc);
        STW_EDGE("roots.remove");
        pthread_mutex_lock(&gc->roots.lock);
        STW_CHECK(stw__roots_check(&gc->roots));
        next = remove_range(&gc->roots, &marker, next);
        STW_CHECK(stw__roots_check(&gc->roots));
        pthread_mutex_unlock(&gc->roots.lock);
        stw__marker_end(&marker);
        poll();
    }
}

int stw__roots_scan_next(struct stw_marker *marker)
{
    struct stw_roots *roots = &marker->gc->roots;
    if (STW_LOAD(roots->next_job) >= STW_LOAD(roots->count))
        return 0;
    STW_EDGE("roots.scan");
    pthread_mutex_lock(&roots->lock);
    uint32_t job = roots->next_job;
    int left = job < roots->count;
    if (left) {
        if (roots->ranges[job].words)
            scan_range(marker, roots->ranges[job].words, roots->ranges[job].count);
        __atomic_store_n(&roots->next_job, job + 1, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&roots->lock);
    return left;
}

/* Words of live stacks, with whatever lies between variables. */
__attribute__((no_sanitize("address"), noinline)) static void
scan_words(struct stw_marker *marker, const uintptr_t *low, const uintptr_t *high)
{
    for (const uintptr_t *word = low; word < high; word++)
        stw__mark_candidate(marker, *(const volatile uintptr_t *)word);
}

__attribute__((no_sanitize("address"), noinline)) void
stw__stack_copy(uintptr_t *to, uintptr_t from, uint32_t words)
{
    const volatile uintptr_t *source = (const volatile uintptr_t *)from;
    for (uint32_t i = 0; i < words; i++)
        to[i] = source[i];
}

__attribute__((noinline)) void stw_stack_clear_dead(void)
{
    char dead[DEAD_BYTES];
    memset(dead, 0, sizeof dead);
    __asm__ volatile("" : : "r"(dead) : "memory"); /* or the compiler would leave it out */
}

void stw__stack_scan(struct stw_marker *marker, struct stw_mutator_record *m)
{
    if (stw__is_detached(m))
        return;
    uintptr_t low = m->stack_low & ~(uintptr_t)7;
    scan_words(marker, (const uintptr_t *)low, (const uintptr_t *)m->stack_top);
    scan_words(marker, m->saved.registers, m->saved.registers + STW_REGISTERS);
    scan_words(marker, m->saved.frame, m->saved.frame + STW_FRAME_WORDS);
    marker->stack_bytes += m->stack_top - low;
}

void stw__stacks_ask(struct stw_gc *gc)
{
    uint32_t served = STW_SERVED_SCAN;
    while (served & STW_SERVED_SCAN) {
        uint32_t at = __atomic_fetch_add(&gc->mark.next_stack, 1, __ATOMIC_SEQ_CST);
        if (at >= gc->mark.stack_count)
            return;
        struct stw_mutator_record *m = gc->mutators[at];
        if (stw__is_detached(m)) {
            __atomic_fetch_sub(&gc->mark.stacks_left, 1, __ATOMIC_SEQ_CST);
            continue;
        }
        STW_EDGE("stacks.ask");
        __atomic_fetch_or(&m->mutator.poll, STW_POLL_SCAN, __ATOMIC_SEQ_CST);
        served = stw__mutator_serve_blocked(m);
    }
}
