/* stwlab/kit.h: what most workloads need, and many other plugins: types, mixing, keys, parameters,
 * types and tallies of maps, roots of mutators.
 *
 * Optional, and no part of the ABI: inline code that only uses it. Include it after, or in place
 * of, plugin.h. A workload that reads two parameters and keeps a list:
 *
 *     struct plan { uint64_t length, operations; };
 *     struct node { struct node *next; uint64_t value; };
 *     STW_TYPE_OF(node_type, struct node, "my node", next);
 *     static const struct stw_binding bindings[] = {STW_BIND_U64(struct plan, length, "length")};
 *     STW_CREATE_PLAN(create, struct plan, bindings)
 *
 * With it go the host's defaults for workloads (workload.h): the number of operations is a
 * parameter, the plan is freed, the state dropped. */
#ifndef STWLAB_KIT_H
#define STWLAB_KIT_H

#include "plugin.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Types. */

/* STW_TYPE_OF(NAME, TYPE, TEXT, FIELD...): a `struct stw_type` NAME of cells that are a TYPE, or an
 * array of them, whose pointers are the FIELDs, 1 to 8 of them: `next`, `items[2]`, `key.bytes`.
 * TYPE has at most 64 words; what is larger is written out by hand. A field that is no pointer does
 * not compile, or with a warning. */
#define STW_TYPE_OF(name, type, text, ...)                                                         \
    static const uint64_t STW_JOIN(name, _pointers)[1] = {STW_POINTERS(type, __VA_ARGS__)};        \
    static const struct stw_type name = {                                                          \
        sizeof(struct stw_type),                                                                   \
        0,                                                                                         \
        sizeof(type),                                                                              \
        8u * (64u - (unsigned)__builtin_clzll(STW_POINTERS(type, __VA_ARGS__))),                   \
        STW_JOIN(name, _pointers),                                                                 \
        text}
/* The same of arrays of pointers. */
#define STW_TYPE_OF_POINTERS(name, text) STW_TYPE_OF(name, struct stw_pointer, text, to)

struct stw_pointer {
    void *to;
};

/* The mask of the pointer words of TYPE. */
#define STW_POINTERS(type, ...)                                                                    \
    STW_KIT_PICK(__VA_ARGS__, STW_KIT_8, STW_KIT_7, STW_KIT_6, STW_KIT_5, STW_KIT_4, STW_KIT_3,    \
                 STW_KIT_2, STW_KIT_1, 0)                                                          \
    (type, __VA_ARGS__)
#define STW_KIT_PICK(a, b, c, d, e, f, g, h, picked, ...) picked
#define STW_KIT_1(type, a) STW_KIT_BIT(type, a)
#define STW_KIT_2(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_1(type, __VA_ARGS__))
#define STW_KIT_3(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_2(type, __VA_ARGS__))
#define STW_KIT_4(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_3(type, __VA_ARGS__))
#define STW_KIT_5(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_4(type, __VA_ARGS__))
#define STW_KIT_6(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_5(type, __VA_ARGS__))
#define STW_KIT_7(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_6(type, __VA_ARGS__))
#define STW_KIT_8(type, a, ...) (STW_KIT_BIT(type, a) | STW_KIT_7(type, __VA_ARGS__))
/* The conditional is never evaluated: it only has a type when the field is a pointer. */
#define STW_KIT_BIT(type, field)                                                                   \
    (STW_KIT_HOLDS(sizeof(1 ? ((type *)0)->field : (void *)0) == 8                                 \
                   && offsetof(type, field) % 8 == 0 && sizeof(type) <= 512)                       \
     << offsetof(type, field) / 8)
/* 1, or an array of negative size. */
#define STW_KIT_HOLDS(condition) ((uint64_t)sizeof(char[(condition) ? 1 : -1]))

/* Mixing. */

/* A bijection of 64 bits that spreads every bit over all of them (Steele, Lea, Flood 2014:
 * SplitMix64's output function). */
static inline uint64_t stw_mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

