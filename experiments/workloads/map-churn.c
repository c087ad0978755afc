/* experiments/workloads/map-churn.c: writes to maps in every way, and watches how they grow.
 *
 * One operation makes a map and carries out the same writes as every other one. Entry i is
 * inserted, for i from 0 to n - 1; after each, by chance: an entry that came before is written
 * again (`updates`; it may have been erased, and comes back), one that came before is erased
 * (`deletes`; it may not be there); and, with `keep`, the entry that many before this one is erased
 * always, so that about so many stay. Every map has a hash seed of its own, so what its placement
 * decides, overflow buckets above all, is sampled once an operation.
 *
 * M1  keys are distinct, and keys, values and chances follow from seed and index alone.
 * M2  `expected` knows the checksum from an array in place of maps.
 *
 * Its counters are in the manifest below, summed over operations and mutators.
 *
 * Threads: the plan is constant; each mutator has a state of its own, a managed cell. */
#include <stdlib.h>
#include <stwlab/plugin.h>


#define KEY_BYTES   16u /* of a string key: the digits of a number that no other has */
#define DIGEST_MASK ((1ull << 48) - 1)

struct counters {
    struct stw_counter doublings, same_size, moments, overflow, growing, entries, since, squares;
};

struct plan {
    const struct stw_host *host;
    struct counters count;
    uint64_t entries, hint, keep, deletes, updates, maps;
    uint32_t key; /* STW_KEY_* */
};

/* What one mutator writes and keeps; managed. */
struct state {
    void *strings; /* struct stw_string[entries]; null: keys are numbers */
    void *last;    /* the newest map */
    const struct stw_link *strategy;
    const struct counters *count;
    uint64_t salt;
    uint64_t writes;  /* to the newest map */
    uint64_t since;   /* of them after its last growth */
    uint64_t grown;   /* growths of all maps when last looked */
    uint64_t handed;  /* overflow buckets to all maps before the newest */
    uint64_t buckets; /* of the newest map when last looked */
    uint64_t moments; /* digest */
    uint64_t counts;  /* folded entry counts of all maps */
};

static const uint64_t state_pointers = 3;
static const struct stw_type state_type = {sizeof(struct stw_type), 0, sizeof(struct state),
                                           2 * sizeof(void *), &state_pointers,
                                           "map-churn state"};
static const uint64_t first_word = 1;
static const struct stw_type strings_type = {sizeof(struct stw_type), 0,
                                             sizeof(struct stw_string), sizeof(void *),
                                             &first_word, "map-churn keys"};
static const struct stw_map_type map_types[] = {
    [STW_KEY_U64] = {.struct_size = sizeof(struct stw_map_type), .key = STW_KEY_U64,
                     .value_bytes = 8},
    [STW_KEY_STRING] = {.struct_size = sizeof(struct stw_map_type), .key = STW_KEY_STRING,
                        .value_bytes = 8},
};

/* A bijection of 64 bits (Steele, Lea, Flood 2014: SplitMix64's output function). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

/* Lifecycle. */

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return host->set_error(host, error, STW_E_NOMEM, "create", "map-churn: out of memory");
    plan->host = host;
    plan->count = (struct counters){
        .doublings = stw_config_counter(config, "doublings"),
        .same_size = stw_config_counter(config, "same_size"),
        .moments = stw_config_counter(config, "moments"),
        .overflow = stw_config_counter(config, "overflow"),
        .growing = stw_config_counter(config, "growing"),
        .entries = stw_config_counter(config, "entries"),
        .since = stw_config_counter(config, "since"),
        .squares = stw_config_counter(config, "squares"),
    };
    plan->entries = stw_config_u64(config, "n");
    plan->hint = stw_config_u64(config, "hint");
    plan->keep = stw_config_u64(config, "keep");
    plan->deletes = stw_config_u64(config, "deletes");
    plan->updates = stw_config_u64(config, "updates");
    plan->maps = stw_config_u64(config, "maps");
    plan->key = stw_config_get(config, "key")->choice == 0 ? STW_KEY_U64 : STW_KEY_STRING;
    *self = plan;
    return STW_OK;
}

static void destroy(void *self)
{
    free(self);
}

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    return index == 0 ? &map_types[((const struct plan *)self)->key] : NULL;
}

static uint64_t operations(void *self)
{
    return ((const struct plan *)self)->maps;
}

static uint64_t number_at(uint64_t index, uint64_t salt)
{
    return mix(index ^ salt);
}

