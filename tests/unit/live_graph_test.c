/* unit/live_graph_test.c: the workload live-graph: its graph, stack, checksum and refusals.
 *
 * Method: on fake mutators, the graph is walked and counted, the stack is looked through while an
 * operation allocates, and single words are falsified, each of which the checksum must show. Then
 * it runs over the real collector, audited, with small heaps. */
/* sources: experiments/workloads/live-graph.c plugins/allocators/go.c */
/* sources: tests/support/gc_rig.c */
#include "base/error.h"
#include "gc_rig.h"
#include "testing/rig.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

const struct stw_descriptor *stw_plugin_entry_live_graph(void);

struct settings {
    uint64_t live, node, pointers, stack, allocate, operations, seed;
    uint32_t mutators;
};

/* 808 nodes and their places in the table of landmarks. */
static const struct settings usual = {.live = 58176, .node = 64, .pointers = 4, .stack = 5000,
                                      .allocate = 65536, .operations = 5, .seed = 1,
                                      .mutators = 1};
#define USUAL_NODES 808u

static struct stw_loaded workload;
static struct stw_trial trial;
static void *states[4];

/* The first words of a mutator's state. */
struct kept {
    uint64_t *last, *top;
    uint64_t **landmarks;
};

static stw_status create(const struct settings *s, const struct stw_host *host,
                         struct stw_error *error)
{
    static struct stw_value values[6];
    static struct stw_config config = {
        .struct_size = sizeof config, .value_count = 6, .values = values};
    const struct { const char *name; uint64_t value; } settings[] = {
        {"live", s->live}, {"node", s->node}, {"pointers", s->pointers},
        {"stack", s->stack}, {"allocate", s->allocate}, {"operations", s->operations}};
    for (uint32_t i = 0; i < 6; i++)
        values[i] = (struct stw_value){.name = settings[i].name, .type = STW_TYPE_U64,
                                       .as_u64 = settings[i].value};
    rig_adopt(STW_KIND_WORKLOAD, "live-graph", stw_plugin_entry_live_graph(), &workload);
    cr_assert_eq(stw_plugin_configure(&workload, &config, error), STW_OK);
    return workload.ops.workload.create(host, &config, error, &workload.self);
}

static void set_up(struct stw_mutator *m)
{
    struct stw_error error = STW_ERROR_INIT;
    void *state = NULL;
    cr_assert_eq(m->host->root_add(m->host, &states[m->index], 1), STW_OK);
    cr_assert_eq(workload.ops.workload.setup(workload.self, m, &trial, &error, &state), STW_OK);
    stw_store(m, &states[m->index], state);
}

static void create_on(const struct settings *s, const struct stw_host *host)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(create(s, host, &error), STW_OK, "%s: %s", error.field, error.message);
    trial = (struct stw_trial){sizeof trial, s->mutators, s->seed, NULL};
}

static void start(const struct settings *s)
{
    create_on(s, fake_host_new(s->mutators));
    for (uint32_t i = 0; i < s->mutators; i++)
        set_up(fake_mutator(i));
}

static void operate_all(struct stw_mutator *m)
{
    uint64_t count = workload.ops.workload.operations(workload.self);
    for (uint64_t number = 0; number < count; number++)
        workload.ops.workload.operate(workload.self, m, states[m->index], number);
}

static uint64_t checksum_of(struct stw_mutator *m)
{
    return workload.ops.workload.checksum(workload.self, m, states[m->index]);
}

static uint64_t expected_of(struct stw_mutator *m)
{
    uint64_t sum = 0;
    cr_assert_eq(workload.ops.workload.expected(workload.self, m, states[m->index], &sum), 1);
    return sum;
}

static void tear_down(struct stw_mutator *m)
{
    stw_store(m, &states[m->index], NULL); /* all that the host does at the end */
}

static void finish(void)
{
    workload.ops.workload.destroy(workload.self);
    fake_host_free();
}

static struct kept *kept(uint32_t mutator)
{
    return states[mutator];
}

static uint64_t run(const struct settings *s)
{
    uint64_t sum = 0;
    start(s);
    for (uint32_t i = 0; i < s->mutators; i++) {
        operate_all(fake_mutator(i));
        sum += checksum_of(fake_mutator(i));
    }
    finish();
    return sum;
}

/* The graph. */

