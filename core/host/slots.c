/* host/slots.c: the slots of each kind's vtable: which must be there, and what else stands in.
 *
 * A map without merge needs a stub that calls the map's own assign, but a slot gets nothing but the
 * plugin's self. So there are several such stubs, each bound at load to one assign function: a
 * trial has one map, a test a few. Rejected: a host record in place of self. The slot that makes
 * self has no context to find that record by, and every other slot would pay for one more call.
 *
 * In the same way a workload without operations gets a stub that is bound to a parameter's value
 * when it is configured: a process runs one workload. */
#include "host/slots.h"

#include "base/error.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Stubs of strategies: pass on. */

static stw_status strategy_create(const struct stw_host *host, const struct stw_config *config,
                                  struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error;
    *self = NULL;
    return STW_OK;
}

static void strategy_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_begin(next, m);
}

static void strategy_end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_end(next, m);
}

static void *strategy_need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                               const struct stw_map_need *need)
{
    (void)self;
    return stw_next_need_map(next, m, need);
}

static void strategy_done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                              const struct stw_map_type *type, void *map)
{
    (void)self;
    stw_next_done_map(next, m, type, map);
}

static void strategy_merge(void *self, const struct stw_link *next, struct stw_mutator *m,
                           void *map, const struct stw_entries *entries, uint64_t first,
                           uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count);
}

/* Of a strategy that presents maps: into its own. The link before `next` is the strategy's. */
static void presented_merge(void *self, const struct stw_link *next, struct stw_mutator *m,
                            void *map, const struct stw_entries *entries, uint64_t first,
                            uint64_t count)
{
    const struct stw_link *own = next - 1;
    (void)self;
    own->map_ops->merge(own->map_self, m, map, entries, first, count);
}

static void *strategy_need_scratch(void *self, const struct stw_link *next, struct stw_mutator *m,
                                   const struct stw_scratch_need *need)
{
    (void)self;
    return stw_next_need_scratch(next, m, need);
}

static void strategy_done_scratch(void *self, const struct stw_link *next, struct stw_mutator *m,
                                  const struct stw_scratch_need *need, void *scratch)
{
    (void)self;
    stw_next_done_scratch(next, m, need, scratch);
}

static void strategy_request_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_request_begin(next, m);
}

static void strategy_request_end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_request_end(next, m);
}

static void strategy_linked(void *self, const struct stw_link *next)
{
    (void)self, (void)next;
}

static void strategy_batch_boundary(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self;
    stw_next_batch_boundary(next, m);
}

/* Stubs that do nothing, one a signature. */

static void ignore(void *self)
{
    (void)self;
}

static void strategy_safepoint(void *self, struct stw_mutator *m)
{
    (void)self, (void)m;
}

static uint32_t strategy_alloc_slow(void *self, struct stw_mutator *m, uint64_t bytes,
                                    const struct stw_type *type)
{
    (void)self, (void)m, (void)bytes, (void)type;
    return 0;
}

static void allocator_stats(void *self, struct stw_allocator_stats *stats)
{
    (void)self, (void)stats;
}

static stw_status allocator_audit(void *self, struct stw_error *error)
{
    (void)self, (void)error;
    return STW_OK;
}

static stw_status map_audit(void *self, struct stw_mutator *m, void *map, struct stw_error *error)
{
    (void)self, (void)m, (void)map, (void)error;
    return STW_OK;
}

static stw_status map_accept(void *self, const struct stw_map_type *type, struct stw_error *error)
{
    (void)self, (void)type, (void)error;
    return STW_OK;
}

static uint64_t map_hash(void *self, struct stw_mutator *m, void *map, const void *key)
{
    (void)self, (void)m, (void)map, (void)key;
    return 0;
}

static void map_reserve(void *self, struct stw_mutator *m, void *map, uint64_t entries)
{
    (void)self, (void)m, (void)map, (void)entries;
}

static void map_done(void *self, struct stw_mutator *m, void *map)
{
    (void)self, (void)m, (void)map;
}

static const struct stw_map_type *workload_map_type(void *self, uint32_t index)
{
    (void)self, (void)index;
    return NULL;
}

static void workload_last_map(void *self, struct stw_mutator *m, void *state,
                              struct stw_map_stats *stats)
{
    (void)self, (void)m, (void)state, (void)stats;
}

static void workload_teardown(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
}

static uint32_t workload_expected(void *self, struct stw_mutator *m, void *state,
                                  uint64_t *checksum)
{
    (void)self, (void)m, (void)state, (void)checksum;
    return 0;
}

