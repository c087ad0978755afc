/* report/significance.c: signed ranks within blocks, and Holm's correction.
 *
 * SG1  p counts all 2^n ways to exchange the two cells' trials in n blocks. Ranks are doubled, so
 *     that those of ties are whole; how many ways lead to each sum follows from one block after the
 *     other.
 * Rejected: exchanging trials and looking at the ratio of the medians. Two cells that differ in
 * every block still do so after most exchanges, by as much: the median of a mixture is one side's
 * or the other's. Of 12 blocks with 9 collections here and 21 there, p came out as 1. */
#include "report/significance.h"

#include "base/check.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a block's two trials differ by. */
struct difference {
    double size;
    int sign;
};

static int compare_differences(const void *a, const void *b)
{
    const struct difference *left = a, *right = b;
    return (left->size > right->size) - (left->size < right->size);
}

/* The statistic of one trial alone, which has a value. `weights` are 0 before and after. */
static double of_trial(const struct stw_sample *sample, uint32_t trial, uint32_t *weights,
                       struct stw_statistic statistic)
{
    weights[trial] = 1;
    double value =
        stw_sample_weighted(sample, weights, sample->trials[trial].value_count, statistic);
    weights[trial] = 0;
    return value;
}

/* Fills `differences` with those that are not 0; *blocks: how many there are in all. */
static uint32_t collect(struct stw_sample *a, struct stw_sample *b, struct stw_statistic statistic,
                        struct difference *differences, uint32_t *blocks)
{
    uint32_t *of_a = stw_new(a->trial_count + 1, sizeof *of_a), count = 0;
    uint32_t *of_b = stw_new(b->trial_count + 1, sizeof *of_b);
    stw_sample_sort(a);
    stw_sample_sort(b);
    *blocks = 0;
    for (uint32_t i = 0, j = 0; i < a->trial_count && j < b->trial_count;) {
        uint32_t block_a = a->trials[i].block, block_b = b->trials[j].block;
        if (block_a == block_b && a->trials[i].value_count && b->trials[j].value_count) {
            double difference =
                of_trial(a, i, of_a, statistic) - of_trial(b, j, of_b, statistic);
            if (difference < 0 || difference > 0)
                differences[count++] =
                    (struct difference){fabs(difference), difference < 0 ? -1 : 1};
            ++*blocks;
        }
        i += block_a <= block_b;
        j += block_b <= block_a;
    }
    free(of_a);
    free(of_b);
    return count;
}

/* Twice the ranks, ascending: of equal sizes the mean of their places. */
static uint64_t *rank(struct difference *differences, uint32_t count)
{
    uint64_t *ranks = stw_new(count + 1, sizeof *ranks);
    qsort(differences, count, sizeof *differences, compare_differences);
    for (uint32_t first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count; next++)
            if (differences[next].size > differences[first].size)
                break;
        for (uint32_t i = first; i < next; i++)
            ranks[i] = (uint64_t)first + next + 1;
    }
    return ranks;
}

/* The share of exchanges in which the positive ranks' sum is at most `least`. (SG1) */
static double share_up_to(const uint64_t *ranks, uint32_t count, uint64_t least)
{
    double *ways = stw_new(least + 1, sizeof *ways), share = 0; /* of each sum, as shares */
    ways[0] = 1;
    for (uint32_t i = 0; i < count; i++)
        for (uint64_t sum = least + 1; sum-- > 0;)
            ways[sum] = 0.5 * (ways[sum] + (sum >= ranks[i] ? ways[sum - ranks[i]] : 0));
    for (uint64_t sum = 0; sum <= least; sum++)
        share += ways[sum];
    free(ways);
    return share;
}

struct stw_significance stw_signed_ranks(struct stw_sample *a, struct stw_sample *b,
                                         struct stw_statistic statistic)
{
    uint32_t most = a->trial_count < b->trial_count ? a->trial_count : b->trial_count;
    struct stw_significance found = {.p = 1};
    struct difference *differences = stw_new(most + 1, sizeof *differences);
    uint32_t count = collect(a, b, statistic, differences, &found.blocks);
    uint64_t *ranks = rank(differences, count), more = 0, less = 0;
    for (uint32_t i = 0; i < count; i++)
        *(differences[i].sign > 0 ? &more : &less) += ranks[i];
    found.direction = (more > less) - (more < less);
    if (found.direction)
        found.p = fmin(1, 2 * share_up_to(ranks, count, more < less ? more : less));
    free(ranks);
    free(differences);
    return found;
}

struct ranked {
    double p;
    uint32_t at;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    return (left->p > right->p) - (left->p < right->p);
}

void stw_holm(double *p, uint32_t count)
{
    struct ranked *ranked = stw_new(count + 1, sizeof *ranked);
    double most = 0;
    for (uint32_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){p[i], i};
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (uint32_t i = 0; i < count; i++) {
        most = fmax(most, fmin(1, ranked[i].p * (count - i)));
        p[ranked[i].at] = most;
    }
    free(ranked);
}