/* Walks from the last node to the first. Returns how many there are. */
static uint64_t count_nodes(const struct settings *s)
{
    uint64_t count = 0;
    for (const uint64_t *node = kept(0)->last; node; node = (const uint64_t *)(uintptr_t)node[0]) {
        count++;
        cr_assert_eq(fake_cell_bytes(node), s->node);
        cr_assert_eq(fake_cell_start(node), node);
        for (uint64_t i = 1; i < s->pointers; i++) {
            cr_assert_eq(fake_cell_bytes((void *)(uintptr_t)node[i]), s->node);
            cr_assert_eq(fake_cell_start((void *)(uintptr_t)node[i]), (void *)(uintptr_t)node[i]);
        }
    }
    return count;
}

Test(live_graph, is_as_large_as_asked)
{
    const uint64_t nodes[][3] = {{64, 4, 4096}, {24, 1, 4104}, {64, 6, 58176}, {512, 4, 1000000},
                                 {2048, 250, 100000}, {64, 4, 15000000}};
    for (uint32_t i = 0; i < 6; i++) {
        struct settings s = usual;
        s.node = nodes[i][0];
        s.pointers = nodes[i][1];
        s.live = nodes[i][2];
        s.stack = 0;
        start(&s);
        uint64_t live = s.node * count_nodes(&s) + fake_cell_bytes(kept(0)->landmarks);
        cr_assert(live <= s.live && live + s.node + 8 > s.live, "case %u: %llu", i,
                  (unsigned long long)live);
        finish();
    }
}

/* live-graph.G1: with more nodes than places in the table. */
Test(live_graph, landmarks_lie_at_equal_distances)
{
    struct settings s = usual;
    s.live = 15000000; /* 217991 nodes */
    start(&s);
    uint64_t count = fake_cell_bytes(kept(0)->landmarks) / 8, number = count_nodes(&s);
    uint64_t landmark = count, total = number;
    cr_assert_eq(count, 131072);
    cr_assert_gt(total, count);
    for (const uint64_t *node = kept(0)->last; node; node = (const uint64_t *)(uintptr_t)node[0]) {
        number--;
        if (landmark * total / count > number)
            landmark--;
        uint64_t is_landmark = landmark * total / count == number;
        cr_assert_eq(kept(0)->landmarks[landmark] == node, is_landmark, "node %llu",
                     (unsigned long long)number);
    }
    cr_assert_eq(landmark, 0);
    finish();
}

Test(live_graph, pointers_lead_all_over_what_was_made_before)
{
    struct settings s = usual;
    uint32_t seen[USUAL_NODES] = {0}, distinct = 0;
    start(&s);
    cr_assert_eq(count_nodes(&s), USUAL_NODES);
    for (uint32_t from = 0; from < USUAL_NODES; from++)
        for (uint32_t i = 1; i < s.pointers; i++) {
            uint32_t to = 0;
            while (to <= from && (uintptr_t)kept(0)->landmarks[to]
                                     != kept(0)->landmarks[from][i])
                to++;
            cr_assert_leq(to, from, "to a node that was not made yet");
            seen[to]++;
        }
    for (uint32_t i = 0; i < USUAL_NODES; i++)
        distinct += seen[i] > 0;
    cr_assert_gt(distinct, USUAL_NODES / 2);
    finish();
}

static uint64_t marked_nodes(const uint64_t *last)
{
    uint64_t count = 0;
    fake_unmark();
    fake_mark_roots();
    for (const uint64_t *node = last; node; node = (const uint64_t *)(uintptr_t)node[0])
        count += fake_is_marked(node);
    return count;
}

Test(live_graph, is_kept_by_its_state)
{
    start(&usual);
    operate_all(fake_mutator(0));
    const uint64_t *last = kept(0)->last;
    uint64_t before = fake_counts()->allocs;
    cr_assert_eq(marked_nodes(last), USUAL_NODES);
    checksum_of(fake_mutator(0));
    expected_of(fake_mutator(0));
    cr_assert_eq(fake_counts()->allocs, before, "checks allocate nothing");
    tear_down(fake_mutator(0));
    cr_assert_eq(marked_nodes(last), 0);
    finish();
}

Test(live_graph, a_node_says_where_its_pointers_are)
{
    const uint64_t nodes[][2] = {{24, 1}, {64, 4}, {520, 62}, {528, 63}, {536, 64}, {32768, 4094},
                                 {32768, 1}};
    for (uint32_t i = 0; i < 7; i++) {
        struct settings s = usual;
        s.node = nodes[i][0];
        s.pointers = nodes[i][1];
        s.live = 200000;
        s.stack = 0;
        start(&s);
        const struct stw_type *type = fake_cell_type(kept(0)->last);
        cr_assert_eq(type->element_bytes, s.node);
        cr_assert_eq(type->pointer_bytes, 8 * (s.pointers + 1));
        for (uint64_t word = 0; word < s.node / 8; word++)
            cr_assert_eq(type->pointer_mask[word / 64] >> word % 64 & 1, word <= s.pointers,
                         "case %u word %llu", i, (unsigned long long)word);
        finish();
    }
}

