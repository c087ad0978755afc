/* sorted.c: a map that is a sorted array: keys are found by halving, the array doubles. */
#include <stwlab/kit.h>

#define FIRST_CAPACITY 8u

struct plan {
    const struct stw_host *host;
};
static const struct stw_binding bindings[] = {STW_BIND_HOST(struct plan, host)};
STW_CREATE_PLAN(create, struct plan, bindings)

struct map {
    uint64_t *keys; /* [capacity], ascending */
    char *values;   /* [capacity]; null when they have no bytes */
    uint64_t count, capacity, value_bytes;
};
STW_TYPE_OF(map_type, struct map, "sorted map", keys, values);

static stw_status accept(void *self, const struct stw_map_type *type, struct stw_error *error)
{
    const struct stw_host *host = ((const struct plan *)self)->host;
    if (type->key == STW_KEY_U64 && !type->value_type)
        return STW_OK;
    return host->set_error(host, error, STW_E_UNSUPPORTED, "type",
                           "sorted has integer keys, and values without pointers");
}

static void resize(struct stw_mutator *m, struct map *map, uint64_t capacity)
{
    uint64_t *keys = stw_alloc(m, capacity * sizeof *keys, NULL);
    char *values = NULL;
    if (map->value_bytes)
        values = stw_alloc(m, capacity * map->value_bytes, NULL);
    if (map->count)
        memcpy(keys, map->keys, map->count * sizeof *keys);
    if (map->count && values)
        memcpy(values, map->values, map->count * map->value_bytes);
    stw_store(m, &map->keys, keys);
    stw_store(m, &map->values, values);
    map->capacity = capacity;
}

static void *make(void *self, struct stw_mutator *m, const struct stw_map_type *type,
                  uint64_t hint)
{
    (void)self;
    struct map *map = stw_alloc(m, sizeof *map, &map_type);
    map->value_bytes = type->value_bytes;
    resize(m, map, hint > FIRST_CAPACITY ? hint : FIRST_CAPACITY);
    return map;
}

/* Where the key is, or would be. */
static uint64_t place_of(const struct map *map, uint64_t key)
{
    uint64_t low = 0, high = map->count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (map->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int is_at(const struct map *map, uint64_t at, uint64_t key)
{
    return at < map->count && map->keys[at] == key;
}

static char *value_at(const struct map *map, uint64_t at)
{
    return map->values + at * map->value_bytes;
}

/* Moves what is behind `from` to `to`. */
static void shift(struct map *map, uint64_t to, uint64_t from)
{
    memmove(map->keys + to, map->keys + from, (map->count - from) * sizeof *map->keys);
    if (map->values)
        memmove(value_at(map, to), value_at(map, from), (map->count - from) * map->value_bytes);
}

static void grow(struct stw_mutator *m, struct map *map)
{
    struct stw_map_growth growth = stw_growth_begin(m, STW_GROWTH_GROW);
    resize(m, map, 2 * map->capacity);
    stw_growth_moved(m, map->count, map->count * (sizeof *map->keys + map->value_bytes));
    stw_growth_end(m, &growth);
}

static void assign(void *self, struct stw_mutator *m, void *object, const void *key,
                   const void *value)
{
    (void)self;
    struct map *map = object;
    uint64_t number = *(const uint64_t *)key, at = place_of(map, number);
    if (!is_at(map, at, number)) {
        if (map->count == map->capacity)
            grow(m, map);
        shift(map, at + 1, at);
        map->keys[at] = number;
        map->count++;
    }
    if (map->values)
        memcpy(value_at(map, at), value, map->value_bytes);
}

static uint32_t find(void *self, struct stw_mutator *m, void *object, const void *key, void *value)
{
    (void)self, (void)m;
    const struct map *map = object;
    uint64_t number = *(const uint64_t *)key, at = place_of(map, number);
    if (!is_at(map, at, number))
        return 0;
    if (value && map->values)
        memcpy(value, value_at(map, at), map->value_bytes);
    return 1;
}

static uint32_t erase(void *self, struct stw_mutator *m, void *object, const void *key)
{
    (void)self, (void)m;
    struct map *map = object;
    uint64_t number = *(const uint64_t *)key, at = place_of(map, number);
    if (!is_at(map, at, number))
        return 0;
    shift(map, at, at + 1);
    map->count--;
    return 1;
}

static void clear(void *self, struct stw_mutator *m, void *object)
{
    (void)self, (void)m;
    ((struct map *)object)->count = 0;
}

/* A walk goes by keys, so writes between its steps do not disturb it. */
static void walk(void *self, struct stw_mutator *m, void *object, struct stw_map_cursor *cursor)
{
    (void)self, (void)m;
    cursor->pointers[0] = object;
}

static uint32_t step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
{
    (void)self;
    const struct map *map = cursor->pointers[0];
    uint64_t *has_begun = &cursor->numbers[0], *last = &cursor->numbers[1];
    uint64_t at = *has_begun ? place_of(map, *last) : 0;
    if (*has_begun && is_at(map, at, *last))
        at++;
    stw_poll(m);
    if (at == map->count) {
        cursor->key = cursor->value = NULL;
        return 0;
    }
    *has_begun = 1;
    *last = map->keys[at];
    cursor->key = &map->keys[at];
    cursor->value = value_at(map, at);
    return 1;
}

static uint64_t count(void *self, struct stw_mutator *m, void *object)
{
    (void)self, (void)m;
    return ((const struct map *)object)->count;
}

static void stats(void *self, struct stw_mutator *m, void *object, struct stw_map_stats *stats)
{
    (void)self, (void)m;
    const struct map *map = object;
    struct stw_map_stats now = {
        .struct_size = stats->struct_size,
        .entries = map->count,
        .buckets = map->capacity / 8,
        .bucket_bytes = map->capacity * (sizeof *map->keys + map->value_bytes),
    };
    memcpy(stats, &now, stats->struct_size < sizeof now ? stats->struct_size : sizeof now);
}

static const struct stw_map_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = free,
    .make = make,
    .assign = assign,
    .find = find,
    .erase = erase,
    .clear = clear,
    .walk = walk,
    .step = step,
    .count = count,
    .stats = stats,
    .accept = accept,
};
STW_MANIFEST(STW_PLUGIN("map", "sorted", "A sorted array, searched by halving"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "sorted", &ops));
