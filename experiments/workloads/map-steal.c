/* experiments/workloads/map-steal.c: conformance of maps: finds a missing write barrier, in any
 * build.
 *
 * A map has string keys, and values that are pointers where it accepts them. While the collector
 * marks, keys and values are taken out of it, a few at a time, and kept on the stack alone: erased,
 * overwritten, or cleared away with the rest. A stack is scanned once in a cycle, early. So what is
 * taken after that, from a part of the map that is not marked yet, stays alive because the map
 * recorded the pointers that it overwrote, and for no other reason. When marking has ended and the
 * garbage is swept, new cells fill its place; then the stack must still hold what was taken.
 *
 * What fails is told by one of these names, and the trial is invalid:
 *   map-barrier  a key or value that was taken out while marking was freed in that cycle: the map
 *                stored over its pointer without stw_store or stw_copy
 *   map-find     erase, find or iterate give wrong answers; map-check looks closer
 *
 * It needs cycles that mark beside the program, and refuses gc.mode = stw. The counter `taken`
 * tells how much was taken: nothing where no cycle begins (GOGC off), or where each is over before
 * the program goes on, as are those that gc.stress has the only mutator make.
 *
 * S1  what is taken is on the stack of `steal` only: the table in between is cleared.
 * Threads: the plan is constant; each mutator has a map of its own. */
#include <stdio.h>
#include <stwlab/kit.h>

#define TAKEN_MAX 2048u /* on the stack in one operation: 32 KiB */
#define TAKEN_AT_ONCE 8u
#define TEXT_BYTES 24u
#define WAIT_CELLS 1000000u /* at most, until a cycle begins */
#define SWEEP_CELLS 200000u /* at most, until a new cell has been at all places */
#define MISSED_MAX 100u /* cycles that were over before a look, until it stops looking */

