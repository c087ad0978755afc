/* base/histogram.h: log-linear histogram of nanoseconds, fixed memory, error < 0.8 %.
 *
 * Values below 128 have a bucket each; above, every power of two is cut into 128 equal buckets (HDR
 * histogram's layout with 7 bits). Values above the last bucket are counted there and in `clipped`.
 * One writer; merge after the writers have ended.
 *
 * HI1  the buckets hold `count` values, none of them above that of `max`; `clipped` ones are in the
 *      last.
 * HI2  `max` is one of the values that `sum` adds up, unless the sum has overflowed. */
#ifndef STW_BASE_HISTOGRAM_H
#define STW_BASE_HISTOGRAM_H

#include <stdint.h>

#define STW_HISTOGRAM_BITS 7u
#define STW_HISTOGRAM_POWERS 37u /* up to 2^43 ns, 2.4 hours */
#define STW_HISTOGRAM_BUCKETS ((STW_HISTOGRAM_POWERS + 1) << STW_HISTOGRAM_BITS)

struct stw_histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t max;
    uint64_t clipped;
    uint64_t buckets[STW_HISTOGRAM_BUCKETS];
};

void stw__histogram_check(const struct stw_histogram *histogram); /* by its writer */
void stw_histogram_record(struct stw_histogram *histogram, uint64_t value);
void stw_histogram_merge(struct stw_histogram *into, const struct stw_histogram *from);
/* The largest value of the bucket that holds the `numerator`/`denominator` quantile, by nearest
 * rank; never above `max`. 0 when empty. */
uint64_t stw_histogram_quantile(const struct stw_histogram *histogram, uint64_t numerator,
                                uint64_t denominator);
/* Smallest value of the bucket that `value` falls into. */
uint64_t stw_histogram_lowest(uint64_t value);
/* How many values are in buckets that begin at `value` or above. */
uint64_t stw_histogram_count_from(const struct stw_histogram *histogram, uint64_t value);
/* Smallest value of bucket `index`. */
uint64_t stw_histogram_bucket_low(uint32_t index);

#endif
