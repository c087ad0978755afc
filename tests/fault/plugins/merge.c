/* fault/plugins/merge.c: strategies that pass on other entries than they were handed: they drop the
 * last one, pass the first one on twice, change a value (in place before, in place afterwards, in a
 * copy), or merge an entry of their own when nobody asked for it. One passes all on, in pieces and
 * backwards, which is allowed. */
#include <stwlab/plugin.h>

#include <string.h>

#define COPIED 4096u /* entries at most */

static void drop(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                 const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count ? count - 1 : 0);
}

static void repeat(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                   const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count ? 1 : 0);
    stw_next_merge(next, m, map, entries, first, count);
}

static uint64_t *values_of(const struct stw_entries *entries)
{
    return (uint64_t *)(uintptr_t)entries->values;
}

static void change(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                   const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    values_of(entries)[first] += 1;
    stw_next_merge(next, m, map, entries, first, count);
}

static void change_later(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                         const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    stw_next_merge(next, m, map, entries, first, count);
    values_of(entries)[first] += 1;
}

/* Two values change places: their sum stays. */
static void exchange(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                     const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    if (count < 2 || entries->count > COPIED) {
        stw_next_merge(next, m, map, entries, first, count);
        return;
    }
    uint64_t *values = stw_alloc(m, entries->count * sizeof *values, NULL);
    memcpy(values, entries->values, entries->count * sizeof *values);
    values[first] = values_of(entries)[first + 1];
    values[first + 1] = values_of(entries)[first];
    struct stw_entries exchanged = *entries;
    exchanged.values = values;
    stw_next_merge(next, m, map, &exchanged, first, count);
}

/* The map that a need was answered with gets an entry at once. */
static void *fill(void *self, const struct stw_link *next, struct stw_mutator *m,
                  const struct stw_map_need *need)
{
    (void)self;
    void *map = stw_next_need_map(next, m, need);
    if (need->type->key != STW_KEY_U64)
        return map;
    uint64_t *both = stw_alloc(m, 2 * sizeof *both, NULL);
    both[0] = UINT64_MAX;
    const struct stw_entries own = {sizeof own, 0, need->type, both, both + 1, 1, 0};
    stw_next_merge(next, m, map, &own, 0, 1);
    return map;
}

static void turn(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                 const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    (void)self;
    uint64_t half = count / 2;
    stw_next_merge(next, m, map, entries, first + half, count - half);
    stw_next_merge(next, m, map, entries, first, half);
    stw_next_merge(next, m, map, entries, first, 0);
}

#define STRATEGY(name, slot)                                                                       \
    static const struct stw_strategy_ops name##_ops = {.struct_size = sizeof name##_ops,           \
                                                       .slot = name}
STRATEGY(drop, merge);
STRATEGY(repeat, merge);
STRATEGY(change, merge);
STRATEGY(change_later, merge);
STRATEGY(exchange, merge);
STRATEGY(fill, need_map);
STRATEGY(turn, merge);

STW_MANIFEST(STW_PLUGIN("strategy", "merge-drops", "Does not pass on the last entry")
             STW_PLUGIN("strategy", "merge-repeats", "Passes on the first entry twice")
             STW_PLUGIN("strategy", "merge-changes", "Changes a value, then passes it on")
             STW_PLUGIN("strategy", "merge-changes-later", "Passes a value on, then changes it")
             STW_PLUGIN("strategy", "merge-exchanges", "Passes on a copy with two values exchanged")
             STW_PLUGIN("strategy", "merge-fills", "Merges an entry of its own into a new map")
             STW_PLUGIN("strategy", "merge-turns", "Passes on the second half first"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "merge-drops", &drop_ops),
           STW_OFFER(STW_KIND_STRATEGY, "merge-repeats", &repeat_ops),
           STW_OFFER(STW_KIND_STRATEGY, "merge-changes", &change_ops),
           STW_OFFER(STW_KIND_STRATEGY, "merge-changes-later", &change_later_ops),
           STW_OFFER(STW_KIND_STRATEGY, "merge-exchanges", &exchange_ops),
           STW_OFFER(STW_KIND_STRATEGY, "merge-fills", &fill_ops),
           STW_OFFER(STW_KIND_STRATEGY, "merge-turns", &turn_ops));
