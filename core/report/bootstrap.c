/* report/bootstrap.c: cluster bootstrap of medians, percentiles, means and their ratios.
 *
 * B1  a resample draws as many trials as there are, with replacement, from a seeded PCG: the same
 *     sample, seed and number of resamples give the same interval on every machine.
 * B2  a value counts as often as its trial was drawn. The values are sorted once; a resample is a
 *     walk over them that adds up these weights, so it costs one pass, however it was drawn.
 * Rejected: BCa intervals. Their correction for skewness comes from a jackknife, which does not
 * estimate the variance of a median (leaving out one value of n moves it by one rank or not at
 * all), and with 10 to 20 trials the correction for bias is mostly ties. The plain percentile
 * interval of a median is nearly the exact one by ranks; unit/bootstrap_test.c measures how often
 * it covers. Threads: no state but the arguments. */
#include "report/bootstrap.h"

#include "base/array.h"
#include "base/check.h"
#include "base/random.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

#define STREAM_A 1u
#define STREAM_B 2u
#define DRAWS_MAX 1000u /* a sample with values among very many empty trials ends somewhere */

void stw_sample_trial(struct stw_sample *sample)
{
    sample->trial_count++;
}

void stw_sample_add(struct stw_sample *sample, double value)
{
    STW_REQUIRE(sample->trial_count > 0);
    *STW_APPEND(sample->values, sample->value_count) =
        (struct stw_sample_value){value, sample->trial_count - 1};
    sample->is_sorted = 0;
}

void stw_sample_free(struct stw_sample *sample)
{
    free(sample->values);
    *sample = (struct stw_sample){0};
}

static int compare_values(const void *a, const void *b)
{
    const struct stw_sample_value *left = a, *right = b;
    int order = (left->value > right->value) - (left->value < right->value);
    return order ? order : (left->trial > right->trial) - (left->trial < right->trial);
}

static void sort(struct stw_sample *sample)
{
    if (!sample->is_sorted)
        qsort(sample->values, sample->value_count, sizeof *sample->values, compare_values);
    sample->is_sorted = 1;
}

static uint64_t total_weight(const struct stw_sample *sample, const uint32_t *weights)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < sample->value_count; i++)
        total += weights[sample->values[i].trial];
    return total;
}

static double mean(const struct stw_sample *sample, const uint32_t *weights, uint64_t total)
{
    double sum = 0;
    for (uint32_t i = 0; i < sample->value_count; i++)
        sum += weights[sample->values[i].trial] * sample->values[i].value;
    return sum / (double)total;
}

static double percentile(const struct stw_sample *sample, const uint32_t *weights, uint64_t total,
                         uint32_t percent)
{
    uint64_t rank = (total * percent + 99) / 100, seen = 0;
    uint32_t i = 0;
    while (i + 1 < sample->value_count
           && (seen += weights[sample->values[i].trial]) < rank)
        i++;
    return sample->values[i].value;
}

/* `weights` say how often each trial counts; some value has one. */
static double evaluate(const struct stw_sample *sample, const uint32_t *weights, uint64_t total,
                       struct stw_statistic statistic)
{
    return statistic.kind == STW_STATISTIC_MEAN
               ? mean(sample, weights, total)
               : percentile(sample, weights, total, statistic.percent);
}

double stw_sample_statistic(struct stw_sample *sample, struct stw_statistic statistic)
{
    STW_REQUIRE(sample->value_count > 0);
    uint32_t *weights = stw_new(sample->trial_count, sizeof *weights);
    for (uint32_t i = 0; i < sample->trial_count; i++)
        weights[i] = 1;
    sort(sample);
    double value = evaluate(sample, weights, sample->value_count, statistic);
    free(weights);
    return value;
}

/* Draws trials until some value was drawn (B1); the total weight. */
static uint64_t draw(const struct stw_sample *sample, struct stw_random *random, uint32_t *weights)
{
    uint64_t total = 0;
    for (uint32_t tries = 0; total == 0 && tries < DRAWS_MAX; tries++) {
        for (uint32_t i = 0; i < sample->trial_count; i++)
            weights[i] = 0;
        for (uint32_t i = 0; i < sample->trial_count; i++)
            weights[stw_random_below(random, sample->trial_count)]++;
        total = total_weight(sample, weights);
    }
    return total;
}

/* The statistic of each resample, in the order of drawing; free the array. */
static double *resample(struct stw_sample *sample, struct stw_statistic statistic,
                        const struct stw_bootstrap *options, uint64_t stream)
{
    struct stw_random random = stw_random_seed(options->seed, stream);
    uint32_t *weights = stw_new(sample->trial_count, sizeof *weights);
    double *results = stw_new(options->resamples, sizeof *results);
    sort(sample);
    for (uint32_t i = 0; i < options->resamples; i++) {
        uint64_t total = draw(sample, &random, weights);
        results[i] = total ? evaluate(sample, weights, total, statistic) : 0;
    }
    free(weights);
    return results;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The two ends cut off equally much; sorts. */
static void set_ends(double *results, const struct stw_bootstrap *options,
                     struct stw_interval *interval)
{
    uint64_t count = options->resamples, outside = 100 - options->confidence;
    uint64_t low = (count * outside + 199) / 200, high = (count * (200 - outside) + 199) / 200;
    qsort(results, count, sizeof *results, compare_doubles);
    interval->low = results[low ? low - 1 : 0];
    interval->high = results[high ? high - 1 : 0];
}

struct stw_interval stw_bootstrap_value(struct stw_sample *sample, struct stw_statistic statistic,
                                        const struct stw_bootstrap *options)
{
    struct stw_interval interval = {.estimate = stw_sample_statistic(sample, statistic)};
    double *results = resample(sample, statistic, options, STREAM_A);
    set_ends(results, options, &interval);
    free(results);
    return interval;
}

static double divide(double a, double b)
{
    return b > 0 ? a / b : INFINITY;
}

struct stw_interval stw_bootstrap_ratio(struct stw_sample *a, struct stw_sample *b,
                                        struct stw_statistic statistic,
                                        const struct stw_bootstrap *options)
{
    struct stw_interval interval = {
        .estimate = divide(stw_sample_statistic(a, statistic), stw_sample_statistic(b, statistic))};
    double *of_a = resample(a, statistic, options, STREAM_A);
    double *of_b = resample(b, statistic, options, STREAM_B);
    for (uint32_t i = 0; i < options->resamples; i++)
        of_a[i] = divide(of_a[i], of_b[i]);
    set_ends(of_a, options, &interval);
    free(of_a);
    free(of_b);
    return interval;
}