/* The stack. */

static uintptr_t stack_top;
static uint64_t hook_calls;
static uint64_t held_words_least, held_nodes_least, loose_cells_most;

/* Adds up what the words of the stack are, from here to the test's frame. */
__attribute__((noinline, no_sanitize("address"))) static void look(
    const uintptr_t *low, uint64_t *words, uint64_t *nodes, uint64_t *loose)
{
    static unsigned char seen[USUAL_NODES];
    memset(seen, 0, sizeof seen);
    for (const uintptr_t *word = low; word < (const uintptr_t *)stack_top; word++) {
        const struct stw_type *type = fake_cell_type((void *)*word);
        if (!type || fake_cell_start((void *)*word) != (void *)*word)
            continue;
        if (strcmp(type->name, "live-graph garbage") == 0 && !fake_is_marked((void *)*word))
            ++*loose;
        if (strcmp(type->name, "live-graph node") != 0)
            continue;
        ++*words;
        for (uint32_t i = 0; i < USUAL_NODES; i++)
            if (kept(0)->landmarks[i] == (const uint64_t *)*word && !seen[i]) {
                seen[i] = 1;
                ++*nodes;
            }
    }
}

/* At a few of the allocations: looking takes long. */
static void look_at_stack(struct stw_mutator *m, void *context)
{
    uintptr_t here = 0;
    uint64_t words = 0, nodes = 0, loose = 0;
    (void)m;
    (void)context;
    if (hook_calls++ % 1024 != 1023)
        return;
    fake_unmark();
    fake_mark_roots();
    look((const uintptr_t *)((uintptr_t)&here & ~(uintptr_t)7), &words, &nodes, &loose);
    if (words < held_words_least)
        held_words_least = words;
    if (nodes < held_nodes_least)
        held_nodes_least = nodes;
    if (loose > loose_cells_most)
        loose_cells_most = loose;
}

/* Runs operations while somebody looks. */
static void watch(const struct settings *s)
{
    uintptr_t here = 0;
    start(s);
    hook_calls = loose_cells_most = 0;
    held_words_least = held_nodes_least = UINT64_MAX;
    stack_top = (uintptr_t)&here & ~(uintptr_t)7;
    fake_on_alloc(look_at_stack, NULL);
    operate_all(fake_mutator(0));
    cr_assert_gt(hook_calls, 2048);
    finish();
}

Test(live_graph, the_stack_is_full_of_distinct_nodes_while_it_allocates)
{
    const uint64_t stacks[] = {8, 512, 513, 5000, 8 * USUAL_NODES};
    for (uint32_t i = 0; i < 5; i++) {
        struct settings s = usual;
        s.stack = stacks[i];
        watch(&s);
        cr_assert_geq(held_nodes_least, (s.stack + 7) / 8);
        cr_assert_leq(held_words_least, (s.stack + 7) / 8 + 64, "stack %llu",
                      (unsigned long long)s.stack);
    }
}

/* live-graph.G3: what a barrier and a stack scan are needed for. */
Test(live_graph, a_replaced_link_lives_on_the_stack_alone)
{
    watch(&usual);
    cr_assert_geq(loose_cells_most, 8);
}

Test(live_graph, stores_pointers_with_the_barrier)
{
    create_on(&usual, fake_host_new(1));
    fake_marking_begin();
    set_up(fake_mutator(0));
    operate_all(fake_mutator(0));
    tear_down(fake_mutator(0));
    cr_assert_eq(fake_marking_check(), 0);
    cr_assert_gt(fake_counts()->flushes, 1);
    fake_marking_end();
    finish();
}

/* The checksum. */

Test(live_graph, knows_its_checksum_without_a_graph)
{
    struct settings inputs[12];
    for (uint32_t i = 0; i < 12; i++)
        inputs[i] = usual;
    inputs[1].stack = 0;
    inputs[2].stack = 8 * USUAL_NODES;
    inputs[3].allocate = 0;
    inputs[4].allocate = 1;
    inputs[5].pointers = 1;
    inputs[6].operations = 150;
    inputs[7].node = 2048;
    inputs[7].stack = 8;
    inputs[8].live = 4096;
    inputs[8].stack = 64;
    inputs[9].live = 15000000;
    inputs[10].seed = 99;
    inputs[11].allocate = 1000000;
    for (uint32_t i = 0; i < 12; i++) {
        start(&inputs[i]);
        operate_all(fake_mutator(0));
        cr_assert_eq(checksum_of(fake_mutator(0)), expected_of(fake_mutator(0)), "input %u", i);
        finish();
    }
}

