/* cli/foreground.c: stwlab run --foreground CELL: finds the cell, runs one trial of it here. */
#include "cli/foreground.h"

#include "base/error.h"
#include "lab/foreground.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct stw_cell *find_cell(const struct stw_matrix *matrix, const char *name)
{
    char number[16];
    for (uint32_t i = 0; i < matrix->cell_count; i++) {
        snprintf(number, sizeof number, "%" PRIu32, matrix->cells[i].index);
        if (strcmp(matrix->cells[i].id, name) == 0 || strcmp(number, name) == 0)
            return &matrix->cells[i];
    }
    return NULL;
}

static int tell_no_cell(const struct stw_command *command, const struct stw_matrix *matrix,
                        const char *name)
{
    struct stw_error error = STW_ERROR_INIT;
    const char **ids = stw_new(matrix->cell_count, sizeof *ids);
    for (uint32_t i = 0; i < matrix->cell_count; i++)
        ids[i] = matrix->cells[i].id;
    const char *near = stw_nearest(name, ids, matrix->cell_count);
    if (near)
        stw_error_set(&error, STW_E_INVALID, NULL, "there is no cell '%s'; did you mean '%s'?",
                      name, near);
    else
        stw_error_set(&error, STW_E_INVALID, NULL, "there is no cell '%s'; --dry-run lists cells by"
                      " their numbers, the first is '%s'", name, ids[0]);
    free(ids);
    return stw_cli_failure(command, &error);
}

int stw_cli_foreground(const struct stw_command *command, const struct stw_matrix *matrix,
                       const struct stw_registry *registry, const char *name)
{
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_cell *cell = find_cell(matrix, name);
    int is_ok = 0;
    if (!cell)
        return tell_no_cell(command, matrix, name);
    if (stw_run_foreground(matrix, registry, cell, STW_EXIT_NOT_OK, &is_ok, &error) != STW_OK)
        return stw_cli_failure(command, &error);
    return is_ok ? STW_EXIT_DONE : STW_EXIT_NOT_OK;
}
