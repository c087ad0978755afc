/* go-buckets/audit.c: checks the invariants of buckets.h, under their names.
 *
 * Every check reads the map only, and takes the lists' word for nothing: overflow buckets are
 * collected by walking the chains, and compared with the lists afterwards. */
#include "buckets.h"

#include <stdlib.h>
#include <string.h>

/* What a walk of one array found. */
struct tally {
    uint64_t live;
    const struct bucket **overflow; /* in the order of the walk */
    uint64_t overflow_count;
    uint64_t overflow_capacity;
};

struct audit {
    struct stw_mutator *m;
    struct header *map;
    struct stw_error *error;
    struct instance *self;
    const struct shape *shape;
    struct tally now;
    struct tally old;
};

static stw_status broken(const struct audit *audit, const char *invariant, const char *how)
{
    return audit->m->host->set_error(audit->m->host, audit->error, STW_E_AUDIT, invariant, how);
}

static stw_status note_overflow(struct audit *audit, struct tally *tally, const struct bucket *b)
{
    if (tally->overflow_count == tally->overflow_capacity) {
        uint64_t capacity = tally->overflow_capacity ? 2 * tally->overflow_capacity : 64;
        void *larger = realloc(tally->overflow, capacity * sizeof *tally->overflow);
        if (!larger)
            return audit->m->host->set_error(audit->m->host, audit->error, STW_E_NOMEM, "audit",
                                             "no memory");
        tally->overflow = larger;
        tally->overflow_capacity = capacity;
    }
    tally->overflow[tally->overflow_count++] = b;
    return STW_OK;
}

/* An entry of a chain in use; `index` is the chain's in its array of `buckets`. */
static stw_status audit_entry(struct audit *audit, const struct bucket *b, uint32_t slot,
                              uint64_t index, uint64_t buckets)
{
    const void *key = key_at(audit->shape, b, slot);
    uint64_t hash = hash_key(audit->shape, key, audit->map->seed);
    unsigned char found[STW_VALUE_BYTES_MAX];
    if (b->tops[slot] != top_of(hash))
        return broken(audit, "top", "a slot's top is not that of its key's hash");
    if ((hash & (buckets - 1)) != index)
        return broken(audit, "place", "an entry is in a chain that its hash does not say");
    const void *value = value_at(audit->shape, b, slot);
    if (!stw__buckets_find(audit->self, audit->m, audit->map, key, found)
        || memcmp(found, value, audit->shape->value_bytes) != 0)
        return broken(audit, "count", "a lookup does not find an entry, or finds another first");
    return STW_OK;
}

/* Slots of one bucket that is in use. `*rest` carries over from bucket to bucket of a chain. */
static stw_status audit_bucket(struct audit *audit, struct tally *tally, const struct bucket *b,
                               uint64_t index, uint32_t *rest)
{
    uint64_t buckets = tally == &audit->now ? bucket_count(audit->map) : old_count(audit->map);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t top = b->tops[slot];
        if (top != TOP_REST && *rest)
            return broken(audit, "rest", "a slot is used after the rest of its chain was empty");
        *rest |= top == TOP_REST;
        if (is_free(top))
            continue;
        if (top < TOP_LEAST)
            return broken(audit, "top", "a slot of a chain in use says that it was moved");
        stw_status status = audit_entry(audit, b, slot, index, buckets);
        if (status != STW_OK)
            return status;
        tally->live++;
    }
    return STW_OK;
}

/* A moved chain keeps its tops, and its links unless its first bucket was cleared. */
static stw_status audit_moved(struct audit *audit, const struct bucket *b)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (is_free(b->tops[slot]) || b->tops[slot] >= TOP_LEAST)
            return broken(audit, "moved", "a moved chain has a slot that was not moved");
    return STW_OK;
}

static stw_status audit_chain(struct audit *audit, struct tally *tally, const struct bucket *chain,
                              uint64_t index)
{
    uint32_t rest = 0, moved = tally == &audit->old && is_moved(chain);
    for (const struct bucket *b = chain; b; b = link_of(audit->shape, b)) {
        stw_status status =
            moved ? audit_moved(audit, b) : audit_bucket(audit, tally, b, index, &rest);
        if (status == STW_OK && b != chain)
            status = note_overflow(audit, tally, b);
        if (status != STW_OK)
            return status;
    }
    return STW_OK;
}

static stw_status audit_new_array(struct audit *audit)
{
    struct header *map = audit->map;
    for (uint64_t i = 0; i < bucket_count(map); i++) {
        uint64_t live = audit->now.live;
        struct bucket *chain = bucket_at(audit->shape, map->buckets, i);
        stw_status status = audit_chain(audit, &audit->now, chain, i);
        if (status != STW_OK)
            return status;
        if (map->old_buckets && live != audit->now.live
            && !is_moved(old_chain(audit->shape, map, i)))
            return broken(audit, "place", "a new chain has entries before its old one is moved");
    }
    return STW_OK;
}