/* The stub of workload.operations. */

static uint64_t operations_bound;

static uint64_t workload_operations(void *self)
{
    (void)self;
    return operations_bound;
}

stw_status stw__slots_configure(const struct stw_loaded *loaded, const struct stw_config *config,
                                struct stw_error *error)
{
    const char *name = *loaded->info->operations ? loaded->info->operations : "operations";
    if (loaded->info->kind != STW_KIND_WORKLOAD
        || loaded->ops.workload.operations != workload_operations)
        return STW_OK;
    for (uint32_t i = 0; i < config->value_count; i++)
        if (strcmp(config->values[i].name, name) == 0 && config->values[i].type == STW_TYPE_U64) {
            operations_bound = config->values[i].as_u64;
            return STW_OK;
        }
    return stw_error_set(error, STW_E_REFUSED, "operations",
                         "workload \"%s\" has neither the slot \"operations\" nor a u64 parameter "
                         "\"%s\" in its place", loaded->info->id, name);
}

/* Stubs of map.merge, each bound to an assign. Written at load, before mutators run. */

#define MERGE_STUBS 8u

typedef void (*assign_function)(void *self, struct stw_mutator *m, void *map, const void *key,
                                const void *value);
static assign_function bound[MERGE_STUBS];

/* What all of them do with their assign. */
struct merge {
    assign_function assign;
    void *self;
    void *map;
    const struct stw_entries *entries;
};

static void merge_entries(const struct merge *merge, struct stw_mutator *m, uint64_t first,
                          uint64_t count)
{
    const struct stw_entries *entries = merge->entries;
    for (uint64_t i = first; i < first + count; i++) {
        merge->assign(merge->self, m, merge->map, stw_entry_key(entries, i),
                      stw_entry_value(entries, i));
        stw_poll(m);
    }
}

#define MERGE_STUB(n)                                                                              \
    static void merge_##n(void *self, struct stw_mutator *m, void *map,                            \
                          const struct stw_entries *entries, uint64_t first, uint64_t count)       \
    {                                                                                              \
        const struct merge merge = {bound[n], self, map, entries};                                 \
        merge_entries(&merge, m, first, count);                                                    \
    }
MERGE_STUB(0)
MERGE_STUB(1)
MERGE_STUB(2)
MERGE_STUB(3)
MERGE_STUB(4)
MERGE_STUB(5)
MERGE_STUB(6)
MERGE_STUB(7)

static stw_status bind_merge(struct stw_map_ops *ops, struct stw_error *error)
{
    static void (*const stubs[])(void *, struct stw_mutator *, void *, const struct stw_entries *,
                                 uint64_t, uint64_t) = {merge_0, merge_1, merge_2, merge_3,
                                                        merge_4, merge_5, merge_6, merge_7};
    _Static_assert(sizeof stubs / sizeof *stubs == MERGE_STUBS, "one stub a binding");
    uint32_t i = 0;
    while (i < MERGE_STUBS && bound[i] && bound[i] != ops->assign)
        i++;
    if (i == MERGE_STUBS)
        return stw_error_set(error, STW_E_REFUSED, "merge",
                             "this process has loaded %u other maps without the slot merge already",
                             MERGE_STUBS);
    bound[i] = ops->assign;
    ops->merge = stubs[i];
    return STW_OK;
}

/* The tables. */

typedef void (*slot_function)(void);

struct slot {
    const char *name;
    size_t at; /* offset in the vtable */
    uint32_t is_mandatory;
    slot_function stub; /* null: mandatory, or found at load */
};

#define NEED(kind, slot) {#slot, offsetof(struct stw_##kind##_ops, slot), 1, NULL}
#define MAY(kind, slot, stub) {#slot, offsetof(struct stw_##kind##_ops, slot), 0, stub}
#define STUB(function) ((slot_function)(function))

static const struct slot allocator_slots[] = {
    NEED(allocator, create),
    NEED(allocator, destroy),
    NEED(allocator, size_table),
    NEED(allocator, attach),
    NEED(allocator, detach),
    NEED(allocator, refill),
    NEED(allocator, large),
    NEED(allocator, usable_bytes),
    NEED(allocator, cycle_end),
    NEED(allocator, flush),
    NEED(allocator, sweep),
    MAY(allocator, release, STUB(ignore)),
    MAY(allocator, stats, STUB(allocator_stats)),
    MAY(allocator, audit, STUB(allocator_audit)),
};

