/* experiments/workloads/steady-heap.c: makes garbage at an even pace beside live blocks that never
 * change: every cycle finds the same, so that goals and triggers can be told in advance.
 *
 * The live blocks are built with the collector off, and a forced cycle follows: where the first
 * cycles of a growing heap happen to fall makes no difference to what comes after. A block has 512
 * bytes; its first `pointers` words lead to blocks made before it, its last word is its value. One
 * operation makes `pieces` pieces of garbage, pointer-free, and computes for a while (`work`)
 * before each: with little garbage a second, little is made while a cycle marks. What was made then
 * is found alive, and raises the next goal: with `force`, a forced cycle after so many operations,
 * in which nothing is made, takes that back.
 *
 * S1  values and pointers follow from the seed and a block's number alone: `expected` knows them.
 * S2  the collector is off until all mutators have built: each turns it off, only the first finds a
 *     setting to restore, and only the last restores it. (Each for itself, a second one would save
 *     and restore the first one's `off`.) No lock, for the reason that strategies/gc-off.c gives.
 *
 * Threads: the plan is constant but for S2's words; each mutator has a state of its own, a managed
 * cell. */
#include <stwlab/kit.h>

#define BLOCK_WORDS 64u
#define BLOCK_BYTES (8u * BLOCK_WORDS)
#define VALUE       (BLOCK_WORDS - 1)

struct plan {
    const struct stw_host *host;
    uint64_t live_bytes, blocks;
    uint64_t pointers; /* of a block */
    uint32_t shape;    /* which number of them */
    const struct stw_type *type;
    uint64_t piece_bytes, pieces, work, force, operations;
    uint32_t built;  /* atomic: mutators that have */
    int32_t percent; /* atomic: the setting to restore */
};

struct state {
    uint64_t **blocks; /* [plan.blocks] */
    uint64_t salt;
    uint64_t sum; /* of what operations computed */
};

STW_TYPE_OF(state_type, struct state, "steady-heap state", blocks);
STW_TYPE_OF_POINTERS(table_type, "steady-heap table");
static const uint64_t eight_words = 0xff, most_words = ~(1ull << VALUE);
static const struct stw_type few_type = {sizeof(struct stw_type), 0, BLOCK_BYTES, 8 * 8,
                                         &eight_words, "steady-heap block, 8 pointers"};
static const struct stw_type most_type = {sizeof(struct stw_type), 0, BLOCK_BYTES, 8 * VALUE,
                                          &most_words, "steady-heap block, 63 pointers"};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    static const struct {
        uint64_t pointers;
        const struct stw_type *type;
    } choices[] = {{0, NULL}, {8, &few_type}, {VALUE, &most_type}};
    static const struct stw_binding bindings[] = {
        STW_BIND_HOST(struct plan, host),
        STW_BIND_U64(struct plan, live_bytes, "live"),
        STW_BIND_CHOICE(struct plan, shape, "pointers"),
        STW_BIND_U64(struct plan, piece_bytes, "piece"),
        STW_BIND_U64(struct plan, pieces, "pieces"),
        STW_BIND_U64(struct plan, work, "work"),
        STW_BIND_U64(struct plan, force, "force"),
        STW_BIND_U64(struct plan, operations, "operations"),
    };
    struct plan *plan = STW_PLAN_NEW(host, config, error, struct plan, bindings);
    if (!plan)
        return STW_E_NOMEM;
    plan->percent = STW_GC_OFF;
    plan->blocks = plan->live_bytes / BLOCK_BYTES;
    plan->pointers = choices[plan->shape].pointers;
    plan->type = choices[plan->shape].type;
    *self = plan;
    return STW_OK;
}

/* The number of the block that pointer `at` of block `number` leads to. */
static uint64_t target(uint64_t salt, uint64_t number, uint64_t at)
{
    return number ? stw_mix(salt + BLOCK_WORDS * number + at) % number : 0;
}