static void *build_strings(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t bytes = plan->entries * sizeof(struct stw_string);
    struct stw_string *keys = stw_alloc(m, bytes, &strings_type);
    for (uint64_t i = 0; i < plan->entries; i++) {
        char *text = stw_alloc(m, KEY_BYTES, NULL);
        uint64_t rest = number_at(i, salt);
        for (uint32_t at = 0; at < KEY_BYTES; at++, rest >>= 4)
            text[at] = "0123456789abcdef"[rest & 15];
        stw_store(m, &keys[i].bytes, text);
        keys[i].length = KEY_BYTES;
    }
    return keys;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)error;
    const struct plan *plan = self;
    const char *site = stw_site(m, "map-churn setup");
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    s->strategy = trial->strategy;
    s->count = &plan->count;
    s->salt = mix(trial->seed);
    if (plan->key == STW_KEY_STRING)
        stw_store(m, &s->strings, build_strings(plan, m, s->salt));
    *state = s;
    stw_site(m, site);
    return STW_OK;
}

/* One operation. */

static uint64_t buckets_of(struct stw_mutator *m, const struct state *s)
{
    const struct stw_link *link = s->strategy;
    struct stw_map_stats stats = {.struct_size = sizeof stats};
    stw_map_stats(link, m, s->last, &stats);
    return stats.buckets;
}

/* Notes a growth that the last write began. */
static void look(struct stw_mutator *m, struct state *s)
{
    s->writes++;
    s->since++;
    if (STW_LIKELY(m->counters[STW_COUNT_MAP_GROW] == s->grown))
        return;
    s->grown = m->counters[STW_COUNT_MAP_GROW];
    s->since = 0;
    uint64_t buckets = buckets_of(m, s);
    if (buckets == s->buckets) {
        stw_count(m, s->count->same_size, 1);
        return;
    }
    stw_count(m, s->count->doublings, 1);
    s->moments = mix(s->moments ^ s->writes);
    s->buckets = buckets;
}

static void put(struct stw_mutator *m, struct state *s, uint64_t index, uint64_t value)
{
    const struct stw_link *link = s->strategy;
    uint64_t number = number_at(index, s->salt);
    const struct stw_string *strings = s->strings;
    const void *key = strings ? (const void *)&strings[index] : &number;
    stw_map_assign(link, m, s->last, key, &value);
    look(m, s);
}

static void drop(struct stw_mutator *m, struct state *s, uint64_t index)
{
    const struct stw_link *link = s->strategy;
    uint64_t number = number_at(index, s->salt);
    const struct stw_string *strings = s->strings;
    const void *key = strings ? (const void *)&strings[index] : &number;
    stw_map_erase(link, m, s->last, key);
    look(m, s);
}

/* Who carries out the writes of a map: maps in operations, an array in `expected`. */
struct writer {
    void *context;
    void (*put)(void *context, uint64_t index, uint64_t value);
    void (*drop)(void *context, uint64_t index);
};

/* The writes that belong to entry i. */
static void write_entry(const struct plan *plan, uint64_t salt, uint64_t i,
                        const struct writer *writer)
{
    uint64_t chance = mix(mix(salt) + i), more = mix(chance);
    writer->put(writer->context, i, chance);
    if (plan->keep && i >= plan->keep)
        writer->drop(writer->context, i - plan->keep);
    if (chance % 100 < plan->updates)
        writer->put(writer->context, more % (i + 1), more);
    if (more % 100 < plan->deletes)
        writer->drop(writer->context, mix(more) % (i + 1));
}

struct live_writer {
    struct stw_mutator *m;
    struct state *s;
};

static void live_put(void *context, uint64_t index, uint64_t value)
{
    const struct live_writer *to = context;
    put(to->m, to->s, index, value);
}

static void live_drop(void *context, uint64_t index)
{
    const struct live_writer *to = context;
    drop(to->m, to->s, index);
}

static void finish_map(struct stw_mutator *m, struct state *s)
{
    const struct stw_link *link = s->strategy;
    struct stw_map_stats stats = {.struct_size = sizeof stats};
    uint64_t handed = m->counters[STW_COUNT_MAP_OVERFLOW] - s->handed;
    uint64_t entries = stw_map_count(link, m, s->last);
    stw_map_stats(link, m, s->last, &stats);
    s->counts = mix(s->counts ^ entries);
    stw_count(m, s->count->overflow, stats.overflow);
    stw_count(m, s->count->growing, stats.growing);
    stw_count(m, s->count->entries, entries);
    stw_count(m, s->count->since, s->since);
    stw_count(m, s->count->squares, handed * handed);
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "map-churn");
    const struct stw_map_need need = {
        .struct_size = sizeof need,
        .type = &map_types[plan->key],
        .hint_entries = plan->hint,
        .expected_entries = plan->keep ? plan->keep : plan->entries,
    };
    if (s->last)
        stw_next_done_map(s->strategy, m, need.type, s->last);
    stw_store(m, &s->last, stw_next_need_map(s->strategy, m, &need));
    s->writes = s->since = 0;
    s->buckets = buckets_of(m, s);
    s->grown = m->counters[STW_COUNT_MAP_GROW];
    s->handed = m->counters[STW_COUNT_MAP_OVERFLOW];
    struct live_writer to = {m, s};
    const struct writer writer = {&to, live_put, live_drop};
    for (uint64_t i = 0; i < plan->entries; i++) {
        write_entry(plan, s->salt, i, &writer);
        stw_poll(m);
    }
    finish_map(m, s);
    if (number + 1 == plan->maps)
        stw_count(m, plan->count.moments, s->moments & DIGEST_MASK);
    stw_site(m, site);
}

