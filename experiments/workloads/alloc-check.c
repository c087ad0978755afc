/* experiments/workloads/alloc-check.c: conformance of allocators: every cell is filled, and checked
 * for as long as it lives.
 *
 * A table has `cells` places for cells of all sizes, with pointers and without. A step takes a
 * random place, checks the cell that is there, and puts a new one in its stead. A cell without
 * pointers is full of bytes that only it has. One with pointers has pairs of a number and a pointer
 * to a token, a cell that nothing else points to. The table points at a cell's start, or anywhere
 * within it: interior pointers keep cells alive. From time to time a cycle is forced, and all cells
 * are checked.
 *
 * What fails is told by one of these names, and the trial is invalid:
 *   alloc-zero     a new cell is not zeroed
 *   alloc-align    a new cell does not lie at a multiple of what its size asks for
 *   alloc-overlap  a new cell shares bytes with a live one
 *   alloc-usable   usable_bytes tells less than was asked for
 *   alloc-live     a live cell, or what it points to, has changed by itself: it was freed, another
 *                  was placed over it, or the collector does not see its pointers
 * With audit = true the host also tells of spans that were leaked, or are not as registered.
 *
 * A1  steps follow from the seed, the mutator and the operation alone.
 *
 * Threads: the plan is constant; each mutator has a table of its own. */
#include <stdio.h>
#include <stwlab/kit.h>

#define LARGE_BYTES_MAX 300000u

struct plan {
    const struct stw_host *host;
    uint64_t cells, steps, operations, collect;
    struct stw_counter checks;
};

