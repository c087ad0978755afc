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
#include <stwlab/kit.h>

#define KEY_BYTES   16u /* of a string key: the digits of a number that no other has */
#define DIGEST_MASK ((1ull << 48) - 1)

struct counters {
    struct stw_counter doublings, same_size, moments, overflow, growing, entries, since, squares;
};

struct plan {
    struct counters count;
    uint64_t entries, hint, keep, deletes, updates, maps;
    uint32_t key; /* STW_KEY_* */
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, entries, "n"),
    STW_BIND_CHOICE(struct plan, key, "key"), /* STW_KEY_U64 and STW_KEY_STRING are 0 and 1 */
    STW_BIND_U64(struct plan, hint, "hint"),
    STW_BIND_U64(struct plan, keep, "keep"),
    STW_BIND_U64(struct plan, deletes, "deletes"),
    STW_BIND_U64(struct plan, updates, "updates"),
    STW_BIND_U64(struct plan, maps, "maps"),
    STW_BIND_COUNTER(struct plan, count.doublings, "doublings"),
    STW_BIND_COUNTER(struct plan, count.same_size, "same_size"),
    STW_BIND_COUNTER(struct plan, count.moments, "moments"),
    STW_BIND_COUNTER(struct plan, count.overflow, "overflow"),
    STW_BIND_COUNTER(struct plan, count.growing, "growing"),
    STW_BIND_COUNTER(struct plan, count.entries, "entries"),
    STW_BIND_COUNTER(struct plan, count.since, "since"),
    STW_BIND_COUNTER(struct plan, count.squares, "squares"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

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

STW_TYPE_OF(state_type, struct state, "map-churn state", strings, last);
STW_TYPE_OF(strings_type, struct stw_string, "map-churn keys", bytes);
static const struct stw_map_type map_types[] = {
    [STW_KEY_U64] = {.struct_size = sizeof(struct stw_map_type), .key = STW_KEY_U64,
                     .value_bytes = 8},
    [STW_KEY_STRING] = {.struct_size = sizeof(struct stw_map_type), .key = STW_KEY_STRING,
                        .value_bytes = 8},
};

static const struct stw_map_type *map_type(void *self, uint32_t index)
{
    return index == 0 ? &map_types[((const struct plan *)self)->key] : NULL;
}

static uint64_t number_at(uint64_t index, uint64_t salt)
{
    return stw_key_number(STW_KEYS_RANDOM, index, salt);
}

static void *build_strings(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t bytes = plan->entries * sizeof(struct stw_string);
    struct stw_string *keys = stw_alloc(m, bytes, &strings_type);
    for (uint64_t i = 0; i < plan->entries; i++) {
        char text[KEY_BYTES];
        uint64_t rest = number_at(i, salt);
        for (uint32_t at = 0; at < KEY_BYTES; at++, rest >>= 4)
            text[at] = "0123456789abcdef"[rest & 15];
        stw_string_set(m, &keys[i], text, KEY_BYTES);
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
    s->salt = stw_mix(trial->seed);
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
    stw_map_get_stats(link, m, s->last, &stats);
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
    s->moments = stw_mix(s->moments ^ s->writes);
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
    uint64_t chance = stw_mix(stw_mix(salt) + i), more = stw_mix(chance);
    writer->put(writer->context, i, chance);
    if (plan->keep && i >= plan->keep)
        writer->drop(writer->context, i - plan->keep);
    if (chance % 100 < plan->updates)
        writer->put(writer->context, more % (i + 1), more);
    if (more % 100 < plan->deletes)
        writer->drop(writer->context, stw_mix(more) % (i + 1));
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
    stw_map_get_stats(link, m, s->last, &stats);
    s->counts = stw_mix(s->counts ^ entries);
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
    stw_next_request_begin(s->strategy, m);
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
    stw_next_request_end(s->strategy, m);
    stw_next_batch_boundary(s->strategy, m);
    finish_map(m, s);
    if (number + 1 == plan->maps)
        stw_count(m, plan->count.moments, s->moments & DIGEST_MASK);
    stw_site(m, site);
}

/* The checksum: of the last map, and of all maps' entry counts. */

/* A string counts as the number that it spells, so that both kinds of keys come to one sum. */
static uint64_t fold_key(const struct stw_map_type *type, const void *key)
{
    if (type->key == STW_KEY_U64)
        return stw_fold_key(type, key);
    const struct stw_string *string = key;
    uint64_t number = 0;
    for (uint64_t i = string->length; i-- > 0;) {
        uint64_t digit = (unsigned char)string->bytes[i];
        number = number << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return stw_mix(number);
}

static int32_t add_entry(void *context, const void *key, const void *value)
{
    struct stw_tally *tally = context;
    tally->sum += stw_fold_entry(fold_key(tally->type, key), stw_fold_word(value));
    stw_poll(tally->m);
    return 0;
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    const struct stw_link *link = s->strategy;
    struct stw_tally tally = {m, &map_types[plan->key], s->counts};
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
        counts = stw_mix(counts ^ model.count);
    *sum = counts;
    for (uint64_t i = 0; i < plan->entries; i++, stw_poll(m))
        if (model.entries[i].is_there)
            *sum += stw_fold_entry(stw_mix(number_at(i, salt)), stw_mix(model.entries[i].value));
    free(model.entries);
    return 1;
}

static void last_map(void *self, struct stw_mutator *m, void *state, struct stw_map_stats *stats)
{
    (void)self;
    const struct state *s = state;
    stw_map_get_stats(s->strategy, m, s->last, stats);
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .last_map = last_map,
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
    STW_OPERATIONS("maps")
    STW_COUNTER("doublings", "", sum, "growths to more buckets")
    STW_COUNTER("same_size", "", sum, "growths to as many buckets")
    STW_COUNTER("moments", "", sum, "a digest (48 bits) of which writes began the doublings")
    STW_COUNTER("overflow", "", sum, "overflow buckets in use at the end of operations")
    STW_COUNTER("growing", "", sum, "maps that were growing then")
    STW_COUNTER("entries", "", sum, "entries that they had then")
    STW_COUNTER("since", "", sum, "writes after the last growth of each map, or all of them")
    STW_COUNTER("squares", "", sum, "squares of the overflow buckets handed out to each map"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "map-churn", &ops));
