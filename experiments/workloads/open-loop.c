/* experiments/workloads/open-loop.c: looks records of a map up and replaces them, when it is time.
 *
 * Operations arrive at a rate, whether or not the one before is done, as requests from outside do.
 * So one that waits behind a pause shows its wait (op.intended), which a loop that begins the next
 * when the last has ended would not: it would ask less while it is slow. With rate = 0 it is such a
 * loop. Reads and writes are two classes; a write makes a new record, and garbage of the old one.
 *
 * L1  what operation i does follows from seed and i alone, not from when; so does the checksum, and
 *     `expected` knows it from an array in place of the map.
 *
 * It waits awake, with safepoints: a thread that slept would be woken late, and that would count as
 * the collector's doing. With schedule = stepped, where time stands for nothing, use rate = 0.
 *
 * Threads: the plan is constant; each mutator has a state of its own, a managed cell. */
#include <stwlab/kit.h>

#define CLASS_READ  0u
#define CLASS_WRITE 1u

#define SPACING_EVEN 0u /* else by chance: a Poisson process */

struct plan {
    const struct stw_host *host;
    uint64_t entries, operations, rate, writes;
    uint32_t spacing;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, entries, "n"),
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_U64(struct plan, rate, "rate"),
    STW_BIND_U64(struct plan, writes, "writes"),
    STW_BIND_CHOICE(struct plan, spacing, "arrivals"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

/* What the map's values point to. */
struct record {
    uint64_t value;
    uint64_t body[7];
};

struct state {
    void *map;
    const struct stw_link *strategy;
    uint64_t salt;
    uint64_t chance; /* of arrivals */
    uint64_t due_ns; /* when the newest operation was due; 0: there was none */
    uint64_t sum;
};

STW_TYPE_OF(state_type, struct state, "open-loop state", map);
STW_TYPE_OF_POINTERS(value_type, "open-loop values");
static const struct stw_map_type records_type = {
    .struct_size = sizeof records_type,
    .key = STW_KEY_U64,
    .value_bytes = sizeof(struct record *),
    .value_type = &value_type,
};

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    (void)self;
    return index == 0 ? &records_type : NULL;
}

/* Operation `number`, or the entry of that number before the first. */
struct item {
    uint64_t index; /* of the entry */
    uint64_t value; /* to write */
    uint32_t class;
};

static struct item item_at(const struct plan *plan, uint64_t salt, uint64_t number)
{
    uint64_t chance = stw_mix(salt + number), more = stw_mix(chance);
    return (struct item){more % plan->entries, stw_mix(more),
                         chance % 100 < plan->writes ? CLASS_WRITE : CLASS_READ};
}

static void put(struct stw_mutator *m, struct state *s, uint64_t index, uint64_t value)
{
    uint64_t key = stw_key_number(STW_KEYS_RANDOM, index, s->salt);
    struct record *record = stw_alloc(m, sizeof *record, NULL);
    record->value = value;
    stw_map_assign(s->strategy, m, s->map, &key, &record);
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)error;
    const struct plan *plan = self;
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    s->strategy = trial->strategy;
    s->salt = stw_mix(trial->seed);
    s->chance = stw_mix(s->salt + m->index);
    const struct stw_map_need need = {
        .struct_size = sizeof need,
        .type = &records_type,
        .expected_entries = plan->entries,
    };
    stw_store(m, &s->map, stw_next_need_map(s->strategy, m, &need));
    for (uint64_t i = 0; i < plan->entries; i++, stw_poll(m))
        put(m, s, i, i);
    *state = s;
    return STW_OK;
}

/* Exponentially distributed, mean 1, by comparing uniform numbers only (von Neumann 1951): the
 * first of a falling run of odd length, plus the runs of even length before it. */
static double draw_gap(uint64_t *chance)
{
    const double scale = 1.0 / 18446744073709551616.0;
    for (double whole = 0;; whole++) {
        uint64_t first = stw_random(chance), last = first, next;
        uint32_t length = 1;
        for (; (next = stw_random(chance)) < last; length++)
            last = next;
        if (length % 2)
            return whole + (double)first * scale;
    }
}

static void await_turn(const struct plan *plan, struct stw_mutator *m, struct state *s)
{
    const struct stw_host *host = plan->host;
    double gap = plan->spacing == SPACING_EVEN ? 1 : draw_gap(&s->chance);
    if (!s->due_ns)
        s->due_ns = host->clock_ns(host);
    s->due_ns += (uint64_t)(gap * 1e9 / (double)plan->rate);
    while (host->clock_ns(host) < s->due_ns)
        host->yield(host, m);
    host->operation_intended(host, m, s->due_ns);
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "open-loop");
    struct item item = item_at(plan, s->salt, number);
    if (plan->rate)
        await_turn(plan, m, s);
    plan->host->operation_class(plan->host, m, item.class);
    stw_next_request_begin(s->strategy, m);
    if (item.class == CLASS_WRITE) {
        put(m, s, item.index, item.value);
    } else {
        uint64_t key = stw_key_number(STW_KEYS_RANDOM, item.index, s->salt);
        struct record *record = NULL;
        if (stw_map_find(s->strategy, m, s->map, &key, &record))
            s->sum += stw_mix(record->value + number);
    }
    stw_next_request_end(s->strategy, m);
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m;
    return ((const struct state *)state)->sum;
}

static void last_map(void *self, struct stw_mutator *m, void *state, struct stw_map_stats *stats)
{
    (void)self;
    const struct state *s = state;
    stw_map_get_stats(s->strategy, m, s->map, stats);
}

static void teardown(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    struct state *s = state;
    stw_next_done_map(s->strategy, m, &records_type, s->map);
    stw_store(m, &s->map, NULL);
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    uint64_t salt = ((const struct state *)state)->salt;
    uint64_t *values = malloc(plan->entries * sizeof *values);
    if (!values)
        return 0;
    for (uint64_t i = 0; i < plan->entries; i++)
        values[i] = i;
    *sum = 0;
    for (uint64_t number = 0; number < plan->operations; number++, stw_poll(m)) {
        struct item item = item_at(plan, salt, number);
        if (item.class == CLASS_WRITE)
            values[item.index] = item.value;
        else
            *sum += stw_mix(values[item.index] + number);
    }
    free(values);
    return 1;
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .last_map = last_map,
    .teardown = teardown,
    .expected = expected,
    .map_type = map_type,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "open-loop", "Reads and writes a map's records as requests arrive")
    STW_PARAM_U64("n", "entries", 65536, 1, 16777216, "entries of each mutator's map")
    STW_PARAM_U64("operations", "operations", 100000, 1, 1000000000, "operations of each mutator")
    STW_PARAM_U64("rate", "1/s", 100000, 0, 1000000000, "arrivals at each mutator; 0: no waiting")
    STW_PARAM_CHOICE("arrivals", "even,poisson", "poisson", "how they are spaced")
    STW_PARAM_U64("writes", "percent", 20, 0, 100, "share of the operations that write")
    STW_CLASS("read", "a lookup")
    STW_CLASS("write", "a new record takes the place of an entry's old one"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "open-loop", &ops));
