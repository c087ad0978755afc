/* experiments/workloads/alloc-sizes.c: allocates cells of random sizes and tells what each was
 * charged: the size of the cell that it really got.
 *
 * One operation is one item. Item i follows from the seed and i alone: in one of eight a batch of
 * pointer-free objects below 16 bytes, else one cell, with pointers or without, of a size that is
 * chosen among several ranges: small, any class, around the edges where rules change, large.
 *
 * A small cell's charge is read off the run that served it: its cursor stands at the cell's end.
 * Of tiny objects their places within 16-byte blocks are told; one at a block's start opened it.
 * (An allocator without such blocks gives each a cell.)
 *
 * Its counters are in the manifest below, summed over mutators.
 *
 * Meant for gogc = off: nothing is kept, and a cycle drops the current tiny block.
 * Threads: the plan is constant; each mutator has a state of its own, a managed cell. */
#include <stwlab/kit.h>

#define DIGEST_MASK ((1ull << 48) - 1)
#define TINY_BATCH  64u
#define TINY_BYTES  16u

struct counters {
    struct stw_counter charged, cells, blocks, places, last_asked, last_charged, last_scanned;
};

struct plan {
    uint64_t first, count;
    struct counters counters;
};

static const struct stw_binding bindings[] = {
    STW_BIND_U64(struct plan, first, "first"),
    STW_BIND_U64(struct plan, count, "count"),
    STW_BIND_COUNTER(struct plan, counters.charged, "charged"),
    STW_BIND_COUNTER(struct plan, counters.cells, "cells"),
    STW_BIND_COUNTER(struct plan, counters.blocks, "blocks"),
    STW_BIND_COUNTER(struct plan, counters.places, "places"),
    STW_BIND_COUNTER(struct plan, counters.last_asked, "last_asked"),
    STW_BIND_COUNTER(struct plan, counters.last_charged, "last_charged"),
    STW_BIND_COUNTER(struct plan, counters.last_scanned, "last_scanned"),
};
STW_CREATE_PLAN(create, struct plan, bindings)

struct state {
    const struct counters *count;
    uint64_t salt;
    uint64_t cells, places; /* digests */
    uint64_t operations;
};

/* A cell to allocate. */
struct item {
    uint64_t bytes;
    uint32_t scan;
    uint32_t tiny; /* a batch of objects instead */
};

STW_TYPE_OF_POINTERS(pointers_type, "alloc-sizes");

static stw_status setup(void *self, struct stw_mutator *m, const struct stw_trial *trial,
                        struct stw_error *error, void **state)
{
    const struct plan *plan = self;
    (void)error;
    struct state *s = stw_alloc(m, sizeof *s, NULL);
    s->count = &plan->counters;
    s->salt = stw_mix(trial->seed);
    *state = s;
    return STW_OK;
}

static uint64_t bytes_of(uint64_t range, uint64_t chance)
{
    static const uint64_t edges[] = {256, 512, 1024, 2048, 8192, 32760, 32768, 65536};
    switch (range) {
    case 0:
    case 1:
        return TINY_BYTES + chance % 1008;
    case 2:
    case 3:
        return TINY_BYTES + chance % 32768;
    case 4:
    case 5:
        return edges[chance % 8] - 16 + (chance >> 8) % 33;
    case 6:
        return 32768 + chance % 262144;
    default:
        return 32768 + chance % 1048576;
    }
}

static struct item item_at(uint64_t salt, uint64_t number)
{
    uint64_t chance = stw_mix(salt + number);
    struct item item = {.scan = chance >> 8 & 1, .tiny = chance % 8 == 0};
    uint64_t range = (chance >> 16) % 8;
    if (range == 7 && (chance >> 24) % 4)
        range = 0;
    item.bytes = bytes_of(range, stw_mix(chance));
    if (item.scan)
        item.bytes &= ~7ull;
    return item;
}

