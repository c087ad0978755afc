/* stwlab/strategy.h: the strategy kind: a mitigation wraps a workload's intents.
 *
 * A workload never calls the map plugin. It states intents; each strategy in the cell's chain may
 * change how an intent is carried out and passes the rest on with stw_next_*. The host closes the
 * chain with a base that calls the map plugin. Slots that a strategy leaves null are replaced at
 * load by stubs that pass on, so a strategy implements only what it changes.
 *
 * A link presents maps: whoever states a need to a link uses the map that it gets through that same
 * link, by stw_map_*. A strategy with a table of its own (`maps`) presents those, and its need_map
 * may return objects that no other plugin knows; what is below it, it uses through its next. A
 * strategy without one presents what its next presents. Map objects themselves carry no mark.
 *
 * Rule `passes-on`: begin, end, request_begin, request_end and batch_boundary are passed on, so
 * that each link has them; requests do not nest. Rule `merge-range`: what is merged is within the
 * entries.
 *
 * `a + b` puts a outermost: the workload's intent reaches a first. */
#ifndef STWLAB_STRATEGY_H
#define STWLAB_STRATEGY_H

#include "map.h"
#include "host.h"

/* "I need a map": hint_entries is what the program writes in its source (0: nothing),
 * expected_entries what it could know (0: unknown). The base passes hint_entries to the map. */
struct stw_map_need {
    uint32_t struct_size;
    uint32_t reserved;
    const struct stw_map_type *type;
    uint64_t hint_entries;
    uint64_t expected_entries;
};

/* "I need scratch": an array for work in between. */
struct stw_scratch_need {
    uint32_t struct_size;
    uint32_t dirty; /* 1: the caller writes before it reads, any contents will do; 0: zeroed */
    uint64_t bytes;
    const struct stw_type *type; /* null: pointer-free */
};

struct stw_link;

