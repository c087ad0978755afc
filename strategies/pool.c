/* strategies/pool.c: maps are put back and taken again, as by Go's sync.Pool.
 *
 * Each mutator has a private map and a deque of maps that it shares: it pushes and pops at the
 * head, the others steal at the tail. Take: private, own head, the others' tails, the victim (own
 * private, then all tails), and at last a new map from the next in the chain. Put: private, or own
 * head. At every cycle what is in the victim is dropped and what is local becomes the victim, so a
 * map that nobody takes survives one cycle and is gone after the second (Go: sync/pool.go,
 * sync/poolqueue.go). A pooled map keeps its arrays and its entries until it is taken; then it is
 * cleared. Its size is nobody's concern: a need with a large hint takes what there is.
 *
 * A deque is a chain of rings, each twice as large as the one before. Rings are C memory, and their
 * slots are roots, written with the barrier.
 *
 * P1  between two safepoints a mutator is alone with its private map and with its chain's head.
 * P2  head and tail of a ring are one word, so whoever moves one knows the other. A slot belongs to
 *     the one that moved head or tail past it. A thief writes null last, and a slot that is not
 *     null is not pushed to; null also keeps the slot from holding on to a map that is in use.
 * P3  once a ring has a next, nothing is pushed to it; when it is then found empty, it stays empty.
 * P4  a ring that left its chain may still be looked at by a thread that found it before, but no
 *     longer than until that thread's next safepoint. So rings retired before a stop are free to go
 *     after it: the hook passes them from `retired` to `removable`.
 * P5  the hook only clears words and moves rings between lists. It does as many steps as there are
 *     maps and rings to drop; Go's does one a processor, because there the rings are garbage too.
 *
 * Threads: all atomics are sequentially consistent but two: stw_store releases a slot, with its
 * partner in slot_load. The hook has the world stopped, and so needs none. */
#include <stdlib.h>
#include <stwlab/plugin.h>

#define TYPES 4u                  /* kinds of maps that a program pools at most; others pass by */
#define RING_SLOTS_FIRST 8u       /* Go: sync/poolqueue.go, pushHead, initSize */
#define RING_SLOTS_MAX (1u << 30) /* Go: sync/poolqueue.go, dequeueLimit */

#define LOAD(from) __atomic_load_n(&(from), __ATOMIC_SEQ_CST)
#define STORE(to, value) __atomic_store_n(&(to), (value), __ATOMIC_SEQ_CST)
#define SWAP_IF(word, expected, value)                                                             \
    __atomic_compare_exchange_n(&(word), &(expected), (value), 0, __ATOMIC_SEQ_CST,                \
                                __ATOMIC_SEQ_CST)

struct ring {
    struct ring *next;    /* atomic; towards the head; set once, by the owner */
    struct ring *prev;    /* atomic; towards the tail; set to null by a thief */
    struct ring *retired; /* in a list of rings that left their chain */
    uint64_t head_tail;   /* atomic; head << 32 | tail, both count up and wrap */
    uint32_t slot_count;  /* a power of two */
    uint32_t padding;
    void *slots[];
};

struct chain {
    struct ring *head; /* the owner's */
    struct ring *tail; /* atomic */
};

struct pool {
    const struct stw_host *host;
    uint32_t mutators;
    uint32_t local;              /* which half is local, 0 or 1; changes only in the hook */
    const struct stw_map_type *types[TYPES]; /* atomic; of the maps in each slot; null: free */
    uint32_t victim_used[TYPES]; /* atomic; 0: a thief found the victim empty */
    void **private_maps;         /* [TYPES][2][mutators]; roots */
    struct chain *chains;        /* [TYPES][2][mutators] */
    struct stw_counter hits, misses, dropped;
    struct ring *retired;        /* atomic stack */
    struct ring *removable;      /* atomic stack */
};

static uint32_t place(const struct pool *pool, uint32_t type, uint32_t half, uint32_t mutator)
{
    return (type * 2 + half) * pool->mutators + mutator;
}

