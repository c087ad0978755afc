/* report/sample.c: sorted values with the number of each trial's in every stretch of them.
 *
 * SA1  a value counts as often as its trial does. The values are sorted once; a percentile under
 *      weights is a walk over the stretches, and then over the values of one of them. So it costs a
 *      stretch and one step for each trial and stretch, however many values there are. */
#include "report/sample.h"

#include "base/array.h"
#include "base/check.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

#define RUNG 256u /* values in a stretch: about as many as there are trials to add up, 20 to 200 */

void stw_sample_trial(struct stw_sample *sample, uint32_t block)
{
    uint32_t count = sample->trial_count;
    STW_REQUIRE(count == 0 || sample->trials[count - 1].block < block);
    *STW_APPEND(sample->trials, sample->trial_count) = (struct stw_trial_values){.block = block};
}

void stw_sample_add(struct stw_sample *sample, double value)
{
    STW_REQUIRE(sample->trial_count > 0);
    uint32_t trial = sample->trial_count - 1;
    *STW_APPEND(sample->values, sample->value_count) = (struct stw_sample_value){value, trial};
    sample->trials[trial].value_count++;
    sample->trials[trial].sum += value;
    sample->is_sorted = 0;
}

void stw_sample_free(struct stw_sample *sample)
{
    free(sample->values);
    free(sample->trials);
    free(sample->rungs);
    *sample = (struct stw_sample){0};
}

void stw_sample_clear(struct stw_sample *sample)
{
    free(sample->rungs);
    sample->rungs = NULL;
    sample->value_count = sample->trial_count = 0;
    sample->is_sorted = 0;
}

static int compare_values(const void *a, const void *b)
{
    const struct stw_sample_value *left = a, *right = b;
    int order = (left->value > right->value) - (left->value < right->value);
    return order ? order : (left->trial > right->trial) - (left->trial < right->trial);
}

void stw_sample_sort(struct stw_sample *sample)
{
    if (sample->is_sorted || sample->value_count == 0)
        return;
    uint32_t rung_count = sample->value_count / RUNG; /* the rest is walked over */
    qsort(sample->values, sample->value_count, sizeof *sample->values, compare_values);
    free(sample->rungs);
    sample->rungs = NULL;
    if (rung_count)
        sample->rungs = stw_new((size_t)rung_count * sample->trial_count, sizeof *sample->rungs);
    for (uint32_t i = 0; i < rung_count * RUNG; i++)
        sample->rungs[(size_t)(i / RUNG) * sample->trial_count + sample->values[i].trial]++;
    sample->is_sorted = 1;
}

uint64_t stw_sample_total(const struct stw_sample *sample, const uint32_t *weights)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < sample->trial_count; i++)
        total += (uint64_t)weights[i] * sample->trials[i].value_count;
    return total;
}

static double mean(const struct stw_sample *sample, const uint32_t *weights, uint64_t total)
{
    double sum = 0;
    for (uint32_t i = 0; i < sample->trial_count; i++)
        sum += weights[i] * sample->trials[i].sum;
    return sum / (double)total;
}

/* The position of the value that is the `rank`-th when each counts with its weight. */
static uint32_t position(const struct stw_sample *sample, const uint32_t *weights, uint64_t rank)
{
    uint64_t seen = 0;
    uint32_t at = 0;
    for (; sample->rungs && at + RUNG <= sample->value_count; at += RUNG) {
        const uint32_t *rung = sample->rungs + (size_t)(at / RUNG) * sample->trial_count;
        uint64_t of_rung = 0;
        for (uint32_t i = 0; i < sample->trial_count; i++)
            of_rung += (uint64_t)weights[i] * rung[i];
        if (seen + of_rung >= rank)
            break;
        seen += of_rung;
    }
    while (at + 1 < sample->value_count
           && (seen += weights[sample->values[at].trial]) < rank)
        at++;
    return at;
}

uint64_t stw_percentile_rank(uint64_t total, double percent)
{
    /* 1e-9: 99.9 % of 1,000 values are 999, whatever doubles make of it */
    double rank = ceil((double)total * percent / 100 - 1e-9);
    return rank < 1 ? 1 : (uint64_t)rank;
}

uint64_t stw_events_beyond(uint64_t total, double percent)
{
    return total && percent > 0 ? total - stw_percentile_rank(total, percent) : 0;
}

static double result(double value, struct stw_statistic statistic)
{
    return statistic.numerator > 0 ? statistic.numerator / value : value;
}

double stw_sample_weighted(const struct stw_sample *sample, const uint32_t *weights, uint64_t total,
                           struct stw_statistic statistic)
{
    double value;
    STW_REQUIRE(sample->is_sorted && total > 0);
    if (statistic.kind == STW_STATISTIC_MEAN)
        value = mean(sample, weights, total);
    else
        value = sample->values[position(sample, weights,
                                        stw_percentile_rank(total, statistic.percent))].value;
    return result(value, statistic);
}

double stw_sample_statistic(struct stw_sample *sample, struct stw_statistic statistic)
{
    double value = 0;
    STW_REQUIRE(sample->value_count > 0);
    stw_sample_sort(sample);
    if (statistic.kind == STW_STATISTIC_MEAN) {
        for (uint32_t i = 0; i < sample->trial_count; i++)
            value += sample->trials[i].sum;
        value /= sample->value_count;
    } else {
        uint64_t rank = stw_percentile_rank(sample->value_count, statistic.percent);
        value = sample->values[rank - 1].value;
    }
    return result(value, statistic);
}