Test(live_graph, the_checksum_tells_inputs_apart)
{
    struct settings inputs[8];
    uint64_t sums[8];
    for (uint32_t i = 0; i < 8; i++)
        inputs[i] = usual;
    inputs[1].seed = 2;
    inputs[2].live += 72;
    inputs[3].pointers = 5;
    inputs[4].stack = 6000; /* another frame */
    inputs[5].allocate *= 2;
    inputs[6].operations = 6;
    inputs[7].live *= 2;
    inputs[7].mutators = 2;
    for (uint32_t i = 0; i < 8; i++) {
        sums[i] = run(&inputs[i]);
        cr_assert_eq(run(&inputs[i]), sums[i], "input %u is not repeatable", i);
        for (uint32_t k = 0; k < i; k++)
            cr_assert_neq(sums[i], sums[k], "inputs %u and %u", i, k);
    }
}

/* live-graph.G1: what a mutator computes depends on its number and its share, not on the others. */
Test(live_graph, mutators_share_the_live_bytes)
{
    struct settings s = usual;
    uint64_t alone = run(&s), total = 0;
    s.live *= 3;
    s.mutators = 3;
    start(&s);
    for (uint64_t number = 0; number < s.operations; number++)
        for (uint32_t i = s.mutators; i-- > 0;)
            workload.ops.workload.operate(workload.self, fake_mutator(i), states[i], number);
    cr_assert_eq(checksum_of(fake_mutator(0)), alone);
    for (uint32_t i = 0; i < s.mutators; i++) {
        cr_assert_eq(checksum_of(fake_mutator(i)), expected_of(fake_mutator(i)));
        total += checksum_of(fake_mutator(i));
    }
    cr_assert_neq(checksum_of(fake_mutator(0)), checksum_of(fake_mutator(1)));
    finish();
    cr_assert_eq(run(&s), total, "operations may come in any order");
}

/* What a collector that frees too much would do, one word at a time. */
static void damage(uint32_t kind)
{
    uint64_t *node = kept(0)->landmarks[640]; /* a multiple of 64: its pointers are read */
    const struct settings *s = &usual;
    uint64_t link = s->pointers, value = s->pointers + 1;
    if (kind == 0)
        node[value]++;
    if (kind == 1)
        node[2] = (uint64_t)(uintptr_t)kept(0)->landmarks[641];
    if (kind == 2)
        node[link] = 0;
    if (kind == 3)
        ((uint64_t *)(uintptr_t)node[link])[1] = 0;
    if (kind == 4) {
        uint64_t spare = kept(0)->landmarks[5][value]; /* the graph is whole, the order is not */
        kept(0)->landmarks[5][value] = kept(0)->landmarks[7][value];
        kept(0)->landmarks[7][value] = spare;
    }
}

Test(live_graph, a_damaged_graph_changes_the_checksum)
{
    for (uint32_t kind = 0; kind < 5; kind++) {
        start(&usual);
        operate_all(fake_mutator(0));
        damage(kind);
        cr_assert_neq(checksum_of(fake_mutator(0)), expected_of(fake_mutator(0)), "kind %u", kind);
        finish();
    }
}

/* Wipes, once, a cell that an operation has on its stack only, or the node of a word there; the
 * node gets its value back before the graph is walked. */
#define WIPED (5000u / 8 - 1 - 512) /* a first word of a frame: operation 0 reads it back */
static uint64_t wiped_value;
static struct settings wiping;

static void wipe(struct stw_mutator *m, void *context)
{
    static const void *replaced;
    uint64_t *node = kept(0)->landmarks[WIPED];
    (void)m;
    if (hook_calls == 0)
        replaced = NULL;
    hook_calls++;
    if (*(const char *)context == 'n' && hook_calls == 10) {
        wiped_value = node[wiping.pointers + 1];
        node[wiping.pointers + 1] = 0;
    }
    uint64_t *cell = (uint64_t *)(uintptr_t)node[wiping.pointers];
    if (*(const char *)context == 'l' && replaced && cell != replaced && wiped_value == 0) {
        ((uint64_t *)(uintptr_t)replaced)[1] = 0;
        wiped_value = 1;
    }
    replaced = cell;
}

