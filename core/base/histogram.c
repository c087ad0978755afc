/* base/histogram.c: log-linear histogram of nanoseconds. */
#include "base/histogram.h"

#define SUB (1u << STW_HISTOGRAM_BITS)

static uint32_t bucket_of(uint64_t value)
{
    if (value < SUB)
        return (uint32_t)value;
    uint32_t power = 63u - (uint32_t)__builtin_clzll(value) - STW_HISTOGRAM_BITS;
    return ((power + 1) << STW_HISTOGRAM_BITS) + (uint32_t)(value >> power) - SUB;
}

uint64_t stw_histogram_bucket_low(uint32_t index)
{
    if (index < SUB)
        return index;
    uint32_t power = (index >> STW_HISTOGRAM_BITS) - 1;
    return (uint64_t)(SUB + (index & (SUB - 1))) << power;
}

void stw_histogram_record(struct stw_histogram *histogram, uint64_t value)
{
    uint32_t bucket = bucket_of(value);
    if (bucket >= STW_HISTOGRAM_BUCKETS) {
        bucket = STW_HISTOGRAM_BUCKETS - 1;
        histogram->clipped++;
    }
    histogram->buckets[bucket]++;
    histogram->count++;
    histogram->sum += value;
    if (value > histogram->max)
        histogram->max = value;
}

void stw_histogram_merge(struct stw_histogram *into, const struct stw_histogram *from)
{
    into->count += from->count;
    into->sum += from->sum;
    into->clipped += from->clipped;
    if (from->max > into->max)
        into->max = from->max;
    /* From the last bucket to the first: what lies beyond is not touched, nor backed by memory. */
    uint32_t i = from->clipped ? STW_HISTOGRAM_BUCKETS : bucket_of(from->max) + 1;
    for (uint64_t left = from->count; left > 0 && i-- > 0; left -= from->buckets[i])
        if (from->buckets[i])
            into->buckets[i] += from->buckets[i];
}

uint64_t stw_histogram_quantile(const struct stw_histogram *histogram, uint64_t numerator,
                                uint64_t denominator)
{
    uint64_t rank = (histogram->count * numerator + denominator - 1) / denominator, seen = 0;
    for (uint32_t i = 0; i < STW_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= rank && seen > 0) {
            uint64_t high = stw_histogram_bucket_low(i + 1) - 1;
            return high < histogram->max ? high : histogram->max;
        }
    }
    return histogram->max;
}
