/* tests/stress/gc_stress.c: goal: no live cell is lost, no free cell is live, under every mode.
 * Rules: abi.M1 (a cell's words tell where it was made), abi.M2, gc.G3, gc.R1, gc.U1, heap.H3,
 * heap.H4; by ThreadSanitizer gc.K2, heap.H2; with the mutants those that they name. */
/* sources: plugins/allocators/go.c plugins/allocators/bump.c tests/support/gc_rig.c */
/* Method: mutators build and rewire a graph of cells of every layout (tiny, bitmap, header, large,
 * pointer-free), hang cells into each other's tables, keep some only in local variables, block,
 * yield and force collections at random. Every cell carries its identity in every word that is not
 * a pointer, and is checked whenever it is met. Audits run after every mark phase, with two seeds
 * of three, and swept cells are poisoned, so a lost cell shows at once. A plain program: Criterion
 * does not run under TSan.
 *
 * In hostile builds the seed is that of the delays at edges too, unless STW_SEED says otherwise.
 *
 * usage: gc_stress [mode=stw|concurrent|rescan] [seed=N] [ms=N] [mutators=N] [processors=N]
 *                  [stress=N] [gogc=N] [period=MICROSECONDS] [stepped=1] [allocator=go|bump]
 * Prints what it did; aborts on a bad cell. */
#include "base/random.h"
#include "gc/collector.h"
#include "gc_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_SLOTS 512u
#define LINKS 3u
#define THREADS 64u
#define LIVES 4u /* times that each thread attaches; 256 records are the most in a process */
#define UNAUDITED 3u /* seeds without audits: what stops leave undone is done later then */
#define HELD 8u         /* cells that a thread keeps on its stack alone */
#define WIDE_SLOTS (STW_LIMIT_OBLET_BYTES / 8 + 5000u) /* a large cell of two oblets or more */
#define ROOT_SLOTS 64u
#define TINY_BYTES 7u
#define CHAIN 40u
#define CUT_POLLS 100u /* so slow that handshakes overtake it */
#define LEAVE_NS_MAX 50000000u /* a cycle or two */

/* A cell: `LINKS` pointers, then its identity repeated to its end. */
struct node {
    struct node *links[LINKS];
    uint64_t words; /* of the payload */
    uint64_t payload[];
};

static const uint64_t link_mask[1] = {(1u << LINKS) - 1};
static const uint64_t table_mask[1] = {1};
/* An element of a node's type is the whole small node; larger ones repeat a group whose first LINKS
 * words are pointers, so payload words that fall on them stay null. */
static const struct stw_type node_type = {sizeof(struct stw_type), 0, 64, LINKS * 8, link_mask,
                                          "node"};
static const struct stw_type table_type = {sizeof(struct stw_type), 0, 8, 8, table_mask, "table"};

struct thread {
    pthread_t handle;
    struct stw_mutator *m;
    struct stw_random random;
    void *table; /* root */
    void *wide;  /* root; a large cell of pointers */
    void *chain; /* root; others take it */
    void *roots[ROOT_SLOTS]; /* a range that comes and goes */
    uint32_t has_roots;
    uint32_t has_ended; /* atomic */
    uint32_t index;
    uint64_t made, met, blobs;
};

const struct stw_descriptor *stw_plugin_entry_bump(void);

static struct thread threads[THREADS];
static struct {
    uint64_t ms, seed, mutators, processors, stress, gogc, period, stepped, mode;
} config = {1000, 1, 3, 2, 0, 50, 0, 0, STW_MODE_CONCURRENT};
static uint64_t deadline_ns;

static _Noreturn void bad(const char *what, const void *cell, uint64_t found)
{
    fprintf(stderr, "gc_stress: %s at %p: %#llx (seed %llu)\n", what, cell,
            (unsigned long long)found, (unsigned long long)config.seed);
    abort();
}

static uint64_t stamp(const struct node *node, uint64_t i)
{
    return ((uint64_t)(uintptr_t)node ^ i * 0x9e3779b97f4a7c15u) | 1;
}

/* Word `i` of the payload lies on a pointer word of its group. */
static int is_link(uint64_t i)
{
    return (i + 4) % 8 < LINKS;
}

static int is_marking(void)
{
    return stw__phase(stw_runtime_gc()) == STW_PHASE_MARK;
}

/* Between two safepoints a mutator sees neither the world stopped nor what only a stop changes
 * (gc.G3). */
