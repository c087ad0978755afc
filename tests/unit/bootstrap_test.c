/* unit/bootstrap_test.c: samples, and intervals of medians, pooled percentiles, means, ratios and
 * differences (report.SA1, report.B1, report.B2).
 * Method: for samples so small that all resamples can be listed, the exact distribution of the
 * statistic is known: its ends were worked out once by a program that lists them, with fractions,
 * and are constants here. What random resampling comes to must be these very values, because the
 * distributions are discrete and no step of theirs is near an end. For larger samples, intervals of
 * many simulated experiments must contain the truth about as often as they say. */
#include "report/bootstrap.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct stw_statistic median = {STW_STATISTIC_PERCENTILE, 50, 0};
static const struct stw_statistic p90 = {STW_STATISTIC_PERCENTILE, 90, 0};
static const struct stw_statistic mean = {STW_STATISTIC_MEAN, 0, 0};
static const struct stw_statistic largest = {STW_STATISTIC_PERCENTILE, 100, 0};

/* One value a trial, of blocks from 0 on. */
static struct stw_sample sample_of(const double *values, uint32_t count)
{
    struct stw_sample sample = {0};
    for (uint32_t i = 0; i < count; i++) {
        stw_sample_trial(&sample, i);
        stw_sample_add(&sample, values[i]);
    }
    return sample;
}

static void expect(struct stw_interval got, double estimate, double low, double high)
{
    cr_expect_null(got.without);
    cr_expect_float_eq(got.estimate, estimate, 1e-9, "estimate %.12g", got.estimate);
    cr_expect_float_eq(got.low, low, 1e-9, "low %.12g", got.low);
    cr_expect_float_eq(got.high, high, 1e-9, "high %.12g", got.high);
}

static const double seven[] = {3.1, 4.7, 2.2, 5.9, 3.6, 8.4, 2.9};
static const double six[] = {6.0, 7.5, 9.1, 4.4, 12.3, 5.2};

Test(bootstrap, ends_are_those_of_the_exact_distribution)
{
    const struct stw_bootstrap wide = {7, 200000, 95}, narrow = {8, 200000, 80};
    struct stw_sample a = sample_of(seven, 7);
    expect(stw_bootstrap_value(&a, median, &wide), 3.6, 2.2, 8.4);
    expect(stw_bootstrap_value(&a, median, &narrow), 3.6, 2.9, 5.9);
    stw_sample_free(&a);
}

