/* trial/bins.c: widens bins, and lays those of several mutators upon each other.
 *
 * BI1  whatever was added is in one bin, which holds the moment at which it was. */
#include "trial/bins.h"

#include <string.h>

void stw_bins_begin(struct stw_bins *bins, uint64_t origin_ns, uint64_t now_ns)
{
    *bins = (struct stw_bins){.origin_ns = origin_ns, .log_width = STW_BIN_LOG_LEAST,
                              .first = (now_ns - origin_ns) >> STW_BIN_LOG_LEAST};
}

static void add(struct stw_bin *bin, const struct stw_bin *other)
{
    bin->count += other->count;
    bin->sum_ns += other->sum_ns;
    if (other->max_ns > bin->max_ns)
        bin->max_ns = other->max_ns;
}

/* Each two become one, of twice the width. */
static void fold(struct stw_bins *bins)
{
    uint64_t first = bins->first / 2;
    uint32_t count = 0;
    for (uint32_t i = 0; i < bins->count; i++) {
        const struct stw_bin bin = bins->bins[i];
        uint32_t place = (uint32_t)((bins->first + i) / 2 - first);
        bins->bins[i] = (struct stw_bin){0};
        add(&bins->bins[place], &bin); /* at i or before it */
        count = place + 1;
    }
    bins->first = first;
    bins->count = count;
    bins->log_width++;
}

void stw__bins_widen(struct stw_bins *bins, uint64_t at_ns)
{
    while ((at_ns - bins->origin_ns) >> bins->log_width >= bins->first + STW_BINS)
        fold(bins);
}

/* So that the first is number `first`, which is not behind it; there is room. */
static void shift(struct stw_bins *bins, uint64_t first)
{
    uint32_t by = (uint32_t)(bins->first - first);
    memmove(bins->bins + by, bins->bins, bins->count * sizeof *bins->bins);
    memset(bins->bins, 0, by * sizeof *bins->bins);
    bins->count += bins->count ? by : 0;
    bins->first = first;
}

void stw_bins_merge(struct stw_bins *into, const struct stw_bins *from)
{
    struct stw_bins other = *from;
    for (;;) {
        while (into->log_width < other.log_width)
            fold(into);
        while (other.log_width < into->log_width)
            fold(&other);
        uint64_t first = into->first < other.first ? into->first : other.first;
        if (into->first + into->count <= first + STW_BINS
            && other.first + other.count <= first + STW_BINS) {
            shift(into, first);
            shift(&other, first);
            break;
        }
        fold(into);
    }
    for (uint32_t i = 0; i < other.count; i++)
        add(&into->bins[i], &other.bins[i]);
    if (other.count > into->count)
        into->count = other.count;
}

int stw_bins_thirds(const struct stw_bins *bins, uint64_t least, uint64_t means_ns[3])
{
    for (uint32_t third = 0; third < 3; third++) {
        struct stw_bin all = {0};
        for (uint32_t i = third * bins->count / 3; i < (third + 1) * bins->count / 3; i++)
            add(&all, &bins->bins[i]);
        if (all.count < least)
            return 0;
        means_ns[third] = all.sum_ns / all.count;
    }
    return 1;
}

struct stw_bins stw_bins_alike(const struct stw_bins *bins)
{
    return (struct stw_bins){.origin_ns = bins->origin_ns, .first = bins->first,
                             .log_width = bins->log_width};
}
