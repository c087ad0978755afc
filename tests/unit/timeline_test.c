/* tests/unit/timeline_test.c: goal: the log of taken time counts every nanosecond once, and the
 * worst window is the worst.
 * Method: intervals at random, nested and overlapping, in the order of their ends as a mutator logs
 * them; sums and windows are compared with a map of single nanoseconds, window by window. A window
 * that begins at no edge is among them, so the claim that edges suffice is tested too. */
#include "base/random.h"
#include "gc/collector.h"
#include "prim/memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_NS 600u /* of a random log: small, so that all windows can be looked at */
#define BEGIN_NS 1000u
#define LOGS 400u

static struct stw_timeline *timeline;
static unsigned char kinds[SPAN_NS]; /* of each nanosecond: innermost kind plus 1, or 0 */

static void set_up(void)
{
    timeline = stw_memory_map(sizeof *timeline);
    cr_assert(timeline);
}

TestSuite(timeline, .init = set_up);

static void add(uint32_t kind, uint64_t from, uint64_t to)
{
    stw__timeline_add(timeline, kind, BEGIN_NS + from, BEGIN_NS + to);
    for (uint64_t at = from; at < to; at++)
        if (!kinds[at])
            kinds[at] = (unsigned char)(kind + 1);
}

/* Up to 40 intervals; half of them cover some of those before. */
static void log_at_random(struct stw_random *random)
{
    uint64_t end = 0;
    uint32_t count = 1 + stw_random_below(random, 40);
    memset(kinds, 0, sizeof kinds);
    stw_timeline_begin(timeline, BEGIN_NS);
    for (uint32_t i = 0; i < count && end < SPAN_NS; i++) {
        end += stw_random_below(random, 30);
        end = end < SPAN_NS ? end : SPAN_NS;
        uint64_t back = 1 + stw_random_below(random, i % 2 ? 60 : 10);
        uint64_t start = end > back ? end - back : 0;
        add(stw_random_below(random, STW_TAKEN_KINDS), start, end);
    }
    stw_timeline_end(timeline, BEGIN_NS + SPAN_NS);
}

static uint64_t worst_by_hand(uint64_t window)
{
    uint64_t worst = 0;
    for (uint64_t from = 0; from + window <= SPAN_NS; from++) {
        uint64_t taken = 0;
        for (uint64_t at = from; at < from + window; at++)
            taken += kinds[at] != 0;
        worst = taken > worst ? taken : worst;
    }
    return worst;
}

/* gc.T2 */
Test(timeline, gives_each_nanosecond_to_its_innermost_kind)
{
    struct stw_random random = stw_random_seed(1, 1);
    for (uint32_t log = 0; log < LOGS; log++) {
        log_at_random(&random);
        uint64_t sums[STW_TAKEN_KINDS] = {0};
        for (uint32_t at = 0; at < SPAN_NS; at++)
            if (kinds[at])
                sums[kinds[at] - 1]++;
        for (uint32_t kind = 0; kind < STW_TAKEN_KINDS; kind++)
            cr_assert_eq(timeline->taken_ns[kind], sums[kind], "log %u: %s", log,
                         stw_taken_name(kind));
    }
}

/* gc.T1 */
Test(timeline, unites_what_is_nested_and_overlapping)
{
    struct stw_random random = stw_random_seed(2, 1);
    for (uint32_t log = 0; log < LOGS; log++) {
        log_at_random(&random);
        stw_timeline_unite(timeline);
        uint64_t free_from = BEGIN_NS, taken = 0;
        for (uint64_t i = 0; i < timeline->count; i++) {
            const struct stw_taken_interval *interval = stw__timeline_at(timeline, i);
            cr_assert(i == 0 || interval->start_ns > free_from, "log %u: disjoint", log);
            for (uint64_t at = interval->start_ns; at < stw__interval_end_ns(interval); at++)
                cr_assert(kinds[at - BEGIN_NS]);
            free_from = stw__interval_end_ns(interval);
            taken += free_from - interval->start_ns;
        }
        for (uint32_t at = 0; at < SPAN_NS; at++)
            taken -= kinds[at] != 0;
        cr_assert_eq(taken, 0, "log %u: all of it and nothing else", log);
    }
}

