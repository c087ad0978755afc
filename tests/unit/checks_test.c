/* tests/unit/checks_test.c: goal: the checks at the edges of the structs of the collector see what
 * breaks their rules (gc.B1, gc.B2, gc.G3, gc.G4, gc.K1, gc.O1, gc.R1, gc.R2, gc.T1, gc.W3,
 * heap.H3).
 * Method: a sound struct passes, and with one field wrong the process ends. */
#include "gc/barrier.h"
#include "gc/collector.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct stw_gc gc;

/* A span of two pages with 16 cells of 1 KiB. */
static uint64_t alloc_bits[1], mark_bits[1];
static struct stw_span_record span = {
    .span = {.struct_size = sizeof span.span, .span_class = 2, .base = 8 * STW_PAGE_BYTES,
             .page_count = 2, .cell_bytes = 1024, .cell_count = 16, .alloc_bits = alloc_bits},
    .mark_bits = mark_bits, .bit_words = 1, .divide = UINT32_MAX / 1024 + 1};

static void span_is_sound(void)
{
    stw_span_record_check(&span);
}

Test(checks, spans_bits_end_with_its_cells, .init = span_is_sound, .signal = SIGABRT)
{
    mark_bits[0] = 1ull << 16;
    stw_span_record_check(&span);
}

Test(checks, spans_bitmaps_are_two, .init = span_is_sound, .signal = SIGABRT)
{
    span.mark_bits = alloc_bits;
    stw_span_record_check(&span);
}

Test(checks, spans_cells_fit, .init = span_is_sound, .signal = SIGABRT)
{
    span.span.cell_count = 17;
    stw_span_record_check(&span);
}

static struct stw_mutator_record m = {.gc = &gc};

static void mutator_is_sound(void)
{
    m.mutator.struct_size = sizeof m.mutator;
    stw__barrier_reset(&m);
    m.run_spans[2] = (struct stw_run_span){.record = &span, .start = span.span.base,
                                           .end = span.span.base + 4096};
    m.mutator.runs[2] = (struct stw_run){span.span.base + 1024, span.span.base + 4096};
    m.active_runs[0] = 1u << 2;
    stw__mutator_check(&m);
}

Test(checks, runs_begin_before_their_cursor, .init = mutator_is_sound, .signal = SIGABRT)
{
    m.run_spans[2].start += 2048;
    stw__mutator_check(&m);
}

Test(checks, runs_end_within_their_grant, .init = mutator_is_sound, .signal = SIGABRT)
{
    m.mutator.runs[2].limit += 1024;
    stw__mutator_check(&m);
}

Test(checks, barriers_lie_in_their_buffer, .init = mutator_is_sound, .signal = SIGABRT)
{
    m.mutator.barrier_next = m.mutator.barrier_end + 1;
    stw__mutator_check(&m);
}

static struct stw_marker marker;

static void marker_is_sound(void)
{
    stw__marker_check(&marker);
}

Test(checks, markers_outside_hold_nothing, .init = marker_is_sound, .signal = SIGABRT)
{
    struct stw_work_buffer buffer = {.count = 1};
    marker.spare = &buffer;
    stw__marker_check(&marker);
}

static struct stw_span_queue queue;

static void queue_is_sound(void)
{
    stw__span_queue_check(&queue);
    queue = (struct stw_span_queue){&span, &span, 1};
    stw__span_queue_check(&queue);
}

Test(checks, queues_count_their_spans, .init = queue_is_sound, .signal = SIGABRT)
{
    queue.count = 2;
    stw__span_queue_check(&queue);
}

static void processors_are_sound(void)
{
    gc.processors = (struct stw_processors){.total = 2, .free = 2};
    stw__processors_check(&gc.processors);
}

Test(checks, processors_are_not_made, .init = processors_are_sound, .signal = SIGABRT)
{
    gc.processors.free = 3;
    stw__processors_check(&gc.processors);
}

Test(checks, nobody_waits_for_a_free_processor, .init = processors_are_sound, .signal = SIGABRT)
{
    gc.processors.first = gc.processors.last = &m.turn;
    gc.processors.waiting = 1;
    stw__processors_check(&gc.processors);
}

static void world_is_sound(void)
{
    stw__world_check(&gc.world);
    gc.world.stopping = gc.world.stopped = gc.world.settled = 1;
    stw__world_check(&gc.world);
}

Test(checks, stops_begin_when_the_last_is_left, .init = world_is_sound, .signal = SIGABRT)
{
    gc.world.resuming = 2;
    stw__world_check(&gc.world);
}

Test(checks, the_world_stops_by_being_asked, .init = world_is_sound, .signal = SIGABRT)
{
    gc.world.stopping = 0;
    stw__world_check(&gc.world);
}

static void roots_are_sound(void)
{
    static struct stw_root_range ranges[64];
    gc.roots = (struct stw_roots){.ranges = ranges, .count = 3, .capacity = 64, .free = 2};
    stw__roots_check(&gc.roots);
}

Test(checks, free_places_of_roots_are_empty, .init = roots_are_sound, .signal = SIGABRT)
{
    static void *word;
    gc.roots.ranges[1].words = &word;
    stw__roots_check(&gc.roots);
}

static void limiter_is_sound(void)
{
    gc.limiter = (struct stw_limiter){.capacity_ns = 10, .fill_ns = 9};
    stw__limiter_check(&gc.limiter);
}

Test(checks, full_buckets_are_on, .init = limiter_is_sound, .signal = SIGABRT)
{
    gc.limiter.fill_ns = 10;
    stw__limiter_check(&gc.limiter);
}

Test(checks, buckets_hold_no_more_than_they_can, .init = limiter_is_sound, .signal = SIGABRT)
{
    gc.limiter.fill_ns = 11;
    gc.limiter.on = 1;
    stw__limiter_check(&gc.limiter);
}

static struct stw_timeline timeline;

static void timeline_is_sound(void)
{
    static struct stw_interval chunk[STW_TIMELINE_CHUNK] = {{10, 5 * 8}, {12, 4 * 8}};
    timeline = (struct stw_timeline){.begin_ns = 10, .is_open = 1, .count = 2, .chunks = {chunk}};
    stw__timeline_check(&timeline);
}

Test(checks, intervals_are_in_the_order_of_their_ends, .init = timeline_is_sound,
     .signal = SIGABRT)
{
    timeline.chunks[0][1].length_kind = 2 * 8;
    stw__timeline_check(&timeline);
}