static void run_undisturbed(const struct stw_mutator *m)
{
    const struct stw_gc *gc = stw_runtime_gc();
    uint32_t marking = m->marking, generation = gc->heap.generation;
    for (uint32_t i = 0; i < 1000; i++) {
        if (__atomic_load_n(&gc->world.stopped, __ATOMIC_SEQ_CST))
            bad("a mutator runs in the stopped world", m, m->index);
        if (__atomic_load_n(&m->marking, __ATOMIC_RELAXED) != marking || is_marking() != !!marking
            || __atomic_load_n(&gc->heap.generation, __ATOMIC_RELAXED) != generation)
            bad("the phase changes while a mutator runs", m, m->index);
    }
}

static void check(const struct node *node)
{
    uint64_t words = node->words;
    if (words > 1u << 20)
        bad("size is not a size", node, words);
    for (uint64_t i = 0; i < words; i++)
        if (node->payload[i] != (is_link(i) ? 0 : stamp(node, i)))
            bad("payload is overwritten", node, node->payload[i]);
}

static struct node *load(void *const *slot)
{
    return __atomic_load_n((struct node *const *)(const void *)slot, __ATOMIC_ACQUIRE);
}

/* Sizes: mostly one group, sometimes up to the header layout, seldom large. */
static uint64_t pick_groups(struct stw_random *random)
{
    uint32_t draw = stw_random_below(random, 1000);
    if (draw < 900)
        return 1 + stw_random_below(random, 8);
    if (draw < 995)
        return 9 + stw_random_below(random, 300);
    return 600 + stw_random_below(random, 5000);
}

static struct node *make_sized(struct thread *t, uint64_t groups)
{
    struct node *node = stw_alloc(t->m, groups * 64, &node_type);
    for (uint64_t i = 0; i < groups * 8; i++)
        if (((uint64_t *)node)[i] != 0)
            bad("a new cell is not zero", node, ((uint64_t *)node)[i]);
    node->words = groups * 8 - 4;
    for (uint64_t i = 0; i < node->words; i++)
        if (!is_link(i))
            node->payload[i] = stamp(node, i);
    t->made++;
    return node;
}

static struct node *make_node(struct thread *t)
{
    return make_sized(t, pick_groups(&t->random));
}

/* Pointer-free cells of all sizes live only on the stack, over a few allocations. */
static void churn_blobs(struct thread *t)
{
    unsigned char *blobs[8];
    uint32_t sizes[8];
    for (uint32_t i = 0; i < 8; i++) {
        sizes[i] = 1 + stw_random_below(&t->random, i == 7 ? 60000 : 40);
        blobs[i] = stw_alloc(t->m, sizes[i], NULL);
        for (uint32_t j = 0; j < sizes[i]; j++)
            if (blobs[i][j])
                bad("a new blob is not zero", blobs[i], blobs[i][j]);
        memset(blobs[i], (int)(0x40 + i), sizes[i]);
    }
    stw_poll(t->m);
    for (uint32_t i = 0; i < 8; i++)
        for (uint32_t j = 0; j < sizes[i]; j++)
            if (blobs[i][j] != 0x40 + i)
                bad("a blob is overwritten", blobs[i], blobs[i][j]);
    t->blobs += 8;
}

static void **slot_of(struct thread *owner, uint32_t at)
{
    void **table = __atomic_load_n((void ***)(void *)&owner->table, __ATOMIC_ACQUIRE);
    return &table[at];
}

/* Walks a random path and checks every cell on it. */
static void walk(struct thread *t, struct node *node)
{
    for (uint32_t depth = 0; node && depth < 20; depth++) {
        check(node);
        t->met++;
        node = load((void *const *)&node->links[stw_random_below(&t->random, LINKS)]);
        stw_poll(t->m);
    }
}

static void rewire(struct thread *t)
{
    struct thread *other = &threads[stw_random_below(&t->random, (uint32_t)config.mutators)];
    struct node *from = load(slot_of(t, stw_random_below(&t->random, TABLE_SLOTS)));
    struct node *to = load(slot_of(other, stw_random_below(&t->random, TABLE_SLOTS)));
    if (from)
        stw_store(t->m, &from->links[stw_random_below(&t->random, LINKS)], to);
}

/* Moves a cell from one table to another by way of this stack alone: what the barrier is for. */
static void move(struct thread *t)
{
    struct thread *other = &threads[stw_random_below(&t->random, (uint32_t)config.mutators)];
    void **from = slot_of(t, stw_random_below(&t->random, TABLE_SLOTS));
    struct node *node = load(from);
    stw_store(t->m, from, NULL);
    for (uint32_t i = stw_random_below(&t->random, 3); i > 0; i--)
        stw_poll(t->m);
    if (node)
        check(node);
    stw_store(t->m, slot_of(other, stw_random_below(&t->random, TABLE_SLOTS)), node);
}

