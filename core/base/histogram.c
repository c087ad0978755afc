/* base/histogram.c: log-linear histogram of nanoseconds. */
#include "base/histogram.h"

#include "base/check.h"

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

uint64_t stw_histogram_lowest(uint64_t value)
{
    return stw_histogram_bucket_low(bucket_of(value));
}

/* One more than the last bucket in use. Walks go down from here and end when all is counted: pages
 * of unused buckets are neither touched nor backed by memory. */
static uint32_t used_end(const struct stw_histogram *histogram)
{
    return histogram->clipped ? STW_HISTOGRAM_BUCKETS : bucket_of(histogram->max) + 1;
}

void stw__histogram_check(const struct stw_histogram *histogram)
{
    uint64_t count = 0;
    uint32_t end = used_end(histogram);
    STW_REQUIRE(end <= STW_HISTOGRAM_BUCKETS);
    STW_REQUIRE(histogram->clipped <= histogram->buckets[STW_HISTOGRAM_BUCKETS - 1]);
    for (uint32_t i = 0; i < end; i++)
        count += histogram->buckets[i];
    STW_REQUIRE(count == histogram->count);
    STW_REQUIRE(!count || histogram->buckets[end - 1]); /* HI1 */
    STW_REQUIRE(histogram->count ? histogram->sum >= histogram->max || histogram->clipped
                                 : !histogram->sum && !histogram->max); /* HI2 */
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
    STW_CHECK(stw__histogram_check(from));
    into->count += from->count;
    into->sum += from->sum;
    into->clipped += from->clipped;
    if (from->max > into->max)
        into->max = from->max;
    uint32_t i = used_end(from);
    for (uint64_t left = from->count; left > 0 && i-- > 0; left -= from->buckets[i])
        if (from->buckets[i])
            into->buckets[i] += from->buckets[i];
    STW_CHECK(stw__histogram_check(into));
}

uint64_t stw_histogram_quantile(const struct stw_histogram *histogram, uint64_t numerator,
                                uint64_t denominator)
{
    uint64_t rank = (histogram->count * numerator + denominator - 1) / denominator;
    uint64_t below = histogram->count; /* values in buckets before the one looked at */
    rank = rank > 0 ? rank : 1;
    for (uint32_t i = used_end(histogram); below >= rank && i-- > 0;) {
        below -= histogram->buckets[i];
        if (below < rank) {
            uint64_t high = stw_histogram_bucket_low(i + 1) - 1;
            return high < histogram->max ? high : histogram->max;
        }
    }
    return histogram->max;
}

uint64_t stw_histogram_count_from(const struct stw_histogram *histogram, uint64_t value)
{
    uint64_t count = 0;
    for (uint32_t i = used_end(histogram); i-- > 0 && stw_histogram_bucket_low(i) >= value;)
        count += histogram->buckets[i];
    return count;
}
