/* host/chain.c: builds the chain of strategies and is its base.
 *
 * Which maps each link presents is settled here once, from the base outwards, so that a call of a
 * map costs its one indirect call whatever the chain.
 *
 * The base is a strategy like any other, so strategies cannot tell whether they are innermost. Its
 * self is the loaded map. Threads: built on the main thread, constant while mutators run.
 *
 * With audits on, the base has the map check itself while it is at rest: when it is done with, and
 * after a merge in which its entries reached a power of two. So an audit costs no more than as many
 * merges as there are entries, however small the merges are. What strategies pass on is checked
 * then, and in guard builds (host/passage.h). */
#include "host/chain.h"

#include "base/breach.h"
#include "base/error.h"
#include "host/edges.h"
#include "host/faults.h"
#include "host/map_type.h"
#include "host/passage.h"
#include "host/runtime.h"

#include <stddef.h>

#define HOST_ORDINAL 0u

static uint32_t handed_by; /* who calls the base: the innermost strategy, or who states intents */
static _Thread_local uint32_t is_in_request;

/* Of a slot of the map. */
static void note_call(struct stw_mutator *m, const struct stw_loaded *map, uint32_t call)
{
    stw_trace(m, map->ordinal, call);
    m->map_call = call;
}

static void audit_map(const struct stw_loaded *loaded, struct stw_mutator *m, void *map)
{
    struct stw_error error = STW_ERROR_INIT;
    note_call(m, loaded, STW_CALL_MAP_AUDIT);
    if (loaded->ops.map.audit(loaded->self, m, map, &error) != STW_OK)
        stw_runtime_audit_failed(&error);
}

static uint64_t count_of(const struct stw_loaded *loaded, struct stw_mutator *m, void *map)
{
    note_call(m, loaded, STW_CALL_MAP_COUNT);
    return loaded->ops.map.count(loaded->self, m, map);
}

static void base_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    (void)self, (void)next, (void)m;
    stw_edge_running("an intent");
}

/* The last link that the intent reached: not the host's, if somebody kept it. */
static uint32_t last_link_of(const struct stw_mutator *m, uint32_t call)
{
    for (uint64_t back = 1; back < STW_TRACE_CALLS && back <= m->trace_count; back++) {
        uint32_t entry = m->trace[(m->trace_count - back) % STW_TRACE_CALLS];
        if ((entry & 0xffffu) == call)
            return entry >> 16 != HOST_ORDINAL ? entry >> 16 : handed_by;
    }
    return handed_by;
}

static void base_request_begin(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    base_begin(self, next, m);
    if (is_in_request)
        STW_BREACH("passes-on", last_link_of(m, STW_CALL_STRATEGY_REQUEST_END),
                   "states request_begin twice, or does not pass request_end on");
    is_in_request = 1;
}

static void base_request_end(void *self, const struct stw_link *next, struct stw_mutator *m)
{
    base_begin(self, next, m);
    if (!is_in_request)
        STW_BREACH("passes-on", last_link_of(m, STW_CALL_STRATEGY_REQUEST_BEGIN),
                   "states request_end without request_begin, or does not pass it on");
    is_in_request = 0;
}

static void *base_need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                           const struct stw_map_need *need)
{
    const struct stw_loaded *map = self;
    (void)next;
    stw_edge_running("need_map");
    stw_edge_need(handed_by, need);
    stw__map_type_admit(map, m, need->type);
    note_call(m, map, STW_CALL_MAP_MAKE);
    return map->ops.map.make(map->self, m, need->type, need->hint_entries);
}

static void base_done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                          const struct stw_map_type *type, void *map)
{
    const struct stw_loaded *loaded = self;
    (void)next, (void)type;
    stw_edge_running("done_map");
    if (stw_runtime_is_audited())
        audit_map(loaded, m, map);
    note_call(m, loaded, STW_CALL_MAP_DONE);
    loaded->ops.map.done(loaded->self, m, map);
}

