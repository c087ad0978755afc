/* abi-tax/abi-tax.c: what the plugin ABI costs: a workload that calls the map plugin go-buckets as
 * it was loaded, or as it is linked in here.
 *
 * One operation makes a map for n numbers and assigns them: with calls = merge by the one call that
 * the ABI has for it, with calls = entry by a call for each.
 *
 *   linkage = loaded  the intents go through the chain of strategies to the plugin of another
 *                     shared object, by its table of functions, as all workloads' do
 *   linkage = linked  the functions of go-buckets.c are in this file: calls are direct, and the
 *                     compiler sees through them
 *
 * T1  both sides do the same work on the same entries: the map's hash seeds come from streams that
 *     begin alike, and `expected` knows the checksum of both from the entries alone.
 * Only go-buckets.c itself is compiled differently; the plugin's other files are separate here as
 * they are there. So the ratio is the price of the boundary, not of the compiler's seeing the whole
 * plugin at once. What the host does for the map (refilling runs, growing its arrays) it does
 * through its own table on both sides. Threads: the plan is constant; each mutator has a state of
 * its own. */
#include <stdlib.h>
#include <stwlab/kit.h>

/* The map comes without its manifest and its entry: it is no plugin here. */
#pragma push_macro("STW_MANIFEST")
#pragma push_macro("STW_EXPORT")
#undef STW_MANIFEST
#undef STW_EXPORT
#define STW_MANIFEST(text) _Static_assert(sizeof(text) > 0, "unused")
#define STW_EXPORT(offer) _Static_assert(sizeof ops > 0, "not exported")
#include "go-buckets.c"
#pragma pop_macro("STW_EXPORT")
#pragma pop_macro("STW_MANIFEST")

struct plan {
    uint64_t entries, merges;
    int is_linked, is_by_entry;
    void *linked_self;
};

/* Managed. */
struct state {
    uint64_t *keys, *values;
    void *last;
    const struct stw_link *strategy; /* the host's */
    uint64_t operations;
};

STW_TYPE_OF(state_type, struct state, "abi-tax state", keys, values, last);
static const struct stw_map_type numbers = {.struct_size = sizeof(struct stw_map_type),
                                            .key = STW_KEY_U64,
                                            .value_bytes = 8};

static void tax_destroy(void *self)
{
    struct plan *plan = self;
    if (plan->linked_self)
        destroy(plan->linked_self);
    free(plan);
}

/* With the plugin's default parameters, as the loaded one has. */
static stw_status create_linked(struct plan *plan, const struct stw_host *host,
                                struct stw_error *error)
{
    static const struct stw_value seed = {.name = "seed", .type = STW_TYPE_U64};
    const struct stw_config config = {
        .struct_size = sizeof config, .value_count = 1, .values = &seed};
    return create(host, &config, error, &plan->linked_self);
}

static stw_status tax_create(const struct stw_host *host, const struct stw_config *config,
                             struct stw_error *error, void **self)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return host->set_error(host, error, STW_E_NOMEM, "create", "abi-tax: out of memory");
    plan->entries = stw_config_u64(config, "n");
    plan->merges = stw_config_u64(config, "merges");
    plan->is_linked = stw_config_get(config, "linkage")->choice == 1;
    plan->is_by_entry = stw_config_get(config, "calls")->choice == 1;
    stw_status status = create_linked(plan, host, error);
    if (status == STW_OK)
        *self = plan;
    else
        free(plan);
    return status;
}

static uint64_t tax_operations(void *self)
{
    return ((const struct plan *)self)->merges;
}

static stw_status tax_setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                            struct stw_error *error, void **state)
{
    (void)error;
    const struct plan *plan = self;
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    s->strategy = trial->strategy;
    stw_store(m, &s->keys, stw_alloc(m, plan->entries * sizeof *s->keys, NULL));
    stw_store(m, &s->values, stw_alloc(m, plan->entries * sizeof *s->values, NULL));
    for (uint64_t i = 0; i < plan->entries; i++) {
        s->keys[i] = stw_mix(i ^ stw_mix(trial->seed));
        s->values[i] = stw_mix(s->keys[i]);
        stw_poll(m);
    }
    *state = s;
    return STW_OK;
}

static void *fill_linked(const struct plan *plan, struct stw_mutator *m, const struct state *s,
                         const struct stw_entries *entries)
{
    void *self = plan->linked_self, *map = make(self, m, &numbers, plan->entries);
    if (!plan->is_by_entry) {
        merge(self, m, map, entries, 0, plan->entries);
        return map;
    }
    for (uint64_t i = 0; i < plan->entries; i++) {
        assign(self, m, map, &s->keys[i], &s->values[i]);
        stw_poll(m);
    }
    return map;
}

static void *fill_loaded(const struct plan *plan, struct stw_mutator *m, const struct state *s,
                         const struct stw_entries *entries)
{
    const struct stw_link *link = s->strategy;
    const struct stw_map_need need = {sizeof need, 0, &numbers, plan->entries, plan->entries};
    void *map = stw_next_need_map(link, m, &need);
    if (!plan->is_by_entry) {
        stw_next_merge(link, m, map, entries, 0, plan->entries);
        return map;
    }
    for (uint64_t i = 0; i < plan->entries; i++) {
        stw_map_assign(link, m, map, &s->keys[i], &s->values[i]);
        stw_poll(m);
    }
    return map;
}

static void tax_operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    (void)number;
    const struct plan *plan = self;
    struct state *s = state;
    const struct stw_entries entries = {
        .struct_size = sizeof entries,
        .type = &numbers,
        .keys = s->keys,
        .values = s->values,
        .count = plan->entries,
    };
    void *map = plan->is_linked ? fill_linked(plan, m, s, &entries)
                                : fill_loaded(plan, m, s, &entries);
    stw_store(m, &s->last, map);
    s->operations++;
}

/* Of the last map, looked up key by key. */
static uint64_t tax_checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    const struct stw_link *link = s->strategy;
    uint64_t sum = s->operations, value;
    for (uint64_t i = 0; i < plan->entries; i++) {
        uint32_t found = plan->is_linked
                             ? stw__buckets_find(plan->linked_self, m, s->last, &s->keys[i], &value)
                             : stw_map_find(link, m, s->last, &s->keys[i], &value);
        sum += found ? stw_mix(s->keys[i] + stw_mix(value)) : 0;
        stw_poll(m);
    }
    return sum;
}

static uint32_t tax_expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    const struct state *s = state;
    *sum = plan->merges;
    for (uint64_t i = 0; i < plan->entries; i++) {
        *sum += stw_mix(s->keys[i] + stw_mix(s->values[i]));
        stw_poll(m);
    }
    return 1;
}

static const struct stw_workload_ops tax_ops = {
    .struct_size = sizeof tax_ops,
    .create = tax_create,
    .destroy = tax_destroy,
    .operations = tax_operations,
    .setup = tax_setup,
    .operate = tax_operate,
    .checksum = tax_checksum,
    .expected = tax_expected,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "abi-tax", "Fills maps of a plugin that is loaded, or linked in")
    STW_PARAM_CHOICE("linkage", "loaded,linked", "loaded", "where the map's functions are")
    STW_PARAM_CHOICE("calls", "merge,entry", "merge", "a call for all entries, or one for each")
    STW_PARAM_U64("n", "entries", 65536, 1, 16777216, "entries of one map")
    STW_PARAM_U64("merges", "maps", 100, 1, 1000000, "maps that each mutator fills"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "abi-tax", &tax_ops));
