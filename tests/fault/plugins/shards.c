/* fault/plugins/shards.c: a strategy that presents maps of its own: each is two of what its next
 * presents, and a bit of the key's hash says which one has an entry. Keeps to the rules. */
#include <stdlib.h>
#include <string.h>
#include <stwlab/plugin.h>

struct shards {
    const struct stw_link *next;
};

/* A presented map; managed. */
struct pair {
    void *maps[2];
    const struct stw_map_type *type; /* the workload's */
};

static const uint64_t pair_pointers = 3;
static const struct stw_type pair_type = {sizeof(struct stw_type), 0, sizeof(struct pair),
                                          2 * sizeof(void *), &pair_pointers, "shards"};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)config;
    *self = calloc(1, sizeof(struct shards));
    return *self ? STW_OK : host->set_error(host, error, STW_E_NOMEM, "create", "out of memory");
}

static void linked(void *self, const struct stw_link *next)
{
    ((struct shards *)self)->next = next;
}

static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    (void)self;
    struct stw_map_need half = *need;
    half.struct_size = sizeof half;
    half.hint_entries = (need->hint_entries + 1) / 2;
    half.expected_entries = (need->expected_entries + 1) / 2;
    struct pair *pair = stw_alloc(m, sizeof *pair, &pair_type);
    pair->type = need->type;
    for (uint32_t i = 0; i < 2; i++)
        stw_store(m, &pair->maps[i], stw_next_need_map(next, m, &half));
    return pair;
}

static void done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                     const struct stw_map_type *type, void *map)
{
    (void)self;
    const struct pair *pair = map;
    for (uint32_t i = 0; i < 2; i++)
        stw_next_done_map(next, m, type, pair->maps[i]);
}