/* report.B2: the same blocks are drawn for both; the last has no trial of b. */
Test(bootstrap, contrasts_draw_the_same_blocks)
{
    const struct stw_bootstrap wide = {7, 200000, 95}, narrow = {8, 200000, 80};
    struct stw_sample a = sample_of(seven, 7), b = sample_of(six, 6);
    struct stw_contrast got = stw_bootstrap_contrast(&a, &b, median, &wide);
    expect(got.ratio, 0.6, 22.0 / 91, 84.0 / 52);
    expect(got.difference, -2.4, -8.7, 3.2);
    got = stw_bootstrap_contrast(&a, &b, median, &narrow);
    expect(got.ratio, 0.6, 29.0 / 91, 59.0 / 52);
    expect(got.difference, -2.4, -6.2, 0.7);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

/* What varies from block to block alike in both leaves their ratio alone. */
Test(bootstrap, what_blocks_have_in_common_widens_nothing)
{
    const struct stw_bootstrap options = {4, 2000, 95};
    double twice[7];
    for (uint32_t i = 0; i < 7; i++)
        twice[i] = 2 * seven[i];
    struct stw_sample a = sample_of(twice, 7), b = sample_of(seven, 7);
    expect(stw_bootstrap_contrast(&a, &b, mean, &options).ratio, 2, 2, 2);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

/* The exact ends of the mean lie where many sums are close together: a tolerance. */
Test(bootstrap, means_too)
{
    const struct stw_bootstrap options = {3, 200000, 90};
    struct stw_sample a = sample_of(seven, 7);
    struct stw_interval got = stw_bootstrap_value(&a, mean, &options);
    cr_expect_float_eq(got.estimate, 4.4, 1e-9);
    cr_expect_float_eq(got.error, 0.7527, 0.003, "%g", got.error); /* sqrt(27.76 / 7 / 7) */
    cr_expect(got.low > 2.9 && got.low < 3.4, "%g", got.low);
    cr_expect(got.high > 5.6 && got.high < 6.2, "%g", got.high);
    stw_sample_free(&a);
}

/* Trials of several values, one of none: drawn whole. */
Test(bootstrap, pooled_percentiles_draw_trials)
{
    const double values[][4] = {{1, 2, 9}, {4}, {5, 6, 7, 20}, {0}, {3, 3}, {8, 2}, {4}};
    const uint32_t counts[] = {3, 1, 4, 0, 2, 2, 1};
    const struct stw_bootstrap options = {5, 200000, 90};
    struct stw_sample c = {0};
    for (uint32_t i = 0; i < 7; i++) {
        stw_sample_trial(&c, 3 * i);
        for (uint32_t j = 0; j < counts[i]; j++)
            stw_sample_add(&c, values[i][j]);
    }
    expect(stw_bootstrap_value(&c, p90, &options), 9, 4, 20);
    stw_sample_free(&c);
}

/* report.B3: of twenty trials one has a value, then five, then six. */
Test(bootstrap, trials_without_values_are_no_evidence)
{
    const struct stw_bootstrap options = {1, 1000, 95};
    for (uint32_t with_values = 1; with_values <= 6; with_values++) {
        struct stw_sample a = {0}, b = {0};
        for (uint32_t i = 0; i < 20; i++) {
            stw_sample_trial(&a, i);
            stw_sample_trial(&b, i);
            stw_sample_add(&b, i);
            if (i < with_values)
                stw_sample_add(&a, 10 + i);
        }
        struct stw_interval value = stw_bootstrap_value(&a, median, &options);
        struct stw_contrast contrast = stw_bootstrap_contrast(&a, &b, median, &options);
        cr_expect_eq(value.without == NULL, with_values == 6);
        cr_expect_eq(contrast.ratio.without == NULL, with_values == 6);
        if (value.without)
            cr_expect_str_eq(value.without, "fewer than 6 trials have any");
        stw_sample_free(&a);
        stw_sample_free(&b);
    }
}

/* report.B1 */
Test(bootstrap, the_seed_decides)
{
    const struct stw_bootstrap options = {1, 200, 95}, other = {2, 200, 95};
    double values[40];
    struct stw_random random = stw_random_seed(9, 9);
    for (uint32_t i = 0; i < 40; i++)
        values[i] = 1 + stw_random_u32(&random) / 4294967296.0;
    struct stw_sample a = sample_of(values, 20), b = sample_of(values + 20, 20);
    struct stw_interval first = stw_bootstrap_contrast(&a, &b, mean, &options).ratio;
    struct stw_interval again = stw_bootstrap_contrast(&a, &b, mean, &options).ratio;
    struct stw_interval third = stw_bootstrap_contrast(&a, &b, mean, &other).ratio;
    cr_expect(first.low == again.low && first.high == again.high);
    cr_expect(first.low != third.low || first.high != third.high);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

/* An interval of no width, as one trial would give, is a lie. */
Test(bootstrap, few_trials_and_maxima_have_no_interval)
{
    const struct stw_bootstrap options = {1, 100, 95};
    struct stw_sample a = sample_of(seven, 7), b = sample_of(six, 5);
    struct stw_contrast got = stw_bootstrap_contrast(&a, &b, median, &options);
    cr_expect_not_null(got.ratio.without);
    cr_expect_not_null(got.difference.without);
    cr_expect_float_eq(got.ratio.estimate, 3.6 / 7.5, 1e-9);
    cr_expect_not_null(stw_bootstrap_value(&b, median, &options).without);
    cr_expect_null(stw_bootstrap_value(&a, median, &options).without);
    cr_expect_not_null(stw_bootstrap_value(&a, largest, &options).without);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

Test(bootstrap, division_by_zero_is_infinite)
{
    const double zeros[] = {0, 0, 0, 0, 0, 1};
    const struct stw_bootstrap options = {1, 1000, 95};
    struct stw_sample a = sample_of(seven, 6), b = sample_of(zeros, 6);
    struct stw_contrast got = stw_bootstrap_contrast(&a, &b, mean, &options);
    cr_expect(isfinite(got.ratio.estimate) && isfinite(got.ratio.low) && isinf(got.ratio.high));
    cr_expect(isfinite(got.difference.low) && isfinite(got.difference.high));
    stw_sample_free(&a);
    stw_sample_free(&b);
}

/* Percentiles of many values, in stretches, are those of a plain walk. report.SA1 */
Test(sample, percentiles_under_weights)
{
    struct stw_random random = stw_random_seed(12, 4);
    struct stw_sample sample = {0};
    for (uint32_t t = 0; t < 9; t++) {
        stw_sample_trial(&sample, t);
        for (uint32_t i = 0; i < 150 * t; i++)
            stw_sample_add(&sample, stw_random_below(&random, 1000));
    }
    stw_sample_sort(&sample);
    for (uint32_t round = 0; round < 200; round++) {
        uint32_t weights[9];
        for (uint32_t t = 0; t < 9; t++)
            weights[t] = stw_random_below(&random, 3);
        uint64_t total = stw_sample_total(&sample, weights), seen = 0;
        double percent = 0.1 * (1 + stw_random_below(&random, 1000));
        uint64_t rank = (uint64_t)ceil((double)total * percent / 100 - 1e-9);
        uint32_t at = 0;
        if (!total)
            continue;
        while ((seen += weights[sample.values[at].trial]) < rank)
            at++;
        struct stw_statistic asked = {STW_STATISTIC_PERCENTILE, percent, 0};
        cr_assert_float_eq(stw_sample_weighted(&sample, weights, total, asked),
                           sample.values[at].value, 1e-12);
    }
    stw_sample_free(&sample);
}

Test(sample, how_often_in_a_second)
{
    const double ns[] = {2e6, 4e6, 3e6};
    struct stw_sample sample = sample_of(ns, 3);
    const struct stw_statistic often = {STW_STATISTIC_MEAN, 0, 1e9};
    cr_expect_float_eq(stw_sample_statistic(&sample, often), 1e9 / 3e6, 1e-9);
    stw_sample_free(&sample);
}

/* A trial's time: skewed, as times are. Its median is e^0 = 1. */
static double draw_time(struct stw_random *random)
{
    double first = (stw_random_u32(random) + 1.0) / 4294967297.0;
    double second = stw_random_u32(random) / 4294967296.0;
    return exp(0.2 * sqrt(-2 * log(first)) * cos(6.283185307179586 * second));
}

#define TRIALS 20u
#define EXPERIMENTS 400u

/* 95 % intervals of a ratio that is 1 and of a median that is 1. With 400 experiments the share has
 * a standard error of 1.1 %: the bounds leave room for three of them beside what is expected. */
Test(bootstrap, intervals_cover_as_often_as_they_say)
{
    struct stw_random random = stw_random_seed(2024, 1);
    uint32_t ratio_hits = 0, median_hits = 0;
    for (uint32_t e = 0; e < EXPERIMENTS; e++) {
        const struct stw_bootstrap options = {e, 1000, 95};
        double times[2 * TRIALS];
        for (uint32_t i = 0; i < 2 * TRIALS; i++)
            times[i] = draw_time(&random);
        struct stw_sample a = sample_of(times, TRIALS), b = sample_of(times + TRIALS, TRIALS);
        struct stw_interval ratio = stw_bootstrap_contrast(&a, &b, median, &options).ratio;
        struct stw_interval value = stw_bootstrap_value(&a, median, &options);
        ratio_hits += ratio.low <= 1 && ratio.high >= 1;
        median_hits += value.low <= 1 && value.high >= 1;
        stw_sample_free(&a);
        stw_sample_free(&b);
    }
    cr_expect(ratio_hits >= EXPERIMENTS * 91 / 100 && ratio_hits <= EXPERIMENTS * 99 / 100,
              "%u", ratio_hits);
    cr_expect(median_hits >= EXPERIMENTS * 89 / 100 && median_hits <= EXPERIMENTS * 99 / 100,
              "%u", median_hits);
}

/* Stops of one trial are alike (a slow trial is slow throughout): an interval that took them for
 * independent would be several times too narrow. */
Test(bootstrap, values_of_a_trial_are_not_taken_for_independent)
{
    struct stw_random random = stw_random_seed(77, 3);
    uint32_t hits = 0;
    for (uint32_t e = 0; e < EXPERIMENTS; e++) {
        const struct stw_bootstrap options = {e, 400, 95};
        struct stw_sample a = {0};
        for (uint32_t t = 0; t < TRIALS; t++) {
            double speed = draw_time(&random);
            stw_sample_trial(&a, t);
            for (uint32_t i = 0; i < 30; i++)
                stw_sample_add(&a, speed * pow(draw_time(&random), 0.1));
        }
        struct stw_interval value = stw_bootstrap_value(&a, median, &options);
        hits += value.low <= 1 && value.high >= 1;
        stw_sample_free(&a);
    }
    cr_expect(hits >= EXPERIMENTS * 88 / 100, "%u", hits);
}
