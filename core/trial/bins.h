/* trial/bins.h: how a trial went on: its timed phase cut into bins, with the operations that ended
 * in each and the stops that began in it.
 *
 * How long the phase will be is not known when it begins. So bins begin narrow, and when there is
 * no room for the next one, each two become one, of twice the width. They are as wide as a power of
 * two of ns, and begin at multiples of it, so that those of several mutators fit upon each other.
 * Thread rules: each mutator has its own; merged when it has ended. */
#ifndef STW_TRIAL_BINS_H
#define STW_TRIAL_BINS_H

#include <stdint.h>

#define STW_BINS 100u
#define STW_BIN_LOG_LEAST 14u /* 16 us: some operations of the shortest workloads */

struct stw_bin {
    uint64_t count, sum_ns, max_ns;
};

struct stw_bins {
    uint64_t origin_ns; /* times are since then */
    uint64_t first;     /* the first bin begins at so many times the width */
    uint32_t log_width;
    uint32_t count;     /* behind the last one that holds something */
    struct stw_bin bins[STW_BINS];
};

void stw_bins_begin(struct stw_bins *bins, uint64_t origin_ns, uint64_t now_ns);
/* Makes room for a moment that has none. */
void stw__bins_widen(struct stw_bins *bins, uint64_t at_ns);
/* Adds those of another that has the same origin. */
void stw_bins_merge(struct stw_bins *into, const struct stw_bins *from);
/* The means of what is in each third of them; 0: in one of them is less than `least`. */
int stw_bins_thirds(const struct stw_bins *bins, uint64_t least, uint64_t means_ns[3]);
/* Empty ones, of the same moments. */
struct stw_bins stw_bins_alike(const struct stw_bins *bins);

/* Something of that length at that moment. What comes before the first bin is in the first. */
static inline void stw_bins_add(struct stw_bins *bins, uint64_t at_ns, uint64_t length_ns)
{
    uint64_t number = (at_ns - bins->origin_ns) >> bins->log_width;
    if (number >= bins->first + STW_BINS) {
        stw__bins_widen(bins, at_ns);
        number = (at_ns - bins->origin_ns) >> bins->log_width;
    }
    uint64_t place = number > bins->first ? number - bins->first : 0;
    struct stw_bin *bin = &bins->bins[place];
    bin->count++;
    bin->sum_ns += length_ns;
    if (length_ns > bin->max_ns)
        bin->max_ns = length_ns;
    if (place >= bins->count)
        bins->count = (uint32_t)place + 1;
}

#endif
