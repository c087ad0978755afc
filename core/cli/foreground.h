/* cli/foreground.h: stwlab run --foreground CELL. */
#ifndef STW_CLI_FOREGROUND_H
#define STW_CLI_FOREGROUND_H

#include "cli/cli.h"
#include "plan/experiment.h"

/* `name` is the cell's id, or its number in what --dry-run prints. Returns the exit status. */
int stw_cli_foreground(const struct stw_command *command, const struct stw_matrix *matrix,
                       const struct stw_registry *registry, const char *name);

#endif