/* The next of a stream of random numbers: SplitMix64. */
static inline uint64_t stw_random(uint64_t *state)
{
    return stw_mix(*state += 0x9e3779b97f4a7c15ull);
}

/* Keys. Key i of a salt is the same wherever it is asked for, so nothing has to be kept to know
 * what was inserted, and no two indices below 2^36 have the same key. The salt is the mixed seed of
 * the trial; sequential keys have none. */

#define STW_KEYS_SEQUENTIAL 0u /* 0, 1, 2...; key-00000000, key-00000001... */
#define STW_KEYS_RANDOM 1u     /* 64 random bits; 8 to 24 random letters */

#define STW_KEY_TEXT_BYTES 32u
#define STW_KEY_INDEX_BITS 36u

static inline uint64_t stw_key_number(uint32_t keys, uint64_t index, uint64_t salt)
{
    return keys == STW_KEYS_RANDOM ? stw_mix(index ^ salt) : index;
}

/* Eight letters tell 26^8 > 2^36 indices apart: they spell a bijection of the index (odd products
 * and shifted sums can be undone). Up to 16 more are by chance. */
static inline uint64_t stw_key_letters(uint64_t index, uint64_t salt, char text[STW_KEY_TEXT_BYTES])
{
    const uint64_t mask = (1ull << STW_KEY_INDEX_BITS) - 1;
    uint64_t more = stw_mix(index + salt), length = 8 + more % 17, rest = (index ^ salt) & mask;
    for (uint32_t round = 0; round < 3; round++) {
        rest = rest * 0x5851f42d4c957f2dull & mask;
        rest ^= rest >> STW_KEY_INDEX_BITS / 2;
    }
    for (uint64_t i = 0; i < 8; i++, rest /= 26)
        text[i] = (char)('a' + rest % 26);
    for (uint64_t i = 8; i < length; i++) {
        more = stw_mix(more + i);
        text[i] = (char)('a' + more % 26);
    }
    return length;
}

/* Writes the text of a key, not terminated, and returns its length, which is never 0. */
static inline uint64_t stw_key_text(uint32_t keys, uint64_t index, uint64_t salt,
                                    char text[STW_KEY_TEXT_BYTES])
{
    uint64_t digits = 8, length;
    if (keys == STW_KEYS_RANDOM)
        return stw_key_letters(index, salt, text);
    for (uint64_t rest = index / 100000000; rest > 0; rest /= 10)
        digits++;
    memcpy(text, "key-", 4);
    length = 4 + digits;
    for (uint64_t at = length; at > 4; index /= 10)
        text[--at] = (char)('0' + index % 10);
    return length;
}

/* Gives a string of a managed array, or other managed cell, a text of its own. */
static inline void stw_string_set(struct stw_mutator *m, struct stw_string *string,
                                  const char *text, uint64_t length)
{
    char *cell = (char *)stw_alloc(m, length ? length : 1, NULL);
    memcpy(cell, text, length);
    stw_store(m, &string->bytes, cell);
    string->length = length;
}

/* Parameters: a table says which goes to which field of a plan, the plugin's instance. */

#define STW_BIND_KIND_HOST 0u
#define STW_BIND_KIND_COUNTER 6u /* else STW_TYPE_* */

struct stw_binding {
    const char *name; /* as in the manifest */
    uint32_t kind;
    uint32_t offset;
};

#define STW_KIT_BIND(kind, plan, field, bytes, name)                                               \
    {name, (uint32_t)(kind * STW_KIT_HOLDS(sizeof(((plan *)0)->field) == bytes)),                  \
     (uint32_t)offsetof(plan, field)}
