/* gc/work.c: grey cells: buffers, how threads share them, and stealing.
 *
 * A grey cell is an address in a work buffer. A marker fills and empties two buffers of its own, so
 * that threads do not meet at every cell (Go: runtime/mgcwork.go). A third, the offer, lies in the
 * marker's slot for whoever runs dry: one atomic exchange takes it. What does not fit goes to a
 * global list.
 *
 * K1  slots and markers hold no cell outside begin..end, so "nobody inside, nothing on the list"
 *     means that nothing is grey (G5).
 * K2  an offer belongs to whoever exchanged it out of its slot: owner and thieves alike.
 * Thread rules: a marker by its thread, a slot's owner is the marker that took its bit.
 * Rejected: a deque of cells for each thread (Chase and Lev): a fence at every pop, and termination
 * needs every deque's ends; whole buffers change hands 250 times less often. */
#include "gc/gc.h"

#include "prim/memory.h"

#define BUFFER_AREA_BYTES STW_LIMIT_BUFFER_AREA_BYTES
#define SHARE_CELLS_MIN STW_LIMIT_SHARE_CELLS

static struct stw_work_buffer *pop_list(struct stw_gc *gc, struct stw_work_buffer **list)
{
    pthread_mutex_lock(&gc->mark.lock);
    struct stw_work_buffer *buffer = *list;
    if (buffer) {
        *list = buffer->next;
        if (list == &gc->mark.full)
            __atomic_store_n(&gc->mark.full_count, gc->mark.full_count - 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&gc->mark.lock);
    return buffer;
}

/* Puts a buffer on the list it belongs to: full if it holds cells, else empty. */
static void push_list(struct stw_gc *gc, struct stw_work_buffer *buffer)
{
    uint64_t count = buffer->count; /* another may take it at once */
    pthread_mutex_lock(&gc->mark.lock);
    struct stw_work_buffer **list = count ? &gc->mark.full : &gc->mark.empty;
    buffer->next = *list;
    *list = buffer;
    if (count)
        __atomic_store_n(&gc->mark.full_count, gc->mark.full_count + 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&gc->mark.lock);
    if (count)
        stw_workers_enlist(gc);
}

static struct stw_work_buffer *empty_buffer(struct stw_gc *gc)
{
    struct stw_work_buffer *buffer = pop_list(gc, &gc->mark.empty);
    if (buffer)
        return buffer;
    struct stw_work_buffer *area = stw_memory_map(BUFFER_AREA_BYTES);
    if (!area)
        gc->options.out_of_memory("no memory for the collector's work buffers");
    STW_ADD(gc->heap.own_bytes, BUFFER_AREA_BYTES);
    for (uint32_t i = 1; i < BUFFER_AREA_BYTES / sizeof *area; i++)
        push_list(gc, &area[i]);
    return area;
}

/* A free slot for the marker, if there is one. */
static void take_slot(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    uint64_t taken = STW_LOAD(gc->mark.slots_taken);
    while (~taken) {
        uint32_t at = (uint32_t)__builtin_ctzll(~taken);
        if (__atomic_compare_exchange_n(&gc->mark.slots_taken, &taken, taken | 1ull << at, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
            marker->slot = &gc->mark.slots[at];
            return;
        }
    }
}

static void free_slot(struct stw_marker *marker)
{
    uint64_t bit = 1ull << (marker->slot - marker->gc->mark.slots);
    __atomic_fetch_and(&marker->gc->mark.slots_taken, ~bit, __ATOMIC_SEQ_CST);
    marker->slot = NULL;
}

static struct stw_work_buffer *take_offer(struct stw_work_slot *slot)
{
    if (!slot || !STW_LOAD(slot->offer))
        return NULL;
    return __atomic_exchange_n(&slot->offer, NULL, __ATOMIC_ACQ_REL);
}

/* Where others find it: in the slot if that is empty, else on the list. */
static void publish(struct stw_marker *marker, struct stw_work_buffer *buffer)
{
    STW_EDGE("work.publish");
    struct stw_work_buffer *none = NULL;
    if (!marker->slot)
        take_slot(marker);
    if (!marker->slot
        || !__atomic_compare_exchange_n(&marker->slot->offer, &none, buffer, 0, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        push_list(marker->gc, buffer);
    else
        stw_workers_enlist(marker->gc);
}

static struct stw_work_buffer *steal(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    uint64_t taken = __atomic_load_n(&gc->mark.slots_taken, __ATOMIC_ACQUIRE);
    STW_EDGE("work.steal");
    for (; taken; taken &= taken - 1) {
        struct stw_work_buffer *offer = take_offer(&gc->mark.slots[__builtin_ctzll(taken)]);
        if (offer) {
            marker->steals++;
            return offer;
        }
    }
    return NULL;
}

void stw_work_push(struct stw_marker *marker, uintptr_t address)
{
    struct stw_work_buffer *buffer = marker->active;
    if (!buffer || buffer->count == STW_BUFFER_CELLS) {
        struct stw_work_buffer *next = marker->spare;
        if (next && next->count) {
            publish(marker, next);
            next = NULL;
        }
        marker->spare = buffer;
        marker->active = buffer = next ? next : empty_buffer(marker->gc);
    }
    buffer->cells[buffer->count++] = address;
}

/* A buffer with cells: the own offer, one from the list, or another marker's offer. */
static struct stw_work_buffer *find_buffer(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    struct stw_work_buffer *buffer = take_offer(marker->slot);
    if (!buffer && __atomic_load_n(&gc->mark.full_count, __ATOMIC_ACQUIRE))
        buffer = pop_list(gc, &gc->mark.full);
    return buffer ? buffer : steal(marker);
}

uintptr_t stw_work_pop(struct stw_marker *marker)
{
    if (!marker->active || !marker->active->count) {
        struct stw_work_buffer *next = marker->spare;
        if (next && next->count) {
            marker->spare = marker->active;
        } else {
            next = find_buffer(marker);
            if (!next)
                return 0;
            if (marker->active)
                push_list(marker->gc, marker->active);
        }
        marker->active = next;
    }
    return marker->active->cells[--marker->active->count];
}

void stw_work_share(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    if (STW_LOAD(gc->mark.full_count) != 0 || (marker->slot && STW_LOAD(marker->slot->offer)))
        return;
    if (marker->spare && marker->spare->count) {
        publish(marker, marker->spare);
        marker->spare = NULL;
    } else if (marker->active && marker->active->count > SHARE_CELLS_MIN) {
        struct stw_work_buffer *half = empty_buffer(gc);
        half->count = marker->active->count / 2;
        marker->active->count -= half->count;
        for (uint64_t i = 0; i < half->count; i++)
            half->cells[i] = marker->active->cells[marker->active->count + i];
        publish(marker, half);
    }
}

void stw_work_give_back(struct stw_marker *marker)
{
    struct stw_work_buffer *own[] = {marker->active, marker->spare, take_offer(marker->slot)};
    STW_EDGE("work.give-back");
    for (uint32_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i])
            push_list(marker->gc, own[i]);
    marker->active = marker->spare = NULL;
    if (marker->slot)
        free_slot(marker);
}

int stw_work_is_found(struct stw_gc *gc)
{
    uint64_t taken = __atomic_load_n(&gc->mark.slots_taken, __ATOMIC_SEQ_CST);
    for (; taken; taken &= taken - 1)
        if (STW_LOAD(gc->mark.slots[__builtin_ctzll(taken)].offer))
            return 1;
    return __atomic_load_n(&gc->mark.full_count, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->roots.next_job, __ATOMIC_SEQ_CST)
                  < __atomic_load_n(&gc->roots.count, __ATOMIC_SEQ_CST);
}
