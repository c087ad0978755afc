/* unit/bins_test.c: nothing that is added to bins is lost or in the wrong one, however often they
 * are widened and merged (trial.BI1).
 * Method: moments by a seeded generator, counted anew by hand from a list. */
#include "trial/bins.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <string.h>

#define EVENTS 5000u
#define ORIGIN 1000000u

static struct {
    uint64_t at_ns, length_ns;
} events[EVENTS];
static uint32_t event_count;

static void add(struct stw_bins *bins, uint64_t at_ns, uint64_t length_ns)
{
    events[event_count].at_ns = at_ns;
    events[event_count++].length_ns = length_ns;
    stw_bins_add(bins, at_ns, length_ns);
}

/* trial.BI1 */
static void expect_all(const struct stw_bins *bins)
{
    static struct stw_bin counted[STW_BINS];
    memset(counted, 0, sizeof counted);
    for (uint32_t i = 0; i < event_count; i++) {
        uint64_t number = (events[i].at_ns - ORIGIN) >> bins->log_width;
        cr_assert(number >= bins->first && number < bins->first + bins->count);
        struct stw_bin *bin = &counted[number - bins->first];
        bin->count++;
        bin->sum_ns += events[i].length_ns;
        bin->max_ns = events[i].length_ns > bin->max_ns ? events[i].length_ns : bin->max_ns;
    }
    cr_assert(bins->count <= STW_BINS);
    cr_assert_eq(memcmp(counted, bins->bins, sizeof counted), 0);
}

Test(bins, hold_a_short_trial_in_narrow_ones)
{
    struct stw_bins bins;
    stw_bins_begin(&bins, ORIGIN, ORIGIN + 50000);
    add(&bins, ORIGIN + 50000, 7);
    add(&bins, ORIGIN + 60000, 9);
    add(&bins, ORIGIN + 99000, 5);
    cr_assert_eq(bins.log_width, STW_BIN_LOG_LEAST);
    cr_assert_eq(bins.bins[0].count + bins.bins[bins.count - 1].count, 3);
    expect_all(&bins);
}

Test(bins, widen_as_the_trial_goes_on)
{
    struct stw_bins bins;
    struct stw_random random = stw_random_seed(1, 1);
    uint64_t at_ns = ORIGIN + 123456789;
    stw_bins_begin(&bins, ORIGIN, at_ns);
    for (uint32_t i = 0; i < EVENTS; i++) {
        at_ns += stw_random_below(&random, 1u << (10 + i / 400));
        add(&bins, at_ns, stw_random_below(&random, 100000));
    }
    expect_all(&bins);
    cr_assert_gt(bins.count, STW_BINS / 2 - 1, "not wider than they must be");
}

/* One long after the others: every bin but two is empty. */
Test(bins, make_room_for_a_moment_far_away)
{
    struct stw_bins bins;
    stw_bins_begin(&bins, ORIGIN, ORIGIN);
    add(&bins, ORIGIN, 1);
    add(&bins, ORIGIN + 1000000000000u, 2);
    expect_all(&bins);
}

/* Mutators begin at other times, last for other times, and one does nothing. */
Test(bins, of_several_mutators_fit_upon_each_other)
{
    for (uint64_t seed = 1; seed < 200; seed++) {
        struct stw_bins all, bins;
        struct stw_random random = stw_random_seed(seed, 1);
        event_count = 0;
        stw_bins_begin(&all, ORIGIN, ORIGIN + (1 << 30));
        for (uint32_t mutator = 0; mutator < 4; mutator++) {
            uint64_t at_ns = ORIGIN + (1u << 29) + stw_random_below(&random, 1u << 29);
            uint32_t step = 10 + stw_random_below(&random, 12);
            stw_bins_begin(&bins, ORIGIN, at_ns);
            for (uint32_t i = 0; i < 300 * (mutator != 2); i++)
                add(&bins, at_ns += stw_random_below(&random, 1u << step), i);
            if (mutator == 0)
                all = bins;
            else
                stw_bins_merge(&all, &bins);
        }
        expect_all(&all);
    }
}

Test(bins, are_summed_up_in_thirds)
{
    struct stw_bins bins;
    uint64_t means_ns[3];
    stw_bins_begin(&bins, ORIGIN, ORIGIN);
    for (uint32_t i = 0; i < 90; i++)
        stw_bins_add(&bins, ORIGIN + i * (1u << STW_BIN_LOG_LEAST), i < 30 ? 10 : i < 60 ? 20 : i);
    cr_assert(stw_bins_thirds(&bins, 30, means_ns));
    cr_assert_eq(means_ns[0], 10);
    cr_assert_eq(means_ns[1], 20);
    cr_assert_eq(means_ns[2], (60 + 89) / 2);
    cr_assert_not(stw_bins_thirds(&bins, 31, means_ns));
}

Test(bins, alike_are_empty_and_of_the_same_moments)
{
    struct stw_bins bins, stops;
    stw_bins_begin(&bins, ORIGIN, ORIGIN);
    for (uint32_t i = 0; i < 1000; i++)
        stw_bins_add(&bins, ORIGIN + i * 100000, 1);
    stops = stw_bins_alike(&bins);
    cr_assert_eq(stops.count, 0);
    stw_bins_add(&stops, ORIGIN + 50000000, 3);
    cr_assert_eq(stops.log_width, bins.log_width);
    cr_assert_eq(stops.first, bins.first);
}
