/* report/blocks.c: a block is told by the start of its trials and by their number.
 *
 * BL1  cells share a block only where their trials ran in turn. A cell that was added to a run, and
 *      a trial that was run anew, ran later than the rest: what the machine did meanwhile is no
 *      part of a difference within a block. */
#include "report/blocks.h"

#include "base/check.h"
#include "base/text.h"

#include <stdlib.h>

#define TRIAL_BITS 17u /* trials of a cell: plan/trials.h has fewer */
#define STARTS_MAX (UINT32_MAX >> TRIAL_BITS)

struct settling {
    struct stw_sample *sample;
    uint32_t at; /* the trial that rows in their order have come to */
    int is_changed;
};

static void take_start(sqlite3_stmt *row, void *context)
{
    struct settling *settling = context;
    struct stw_sample *sample = settling->sample;
    uint32_t trial = (uint32_t)sqlite3_column_int64(row, 0);
    int64_t start = sqlite3_column_int64(row, 1) - 1; /* unknown: as the first */
    while (settling->at < sample->trial_count && sample->trials[settling->at].block < trial)
        settling->at++;
    if (start <= 0 || settling->at == sample->trial_count
        || sample->trials[settling->at].block != trial)
        return;
    uint32_t kept = start < STARTS_MAX ? (uint32_t)start : STARTS_MAX;
    sample->trials[settling->at++].block = kept << TRIAL_BITS | trial;
    settling->is_changed = 1;
}

/* A trial and where it was. */
struct place {
    uint32_t block, was;
};

static int by_block(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return (x->block > y->block) - (x->block < y->block);
}

static void sort_trials(struct stw_sample *sample)
{
    struct place *places = stw_new(sample->trial_count, sizeof *places);
    struct stw_trial_values *trials = stw_new(sample->trial_count, sizeof *trials);
    uint32_t *now = stw_new(sample->trial_count, sizeof *now);
    for (uint32_t i = 0; i < sample->trial_count; i++)
        places[i] = (struct place){sample->trials[i].block, i};
    qsort(places, sample->trial_count, sizeof *places, by_block);
    for (uint32_t i = 0; i < sample->trial_count; i++) {
        trials[i] = sample->trials[places[i].was];
        now[places[i].was] = i;
    }
    for (uint32_t i = 0; i < sample->trial_count; i++)
        sample->trials[i] = trials[i];
    for (uint32_t i = 0; i < sample->value_count; i++)
        sample->values[i].trial = now[sample->values[i].trial];
    sample->is_sorted = 0;
    free(now);
    free(trials);
    free(places);
}

stw_status stw_blocks_settle(struct stw_reader *reader, const char *cell,
                             struct stw_sample *sample)
{
    struct settling settling = {.sample = sample};
    stw_status status = stw_reader_query(reader, "SELECT trial, start FROM trials WHERE cell = ?1"
                                         " AND outcome = 'ok' AND start > 1 ORDER BY trial", cell,
                                         take_start, &settling);
    if (settling.is_changed)
        sort_trials(sample);
    return status;
}