/* Rings. */

static struct ring *ring_new(const struct stw_host *host, uint32_t slot_count)
{
    struct ring *ring = calloc(1, sizeof *ring + slot_count * sizeof ring->slots[0]);
    if (!ring)
        return NULL;
    ring->slot_count = slot_count;
    if (host->root_add(host, ring->slots, slot_count) == STW_OK)
        return ring;
    free(ring);
    return NULL;
}

static void ring_free(const struct stw_host *host, struct ring *ring)
{
    host->root_remove(host, ring->slots);
    free(ring);
}

static void **slot_at(struct ring *ring, uint32_t index)
{
    return &ring->slots[index & (ring->slot_count - 1)];
}

static void *slot_load(void **slot)
{
    return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static void *slot_take(struct stw_mutator *m, void **slot)
{
    void *map = slot_load(slot);
    if (map)
        stw_store(m, slot, NULL);
    return map;
}

/* 0 when there is no room. The owner only. */
static int ring_push_head(struct ring *ring, struct stw_mutator *m, void *map)
{
    uint64_t both = LOAD(ring->head_tail);
    uint32_t head = (uint32_t)(both >> 32), tail = (uint32_t)both;
    if (head - tail == ring->slot_count)
        return 0;
    void **slot = slot_at(ring, head);
    if (slot_load(slot)) /* its thief is not done with it */
        return 0;
    stw_store(m, slot, map);
    __atomic_fetch_add(&ring->head_tail, 1ull << 32, __ATOMIC_SEQ_CST);
    return 1;
}

/* Null when it is empty. The owner only. */
static void *ring_pop_head(struct ring *ring, struct stw_mutator *m)
{
    uint64_t both = LOAD(ring->head_tail);
    for (;;) {
        uint32_t head = (uint32_t)(both >> 32), tail = (uint32_t)both;
        if (head == tail)
            return NULL;
        if (SWAP_IF(ring->head_tail, both, (uint64_t)(head - 1) << 32 | tail))
            return slot_take(m, slot_at(ring, head - 1));
    }
}

/* Null when it is empty. Anybody. */
static void *ring_pop_tail(struct ring *ring, struct stw_mutator *m)
{
    uint64_t both = LOAD(ring->head_tail);
    for (;;) {
        uint32_t head = (uint32_t)(both >> 32), tail = (uint32_t)both;
        if (head == tail)
            return NULL;
        if (SWAP_IF(ring->head_tail, both, (uint64_t)head << 32 | (uint32_t)(tail + 1)))
            return slot_take(m, slot_at(ring, tail));
    }
}

/* Rings that left their chains. */

static void stack_push(struct ring **stack, struct ring *ring)
{
    struct ring *top = LOAD(*stack);
    do
        ring->retired = top;
    while (!SWAP_IF(*stack, top, ring));
}

static void stack_free(const struct stw_host *host, struct ring **stack)
{
    if (!LOAD(*stack))
        return;
    struct ring *ring = __atomic_exchange_n(stack, NULL, __ATOMIC_SEQ_CST);
    while (ring) {
        struct ring *below = ring->retired;
        ring_free(host, ring);
        ring = below;
    }
}

/* Chains. */

static void *chain_pop_head(struct chain *chain, struct stw_mutator *m)
{
    for (struct ring *ring = chain->head; ring; ring = LOAD(ring->prev)) {
        void *map = ring_pop_head(ring, m);
        if (map)
            return map;
    }
    return NULL;
}

static void *chain_pop_tail(struct pool *pool, struct chain *chain, struct stw_mutator *m)
{
    struct ring *ring = LOAD(chain->tail);
    while (ring) {
        struct ring *next = LOAD(ring->next); /* before the pop: P3 */
        void *map = ring_pop_tail(ring, m);
        if (map)
            return map;
        struct ring *drained = ring;
        if (next && SWAP_IF(chain->tail, drained, next)) {
            STORE(next->prev, NULL);
            stack_push(&pool->retired, ring);
        }
        ring = next;
    }
    return NULL;
}

static void chain_attach(struct chain *chain, struct ring *ring)
{
    ring->prev = chain->head;
    if (chain->head)
        STORE(chain->head->next, ring);
    else
        STORE(chain->tail, ring);
    chain->head = ring;
}

static uint32_t chain_next_slots(const struct chain *chain)
{
    if (!chain->head)
        return RING_SLOTS_FIRST;
    uint32_t slots = chain->head->slot_count;
    return slots < RING_SLOTS_MAX ? 2 * slots : slots;
}

/* Forgets all maps in the chain; how many there were. In the hook only. */
static uint32_t chain_drop(struct pool *pool, struct chain *chain)
{
    struct ring *ring = chain->tail;
    uint32_t dropped = 0;
    while (ring) {
        struct ring *next = ring->next;
        uint32_t head = (uint32_t)(ring->head_tail >> 32);
        for (uint32_t at = (uint32_t)ring->head_tail; at != head; at++, dropped++)
            *slot_at(ring, at) = NULL;
        stack_push(&pool->removable, ring);
        ring = next;
    }
    *chain = (struct chain){NULL, NULL};
    return dropped;
}

/* The pool. */

static int is_same(const struct stw_map_type *a, const struct stw_map_type *b)
{
    return a->key == b->key && stw_key_bytes(a) == stw_key_bytes(b)
           && a->value_bytes == b->value_bytes && a->value_type == b->value_type;
}

/* The slot of a type: equal contents share maps. TYPES when all slots are taken by others. */
static uint32_t type_slot(struct pool *pool, const struct stw_map_type *type)
{
    for (uint32_t i = 0; i < TYPES; i++) {
        const struct stw_map_type *seen = LOAD(pool->types[i]);
        if (!seen && SWAP_IF(pool->types[i], seen, type))
            return i;
        if (is_same(seen, type))
            return i;
    }
    return TYPES;
}

static void *take_victim(struct pool *pool, struct stw_mutator *m, uint32_t type)
{
    if (!LOAD(pool->victim_used[type]))
        return NULL;
    uint32_t half = !pool->local;
    void *map = slot_take(m, &pool->private_maps[place(pool, type, half, m->index)]);
    for (uint32_t i = 0; i < pool->mutators && !map; i++) {
        uint32_t other = (m->index + i) % pool->mutators;
        map = chain_pop_tail(pool, &pool->chains[place(pool, type, half, other)], m);
    }
    if (!map)
        STORE(pool->victim_used[type], 0);
    return map;
}

static void *take(struct pool *pool, struct stw_mutator *m, uint32_t type)
{
    uint32_t own = place(pool, type, pool->local, m->index);
    void *map = slot_take(m, &pool->private_maps[own]);
    if (!map)
        map = chain_pop_head(&pool->chains[own], m);
    for (uint32_t i = 1; i <= pool->mutators && !map; i++) {
        uint32_t other = (m->index + i) % pool->mutators;
        map = chain_pop_tail(pool, &pool->chains[place(pool, type, pool->local, other)], m);
    }
    return map ? map : take_victim(pool, m, type);
}

/* 0 when there is no memory for a larger ring: the map is not kept then. */
static int put(struct pool *pool, struct stw_mutator *m, uint32_t type, void *map)
{
    uint32_t own = place(pool, type, pool->local, m->index);
    if (!pool->private_maps[own]) {
        stw_store(m, &pool->private_maps[own], map);
        return 1;
    }
    struct chain *chain = &pool->chains[own];
    if (chain->head && ring_push_head(chain->head, m, map))
        return 1;
    struct ring *ring = ring_new(pool->host, chain_next_slots(chain));
    if (!ring)
        return 0;
    /* The world may have stopped while the root was added: what is local is asked for again. */
    chain = &pool->chains[place(pool, type, pool->local, m->index)];
    chain_attach(chain, ring);
    return ring_push_head(ring, m, map);
}

static void cleanup(void *context)
{
    struct pool *pool = context;
    uint32_t victim = !pool->local, dropped = 0;
    for (uint32_t type = 0; type < TYPES && pool->types[type]; type++) {
        for (uint32_t i = 0; i < pool->mutators; i++) {
            uint32_t at = place(pool, type, victim, i);
            dropped += pool->private_maps[at] != NULL;
            pool->private_maps[at] = NULL;
            dropped += chain_drop(pool, &pool->chains[at]);
        }
        pool->victim_used[type] = 1;
    }
    stw_count_shared(pool->dropped, dropped);
    pool->local = victim; /* empty now */
    while (pool->retired) {
        struct ring *ring = pool->retired;
        pool->retired = ring->retired;
        stack_push(&pool->removable, ring);
    }
}

/* The plugin. */

static void destroy(void *self)
{
    struct pool *pool = self;
    uint32_t places = TYPES * 2 * pool->mutators;
    for (uint32_t i = 0; pool->chains && i < places; i++)
        chain_drop(pool, &pool->chains[i]);
    stack_free(pool->host, &pool->retired);
    stack_free(pool->host, &pool->removable);
    if (pool->private_maps)
        pool->host->root_remove(pool->host, pool->private_maps);
    free(pool->private_maps);
    free(pool->chains);
    free(pool);
}

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        goto fail_memory;
    pool->host = host;
    pool->hits = stw_config_counter(config, "hits");
    pool->misses = stw_config_counter(config, "misses");
    pool->dropped = stw_config_counter(config, "dropped");
    pool->mutators = host->mutator_count(host);
    uint32_t places = TYPES * 2 * pool->mutators;
    pool->chains = calloc(places, sizeof *pool->chains);
    pool->private_maps = calloc(places, sizeof *pool->private_maps);
    if (!pool->chains || !pool->private_maps)
        goto fail_arrays;
    if (host->root_add(host, pool->private_maps, places) != STW_OK)
        goto fail_arrays;
    if (host->cycle_hook_add(host, cleanup, pool) != STW_OK) {
        destroy(pool);
        return host->set_error(host, error, STW_E_NOMEM, "create",
                               "pool: no room for a cycle hook");
    }
    *self = pool;
    return STW_OK;

fail_arrays:
    free(pool->chains);
    free(pool->private_maps);
    free(pool);
fail_memory:
    return host->set_error(host, error, STW_E_NOMEM, "create", "pool: out of memory");
}