struct plan {
    const struct stw_host *host;
    uint64_t keys, operations;
    struct stw_counter taken;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, keys, "keys"),
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_COUNTER(struct plan, taken, "taken"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

/* A value's cell. */
struct token {
    uint64_t number, check;
    uint64_t more[2]; /* 32 bytes: a class of its own beside the keys' */
};

STW_TYPE_OF_POINTERS(token_pointer_type, "map-steal value");
static const struct stw_map_type map_types[] = {
    {sizeof(struct stw_map_type), STW_KEY_STRING, 8, 0, 0, &token_pointer_type},
    {sizeof(struct stw_map_type), STW_KEY_STRING, 8, 0, 0, NULL},
};

struct state {
    const struct stw_link *strategy;
    const struct stw_map_type *type;
    uint64_t operations;
};

/* What is taken: where it was, and what it must say. */
struct taken {
    const char *volatile key;
    struct token *volatile value; /* null: values are no pointers */
};

/* Passes through visit; cleared before the next poll. */
struct grip {
    struct taken taken[TAKEN_AT_ONCE];
    uint32_t count;
    uint32_t has_values;
};

struct thief {
    const struct plan *plan;
    const struct stw_link *link;
    struct stw_mutator *m;
    const struct stw_map_type *type;
    void *map;
    uint64_t salt;
};

static void fail(const struct thief *t, const char *rule, const char *what, uint64_t number)
{
    char text[200];
    snprintf(text, sizeof text, "%s: %s (%llu taken before it)", rule, what,
             (unsigned long long)number);
    t->plan->host->fail(t->plan->host, t->m, STW_E_AUDIT, text);
}

/* A key says its own number twice: 24 bytes of text. */
static void spell(uint64_t number, char text[TEXT_BYTES])
{
    uint64_t check = stw_mix(number);
    for (uint32_t i = 0; i < 8; i++, number >>= 4)
        text[i] = (char)('a' + (number & 15));
    for (uint32_t i = 8; i < TEXT_BYTES; i++, check >>= 4)
        text[i] = (char)('a' + (check & 15));
}

static int is_key(const char *text)
{
    uint64_t number = 0;
    char right[TEXT_BYTES];
    for (uint32_t i = 8; i-- > 0;)
        number = number << 4 | ((uint64_t)(text[i] - 'a') & 15);
    spell(number, right);
    return memcmp(right, text, TEXT_BYTES) == 0;
}

/* Assigns a key and a value in cells of their own. */
static __attribute__((noinline)) void put(const struct thief *t, uint64_t number)
{
    char *cell = stw_alloc(t->m, TEXT_BYTES, NULL);
    struct stw_string key = {cell, TEXT_BYTES};
    uint64_t value = number;
    spell(number, cell);
    if (t->type->value_type) {
        struct token *token = stw_alloc(t->m, sizeof *token, NULL);
        token->number = number;
        token->check = stw_mix(number);
        memcpy(&value, &token, sizeof value);
    }
    stw_map_assign(t->link, t->m, t->map, &key, &value);
}

static int32_t grasp(void *context, const void *key, const void *value)
{
    struct grip *grip = context;
    struct taken *to = &grip->taken[grip->count++];
    to->key = ((const struct stw_string *)key)->bytes;
    to->value = grip->has_values ? *(struct token *const *)value : NULL;
    return grip->count == TAKEN_AT_ONCE;
}

/* Takes a few entries out of the map by `way`: 0 erases, 1 overwrites, 2 leaves that to a clear. */
static __attribute__((noinline)) uint64_t take(const struct thief *t, struct taken *taken,
                                               uint64_t way)
{
    struct grip grip = {.has_values = t->type->value_type != NULL};
    stw_map_iterate(t->link, t->m, t->map, grasp, &grip);
    for (uint32_t i = 0; i < grip.count; i++) {
        struct stw_string key = {grip.taken[i].key, TEXT_BYTES};
        taken[i].key = grip.taken[i].key;
        taken[i].value = grip.taken[i].value;
        if (way == 0 && !stw_map_erase(t->link, t->m, t->map, &key))
            fail(t, "map-find", "erase says that a key was not there that iterate visited", i);
        if (way == 1) { /* by an equal key in another cell */
            char *cell = stw_alloc(t->m, TEXT_BYTES, NULL);
            struct stw_string other = {cell, TEXT_BYTES};
            uint64_t value = 0;
            memcpy(cell, key.bytes, TEXT_BYTES);
            stw_map_assign(t->link, t->m, t->map, &other, &value);
            stw_map_erase(t->link, t->m, t->map, &other);
        }
    }
    uint32_t count = grip.count;
    memset(&grip, 0, sizeof grip);
    __asm__ volatile("" : : "r"(&grip) : "memory");
    return count;
}

static struct stw_heap_stats heap_of(const struct thief *t)
{
    struct stw_heap_stats heap = {.struct_size = sizeof heap};
    t->plan->host->heap_stats(t->plan->host, &heap);
    return heap;
}

/* Until a cycle marks; not for ever (each collection of gc.stress marks the whole map). */
static __attribute__((noinline)) void await_marking(const struct thief *t)
{
    struct stw_heap_stats heap = heap_of(t);
    uint64_t last = heap.cycles + MISSED_MAX;
    for (uint32_t i = 0; i < WAIT_CELLS && !t->m->marking && heap.cycles <= last; i++) {
        if (heap.trigger_bytes == UINT64_MAX)
            return;
        stw_alloc(t->m, 64, NULL);
        heap = heap_of(t);
    }
}

/* New cells in all places that the cycle freed: a cycle more begins when enough are made, and what
 * is on the stack is safe in that one. */
static __attribute__((noinline)) void overwrite(const struct thief *t)
{
    uint64_t last = heap_of(t).cycles + MISSED_MAX;
    for (uint32_t i = 0; i < SWEEP_CELLS && !t->m->marking && heap_of(t).cycles <= last; i++) {
        memset(stw_alloc(t->m, TEXT_BYTES, NULL), 0xee, TEXT_BYTES);
        memset(stw_alloc(t->m, sizeof(struct token), NULL), 0xee, sizeof(struct token));
        stw_poll(t->m);
    }
}

/* Waits for a cycle to begin, takes what it can while it marks, and looks at it afterwards. */
static __attribute__((noinline)) uint64_t steal(const struct thief *t, uint64_t way)
{
    struct taken taken[TAKEN_MAX];
    uint64_t count = 0;
    memset(taken, 0, sizeof taken);
    await_marking(t);
    while (t->m->marking) {
        if (count + TAKEN_AT_ONCE <= TAKEN_MAX && stw_map_count(t->link, t->m, t->map) > 0)
            count += take(t, taken + count, way);
        if (way == 2 && count > 0 && stw_map_count(t->link, t->m, t->map) > 0)
            stw_map_clear(t->link, t->m, t->map);
        stw_alloc(t->m, 512, NULL); /* marking goes on beside a program that allocates */
        stw_poll(t->m);
    }
    if (count > 0)
        overwrite(t);
    for (uint64_t i = 0; i < count; i++) {
        const struct token *token = taken[i].value;
        if (!is_key(taken[i].key))
            fail(t, "map-barrier", "a key that was taken out of the map while the collector marked "
                                   "was freed", i);
        if (token && token->check != stw_mix(token->number))
            fail(t, "map-barrier", "a value that was taken out of the map while the collector "
                                   "marked was freed", i);
    }
    return count;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    const struct plan *plan = self;
    struct state *s = stw_alloc(m, sizeof *s, NULL);
    s->strategy = trial->strategy;
    s->type = stw_map_accepts(trial->strategy, &map_types[0]) ? &map_types[0] : &map_types[1];
    *state = s;
    if (stw_map_accepts(trial->strategy, s->type))
        return STW_OK;
    return plan->host->set_error(plan->host, error, STW_E_UNSUPPORTED, "types",
                                 "the map does not accept strings: map-steal has nothing to take");
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "map-steal");
    struct thief t = {plan, s->strategy, m, s->type, NULL, 0};
    const struct stw_map_need need = {.struct_size = sizeof need, .type = s->type,
                                      .expected_entries = plan->keys};
    t.map = stw_next_need_map(t.link, m, &need);
    for (uint64_t i = 0; i < plan->keys; i++) {
        put(&t, i);
        stw_poll(m);
    }
    stw_count(m, plan->taken, steal(&t, number % 3));
    stw_next_done_map(t.link, m, s->type, t.map);
    s->operations++;
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self, (void)m;
    return ((const struct state *)state)->operations;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    (void)m, (void)state;
    *sum = ((const struct plan *)self)->operations;
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
    STW_PLUGIN("workload", "map-steal", "Conformance of maps: takes entries out while marking")
    STW_PARAM_U64("keys", "keys", 20000, 1, 1000000, "entries of a map")
    STW_PARAM_U64("operations", "maps", 30, 1, 1000000, "maps of each mutator")
    STW_REFUSES("gc.mode == stw", "nothing can be taken while marking when marking is one stop")
    STW_COUNTER("taken", "", sum, "entries that were taken out while the collector marked"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "map-steal", &ops));