struct stw_strategy_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Optional; without it self is null. */
    stw_status (*create)(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_LOADED STW_MAY_BLOCK;
    void (*destroy)(void *self) STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_FINISHED STW_MAY_BLOCK;
    /* Optional. Once per mutator, before its first and after its last intent. */
    void (*begin)(void *self, const struct stw_link *next, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    void (*end)(void *self, const struct stw_link *next, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;

    /* Intents, all optional, all on the mutator that states them. */
    void *(*need_map)(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* The caller will not use the map again. */
    void (*done_map)(void *self, const struct stw_link *next, struct stw_mutator *m,
                     const struct stw_map_type *type, void *map)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    void (*merge)(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                  const struct stw_entries *entries, uint64_t first, uint64_t count)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    void *(*need_scratch)(void *self, const struct stw_link *next, struct stw_mutator *m,
                          const struct stw_scratch_need *need)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* The caller will not use what an equal need got, by this mutator, again. */
    void (*done_scratch)(void *self, const struct stw_link *next, struct stw_mutator *m,
                         const struct stw_scratch_need *need, void *scratch)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    /* Around what a program does for one who waits for the answer: collecting in between makes
     * somebody wait, after request_end nobody does. Requests of a mutator do not nest. */
    void (*request_begin)(void *self, const struct stw_link *next, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    void (*request_end)(void *self, const struct stw_link *next, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;
    /* Between two pieces of work that have nothing in common: what the one before made is garbage,
     * but for what is kept on purpose. Outside of requests. */
    void (*batch_boundary)(void *self, const struct stw_link *next, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC STW_MAY_BLOCK;

    /* Faults, optional; the outermost strategy's first. They may sleep or spin and so delay what
     * comes next; they touch no managed memory, and neither allocate nor poll. */
    /* m is at a safepoint at which something is asked of it: a stop, say, which then waits. */
    void (*safepoint)(void *self, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_BLOCK;
    /* m allocates off the fast path. Not 0: the request is refused once, as if there were no
     * memory: the host does what it does before memory counts as exhausted, and the request is
     * tried again without asking. */
    uint32_t (*alloc_slow)(void *self, struct stw_mutator *m, uint64_t bytes,
                           const struct stw_type *type)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_BLOCK;

    /* Optional. The chain is built, all plugins are created; `next` stays until destroy. */
    void (*linked)(void *self, const struct stw_link *next)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_CREATED STW_MAY_BLOCK;
    /* Optional: the maps that this strategy presents; their slots get the strategy's self. Lives as
     * long as the object. Read: accept, assign, find, erase, clear, walk, step, count, stats,
     * merge, hash, reserve and audit, mandatory as map.h says. With it, need_map and done_map are
     * mandatory. Where merge above is null, merges go to the table's. How it keeps entries is its
     * own business: rule merge-alters asks only whether they are found in its map after a merge. */
    const struct stw_map_ops *maps;
};

/* One link of the chain. Built by the host; constant during a trial. */
struct stw_link {
    uint32_t struct_size;
    uint32_t plugin; /* ordinal, for the flight recorder */
    const struct stw_strategy_ops *ops; /* no null intents */
    void *self;
    const struct stw_link *next; /* null at the base */
    const struct stw_map_ops *map_ops; /* of the maps that it presents; use stw_map_* */
    void *map_self;
    uint64_t handles; /* bit STW_CALL_* - STW_CALL_STRATEGY_BEGIN: this intent is counted */
    struct stw_counter intents; /* the lab's: stated intents that the strategy has a slot for */
};

/* The map that `link` presents: whoever got a map from a need that it stated to `link` uses it by
 * these. They are the slots of map.h. Which is called is one store, beside the flight recorder: a
 * ring that assign and find fill would hold nothing else. */
static inline void stw_map_assign(const struct stw_link *link, struct stw_mutator *m, void *map,
                                  const void *key, const void *value)
{
    m->map_call = STW_CALL_MAP_ASSIGN;
    link->map_ops->assign(link->map_self, m, map, key, value);
}
static inline uint32_t stw_map_find(const struct stw_link *link, struct stw_mutator *m, void *map,
                                    const void *key, void *value)
{
    m->map_call = STW_CALL_MAP_FIND;
    return link->map_ops->find(link->map_self, m, map, key, value);
}
static inline uint32_t stw_map_erase(const struct stw_link *link, struct stw_mutator *m, void *map,
                                     const void *key)
{
    m->map_call = STW_CALL_MAP_ERASE;
    return link->map_ops->erase(link->map_self, m, map, key);
}
static inline void stw_map_clear(const struct stw_link *link, struct stw_mutator *m, void *map)
{
    m->map_call = STW_CALL_MAP_CLEAR;
    link->map_ops->clear(link->map_self, m, map);
}
static inline void stw_map_walk(const struct stw_link *link, struct stw_mutator *m, void *map,
                                struct stw_map_cursor *cursor)
{
    __builtin_memset(cursor, 0, sizeof *cursor);
    m->map_call = STW_CALL_MAP_WALK;
    link->map_ops->walk(link->map_self, m, map, cursor);
}
static inline uint32_t stw_map_step(const struct stw_link *link, struct stw_mutator *m,
                                    struct stw_map_cursor *cursor)
{
    m->map_call = STW_CALL_MAP_STEP;
    return link->map_ops->step(link->map_self, m, cursor);
}
/* A whole walk. */
static inline void stw_map_iterate(const struct stw_link *link, struct stw_mutator *m, void *map,
                                   stw_map_visit visit, void *context)
{
    m->map_call = STW_CALL_MAP_WALK; /* or a step of it */
    stw_map_walk_all(link->map_ops, link->map_self, m, map, visit, context);
}
static inline uint64_t stw_map_count(const struct stw_link *link, struct stw_mutator *m, void *map)
{
    m->map_call = STW_CALL_MAP_COUNT;
    return link->map_ops->count(link->map_self, m, map);
}
static inline void stw_map_get_stats(const struct stw_link *link, struct stw_mutator *m, void *map,
                                     struct stw_map_stats *stats)
{
    m->map_call = STW_CALL_MAP_STATS;
    link->map_ops->stats(link->map_self, m, map, stats);
}

static inline uint64_t stw_map_hash(const struct stw_link *link, struct stw_mutator *m, void *map,
                                    const void *key)
{
    m->map_call = STW_CALL_MAP_HASH;
    return link->map_ops->hash(link->map_self, m, map, key);
}
static inline void stw_map_reserve(const struct stw_link *link, struct stw_mutator *m, void *map,
                                   uint64_t entries)
{
    m->map_call = STW_CALL_MAP_RESERVE;
    link->map_ops->reserve(link->map_self, m, map, entries);
}

/* From now on this slot runs, until what ran before is set again. Returns that. Read by stops that
 * wait for the mutator: they name who keeps it. */
static inline uint32_t stw_strategy_runs(struct stw_mutator *m, uint32_t call)
{
    uint32_t before = m->strategy_call;
    __atomic_store_n(&m->strategy_call, call, __ATOMIC_RELAXED);
    return before;
}
/* Stating an intent: it is noted, and the slot runs. stw_next_* call it. */
static inline uint32_t stw_next_enter(const struct stw_link *to, struct stw_mutator *m,
                                      uint32_t call)
{
    stw_trace(m, to->plugin, call);
    if (to->handles >> (call - STW_CALL_STRATEGY_BEGIN) & 1)
        stw_count(m, to->intents, 1);
    return stw_strategy_runs(m, to->plugin << 16 | call);
}

/* State an intent to `to`: the workload uses the head of the chain, a strategy its `next`. */
static inline void stw_next_begin(const struct stw_link *to, struct stw_mutator *m)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_BEGIN);
    to->ops->begin(to->self, to->next, m);
    stw_strategy_runs(m, before);
}
static inline void stw_next_end(const struct stw_link *to, struct stw_mutator *m)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_END);
    to->ops->end(to->self, to->next, m);
    stw_strategy_runs(m, before);
}
static inline void *stw_next_need_map(const struct stw_link *to, struct stw_mutator *m,
                                      const struct stw_map_need *need)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_NEED_MAP);
    void *result = to->ops->need_map(to->self, to->next, m, need);
    stw_strategy_runs(m, before);
    return result;
}
static inline void stw_next_done_map(const struct stw_link *to, struct stw_mutator *m,
                                     const struct stw_map_type *type, void *map)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_DONE_MAP);
    to->ops->done_map(to->self, to->next, m, type, map);
    stw_strategy_runs(m, before);
}
static inline void stw_next_merge(const struct stw_link *to, struct stw_mutator *m, void *map,
                                  const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_MERGE);
    to->ops->merge(to->self, to->next, m, map, entries, first, count);
    stw_strategy_runs(m, before);
}
static inline void *stw_next_need_scratch(const struct stw_link *to, struct stw_mutator *m,
                                          const struct stw_scratch_need *need)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_NEED_SCRATCH);
    void *result = to->ops->need_scratch(to->self, to->next, m, need);
    stw_strategy_runs(m, before);
    return result;
}
static inline void stw_next_done_scratch(const struct stw_link *to, struct stw_mutator *m,
                                         const struct stw_scratch_need *need, void *scratch)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_DONE_SCRATCH);
    to->ops->done_scratch(to->self, to->next, m, need, scratch);
    stw_strategy_runs(m, before);
}
static inline void stw_next_request_begin(const struct stw_link *to, struct stw_mutator *m)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_REQUEST_BEGIN);
    to->ops->request_begin(to->self, to->next, m);
    stw_strategy_runs(m, before);
}
static inline void stw_next_request_end(const struct stw_link *to, struct stw_mutator *m)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_REQUEST_END);
    to->ops->request_end(to->self, to->next, m);
    stw_strategy_runs(m, before);
}
static inline void stw_next_batch_boundary(const struct stw_link *to, struct stw_mutator *m)
{
    uint32_t before = stw_next_enter(to, m, STW_CALL_STRATEGY_BATCH_BOUNDARY);
    to->ops->batch_boundary(to->self, to->next, m);
    stw_strategy_runs(m, before);
}

#endif
