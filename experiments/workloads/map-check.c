/* experiments/workloads/map-check.c: conformance of maps: every operation is checked against a
 * model as soon as it has returned.
 *
 * One operation of the workload is one type of keys and values out of `types`, in turn, of those
 * that the map accepts: it makes a map and carries out `steps` random steps. In between it forces
 * cycles and makes garbage of the sizes that keys have. Nobody but the map has keys and values of
 * managed cells: strings are copied for each assign and forgotten, addresses of pointers are kept
 * inverted, where no collector finds them. So what the map does not keep alive is overwritten.
 *
 * What fails is told by one of these names, and the trial is invalid:
 *   map-assign    an entry is not found, or not with its value, after it was assigned
 *   map-update    likewise, after an assign to a key that was there
 *   map-merge     likewise, after a merge
 *   map-find      finds what is not there, does not find what is, or writes beyond the value
 *   map-erase     returns the wrong answer, or the entry is still found
 *   map-clear     leaves entries
 *   map-count     is not the number of entries
 *   map-stats     tells other entries than count
 *   map-keys      a key in the map has changed by itself: the collector does not see what it points
 *                 to, or the map loses it
 *   map-values    the same of a value
 *   map-iterate   misses an entry, visits one twice, or one that is not there
 *   map-cursor    likewise, of a walk whose map is written to between its steps
 *   map-hash      equal keys have different hashes
 *   map-reserve   making room changes what is there
 *   map-hint      a new map grows before it has as many entries as were told
 *
 * C1  steps follow from the seed, the mutator and the operation alone.
 *
 * Threads: the plan is constant; what an operation needs is its own. */
#include <stdio.h>
#include <stwlab/kit.h>

#define KEY_BYTES  64u  /* of the longest key; texts are shorter */
#define VALUE_BYTES STW_VALUE_BYTES_MAX
#define CANARY      0xa5
#define GARBAGE     512u /* cells after each forced cycle */
#define ROAM        128u /* steps from a walk that is written during to the next */
#define SCRAMBLE    2654435761u /* odd, so that key numbers can be undone */
#define UNSCRAMBLE  244002641u