#define STW_BIND_U64(plan, field, name) STW_KIT_BIND(STW_TYPE_U64, plan, field, 8, name)
#define STW_BIND_F64(plan, field, name) STW_KIT_BIND(STW_TYPE_F64, plan, field, 8, name)
/* A uint32_t: 0 or 1. */
#define STW_BIND_BOOL(plan, field, name) STW_KIT_BIND(STW_TYPE_BOOL, plan, field, 4, name)
/* A const char *, borrowed as the configuration is. */
#define STW_BIND_TEXT(plan, field, name) STW_KIT_BIND(STW_TYPE_TEXT, plan, field, 8, name)
/* A uint32_t: which of the words. */
#define STW_BIND_CHOICE(plan, field, name) STW_KIT_BIND(STW_TYPE_CHOICE, plan, field, 4, name)
/* A struct stw_counter: a counter or gauge of the manifest. */
#define STW_BIND_COUNTER(plan, field, name)                                                        \
    STW_KIT_BIND(STW_BIND_KIND_COUNTER, plan, field, sizeof(struct stw_counter), name)
/* A const struct stw_host *: the plugin's handle. */
#define STW_BIND_HOST(plan, field) STW_KIT_BIND(STW_BIND_KIND_HOST, plan, field, 8, "")

/* Traps when the manifest declares no such parameter, or another type of it. */
static inline void stw_bind(void *plan, const struct stw_host *host,
                            const struct stw_config *config, const struct stw_binding *binding)
{
    char *field = (char *)plan + binding->offset;
    if (binding->kind == STW_BIND_KIND_HOST) {
        memcpy(field, &host, sizeof host);
        return;
    }
    if (binding->kind == STW_BIND_KIND_COUNTER) {
        struct stw_counter counter = stw_config_counter(config, binding->name);
        memcpy(field, &counter, sizeof counter);
        return;
    }
    const struct stw_value *value = stw_config_get(config, binding->name);
    uint32_t flag = (uint32_t)value->as_u64;
    if (value->type != binding->kind)
        __builtin_trap();
    switch (binding->kind) {
    case STW_TYPE_U64:
        memcpy(field, &value->as_u64, sizeof value->as_u64);
        break;
    case STW_TYPE_F64:
        memcpy(field, &value->as_f64, sizeof value->as_f64);
        break;
    case STW_TYPE_BOOL:
        memcpy(field, &flag, sizeof flag);
        break;
    case STW_TYPE_TEXT:
        memcpy(field, &value->as_text, sizeof value->as_text);
        break;
    default:
        memcpy(field, &value->choice, sizeof value->choice);
    }
}

/* A plan of `bytes`, zeroed but for what is bound; free() frees it. Null when there is no memory:
 * `error` is set, and create returns STW_E_NOMEM. */
static inline void *stw_plan_new(const struct stw_host *host, const struct stw_config *config,
                                 struct stw_error *error, uint64_t bytes,
                                 const struct stw_binding *bindings, uint64_t count)
{
    void *plan = calloc(1, bytes);
    if (!plan) {
        host->set_error(host, error, STW_E_NOMEM, "create", "out of memory");
        return NULL;
    }
    for (uint64_t i = 0; i < count; i++)
        stw_bind(plan, host, config, &bindings[i]);
    return plan;
}
#define STW_PLAN_NEW(host, config, error, plan, bindings)                                          \
    ((plan *)stw_plan_new(host, config, error, sizeof(plan), bindings,                             \
                          sizeof(bindings) / sizeof *(bindings)))

/* The slot `create` of a plugin that is its parameters. */
#define STW_CREATE_PLAN(create, plan, bindings)                                                    \
    static stw_status create(const struct stw_host *host, const struct stw_config *config,         \
                             struct stw_error *error, void **self)                                 \
    {                                                                                              \
        plan *made = STW_PLAN_NEW(host, config, error, plan, bindings);                            \
        if (!made)                                                                                 \
            return STW_E_NOMEM;                                                                    \
        *self = made;                                                                              \
        return STW_OK;                                                                             \
    }

/* Maps: whether those that `link` presents can be of the type, which is so if all from there down
 * to the map plugin take it. For a workload that can do with another type, and so tells none. */
static inline uint32_t stw_map_accepts(const struct stw_link *link,
                                       const struct stw_map_type *type)
{
    struct stw_error why;
    why.struct_size = sizeof why;
    for (; link; link = link->next)
        if (link->map_ops->accept(link->map_self, type, &why) != STW_OK)
            return 0;
    return 1;
}

