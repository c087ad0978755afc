/* host/passage.c: compares what strategies pass on with what they were handed. */
#include "host/passage.h"

#include "base/breach.h"
#include "base/error.h"
#include "host/edges.h"
#include "host/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stwlab/kit.h>

#define RULE "merge-alters"

/* Entries, in any order. */
struct tally {
    uint64_t count, sum;
};

/* A call of a strategy's merge. */
struct passage {
    struct passage *outer; /* the call during which it was made, or null: the workload's */
    const struct stw_loaded *strategy;
    struct tally passed_on;
};

static struct {
    const struct stw_loaded *strategies;
    const struct stw_link *links; /* null: nothing is watched */
    uint32_t count;
    struct stw_strategy_ops ops[STW_CHAIN_MAX]; /* the strategies', but for merge */
} watch;

static _Thread_local struct passage *current;

static void fail(const struct stw_loaded *strategy, const char *what)
{
    struct stw_error error = STW_ERROR_INIT;
    stw_error_set(&error, STW_E_AUDIT, RULE, "strategy/%s %s", strategy->info->id, what);
    stw_runtime_audit_failed(&error);
}

static uint64_t hash_bytes(const void *from, uint64_t length)
{
    const unsigned char *bytes = from;
    uint64_t hash = length;
    for (uint64_t i = 0; i < length; i++)
        hash = stw_mix(hash + bytes[i] + 1);
    return hash;
}

static uint64_t key_hash(const struct stw_entries *entries, uint64_t at)
{
    const void *key = stw_entry_key(entries, at);
    if (entries->type->key != STW_KEY_STRING)
        return hash_bytes(key, stw_key_bytes(entries->type));
    return hash_bytes(((const struct stw_string *)key)->bytes,
                      ((const struct stw_string *)key)->length);
}

static struct tally tally_of(const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    struct tally tally = {count, 0};
    for (uint64_t i = first; i < first + count; i++)
        tally.sum += stw_mix(key_hash(entries, i) + stw_mix(hash_bytes(stw_entry_value(entries, i),
                                                               entries->type->value_bytes)));
    return tally;
}

static int is_same(struct tally a, struct tally b)
{
    return a.count == b.count && a.sum == b.sum;
}

/* A strategy passes these on, which are there, during the call of its own merge that is under way
 * on this thread. */
static struct tally pass_on(const struct stw_loaded *strategy, const struct stw_entries *entries,
                            uint64_t first, uint64_t count)
{
    struct tally tally = {count, 0};
    if (strategy->ops.strategy.maps) /* its maps are its own business */
        return tally_of(entries, first, count);
    if (!current) {
        fail(strategy, "merges entries that it was not handed");
    } else {
        tally = tally_of(entries, first, count);
        current->passed_on.count += tally.count;
        current->passed_on.sum += tally.sum;
    }
    return tally;
}

/* Of a strategy that presents maps. */

static void audit_presented(const struct stw_loaded *strategy, struct stw_mutator *m, void *map)
{
    struct stw_error error = STW_ERROR_INIT;
    stw_trace(m, strategy->ordinal, STW_CALL_MAP_AUDIT);
    if (strategy->maps.audit(strategy->self, m, map, &error) != STW_OK)
        stw_runtime_audit_failed(&error);
}

static void find_handed(const struct stw_loaded *strategy, struct stw_mutator *m, void *map,
                        const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        if (!strategy->maps.find(strategy->self, m, map, stw_entry_key(entries, i), NULL)) {
            fail(strategy, "was handed an entry that its map does not have");
            return;
        }
}

/* Stands for its merge, between the passages of others. */
static void merge_presented(const struct stw_loaded *strategy, const struct stw_link *next,
                            struct stw_mutator *m, void *map, const struct stw_entries *entries,
                            uint64_t first, uint64_t count)
{
    const struct stw_map_ops *maps = &strategy->maps;
    uint64_t before = maps->count(strategy->self, m, map);
    strategy->ops.strategy.merge(strategy->self, next, m, map, entries, first, count);
    find_handed(strategy, m, map, entries, first, count);
    if (stw_runtime_is_audited()
        && stw_passage_is_due(before, maps->count(strategy->self, m, map)))
        audit_presented(strategy, m, map);
}

/* Stands for done_map of the strategy before the link `next`. */
static void watched_done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                             const struct stw_map_type *type, void *map)
{
    const struct stw_loaded *strategy = &watch.strategies[next - watch.links - 1];
    if (stw_runtime_is_audited())
        audit_presented(strategy, m, map);
    strategy->ops.strategy.done_map(self, next, m, type, map);
}

static void check(const struct passage *passage, const struct stw_entries *entries, uint64_t first,
                  struct tally handed)
{
    char what[96];
    if (!is_same(tally_of(entries, first, handed.count), handed)) {
        fail(passage->strategy, "changes the entries that it was handed");
    } else if (passage->passed_on.count != handed.count) {
        snprintf(what, sizeof what, "was handed %" PRIu64 " entries and passes on %" PRIu64,
                 handed.count, passage->passed_on.count);
        fail(passage->strategy, what);
    } else if (!is_same(passage->passed_on, handed)) {
        fail(passage->strategy, "passes on other entries than it was handed");
    }
}

/* Stands for the merge of the strategy before the link `next`. */
static void watched_merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                          const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    uint32_t at = (uint32_t)(next - watch.links) - 1;
    const struct stw_loaded *by = at > 0 ? &watch.strategies[at - 1] : NULL; /* else a workload */
    stw_edge_entries(by ? by->ordinal : STW_BREACH_CALLER, entries, first, count);
    uint32_t call = stw_strategy_runs(m, 0); /* comparing takes the host's time */
    const struct stw_entries as_handed = *entries;
    struct tally handed =
        by ? pass_on(by, entries, first, count) : tally_of(entries, first, count);
    struct passage passage = {.outer = current, .strategy = &watch.strategies[at]};
    current = &passage;
    stw_strategy_runs(m, call);
    if (passage.strategy->ops.strategy.maps)
        merge_presented(passage.strategy, next, m, map, entries, first, count);
    else
        passage.strategy->ops.strategy.merge(self, next, m, map, entries, first, count);
    current = passage.outer;
    stw_strategy_runs(m, 0);
    if (!passage.strategy->ops.strategy.maps)
        check(&passage, &as_handed, first, handed);
}

void stw_passage_arrive(const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    if (watch.links && watch.count > 0)
        pass_on(&watch.strategies[watch.count - 1], entries, first, count);
}

void stw_passage_watch(int is_watched, const struct stw_loaded *strategies, uint32_t count,
                       struct stw_link *links)
{
    watch.links = is_watched ? links : NULL;
    watch.strategies = strategies;
    watch.count = count;
    for (uint32_t i = 0; is_watched && i < count; i++) {
        watch.ops[i] = strategies[i].ops.strategy;
        watch.ops[i].merge = watched_merge;
        if (strategies[i].ops.strategy.maps)
            watch.ops[i].done_map = watched_done_map;
        links[i].ops = &watch.ops[i];
    }
}
