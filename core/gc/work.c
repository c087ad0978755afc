/* gc/work.c: grey cells and grey spans: queues, how threads share them, and stealing.
 *
 * A grey cell is an address in a work buffer. A marker fills and empties two buffers of its own, so
 * that threads do not meet at every cell (Go: runtime/mgcwork.go). A third, the offer, lies in the
 * marker's slot for whoever runs dry: one atomic exchange takes it. What does not fit goes to a
 * global list.
 * Cells of layout BITMAP are not grey one by one; their span is (scan.c). A marker has its grey
 * spans in a queue, first in, first out: the longer a span waits, the more of its cells are marked
 * meanwhile. The links lie in the records, since a span is in one queue at most. The oldest spans
 * of a queue are what is offered to others.
 *
 * A span's grey_state: IDLE -> QUEUED by who marks one of its cells; -> VISITED by who takes it out
 * of a queue; -> AGAIN by who marks a cell meanwhile, and the visitor looks once more; -> IDLE, or
 * QUEUED when the visitor leaves early. A mark bit is set before the state is read, a visitor sets
 * VISITED before it reads mark bits (both sequentially consistent): no marked cell is overlooked
 * (tests/model/spans.pml).
 *
 * K1  slots and markers hold no cell outside begin..end, so "nobody inside, nothing on the list"
 *     means that nothing is grey (gc.G5).
 * K8  an offer belongs to whoever exchanged it out of its slot: owner and thieves alike.
 * K9  a slot that nobody owns holds nothing: nobody would look there (steal).
 * Thread rules: a marker by its thread, a slot's owner is the marker that took its bit.
 * Rejected: a deque of cells for each thread (Chase and Lev): a fence at every pop, and termination
 * needs every deque's ends; whole buffers change hands 250 times less often. */
#include "gc/work.h"

#include "base/check.h"
#include "gc/collector.h"
#include "prim/memory.h"

#define BUFFER_AREA_BYTES STW_LIMIT_BUFFER_AREA_BYTES
#define SHARE_CELLS_MIN STW_LIMIT_SHARE_CELLS
#define SHARE_SPANS_MAX STW_LIMIT_SHARE_SPANS

/* stw_span_record.grey_state */
#define IDLE 0u
#define QUEUED 1u
#define VISITED 2u
#define AGAIN 3u

/* Grey spans. */

void stw__span_queue_check(const struct stw_span_queue *queue)
{
    STW_REQUIRE(!queue->first == !queue->count);
    STW_REQUIRE(!queue->first || (queue->last && !queue->last->grey_next));
    STW_REQUIRE((queue->first == queue->last) == (queue->count == 1) || !queue->first);
}

static void append(struct stw_span_queue *queue, struct stw_span_record *record)
{
    record->grey_next = NULL;
    if (queue->last)
        queue->last->grey_next = record;
    else
        queue->first = record;
    queue->last = record;
    queue->count++;
    STW_CHECK(stw__span_queue_check(queue));
}

static void append_all(struct stw_span_queue *queue, struct stw_span_record *first)
{
    while (first) {
        struct stw_span_record *next = first->grey_next;
        append(queue, first);
        first = next;
    }
}

static struct stw_span_record *take_first(struct stw_span_queue *queue)
{
    struct stw_span_record *record = queue->first;
    if (!record)
        return NULL;
    queue->first = record->grey_next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    STW_CHECK(stw__span_queue_check(queue));
    return record;
}

/* The oldest `count` of them, at least one, as a chain. */
static struct stw_span_record *cut(struct stw_span_queue *queue, uint64_t count)
{
    struct stw_span_record *first = queue->first, *last = first;
    for (uint64_t i = 1; i < count; i++)
        last = last->grey_next;
    queue->first = last->grey_next;
    if (!queue->first)
        queue->last = NULL;
    queue->count -= count;
    last->grey_next = NULL;
    STW_CHECK(stw__span_queue_check(queue));
    return first;
}

