/* fault/plugins/foreign.c: a map whose tables are in the C library's memory: integers to eight
 * bytes, linear probing, doubled at three quarters full. What it charges to the heap it credits
 * when a map is done with, or dies without, unless it is told to forget. */
#include <stdlib.h>
#include <stwlab/plugin.h>

struct slot {
    uint64_t key, value, state; /* 0: free, 1: used, 2: erased */
};

struct table {
    struct instance *owner;
    struct slot *slots;
    struct slot *smaller[64]; /* that there were before: somebody may walk them */
    uint64_t smaller_count, slot_count, entries, taken;
    uint64_t charged; /* slots */
};

struct instance {
    const struct stw_host *host;
    uint64_t limit, forgets;
};

/* Managed; no pointers. */
struct map {
    struct table *table;
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct instance *made = calloc(1, sizeof *made);
    if (!made)
        return host->set_error(host, error, STW_E_NOMEM, "create", "out of memory");
    made->host = host;
    made->limit = stw_config_u64(config, "limit");
    made->forgets = stw_config_u64(config, "forgets");
    *self = made;
    return STW_OK;
}

static void charge(struct instance *self, struct stw_mutator *m, int64_t slots)
{
    self->host->external_bytes(self->host, m, slots * (int64_t)sizeof(struct slot));
}

static void empty(struct table *table)
{
    if (!table->owner->forgets)
        charge(table->owner, NULL, -(int64_t)table->charged);
    while (table->smaller_count > 0)
        free(table->smaller[--table->smaller_count]);
    free(table->slots);
    table->slots = NULL;
    table->charged = 0;
}

static void destroy(void *self)
{
    free(self);
}

/* Its map is gone. */
static void died(void *context)
{
    empty(context);
    free(context);
}

static stw_status accept(void *self, const struct stw_map_type *type, struct stw_error *error)
{
    const struct instance *instance = self;
    if (type->key == STW_KEY_U64 && type->value_bytes == 8 && !type->value_type)
        return STW_OK;
    return instance->host->set_error(instance->host, error, STW_E_UNSUPPORTED, "accept",
                                     "only integers to 8 bytes without pointers");
}

static struct slot *search(const struct table *table, uint64_t key)
{
    uint64_t mask = table->slot_count - 1, at = (key * 0x9e3779b97f4a7c15ull >> 20) & mask;
    while (table->slots[at].state == 2 || (table->slots[at].state == 1
                                           && table->slots[at].key != key))
        at = (at + 1) & mask;
    return &table->slots[at];
}

static void resize(struct instance *self, struct stw_mutator *m, struct table *table,
                   uint64_t slot_count)
{
    struct table old = *table;
    struct slot *slots = slot_count > self->limit ? NULL : calloc(slot_count, sizeof *slots);
    if (!slots)
        self->host->fail(self->host, m, STW_E_NOMEM, "no memory for a table");
    charge(self, m, (int64_t)slot_count);
    table->charged += slot_count;
    table->slots = slots;
    table->slot_count = slot_count;
    table->taken = table->entries;
    for (uint64_t i = 0; i < old.slot_count; i++)
        if (old.slots[i].state == 1)
            *search(table, old.slots[i].key) = old.slots[i];
    if (old.slots)
        table->smaller[table->smaller_count++] = old.slots;
}

static void *make(void *self, struct stw_mutator *m, const struct stw_map_type *type, uint64_t hint)
{
    (void)type;
    struct instance *instance = self;
    struct map *map = stw_alloc(m, sizeof *map, NULL);
    struct table *table = calloc(1, sizeof *table);
    uint64_t slot_count = 8;
    while (slot_count / 4 * 3 < hint)
        slot_count *= 2;
    if (!table)
        instance->host->fail(instance->host, m, STW_E_NOMEM, "no memory for a map");
    table->owner = instance;
    map->table = table;
    if (instance->host->death_notice_add(instance->host, m, map, died, table) != STW_OK)
        instance->host->fail(instance->host, m, STW_E_NOMEM, "no memory for a notice");
    resize(instance, m, table, slot_count);
    return map;
}

