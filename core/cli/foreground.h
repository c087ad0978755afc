/* cli/foreground.h: stwlab run --foreground CELL. */
#ifndef STW_CLI_FOREGROUND_H
#define STW_CLI_FOREGROUND_H

#include "cli/cli.h"
#include "plan/experiment.h"

/* `words` name the cell (plan/naming.h). Returns the exit status. */
int stw_cli_foreground(const struct stw_command *command, const struct stw_matrix *matrix,
                       const struct stw_registry *registry, const char *words);

#endif
