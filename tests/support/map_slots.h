/* support/map_slots.h: the mandatory slots of a map of one entry with a u64 key. */
#ifndef STW_TESTS_MAP_SLOTS_H
#define STW_TESTS_MAP_SLOTS_H

#include <stwlab/plugin.h>

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error;
    *self = 0;
    return STW_OK;
}

static void destroy(void *self)
{
    (void)self;
}

static void *make(void *self, struct stw_mutator *m, const struct stw_map_type *type, uint64_t hint)
{
    (void)self, (void)type, (void)hint;
    return stw_alloc(m, 16, 0);
}

static inline void assign(void *self, struct stw_mutator *m, void *map, const void *key,
                          const void *value)
{
    (void)self, (void)m;
    ((uint64_t *)map)[0] = *(const uint64_t *)key;
    ((uint64_t *)map)[1] = *(const uint64_t *)value;
}

static uint32_t find(void *self, struct stw_mutator *m, void *map, const void *key, void *value)
{
    (void)self, (void)m;
    if (value)
        *(uint64_t *)value = ((uint64_t *)map)[1];
    return ((uint64_t *)map)[0] == *(const uint64_t *)key;
}

static uint32_t erase(void *self, struct stw_mutator *m, void *map, const void *key)
{
    (void)self, (void)m, (void)map, (void)key;
    return 0;
}

static void clear(void *self, struct stw_mutator *m, void *map)
{
    (void)self, (void)m, (void)map;
}

static void walk(void *self, struct stw_mutator *m, void *map, struct stw_map_cursor *cursor)
{
    (void)self, (void)m, (void)map, (void)cursor;
}

static uint32_t step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
{
    (void)self, (void)m, (void)cursor;
    return 0;
}

static uint64_t count(void *self, struct stw_mutator *m, void *map)
{
    (void)self, (void)m, (void)map;
    return 1;
}

static void stats(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *into)
{
    (void)self, (void)m, (void)map;
    into->entries = 1;
}

#define MAP_SLOTS_BUT_ASSIGN                                                                       \
    .create = create, .destroy = destroy, .make = make, .find = find, .erase = erase,              \
    .clear = clear, .walk = walk, .step = step, .count = count, .stats = stats
#define MAP_SLOTS MAP_SLOTS_BUT_ASSIGN, .assign = assign

#endif
