/* experiments/workloads/alloc-small.c: makes small objects with pointers, most of which die young.
 *
 * Objects come in chains: each points to the one before it and to one other of its chain. When a
 * chain is complete it takes a random place in a table of `live` places, whose chain dies, or, most
 * often, is dropped at once. So the live heap is steady, and garbage and live cells are mixed. One
 * operation is one request.
 *
 * A1  chain number c, its place and its pointers follow from the seed and c alone, so `expected`
 *     knows the checksum from the numbers of the chains that stay.
 *
 * Threads: the plan is constant; each mutator has a state of its own, a managed cell. */
#include <stdlib.h>
#include <stwlab/kit.h>

/* The last two words of every object; what precedes them is payload. */
struct links {
    struct links *next;  /* the one made before it; null: the first of its chain */
    struct links *other; /* the first of its chain, or again the one before */
};

struct plan {
    uint64_t operations;
    uint64_t objects; /* of an operation */
    uint64_t chain;
    uint64_t keep; /* percent of the chains */
    uint64_t live;
    uint32_t size;  /* which of the sizes */
    uint64_t bytes; /* of an object */
    uint64_t object_pointers;
    struct stw_type object_type;
};

struct state {
    void **ring; /* [live]: the links of the last object of a chain */
    const struct stw_link *strategy;
    uint64_t chains;
    uint64_t salt;
};

STW_TYPE_OF(state_type, struct state, "alloc-small state", ring);
STW_TYPE_OF_POINTERS(ring_type, "alloc-small table");

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    static const uint64_t sizes[] = {16, 32, 64, 128};
    static const struct stw_binding bindings[] = {
        STW_BIND_U64(struct plan, operations, "operations"),
        STW_BIND_U64(struct plan, objects, "n"),
        STW_BIND_U64(struct plan, chain, "chain"),
        STW_BIND_U64(struct plan, keep, "keep"),
        STW_BIND_U64(struct plan, live, "live"),
        STW_BIND_CHOICE(struct plan, size, "bytes"),
    };
    struct plan *plan = STW_PLAN_NEW(host, config, error, struct plan, bindings);
    if (!plan)
        return STW_E_NOMEM;
    plan->bytes = sizes[plan->size];
    plan->object_pointers = 3ull << (plan->bytes / 8 - 2);
    plan->object_type = (struct stw_type){sizeof(struct stw_type), 0, plan->bytes, plan->bytes,
                                          &plan->object_pointers, "alloc-small object"};
    *self = plan;
    return STW_OK;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)error;
    const struct plan *plan = self;
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    s->strategy = trial->strategy;
    s->salt = stw_mix(trial->seed);
    stw_store(m, &s->ring, stw_alloc(m, plan->live * sizeof(void *), &ring_type));
    *state = s;
    return STW_OK;
}

static struct links *new_object(const struct plan *plan, struct stw_mutator *m)
{
    char *object = stw_alloc(m, plan->bytes, &plan->object_type);
    return (struct links *)(object + plan->bytes - sizeof(struct links));
}

/* The last of a chain; bit i of `chance` says where object i's other leads. */
static struct links *make_chain(const struct plan *plan, struct stw_mutator *m, uint64_t length,
                                uint64_t chance)
{
    struct links *first = new_object(plan, m), *last = first;
    for (uint64_t i = 1; i < length; i++) {
        struct links *made = new_object(plan, m);
        stw_store(m, &made->next, last);
        stw_store(m, &made->other, chance >> i & 1 ? first : last);
        last = made;
    }
    return last;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    (void)number;
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "alloc-small");
    stw_next_request_begin(s->strategy, m);
    for (uint64_t left = plan->objects; left > 0;) {
        uint64_t length = plan->chain < left ? plan->chain : left;
        uint64_t chance = stw_mix(s->salt + s->chains++);
        struct links *last = make_chain(plan, m, length, chance);
        left -= length;
        if (chance % 100 < plan->keep)
            stw_store(m, &s->ring[(chance >> 32) % plan->live], last);
    }
    stw_next_request_end(s->strategy, m);
    stw_next_batch_boundary(s->strategy, m);
    stw_site(m, site);
}

/* The checksum: the pointers of the chains that stayed. */

static uint64_t fold_chain(uint64_t slot, const struct links *last)
{
    uint64_t fold = stw_mix(slot + 1);
    const struct links *first = last;
    while (first->next)
        first = first->next;
    for (const struct links *at = last; at->next; at = at->next)
        fold = stw_mix(fold + (at->other == first && at->next != first));
    return fold;
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    uint64_t sum = s->chains;
    for (uint64_t slot = 0; slot < plan->live; slot++) {
        if (s->ring[slot])
            sum += fold_chain(slot, s->ring[slot]);
        stw_poll(m);
    }
    return sum;
}

static uint64_t chains_of(const struct plan *plan)
{
    return plan->operations * ((plan->objects + plan->chain - 1) / plan->chain);
}

/* The same from a chain's number (A1). The last chain of an operation may be shorter. */
static uint64_t fold_number(const struct plan *plan, uint64_t slot, uint64_t salt, uint64_t number)
{
    uint64_t in_operation = (plan->objects + plan->chain - 1) / plan->chain;
    uint64_t before = number % in_operation * plan->chain, left = plan->objects - before;
    uint64_t length = plan->chain < left ? plan->chain : left;
    uint64_t fold = stw_mix(slot + 1), chance = stw_mix(salt + number);
    for (uint64_t i = length - 1; i > 0; i--)
        fold = stw_mix(fold + (i > 1 && (chance >> i & 1)));
    return fold;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    uint64_t salt = ((const struct state *)state)->salt, chains = chains_of(plan);
    uint64_t *numbers = calloc(plan->live, sizeof *numbers); /* of each slot's chain, plus 1 */
    if (!numbers)
        return 0;
    for (uint64_t number = 0; number < chains; number++) {
        uint64_t chance = stw_mix(salt + number);
        if (chance % 100 < plan->keep)
            numbers[(chance >> 32) % plan->live] = number + 1;
        stw_poll(m);
    }
    *sum = chains;
    for (uint64_t slot = 0; slot < plan->live; slot++)
        if (numbers[slot])
            *sum += fold_number(plan, slot, salt, numbers[slot] - 1);
    free(numbers);
    return 1;
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .expected = expected,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "alloc-small", "Makes small objects with pointers; most die young")
    STW_PARAM_U64("n", "objects", 1000000, 1, 1000000000, "objects of one operation")
    STW_PARAM_CHOICE("bytes", "16,32,64,128", "16", "size of an object; two words are pointers")
    STW_PARAM_U64("chain", "objects", 8, 1, 64, "objects that live and die together")
    STW_PARAM_U64("keep", "percent", 10, 0, 100, "share of the chains that is kept for a while")
    STW_PARAM_U64("live", "chains", 65536, 1, 16777216, "places for chains that are kept")
    STW_PARAM_U64("operations", "operations", 20, 1, 1000000, "operations of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "alloc-small", &ops));