Test(timeline, finds_the_worst_window)
{
    static const uint64_t windows[] = {1, 2, 7, 30, 99, 250, 599, 600};
    struct stw_random random = stw_random_seed(3, 1);
    for (uint32_t log = 0; log < LOGS; log++) {
        log_at_random(&random);
        stw_timeline_unite(timeline);
        for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
            cr_assert_eq(stw_timeline_worst_ns(timeline, windows[i]),
                         worst_by_hand(windows[i]), "log %u, window %llu", log,
                         (unsigned long long)windows[i]);
    }
    cr_assert_eq(stw_timeline_worst_ns(timeline, SPAN_NS + 1), STW_TIMELINE_NONE);
}

Test(timeline, of_a_mutator_that_loses_nothing_is_empty)
{
    stw_timeline_begin(timeline, BEGIN_NS);
    stw_timeline_end(timeline, BEGIN_NS + SPAN_NS);
    stw_timeline_unite(timeline);
    cr_assert_eq(stw_timeline_worst_ns(timeline, SPAN_NS), 0);
}

/* gc.T1 */
Test(timeline, holds_only_what_lies_between_begin_and_end)
{
    stw__timeline_add(timeline, STW_TAKEN_STOP, 10, 20);
    cr_assert_eq(timeline->count, 0, "not begun");
    stw_timeline_begin(timeline, BEGIN_NS);
    stw__timeline_add(timeline, STW_TAKEN_TURN, BEGIN_NS - 50, BEGIN_NS - 10);
    stw__timeline_add(timeline, STW_TAKEN_STOP, BEGIN_NS - 5, BEGIN_NS + 7);
    cr_assert_eq(timeline->count, 1);
    cr_assert_eq(timeline->taken_ns[STW_TAKEN_STOP], 7, "the part after begin");
    stw_timeline_end(timeline, BEGIN_NS + 100);
    stw__timeline_add(timeline, STW_TAKEN_STOP, BEGIN_NS + 150, BEGIN_NS + 170);
    cr_assert_eq(timeline->taken_ns[STW_TAKEN_STOP], 7, "ended");
    stw_timeline_begin(timeline, 2 * BEGIN_NS);
    cr_assert_eq(timeline->count + timeline->taken_ns[STW_TAKEN_STOP], 0, "begun anew");
}

Test(timeline, that_is_full_counts_what_it_loses_and_still_sums)
{
    const uint64_t room = (uint64_t)STW_TIMELINE_CHUNK * STW_TIMELINE_CHUNKS;
    stw_timeline_begin(timeline, BEGIN_NS);
    for (uint64_t i = 0; i < room + 5; i++)
        stw__timeline_add(timeline, STW_TAKEN_SWEEP, BEGIN_NS + 10 * i, BEGIN_NS + 10 * i + 3);
    cr_assert_eq(timeline->count, room);
    cr_assert_eq(timeline->lost, 5);
    cr_assert_eq(stw__timeline_taken_ns(timeline), 3 * (room + 5));
}

