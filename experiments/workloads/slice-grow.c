/* experiments/workloads/slice-grow.c: appends to slices and tells the capacities that they grow to.
 *
 * One operation is one slice, and one request. Slice i's kind of elements, its first capacity, how
 * many elements an append adds and where it ends follow from the seed and i alone. The array that a
 * slice begins with is scratch, given back when a growth replaces it or the operation ends.
 *
 * Its counters are in the manifest below, summed over mutators.
 * The checksum reads pointer-free elements back: growth loses none.
 *
 * Threads: the plan is constant; each mutator has a state of its own, a managed cell. */
#include <stwlab/kit.h>

#define DIGEST_MASK ((1ull << 48) - 1)
#define BYTES_MAX   262144u /* of a slice's elements */

struct counters {
    struct stw_counter growths, capacities, elements, last_kind, last_capacity;
};

struct plan {
    uint64_t first, count;
    struct counters counters;
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, first, "first"),
    STW_BIND_U64(struct plan, count, "count"),
    STW_BIND_COUNTER(struct plan, counters.growths, "growths"),
    STW_BIND_COUNTER(struct plan, counters.capacities, "capacities"),
    STW_BIND_COUNTER(struct plan, counters.elements, "elements"),
    STW_BIND_COUNTER(struct plan, counters.last_kind, "last_kind"),
    STW_BIND_COUNTER(struct plan, counters.last_capacity, "last_capacity"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

struct state {
    const struct stw_link *strategy;
    uint64_t salt;
    uint64_t digest;
    uint64_t sum;
};

static const uint64_t first_word = 1;
#define TYPE(bytes, name)                                                                          \
    {                                                                                              \
        sizeof(struct stw_type), 0, bytes, sizeof(void *), &first_word, name                       \
    }
static const struct stw_type pointer_type = TYPE(8, "slice-grow pointers");
static const struct stw_type string_type = TYPE(16, "slice-grow strings");
static const struct stw_type slice_type = TYPE(24, "slice-grow slices");
static const struct stw_type record_type = TYPE(40, "slice-grow records");
static const struct stw_type large_type = TYPE(96, "slice-grow large records");

/* What elements are; the Go program has the same list. */
static const struct kind {
    uint64_t bytes;
    const struct stw_type *type;
} kinds[] = {
    {1, NULL},          {2, NULL},         {3, NULL},         {4, NULL},
    {8, NULL},          {12, NULL},        {16, NULL},        {24, NULL},
    {40, NULL},         {112, NULL},       {8, &pointer_type}, {16, &string_type},
    {24, &slice_type},  {40, &record_type}, {96, &large_type}, {8, &pointer_type},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* A slice to make. */
struct item {
    uint64_t kind;
    uint64_t capacity; /* that it begins with */
    uint64_t step;     /* elements of an append */
    uint64_t length;   /* that it ends with, at least */
};

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self;
    (void)error;
    struct state *s = stw_alloc(m, sizeof *s, NULL);
    s->strategy = trial->strategy;
    s->salt = stw_mix(trial->seed);
    *state = s;
    return STW_OK;
}

static struct item item_at(uint64_t salt, uint64_t number)
{
    uint64_t chance = stw_mix(salt + number), more = stw_mix(chance);
    struct item item = {.kind = chance % KINDS, .step = 1};
    if (chance >> 8 & 1)
        item.capacity = 1 + more % 600;
    if (chance >> 9 & 1)
        item.step = 1 + (more >> 16) % 50;
    if ((chance >> 10) % 8 == 0)
        item.step = 1 + (more >> 16) % 3000;
    item.length = 1 + (more >> 32) % (BYTES_MAX / kinds[item.kind].bytes);
    return item;
}

/* Appends elements; a pointer-free one begins with its number's low byte. */
static void append(struct stw_mutator *m, struct stw_slice *slice, const struct item *item)
{
    const struct kind *kind = &kinds[item->kind];
    uint64_t length = slice->length + item->step;
    stw_slice_reserve(m, slice, length, kind->bytes, kind->type);
    if (!kind->type)
        for (uint64_t i = slice->length; i < length; i++)
            ((unsigned char *)slice->items)[i * kind->bytes] = (unsigned char)i;
    slice->length = length;
}

/* Null: a slice has such an array once, at most. */
static void *give_back(struct stw_mutator *m, const struct stw_link *strategy,
                       const struct stw_scratch_need *need, void *scratch)
{
    if (scratch)
        stw_next_done_scratch(strategy, m, need, scratch);
    return NULL;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "slice-grow");
    struct item item = item_at(s->salt, plan->first + number);
    const struct kind *kind = &kinds[item.kind];
    struct stw_slice slice = {.capacity = item.capacity};
    const struct stw_scratch_need need = {
        .struct_size = sizeof need,
        .dirty = !kind->type, /* append writes what is read later, where there are no pointers */
        .bytes = item.capacity * kind->bytes,
        .type = kind->type,
    };
    stw_next_request_begin(s->strategy, m);
    void *scratch = item.capacity ? stw_next_need_scratch(s->strategy, m, &need) : NULL;
    slice.items = scratch;
    while (slice.length < item.length) {
        uint64_t before = slice.capacity;
        append(m, &slice, &item);
        if (slice.capacity != before) {
            scratch = give_back(m, s->strategy, &need, scratch);
            stw_count(m, plan->counters.growths, 1);
            s->digest = stw_mix(s->digest ^ slice.capacity);
        }
        stw_poll(m);
    }
    for (uint64_t i = 0; !kind->type && i < slice.length; i++)
        s->sum += ((const unsigned char *)slice.items)[i * kind->bytes];
    give_back(m, s->strategy, &need, scratch);
    stw_next_request_end(s->strategy, m);
    stw_next_batch_boundary(s->strategy, m);
    stw_count(m, plan->counters.elements, slice.capacity);
    if (number + 1 == plan->count) {
        stw_count(m, plan->counters.capacities, s->digest & DIGEST_MASK);
        stw_count(m, plan->counters.last_kind, item.kind);
        stw_count(m, plan->counters.last_capacity, slice.capacity);
    }
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    (void)m;
    return ((const struct state *)state)->sum;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    *sum = 0;
    for (uint64_t number = 0; number < plan->count; number++, stw_poll(m)) {
        struct item item = item_at(((const struct state *)state)->salt, plan->first + number);
        uint64_t length = (item.length + item.step - 1) / item.step * item.step;
        for (uint64_t i = 0; !kinds[item.kind].type && i < length; i++)
            *sum += (unsigned char)i;
    }
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
    STW_PLUGIN("workload", "slice-grow", "Appends to slices and tells the capacities they grow to")
    STW_PARAM_U64("first", "slice", 0, 0, 1000000000, "number of the first slice")
    STW_PARAM_U64("count", "slices", 1000, 1, 1000000, "slices that each mutator makes")
    STW_OPERATIONS("count")
    STW_COUNTER("growths", "", sum, "growths of slices")
    STW_COUNTER("capacities", "", sum, "a digest (48 bits) of every capacity")
    STW_COUNTER("elements", "", sum, "the capacities that slices ended with, added up")
    STW_COUNTER("last_kind", "", sum, "kind of the last slice")
    STW_COUNTER("last_capacity", "", sum, "capacity of the last slice"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "slice-grow", &ops));
