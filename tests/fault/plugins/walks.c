/* fault/plugins/walks.c: a workload that writes to maps while it walks them, and checks what comes:
 * entries that are there all the time, each once, with their values; none that was erased before.
 * Its maps alone keep its strings alive. Their type, and that of a cell, is the plan's, and is no
 * type any more when the workload is destroyed: until then it is, and nobody needs it later. */
#include <stwlab/kit.h>

#define STAYS_OF 3u /* every third entry stays; the others may be erased, and come back */

struct plan {
    const struct stw_host *host;
    uint64_t entries, operations;
    uint32_t key; /* STW_KEY_* */
    struct stw_map_type type;
    struct stw_type value_type;
    uint64_t value_pointers;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, entries, "n"),
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_CHOICE(struct plan, key, "key"), /* STW_KEY_U64 and STW_KEY_STRING are 0 and 1 */
};

/* Of strings, values are pointers to what the map alone keeps. */
static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct plan *plan = STW_PLAN_NEW(host, config, error, struct plan, bindings);
    if (!plan)
        return STW_E_NOMEM;
    plan->value_pointers = 1;
    plan->value_type = (struct stw_type){sizeof plan->value_type, 0, 8, 8, &plan->value_pointers,
                                         "walks value"};
    plan->type = (struct stw_map_type){.struct_size = sizeof plan->type, .key = plan->key,
                                       .value_bytes = 8};
    if (plan->key == STW_KEY_STRING)
        plan->type.value_type = &plan->value_type;
    *self = plan;
    return STW_OK;
}

static void destroy(void *self)
{
    memset(self, 0xa5, sizeof(struct plan));
    free(self);
}

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    return index == 0 ? &((const struct plan *)self)->type : NULL;
}

/* On the stack during an operation; the counts of visits are C memory. */
struct work {
    const struct plan *plan;
    const struct stw_link *link;
    struct stw_mutator *m;
    void *map;
    unsigned char *present, *came;
    uint64_t chance;
};

struct state {
    const struct stw_link *strategy;
    uint64_t salt;
};

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self, (void)error;
    struct state *s = stw_alloc(m, sizeof *s, NULL);
    s->strategy = trial->strategy;
    s->salt = stw_mix(trial->seed);
    *state = s;
    return STW_OK;
}

static void put(struct work *work, uint64_t index)
{
    uint64_t value = ~index;
    if (work->plan->key == STW_KEY_STRING) {
        uint64_t *bytes = stw_alloc(work->m, 8, NULL), *cell = stw_alloc(work->m, 8, NULL);
        struct stw_string string = {(const char *)bytes, 8};
        *bytes = index;
        *cell = value;
        stw_map_assign(work->link, work->m, work->map, &string, &cell);
    } else {
        stw_map_assign(work->link, work->m, work->map, &index, &value);
    }
    work->present[index] = 1;
}

static void drop(struct work *work, uint64_t index)
{
    const struct stw_string string = {(const char *)&index, 8};
    const void *key = work->plan->key == STW_KEY_STRING ? (const void *)&string : &index;
    stw_map_erase(work->link, work->m, work->map, key);
    work->present[index] = 0;
}

static void wrong(struct work *work, const char *text)
{
    work->plan->host->fail(work->plan->host, work->m, STW_E_INVALID, text);
}

static void look(struct work *work, const struct stw_map_cursor *cursor)
{
    uint64_t index, value;
    const struct stw_string *string = cursor->key;
    memcpy(&index, work->plan->key == STW_KEY_STRING ? string->bytes : cursor->key, 8);
    memcpy(&value, cursor->value, 8);
    if (work->plan->key == STW_KEY_STRING)
        value = *(const uint64_t *)(uintptr_t)value;
    if (index >= 2 * work->plan->entries || value != ~index)
        wrong(work, "a walk came to what was never there");
    if (!work->present[index])
        wrong(work, "a walk came to an erased entry");
    if (work->came[index]++ && index % STAYS_OF == 0 && index < work->plan->entries)
        wrong(work, "a walk came to an entry twice");
}

static void walk(struct work *work)
{
    struct stw_map_cursor cursor;
    uint64_t entries = work->plan->entries;
    stw_map_walk(work->link, work->m, work->map, &cursor);
    while (stw_map_step(work->link, work->m, &cursor)) {
        look(work, &cursor);
        uint64_t some = stw_random(&work->chance) % (2 * entries);
        put(work, some);
        some = stw_random(&work->chance) % (2 * entries);
        if (some % STAYS_OF != 0)
            drop(work, some);
    }
    for (uint64_t i = 0; i < entries; i += STAYS_OF)
        if (!work->came[i])
            wrong(work, "a walk did not come to an entry that was there");
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const struct stw_map_need need = {.struct_size = sizeof need, .type = &plan->type};
    struct work work = {plan, s->strategy, m, NULL, calloc(2, plan->entries),
                        calloc(2, plan->entries), s->salt + number};
    if (!work.present || !work.came)
        wrong(&work, "no memory");
    work.map = stw_next_need_map(s->strategy, m, &need);
    for (uint64_t i = 0; i < plan->entries; i++)
        put(&work, i);
    walk(&work);
    stw_next_done_map(s->strategy, m, need.type, work.map);
    free(work.present);
    free(work.came);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m, (void)state;
    return 0; /* how many come follows from the order of the walk: `look` has checked it */
}

static const struct stw_workload_ops ops = {.struct_size = sizeof ops,
                                            .create = create,
                                            .destroy = destroy,
                                            .setup = setup,
                                            .operate = operate,
                                            .checksum = checksum,
                                            .map_type = map_type};

STW_MANIFEST(STW_PLUGIN("workload", "walks", "Writes to maps while it walks them")
             STW_PARAM_U64("n", "entries", 500, 1, 100000, "entries when a walk begins")
             STW_PARAM_CHOICE("key", "int,string", "int", "what the keys are")
             STW_PARAM_U64("operations", "walks", 20, 1, 10000, "walks of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "walks", &ops));
