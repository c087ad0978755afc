/* unit/histogram_test.c: walks that begin at the last used bucket find what a walk over all would.
 * Method: histograms of random values, clipped ones included, against sorted values. */
#include "base/histogram.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define VALUES 1000u
#define CLIPPED (1ull << 44)

static struct stw_histogram histogram, merged;
static uint64_t values[VALUES];

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static void fill(uint32_t count, uint64_t largest)
{
    static uint64_t state = 7;
    histogram = (struct stw_histogram){0};
    for (uint32_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = (state >> 20) % (largest >> (i % 28)) + 1;
        stw_histogram_record(&histogram, values[i]);
    }
    qsort(values, count, sizeof *values, ascending);
}

/* Less than 0.8 % too large, never too small, but for what was clipped. */
static void expect_near(uint64_t found, uint64_t exact)
{
    cr_assert_geq(found, exact < CLIPPED / 2 ? exact : 0);
    cr_assert_leq((double)found, (double)exact * 1.008);
}

Test(histogram, quantiles_are_those_of_the_sorted_values)
{
    static const uint64_t percents[] = {0, 1, 50, 99, 100};
    for (uint32_t count = 1; count <= VALUES; count += 37) {
        fill(count, 1ull << 42);
        for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
            uint64_t rank = (count * percents[i] + 99) / 100;
            expect_near(stw_histogram_quantile(&histogram, percents[i], 100),
                        values[rank > 0 ? rank - 1 : 0]);
        }
        cr_assert_eq(stw_histogram_quantile(&histogram, 100, 100), values[count - 1]);
    }
}

Test(histogram, an_empty_one_has_quantile_zero)
{
    cr_assert_eq(stw_histogram_quantile(&histogram, 99, 100), 0);
    cr_assert_eq(stw_histogram_count_from(&histogram, 0), 0);
}

Test(histogram, a_merge_adds_every_bucket)
{
    fill(VALUES, CLIPPED);
    stw_histogram_record(&histogram, CLIPPED);
    stw_histogram_merge(&merged, &histogram);
    cr_assert_arr_eq(&merged, &histogram, sizeof merged);
    stw_histogram_merge(&merged, &histogram);
    cr_assert_eq(merged.count, 2 * histogram.count);
    cr_assert_eq(merged.clipped, 2 * histogram.clipped);
    for (uint32_t i = 0; i < STW_HISTOGRAM_BUCKETS; i++)
        cr_assert_eq(merged.buckets[i], 2 * histogram.buckets[i]);
}

Test(histogram, values_from_a_bucket_on_are_counted)
{
    fill(VALUES, 1ull << 30);
    uint64_t expected = 0;
    for (uint32_t i = 0; i < STW_HISTOGRAM_BUCKETS; i++)
        if (stw_histogram_bucket_low(i) >= 1000000)
            expected += histogram.buckets[i];
    cr_assert_gt(expected, 0);
    cr_assert_eq(stw_histogram_count_from(&histogram, 1000000), expected);
}
