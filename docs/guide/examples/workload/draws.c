/* draws.c: counts how often numbers are drawn: a map that is read and written each time. */
#include <stwlab/kit.h>

struct plan {
    uint64_t draws, distinct, operations;
};
static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, draws, "draws"),
    STW_BIND_U64(struct plan, distinct, "distinct"),
    STW_BIND_U64(struct plan, operations, "operations"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

static const struct stw_map_type counts = {sizeof(struct stw_map_type), STW_KEY_U64, 8, 0, 0,
                                           NULL};

struct state {
    void *map; /* of the newest operation */
    const struct stw_link *strategy;
    uint64_t salt;
};
STW_TYPE_OF(state_type, struct state, "draws state", map);

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self, (void)error;
    struct state *s = (struct state *)stw_alloc(m, sizeof *s, &state_type);
    s->strategy = trial->strategy;
    s->salt = stw_mix(trial->seed);
    *state = s;
    return STW_OK;
}

static uint64_t draw(const struct plan *plan, uint64_t *random)
{
    return stw_random(random) % plan->distinct;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = (const struct plan *)self;
    struct state *s = (struct state *)state;
    const struct stw_link *link = s->strategy;
    const char *site = stw_site(m, "draws");
    uint64_t random = s->salt + number;
    struct stw_map_need need = {sizeof need, 0, &counts, 0, plan->distinct};
    stw_next_request_begin(link, m);
    if (s->map)
        stw_next_done_map(link, m, &counts, s->map);
    stw_store(m, &s->map, stw_next_need_map(link, m, &need));
    for (uint64_t i = 0; i < plan->draws; i++) {
        uint64_t key = draw(plan, &random), count = 0;
        stw_map_find(link, m, s->map, &key, &count);
        count++;
        stw_map_assign(link, m, s->map, &key, &count);
        stw_poll(m);
    }
    stw_next_request_end(link, m);
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    const struct state *s = (const struct state *)state;
    return stw_tally_map(s->strategy, m, &counts, s->map);
}

/* The same without a map: the last operation again, in an array. */
static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = (const struct plan *)self;
    uint64_t random = ((const struct state *)state)->salt + plan->operations - 1;
    uint64_t *drawn = (uint64_t *)calloc(plan->distinct, sizeof *drawn);
    if (!drawn)
        return 0;
    for (uint64_t i = 0; i < plan->draws; i++, stw_poll(m))
        drawn[draw(plan, &random)]++;
    *sum = 0;
    for (uint64_t key = 0; key < plan->distinct; key++)
        if (drawn[key])
            *sum += stw_fold_entry(stw_fold_word(&key), stw_fold_word(&drawn[key]));
    free(drawn);
    return 1;
}

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    (void)self;
    return index == 0 ? &counts : NULL;
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .expected = expected,
    .map_type = map_type,
};
STW_MANIFEST(STW_PLUGIN("workload", "draws", "Counts how often numbers are drawn")
             STW_PARAM_U64("draws", "draws", 100000, 1, 1000000000, "draws of an operation")
             STW_PARAM_U64("distinct", "numbers", 5000, 1, 16777216, "numbers to draw from")
             STW_PARAM_U64("operations", "operations", 20, 1, 1000000, "of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "draws", &ops));
