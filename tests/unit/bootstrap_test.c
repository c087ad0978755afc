/* unit/bootstrap_test.c: intervals of medians, pooled percentiles, means and ratios (report.B1,
 * report.B2).
 * Method: for samples so small that all resamples can be listed, the exact distribution of the
 * statistic is known: its ends were worked out once by a program that lists them, with fractions,
 * and are constants here. What random resampling comes to must be these very values, because the
 * distributions are discrete and no step of theirs is near an end. For larger samples, intervals of
 * many simulated experiments must contain the truth about as often as they say. */
#include "report/bootstrap.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct stw_statistic median = {STW_STATISTIC_PERCENTILE, 50};
static const struct stw_statistic p90 = {STW_STATISTIC_PERCENTILE, 90};
static const struct stw_statistic mean = {STW_STATISTIC_MEAN, 0};

/* One value a trial. */
static struct stw_sample sample_of(const double *values, uint32_t count)
{
    struct stw_sample sample = {0};
    for (uint32_t i = 0; i < count; i++) {
        stw_sample_trial(&sample);
        stw_sample_add(&sample, values[i]);
    }
    return sample;
}

static void expect(struct stw_interval got, double estimate, double low, double high)
{
    cr_expect_float_eq(got.estimate, estimate, 1e-9, "estimate %.12g", got.estimate);
    cr_expect_float_eq(got.low, low, 1e-9, "low %.12g", got.low);
    cr_expect_float_eq(got.high, high, 1e-9, "high %.12g", got.high);
}

static const double seven[] = {3.1, 4.7, 2.2, 5.9, 3.6, 8.4, 2.9};
static const double five[] = {6.0, 7.5, 9.1, 4.4, 12.3};

Test(bootstrap, ends_are_those_of_the_exact_distribution)
{
    const struct stw_bootstrap wide = {7, 200000, 95}, narrow = {8, 200000, 80};
    struct stw_sample a = sample_of(seven, 7), b = sample_of(five, 5);
    expect(stw_bootstrap_value(&a, median, &wide), 3.6, 2.9, 5.9);
    expect(stw_bootstrap_ratio(&a, &b, median, &wide), 0.48, 12.0 / 41, 47.0 / 44);
    expect(stw_bootstrap_ratio(&a, &b, median, &narrow), 0.48, 31.0 / 91, 59.0 / 75);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

/* The exact ends of the mean lie where many sums are close together: a tolerance. */
Test(bootstrap, means_too)
{
    const struct stw_bootstrap options = {3, 200000, 90};
    struct stw_sample b = sample_of(five, 5);
    struct stw_interval got = stw_bootstrap_value(&b, mean, &options);
    cr_expect_float_eq(got.estimate, 7.86, 1e-9);
    cr_expect_float_eq(got.low, 5.96, 0.05);
    cr_expect(got.high >= 9.76 && got.high <= 10.06);
    stw_sample_free(&b);
}

/* Trials of several values, one of none: drawn whole. */
Test(bootstrap, pooled_percentiles_resample_trials)
{
    const double values[][4] = {{1, 2, 9}, {4}, {5, 6, 7, 20}, {0}, {3, 3}};
    const uint32_t counts[] = {3, 1, 4, 0, 2};
    const struct stw_bootstrap options = {5, 200000, 90};
    struct stw_sample c = {0};
    for (uint32_t i = 0; i < 5; i++) {
        stw_sample_trial(&c);
        for (uint32_t j = 0; j < counts[i]; j++)
            stw_sample_add(&c, values[i][j]);
    }
    expect(stw_bootstrap_value(&c, p90, &options), 9, 4, 20);
    stw_sample_free(&c);
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
    struct stw_interval first = stw_bootstrap_ratio(&a, &b, mean, &options);
    struct stw_interval again = stw_bootstrap_ratio(&a, &b, mean, &options);
    struct stw_interval third = stw_bootstrap_ratio(&a, &b, mean, &other);
    cr_expect(first.low == again.low && first.high == again.high);
    cr_expect(first.low != third.low || first.high != third.high);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

Test(bootstrap, a_sample_of_one_trial_has_no_width)
{
    const struct stw_bootstrap options = {1, 100, 95};
    struct stw_sample a = sample_of(seven, 1), b = sample_of(five, 1);
    expect(stw_bootstrap_ratio(&a, &b, median, &options), 3.1 / 6, 3.1 / 6, 3.1 / 6);
    stw_sample_free(&a);
    stw_sample_free(&b);
}

Test(bootstrap, division_by_zero_is_infinite)
{
    const double zeros[] = {0, 0, 1};
    const struct stw_bootstrap options = {1, 1000, 95};
    struct stw_sample a = sample_of(seven, 3), b = sample_of(zeros, 3);
    struct stw_interval got = stw_bootstrap_ratio(&a, &b, mean, &options);
    cr_expect(isfinite(got.estimate) && isfinite(got.low) && isinf(got.high));
    stw_sample_free(&a);
    stw_sample_free(&b);
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
        struct stw_interval ratio = stw_bootstrap_ratio(&a, &b, median, &options);
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
            stw_sample_trial(&a);
            for (uint32_t i = 0; i < 30; i++)
                stw_sample_add(&a, speed * pow(draw_time(&random), 0.1));
        }
        struct stw_interval value = stw_bootstrap_value(&a, median, &options);
        hits += value.low <= 1 && value.high >= 1;
        stw_sample_free(&a);
    }
    cr_expect(hits >= EXPERIMENTS * 88 / 100, "%u", hits);
}
