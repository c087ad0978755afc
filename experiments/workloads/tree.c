/* experiments/workloads/tree.c: builds a full binary tree, keeps it, and collects: how fast the
 * collector marks.
 *
 * Nodes are made in preorder, 16 bytes each: two pointers. One operation is one forced cycle, so
 * the time of an operation is that of marking 2^(depth + 1) - 1 nodes and of sweeping after it.
 *
 * Threads: the plan is constant; each mutator has a tree of its own. */
#include <stwlab/kit.h>

struct plan {
    uint64_t depth;
    uint64_t operations;
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, depth, "depth"),
    STW_BIND_U64(struct plan, operations, "operations"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

struct node {
    struct node *left, *right; /* both null in a leaf */
};

struct state {
    struct node *root;
    uint64_t operations;
};

STW_TYPE_OF(state_type, struct state, "tree state", root);
STW_TYPE_OF(node_type, struct node, "tree node", left, right);

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
    return at->left ? stw_mix(3 * fold(m, at->left) + fold(m, at->right)) : stw_mix(1);
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
    uint64_t folded = stw_mix(1);
    for (uint64_t level = 0; level < plan->depth; level++)
        folded = stw_mix(3 * folded + folded);
    *sum = folded + plan->operations;
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
    STW_PLUGIN("workload", "tree", "Builds a binary tree, keeps it, and collects")
    STW_PARAM_U64("depth", "levels", 16, 0, 28, "depth of the tree: 2^(depth + 1) - 1 nodes")
    STW_PARAM_U64("operations", "cycles", 10, 1, 1000000, "forced cycles of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "tree", &ops));
