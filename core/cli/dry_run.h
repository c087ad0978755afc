/* cli/dry_run.h: what `stwlab run --dry-run` prints. */
#ifndef STW_CLI_DRY_RUN_H
#define STW_CLI_DRY_RUN_H

#include "plan/experiment.h"

#include <stdio.h>

/* Writes the cells, the number of trials, and how long they may take, judged by the trials that
 * are stored in `run` if it exists. `resume`: only what is missing in `run` would run. `is_chosen`
 * [cell_count]: only these cells; null: all. */
void stw_dry_run(const struct stw_matrix *matrix, const char *run, int resume,
                 const uint8_t *is_chosen, FILE *file);

#endif