/* Bytes of the cell of the latest allocation, which is the last of its run. */
static uint64_t charge_of(struct stw_mutator *m, const void *cell, const struct item *item)
{
    const struct stw_size_table *k = m->sizes;
    if (item->bytes > k->small_bytes_max)
        return m->host->usable_bytes(m->host, m, item->bytes, item->scan);
    const struct stw_fit *fit =
        &(item->scan ? k->with_pointers : k->without_pointers)[(item->bytes + 7) / 8];
    uint64_t header = fit->layout >= STW_LAYOUT_HEADER ? 8 : 0;
    uintptr_t start = (uintptr_t)cell - header, end = m->runs[fit->run].cursor;
    return end > start ? end - start : 0; /* a cycle that has just ended drops runs */
}

static void allocate(struct stw_mutator *m, struct state *s, const struct item *item, int is_last)
{
    const void *cell = stw_alloc(m, item->bytes, item->scan ? &pointers_type : NULL);
    uint64_t charge = charge_of(m, cell, item);
    stw_count(m, s->count->charged, charge);
    s->cells = stw_mix(stw_mix(s->cells ^ item->bytes) + 2 * charge + item->scan);
    if (is_last) {
        stw_count(m, s->count->last_asked, item->bytes);
        stw_count(m, s->count->last_charged, charge);
        stw_count(m, s->count->last_scanned, item->scan);
    }
}

/* The current block is filled first, so that no batch depends on what came before it. */
static void allocate_tiny(struct stw_mutator *m, struct state *s, uint64_t chance)
{
    while (m->sizes->tiny_bytes_max
           && (uintptr_t)stw_alloc(m, 1, NULL) % TINY_BYTES != TINY_BYTES - 1)
        continue;
    for (uint32_t i = 0; i < TINY_BATCH; i++) {
        uint64_t bytes = 1 + stw_mix(chance + i) % (TINY_BYTES - 1);
        uint64_t place = (uintptr_t)stw_alloc(m, bytes, NULL) % TINY_BYTES;
        stw_count(m, s->count->blocks, place == 0);
        s->places = stw_mix(s->places ^ (TINY_BYTES * bytes + place));
    }
}

static void operate(void *self, struct stw_mutator *m, void *state, uint64_t number)
{
    const struct plan *plan = self;
    struct state *s = state;
    const char *site = stw_site(m, "alloc-sizes");
    int is_last = number + 1 == plan->count;
    struct item item = item_at(s->salt, plan->first + number);
    if (item.tiny)
        allocate_tiny(m, s, stw_mix(s->salt - number - plan->first));
    else
        allocate(m, s, &item, is_last);
    s->operations++;
    if (is_last) {
        stw_count(m, s->count->cells, s->cells & DIGEST_MASK);
        stw_count(m, s->count->places, s->places & DIGEST_MASK);
    }
    stw_site(m, site);
}

static uint64_t checksum(void *self, struct stw_mutator *m, void *state)
{
    (void)self;
    (void)m;
    return ((const struct state *)state)->operations;
}

static uint32_t expected(void *self, struct stw_mutator *m, void *state, uint64_t *sum)
{
    (void)m;
    (void)state;
    *sum = ((const struct plan *)self)->count;
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
    STW_PLUGIN("workload", "alloc-sizes", "Allocates random sizes and tells what each is charged")
    STW_PARAM_U64("first", "item", 0, 0, 1000000000, "number of the first item")
    STW_PARAM_U64("count", "items", 1000, 1, 1000000, "items that each mutator allocates")
    STW_OPERATIONS("count")
    STW_COUNTER("charged", "bytes", sum, "bytes charged for cells")
    STW_COUNTER("cells", "", sum, "a digest (48 bits) of every cell's size, kind and charge")
    STW_COUNTER("blocks", "", sum, "tiny blocks opened")
    STW_COUNTER("places", "", sum, "a digest (48 bits) of every tiny object's size and place")
    STW_COUNTER("last_asked", "bytes", sum, "bytes asked for by the last item")
    STW_COUNTER("last_charged", "bytes", sum, "bytes charged for the last item")
    STW_COUNTER("last_scanned", "", sum, "1 if the last item is with pointers"));
STW_EXPORT(STW_OFFER(STW_KIND_WORKLOAD, "alloc-sizes", &ops));