static void build(const struct plan *plan, struct stw_mutator *m, struct state *s)
{
    for (uint64_t number = 0; number < plan->blocks; number++) {
        uint64_t *block = stw_alloc(m, BLOCK_BYTES, plan->type);
        stw_store(m, &s->blocks[number], block);
        for (uint64_t at = 0; at < plan->pointers; at++)
            stw_store(m, &block[at], s->blocks[target(s->salt, number, at)]);
        block[VALUE] = stw_mix(s->salt ^ number);
    }
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)error;
    struct plan *plan = self;
    const char *site = stw_site(m, "steady-heap setup");
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    int32_t found = plan->host->set_gc_percent(plan->host, m, STW_GC_OFF);
    if (found != STW_GC_OFF)
        __atomic_store_n(&plan->percent, found, __ATOMIC_RELEASE); /* read by the last */
    s->salt = stw_mix(trial->seed);
    stw_store(m, &s->blocks, stw_alloc(m, 8 * plan->blocks, &table_type));
    build(plan, m, s);
    plan->host->collect(plan->host, m);
    if (__atomic_add_fetch(&plan->built, 1, __ATOMIC_ACQ_REL) == trial->mutator_count)
        plan->host->set_gc_percent(plan->host, m, __atomic_load_n(&plan->percent,
                                                                  __ATOMIC_ACQUIRE));
    *state = s;
    stw_site(m, site);
    return STW_OK;
}

/* What a piece of garbage costs and gives: the same numbers in every runtime. */
static uint64_t labour(uint64_t rounds, uint64_t number)
{
    for (uint64_t i = 0; i < rounds; i++)
        number = stw_mix(number + i);
    return number;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "steady-heap");
    for (uint64_t i = 0; i < plan->pieces; i++) {
        uint64_t *piece = stw_alloc(m, plan->piece_bytes, NULL);
        piece[0] = labour(plan->work, number + i);
        s->sum += piece[0];
        stw_poll(m);
    }
    if (plan->force && (number + 1) % plan->force == 0)
        plan->host->collect(plan->host, m);
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    uint64_t sum = s->sum;
    for (uint64_t number = 0; number < plan->blocks; number++, stw_poll(m)) {
        const uint64_t *block = s->blocks[number], *to = block;
        if (plan->pointers)
            to = (const uint64_t *)(uintptr_t)block[number % plan->pointers];
        sum += stw_mix(block[VALUE] + 3 * to[VALUE]);
    }
    return sum;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    uint64_t salt = ((const struct state *)state)->salt;
    *sum = 0;
    for (uint64_t number = 0; number < plan->blocks; number++, stw_poll(m)) {
        uint64_t to = number;
        if (plan->pointers)
            to = target(salt, number, number % plan->pointers);
        *sum += stw_mix(stw_mix(salt ^ number) + 3 * stw_mix(salt ^ to));
    }
    for (uint64_t number = 0; number < plan->operations; number++)
        for (uint64_t i = 0; i < plan->pieces; i++, stw_poll(m))
            *sum += labour(plan->work, number + i);
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
    STW_PLUGIN("workload", "steady-heap", "Makes garbage evenly beside blocks that never change")
    STW_PARAM_U64("live", "bytes", 64MiB, 512, 64GiB, "live blocks of each mutator")
    STW_PARAM_CHOICE("pointers", "0,8,63", "0", "pointers in a block of 64 words")
    STW_PARAM_U64("piece", "bytes", 4096, 16, 1GiB, "size of a piece of garbage")
    STW_PARAM_U64("pieces", "pieces", 1024, 0, 1000000000, "pieces in one operation")
    STW_PARAM_U64("work", "rounds", 0, 0, 1000000000, "computing before each piece")
    STW_PARAM_U64("force", "operations", 0, 0, 1000000000, "operations to a forced cycle; 0: none")
    STW_PARAM_U64("operations", "operations", 100, 1, 100000000, "operations of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "steady-heap", &ops));
