/* cli/cmd_show.c: stwlab show: the cells of a run. */
#include "base/error.h"
#include "cli/cli.h"
#include "host/manifest.h"
#include "report/noise.h"
#include "report/show.h"

#include <unistd.h>

#define AS_JSON 'j'
#define AS_CSV 'c'
#define CELL 'l'
#define TRIAL 't'
#define REQUIRE_QUIET 'q'

static const struct option options[] = {
    {"json", no_argument, NULL, AS_JSON},
    {"csv", no_argument, NULL, AS_CSV},
    {"cell", required_argument, NULL, CELL},
    {"trial", required_argument, NULL, TRIAL},
    {"require-quiet", no_argument, NULL, REQUIRE_QUIET},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const struct stw_result_cell *find_cell(const struct stw_results *results, const char *id,
                                               struct stw_error *error)
{
    const char *nearest;
    const struct stw_result_cell *cell = stw_show_find(results, id, &nearest);
    if (!cell && nearest)
        stw_error_set(error, STW_E_INVALID, NULL, "%s: no cell '%s'; did you mean '%s'?",
                      results->path, id, nearest);
    else if (!cell)
        stw_error_set(error, STW_E_INVALID, NULL, "%s: no cell '%s'", results->path, id);
    return cell;
}

static stw_status show_cell(const struct stw_results *results, const char *id,
                            const struct stw_noise *noise, struct stw_text *text,
                            struct stw_error *error)
{
    const struct stw_result_cell *cell = find_cell(results, id, error);
    if (!cell)
        return STW_E_INVALID;
    stw_show_cell(cell, text);
    stw_noise_text(noise, 0, text);
    return STW_OK;
}

/* What is to be shown. */
struct request {
    const char *run;
    const char *cell;  /* null: all */
    const char *trial; /* of it, or null */
    int as_json, as_csv, requires_quiet;
};

static stw_status show_trial(const struct request *request, const struct stw_results *results,
                             struct stw_text *text, struct stw_error *error)
{
    static const struct stw_param number = {.name = "trial", .type = STW_TYPE_U64,
                                            .max_u64 = UINT32_MAX};
    struct stw_error why = STW_ERROR_INIT;
    struct stw_value value = {0};
    stw_status status = find_cell(results, request->cell, error) ? STW_OK : STW_E_INVALID;
    if (status == STW_OK && stw_param_parse(&number, request->trial, &value, &why) != STW_OK)
        status = stw_error_set(error, STW_E_INVALID, NULL, "--trial: %s", why.message);
    return status == STW_OK ? stw_show_trial(results, request->cell, (uint32_t)value.as_u64,
                                             request->as_json, text, error)
                            : status;
}

static int show(const struct stw_command *command, const struct request *request)
{
    struct stw_results results;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    struct stw_noise noise = {0};
    stw_status status = stw_results_read(request->run, &results, &error);
    if (status == STW_OK)
        stw_noise_judge(&results, 0, &noise);
    if (status == STW_OK && request->trial)
        status = show_trial(request, &results, &text, &error);
    else if (status == STW_OK && request->cell)
        status = show_cell(&results, request->cell, &noise, &text, &error);
    else if (status == STW_OK && request->as_json)
        stw_show_json(&results, stdout);
    else if (status == STW_OK && request->as_csv)
        stw_show_csv(&results, stdout);
    else if (status == STW_OK)
        stw_show_text(&results, stw_cli_is_styled(STDOUT_FILENO), &text);
    fputs(stw_text_get(&text), stdout);
    stw_text_free(&text);
    stw_results_free(&results);
    int is_busy = request->requires_quiet && stw_noise_is_busy(&noise);
    stw_noise_free(&noise);
    return status == STW_OK ? stw_cli_require_quiet(command, is_busy, STW_EXIT_DONE)
                            : stw_cli_failure(command, &error);
}

/* What is wrong with the options together, or null. */
static const char *find_conflict(const struct request *request)
{
    int forms = request->as_json + request->as_csv + (request->cell != NULL);
    if (request->trial && !request->cell)
        return "--trial needs --cell";
    if (request->trial)
        return request->as_csv ? "a trial is shown as text or with --json" : NULL;
    return forms > 1 ? "--json, --csv and --cell exclude each other" : NULL;
}

static int run_show(const struct stw_command *command, int argument_count, char **arguments)
{
    struct request request = {0};
    int option;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        request.as_json |= option == AS_JSON;
        request.as_csv |= option == AS_CSV;
        request.requires_quiet |= option == REQUIRE_QUIET;
        if (option == CELL)
            request.cell = optarg;
        if (option == TRIAL)
            request.trial = optarg;
    }
    const char *conflict = find_conflict(&request);
    if (conflict)
        return stw_cli_usage_error(command, "%s", conflict);
    if (optind == argument_count)
        return stw_cli_usage_error(command, "which run? RUN is missing");
    if (optind + 1 < argument_count)
        return stw_cli_usage_error(command, "one run at a time: '%s' is too much",
                                   arguments[optind + 1]);
    request.run = arguments[optind];
    return show(command, &request);
}

const struct stw_command stw_command_show = {
    .name = "show",
    .summary = "the table of cells of a run",
    .help = "usage: stwlab show [--json | --csv | --cell ID [--trial N]] RUN\n\n"
            "RUN is a run's folder or its results.sqlite. Works while the run goes on.\n\n"
            "  --json      one JSON object; times in ns, percentiles over all pauses of a cell\n"
            "              between its trials' first and last operations; others by themselves\n"
            "  --csv       one row a cell, the same names as in the JSON\n"
            "  --cell ID   one cell's operations; its stops by phase: in set-up, timed, after\n"
            "              operations; what its mutators lost, and to what\n"
            "  --trial N   what became of one of its trials, its stops by phase, and what it\n"
            "              printed; with --json as an object. The first trial is 0\n"
            "  --require-quiet\n"
            "              exit status 4 when the machine was busy while the run was measured\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_show,
};
