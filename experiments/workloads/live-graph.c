/* experiments/workloads/live-graph.c: keeps a large graph and a deep stack while it allocates
 * garbage: what a stop costs can be read off against live bytes, live pointers and stack bytes.
 *
 * Each mutator builds a graph of its own, its share of `live`, and keeps it. Nodes are numbered in
 * the order in which they are made. Node i points to node i - 1, and, with its other pointers, to
 * landmarks: nodes at equal distances over the whole graph, whose addresses are also in a table.
 * So a marker that starts at the last node finds wide work, unless `pointers` is 1: that is a list.
 *
 * One operation recurses until `stack` bytes of the stack hold addresses of distinct nodes: of the
 * first ones made, which lie close together, so that scanning a stack costs the same beside any
 * graph. At the bottom it makes garbage; one cell in eight takes the place of the cell before it in
 * a landmark's link, and the cell before it then stays for a while on the stack only.
 *
 * G1  value, pointers and order of the nodes follow from parameters, seed, mutator and number, so
 *     `expected` knows the checksum without a graph, and so without anything that a collector did.
 * G2  what the stack's words hold is found through them alone when they are read back: a part of
 *     them in every operation, each word in every 64th.
 * G3  every link counts once: when its time on the stack is over, or, if no other link has taken
 *     its place, in the checksum.
 *
 * Threads: the plan and the node's type are constant once create has returned; each mutator has a
 * state of its own, a managed cell.
 * Rejected: a frame for the whole stack in setup (setup returns before operations begin); distinct
 * random targets for all pointers (takes a table as large as the graph); landmarks on the stack
 * (the deeper it was, the more of them were marked first, in the order of their addresses, which
 * made marking up to twice as fast, and scanning a stack six times as slow from 32 to 512 MiB). */
#include <stdio.h>
#include <stdlib.h>
#include <stwlab/kit.h>

#define NODE_BYTES_MAX 32768
#define LANDMARKS_MAX 131072u /* 1 MiB of addresses: little beside a graph that has so many */
#define LINKED_MAX 1024u      /* landmarks with a link: 32 KiB, little beside any graph */
#define FRAME_WORDS 64u       /* held by one frame of the descent: 512 bytes */
#define GARBAGE_BYTES 32u
#define LINK_EVERY 8u   /* garbage cells to a link */
#define RING 16u        /* replaced links on the stack */
#define CROSS_SAMPLE 64u /* one node in so many has its landmarks read: each is a cache miss */

struct plan {
    uint64_t nodes;    /* of a mutator */
    uint64_t landmarks;
    uint64_t node_bytes;
    uint64_t pointers; /* of a node: words 0 .. pointers - 1 */
    uint64_t link;     /* the word after them; then the value */
    uint64_t value;
    uint64_t held; /* words on the stack: the nodes held - 1 .. 0 */
    uint64_t garbage;
    uint64_t operations;
    uint64_t live_bytes, stack_bytes, garbage_bytes; /* as asked for */
    uint64_t node_mask[NODE_BYTES_MAX / 8 / 64];     /* only the parameters say where they are */
    struct stw_type node_type;
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, live_bytes, "live"),
    STW_BIND_U64(struct plan, node_bytes, "node"),
    STW_BIND_U64(struct plan, pointers, "pointers"),
    STW_BIND_U64(struct plan, stack_bytes, "stack"),
    STW_BIND_U64(struct plan, garbage_bytes, "allocate"),
    STW_BIND_U64(struct plan, operations, "operations"),
};

/* A garbage cell; managed. */
struct garbage {
    void *landmark;
    uint64_t value;
    uint64_t unused[2];
};

/* What one mutator keeps; managed. */
struct state {
    uint64_t *last;       /* node made */
    uint64_t *top;        /* node that the first word on the stack holds */
    uint64_t **landmarks; /* [plan->landmarks] */
    uint64_t salt;        /* of values */
    uint64_t links;       /* made so far */
    uint64_t sum;         /* of what was read back through the stack */
};