/* live-graph.G2 */
Test(live_graph, damage_to_what_only_the_stack_holds_changes_the_checksum)
{
    wiping = usual;
    wiping.operations = 1;
    wiping.allocate = 1000000; /* so that every link is replaced */
    const char *const kinds[] = {"", "node", "link"};
    for (uint32_t i = 0; i < 3; i++) {
        start(&wiping);
        hook_calls = wiped_value = 0;
        fake_on_alloc(wipe, (void *)(uintptr_t)kinds[i]);
        operate_all(fake_mutator(0));
        cr_assert_eq(wiped_value != 0, i > 0);
        if (i == 1)
            kept(0)->landmarks[WIPED][wiping.pointers + 1] = wiped_value;
        cr_assert_eq(checksum_of(fake_mutator(0)) == expected_of(fake_mutator(0)), i == 0,
                     "%s", kinds[i]);
        finish();
    }
}

/* Refusals. */

static void refuses(struct settings s, const char *field, const char *message)
{
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_host *host = fake_host_new(s.mutators);
    cr_assert_eq(create(&s, host, &error), STW_E_INVALID, "%s", message);
    cr_assert_str_eq(error.field, field);
    cr_assert_str_eq(error.message, message);
    fake_host_free();
}

Test(live_graph, refuses_parameters_that_contradict_each_other)
{
    struct settings s = usual;
    s.node = 60;
    refuses(s, "node", "node must be a multiple of 8 bytes");
    s.node = 40;
    refuses(s, "node", "a node with pointers = 4 takes at least 48 bytes, but node = 40");
    s = usual;
    s.stack = 8 * USUAL_NODES + 1;
    refuses(s, "stack",
            "stack holds 809 addresses of distinct nodes, but each mutator has 808 to offer");
    s = usual;
    s.mutators = 2;
    refuses(s, "stack",
            "stack holds 625 addresses of distinct nodes, but each mutator has 404 to offer");
    s.live = 142;
    refuses(s, "live", "live leaves 71 bytes to each mutator, less than a node of 64 and its place "
                       "in a table");
    s.live = 144;
    s.stack = 16;
    refuses(s, "stack",
            "stack holds 2 addresses of distinct nodes, but each mutator has 1 to offer");
    s.stack = 8;
    start(&s);
    finish();
}

/* The real collector. */

static void *run_thread(void *context)
{
    struct stw_mutator *m = gc_rig_attach(*(const uint32_t *)context);
    set_up(m);
    operate_all(m);
    cr_assert_eq(checksum_of(m), expected_of(m), "mutator %u", m->index);
    tear_down(m);
    stw_mutator_detach(m);
    return NULL;
}

/* Audited cycles, forced by allocations: so nearly all of them find the forcing mutator at the
 * bottom of its stack. */
static void collect_in_mode(uint32_t mode, uint32_t mutators)
{
    static const uint32_t indices[] = {0, 1};
    const struct settings s = {.live = mutators * (1u << 20), .node = 64, .pointers = 4,
                               .stack = 65536, .allocate = 1u << 20, .operations = 12, .seed = 7,
                               .mutators = mutators};
    pthread_t threads[2];
    gc_rig_options.gc.mode = mode;
    gc_rig_options.gc.stress = 8192;
    gc_rig_options.mutators = mutators;
    gc_rig_start();
    create_on(&s, stw_host_handle(NULL));
    for (uint32_t i = 0; i < mutators; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_thread, (void *)(uintptr_t)&indices[i]),
                     0);
    for (uint32_t i = 0; i < mutators; i++)
        pthread_join(threads[i], NULL);
    stw_runtime_stop();
    const struct stw_totals totals = stw_gc_snapshot(stw_runtime_gc()).totals;
    cr_assert_gt(totals.cycles, 40); /* a mutator's 12 * 32768 garbage cells make 48 */
    cr_assert_gt(totals.stack_bytes, s.stack * totals.cycles * 9 / 10);
    workload.ops.workload.destroy(workload.self);
}

Test(live_graph, survives_collections_in_one_stop)
{
    collect_in_mode(STW_MODE_STW, 1);
}

Test(live_graph, survives_concurrent_collections)
{
    collect_in_mode(STW_MODE_CONCURRENT, 1);
}

Test(live_graph, survives_concurrent_collections_with_company)
{
    collect_in_mode(STW_MODE_CONCURRENT, 2);
}

Test(live_graph, survives_collections_that_scan_stacks_again)
{
    collect_in_mode(STW_MODE_RESCAN, 2);
}