static void *need_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                      const struct stw_map_need *need)
{
    struct pool *pool = self;
    stack_free(pool->host, &pool->removable);
    uint32_t type = type_slot(pool, need->type);
    void *map = type < TYPES ? take(pool, m, type) : NULL;
    stw_count(m, map ? pool->hits : pool->misses, 1);
    if (!map)
        return stw_next_need_map(next, m, need);
    stw_map_clear(next, m, map);
    return map;
}

static void done_map(void *self, const struct stw_link *next, struct stw_mutator *m,
                     const struct stw_map_type *type, void *map)
{
    struct pool *pool = self;
    stack_free(pool->host, &pool->removable);
    uint32_t slot = type_slot(pool, type);
    if (slot == TYPES || !put(pool, m, slot, map))
        stw_next_done_map(next, m, type, map);
}

static const struct stw_strategy_ops ops = {
    .struct_size = sizeof ops,
    .create = create,
    .destroy = destroy,
    .need_map = need_map,
    .done_map = done_map,
};

STW_MANIFEST(STW_PLUGIN("strategy", "pool", "Keeps maps for reuse, as Go's sync.Pool does")
             STW_COUNTER("hits", "maps", sum, "needs that a kept map served")
             STW_COUNTER("misses", "maps", sum, "needs that were passed on")
             STW_COUNTER("dropped", "maps", sum, "maps that two cycles passed by"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "pool", &ops));