STW_TYPE_OF_POINTERS(table_type, "live-graph landmarks");
STW_TYPE_OF(garbage_type, struct garbage, "live-graph garbage", landmark);
STW_TYPE_OF(state_type, struct state, "live-graph state", last, top, landmarks);

_Static_assert(sizeof(struct garbage) == GARBAGE_BYTES, "parameters count cells of this size");

/* G1: the graph in numbers. */

static uint64_t node_value(uint64_t salt, uint64_t number)
{
    return stw_mix(salt + number);
}

static uint64_t link_value(uint64_t salt, uint64_t number)
{
    return stw_mix(~salt ^ number);
}

/* The node that is a landmark. */
static uint64_t landmark_node(const struct plan *plan, uint64_t landmark)
{
    return landmark * plan->nodes / plan->landmarks;
}

/* How many landmarks there are once a node is made: those with landmark_node <= number. */
static uint64_t landmarks_made(const struct plan *plan, uint64_t number)
{
    return ((number + 1) * plan->landmarks + plan->nodes - 1) / plan->nodes;
}

/* The landmark that a pointer of a node leads to; those made so far are equally likely. */
static uint64_t target(uint64_t made, uint64_t salt, uint64_t number, uint64_t pointer)
{
    return (stw_mix((salt ^ pointer << 48) + number) >> 32) * made >> 32;
}

/* What a pointer adds to the checksum. */
static uint64_t edge(uint64_t from, uint64_t to, uint64_t pointer)
{
    return stw_mix(from + stw_mix(to + pointer));
}

/* Parameters. */

static stw_status refuse(const struct stw_host *host, struct stw_error *error, const char *field,
                         const char *message)
{
    return host->set_error(host, error, STW_E_INVALID, field, message);
}

static stw_status check_node(const struct stw_host *host, const struct plan *plan,
                             struct stw_error *error)
{
    char message[sizeof error->message];
    uint64_t least = 8 * (plan->value + 1);
    if (plan->node_bytes % 8 != 0)
        return refuse(host, error, "node", "node must be a multiple of 8 bytes");
    if (plan->node_bytes >= least)
        return STW_OK;
    snprintf(message, sizeof message,
             "a node with pointers = %llu takes at least %llu bytes, but node = %llu",
             (unsigned long long)plan->pointers, (unsigned long long)least,
             (unsigned long long)plan->node_bytes);
    return refuse(host, error, "node", message);
}

/* Sets how many nodes and landmarks a mutator has of its share of the live bytes. */
static stw_status divide(const struct stw_host *host, struct plan *plan, uint64_t share,
                         struct stw_error *error)
{
    char message[sizeof error->message];
    plan->landmarks = share / (plan->node_bytes + 8);
    if (plan->landmarks > LANDMARKS_MAX)
        plan->landmarks = LANDMARKS_MAX;
    plan->nodes = (share - 8 * plan->landmarks) / plan->node_bytes;
    if (plan->landmarks == 0) {
        snprintf(message, sizeof message,
                 "live leaves %llu bytes to each mutator, less than a node of %llu and its place "
                 "in a table", (unsigned long long)share, (unsigned long long)plan->node_bytes);
        return refuse(host, error, "live", message);
    }
    if (plan->held <= plan->nodes)
        return STW_OK;
    snprintf(message, sizeof message,
             "stack holds %llu addresses of distinct nodes, but each mutator has %llu to offer",
             (unsigned long long)plan->held, (unsigned long long)plan->nodes);
    return refuse(host, error, "stack", message);
}

