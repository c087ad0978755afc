/* cli/cmd_cells.c: stwlab cells: the numbers, ids and hashes of a run's cells. */
#include "base/error.h"
#include "cli/cli.h"
#include "report/show.h"

#include <unistd.h>

#define AS_JSON 'j'

static const struct option options[] = {
    {"json", no_argument, NULL, AS_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int print(const struct stw_command *command, const char *run, int as_json)
{
    struct stw_results results;
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_look look = {.width = stw_cli_width(STDOUT_FILENO)};
    stw_status status = stw_results_open(run, &results, &error);
    if (status == STW_OK)
        stw_show_cells(&results, &look, as_json, stdout);
    stw_results_free(&results);
    return status == STW_OK ? STW_EXIT_DONE : stw_cli_failure(command, &error);
}

static int run_cells(const struct stw_command *command, int argument_count, char **arguments)
{
    int option, as_json = 0;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        as_json = 1;
    }
    if (optind == argument_count)
        return stw_cli_usage_error(command, "which run? RUN is missing");
    if (optind + 1 < argument_count)
        return stw_cli_usage_error(command, "one run at a time: '%s' is too much",
                                   arguments[optind + 1]);
    return print(command, arguments[optind], as_json);
}

const struct stw_command stw_command_cells = {
    .name = "cells",
    .summary = "the cells of a run: numbers, ids, hashes",
    .help = "usage: stwlab cells [--json] RUN\n\n"
            "RUN is a run's folder or its results.sqlite. Of each cell: its number, the hash\n"
            "of its settings, how many of its trials are ok, its id. Number and id name it in\n"
            "show, compare and run.\n\n"
            "      --json  one object: \"cells\", of each \"cell\" (its number), \"id\",\n"
            "              \"hash\", \"ok\", \"trials\", \"skipped\"\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_cells,
};