/* What a thread keeps on its stack alone. */
struct held {
    struct node *nodes[HELD];
    unsigned char *tinies[HELD];
};

static void check_tiny(const unsigned char *tiny, uint32_t at)
{
    for (uint32_t i = 0; i < TINY_BYTES; i++)
        if (tiny[i] != 0x60 + at)
            bad("a tiny cell is overwritten", tiny, tiny[i]);
}

/* Takes a cell out of a table onto the stack, where it stays over many steps and safepoints: when
 * the stack was scanned before, only the deletion half of the barrier keeps it alive. */
static void hoard(struct thread *t, struct held *held)
{
    uint32_t at = stw_random_below(&t->random, HELD);
    struct node *back = held->nodes[at];
    if (back)
        check(back);
    void **slot = slot_of(t, stw_random_below(&t->random, TABLE_SLOTS));
    held->nodes[at] = load(slot);
    stw_store(t->m, slot, stw_random_below(&t->random, 4) ? NULL : back);
}

/* A new cell that no other knows stays on the stack; the one before it is published and forgotten:
 * when the stack was not scanned yet, only the insertion half of the barrier keeps it alive. */
static void publish(struct thread *t, struct held *held)
{
    struct thread *other = &threads[stw_random_below(&t->random, (uint32_t)config.mutators)];
    uint32_t at = stw_random_below(&t->random, HELD);
    if (held->nodes[at]) {
        check(held->nodes[at]);
        stw_store(t->m, slot_of(other, stw_random_below(&t->random, TABLE_SLOTS)),
                  held->nodes[at]);
    }
    held->nodes[at] = NULL;
    held->nodes[at] = make_node(t);
}

/* Tiny cells share blocks with others that may be dead. */
static void keep_tiny(struct thread *t, struct held *held)
{
    uint32_t at = stw_random_below(&t->random, HELD);
    if (held->tinies[at])
        check_tiny(held->tinies[at], at);
    held->tinies[at] = stw_alloc(t->m, TINY_BYTES, NULL);
    memset(held->tinies[at], (int)(0x60 + at), TINY_BYTES);
}

/* Cells that lie in registers alone, as far as there are registers, over safepoints and over a time
 * outside, which is long enough for a cycle to begin and end. */
static __attribute__((noinline)) void keep_in_registers(struct thread *t)
{
    struct node *a = make_node(t), *b = make_node(t), *c = make_node(t), *d = make_node(t);
    struct stw_mutator *m = t->m;
    for (uint32_t i = 0; i < 200; i++)
        stw_poll(m);
    stw_block_begin(m);
    stw_thread_yield();
    stw_block_end(m);
    check(a);
    check(b);
    check(c);
    check(d);
}

/* Somewhere in a large cell: each piece of it is scanned on its own. */
static void fill_wide(struct thread *t)
{
    void **wide = __atomic_load_n((void ***)(void *)&t->wide, __ATOMIC_ACQUIRE);
    uint32_t at = stw_random_below(&t->random, WIDE_SLOTS);
    struct node *node = make_node(t);
    walk(t, load(&wide[at]));
    stw_store(t->m, &wide[at], node);
}

/* A range of roots comes with cells that only a stack knew, is changed, and goes. */
static void change_roots(struct thread *t, struct held *held)
{
    if (!t->has_roots) {
        memset(t->roots, 0, sizeof t->roots);
        memcpy(t->roots, held->nodes, sizeof held->nodes); /* not roots yet: no barrier */
        stw_roots_add(stw_runtime_gc(), t->roots, ROOT_SLOTS);
        memset(held->nodes, 0, sizeof held->nodes);
        t->has_roots = 1;
    }
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t at = stw_random_below(&t->random, ROOT_SLOTS);
        walk(t, load(&t->roots[at]));
        stw_store(t->m, &t->roots[at], make_node(t));
    }
}

/* What only the roots knew is on a stack alone from here on. */
static void drop_roots(struct thread *t, struct held *held)
{
    if (!t->has_roots)
        return;
    for (uint32_t i = 0; i < HELD; i++)
        held->nodes[i] = load(&t->roots[ROOT_SLOTS - 1 - i]);
    stw_roots_remove(stw_runtime_gc(), t->roots);
    t->has_roots = 0;
}

/* Small cells in a row, each known by the one before it alone. */
static void make_chain(struct thread *t)
{
    struct node *head = NULL;
    for (uint32_t i = 0; i < CHAIN; i++) {
        struct node *node = make_sized(t, 1);
        stw_store(t->m, &node->links[0], head);
        head = node;
    }
    stw_store(t->m, &t->chain, head);
}

