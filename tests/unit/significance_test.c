/* unit/significance_test.c: p values and distributions (report.SG1).
 * Method: values of tables, small cases whose exchanges can be counted by hand, and many simulated
 * pairs of cells that do not differ, or do. */
#include "report/significance.h"

#include "base/random.h"
#include "report/distributions.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct stw_statistic median = {STW_STATISTIC_PERCENTILE, 50, 0};
static const struct stw_statistic mean = {STW_STATISTIC_MEAN, 0, 0};

Test(distributions, values_of_tables)
{
    cr_expect_float_eq(stw_normal_below(1.959963984540054), 0.975, 1e-12);
    cr_expect_float_eq(stw_t_quantile(0.975, 19), 2.093024054408263, 1e-9);
    cr_expect_float_eq(stw_t_quantile(0.975, 5), 2.570581835636314, 1e-9);
    cr_expect_float_eq(stw_t_quantile(0.95, 1), 6.313751514675043, 1e-8);
    cr_expect_float_eq(stw_t_quantile(0.5, 7), 0, 1e-9);
    cr_expect_float_eq(stw_t_quantile(0.025, 199), -1.971956544249395, 1e-9);
    cr_expect_float_eq(stw_t_below(-1.5, 3), 0.1152919326224, 1e-12);
    /* With y = -1.5 / sqrt(3): 1/2 + (y / (1 + y y) + atan y) / pi. */
}

static struct stw_sample sample_of(const double *values, uint32_t count, uint32_t first)
{
    struct stw_sample sample = {0};
    for (uint32_t i = 0; i < count; i++) {
        stw_sample_trial(&sample, first + i);
        stw_sample_add(&sample, values[i]);
    }
    return sample;
}

/* b's are 100 in each block, a's differ from it by this. */
static struct stw_significance of_differences(const double *differences, uint32_t count)
{
    double of_a[32], of_b[32];
    for (uint32_t i = 0; i < count; i++) {
        of_b[i] = 100;
        of_a[i] = 100 + differences[i];
    }
    struct stw_sample a = sample_of(of_a, count, 0), b = sample_of(of_b, count, 0);
    struct stw_significance found = stw_signed_ranks(&a, &b, median);
    stw_sample_free(&a);
    stw_sample_free(&b);
    return found;
}

/* report.SG1: of 2^n exchanges, as a program counted that lists them all. */
Test(significance, exchanges_are_counted)
{
    const double one_way[] = {1, 2, 3, 4, 5, 6}, mixed[] = {-1, -2, 3, -4, -5, -6, -7, -8};
    const double ties[] = {2, 2, -2, 5, 5, 1, -1, 8, 9, 0}, none[] = {0, 0, 0, 0, 0, 0};
    struct stw_significance found = of_differences(one_way, 6);
    cr_expect_float_eq(found.p, 2.0 / 64, 1e-12);
    cr_expect_eq(found.direction, 1);
    found = of_differences(mixed, 8);
    cr_expect_float_eq(found.p, 10.0 / 256, 1e-12, "%g", found.p);
    cr_expect_eq(found.direction, -1);
    found = of_differences(ties, 10);
    cr_expect_float_eq(found.p, 26.0 / 512, 1e-12, "%g", found.p);
    cr_expect_eq(found.blocks, 10);
    found = of_differences(none, 6);
    cr_expect(found.p == 1 && found.direction == 0);
}

/* Two cells that differ in every block alike: what an exchange of medians does not see. */
Test(significance, few_values_are_no_hindrance)
{
    double differences[12];
    for (uint32_t i = 0; i < 12; i++)
        differences[i] = -12;
    cr_expect_float_eq(of_differences(differences, 12).p, 2.0 / 4096, 1e-12);
}

Test(significance, blocks_of_one_cell_do_not_count)
{
    const double low[] = {1, 2, 3, 4, 5, 6, 7, 8}, high[] = {2, 4, 6, 8, 10, 12, 14, 16};
    struct stw_sample a = sample_of(low, 8, 0), b = sample_of(high, 8, 2);
    struct stw_sample c = sample_of(high, 8, 9);
    stw_sample_trial(&a, 20);
    stw_sample_trial(&b, 20);
    stw_sample_add(&b, 3); /* a has a trial there, without a value */
    struct stw_significance found = stw_signed_ranks(&a, &b, mean);
    cr_expect_eq(found.blocks, 6);
    cr_expect_eq(stw_signed_ranks(&a, &c, mean).blocks, 0);
    cr_expect(stw_signed_ranks(&a, &c, mean).p == 1);
    stw_sample_free(&a);
    stw_sample_free(&b);
    stw_sample_free(&c);
}

/* A trial's time, of a block that is slow or quick as a whole. */
static double draw_time(struct stw_random *random, double spread)
{
    double first = (stw_random_u32(random) + 1.0) / 4294967297.0;
    double second = stw_random_u32(random) / 4294967296.0;
    return exp(spread * sqrt(-2 * log(first)) * cos(6.283185307179586 * second));
}

static uint32_t count_different(double factor, uint32_t experiments)
{
    struct stw_random random = stw_random_seed(31, 1);
    uint32_t different = 0;
    for (uint32_t e = 0; e < experiments; e++) {
        double of_a[20], of_b[20];
        for (uint32_t i = 0; i < 20; i++) {
            double block = draw_time(&random, 0.3);
            of_a[i] = block * draw_time(&random, 0.1);
            of_b[i] = factor * block * draw_time(&random, 0.1);
        }
        struct stw_sample a = sample_of(of_a, 20, 0), b = sample_of(of_b, 20, 0);
        different += stw_signed_ranks(&a, &b, median).p <= 0.05;
        stw_sample_free(&a);
        stw_sample_free(&b);
    }
    return different;
}

/* 5 % of 400 are 20, with a standard deviation of 4.4. */
Test(significance, as_often_wrong_as_it_says)
{
    uint32_t wrong = count_different(1, 400), right = count_different(1.2, 100);
    cr_expect(wrong >= 6 && wrong <= 34, "%u", wrong);
    cr_expect(right >= 95, "%u", right);
}

Test(significance, holm)
{
    double p[] = {0.01, 0.04, 0.03, 0.005}, one[] = {0.04}, sure[] = {0.9, 0.8};
    const double expected[] = {0.03, 0.06, 0.06, 0.02};
    stw_holm(p, 4);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_float_eq(p[i], expected[i], 1e-12, "%u: %g", i, p[i]);
    stw_holm(one, 1);
    cr_expect_float_eq(one[0], 0.04, 1e-12);
    stw_holm(sure, 2);
    cr_expect(sure[0] == 1 && sure[1] == 1);
}
