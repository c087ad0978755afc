/* support/plugins/fixture-map.c: a map that holds nothing; its manifest is what tests read. */
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
    return stw_alloc(m, 8, 0);
}

static void assign(void *self, struct stw_mutator *m, void *map, const void *key,
                   const void *value)
{
    (void)self, (void)m, (void)map, (void)key, (void)value;
}

static uint32_t find(void *self, struct stw_mutator *m, void *map, const void *key, void *value)
{
    (void)self, (void)m, (void)map, (void)key, (void)value;
    return 0;
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
    return 0;
}

static void stats(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *stats_out)
{
    (void)self, (void)m, (void)map;
    *stats_out = (struct stw_map_stats){.struct_size = sizeof *stats_out};
}

static const struct stw_map_ops ops = {.struct_size = sizeof ops,
                                       .create = create,
                                       .destroy = destroy,
                                       .make = make,
                                       .assign = assign,
                                       .find = find,
                                       .erase = erase,
                                       .clear = clear,
                                       .walk = walk,
                                       .step = step,
                                       .count = count,
                                       .stats = stats};

STW_MANIFEST(STW_PLUGIN("map", "fixture-map", "Holds nothing")
             STW_PARAM_F64("fill", "", 0.75, 0.125, 1, "how full before it grows"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "fixture-map", &ops));
