/* lab/foreground.h: one trial in this process, for who looks at it with a debugger. */
#ifndef STW_LAB_FOREGROUND_H
#define STW_LAB_FOREGROUND_H

#include "plan/experiment.h"

/* Runs a trial of the cell here: without sandbox, limits of time and memory, and with this
 * process's stdout and stderr. The verdict is told on stderr, nothing is stored. *is_ok: whether it
 * is ok; a verdict that ends the process ends it with `not_ok`. STW_E_INVALID: the cell is skipped,
 * or another program carries it out. Once in a process. */
stw_status stw_run_foreground(const struct stw_matrix *matrix, const struct stw_registry *registry,
                              const struct stw_cell *cell, int not_ok, int *is_ok,
                              struct stw_error *error);

#endif