static const struct slot map_slots[] = {
    NEED(map, create),
    NEED(map, destroy),
    NEED(map, make),
    NEED(map, assign),
    NEED(map, find),
    NEED(map, erase),
    NEED(map, clear),
    NEED(map, walk),
    NEED(map, step),
    NEED(map, count),
    NEED(map, stats),
    MAY(map, merge, NULL),
    MAY(map, audit, STUB(map_audit)),
    MAY(map, accept, STUB(map_accept)),
    MAY(map, done, STUB(map_done)),
    MAY(map, hash, STUB(map_hash)),
    MAY(map, reserve, STUB(map_reserve)),
};

static const struct slot strategy_slots[] = {
    MAY(strategy, create, STUB(strategy_create)),
    MAY(strategy, destroy, STUB(ignore)),
    MAY(strategy, begin, STUB(strategy_begin)),
    MAY(strategy, end, STUB(strategy_end)),
    MAY(strategy, need_map, STUB(strategy_need_map)),
    MAY(strategy, done_map, STUB(strategy_done_map)),
    MAY(strategy, merge, STUB(strategy_merge)),
    MAY(strategy, need_scratch, STUB(strategy_need_scratch)),
    MAY(strategy, done_scratch, STUB(strategy_done_scratch)),
    MAY(strategy, request_begin, STUB(strategy_request_begin)),
    MAY(strategy, request_end, STUB(strategy_request_end)),
    MAY(strategy, batch_boundary, STUB(strategy_batch_boundary)),
    MAY(strategy, safepoint, STUB(strategy_safepoint)),
    MAY(strategy, alloc_slow, STUB(strategy_alloc_slow)),
    MAY(strategy, linked, STUB(strategy_linked)),
    MAY(strategy, maps, NULL),
};

static const struct slot workload_slots[] = {
    NEED(workload, create),
    MAY(workload, destroy, STUB(free)),
    MAY(workload, operations, STUB(workload_operations)),
    NEED(workload, setup),
    NEED(workload, operate),
    NEED(workload, checksum),
    MAY(workload, last_map, STUB(workload_last_map)),
    MAY(workload, teardown, STUB(workload_teardown)),
    MAY(workload, expected, STUB(workload_expected)),
    MAY(workload, map_type, STUB(workload_map_type)),
};

struct slot_table {
    const struct slot *slots;
    uint32_t count;
    uint32_t bytes; /* of the vtable */
};