/* Walks a chain of another and cuts each link behind it: what is left hangs on this stack, and for
 * the marker on what the barrier recorded. */
static void cut_chain(struct thread *t)
{
    struct thread *other = &threads[stw_random_below(&t->random, (uint32_t)config.mutators)];
    struct node *node = load(&other->chain);
    stw_store(t->m, &other->chain, NULL);
    while (node) {
        check(node);
        struct node *next = load((void *const *)&node->links[0]);
        stw_store(t->m, &node->links[0], NULL);
        node = next;
        for (uint32_t i = 0; is_marking() && i < CUT_POLLS; i++)
            stw_poll(t->m);
    }
}

/* Outside managed code until a cycle has ended: others must do for this thread what the cycle asks
 * of it. The last thread never waits, so there is always one that begins cycles, until it ends. */
static void wait_for_cycle(struct thread *t)
{
    struct stw_gc *gc = stw_runtime_gc();
    if (t->index + 1 == config.mutators || config.stepped)
        return;
    uint32_t done = __atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST);
    stw_block_begin(t->m);
    while (__atomic_load_n(&gc->cycles_done, __ATOMIC_SEQ_CST) == done
           && !__atomic_load_n(&threads[config.mutators - 1].has_ended, __ATOMIC_SEQ_CST))
        stw_futex_wait(&gc->cycles_done, done, 100000);
    stw_block_end(t->m);
}

/* A new table replaces the old one, by way of a private copy and the bulk barrier. */
static void replace_table(struct thread *t)
{
    void **copy = stw_alloc(t->m, TABLE_SLOTS * 8, &table_type);
    void *fresh = stw_alloc(t->m, TABLE_SLOTS * 8, &table_type);
    for (uint32_t i = 0; i < TABLE_SLOTS; i++)
        stw_store(t->m, &copy[i], load(slot_of(t, i)));
    stw_copy(t->m, fresh, copy, TABLE_SLOTS * 8, &table_type);
    stw_copy(t->m, copy, NULL, TABLE_SLOTS * 8, &table_type);
    stw_store(t->m, &t->table, fresh);
}

static void step(struct thread *t, struct held *held)
{
    uint32_t draw = stw_random_below(&t->random, 1000);
    if (draw < 400) {
        struct node *node = make_node(t);
        rewire(t);
        check(node);
        stw_store(t->m, slot_of(t, stw_random_below(&t->random, TABLE_SLOTS)), node);
    } else if (draw < 600) {
        rewire(t);
    } else if (draw < 800) {
        walk(t, load(slot_of(t, stw_random_below(&t->random, TABLE_SLOTS))));
    } else if (draw < 900) {
        move(t);
    } else if (draw < 960) {
        churn_blobs(t);
    } else if (draw < 980) {
        struct node *node = make_node(t);
        stw_block_begin(t->m);
        if (draw < 962)
            stw_thread_yield();
        stw_block_end(t->m);
        run_undisturbed(t->m);
        check(node);
    } else if (draw < 984) {
        t->m->host->yield(t->m->host, t->m);
    } else if (draw < 986) {
        fill_wide(t);
    } else if (draw < 990) {
        change_roots(t, held);
    } else if (draw < 996) {
        keep_in_registers(t);
    } else if (draw < 999) {
        replace_table(t);
    } else {
        stw_gc_collect(t->m);
    }
}

/* What a thread does from one attach to the next detach. */
static __attribute__((noinline)) void live(struct thread *t, uint64_t until_ns)
{
    struct held held = {{NULL}, {NULL}};
    while (stw_clock_ns() < until_ns) {
        for (uint32_t i = 0; i < 16 && stw_clock_ns() < until_ns; i++)
            step(t, &held);
        hoard(t, &held);
        publish(t, &held);
        keep_tiny(t, &held);
        if (is_marking()) {
            drop_roots(t, &held);
            cut_chain(t);
            if (stw_random_below(&t->random, 4) == 0)
                wait_for_cycle(t);
        } else if (!load(&t->chain)) {
            make_chain(t);
        }
    }
    for (uint32_t i = 0; i < HELD; i++) {
        if (held.nodes[i])
            check(held.nodes[i]);
        if (held.tinies[i])
            check_tiny(held.tinies[i], i);
    }
}

/* The best moment to detach: marking has just begun, and the barrier's buffer is not empty. */
static void leave_marking(struct thread *t)
{
    uint64_t until_ns = stw_clock_ns() + LEAVE_NS_MAX;
    while (is_marking() && stw_clock_ns() < until_ns)
        stw_poll(t->m);
    while (!is_marking() && stw_clock_ns() < until_ns)
        stw_poll(t->m);
    for (uint32_t i = 0; i < 50; i++)
        move(t);
}

