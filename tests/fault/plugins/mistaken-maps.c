/* fault/plugins/mistaken-maps.c: the map `foreign`, which falls or stays in one slot.
 * fault/mistakes.sh says what becomes of each. */
#define BORROWED "foreign.c"
#include "borrowed.h"

static volatile uint64_t *volatile nowhere = (volatile uint64_t *)8;

static __attribute__((noinline)) void fall(void)
{
    *nowhere = 1;
}

static void assign_falls(void *self, struct stw_mutator *m, void *map, const void *key,
                         const void *value)
{
    assign(self, m, map, key, value);
    if (table_of(map)->entries > 10)
        fall();
}

static void assign_aborts(void *self, struct stw_mutator *m, void *map, const void *key,
                           const void *value)
{
    assign(self, m, map, key, value);
    if (table_of(map)->entries > 10)
        abort();
}

static uint32_t erase_falls(void *self, struct stw_mutator *m, void *map, const void *key)
{
    fall();
    return erase(self, m, map, key);
}

static uint32_t erase_stays(void *self, struct stw_mutator *m, void *map, const void *key)
{
    for (volatile uint32_t stay = 1; stay;)
        ;
    return erase(self, m, map, key);
}

static void stats_falls(void *self, struct stw_mutator *m, void *map, struct stw_map_stats *stats_)
{
    fall();
    stats(self, m, map, stats_);
}

#define OPS(name, slot_assign, slot_erase, slot_stats)                                             \
    static const struct stw_map_ops ops_##name = {                                                 \
        .struct_size = sizeof ops_##name, .create = create, .destroy = destroy, .accept = accept,  \
        .make = make, .assign = slot_assign, .find = find, .erase = slot_erase, .clear = clear,    \
        .walk = walk, .step = step, .count = count, .stats = slot_stats, .done = done}
OPS(assign_falls, assign_falls, erase, stats);
OPS(assign_aborts, assign_aborts, erase, stats);
OPS(erase_falls, assign, erase_falls, stats);
OPS(erase_stays, assign, erase_stays, stats);
OPS(stats_falls, assign, erase, stats_falls);

#define MAP(id)                                                                                    \
    STW_PLUGIN("map", id, "Breaks down in a slot")                                                 \
    STW_PARAM_U64("limit", "slots", 1073741824, 1, 1073741824, "most slots of a table")            \
    STW_PARAM_BOOL("forgets", false, "does not credit what it charged")
STW_MANIFEST(MAP("assign-falls") MAP("assign-aborts") MAP("erase-falls") MAP("erase-stays")
             MAP("stats-falls"));
STW_EXPORT(STW_OFFER(STW_KIND_MAP, "assign-falls", &ops_assign_falls),
           STW_OFFER(STW_KIND_MAP, "assign-aborts", &ops_assign_aborts),
           STW_OFFER(STW_KIND_MAP, "erase-falls", &ops_erase_falls),
           STW_OFFER(STW_KIND_MAP, "erase-stays", &ops_erase_stays),
           STW_OFFER(STW_KIND_MAP, "stats-falls", &ops_stats_falls));