/* The shard of a key: the parity of its bytes, spread. */
static void *shard(const struct pair *pair, const void *key)
{
    const struct stw_string *string = key;
    const unsigned char *bytes = key;
    uint64_t length = stw_key_bytes(pair->type), hash = 0;
    if (pair->type->key == STW_KEY_STRING) {
        bytes = (const unsigned char *)string->bytes;
        length = string->length;
    }
    for (uint64_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return pair->maps[hash >> 40 & 1];
}

static void assign(void *self, struct stw_mutator *m, void *map, const void *key,
                   const void *value)
{
    stw_map_assign(((struct shards *)self)->next, m, shard(map, key), key, value);
}

static uint32_t find(void *self, struct stw_mutator *m, void *map, const void *key, void *value)
{
    return stw_map_find(((struct shards *)self)->next, m, shard(map, key), key, value);
}

static uint32_t erase(void *self, struct stw_mutator *m, void *map, const void *key)
{
    return stw_map_erase(((struct shards *)self)->next, m, shard(map, key), key);
}

static void clear(void *self, struct stw_mutator *m, void *map)
{
    const struct pair *pair = map;
    for (uint32_t i = 0; i < 2; i++)
        stw_map_clear(((struct shards *)self)->next, m, pair->maps[i]);
}

/* The walk of one map after the other. What its next keeps of a walk is in a cell between steps. */
static const uint64_t cursor_pointers = (1u << STW_CURSOR_POINTERS) - 1;
static const struct stw_type cursor_type = {sizeof(struct stw_type), 0,
                                            sizeof(struct stw_map_cursor),
                                            STW_CURSOR_POINTERS * sizeof(void *), &cursor_pointers,
                                            "shards cursor"};

static void walk(void *self, struct stw_mutator *m, void *map, struct stw_map_cursor *cursor)
{
    const struct pair *pair = map;
    struct stw_map_cursor inner;
    cursor->pointers[0] = map;
    cursor->pointers[1] = stw_alloc(m, sizeof inner, &cursor_type);
    stw_map_walk(((struct shards *)self)->next, m, pair->maps[0], &inner);
    stw_copy(m, cursor->pointers[1], &inner, sizeof inner, &cursor_type);
}

static uint32_t step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
{
    const struct stw_link *next = ((struct shards *)self)->next;
    const struct pair *pair = cursor->pointers[0];
    struct stw_map_cursor inner;
    memcpy(&inner, cursor->pointers[1], sizeof inner);
    uint32_t found = stw_map_step(next, m, &inner);
    if (!found && cursor->numbers[0] == 0) {
        cursor->numbers[0] = 1;
        stw_map_walk(next, m, pair->maps[1], &inner);
        found = stw_map_step(next, m, &inner);
    }
    cursor->key = inner.key;
    cursor->value = inner.value;
    inner.key = inner.value = NULL;
    stw_copy(m, cursor->pointers[1], &inner, sizeof inner, &cursor_type);
    return found;
}

static uint64_t count(void *self, struct stw_mutator *m, void *map)
{
    const struct stw_link *next = ((struct shards *)self)->next;
    const struct pair *pair = map;
    return stw_map_count(next, m, pair->maps[0]) + stw_map_count(next, m, pair->maps[1]);
}

static void stats(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *sum)
{
    const struct pair *pair = map;
    struct stw_map_stats one = {.struct_size = sizeof one};
    stw_map_get_stats(((struct shards *)self)->next, m, pair->maps[0], sum);
    stw_map_get_stats(((struct shards *)self)->next, m, pair->maps[1], &one);
    sum->growing |= one.growing;
    sum->entries += one.entries;
    sum->buckets += one.buckets;
    sum->bucket_bytes += one.bucket_bytes;
    sum->overflow += one.overflow;
}

static const struct stw_map_ops maps = {.struct_size = sizeof maps,
                                        .assign = assign,
                                        .find = find,
                                        .erase = erase,
                                        .clear = clear,
                                        .walk = walk,
                                        .step = step,
                                        .count = count,
                                        .stats = stats};
static const struct stw_strategy_ops ops = {.struct_size = sizeof ops,
                                            .create = create,
                                            .destroy = free,
                                            .linked = linked,
                                            .need_map = need_map,
                                            .done_map = done_map,
                                            .maps = &maps};
/* Loses the entries whose key has a 7 in its first byte. */
static void assign_most(void *self, struct stw_mutator *m, void *map, const void *key,
                        const void *value)
{
    if (*(const unsigned char *)key != 7)
        assign(self, m, map, key, value);
}

static stw_status audit(void *self, struct stw_mutator *m, void *map, struct stw_error *error)
{
    (void)self, (void)map;
    return m->host->set_error(m->host, error, STW_E_AUDIT, "halves", "two are not one");
}

static const struct stw_map_ops lossy_maps = {.struct_size = sizeof maps,
                                              .assign = assign_most,
                                              .find = find,
                                              .erase = erase,
                                              .clear = clear,
                                              .walk = walk,
                                              .step = step,
                                              .count = count,
                                              .stats = stats};
static const struct stw_map_ops unsound_maps = {.struct_size = sizeof maps,
                                                .assign = assign,
                                                .find = find,
                                                .erase = erase,
                                                .clear = clear,
                                                .walk = walk,
                                                .step = step,
                                                .count = count,
                                                .stats = stats,
                                                .audit = audit};
static const struct stw_strategy_ops lossy_ops = {.struct_size = sizeof lossy_ops,
                                                  .create = create,
                                                  .destroy = free,
                                                  .linked = linked,
                                                  .need_map = need_map,
                                                  .done_map = done_map,
                                                  .maps = &lossy_maps};
static const struct stw_strategy_ops unsound_ops = {.struct_size = sizeof unsound_ops,
                                                    .create = create,
                                                    .destroy = free,
                                                    .linked = linked,
                                                    .need_map = need_map,
                                                    .done_map = done_map,
                                                    .maps = &unsound_maps};
/* Presents maps, but would let the map's own objects through. */
static const struct stw_strategy_ops half_ops = {.struct_size = sizeof half_ops,
                                                 .create = create,
                                                 .destroy = free,
                                                 .need_map = need_map,
                                                 .maps = &maps};

STW_MANIFEST(STW_PLUGIN("strategy", "shards", "Makes two maps of each")
             STW_PLUGIN("strategy", "shards-lossy", "Loses some entries")
             STW_PLUGIN("strategy", "shards-unsound", "Says that its maps are broken")
             STW_PLUGIN("strategy", "shards-half", "Presents maps without done_map"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "shards", &ops),
           STW_OFFER(STW_KIND_STRATEGY, "shards-lossy", &lossy_ops),
           STW_OFFER(STW_KIND_STRATEGY, "shards-unsound", &unsound_ops),
           STW_OFFER(STW_KIND_STRATEGY, "shards-half", &half_ops));
