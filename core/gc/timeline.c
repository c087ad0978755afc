/* gc/timeline.c: the log of taken time, its sums and its worst windows. Invariants: gc.T1,
 * gc.T2. */
#include "gc/taken.h"

#include "base/check.h"
#include "prim/memory.h"
#include "prim/thread.h"

#define CHUNK_BYTES (STW_TIMELINE_CHUNK * sizeof(struct stw_taken_interval))

const char *stw_taken_name(uint32_t kind)
{
    static const char *const names[STW_TAKEN_KINDS] = {"stop",      "assist", "mark",
                                                       "handshake", "sweep",  "turn",
                                                       "cycle"};
    return kind < STW_TAKEN_KINDS ? names[kind] : "unknown";
}

void stw_timeline_begin(struct stw_timeline *timeline, uint64_t now_ns)
{
    timeline->begin_ns = timeline->end_ns = now_ns;
    timeline->is_open = 1;
    timeline->count = timeline->lost = 0;
    timeline->blocked_ns = timeline->block_ns = 0;
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        timeline->taken_ns[kind] = timeline->cpu_ns[kind] = 0;
}

void stw_timeline_end(struct stw_timeline *timeline, uint64_t now_ns)
{
    timeline->end_ns = now_ns;
    timeline->is_open = 0;
}

void stw__timeline_check(const struct stw_timeline *timeline)
{
    uint64_t count = timeline->count;
    STW_REQUIRE(count <= (uint64_t)STW_TIMELINE_CHUNK * STW_TIMELINE_CHUNKS);
    STW_REQUIRE(timeline->is_open || timeline->begin_ns <= timeline->end_ns);
    if (count == 0)
        return;
    const struct stw_taken_interval *last = stw__timeline_at(timeline, count - 1);
    STW_REQUIRE(stw__interval_kind(last) < STW_TAKEN_KINDS);
    STW_REQUIRE(last->start_ns >= timeline->begin_ns); /* gc.T1 */
    STW_REQUIRE(count == 1
                || stw__interval_end_ns(stw__timeline_at(timeline, count - 2))
                       <= stw__interval_end_ns(last)); /* gc.T1 */
}

/* How much of [start_ns, end_ns) is logged already. From the latest end backwards, what lies
 * between the least start so far and an interval's end is covered (gc.T1). */
static uint64_t covered_ns(const struct stw_timeline *timeline, uint64_t start_ns, uint64_t end_ns)
{
    uint64_t covered = 0, floor_ns = end_ns;
    for (uint64_t i = timeline->count; i > 0; i--) {
        const struct stw_taken_interval *interval = stw__timeline_at(timeline, i - 1);
        uint64_t to = stw__interval_end_ns(interval), from = interval->start_ns;
        if (to <= start_ns)
            break;
        to = to < floor_ns ? to : floor_ns;
        from = from > start_ns ? from : start_ns;
        if (from >= to)
            continue;
        covered += to - from;
        floor_ns = from;
    }
    return covered;
}

/* The place of the next interval, or null. */
static struct stw_taken_interval *next_place(struct stw_timeline *timeline)
{
    uint64_t chunk = timeline->count / STW_TIMELINE_CHUNK;
    if (chunk == STW_TIMELINE_CHUNKS)
        return NULL;
    if (!timeline->chunks[chunk])
        timeline->chunks[chunk] = stw_memory_map(CHUNK_BYTES);
    return timeline->chunks[chunk] ? stw__timeline_at(timeline, timeline->count) : NULL;
}

void stw__timeline_add(struct stw_timeline *timeline, uint32_t kind, uint64_t start_ns,
                       uint64_t end_ns)
{
    if (!timeline->is_open || end_ns <= timeline->begin_ns || end_ns <= start_ns)
        return;
    if (start_ns < timeline->begin_ns)
        start_ns = timeline->begin_ns;
    timeline->taken_ns[kind] += end_ns - start_ns - covered_ns(timeline, start_ns, end_ns);
    struct stw_taken_interval *place = next_place(timeline);
    if (!place) {
        timeline->lost++;
        return;
    }
    *place = (struct stw_taken_interval){start_ns, (end_ns - start_ns) * 8 + kind};
    timeline->count++;
    STW_CHECK(stw__timeline_check(timeline));
}

uint64_t stw__timeline_cpu_ns(const struct stw_timeline *timeline)
{
    return timeline->is_open ? stw_clock_thread_cpu_ns() : 0;
}

void stw__timeline_spent(struct stw_timeline *timeline, uint32_t kind, uint64_t since_cpu_ns)
{
    if (timeline->is_open && since_cpu_ns)
        timeline->cpu_ns[kind] += stw_clock_thread_cpu_ns() - since_cpu_ns;
}

void stw__timeline_used(struct stw_timeline *timeline, uint32_t kind, uint64_t cpu_ns)
{
    if (timeline->is_open)
        timeline->cpu_ns[kind] += cpu_ns;
}