static void describe_node(struct plan *plan)
{
    uint64_t words = plan->link + 1; /* pointers, then the link */
    for (uint64_t i = 0; i < sizeof plan->node_mask / sizeof *plan->node_mask; i++)
        plan->node_mask[i] = words <= 64 * i ? 0 : words >= 64 * i + 64 ? ~0ull
                                                 : (1ull << (words - 64 * i)) - 1;
    plan->node_type = (struct stw_type){sizeof(struct stw_type), 0, plan->node_bytes, 8 * words,
                                        plan->node_mask, "live-graph node"};
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct plan *plan = STW_PLAN_NEW(host, config, error, struct plan, bindings);
    if (!plan)
        return STW_E_NOMEM;
    plan->link = plan->pointers;
    plan->value = plan->pointers + 1;
    plan->held = (plan->stack_bytes + 7) / 8;
    plan->garbage = (plan->garbage_bytes + GARBAGE_BYTES - 1) / GARBAGE_BYTES;
    stw_status status = check_node(host, plan, error);
    if (status == STW_OK)
        status = divide(host, plan, plan->live_bytes / host->mutator_count(host), error);
    if (status != STW_OK) {
        free(plan);
        return status;
    }
    describe_node(plan);
    *self = plan;
    return STW_OK;
}

/* Building. */

static uint64_t *new_node(const struct plan *plan, struct stw_mutator *m, const struct state *s,
                          uint64_t number)
{
    uint64_t *node = stw_alloc(m, plan->node_bytes, &plan->node_type);
    node[plan->value] = node_value(s->salt, number);
    uint64_t made = landmarks_made(plan, number);
    if (landmark_node(plan, made - 1) == number)
        stw_store(m, &s->landmarks[made - 1], node);
    stw_store(m, &node[0], s->last);
    for (uint64_t i = 1; i < plan->pointers; i++)
        stw_store(m, &node[i], s->landmarks[target(made, s->salt, number, i)]);
    return node;
}

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    (void)error;
    const struct plan *plan = self;
    const char *site = stw_site(m, "live-graph setup");
    struct state *s = stw_alloc(m, sizeof *s, &state_type);
    s->salt = stw_mix(trial->seed + stw_mix(m->index));
    stw_store(m, &s->landmarks, stw_alloc(m, 8 * plan->landmarks, &table_type));
    for (uint64_t number = 0; number < plan->nodes; number++) {
        stw_store(m, &s->last, new_node(plan, m, s, number));
        if (number + 1 == plan->held)
            stw_store(m, &s->top, s->last);
        stw_poll(m);
    }
    *state = s;
    stw_site(m, site);
    return STW_OK;
}

/* Operations. */

struct work {
    const struct plan *plan;
    struct stw_mutator *m;
    struct state *state;
    uint64_t number; /* of the operation */
};

/* Adds what a link that is gone from the graph held. */
static void count_link(struct state *s, const struct garbage *cell)
{
    if (cell)
        s->sum += cell->value;
}

/* Puts a cell into a landmark's link. What was there is then in `*place` on the stack only. */
static void replace_link(const struct work *w, struct garbage *cell,
                         struct garbage *volatile *place)
{
    struct state *s = w->state;
    uint64_t linked = w->plan->landmarks < LINKED_MAX ? w->plan->landmarks : LINKED_MAX;
    uint64_t *landmark = s->landmarks[s->links % linked];
    cell->value = link_value(s->salt, s->links);
    stw_store(w->m, &cell->landmark, landmark);
    count_link(s, *place);
    *place = (struct garbage *)(uintptr_t)landmark[w->plan->link];
    stw_store(w->m, &landmark[w->plan->link], cell);
    s->links++;
}

static void make_garbage(const struct work *w)
{
    struct garbage *volatile ring[RING] = {0};
    const char *site = stw_site(w->m, "live-graph garbage");
    for (uint64_t i = 0; i < w->plan->garbage; i++) {
        struct garbage *cell = stw_alloc(w->m, sizeof *cell, &garbage_type);
        if (i % LINK_EVERY != 0)
            continue;
        replace_link(w, cell, &ring[i / LINK_EVERY % RING]);
        stw_poll(w->m);
    }
    for (uint32_t i = 0; i < RING; i++)
        count_link(w->state, ring[i]);
    stw_site(w->m, site);
}

