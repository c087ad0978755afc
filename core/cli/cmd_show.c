/* cli/cmd_show.c: stwlab show: the cells of a run. */
#include "base/error.h"
#include "cli/cli.h"
#include "report/show.h"

#include <unistd.h>

#define AS_TEXT 't'
#define AS_JSON 'j'
#define AS_CSV 'c'
#define AS_CELL 'l'

static const struct option options[] = {
    {"json", no_argument, NULL, AS_JSON},
    {"csv", no_argument, NULL, AS_CSV},
    {"cell", required_argument, NULL, AS_CELL},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static stw_status show_cell(const struct stw_results *results, const char *id,
                            struct stw_text *text, struct stw_error *error)
{
    const char *nearest;
    const struct stw_result_cell *cell = stw_show_find(results, id, &nearest);
    if (cell) {
        stw_show_cell(cell, text);
        return STW_OK;
    }
    if (nearest)
        return stw_error_set(error, STW_E_INVALID, NULL, "%s: no cell '%s'; did you mean '%s'?",
                             results->path, id, nearest);
    return stw_error_set(error, STW_E_INVALID, NULL, "%s: no cell '%s'", results->path, id);
}

static int show(const struct stw_command *command, const char *run, int form, const char *cell)
{
    struct stw_results results;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    stw_status status = stw_results_read(run, &results, &error);
    if (status == STW_OK && form == AS_JSON)
        stw_show_json(&results, stdout);
    else if (status == STW_OK && form == AS_CSV)
        stw_show_csv(&results, stdout);
    else if (status == STW_OK && form == AS_CELL)
        status = show_cell(&results, cell, &text, &error);
    else if (status == STW_OK)
        stw_show_text(&results, stw_cli_is_styled(STDOUT_FILENO), &text);
    fputs(stw_text_get(&text), stdout);
    stw_text_free(&text);
    stw_results_free(&results);
    return status == STW_OK ? STW_EXIT_DONE : stw_cli_failure(command, &error);
}

static int run_show(const struct stw_command *command, int argument_count, char **arguments)
{
    int option, form = AS_TEXT;
    const char *cell = NULL;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        if (form != AS_TEXT && form != option)
            return stw_cli_usage_error(command, "--json, --csv and --cell exclude each other");
        form = option;
        cell = optarg;
    }
    if (optind == argument_count)
        return stw_cli_usage_error(command, "which run? RUN is missing");
    if (optind + 1 < argument_count)
        return stw_cli_usage_error(command, "one run at a time: '%s' is too much",
                                   arguments[optind + 1]);
    return show(command, arguments[optind], form, cell);
}

const struct stw_command stw_command_show = {
    .name = "show",
    .summary = "the table of cells of a run",
    .help = "usage: stwlab show [--json | --csv | --cell ID] RUN\n\n"
            "RUN is a run's folder or its results.sqlite. Works while the run goes on.\n\n"
            "  --json      one JSON object; times in ns, percentiles over all pauses of a cell\n"
            "  --csv       one row a cell, the same names as in the JSON\n"
            "  --cell ID   one cell's operations; what its mutators lost, and to what\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_show,
};