static int change_state(struct stw_span_record *record, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&record->grey_state, &from, to, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

void stw__work_push_span(struct stw_marker *marker, struct stw_span_record *record)
{
    for (;;) {
        uint32_t state = __atomic_load_n(&record->grey_state, __ATOMIC_SEQ_CST);
        if (state == QUEUED || state == AGAIN
            || (state == VISITED && change_state(record, VISITED, AGAIN)))
            return;
        if (state == IDLE && change_state(record, IDLE, QUEUED)) {
            append(&marker->spans, record);
            return;
        }
    }
}

void stw__work_visit(struct stw_span_record *record)
{
    __atomic_store_n(&record->grey_state, VISITED, __ATOMIC_SEQ_CST);
}

int stw__work_visited(struct stw_span_record *record)
{
    STW_EDGE("work.visited");
    if (change_state(record, VISITED, IDLE))
        return 1;
    stw__work_visit(record);
    return 0;
}

void stw__work_leave(struct stw_marker *marker, struct stw_span_record *record)
{
    __atomic_store_n(&record->grey_state, QUEUED, __ATOMIC_SEQ_CST);
    append(&marker->spans, record);
}

/* Puts a marker's spans on the global queue. */
static void give_spans(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    struct stw_span_queue *own = &marker->spans, *all = &gc->work.spans;
    if (!own->count)
        return;
    pthread_mutex_lock(&gc->work.lock);
    if (all->last)
        all->last->grey_next = own->first;
    else
        all->first = own->first;
    all->last = own->last;
    __atomic_store_n(&all->count, all->count + own->count, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&gc->work.lock);
    *own = (struct stw_span_queue){0};
    stw__workers_enlist(gc);
}

/* Takes a share of the global queue. 0: it is empty. */
static int take_spans(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    struct stw_span_queue *all = &gc->work.spans;
    if (!__atomic_load_n(&all->count, __ATOMIC_ACQUIRE))
        return 0;
    pthread_mutex_lock(&gc->work.lock);
    uint64_t count = (all->count + 1) / 2;
    count = count < SHARE_SPANS_MAX ? count : SHARE_SPANS_MAX;
    struct stw_span_record *chain = NULL;
    if (count > 0) {
        struct stw_span_queue rest = *all;
        chain = cut(&rest, count);
        all->first = rest.first;
        all->last = rest.last;
        __atomic_store_n(&all->count, rest.count, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&gc->work.lock);
    append_all(&marker->spans, chain);
    return chain != NULL;
}

/* Grey cells. */

static struct stw_work_buffer *pop_list(struct stw_gc *gc, struct stw_work_buffer **list)
{
    pthread_mutex_lock(&gc->work.lock);
    struct stw_work_buffer *buffer = *list;
    if (buffer) {
        *list = buffer->next;
        if (list == &gc->work.full)
            __atomic_store_n(&gc->work.full_count, gc->work.full_count - 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&gc->work.lock);
    return buffer;
}

/* Puts a buffer on the list it belongs to: full if it holds cells, else empty. */
static void push_list(struct stw_gc *gc, struct stw_work_buffer *buffer)
{
    uint64_t count = buffer->count; /* another may take it at once */
    pthread_mutex_lock(&gc->work.lock);
    struct stw_work_buffer **list = count ? &gc->work.full : &gc->work.empty;
    buffer->next = *list;
    *list = buffer;
    if (count)
        __atomic_store_n(&gc->work.full_count, gc->work.full_count + 1, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&gc->work.lock);
    if (count)
        stw__workers_enlist(gc);
}

static struct stw_work_buffer *empty_buffer(struct stw_gc *gc)
{
    struct stw_work_buffer *buffer = pop_list(gc, &gc->work.empty);
    if (buffer)
        return buffer;
    /* Counted first: of two who take memory at once, one sees both (stw__scavenge_taken). */
    __atomic_fetch_add(&gc->heap.own_bytes, BUFFER_AREA_BYTES, __ATOMIC_SEQ_CST);
    stw__scavenge_for_marker(gc);
    struct stw_work_buffer *area = stw_memory_map(BUFFER_AREA_BYTES);
    if (!area)
        gc->options.out_of_memory("no memory for the collector's work buffers");
    for (uint32_t i = 1; i < BUFFER_AREA_BYTES / sizeof *area; i++)
        push_list(gc, &area[i]);
    return area;
}

void stw__work_slot_check(const struct stw_work_slot *slot)
{
    STW_REQUIRE(!STW_LOAD(slot->offer) && !STW_LOAD(slot->spans));
}

/* A free slot for the marker, if there is one. */
static void take_slot(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    uint64_t taken = STW_LOAD(gc->work.slots_taken);
    while (~taken) {
        uint32_t at = (uint32_t)__builtin_ctzll(~taken);
        if (__atomic_compare_exchange_n(&gc->work.slots_taken, &taken, taken | 1ull << at, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
            marker->slot = &gc->work.slots[at];
            STW_CHECK(stw__work_slot_check(marker->slot));
            return;
        }
    }
}

static void free_slot(struct stw_marker *marker)
{
    uint64_t bit = 1ull << (marker->slot - marker->gc->work.slots);
    STW_CHECK(stw__work_slot_check(marker->slot));
    __atomic_fetch_and(&marker->gc->work.slots_taken, ~bit, __ATOMIC_SEQ_CST);
    marker->slot = NULL;
}

static struct stw_work_buffer *take_offer(struct stw_work_slot *slot)
{
    if (!slot || !STW_LOAD(slot->offer))
        return NULL;
    return __atomic_exchange_n(&slot->offer, NULL, __ATOMIC_ACQ_REL);
}

/* A buffer to work on next; null: none. The marker's own are empty. */
static void take_buffer(struct stw_marker *marker, struct stw_work_buffer *buffer)
{
    if (!buffer)
        return;
    if (marker->active)
        push_list(marker->gc, marker->active);
    marker->active = buffer;
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
        stw__workers_enlist(marker->gc);
}

static struct stw_span_record *take_offered_spans(struct stw_work_slot *slot)
{
    if (!slot || !STW_LOAD(slot->spans))
        return NULL;
    return __atomic_exchange_n(&slot->spans, NULL, __ATOMIC_ACQ_REL);
}

/* A share of another marker's work. */
static int steal(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    uint64_t taken = __atomic_load_n(&gc->work.slots_taken, __ATOMIC_ACQUIRE);
    STW_EDGE("work.steal");
    for (; taken; taken &= taken - 1) {
        struct stw_work_slot *slot = &gc->work.slots[__builtin_ctzll(taken)];
        struct stw_work_buffer *offer = take_offer(slot);
        struct stw_span_record *spans = offer ? NULL : take_offered_spans(slot);
        if (!offer && !spans)
            continue;
        append_all(&marker->spans, spans);
        take_buffer(marker, offer);
        marker->steals++;
        return 1;
    }
    return 0;
}

void stw__work_push(struct stw_marker *marker, uintptr_t address)
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

/* The own offers, what is on the lists, or another marker's offer. 0: nothing. */
static int find_work(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    struct stw_work_buffer *buffer = take_offer(marker->slot);
    if (!buffer && __atomic_load_n(&gc->work.full_count, __ATOMIC_ACQUIRE))
        buffer = pop_list(gc, &gc->work.full);
    if (buffer) {
        take_buffer(marker, buffer);
        return 1;
    }
    struct stw_span_record *spans = take_offered_spans(marker->slot);
    append_all(&marker->spans, spans);
    return spans || take_spans(marker) || steal(marker);
}

int stw__work_pop(struct stw_marker *marker, struct stw_grey *grey)
{
    do {
        if ((!marker->active || !marker->active->count) && marker->spare && marker->spare->count) {
            struct stw_work_buffer *next = marker->spare;
            marker->spare = marker->active;
            marker->active = next;
        }
        if (marker->active && marker->active->count) {
            *grey = (struct stw_grey){marker->active->cells[--marker->active->count], NULL};
            return 1;
        }
        if (marker->spans.count) {
            *grey = (struct stw_grey){0, take_first(&marker->spans)};
            return 1;
        }
    } while (find_work(marker));
    return 0;
}

/* Whether others that run dry would find something. */
static int is_on_offer(const struct stw_marker *marker)
{
    const struct stw_gc *gc = marker->gc;
    return STW_LOAD(gc->work.full_count) != 0 || STW_LOAD(gc->work.spans.count) != 0
           || (marker->slot && (STW_LOAD(marker->slot->offer) || STW_LOAD(marker->slot->spans)));
}

static void share_spans(struct stw_marker *marker)
{
    uint64_t count = marker->spans.count / 2;
    if (!marker->slot)
        take_slot(marker);
    STW_EDGE("work.publish");
    if (!marker->slot) {
        give_spans(marker);
        return;
    }
    struct stw_span_record *chain =
        cut(&marker->spans, count < SHARE_SPANS_MAX ? count : SHARE_SPANS_MAX);
    /* Only the owner puts. Before it looks for sleepers (gc.N2). */
    __atomic_store_n(&marker->slot->spans, chain, __ATOMIC_SEQ_CST);
    stw__workers_enlist(marker->gc);
}

void stw__work_share(struct stw_marker *marker)
{
    struct stw_gc *gc = marker->gc;
    if (is_on_offer(marker)) {
        stw__workers_enlist(gc); /* the one that was woken for it may have enough */
        return;
    }
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
    } else if (marker->spans.count > 1) {
        share_spans(marker);
    }
}

void stw__work_give_back(struct stw_marker *marker)
{
    struct stw_work_buffer *own[] = {marker->active, marker->spare, take_offer(marker->slot)};
    STW_EDGE("work.give-back");
    for (uint32_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i])
            push_list(marker->gc, own[i]);
    append_all(&marker->spans, take_offered_spans(marker->slot));
    give_spans(marker);
    marker->active = marker->spare = NULL;
    if (marker->slot)
        free_slot(marker);
}

static int has_offer(struct stw_work_slot *slot)
{
    return __atomic_load_n(&slot->offer, __ATOMIC_SEQ_CST)
           || __atomic_load_n(&slot->spans, __ATOMIC_SEQ_CST);
}

int stw__work_is_found(struct stw_gc *gc)
{
    uint64_t taken = __atomic_load_n(&gc->work.slots_taken, __ATOMIC_SEQ_CST);
    for (; taken; taken &= taken - 1)
        if (has_offer(&gc->work.slots[__builtin_ctzll(taken)]))
            return 1;
    return __atomic_load_n(&gc->work.full_count, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->work.spans.count, __ATOMIC_SEQ_CST) != 0
           || __atomic_load_n(&gc->roots.next_job, __ATOMIC_SEQ_CST)
                  < __atomic_load_n(&gc->roots.count, __ATOMIC_SEQ_CST);
}