/* One frame holds nodes from `node` on, the frames below it the rest of those that are left. */
__attribute__((noinline)) static void descend(const struct work *w, uint64_t *node, uint64_t left)
{
    uint64_t *volatile held[FRAME_WORDS];
    uint64_t count = left < FRAME_WORDS ? left : FRAME_WORDS;
    for (uint64_t i = 0; i < count; i++) {
        held[i] = node;
        node = (uint64_t *)(uintptr_t)node[0];
    }
    stw_poll(w->m);
    if (left > count)
        descend(w, node, left - count);
    else
        make_garbage(w);
    uint64_t checked = w->number % FRAME_WORDS;
    if (checked < count)
        w->state->sum += held[checked][w->plan->value];
    stw_poll(w->m);
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const char *site = stw_site(m, "live-graph stack");
    const struct work work = {self, m, state, number};
    descend(&work, work.state->top, work.plan->held);
    stw_site(m, site);
}

/* The checksum. */

/* Polls: others may still be at work, and their stops shall not wait for this walk. */
static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    const struct plan *plan = self;
    const struct state *s = state;
    uint64_t sum = s->sum;
    const uint64_t *node = s->last;
    for (uint64_t number = plan->nodes; number-- > 0; stw_poll(m)) {
        uint64_t value = node[plan->value];
        sum += stw_mix(value + number);
        for (uint64_t i = 1; number % CROSS_SAMPLE == 0 && i < plan->pointers; i++)
            sum += edge(value, ((const uint64_t *)(uintptr_t)node[i])[plan->value], i);
        const struct garbage *last = (const struct garbage *)(uintptr_t)node[plan->link];
        sum += last ? last->value : 0;
        node = (const uint64_t *)(uintptr_t)node[0];
    }
    return sum;
}

/* Nodes and pointers. */
static uint64_t expect_graph(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t sum = 0;
    for (uint64_t number = 0; number < plan->nodes; number++, stw_poll(m)) {
        uint64_t value = node_value(salt, number);
        sum += stw_mix(value + number);
        for (uint64_t i = 1; number % CROSS_SAMPLE == 0 && i < plan->pointers; i++) {
            uint64_t to = target(landmarks_made(plan, number), salt, number, i);
            sum += edge(value, node_value(salt, landmark_node(plan, to)), i);
        }
    }
    return sum;
}

/* The nodes that operations read back through the stack. */
static uint64_t expect_stack(const struct plan *plan, struct stw_mutator *m, uint64_t salt)
{
    uint64_t sum = 0;
    for (uint64_t number = 0; number < plan->operations; number++)
        for (uint64_t i = number % FRAME_WORDS; i < plan->held; i += FRAME_WORDS, stw_poll(m))
            sum += node_value(salt, plan->held - 1 - i);
    return sum;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    const struct plan *plan = self;
    uint64_t salt = ((const struct state *)state)->salt;
    uint64_t links = plan->operations * ((plan->garbage + LINK_EVERY - 1) / LINK_EVERY);
    *sum = expect_graph(plan, m, salt) + expect_stack(plan, m, salt);
    for (uint64_t number = 0; number < links; number++, stw_poll(m))
        *sum += link_value(salt, number);
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
    STW_PLUGIN("workload", "live-graph", "Keeps a graph and a deep stack while it makes garbage")
    STW_PARAM_U64("live", "bytes", 64MiB, 4KiB, 64GiB, "live nodes of all mutators together")
    STW_PARAM_U64("node", "bytes", 64, 24, 32768, "size of a node")
    STW_PARAM_U64("pointers", "pointers", 4, 1, 4094, "pointers in a node; 1: a list")
    STW_PARAM_U64("stack", "bytes", 4KiB, 0, 1MiB,
                  "stack of each mutator that is full of addresses of distinct nodes")
    STW_PARAM_U64("allocate", "bytes", 1MiB, 0, 1GiB, "garbage of one operation")
    STW_PARAM_U64("operations", "operations", 100, 1, 100000000, "operations of each mutator"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "live-graph", &ops));
