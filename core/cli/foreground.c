/* cli/foreground.c: stwlab run --foreground CELL: finds the cell, runs one trial of it here. */
#include "cli/foreground.h"

#include "base/error.h"
#include "lab/foreground.h"
#include "plan/naming.h"

int stw_cli_foreground(const struct stw_command *command, const struct stw_matrix *matrix,
                       const struct stw_registry *registry, const char *words)
{
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_naming naming = stw_matrix_naming(matrix);
    uint32_t cell;
    int is_ok = 0;
    stw_status status = stw_name_cell(&naming, words, &cell, &error);
    if (status == STW_OK)
        status = stw_run_foreground(matrix, registry, &matrix->cells[cell], STW_EXIT_NOT_OK, &is_ok,
                                    &error);
    if (status != STW_OK)
        return stw_cli_failure(command, &error);
    return is_ok ? STW_EXIT_DONE : STW_EXIT_NOT_OK;
}