static stw_status audit_old_array(struct audit *audit)
{
    struct header *map = audit->map;
    if (!map->old_buckets)
        return STW_OK;
    if (map->moved >= old_count(map))
        return broken(audit, "moved", "all chains are moved, but the old array is still there");
    for (uint64_t i = 0; i < old_count(map); i++) {
        struct bucket *chain = old_chain(audit->shape, map, i);
        if (i < map->moved && !is_moved(chain))
            return broken(audit, "moved", "a chain below the mark is not moved");
        stw_status status = audit_chain(audit, &audit->old, chain, i);
        if (status != STW_OK)
            return status;
    }
    return STW_OK;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t) * (const struct bucket *const *)a;
    uintptr_t right = (uintptr_t) * (const struct bucket *const *)b;
    return (left > right) - (left < right);
}

/* Lists and chains have the same buckets when both, sorted, are equal. */
static stw_status audit_list(struct audit *audit, struct tally *tally, const struct stw_slice *list)
{
    uint64_t count = list ? list->length : 0;
    if (count != tally->overflow_count)
        return broken(audit, "list", "a list is not as long as the chains have overflow buckets");
    if (count == 0)
        return STW_OK;
    const struct bucket **sorted = malloc(count * sizeof *sorted);
    if (!sorted)
        return audit->m->host->set_error(audit->m->host, audit->error, STW_E_NOMEM, "audit",
                                         "no memory");
    memcpy(sorted, list->items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_address);
    qsort(tally->overflow, count, sizeof *sorted, by_address);
    int differ = memcmp(sorted, tally->overflow, count * sizeof *sorted);
    free(sorted);
    return differ ? broken(audit, "list", "an overflow bucket is not in its list") : STW_OK;
}

static stw_status audit_overflow(struct audit *audit)
{
    const struct header *map = audit->map;
    const struct extra *extra = map->extra;
    if (map->log_buckets <= LOG_COUNT_EXACT_MAX
        && map->overflow_count != (uint16_t)audit->now.overflow_count)
        return broken(audit, "overflow", "the count is not that of the chains");
    if (audit->shape->bucket)
        return STW_OK;
    stw_status status = audit_list(audit, &audit->now, extra ? extra->overflow : NULL);
    if (status != STW_OK)
        return status;
    return audit_list(audit, &audit->old, extra ? extra->old_overflow : NULL);
}

static stw_status audit_spare(struct audit *audit)
{
    struct header *map = audit->map;
    uint64_t bytes = audit->shape->bucket_bytes;
    uint64_t end = stw__buckets_of_array(audit->m, audit->shape, map->log_buckets);
    struct bucket *spare = map->extra ? map->extra->spare : NULL;
    if (!spare)
        return STW_OK;
    uint64_t offset = (uint64_t)((char *)spare - (char *)map->buckets);
    if (offset % bytes || offset / bytes < bucket_count(map) || offset / bytes >= end)
        return broken(audit, "spare", "the next spare overflow bucket is not behind the array");
    for (uint64_t i = offset / bytes; i < end; i++) {
        struct bucket *b = bucket_at(audit->shape, map->buckets, i);
        if ((link_of(audit->shape, b) != NULL) != (i + 1 == end))
            return broken(audit, "spare", "a link of a spare overflow bucket is wrong");
        if (b->tops[0] != TOP_REST)
            return broken(audit, "spare", "a spare overflow bucket has an entry");
    }
    return STW_OK;
}

static stw_status audit_counts(struct audit *audit)
{
    const struct header *map = audit->map;
    if (map->count != audit->now.live + audit->old.live)
        return broken(audit, "count", "the count is not that of the live entries");
    if (map->count > load_max(map->log_buckets) + bucket_count(map))
        return broken(audit, "load", "the map is fuller than a growth lets it become");
    return STW_OK;
}

static stw_status audit_all(struct audit *audit)
{
    stw_status status = audit_new_array(audit);
    if (status == STW_OK)
        status = audit_old_array(audit);
    if (status == STW_OK)
        status = audit_counts(audit);
    if (status == STW_OK)
        status = audit_overflow(audit);
    if (status == STW_OK)
        status = audit_spare(audit);
    return status;
}

stw_status stw__buckets_audit(void *self, struct stw_mutator *m, void *object,
                              struct stw_error *error)
{
    struct header *map = object;
    struct audit audit = {.m = m, .map = map, .error = error, .self = self};
    audit.shape = shape_of(self, map);
    if (map->flags & FLAG_WRITING)
        return broken(&audit, "count", "a write is in progress");
    if (!map->buckets)
        return map->count == 0 ? STW_OK : broken(&audit, "count", "entries without an array");
    stw_status status = audit_all(&audit);
    free(audit.now.overflow);
    free(audit.old.overflow);
    return status;
}