/* The checksum: of the last map, and of all maps' entry counts. */

struct tally {
    struct stw_mutator *m;
    uint32_t key;
    uint64_t sum;
};

static uint64_t hash_key(uint32_t kind, const void *key)
{
    if (kind == STW_KEY_U64)
        return mix(*(const uint64_t *)key);
    const struct stw_string *string = key;
    uint64_t number = 0;
    for (uint64_t i = string->length; i-- > 0;) {
        uint64_t digit = (unsigned char)string->bytes[i];
        number = number << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return mix(number);
}

static int32_t add_entry(void *context, const void *key, const void *value)
{
    struct tally *tally = context;
    tally->sum += mix(hash_key(tally->key, key) + mix(*(const uint64_t *)value));
    stw_poll(tally->m);
    return 0;
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    const struct stw_link *link = s->strategy;
    struct tally tally = {m, plan->key, s->counts};
    stw_map_iterate(link, m, s->last, add_entry, &tally);
    return tally.sum;
}

/* What a map without placement would hold. */
struct model {
    struct {
        uint64_t value;
        uint64_t is_there;
    } *entries;
    uint64_t count;
};

static void model_put(void *context, uint64_t index, uint64_t value)
{
    struct model *model = context;
    model->count += !model->entries[index].is_there;
    model->entries[index].is_there = 1;
    model->entries[index].value = value;
}

static void model_drop(void *context, uint64_t index)
{
    struct model *model = context;
    model->count -= model->entries[index].is_there;
    model->entries[index].is_there = 0;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    uint64_t salt = ((const struct state *)state)->salt, counts = 0;
    struct model model = {calloc(plan->entries, sizeof *model.entries), 0};
    const struct writer writer = {&model, model_put, model_drop};
    if (!model.entries)
        return 0;
    for (uint64_t i = 0; i < plan->entries; i++, stw_poll(m))
        write_entry(plan, salt, i, &writer);
    for (uint64_t i = 0; i < plan->maps; i++)
        counts = mix(counts ^ model.count);
    *sum = counts;
    for (uint64_t i = 0; i < plan->entries; i++, stw_poll(m))
        if (model.entries[i].is_there)
            *sum += mix(mix(number_at(i, salt)) + mix(model.entries[i].value));
    free(model.entries);
    return 1;
}

static void last_map(void *self, struct stw_mutator *m, void *state, struct stw_map_stats *stats)
{
    (void)self;
    const struct state *s = state;
    stw_map_stats(s->strategy, m, s->last, stats);
}

static void teardown(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    struct state *s = state;
    stw_store(m, &s->strings, NULL);
    stw_store(m, &s->last, NULL);
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .operations = operations,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .last_map = last_map,
    .teardown = teardown,
    .expected = expected,
    .map_type = map_type,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "map-churn", "Inserts, updates and deletes, and watches maps grow")
    STW_PARAM_U64("n", "entries", 65536, 1, 16777216, "distinct entries that are inserted")
    STW_PARAM_CHOICE("key", "int,string", "int", "what the keys are")
    STW_PARAM_U64("hint", "entries", 0, 0, 16777216, "size that the program asks for; 0: none")
    STW_PARAM_U64("keep", "entries", 0, 0, 16777216, "entries before older ones go; 0: they stay")
    STW_PARAM_U64("deletes", "percent", 0, 0, 100, "chance of a delete after each insert")
    STW_PARAM_U64("updates", "percent", 0, 0, 100, "chance of another write after each insert")
    STW_PARAM_U64("maps", "maps", 1, 1, 1000000, "maps that each mutator makes so")
    STW_COUNTER("doublings", "", sum, "growths to more buckets")
    STW_COUNTER("same_size", "", sum, "growths to as many buckets")
    STW_COUNTER("moments", "", sum, "a digest (48 bits) of which writes began the doublings")
    STW_COUNTER("overflow", "", sum, "overflow buckets in use at the end of operations")
    STW_COUNTER("growing", "", sum, "maps that were growing then")
    STW_COUNTER("entries", "", sum, "entries that they had then")
    STW_COUNTER("since", "", sum, "writes after the last growth of each map, or all of them")
    STW_COUNTER("squares", "", sum, "squares of the overflow buckets handed out to each map"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "map-churn", &ops));