/* Every slot but the two words of the head is in the table; a strategy's `maps` counts as one. */
#define TABLE(kind) {kind##_slots, sizeof kind##_slots / sizeof *kind##_slots,                     \
                     sizeof(struct stw_##kind##_ops)}
#define IS_COMPLETE(kind)                                                                          \
    _Static_assert(sizeof kind##_slots / sizeof *kind##_slots * sizeof(slot_function) + 8          \
                       == sizeof(struct stw_##kind##_ops), "a slot of " #kind " is not listed")
IS_COMPLETE(allocator);
IS_COMPLETE(map);
IS_COMPLETE(strategy);
IS_COMPLETE(workload);

static const struct slot_table *table_of(uint32_t kind)
{
    static const struct slot_table tables[] = {{NULL, 0, 0}, TABLE(allocator), TABLE(map),
                                               TABLE(strategy), TABLE(workload)};
    return &tables[kind < sizeof tables / sizeof *tables ? kind : 0];
}

uint32_t stw__slots_bytes(uint32_t kind)
{
    return table_of(kind)->bytes;
}

static stw_status fill(const struct slot_table *table, void *ops, struct stw_error *error)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct slot *slot = &table->slots[i];
        slot_function function;
        char *at = (char *)ops + slot->at;
        memcpy(&function, at, sizeof function);
        if (!function && slot->is_mandatory)
            return stw_error_set(error, STW_E_REFUSED, slot->name,
                                 "the mandatory slot \"%s\" is missing", slot->name);
        if (!function)
            memcpy(at, &slot->stub, sizeof slot->stub);
    }
    return STW_OK;
}

static stw_status fill_map(struct stw_map_ops *ops, struct stw_error *error)
{
    STW_TRY(fill(table_of(STW_KIND_MAP), ops, error));
    return ops->merge ? STW_OK : bind_merge(ops, error);
}

/* Stand for what a strategy's table of maps needs not have. */

static stw_status presented_create(const struct stw_host *host, const struct stw_config *config,
                                   struct stw_error *error, void **self)
{
    (void)host, (void)config, (void)error, (void)self;
    return STW_E_UNSUPPORTED;
}

static void *presented_make(void *self, struct stw_mutator *m, const struct stw_map_type *type,
                            uint64_t hint)
{
    (void)self, (void)m, (void)type, (void)hint;
    return NULL;
}

static stw_status fill_presented(struct stw_loaded *loaded, struct stw_error *error)
{
    struct stw_strategy_ops *strategy = &loaded->ops.strategy;
    struct stw_error reason = STW_ERROR_INIT;
    if (!strategy->need_map || !strategy->done_map)
        return stw_error_set(error, STW_E_REFUSED, "maps",
                             "a strategy that presents maps needs the slots need_map and done_map");
    uint32_t theirs = strategy->maps->struct_size, ours = sizeof loaded->maps;
    memcpy(&loaded->maps, strategy->maps, theirs < ours ? theirs : ours);
    loaded->maps.create = presented_create;
    loaded->maps.destroy = ignore;
    loaded->maps.make = presented_make;
    if (fill_map(&loaded->maps, &reason) != STW_OK)
        return stw_error_set(error, STW_E_REFUSED, "maps", "its table of maps: %s",
                             reason.message);
    if (!strategy->merge)
        strategy->merge = presented_merge;
    return STW_OK;
}

/* The slots of intents are side by side, in the order of their calls. */
static uint64_t intents_handled(const struct stw_strategy_ops *ops)
{
    const uint32_t first = STW_CALL_STRATEGY_NEED_MAP, last = STW_CALL_STRATEGY_BATCH_BOUNDARY;
    const char *slots = (const char *)ops + offsetof(struct stw_strategy_ops, need_map);
    uint64_t handled = 0;
    _Static_assert(offsetof(struct stw_strategy_ops, batch_boundary)
                           - offsetof(struct stw_strategy_ops, need_map)
                       == (STW_CALL_STRATEGY_BATCH_BOUNDARY - STW_CALL_STRATEGY_NEED_MAP)
                              * sizeof(slot_function),
                   "a slot of an intent is elsewhere");
    for (uint32_t call = first; call <= last; call++) {
        slot_function function;
        memcpy(&function, slots + (call - first) * sizeof function, sizeof function);
        handled |= (uint64_t)(function != NULL) << (call - STW_CALL_STRATEGY_BEGIN);
    }
    return handled;
}

stw_status stw__slots_fill(uint32_t kind, struct stw_loaded *loaded, struct stw_error *error)
{
    if (kind == STW_KIND_MAP)
        return fill_map(&loaded->ops.map, error);
    const struct stw_strategy_ops *strategy = &loaded->ops.strategy;
    if (kind == STW_KIND_STRATEGY) {
        loaded->handles = intents_handled(strategy);
        loaded->makes_faults = strategy->safepoint || strategy->alloc_slow;
        if (strategy->maps)
            STW_TRY(fill_presented(loaded, error));
    }
    return fill(table_of(kind), &loaded->ops, error);
}

/* The way back: from a function to its slot. */

/* In a table as a plugin offers it, as far as both sides know it. */
static const struct slot *find_slot(const struct slot_table *table, const char *ops,
                                    const void *value)
{
    uint32_t bytes;
    memcpy(&bytes, ops, sizeof bytes);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct slot *slot = &table->slots[i];
        if (slot->at + sizeof value <= bytes && memcmp(ops + slot->at, &value, sizeof value) == 0)
            return slot;
    }
    return NULL;
}

/* The table of maps that a strategy's table names, or null. */
static const char *maps_of(const char *ops)
{
    const char *maps = NULL;
    uint32_t bytes;
    memcpy(&bytes, ops, sizeof bytes);
    if (bytes >= offsetof(struct stw_strategy_ops, maps) + sizeof maps)
        memcpy(&maps, ops + offsetof(struct stw_strategy_ops, maps), sizeof maps);
    return maps;
}

const char *stw_slot_name(const struct stw_loaded *loaded, const void *function)
{
    const char *ops = loaded->offered;
    if (!ops || !function)
        return NULL;
    uint32_t kind = loaded->info->kind;
    const struct slot *slot = find_slot(table_of(kind), ops, function);
    if (!slot && kind == STW_KIND_STRATEGY && maps_of(ops))
        slot = find_slot(table_of(STW_KIND_MAP), maps_of(ops), function);
    return slot ? slot->name : NULL;
}
