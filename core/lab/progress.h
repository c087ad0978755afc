/* lab/progress.h: says on standard error how far a run is. */
#ifndef STW_LAB_PROGRESS_H
#define STW_LAB_PROGRESS_H

#include "plan/experiment.h"
#include "trial/outcome.h"

struct stw_progress {
    uint64_t total;      /* trials of the matrix, at most */
    uint64_t stored;     /* done before this run */
    uint64_t run, ok;    /* done in this run */
    uint64_t trials;     /* of a cell */
    uint64_t begun_ns;
    uint64_t drawn_ns;   /* when the line was drawn last */
    uint64_t told_tenth; /* last tenth that a plain line told */
    int is_most;         /* it may end before */
    int is_terminal, is_colored, is_quiet, is_drawn;
};

void stw_progress_begin(struct stw_progress *progress, uint64_t total, uint64_t stored,
                        uint64_t trials, int is_most, int quiet);
/* A trial begins. */
void stw_progress_trial(struct stw_progress *progress, const struct stw_cell *cell, uint32_t trial);
/* It ended. */
void stw_progress_outcome(struct stw_progress *progress, const struct stw_cell *cell,
                          uint32_t trial, const struct stw_outcome *outcome);
/* Erases the line. Also before anything else is printed. */
void stw_progress_clear(struct stw_progress *progress);

#endif