/* Tallies: a checksum of the entries of a map that is the same in whatever order it is walked. */

struct stw_tally {
    struct stw_mutator *m;
    const struct stw_map_type *type;
    uint64_t sum;
};

static inline uint64_t stw_fold_bytes(const void *bytes, uint64_t length)
{
    uint64_t hash = length;
    for (uint64_t i = 0; i < length; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ull;
    return stw_mix(hash);
}

/* Of a key or value of 8 bytes; unaligned. */
static inline uint64_t stw_fold_word(const void *word)
{
    uint64_t number;
    memcpy(&number, word, sizeof number);
    return stw_mix(number);
}

/* Of what the key says; of a pointer, its address. */
static inline uint64_t stw_fold_key(const struct stw_map_type *type, const void *key)
{
    if (type->key == STW_KEY_STRING) {
        const struct stw_string *string = (const struct stw_string *)key;
        return stw_fold_bytes(string->bytes, string->length);
    }
    if (type->key == STW_KEY_BYTES)
        return stw_fold_bytes(key, type->key_bytes);
    return stw_fold_word(key);
}

static inline uint64_t stw_fold_value(const struct stw_map_type *type, const void *value)
{
    if (type->value_bytes == 8)
        return stw_fold_word(value);
    return stw_fold_bytes(value, type->value_bytes);
}

/* An entry's part in the sum, from its folded key and value. */
static inline uint64_t stw_fold_entry(uint64_t key, uint64_t value)
{
    return stw_mix(key + value);
}

/* The visit of an iteration; its context is a tally. Polls: others may still be at work, and their
 * stops shall not wait for this walk. */
static inline int32_t stw_tally_entry(void *context, const void *key, const void *value)
{
    struct stw_tally *tally = (struct stw_tally *)context;
    tally->sum += stw_fold_entry(stw_fold_key(tally->type, key),
                                 stw_fold_value(tally->type, value));
    stw_poll(tally->m);
    return 0;
}

/* The sum over a map that `link` presents. */
static inline uint64_t stw_tally_map(const struct stw_link *link, struct stw_mutator *m,
                                     const struct stw_map_type *type, void *map)
{
    struct stw_tally tally = {m, type, 0};
    stw_map_iterate(link, m, map, stw_tally_entry, &tally);
    return tally.sum;
}

/* Roots: managed pointers of each mutator that a plugin keeps outside of cells. */

#define STW_CACHE_LINE 64u

struct stw_mutator_roots {
    const struct stw_host *host;
    void **words;
    uint64_t stride; /* words from one mutator's to the next's */
};

/* `count` words of each mutator, null at first. In create. STW_E_NOMEM. */
static inline stw_status stw_mutator_roots_add(struct stw_mutator_roots *roots,
                                               const struct stw_host *host, uint64_t count)
{
    const uint64_t line = STW_CACHE_LINE / sizeof(void *);
    uint64_t stride = (count + line - 1) / line * line, words = stride * host->mutator_count(host);
    stw_status status;
    void **made = (void **)aligned_alloc(STW_CACHE_LINE, words * sizeof(void *));
    if (!made)
        return STW_E_NOMEM;
    memset(made, 0, words * sizeof(void *));
    status = host->root_add(host, made, words);
    if (status != STW_OK) {
        free(made);
        return status;
    }
    roots->host = host;
    roots->words = made;
    roots->stride = stride;
    return STW_OK;
}

/* A mutator's words. Write them with stw_store. */
static inline void **stw_mutator_roots_of(const struct stw_mutator_roots *roots,
                                          const struct stw_mutator *m)
{
    return roots->words + roots->stride * m->index;
}

/* In destroy. */
static inline void stw_mutator_roots_remove(struct stw_mutator_roots *roots)
{
    roots->host->root_remove(roots->host, roots->words);
    free(roots->words);
}

#endif