static struct table *table_of(void *map)
{
    return ((struct map *)map)->table;
}

static void assign(void *self, struct stw_mutator *m, void *map, const void *key,
                   const void *value)
{
    struct table *table = table_of(map);
    struct slot *slot = search(table, *(const uint64_t *)key);
    if (slot->state == 0 && table->taken + 1 > table->slot_count / 4 * 3) {
        resize(self, m, table, 2 * table->slot_count);
        slot = search(table, *(const uint64_t *)key);
    }
    table->entries += slot->state == 0;
    table->taken += slot->state == 0;
    *slot = (struct slot){*(const uint64_t *)key, *(const uint64_t *)value, 1};
}

static uint32_t find(void *self, struct stw_mutator *m, void *map, const void *key, void *value)
{
    (void)self, (void)m;
    const struct slot *slot = search(table_of(map), *(const uint64_t *)key);
    if (slot->state == 0)
        return 0;
    if (value)
        *(uint64_t *)value = slot->value;
    return 1;
}

static uint32_t erase(void *self, struct stw_mutator *m, void *map, const void *key)
{
    (void)self, (void)m;
    struct slot *slot = search(table_of(map), *(const uint64_t *)key);
    if (slot->state == 0)
        return 0;
    slot->state = 2;
    table_of(map)->entries--;
    return 1;
}

static void clear(void *self, struct stw_mutator *m, void *map)
{
    (void)self, (void)m;
    struct table *table = table_of(map);
    __builtin_memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    table->entries = table->taken = 0;
}

/* Of the slots that there were; see `smaller`. */
static void walk(void *self, struct stw_mutator *m, void *map, struct stw_map_cursor *cursor)
{
    (void)self, (void)m;
    cursor->pointers[0] = map;
    cursor->numbers[1] = (uint64_t)table_of(map)->slots;
    cursor->numbers[2] = table_of(map)->slot_count;
}

static uint32_t step(void *self, struct stw_mutator *m, struct stw_map_cursor *cursor)
{
    (void)self;
    const struct table *table = table_of(cursor->pointers[0]);
    struct slot *slots = (struct slot *)cursor->numbers[1];
    while (cursor->numbers[0] < cursor->numbers[2]) {
        struct slot *slot = &slots[cursor->numbers[0]++];
        stw_poll(m);
        if (slot->state == 1 && slots != table->slots)
            slot = search(table, slot->key);
        if (slot->state != 1)
            continue;
        cursor->key = &slot->key;
        cursor->value = &slot->value;
        return 1;
    }
    return 0;
}

static uint64_t count(void *self, struct stw_mutator *m, void *map)
{
    (void)self, (void)m;
    return table_of(map)->entries;
}

static void stats(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *stats)
{
    (void)self, (void)m;
    const struct table *table = table_of(map);
    *stats = (struct stw_map_stats){.struct_size = stats->struct_size,
                                    .entries = table->entries,
                                    .buckets = table->slot_count / 8,
                                    .bucket_bytes = table->slot_count * sizeof(struct slot)};
}

static void done(void *self, struct stw_mutator *m, void *map)
{
    (void)self, (void)m;
    empty(table_of(map));
}

static const struct stw_map_ops ops = {.struct_size = sizeof ops,
                                       .create = create,
                                       .destroy = destroy,
                                       .accept = accept,
                                       .make = make,
                                       .assign = assign,
                                       .find = find,
                                       .erase = erase,
                                       .clear = clear,
                                       .walk = walk,
                                       .step = step,
                                       .count = count,
                                       .stats = stats,
                                       .done = done};

STW_MANIFEST(STW_PLUGIN("map", "foreign", "Keeps its entries outside of the heap")
             STW_PARAM_U64("limit", "slots", 1073741824, 1, 1073741824, "most slots of a table")
             STW_PARAM_BOOL("forgets", false, "does not credit what it charged"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "foreign", &ops));