static void *run(void *context)
{
    struct thread *t = context;
    t->m = gc_rig_attach(t->index);
    t->random = stw_random_seed(config.seed, t->index);
    stw_store(t->m, &t->table, stw_alloc(t->m, TABLE_SLOTS * 8, &table_type));
    stw_store(t->m, &t->wide, stw_alloc(t->m, WIDE_SLOTS * 8, &table_type));
    static uint32_t arrived;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < config.mutators) {
        stw_block_begin(t->m);
        stw_thread_yield();
        stw_block_end(t->m);
    }
    uint64_t began_ns = stw_clock_ns();
    for (uint64_t life = 1; life <= LIVES; life++) {
        uint64_t left_ns = deadline_ns > began_ns ? deadline_ns - began_ns : 0;
        live(t, began_ns + left_ns * life / LIVES);
        if (life < LIVES && !config.stepped) {
            leave_marking(t);
            stw_mutator_detach(t->m);
            t->m = gc_rig_attach(t->index);
        }
    }
    if (t->has_roots)
        stw_roots_remove(stw_runtime_gc(), t->roots);
    for (uint32_t i = 0; i < TABLE_SLOTS; i++)
        walk(t, load(slot_of(t, i)));
    stw_gc_collect(t->m);
    stw_mutator_detach(t->m);
    __atomic_store_n(&t->has_ended, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void set(const char *name, const char *value)
{
    const struct { const char *name; uint64_t *target; } keys[] = {
        {"ms", &config.ms}, {"seed", &config.seed}, {"mutators", &config.mutators},
        {"processors", &config.processors}, {"stress", &config.stress}, {"gogc", &config.gogc},
        {"period", &config.period}, {"stepped", &config.stepped}};
    if (strcmp(name, "mode") == 0)
        config.mode = strcmp(value, "stw") == 0      ? STW_MODE_STW
                      : strcmp(value, "rescan") == 0 ? STW_MODE_RESCAN
                                                     : STW_MODE_CONCURRENT;
    if (strcmp(name, "allocator") == 0 && strcmp(value, "bump") == 0)
        gc_rig_entry = stw_plugin_entry_bump;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(name, keys[i].name) == 0)
            *keys[i].target = strtoull(value, NULL, 10);
}

static void start(void)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)config.seed);
    setenv("STW_SEED", seed, 0);
    gc_rig_options.mutators = (uint32_t)config.mutators;
    gc_rig_options.gc.mode = (uint32_t)config.mode;
    gc_rig_options.gc.percent = (int32_t)config.gogc;
    gc_rig_options.gc.processors = (uint32_t)config.processors;
    gc_rig_options.gc.stress = config.stress;
    gc_rig_options.gc.period_ns = config.period * 1000;
    gc_rig_options.gc.stepped = (uint32_t)config.stepped;
    gc_rig_options.gc.audit = config.seed % UNAUDITED != 0;
    gc_rig_start();
    stw_runtime_gc()->heap.poison = 1;
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        char *equals = strchr(arguments[i], '=');
        if (equals) {
            *equals = '\0';
            set(arguments[i], equals + 1);
        }
    }
    start();
    deadline_ns = stw_clock_ns() + config.ms * 1000000u;
    for (uint32_t i = 0; i < config.mutators; i++) {
        threads[i].index = i;
        stw_roots_add(stw_runtime_gc(), &threads[i].table, 1);
        stw_roots_add(stw_runtime_gc(), &threads[i].wide, 1);
        stw_roots_add(stw_runtime_gc(), &threads[i].chain, 1);
        if (stw_thread_start(&threads[i].handle, 1u << 20, run, &threads[i]) != STW_OK)
            return 1;
    }
    uint64_t made = 0, met = 0;
    for (uint32_t i = 0; i < config.mutators; i++) {
        pthread_join(threads[i].handle, NULL);
        made += threads[i].made;
        met += threads[i].met;
    }
    stw_runtime_stop();
    const struct stw_totals totals = stw_gc_snapshot(stw_runtime_gc()).totals;
    printf("seed %llu: %llu cells made, %llu met, %llu cycles, %llu pauses, %llu restarts\n",
           (unsigned long long)config.seed, (unsigned long long)made, (unsigned long long)met,
           (unsigned long long)totals.cycles, (unsigned long long)totals.pauses,
           (unsigned long long)totals.restarts);
    return totals.cycles > 0 && met > 0 ? 0 : 1;
}
