/* cli/cmd_show.c: stwlab show: the cells of a run. */
#include "base/error.h"
#include "cli/cli.h"
#include "host/manifest.h"
#include "report/noise.h"
#include "report/select.h"
#include "report/show.h"

#include <unistd.h>

#define AS_JSON 'j'
#define AS_CSV 'c'
#define CELL 'l'
#define TRIAL 't'
#define AS_MARKDOWN 'm'
#define BY_TRIAL 'T'
#define COLUMNS 'C'
#define WHERE 'W'
#define SORT 'S'
#define STATS 's'
#define WIDE 'w'
#define REQUIRE_QUIET 'q'

static const struct option options[] = {
    {"json", no_argument, NULL, AS_JSON},
    {"csv", no_argument, NULL, AS_CSV},
    {"markdown", no_argument, NULL, AS_MARKDOWN},
    {"columns", required_argument, NULL, COLUMNS},
    {"where", required_argument, NULL, WHERE},
    {"sort", required_argument, NULL, SORT},
    {"stats", no_argument, NULL, STATS},
    {"wide", no_argument, NULL, WIDE},
    {"trials", no_argument, NULL, BY_TRIAL},
    {"cell", required_argument, NULL, CELL},
    {"trial", required_argument, NULL, TRIAL},
    {"require-quiet", no_argument, NULL, REQUIRE_QUIET},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static stw_status show_cell(const struct stw_results *results, const char *words,
                            struct stw_text *text, struct stw_error *error)
{
    const struct stw_result_cell *cell;
    struct stw_noise noise = {0};
    STW_TRY(stw_select_cell(results, words, &cell, error));
    stw_history_mark(&results->history, text);
    stw_show_cell(cell, text);
    STW_TRY(stw_show_sites(results->path, cell->cell, text, error));
    stw_noise_judge(results, 0, &noise);
    stw_noise_text(&noise, stw_cli_width(STDOUT_FILENO), text);
    stw_noise_free(&noise);
    stw_show_marks(text);
    return STW_OK;
}

/* What is to be shown. */
struct request {
    const char *run;
    const char *cell;  /* null: all */
    const char *trial; /* of it, or null */
    int as_json, as_csv, as_markdown, is_wide, has_stats, requires_quiet;
    struct stw_show_options options;
};

static stw_status show_trial(const struct request *request, const struct stw_results *results,
                             struct stw_text *text, struct stw_error *error)
{
    static const struct stw_param number = {.name = "trial", .type = STW_TYPE_U64,
                                            .max_u64 = UINT32_MAX};
    struct stw_error why = STW_ERROR_INIT;
    struct stw_value value = {0};
    const struct stw_result_cell *cell;
    stw_status status = stw_select_cell(results, request->cell, &cell, error);
    if (status == STW_OK && stw_param_parse(&number, request->trial, &value, &why) != STW_OK)
        status = stw_error_set(error, STW_E_INVALID, NULL, "--trial: %s", why.message);
    return status == STW_OK ? stw_show_trial(results, cell->id, (uint32_t)value.as_u64,
                                             request->as_json, text, error)
                            : status;
}

/* One cell, or one of its trials. */
static stw_status show_one(const struct request *request, struct stw_results *results,
                           struct stw_text *text, struct stw_error *error)
{
    STW_TRY(stw_results_summarise(results));
    return request->trial ? show_trial(request, results, text, error)
                          : show_cell(results, request->cell, text, error);
}

static stw_status write_data(const struct request *request, struct stw_results *results,
                             const struct stw_shown *shown)
{
    if (shown->by_trial)
        return request->as_json ? stw_show_trials_json(shown, stdout)
                                : stw_show_trials_csv(shown, stdout);
    STW_TRY(stw_results_summarise(results));
    if (request->as_json)
        stw_show_json(shown, stdout);
    else
        stw_show_csv(shown, stdout);
    return STW_OK;
}

static stw_status show_all(const struct request *request, struct stw_results *results,
                           struct stw_text *text, struct stw_error *error)
{
    const struct stw_look look = {.width = request->is_wide ? 0 : stw_cli_width(STDOUT_FILENO),
                                  .styled = stw_cli_is_styled(STDOUT_FILENO),
                                  .is_markdown = request->as_markdown};
    struct stw_shown shown = {0};
    stw_status status = stw_shown_read(results, &request->options, &shown, error);
    if (status == STW_OK && (request->as_json || request->as_csv))
        status = write_data(request, results, &shown);
    else if (status == STW_OK)
        stw_show_text(&shown, &look, text);
    stw_shown_free(&shown);
    return status;
}

static int is_busy(const struct stw_results *results)
{
    struct stw_noise noise = {0};
    stw_noise_judge(results, 0, &noise);
    int found = stw_noise_is_busy(&noise);
    stw_noise_free(&noise);
    return found;
}

static int show(const struct stw_command *command, const struct request *request)
{
    struct stw_results results;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    stw_status status = stw_results_open(request->run, &results, &error);
    if (status == STW_OK)
        status = request->cell ? show_one(request, &results, &text, &error)
                               : show_all(request, &results, &text, &error);
    fputs(stw_text_get(&text), stdout);
    stw_text_free(&text);
    int was_busy = status == STW_OK && request->requires_quiet && is_busy(&results);
    stw_results_free(&results);
    return status == STW_OK ? stw_cli_require_quiet(command, was_busy, STW_EXIT_DONE)
                            : stw_cli_failure(command, &error);
}

/* What is wrong with the options together, or null. */
static const char *find_conflict(const struct request *request)
{
    const struct stw_show_options *what = &request->options;
    int is_data = request->as_json || request->as_csv;
    int forms = request->as_json + request->as_csv + request->as_markdown
              + (request->cell != NULL);
    if (request->trial && !request->cell)
        return "--trial needs --cell";
    if (request->trial && (request->as_csv || request->as_markdown))
        return "a trial is shown as text or with --json";
    if (!request->trial && forms > 1)
        return "--json, --csv, --markdown and --cell exclude each other";
    if (request->cell && (what->columns || what->where || what->sort || what->by_trial
                          || request->has_stats || request->is_wide))
        return "--cell tells all of one cell: it goes without --columns, --where, --sort, --stats, "
               "--wide and --trials";
    if (what->by_trial && !is_data)
        return "--trials needs --json or --csv";
    if (what->by_trial && request->has_stats)
        return "a trial has no interval: --trials goes without --stats";
    return NULL;
}

static void take_option(struct request *request, int option)
{
    request->as_json |= option == AS_JSON;
    request->as_csv |= option == AS_CSV;
    request->as_markdown |= option == AS_MARKDOWN;
    request->is_wide |= option == WIDE;
    request->has_stats |= option == STATS;
    request->requires_quiet |= option == REQUIRE_QUIET;
    request->options.by_trial |= option == BY_TRIAL;
    if (option == CELL)
        request->cell = optarg;
    if (option == TRIAL)
        request->trial = optarg;
    if (option == COLUMNS)
        request->options.columns = optarg;
    if (option == WHERE)
        request->options.where = optarg;
    if (option == SORT)
        request->options.sort = optarg;
}

static int run_show(const struct stw_command *command, int argument_count, char **arguments)
{
    static const struct stw_bootstrap usual = {STW_BOOTSTRAP_SEED, STW_BOOTSTRAP_RESAMPLES,
                                               STW_BOOTSTRAP_CONFIDENCE};
    struct request request = {0};
    int option;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        take_option(&request, option);
    }
    if (request.has_stats)
        request.options.bootstrap = &usual;
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
    .help = "usage: stwlab show [OPTION]... RUN\n"
            "       stwlab show [--json] --cell CELL [--trial N] RUN\n\n"
            "RUN is a run's folder or its results.sqlite. Works while the run goes on.\n\n"
            "The table has the columns that fit the terminal (COLUMNS, or its width; 80 in a\n"
            "file or pipe), the most important first, and says which do not. What is the same\n"
            "in all cells stands above it. ~ marks percentiles that so few events cannot carry.\n\n"
            "  --columns NAME,...\n"
            "              these columns: any metric of stwlab compare (pause.p50, op.p99.9, cpu,\n"
            "              map.buckets; stwlab facts RUN lists them), and how many events a cell\n"
            "              has: pause.count, op.count\n"
            "  --where CELLS\n"
            "              these cells, named as for stwlab compare: KEY=VALUE,..., a condition\n"
            "  --sort NAME sorted by it; -NAME: the largest first\n"
            "  --wide      all columns, however wide the table is\n"
            "  --stats     a line for each cell and column: value, 95 % interval, trials, events\n"
            "  --markdown  the table for a document\n"
            "  --json      one JSON object; times in ns, percentiles over all pauses of a cell\n"
            "              between its trials' first and last operations; others by themselves\n"
            "  --csv       one row a cell, the same names as in the JSON\n"
            "  --trials    with --json or --csv: trials instead of cells, one row each\n"
            "  --cell CELL one cell's operations; its stops by phase: in set-up, timed, after\n"
            "              operations; what its mutators lost, and to what; time to safepoint by\n"
            "              site. CELL as for stwlab compare: a number, an id, KEY=VALUE,... or a\n"
            "              condition that one cell fulfils\n"
            "  --trial N   what became of one of its trials, its stops by phase, and what it\n"
            "              printed; with --json as an object. The first trial is 0\n"
            "  --require-quiet\n"
            "              exit status 4 when the machine was busy while the run was measured\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_show,
};