struct plan {
    const struct stw_host *host;
    uint64_t keys, steps, operations, collect;
    struct stw_counter checks, types;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, keys, "keys"),
    STW_BIND_U64(struct plan, steps, "steps"),
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_U64(struct plan, collect, "collect"),
    STW_BIND_COUNTER(struct plan, checks, "checks"),
    STW_BIND_COUNTER(struct plan, types, "types"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

/* A managed cell that a key or a value points to. */
struct token {
    uint64_t number, check;
};

struct pair {
    uint64_t number;
    struct token *token;
};

STW_TYPE_OF_POINTERS(token_pointer_type, "map-check value");
STW_TYPE_OF(pair_type, struct pair, "map-check pair", token);
STW_TYPE_OF(string_type, struct stw_string, "map-check key", bytes);

#define TYPE(key, value_bytes, key_bytes, value_type)                                              \
    {sizeof(struct stw_map_type), key, value_bytes, key_bytes, 0, value_type}
static const struct stw_map_type types[] = {
    TYPE(STW_KEY_U64, 8, 0, NULL),
    TYPE(STW_KEY_STRING, 8, 0, NULL),
    TYPE(STW_KEY_POINTER, 8, 0, NULL),
    TYPE(STW_KEY_BYTES, 24, 12, NULL),
    TYPE(STW_KEY_U64, 0, 0, NULL),
    TYPE(STW_KEY_STRING, sizeof(struct token *), 0, &token_pointer_type),
    TYPE(STW_KEY_POINTER, sizeof(struct pair), 0, &pair_type),
    TYPE(STW_KEY_BYTES, STW_VALUE_BYTES_MAX, STW_KEY_BYTES_MAX, NULL),
    TYPE(STW_KEY_BYTES, 0, STW_KEY_BYTES_MIN, NULL),
    TYPE(STW_KEY_STRING, 3, 0, NULL),
};
static const char *const key_names[] = {"u64", "string", "pointer", "bytes"};
#define TYPES (sizeof types / sizeof *types)

struct state {
    const struct stw_link *strategy;
    uint64_t salt;
    uint64_t accepted; /* bit i: types[i] */
    uint64_t steps;    /* done */
};

/* What the map should hold. */
struct entry {
    uint64_t version; /* of its value; 0: it is not there */
    uint64_t hidden;  /* the inverted address of a pointer key */
    uint32_t is_seen; /* by the walk under way */
    /* By one whose map is written to meanwhile. An entry that is erased and added again is another
     * one: it may come, or not. */
    uint32_t has_come, stays; /* it is there since that walk began */
};

struct check {
    const struct plan *plan;
    const struct stw_link *link;
    struct stw_mutator *m;
    const struct stw_map_type *type;
    void *map;
    struct entry *entries; /* [plan->keys] */
    uint64_t count, salt, random, operation, step, versions;
    uint64_t growths; /* before the last step: the map is walked when one has begun */
};

STW_TYPE_OF(cursor_type, struct stw_map_cursor, "map-check cursor", key, value, pointers[0],
            pointers[1], pointers[2], pointers[3], pointers[4], pointers[5]);

union key {
    uint64_t number;
    struct stw_string string;
    struct token *pointer;
    unsigned char bytes[KEY_BYTES];
};

/* The trial ends. */
static void fail(const struct check *c, const char *rule, uint64_t index, const char *what)
{
    char text[200];
    snprintf(text, sizeof text,
             "%s: %s (key %llu; keys %s, values of %llu bytes; operation %llu, step %llu)", rule,
             what, (unsigned long long)index, key_names[c->type->key],
             (unsigned long long)c->type->value_bytes, (unsigned long long)c->operation,
             (unsigned long long)c->step);
    c->plan->host->fail(c->plan->host, c->m, STW_E_AUDIT, text);
}

static void expect(const struct check *c, int holds, const char *rule, uint64_t index,
                   const char *what)
{
    stw_count(c->m, c->plan->checks, 1);
    if (!holds)
        fail(c, rule, index, what);
}

/* Keys: the first four bytes are the scrambled index, or spell it. */

static void fill(void *into, uint64_t bytes, uint64_t random)
{
    for (uint64_t i = 0; i < bytes; i++, random = stw_mix(random + i))
        ((unsigned char *)into)[i] = (unsigned char)random;
}

static uint64_t spell(const struct check *c, uint64_t index, char text[KEY_BYTES])
{
    uint32_t number = (uint32_t)index * SCRAMBLE;
    uint64_t length = 8 + stw_mix(index ^ c->salt) % 17;
    for (uint32_t i = 0; i < 8; i++, number >>= 4)
        text[i] = "0123456789abcdef"[number & 15];
    for (uint64_t i = 8; i < length; i++)
        text[i] = (char)('a' + stw_mix(index + i) % 26);
    return length;
}

static uint64_t unspell(const struct stw_string *string)
{
    uint32_t number = 0;
    for (uint32_t i = 8; i-- > 0;) {
        unsigned char digit = (unsigned char)string->bytes[i];
        number = number << 4 | (uint32_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return number * UNSCRAMBLE;
}

/* The key of an index. Strings lie in `text`, or, with `is_managed`, in a cell of their own. */
static void make_key(struct check *c, uint64_t index, union key *key, char text[KEY_BYTES],
                     int is_managed)
{
    uint32_t number = (uint32_t)index * SCRAMBLE;
    switch (c->type->key) {
    case STW_KEY_U64:
        key->number = stw_mix(index ^ c->salt) << 32 | number;
        break;
    case STW_KEY_STRING:
        key->string.length = spell(c, index, text);
        key->string.bytes = text;
        if (is_managed) {
            char *cell = stw_alloc(c->m, key->string.length, NULL);
            memcpy(cell, text, key->string.length);
            key->string.bytes = cell;
        }
        break;
    case STW_KEY_POINTER:
        if (!c->entries[index].version) {
            struct token *token = stw_alloc(c->m, sizeof *token, NULL);
            *token = (struct token){index, stw_mix(index)};
            c->entries[index].hidden = ~(uint64_t)(uintptr_t)token;
        }
        key->pointer = (struct token *)(uintptr_t)~c->entries[index].hidden;
        break;
    default:
        fill(key->bytes, c->type->key_bytes, index);
        memcpy(key->bytes, &number, sizeof number);
    }
}

/* Not so when its cell was freed, and has served others since. */
static int is_token(const struct token *token, uint64_t number)
{
    return token && token->number == number && token->check == stw_mix(number);
}

/* The index of a key that the map has, or the number of keys: it is none of ours. */
static uint64_t index_of(const struct check *c, const void *key)
{
    uint64_t index = c->plan->keys;
    uint32_t number;
    char text[KEY_BYTES];
    unsigned char bytes[KEY_BYTES];
    const struct stw_string *string = key;
    switch (c->type->key) {
    case STW_KEY_STRING:
        index = string->length < 8 ? c->plan->keys : unspell(string);
        if (index < c->plan->keys
            && (string->length != spell(c, index, text)
                || memcmp(text, string->bytes, string->length) != 0))
            return c->plan->keys;
        return index;
    case STW_KEY_POINTER:
        for (index = 0; index < c->plan->keys; index++)
            if (c->entries[index].version
                && c->entries[index].hidden == ~*(const uint64_t *)key)
                break;
        if (index < c->plan->keys && !is_token(*(struct token *const *)key, index))
            return c->plan->keys;
        return index;
    default:
        memcpy(&number, key, sizeof number);
        index = number * UNSCRAMBLE;
        if (c->type->key == STW_KEY_U64)
            return *(const uint64_t *)key >> 32 == (stw_mix(index ^ c->salt) & UINT32_MAX)
                       ? index
                       : c->plan->keys;
        fill(bytes, c->type->key_bytes, index);
        return memcmp(bytes + 4, (const char *)key + 4, c->type->key_bytes - 4) == 0
                   ? index
                   : c->plan->keys;
    }
}

/* Values. */

static struct token *new_token(struct check *c, uint64_t number)
{
    struct token *token = stw_alloc(c->m, sizeof *token, NULL);
    *token = (struct token){number, stw_mix(number)};
    return token;
}

static void make_value(struct check *c, uint64_t version, unsigned char value[VALUE_BYTES])
{
    struct pair pair = {version, NULL};
    fill(value, c->type->value_bytes, version);
    if (!c->type->value_type)
        return;
    pair.token = new_token(c, version);
    if (c->type->value_type == &pair_type)
        memcpy(value, &pair, sizeof pair);
    else
        memcpy(value, &pair.token, sizeof pair.token);
}

static int is_value(const struct check *c, uint64_t version, const void *value)
{
    unsigned char bytes[VALUE_BYTES];
    struct pair pair = {version, NULL};
    if (!c->type->value_type) {
        fill(bytes, c->type->value_bytes, version);
        return memcmp(bytes, value, c->type->value_bytes) == 0;
    }
    if (c->type->value_type == &pair_type)
        memcpy(&pair, value, sizeof pair);
    else
        memcpy(&pair.token, value, sizeof pair.token);
    return pair.number == version && is_token(pair.token, version);
}

/* Steps. */

static void check_count(const struct check *c, const char *rule, uint64_t index)
{
    expect(c, stw_map_count(c->link, c->m, c->map) == c->count, rule, index,
           "count is not the number of entries");
}

/* Looks a key up. What is wrong is told under `rule`. */
static void look(struct check *c, uint64_t index, const char *rule)
{
    const struct entry *entry = &c->entries[index];
    unsigned char value[VALUE_BYTES + 8];
    union key key;
    char text[KEY_BYTES];
    make_key(c, index, &key, text, 0);
    memset(value, CANARY, sizeof value);
    uint32_t found = stw_map_find(c->link, c->m, c->map, &key, value);
    expect(c, found == (entry->version != 0), rule, index,
           found ? "find finds a key that is not there" : "find does not find a key that is there");
    for (uint64_t i = c->type->value_bytes; i < sizeof value; i++)
        expect(c, value[i] == CANARY, "map-find", index, "find writes beyond the value");
    if (found)
        expect(c, is_value(c, entry->version, value), rule, index,
               "find gives another value than was assigned");
    expect(c, stw_map_find(c->link, c->m, c->map, &key, NULL) == found, "map-find", index,
           "find without a value gives another answer");
}

/* Own frames, so that no copy of a key stays behind on the stack for long. */
static __attribute__((noinline)) void assign(struct check *c, uint64_t index)
{
    union key key;
    char text[KEY_BYTES];
    unsigned char value[VALUE_BYTES];
    uint64_t version = ++c->versions;
    make_key(c, index, &key, text, 1);
    make_value(c, version, value);
    stw_map_assign(c->link, c->m, c->map, &key, value);
    c->count += !c->entries[index].version;
    c->entries[index].version = version;
    memset(&key, 0, sizeof key);
    memset(value, 0, sizeof value);
    __asm__ volatile("" : : "r"(&key), "r"(value) : "memory");
}

static void put(struct check *c, uint64_t index)
{
    const char *rule = c->entries[index].version ? "map-update" : "map-assign";
    assign(c, index);
    check_count(c, "map-count", index);
    look(c, index, rule);
}

/* The entry is gone. */
static void leave(struct entry *entry)
{
    entry->version = 0;
    entry->has_come = entry->stays = 0;
}

static void drop(struct check *c, uint64_t index)
{
    union key key;
    char text[KEY_BYTES];
    uint32_t is_there = c->entries[index].version != 0;
    make_key(c, index, &key, text, 0);
    expect(c, stw_map_erase(c->link, c->m, c->map, &key) == is_there, "map-erase", index,
           is_there ? "erase says that a key was not there" : "erase says that a key was there");
    expect(c, !stw_map_find(c->link, c->m, c->map, &key, NULL), "map-erase", index,
           "find finds a key that was erased");
    c->count -= is_there;
    leave(&c->entries[index]);
    check_count(c, "map-erase", index);
}

static int32_t visit(void *context, const void *key, const void *value)
{
    struct check *c = context;
    uint64_t index = index_of(c, key);
    if (index >= c->plan->keys)
        fail(c, "map-keys", index, "the map has a key that nobody assigned");
    struct entry *entry = &c->entries[index];
    expect(c, entry->version != 0, "map-iterate", index, "visits an entry that is not there");
    expect(c, !entry->is_seen, "map-iterate", index, "visits an entry twice");
    expect(c, is_value(c, entry->version, value), "map-values", index,
           "an entry has another value than was assigned");
    entry->is_seen = 1;
    return 0;
}

static void walk(struct check *c)
{
    struct stw_map_stats stats = {.struct_size = sizeof stats};
    stw_map_iterate(c->link, c->m, c->map, visit, c);
    for (uint64_t i = 0; i < c->plan->keys; i++) {
        expect(c, c->entries[i].is_seen == (c->entries[i].version != 0), "map-iterate", i,
               "an entry is not visited");
        c->entries[i].is_seen = 0;
    }
    stw_map_get_stats(c->link, c->m, c->map, &stats);
    expect(c, stats.entries == c->count, "map-stats", 0, "stats tell another number of entries");
    expect(c, stats.growing <= 1, "map-stats", 0, "growing is neither 0 nor 1");
    check_count(c, "map-count", 0);
}

static void clear(struct check *c)
{
    stw_map_clear(c->link, c->m, c->map);
    expect(c, stw_map_count(c->link, c->m, c->map) == 0, "map-clear", 0, "clear leaves entries");
    c->count = 0;
    for (uint64_t i = 0; i < c->plan->keys; i++) {
        uint64_t was_there = c->entries[i].version;
        leave(&c->entries[i]);
        if (was_there && c->type->key != STW_KEY_POINTER) /* whose keys are garbage now */
            look(c, i, "map-clear");
    }
    walk(c);
}

/* Forces a cycle, and fills what it freed. */
static void collect(struct check *c)
{
    c->plan->host->collect(c->plan->host, c->m);
    for (uint32_t i = 0; i < GARBAGE; i++) {
        uint64_t bytes = 8 + stw_random(&c->random) % 17;
        memset(stw_alloc(c->m, bytes, NULL), 0xee, bytes);
    }
    walk(c);
}

/* Merges a few entries in a row; the same key may come twice, and the last one wins. */
static __attribute__((noinline)) void merge_some(struct check *c, const uint64_t *indices,
                                                 uint64_t count)
{
    const struct stw_map_type *type = c->type;
    const struct stw_type *key_type = type->key == STW_KEY_STRING    ? &string_type
                                      : type->key == STW_KEY_POINTER ? &token_pointer_type
                                                                     : NULL;
    uint64_t key_bytes = stw_key_bytes(type), stride = (type->value_bytes + 7) / 8 * 8;
    char *keys = stw_alloc(c->m, (count * key_bytes + 7) / 8 * 8, key_type);
    char *values = stride ? stw_alloc(c->m, count * stride, type->value_type) : NULL;
    for (uint64_t i = 0; i < count; i++) {
        union key key;
        char text[KEY_BYTES];
        unsigned char value[VALUE_BYTES] = {0};
        uint64_t version = ++c->versions;
        make_key(c, indices[i], &key, text, 1);
        make_value(c, version, value);
        if (key_type)
            stw_copy(c->m, keys + i * key_bytes, &key, key_bytes, key_type);
        else
            memcpy(keys + i * key_bytes, &key, key_bytes);
        if (stride)
            stw_copy(c->m, values + i * stride, value, stride, type->value_type);
        c->count += !c->entries[indices[i]].version;
        c->entries[indices[i]].version = version;
    }
    const struct stw_entries entries = {sizeof entries, 0, type, keys, values, count, stride};
    stw_next_merge(c->link, c->m, c->map, &entries, 0, count);
}

static void merge(struct check *c)
{
    uint64_t indices[8], count = 1 + stw_random(&c->random) % 8;
    for (uint64_t i = 0; i < count; i++)
        indices[i] = stw_random(&c->random) % c->plan->keys;
    merge_some(c, indices, count);
    check_count(c, "map-merge", indices[0]);
    for (uint64_t i = 0; i < count; i++)
        look(c, indices[i], "map-merge");
}

/* Equal keys, at two places. */
static void hash(struct check *c, uint64_t index)
{
    union key key, copy;
    char text[KEY_BYTES] = {0}, copied[KEY_BYTES];
    make_key(c, index, &key, text, 0);
    copy = key;
    if (c->type->key == STW_KEY_STRING)
        copy.string.bytes = memcpy(copied, text, sizeof copied);
    expect(c, stw_map_hash(c->link, c->m, c->map, &key)
                  == stw_map_hash(c->link, c->m, c->map, &copy),
           "map-hash", index, "equal keys have different hashes");
}

static void reserve(struct check *c, uint64_t entries)
{
    stw_map_reserve(c->link, c->m, c->map, entries);
    check_count(c, "map-reserve", entries);
    for (uint64_t i = 0; i < c->plan->keys; i++)
        if (c->entries[i].version)
            look(c, i, "map-reserve");
}

/* Whether a strategy may answer a need with another map than it says. */
static int has_other_maps(const struct stw_link *link)
{
    for (; link->next; link = link->next)
        if (link->handles >> (STW_CALL_STRATEGY_NEED_MAP - STW_CALL_STRATEGY_BEGIN) & 1)
            return 1;
    return 0;
}

/* A new map, made for so many entries. */
static void fill_to_hint(struct check *c, uint64_t hint)
{
    uint64_t growths = c->m->counters[STW_COUNT_MAP_GROW];
    for (uint64_t i = 0; i < hint; i++)
        put(c, i);
    if (!has_other_maps(c->link))
        expect(c, c->m->counters[STW_COUNT_MAP_GROW] == growths, "map-hint", hint,
               "the map grew before it had as many entries as it was made for");
}

/* What comes of a walk whose map is written to meanwhile. */
static void come(struct check *c, const struct stw_map_cursor *cursor)
{
    uint64_t index = index_of(c, cursor->key);
    if (index >= c->plan->keys)
        fail(c, "map-keys", index, "the map has a key that nobody assigned");
    struct entry *entry = &c->entries[index];
    expect(c, entry->version != 0, "map-cursor", index, "an entry comes that is not there");
    expect(c, !entry->has_come, "map-cursor", index, "an entry comes twice");
    expect(c, is_value(c, entry->version, cursor->value), "map-cursor", index,
           "an entry comes with another value than it has");
    entry->has_come = 1;
}

/* A cycle, while a cell alone has the cursor. */
static __attribute__((noinline)) void collect_around(struct check *c,
                                                     struct stw_map_cursor *cursor)
{
    struct stw_map_cursor *kept = stw_alloc(c->m, sizeof *kept, &cursor_type);
    cursor->key = cursor->value = NULL;
    stw_copy(c->m, kept, cursor, sizeof *kept, &cursor_type);
    memset(cursor, 0, sizeof *cursor);
    __asm__ volatile("" : : "r"(cursor) : "memory");
    collect(c);
    *cursor = *kept;
}

static void write_between(struct check *c, struct stw_map_cursor *cursor)
{
    uint64_t chance = stw_random(&c->random), index = (chance >> 16) % c->plan->keys;
    if (chance % 1024 == 0)
        clear(c);
    else if (chance % 256 == 1)
        collect_around(c, cursor);
    else if (chance % 256 == 2)
        walk(c);
    else if (chance % 64 == 3)
        merge(c);
    else if (chance % 4 == 0)
        drop(c, index);
    else
        put(c, index);
}

/* A walk; up to `writes` writes, or what else may be, between two steps. */
static void roam(struct check *c, uint64_t writes)
{
    struct stw_map_cursor cursor;
    for (uint64_t i = 0; i < c->plan->keys; i++) {
        c->entries[i].stays = c->entries[i].version != 0;
        c->entries[i].has_come = 0;
    }
    stw_map_walk(c->link, c->m, c->map, &cursor);
    while (stw_map_step(c->link, c->m, &cursor)) {
        come(c, &cursor);
        for (uint64_t i = stw_random(&c->random) % (writes + 1); i > 0; i--)
            write_between(c, &cursor);
    }
    expect(c, !cursor.key, "map-cursor", 0, "a walk's end leaves the cursor at an entry");
    for (uint64_t i = 0; i < c->plan->keys; i++)
        expect(c, !c->entries[i].stays || c->entries[i].has_come, "map-cursor", i,
               "an entry does not come though it was there all the time");
}

static void take_step(struct check *c)
{
    uint64_t chance = stw_random(&c->random), index = (chance >> 16) % c->plan->keys;
    uint64_t growths = c->growths;
    c->growths = c->m->counters[STW_COUNT_MAP_GROW];
    if (c->plan->collect && (c->step + 1) % c->plan->collect == 0)
        collect(c);
    else if (chance % 512 == 511)
        clear(c);
    else if (c->step % ROAM == 0 || c->growths != growths)
        roam(c, chance >> 16 & 3);
    else if (chance % 64 == 63)
        walk(c);
    else if (chance % 64 == 62)
        reserve(c, (chance >> 16) % (2 * c->plan->keys));
    else if (chance % 64 == 61)
        hash(c, index);
    else if (chance % 16 < 7)
        put(c, index);
    else if (chance % 16 < 10)
        drop(c, index);
    else if (chance % 16 < 11)
        merge(c);
    else
        look(c, index, "map-find");
    stw_poll(c->m);
}

/* The workload. */

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    const struct plan *plan = self;
    struct state *s = stw_alloc(m, sizeof *s, NULL);
    s->strategy = trial->strategy;
    s->salt = stw_mix(trial->seed);
    for (uint32_t i = 0; i < TYPES; i++)
        if (stw_map_accepts(trial->strategy, &types[i]))
            s->accepted |= 1ull << i;
    stw_count_max(m, plan->types, (uint64_t)__builtin_popcountll(s->accepted));
    *state = s;
    if (s->accepted)
        return STW_OK;
    return plan->host->set_error(plan->host, error, STW_E_UNSUPPORTED, "types",
                                 "the map accepts none of the types of map-check");
}

static const struct stw_map_type *type_of(const struct state *s, uint64_t number)
{
    uint64_t left = s->accepted;
    for (uint64_t skip = number % (uint64_t)__builtin_popcountll(left); skip > 0; skip--)
        left &= left - 1;
    return &types[__builtin_ctzll(left)];
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "map-check");
    struct check c = {.plan = plan, .link = s->strategy, .m = m, .type = type_of(s, number),
                      .salt = s->salt, .operation = number,
                      .random = s->salt + stw_mix(number << 8 | m->index)};
    const struct stw_map_need need = {.struct_size = sizeof need, .type = c.type,
                                      .hint_entries = number / TYPES % 2 ? plan->keys / 2 : 0,
                                      .expected_entries = plan->keys};
    c.entries = calloc(plan->keys, sizeof *c.entries);
    if (!c.entries)
        plan->host->fail(plan->host, m, STW_E_NOMEM, "no memory for the model");
    c.map = stw_next_need_map(c.link, m, &need);
    check_count(&c, "map-count", 0);
    fill_to_hint(&c, need.hint_entries);
    for (; c.step < plan->steps; c.step++)
        take_step(&c);
    walk(&c);
    clear(&c);
    stw_next_done_map(c.link, m, c.type, c.map);
    free(c.entries);
    s->steps += plan->steps;
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m;
    return ((const struct state *)state)->steps;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    (void)m, (void)state;
    *sum = plan->operations * plan->steps;
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
    STW_PLUGIN("workload", "map-check", "Conformance of maps: each operation against a model")
    STW_PARAM_U64("keys", "keys", 200, 1, 65536, "distinct keys")
    STW_PARAM_U64("steps", "steps", 2000, 1, 100000000, "steps of one operation, which has one map")
    STW_PARAM_U64("collect", "steps", 250, 0, 100000000, "steps to a forced cycle; 0: none")
    STW_PARAM_U64("operations", "maps", 20, 1, 1000000, "maps of each mutator, of types in turn")
    STW_COUNTER("checks", "", sum, "checks that held")
    STW_COUNTER("types", "", max, "types of keys and values that the map accepts"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "map-check", &ops));