static void base_merge(void *self, const struct stw_link *next, struct stw_mutator *m, void *map,
                       const struct stw_entries *entries, uint64_t first, uint64_t count)
{
    const struct stw_loaded *loaded = self;
    (void)next;
    stw_edge_running("merge");
    stw_edge_entries(handed_by, entries, first, count);
    stw_passage_arrive(entries, first, count);
    int audited = stw_runtime_is_audited();
    uint64_t before = audited ? count_of(loaded, m, map) : 0;
    note_call(m, loaded, STW_CALL_MAP_MERGE);
    loaded->ops.map.merge(loaded->self, m, map, entries, first, count);
    if (audited && stw_passage_is_due(before, count_of(loaded, m, map)))
        audit_map(loaded, m, map);
}

static void *base_need_scratch(void *self, const struct stw_link *next, struct stw_mutator *m,
                               const struct stw_scratch_need *need)
{
    (void)self, (void)next;
    stw_edge_running("need_scratch");
    stw_edge_scratch(handed_by, need);
    return stw_alloc(m, need->bytes, need->type);
}

static void base_done_scratch(void *self, const struct stw_link *next, struct stw_mutator *m,
                              const struct stw_scratch_need *need, void *scratch)
{
    (void)self, (void)next, (void)m, (void)need, (void)scratch;
    stw_edge_running("done_scratch");
}

/* create and destroy are null: the base is never created, its self is given. */
static const struct stw_strategy_ops base_ops = {
    .struct_size = sizeof base_ops,
    .begin = base_begin,
    .end = base_begin,
    .need_map = base_need_map,
    .done_map = base_done_map,
    .merge = base_merge,
    .need_scratch = base_need_scratch,
    .done_scratch = base_done_scratch,
    .request_begin = base_request_begin,
    .request_end = base_request_end,
    .batch_boundary = base_begin,
};

static int is_watched(void)
{
#ifdef STW_GUARD
    return 1;
#else
    return stw_runtime_is_audited();
#endif
}

stw_status stw_chain_build(struct stw_loaded *strategies, uint32_t count, struct stw_loaded *map,
                           struct stw_link *links)
{
    if (map->info->kind != STW_KIND_MAP || count > STW_CHAIN_MAX)
        return STW_E_INVALID;
    stw__map_types_forget();
    links[count] = (struct stw_link){.struct_size = sizeof *links,
                                     .plugin = HOST_ORDINAL,
                                     .ops = &base_ops,
                                     .self = map,
                                     .map_ops = &map->ops.map,
                                     .map_self = map->self};
    for (uint32_t i = count; i-- > 0;) {
        struct stw_loaded *strategy = &strategies[i];
        if (strategy->info->kind != STW_KIND_STRATEGY)
            return STW_E_INVALID;
        links[i] = links[i + 1];
        links[i].plugin = strategy->ordinal;
        links[i].ops = &strategy->ops.strategy;
        links[i].self = strategy->self;
        links[i].next = &links[i + 1];
        if (strategy->ops.strategy.maps) {
            links[i].map_ops = &strategy->maps;
            links[i].map_self = strategy->self;
        }
    }
    handed_by = count ? strategies[count - 1].ordinal : STW_BREACH_CALLER;
    stw_passage_watch(is_watched(), strategies, count, links);
    stw__faults_set(strategies, count);
    for (uint32_t i = count; i-- > 0;)
        strategies[i].ops.strategy.linked(strategies[i].self, &links[i + 1]);
    return STW_OK;
}

void stw_chain_count(const struct stw_loaded *strategies, uint32_t count, struct stw_link *links,
                     const struct stw_counter *places)
{
    for (uint32_t i = 0; i < count; i++) {
        links[i].intents = places[i];
        links[i].handles = strategies[i].handles;
    }
}

stw_status stw_chain_accept(const struct stw_loaded *strategies, uint32_t count,
                            const struct stw_loaded *map, const struct stw_map_type *type,
                            struct stw_error *error)
{
    STW_TRY(stw__map_type_check(type, error));
    for (uint32_t i = 0; i < count; i++)
        if (strategies[i].ops.strategy.maps)
            STW_TRY(stw__map_type_ask(&strategies[i], &strategies[i].maps, type, error));
    return stw__map_type_ask(map, &map->ops.map, type, error);
}
