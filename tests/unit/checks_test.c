/* tests/unit/checks_test.c: goal: the checks at the edges of long-lived structs see what breaks
 * their rules (base.HI1, base.HI2, gc.B1, gc.B2, gc.G3, gc.G4, gc.K1, gc.K9, gc.O1, gc.P1, gc.R1,
 * gc.R2, gc.T1, gc.W3, heap.H3, store.TS1, trial.RE1).
 * Method: a sound struct passes, and with one field wrong the process ends. */
#include "gc/barrier.h"
#include "gc/collector.h"
#include "store/trials.h"
#include "trial/record.h"

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
    static struct stw_taken_interval chunk[STW_TIMELINE_CHUNK] = {{10, 5 * 8}, {12, 4 * 8}};
    timeline = (struct stw_timeline){.begin_ns = 10, .is_open = 1, .count = 2, .chunks = {chunk}};
    stw__timeline_check(&timeline);
}

Test(checks, intervals_are_in_the_order_of_their_ends, .init = timeline_is_sound,
     .signal = SIGABRT)
{
    timeline.chunks[0][1].length_kind = 2 * 8;
    stw__timeline_check(&timeline);
}

static void slot_is_sound(void)
{
    stw__work_slot_check(&gc.work.slots[5]);
}

Test(checks, free_slots_hold_no_cells, .init = slot_is_sound, .signal = SIGABRT)
{
    static struct stw_work_buffer buffer;
    gc.work.slots[5].offer = &buffer;
    stw__work_slot_check(&gc.work.slots[5]);
}

Test(checks, free_slots_hold_no_spans, .init = slot_is_sound, .signal = SIGABRT)
{
    gc.work.slots[5].spans = &span;
    stw__work_slot_check(&gc.work.slots[5]);
}

/* Between 45/64 and 61/64 of the way from what is marked to the goal. */
static void pacer_is_sound(void)
{
    gc.pacer = (struct stw_pacer){
        .percent = 100, .heap_marked = 1 << 20, .goal = 2 << 20, .trigger = (1 << 20) + 950000,
        .limit_goal = UINT64_MAX, .limit_bytes = UINT64_MAX, .triggered = UINT64_MAX};
    stw__pacer_check(&gc.pacer);
}

Test(checks, cycles_begin_before_their_goal, .init = pacer_is_sound, .signal = SIGABRT)
{
    gc.pacer.trigger = gc.pacer.goal + 1;
    stw__pacer_check(&gc.pacer);
}

Test(checks, cycles_do_not_begin_at_once, .init = pacer_is_sound, .signal = SIGABRT)
{
    gc.pacer.trigger = gc.pacer.heap_marked + 1;
    stw__pacer_check(&gc.pacer);
}

Test(checks, goals_are_above_what_is_marked, .init = pacer_is_sound, .signal = SIGABRT)
{
    gc.pacer.heap_marked = gc.pacer.goal + 1;
    gc.pacer.trigger = gc.pacer.goal;
    stw__pacer_check(&gc.pacer);
}

static struct stw_histogram histogram;

static void histogram_is_sound(void)
{
    stw__histogram_check(&histogram);
    stw_histogram_record(&histogram, 3);
    stw_histogram_record(&histogram, 1000000);
    stw_histogram_record(&histogram, UINT64_MAX / 2);
    stw__histogram_check(&histogram);
}

Test(checks, histograms_count_their_values, .init = histogram_is_sound, .signal = SIGABRT)
{
    histogram.count++;
    stw__histogram_check(&histogram);
}

Test(checks, histograms_have_no_value_twice, .init = histogram_is_sound, .signal = SIGABRT)
{
    histogram.buckets[3]++;
    histogram.buckets[4]++;
    histogram.count--;
    stw__histogram_check(&histogram);
}

Test(checks, no_value_is_above_the_maximum, .init = histogram_is_sound, .signal = SIGABRT)
{
    histogram.clipped = 0;
    histogram.max = 1000;
    stw__histogram_check(&histogram);
}

Test(checks, sums_hold_the_maximum, .signal = SIGABRT)
{
    stw_histogram_record(&histogram, 5);
    histogram.sum = 4;
    stw__histogram_check(&histogram);
}

static struct stw_record *record;

static void record_is_sound(void)
{
    struct stw_error error = {.struct_size = sizeof error};
    int descriptor;
    record = stw_record_new("gogc\t100\n", &descriptor, &error);
    cr_assert_not_null(record, "%s", error.message);
    stw__record_check(record);
}

Test(checks, records_tell_of_nothing_yet, .init = record_is_sound, .signal = SIGABRT)
{
    stw_record_count(record, STW_FACT_GC_CYCLES, 1);
    stw__record_check(record);
}

Test(checks, records_have_the_size_of_their_build, .init = record_is_sound, .signal = SIGABRT)
{
    record->bytes -= sizeof(struct stw_pause);
    stw__record_check(record);
}

Test(checks, settings_end_within_the_record, .init = record_is_sound, .signal = SIGABRT)
{
    memset(record->settings, 'x', sizeof record->settings);
    stw__record_check(record);
}

static uint64_t keys[] = {1, 2, 1ull << 32};
static struct stw_trials trials = {keys, 3};

static void trials_are_sound(void)
{
    stw__trials_check(&trials);
    cr_assert(stw_trials_have(&trials, 0, 2) && stw_trials_have(&trials, 1, 0));
    cr_assert(!stw_trials_have(&trials, 0, 0) && !stw_trials_have(&trials, 1, 1));
}

Test(checks, no_trial_is_stored_twice, .init = trials_are_sound, .signal = SIGABRT)
{
    keys[0] = 2;
    stw__trials_check(&trials);
}

Test(checks, trials_ascend, .init = trials_are_sound, .signal = SIGABRT)
{
    keys[2] = 0;
    stw__trials_check(&trials);
}