/* What is not measured counts with its wall time, here and in trial/losses.c. */
static uint64_t measured_cpu_ns(const struct stw_timeline *timeline)
{
    uint64_t sum = timeline->taken_ns[STW_TAKEN_HANDSHAKE] + timeline->taken_ns[STW_TAKEN_SWEEP];
    for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
        sum += timeline->cpu_ns[kind];
    return sum;
}

struct stw_taken stw__taken_begin(const struct stw_timeline *timeline)
{
    struct stw_taken taken = {stw_clock_ns(), 0, 0};
    if (timeline->is_open) {
        taken.inner_cpu_ns = measured_cpu_ns(timeline);
        taken.start_cpu_ns = stw_clock_thread_cpu_ns();
    }
    return taken;
}

uint64_t stw__taken_end(struct stw_timeline *timeline, uint32_t kind, struct stw_taken taken)
{
    if (timeline->is_open && taken.start_cpu_ns) {
        uint64_t inner_ns = measured_cpu_ns(timeline) - taken.inner_cpu_ns;
        uint64_t cpu_ns = stw_clock_thread_cpu_ns() - taken.start_cpu_ns;
        timeline->cpu_ns[kind] += cpu_ns > inner_ns ? cpu_ns - inner_ns : 0;
    }
    uint64_t now_ns = stw_clock_ns(); /* last, as begin's was first: never less than CPU time */
    stw__timeline_add(timeline, kind, taken.start_ns, now_ns);
    return now_ns - taken.start_ns;
}

void stw__timeline_block(struct stw_timeline *timeline)
{
    timeline->block_ns = timeline->is_open ? stw_clock_ns() : 0;
    timeline->block_cpu_ns = stw__timeline_cpu_ns(timeline);
}

void stw__timeline_unblock(struct stw_timeline *timeline)
{
    if (!timeline->block_ns)
        return;
    uint64_t cpu_ns = stw_clock_thread_cpu_ns() - timeline->block_cpu_ns;
    uint64_t wall_ns = stw_clock_ns() - timeline->block_ns; /* last: never less than CPU time */
    timeline->blocked_ns += wall_ns > cpu_ns ? wall_ns - cpu_ns : 0;
    timeline->block_ns = 0;
}

void stw_timeline_unite(struct stw_timeline *timeline)
{
    uint64_t united = 0;
    for (uint64_t i = 0; i < timeline->count; i++) {
        struct stw_taken_interval next = *stw__timeline_at(timeline, i);
        uint64_t start = next.start_ns, end = stw__interval_end_ns(&next);
        while (united > 0) {
            const struct stw_taken_interval *last = stw__timeline_at(timeline, united - 1);
            if (stw__interval_end_ns(last) < start)
                break;
            start = last->start_ns < start ? last->start_ns : start;
            united--;
        }
        *stw__timeline_at(timeline, united++) =
            (struct stw_taken_interval){start, (end - start) * 8};
    }
    timeline->count = united;
}

/* Walks a united log once: taken time before ascending moments. */
struct cursor {
    uint64_t index, taken_ns;
};

static uint64_t taken_before(const struct stw_timeline *timeline, struct cursor *at,
                             uint64_t moment_ns)
{
    for (; at->index < timeline->count; at->index++) {
        const struct stw_taken_interval *interval = stw__timeline_at(timeline, at->index);
        if (stw__interval_end_ns(interval) > moment_ns)
            return at->taken_ns
                 + (interval->start_ns < moment_ns ? moment_ns - interval->start_ns : 0);
        at->taken_ns += interval->length_kind / 8;
    }
    return at->taken_ns;
}

/* The first moment of the window that begins with interval i, or ends with it. */
static uint64_t window_start(const struct stw_timeline *timeline, uint64_t i, uint64_t window_ns,
                             int ends)
{
    const struct stw_taken_interval *interval = stw__timeline_at(timeline, i);
    uint64_t start = interval->start_ns, last = timeline->end_ns - window_ns;
    if (ends) {
        uint64_t end = stw__interval_end_ns(interval);
        start = end > timeline->begin_ns + window_ns ? end - window_ns : timeline->begin_ns;
    }
    return start < last ? start : last;
}

/* As a window slides, what it loses changes at a rate that only edges of intervals change: the most
 * is in a window that begins where an interval begins, or ends where one ends. */
uint64_t stw_timeline_worst_ns(const struct stw_timeline *timeline, uint64_t window_ns)
{
    if (timeline->end_ns - timeline->begin_ns < window_ns || window_ns == 0)
        return STW_TIMELINE_NONE;
    uint64_t worst = 0;
    for (int ends = 0; ends <= 1; ends++) {
        struct cursor from = {0, 0}, to = {0, 0};
        for (uint64_t i = 0; i < timeline->count; i++) {
            uint64_t start = window_start(timeline, i, window_ns, ends);
            uint64_t before = taken_before(timeline, &from, start);
            uint64_t taken = taken_before(timeline, &to, start + window_ns) - before;
            worst = taken > worst ? taken : worst;
        }
    }
    return worst;
}