static const struct stw_binding bindings[] = {
    STW_BIND_HOST(struct plan, host),
    STW_BIND_U64(struct plan, cells, "cells"),
    STW_BIND_U64(struct plan, steps, "steps"),
    STW_BIND_U64(struct plan, operations, "operations"),
    STW_BIND_U64(struct plan, collect, "collect"),
    STW_BIND_COUNTER(struct plan, checks, "checks"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

struct token {
    uint64_t number, check;
};

/* An element of a cell with pointers. */
struct pair {
    uint64_t number;
    struct token *token; /* null but for the first and the last pair of a cell */
};

STW_TYPE_OF(pair_type, struct pair, "alloc-check pair", token);
STW_TYPE_OF_POINTERS(table_type, "alloc-check table");

struct state {
    uint64_t salt;
    uint64_t steps; /* done */
};

/* The cell in a place. */
struct place {
    uintptr_t start;
    uint64_t bytes; /* 0: there is none */
    uint64_t number;
    uint32_t has_pointers;
};

struct check {
    const struct plan *plan;
    struct stw_mutator *m;
    struct place *places; /* [plan->cells]; not seen by the collector */
    void **table;         /* [plan->cells]; managed */
    uint64_t random, operation, step, numbers;
};

/* The trial ends. */
static void fail(const struct check *c, const char *rule, const struct place *place,
                 const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "%s: %s (a cell of %llu bytes %s pointers at %#llx; operation "
             "%llu, step %llu)", rule, what, (unsigned long long)place->bytes,
             place->has_pointers ? "with" : "without", (unsigned long long)place->start,
             (unsigned long long)c->operation, (unsigned long long)c->step);
    c->plan->host->fail(c->plan->host, c->m, STW_E_AUDIT, text);
}

static void expect(const struct check *c, int holds, const char *rule, const struct place *place,
                   const char *what)
{
    stw_count(c->m, c->plan->checks, 1);
    if (!holds)
        fail(c, rule, place, what);
}

/* Contents. */

/* Eight bytes of a cell without pointers. */
static uint64_t word_at(const struct place *place, uint64_t at)
{
    return (place->number + at) * 0x9e3779b97f4a7c15ull | 1; /* no word of it is 0 */
}

static uint64_t part_of(const struct place *place, uint64_t at)
{
    return place->bytes - at < 8 ? place->bytes - at : 8;
}

static int has_token(const struct place *place, uint64_t pair)
{
    return pair == 0 || pair + 1 == place->bytes / sizeof(struct pair);
}

static void fill(const struct check *c, const struct place *place)
{
    unsigned char *bytes = (unsigned char *)place->start;
    struct pair *pairs = (struct pair *)place->start;
    for (uint64_t i = 0; !place->has_pointers && i < place->bytes; i += 8) {
        uint64_t word = word_at(place, i);
        memcpy(bytes + i, &word, part_of(place, i));
    }
    for (uint64_t i = 0; place->has_pointers && i < place->bytes / sizeof *pairs; i++) {
        pairs[i].number = stw_mix(place->number ^ i);
        if (!has_token(place, i))
            continue;
        struct token *token = stw_alloc(c->m, sizeof *token, NULL);
        token->number = pairs[i].number;
        token->check = stw_mix(token->number);
        stw_store(c->m, &pairs[i].token, token);
    }
}

static int is_whole(const struct place *place)
{
    const unsigned char *bytes = (const unsigned char *)place->start;
    const struct pair *pairs = (const struct pair *)place->start;
    for (uint64_t i = 0; !place->has_pointers && i < place->bytes; i += 8) {
        uint64_t word = word_at(place, i);
        if (memcmp(bytes + i, &word, part_of(place, i)) != 0)
            return 0;
    }
    for (uint64_t i = 0; place->has_pointers && i < place->bytes / sizeof *pairs; i++) {
        const struct token *token = pairs[i].token;
        uint64_t number = stw_mix(place->number ^ i);
        if (pairs[i].number != number || !token != !has_token(place, i)
            || (token && (token->number != number || token->check != stw_mix(number))))
            return 0;
    }
    return 1;
}

/* Steps. */

static uint64_t choose_bytes(struct check *c)
{
    static const uint64_t edges[] = {8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 32768};
    uint64_t chance = stw_random(&c->random), more = chance >> 16;
    switch (chance % 16) {
    case 0:
    case 1:
    case 2:
        return 1 + more % 64;
    case 3:
    case 4:
    case 5:
    case 6:
        return 1 + more % 1024;
    case 7:
    case 8:
        return edges[more % 12] - 7 + (more >> 8) % 17;
    case 9:
        return chance % 128 == 9 ? 1 + more % LARGE_BYTES_MAX : 1 + more % 40000;
    default:
        return 8 * (1 + more % 96);
    }
}

static void check_new(const struct check *c, const struct place *new)
{
    const unsigned char *bytes = (const unsigned char *)new->start;
    uint64_t align = new->bytes % 8 == 0   ? 8
                     : new->bytes % 4 == 0 ? 4
                     : new->bytes % 2 == 0 ? 2
                                           : 1;
    for (uint64_t i = 0; i < c->plan->cells; i++) {
        const struct place *other = &c->places[i];
        if (other->bytes && new->start < other->start + other->bytes
            && other->start < new->start + new->bytes)
            fail(c, "alloc-overlap", new, "a new cell shares bytes with a live one");
    }
    expect(c, new->start % align == 0, "alloc-align", new, "a new cell is not aligned");
    for (uint64_t i = 0; i < new->bytes; i++)
        if (bytes[i])
            fail(c, "alloc-zero", new, "a new cell is not zeroed");
    expect(c, c->plan->host->usable_bytes(c->plan->host, c->m, new->bytes, new->has_pointers)
                  >= new->bytes,
           "alloc-usable", new, "usable_bytes tells less than was asked for");
}

static void check_place(const struct check *c, const struct place *place)
{
    if (place->bytes)
        expect(c, is_whole(place), "alloc-live", place, "a live cell was freed or overwritten");
}

/* Own frame: its copies of the cell's address are soon gone from the stack. */
static __attribute__((noinline)) void replace(struct check *c, uint64_t at)
{
    uint64_t chance = stw_random(&c->random);
    struct place new = {.bytes = choose_bytes(c), .number = ++c->numbers << 32,
                        .has_pointers = chance & 1};
    if (new.has_pointers)
        new.bytes = (new.bytes + sizeof(struct pair) - 1) / sizeof(struct pair)
                    * sizeof(struct pair);
    check_place(c, &c->places[at]);
    char *cell = stw_alloc(c->m, new.bytes, new.has_pointers ? &pair_type : NULL);
    new.start = (uintptr_t)cell;
    check_new(c, &new); /* the one that goes is still alive */
    stw_store(c->m, &c->table[at], chance & 2 ? cell : cell + (chance >> 8) % new.bytes);
    c->places[at] = new;
    fill(c, &new);
}

static void check_all(const struct check *c)
{
    for (uint64_t i = 0; i < c->plan->cells; i++)
        check_place(c, &c->places[i]);
}

static void take_step(struct check *c)
{
    replace(c, stw_random(&c->random) % c->plan->cells);
    if (c->plan->collect && (c->step + 1) % c->plan->collect == 0) {
        c->plan->host->collect(c->plan->host, c->m);
        check_all(c);
    }
    stw_poll(c->m);
}

/* The workload. */

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)self, (void)error;
    struct state *s = stw_alloc(m, sizeof *s, NULL);
    s->salt = stw_mix(trial->seed);
    *state = s;
    return STW_OK;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "alloc-check");
    struct check c = {.plan = plan, .m = m, .operation = number,
                      .random = s->salt + stw_mix(number << 8 | m->index)};
    c.places = calloc(plan->cells, sizeof *c.places);
    if (!c.places)
        plan->host->fail(plan->host, m, STW_E_NOMEM, "no memory for the model");
    c.table = stw_alloc(m, plan->cells * sizeof *c.table, &table_type);
    for (; c.step < plan->steps; c.step++)
        take_step(&c);
    check_all(&c);
    free(c.places);
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
    STW_PLUGIN("workload", "alloc-check", "Conformance of allocators: fills and checks all cells")
    STW_PARAM_U64("cells", "cells", 400, 1, 1000000, "cells that live at a time")
    STW_PARAM_U64("steps", "steps", 4000, 1, 100000000, "cells made by one operation")
    STW_PARAM_U64("collect", "steps", 500, 0, 100000000, "steps to a forced cycle; 0: none")
    STW_PARAM_U64("operations", "operations", 10, 1, 1000000, "operations of each mutator")
    STW_COUNTER("checks", "", sum, "checks that held"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "alloc-check", &ops));