Test(timeline, takes_cpu_time_of_pieces_without_that_of_pieces_inside)
{
    stw_timeline_begin(timeline, stw_clock_ns());
    uint64_t before_ns = stw_clock_thread_cpu_ns();
    struct stw_taken outer = stw__taken_begin(timeline), inner = stw__taken_begin(timeline);
    /* Between two readings of the clock a thread that lost its processor may be charged 0.2 ms: the
     * piece is at least as long as what was read inside it, not what was read before. */
    uint64_t inside_ns = stw_clock_thread_cpu_ns();
    while (stw_clock_thread_cpu_ns() - inside_ns < 3000000)
        ;
    uint64_t inner_ns = stw__taken_end(timeline, STW_TAKEN_MARK, inner);
    stw__taken_end(timeline, STW_TAKEN_ASSIST, outer);
    uint64_t cpu_ns = stw_clock_thread_cpu_ns() - before_ns;
    const uint64_t *parts_ns = timeline->cpu_ns;
    cr_assert_geq(parts_ns[STW_TAKEN_MARK], 3000000);
    cr_assert_leq(parts_ns[STW_TAKEN_MARK], inner_ns);
    cr_assert_leq(parts_ns[STW_TAKEN_MARK] + parts_ns[STW_TAKEN_ASSIST], cpu_ns);
    cr_assert_eq(timeline->count, 2);
}

/* Two mutators and
Test(timeline, takes_wall_time_of_pieces_inside_whose_cpu_time_is_not_measured)
{
    stw_timeline_begin(timeline, stw_clock_ns());
    struct stw_taken outer = stw__taken_begin(timeline);
    uint64_t before_ns = stw_clock_thread_cpu_ns(), began_ns = stw_clock_ns();
    while (stw_clock_thread_cpu_ns() - before_ns < 3000000)
        ;
    stw__timeline_add(timeline, STW_TAKEN_SWEEP, began_ns, stw_clock_ns());
    stw__taken_end(timeline, STW_TAKEN_CYCLE, outer);
    cr_assert_lt(timeline->cpu_ns[STW_TAKEN_CYCLE], 1000000, "only what is around the sweep");
    cr_assert_geq(timeline->taken_ns[STW_TAKEN_SWEEP], 3000000);
}
 one stop: requested at 1100, all stopped at 1110, released at 1150, the last ran
 * again at 1155. */
static struct stw_gc gc;
static struct stw_pause pause = {.start_ns = 100, .stopping_ns = 10, .working_ns = 40,
                                 .restarting_ns = 5, .mutators = 1, .complete = 1};

static struct stw_testimony hear(uint64_t start, uint64_t end)
{
    gc.options = (struct stw_gc_options){.origin_ns = BEGIN_NS, .pauses = &pause,
                                         .pause_capacity = 1};
    gc.totals.pauses = 1;
    gc.mutator_count = 2;
    for (uint32_t i = 0; i < 2; i++) {
        if (!gc.mutators[i])
            gc.mutators[i] = stw_memory_map(sizeof *gc.mutators[i]);
        stw_timeline_begin(&gc.mutators[i]->timeline, BEGIN_NS);
    }
    stw__timeline_add(&gc.mutators[0]->timeline, STW_TAKEN_STOP, BEGIN_NS + 100, BEGIN_NS + 170);
    stw__timeline_add(&gc.mutators[1]->timeline, STW_TAKEN_STOP, BEGIN_NS + start, BEGIN_NS + end);
    for (uint32_t i = 0; i < 2; i++)
        stw_timeline_end(&gc.mutators[i]->timeline, BEGIN_NS + 500);
    return stw_witnesses_hear(&gc);
}

Test(timeline, of_a_mutator_confirms_a_stop_or_disputes_it)
{
    static const struct { uint64_t start, end, disputed; } rows[] = {
        {103, 155, 0}, {110, 150, 0}, /* as long as it can be, and as short */
        {111, 155, 1}, {103, 149, 1}, /* it ran while the world counted as stopped */
        {103, 156, 1},                /* it was held longer than the record says */
        {90, 160, 0},                 /* it slept through the stop before as well */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stw_testimony testimony = hear(rows[i].start, rows[i].end);
        cr_assert_eq(testimony.examined, 1);
        cr_assert_eq(testimony.disputed, rows[i].disputed, "row %zu", i);
    }
    pause.mutators = 0; /* whoever was not counted may leave later */
    cr_assert_eq(hear(103, 300).disputed, 0);
    pause.complete = 0;
    cr_assert_eq(hear(103, 155).examined, 0);
}
