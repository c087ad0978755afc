/* plan/schedule.c: the order in which trials run.
 *
 * A block holds one trial of every runnable cell, and one more of the canary's, in random order, so
 * that a machine that drifts (heat, other load) drifts over all cells alike, and a run that is cut
 * short has every cell. Block b has its own random stream: its order does not depend on how many
 * blocks there are. */
#include "plan/experiment.h"

#include "base/check.h"
#include "base/random.h"

/* Fisher-Yates. */
static void shuffle(struct stw_slot *slots, uint32_t count, struct stw_random *random)
{
    for (uint32_t left = count; left > 1; left--) {
        uint32_t drawn = stw_random_below(random, left);
        struct stw_slot last = slots[left - 1];
        slots[left - 1] = slots[drawn];
        slots[drawn] = last;
    }
}

struct stw_slot *stw_matrix_schedule(const struct stw_matrix *matrix, uint32_t *count)
{
    uint64_t runnable = matrix->has_canary != 0, trials = matrix->experiment->trials;
    for (uint32_t c = 0; c < matrix->cell_count; c++)
        runnable += !matrix->cells[c].excluded;
    STW_REQUIRE(runnable * trials <= UINT32_MAX); /* stw_matrix_build allows far fewer */
    *count = (uint32_t)(runnable * trials);
    struct stw_slot *slots = stw_new(*count, sizeof *slots), *next = slots;
    for (uint32_t block = 0; block < trials; block++) {
        struct stw_slot *first = next;
        for (uint32_t c = 0; c < matrix->cell_count; c++)
            if (!matrix->cells[c].excluded)
                *next++ = (struct stw_slot){c, block};
        if (matrix->has_canary)
            *next++ = (struct stw_slot){matrix->cell_count, block};
        struct stw_random random = stw_random_seed(matrix->experiment->seed, block);
        shuffle(first, (uint32_t)runnable, &random);
    }
    return slots;
}
