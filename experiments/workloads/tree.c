/* experiments/workloads/tree.c: builds a full binary tree, keeps it, and collects: how fast the
 * collector marks.
 *
 * Nodes are made in preorder, 16 bytes each: two pointers. One operation is one forced cycle, so
 * the time of an operation is that of marking 2^(depth + 1) - 1 nodes and of sweeping after it.
 *
 * Threads: the plan is constant; each mutator has a tree of its own. */
#include <stdlib.h>
#include <stwlab/plugin.h>

struct plan {
    uint64_t depth;
    uint64_t operations;
};

struct node {
    struct node *left, *right; /* both null in a leaf */
};

struct state {
    struct node *root;
    uint64_t operations;
};

static const uint64_t first_word = 1, both_words = 3;
static const struct stw_type state_type = {sizeof(struct stw_type), 0, sizeof(struct state),
                                           sizeof(void *), &first_word, "tree state"};
static const struct stw_type node_type = {sizeof(struct stw_type), 0, sizeof(struct node),
                                          sizeof(struct node), &both_words, "tree node"};

/* A bijection of 64 bits (Steele, Lea, Flood 2014: SplitMix64's output function). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return host->set_error(host, error, STW_E_NOMEM, "create", "tree: out of memory");
    plan->depth = stw_config_u64(config, "depth");
    plan->operations = stw_config_u64(config, "operations");
    *self = plan;
    return STW_OK;
}

static void destroy(void *self)
{
    free(self);
}

static uint64_t operations(void *self)
{
    return ((const struct plan *)self)->operations;
}

static struct node *build(struct stw_mutator *m, uint64_t depth)
{
    struct node *made = stw_alloc(m, sizeof *made, &node_type);
    if (depth > 0) {
        stw_store(m, &made->left, build(m, depth - 1));
        stw_store(m, &made->right, build(m, depth - 1));
    }
    return made;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)trial;
    (void)error;
    const char *site = stw_site(m, "tree setup");
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    stw_store(m, &s->root, build(m, ((const struct plan *)self)->depth));
    *state = s;
    stw_site(m, site);
    return STW_OK;
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    (void)self;
    (void)number;
    m->host->collect(m->host, m);
    ((struct state *)state)->operations++;
}

static uint64_t fold(struct stw_mutator *m, const struct node *at)
{
    stw_poll(m);
    return at->left ? mix(3 * fold(m, at->left) + fold(m, at->right)) : mix(1);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    const struct state *s = state;
    return fold(m, s->root) + s->operations;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    (void)m;
    (void)state;
    const struct plan *plan = self;
    uint64_t folded = mix(1);
    for (uint64_t level = 0; level < plan->depth; level++)
        folded = mix(3 * folded + folded);
    *sum = folded + plan->operations;
    return 1;
}

static void teardown(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    stw_store(m, &((struct state *)state)->root, NULL);
}

static const struct stw_workload_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .operations = operations,
    .setup = setup,
    .operate = operate,
    .checksum = checksum,
    .teardown = teardown,
    .expected = expected,
};

STW_MANIFEST(
    STW_PLUGIN("workload", "tree", "Builds a binary tree, keeps it, and collects")
    STW_PARAM_U64("depth", "levels", 16, 0, 28, "depth of the tree: 2^(depth + 1) - 1 nodes")
    STW_PARAM_U64("operations", "cycles", 10, 1, 1000000, "forced cycles of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "tree", &ops));
