/* cli/cmd_run.c: stwlab run: from an INI file to a run directory and its table.
 * What is wrong with the experiment is said before anything is created. */
#include "base/array.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/dry_run.h"
#include "cli/foreground.h"
#include "lab/run.h"
#include "plan/naming.h"
#include "prim/interrupt.h"
#include "report/enough.h"
#include "report/least_heaps.h"
#include "report/noise.h"
#include "report/show.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define RUNS_FOLDER "runs"
#define MANY_CELLS 50000u /* from so many on it takes seconds until the first trial: say so */

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"set", required_argument, NULL, 's'},
    {"resume", no_argument, NULL, 'r'},
    {"retry", no_argument, NULL, 'y'},
    {"mixed", no_argument, NULL, 'm'},
    {"trials", required_argument, NULL, 'T'},
    {"time", required_argument, NULL, 't'},
    {"dry-run", no_argument, NULL, 'n'},
    {"plugin-path", required_argument, NULL, 'p'},
    {"go", required_argument, NULL, 'g'},
    {"foreground", required_argument, NULL, 'f'},
    {"only", required_argument, NULL, 'l'},
    {"quiet", no_argument, NULL, 'q'},
    {"require-quiet", no_argument, NULL, 'u'},
    {"audit", no_argument, NULL, 'a'},
    {"check", no_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* A growing list of borrowed texts. */
struct list {
    const char **items;
    uint32_t count;
};

/* A command line, parsed, and what is read from its file. */
struct job {
    const struct stw_command *command;
    const char *ini;
    const char *output; /* or null */
    const char *foreground; /* a cell, or null */
    const char *only;       /* cells, or null: all */
    uint8_t *is_chosen;     /* those, or null */
    struct list overrides;
    struct list plugin_paths;
    struct list gos;
    struct list made; /* overrides that options stand for; owned */
    struct stw_peers peers;
    int resume, retry, mixed, dry_run, quiet;
    int requires_quiet; /* of the machine, not of us */
    struct stw_text words; /* of an interrupt: how to go on */
    struct stw_registry *registry;
    struct stw_experiment experiment;
    struct stw_matrix matrix;
};

static void add(struct list *list, const char *item)
{
    *STW_APPEND(list->items, list->count) = item;
}

/* What an option of a key of [experiment] stands for. */
static void override(struct job *job, const char *key, const char *value)
{
    struct stw_text text = {0};
    stw_text_add(&text, "experiment.%s=%s", key, value);
    add(&job->made, text.bytes);
    add(&job->overrides, text.bytes);
}

static void take_option(struct job *job, int option)
{
    switch (option) {
    case 'T':
        override(job, "trials", optarg);
        break;
    case 't':
        override(job, "time", optarg);
        break;
    case 'm':
        job->mixed = 1;
        break;
    case 'o':
        job->output = optarg;
        break;
    case 's':
        add(&job->overrides, optarg);
        break;
    case 'p':
        add(&job->plugin_paths, optarg);
        break;
    case 'g':
        add(&job->gos, optarg);
        break;
    case 'a':
        add(&job->overrides, "fixed.audit=true");
        break;
    case 'c':
        add(&job->overrides, "fixed.check=true");
        break;
    case 'r':
        job->resume = 1;
        break;
    case 'y':
        job->retry = 1;
        break;
    case 'f':
        job->foreground = optarg;
        break;
    case 'l':
        job->only = optarg;
        break;
    case 'n':
        job->dry_run = 1;
        break;
    case 'u':
        job->requires_quiet = 1;
        break;
    default:
        job->quiet = 1;
    }
}

static void say_planning(const struct job *job)
{
    uint64_t cells = 1;
    for (uint32_t i = 0; i < job->experiment.axis_count; i++)
        cells *= job->experiment.axes[i].value_count;
    if (cells >= MANY_CELLS && !job->quiet)
        fprintf(stderr, "stwlab: planning %" PRIu64 " cells\n", cells);
}

static int read_experiment(struct job *job)
{
    struct stw_text problems = {0};
    struct stw_error error = STW_ERROR_INIT;
    stw_status status = stw_experiment_read(job->ini, job->overrides.items, job->overrides.count,
                                            job->registry, &job->peers, &job->experiment,
                                            &problems);
    if (status != STW_OK && problems.length == 0)
        stw_text_add(&problems, "%s: cannot be used: %s\n", job->ini, stw_status_name(status));
    fputs(stw_text_get(&problems), stderr);
    stw_text_free(&problems);
    if (status != STW_OK)
        return STW_EXIT_BAD_INPUT;
    if (stw_peers_ask(&job->peers, &job->experiment, &error) != STW_OK)
        return stw_cli_failure(job->command, &error);
    if (job->experiment.minheap
        && stw_least_heaps_read(job->experiment.minheap, &job->experiment, &error) != STW_OK)
        return stw_cli_failure(job->command, &error);
    say_planning(job);
    if (stw_matrix_build(&job->experiment, &job->peers, &job->matrix, &error) != STW_OK) {
        stw_cli_failure(job->command, &error);
        return STW_EXIT_BAD_INPUT;
    }
    return STW_EXIT_DONE;
}

/* Which cells --only names. */
static int choose(struct job *job)
{
    struct stw_error error = STW_ERROR_INIT;
    const struct stw_naming naming = stw_matrix_naming(&job->matrix);
    uint32_t *cells = NULL, count = 0, runnable = 0;
    if (!job->only)
        return STW_EXIT_DONE;
    stw_status status = stw_name_cells(&naming, job->only, &cells, &count, &error);
    job->is_chosen = stw_new(job->matrix.cell_count, sizeof *job->is_chosen);
    for (uint32_t i = 0; status == STW_OK && i < count; i++) {
        job->is_chosen[cells[i]] = 1;
        runnable += !job->matrix.cells[cells[i]].excluded;
    }
    if (status == STW_OK && !runnable)
        stw_error_set(&error, STW_E_INVALID, NULL, "--only %s: nothing to run: '%s' is skipped: %s",
                      job->only, job->matrix.cells[cells[0]].id,
                      stw_cell_reason(&job->experiment, &job->matrix.cells[cells[0]]));
    free(cells);
    return runnable ? STW_EXIT_DONE : stw_cli_failure(job->command, &error);
}

/* runs/NAME, with the characters that make trouble in a path replaced. */
static char *default_output(const char *name)
{
    struct stw_text path = {0};
    stw_text_add(&path, RUNS_FOLDER "/%s%s", *name == '.' ? "-" : "", name);
    for (char *at = path.bytes + sizeof RUNS_FOLDER; *at; at++)
        if (*at == '/' || (unsigned char)*at < ' ')
            *at = '-';
    return path.bytes;
}

/* Adds " option word", the word quoted where a shell would not take it as it stands. */
static void add_word(struct stw_text *line, const char *option, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-";
    stw_text_add(line, " %s%s", option, *option ? " " : "");
    if (*word && !word[strspn(word, plain)]) {
        stw_text_add(line, "%s", word);
        return;
    }
    stw_text_add(line, "'");
    for (; *word; word++) {
        if (*word == '\'')
            stw_text_add(line, "'\\'");
        stw_text_add_bytes(line, word, 1);
    }
    stw_text_add(line, "'");
}

/* How to go on after Ctrl-C, in words that can be pasted. They do not name --retry: what was
 * retried is not to be run once more. */
static void find_words(struct job *job)
{
    struct stw_text *line = &job->words;
    stw_text_add(line, "stwlab run: interrupted; to run what is missing: stwlab run");
    add_word(line, "", job->ini);
    add_word(line, "-o", job->output);
    for (uint32_t i = 0; i < job->overrides.count; i++)
        add_word(line, "--set", job->overrides.items[i]);
    for (uint32_t i = 0; i < job->plugin_paths.count; i++)
        add_word(line, "--plugin-path", job->plugin_paths.items[i]);
    for (uint32_t i = 0; i < job->gos.count; i++)
        add_word(line, "--go", job->gos.items[i]);
    if (job->only)
        add_word(line, "--only", job->only);
    if (job->requires_quiet)
        stw_text_add(line, " --require-quiet");
    stw_text_add(line, " --resume%s\n", job->mixed ? " --mixed" : "");
}

/* The table and the summary, from what is stored, so that a resumed run counts as a whole. */
static void print_results(const struct job *job, const struct stw_shown *shown,
                          const struct stw_run_result *result)
{
    const struct stw_look look = {.width = stw_cli_width(STDOUT_FILENO),
                                  .styled = stw_cli_is_styled(STDOUT_FILENO)};
    struct stw_text text = {0};
    stw_show_text(shown, &look, &text);
    stw_text_add(&text, "\n%" PRIu64 " trial%s run, %" PRIu64 " stored before, %" PRIu64
                 " not ok; results in %s\n", result->trials_run, stw_plural(result->trials_run),
                 result->trials_stored, result->stored_not_ok, shown->results->path);
    uint32_t claims = job->experiment.claim_count;
    if (claims)
        stw_text_add(&text, "%" PRIu32 " claim%s recorded with the results, not judged\n", claims,
                     stw_plural(claims));
    fputs(text.bytes, stdout);
    stw_text_free(&text);
}

/* Prints what is stored, unless it is to be quiet, and asks whether the machine was busy. */
static int report(const struct job *job, const struct stw_run_result *result, int *is_busy)
{
    const struct stw_show_options usual = {0};
    struct stw_results results;
    struct stw_shown shown = {0};
    struct stw_error error = STW_ERROR_INIT;
    struct stw_noise noise = {0};
    stw_status status = stw_results_open(job->output, &results, &error);
    if (status == STW_OK && !job->quiet)
        status = stw_shown_read(&results, &usual, &shown, &error);
    if (status == STW_OK) {
        if (!job->quiet)
            print_results(job, &shown, result);
        stw_noise_judge(&results, 0, &noise);
        *is_busy = stw_noise_is_busy(&noise);
    }
    stw_noise_free(&noise);
    stw_shown_free(&shown);
    stw_results_free(&results);
    return status == STW_OK ? STW_EXIT_DONE : stw_cli_failure(job->command, &error);
}

/* A quiet run reads no results unless it has to: that takes longer than its last trials when there
 * are many. */
static int conclude(const struct job *job, const struct stw_run_result *result)
{
    int exit_status = STW_EXIT_DONE, is_busy = 0;
    if (!job->quiet || job->requires_quiet)
        exit_status = report(job, result, &is_busy);
    if (job->quiet && result->stored_not_ok > 0)
        fprintf(stderr, "stwlab run: %" PRIu64 " trial%s not ok; see stwlab show %s\n",
                result->stored_not_ok, stw_plural(result->stored_not_ok), job->output);
    if (result->interrupted)
        fputs(job->words.bytes, stderr);
    else if (result->ended == STW_ENDED_TIME)
        fprintf(stderr, "stwlab run: its time is over, after %" PRIu64 " trial%s of a cell;"
                " --resume goes on\n", result->blocks, stw_plural(result->blocks));
    if (exit_status == STW_EXIT_DONE && (result->stored_not_ok > 0 || result->interrupted))
        exit_status = STW_EXIT_NOT_OK;
    return stw_cli_require_quiet(job->command, job->requires_quiet && is_busy, exit_status);
}

static int run_matrix(const struct job *job)
{
    char executable[PATH_BYTES];
    struct stw_error error = STW_ERROR_INIT;
    struct stw_run_result result = {0};
    struct stw_enough_look look = {.matrix = &job->matrix};
    struct stw_run_options run = {
        .run_path = job->output,
        .executable = executable,
        .peers = (struct stw_peers *)(uintptr_t)&job->peers,
        .resume = job->resume,
        .retry = job->retry,
        .is_chosen = job->is_chosen,
        .mixed = job->mixed,
        .quiet = job->quiet,
        .is_enough = stw_enough_ask,
        .context = &look,
    };
    stw_status status = stw_cli_worker(executable, sizeof executable, &error);
    if (status == STW_OK)
        status = stw_run_matrix(&job->matrix, job->registry, &run, &result, &error);
    if (status != STW_OK)
        return stw_cli_failure(job->command, &error);
    return conclude(job, &result);
}

/* The forecast, and whether the run would be refused because of what its folder holds. */
static int dry_run(const struct job *job)
{
    struct stw_error error = STW_ERROR_INIT;
    stw_dry_run(&job->matrix, job->output, job->resume, job->is_chosen, stdout);
    char executable[PATH_BYTES];
    struct stw_identities identities = {0};
    stw_status status = stw_cli_worker(executable, sizeof executable, &error);
    if (status == STW_OK)
        status = stw_identities_take(&job->matrix, job->registry, executable, &identities, &error);
    identities.peers = &job->peers;
    uint32_t how = !job->resume ? STW_STORE_NEW : STW_STORE_RESUME;
    how |= job->mixed ? STW_STORE_MIXED : 0;
    if (status == STW_OK)
        status = stw_store_check(job->output, &job->matrix, job->registry, &identities, how,
                                 &error);
    stw_identities_free(&identities);
    return status == STW_OK ? STW_EXIT_DONE : stw_cli_failure(job->command, &error);
}

static int do_job(struct job *job)
{
    stw_interrupts_quit("stwlab run: interrupted\n", STW_EXIT_NOT_OK);
    job->peers.paths = job->gos.items;
    job->peers.path_count = job->gos.count;
    int status = stw_cli_plugins(job->command, job->plugin_paths.items, job->plugin_paths.count,
                                 &job->registry);
    if (status == STW_EXIT_DONE)
        status = read_experiment(job);
    if (status == STW_EXIT_DONE)
        status = choose(job);
    if (status != STW_EXIT_DONE)
        return status;
    if (job->foreground)
        return stw_cli_foreground(job->command, &job->matrix, job->registry, job->foreground);
    char *output = job->output ? stw_strdup(job->output) : default_output(job->experiment.name);
    job->output = output;
    find_words(job);
    if (!job->dry_run)
        stw_interrupts_quit(job->words.bytes, STW_EXIT_NOT_OK);
    status = job->dry_run ? dry_run(job) : run_matrix(job);
    free(output);
    return status;
}

static int parse(struct job *job, int argument_count, char **arguments)
{
    int option;
    while ((option = stw_cli_next(job->command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG || option == 'h')
            return option;
        take_option(job, option);
    }
    if (optind == argument_count)
        stw_cli_usage_error(job->command, "which experiment? FILE.ini is missing");
    else if (optind + 1 < argument_count)
        stw_cli_usage_error(job->command, "one experiment at a time: '%s' is too much",
                            arguments[optind + 1]);
    else if (job->retry && !job->resume)
        stw_cli_usage_error(job->command, "--retry goes with --resume");
    else if (job->mixed && !job->resume)
        stw_cli_usage_error(job->command, "--mixed goes with --resume");
    else if (job->foreground && (job->output || job->resume || job->dry_run || job->only))
        stw_cli_usage_error(job->command, "--foreground stores nothing: it goes without --output, "
                            "--resume and --dry-run");
    else if (job->requires_quiet && (job->dry_run || job->foreground))
        stw_cli_usage_error(job->command, "--require-quiet asks what was measured: it goes without"
                            " --dry-run and --foreground");
    else if (job->output && !*job->output)
        stw_cli_usage_error(job->command, "option --output is empty");
    else
        job->ini = arguments[optind];
    return job->ini ? STW_CLI_END : STW_CLI_WRONG;
}

static int run_run(const struct stw_command *command, int argument_count, char **arguments)
{
    struct job job = {.command = command};
    int status = STW_EXIT_BAD_INPUT;
    int parsed = parse(&job, argument_count, arguments);
    if (parsed == 'h')
        status = stw_cli_help(command);
    else if (parsed == STW_CLI_END)
        status = do_job(&job);
    free(job.is_chosen);
    stw_matrix_free(&job.matrix);
    stw_experiment_free(&job.experiment);
    if (job.registry)
        stw_registry_free(job.registry);
    free(job.overrides.items);
    for (uint32_t i = 0; i < job.made.count; i++)
        free((void *)(uintptr_t)job.made.items[i]);
    free(job.made.items);
    free(job.plugin_paths.items);
    free(job.gos.items);
    stw_interrupts_quit("", STW_EXIT_NOT_OK); /* what it would have said is freed now */
    stw_text_free(&job.words);
    stw_peers_free(&job.peers);
    return status;
}

const struct stw_command stw_command_run = {
    .name = "run",
    .summary = "runs an experiment: all cells of its matrix, each trial in a process",
    .help = "usage: stwlab run [OPTION]... FILE.ini\n\n"
            "  -o, --output RUN           the run's folder; without it runs/<experiment's name>\n"
            "      --set SECTION.KEY=VALUE  in place of, or besides, the file's; repeatable\n"
            "      --trials N             trials of each cell, in place of the file's; or enough\n"
            "                             of them: '20..200 until 5% of stop.p50'\n"
            "      --time TIME            begins no new block (a trial of every cell) after 5min\n"
            "      --resume               runs only what RUN does not hold yet; cells may be new\n"
            "      --retry                with --resume: also runs failed trials once more\n"
            "      --mixed                with --resume: also with other programs, or elsewhere;\n"
            "                             then every table of RUN says so\n"
            "      --dry-run              prints cells, trials and time; runs nothing\n"
            "      --plugin-path PATH     a plugin or folder besides the default ones; repeatable\n"
            "      --go PATH              a go command, for runtime = go; repeatable. Default:\n"
            "                             STWLAB_GO, with colons between them, or go on PATH\n"
            "      --audit                --set fixed.audit=true: slow, proves every cycle\n"
            "      --check                --set fixed.check=true: slow, holds plugins to the ABI\n"
            "      --only CELLS           runs only these: a number that --dry-run prints, an id,\n"
            "                             KEY=VALUE,... or a condition ('n > 64k'). The rest is\n"
            "                             missing, for --resume to run\n"
            "      --foreground CELL      one trial of the cell in this process, for a debugger;\n"
            "                             CELL as for --only\n"
            "      --quiet                no progress and no table\n"
            "      --require-quiet        exit status 4 when the machine was busy meanwhile\n"
            "  -h, --help                 this text\n\n"
            "Ctrl-C finishes the trial in hand; --resume goes on from there.\n"
            "Trials run in a sandbox; [permissions] in the file lets a plugin do more.\n",
    .short_options = ":o:h",
    .options = options,
    .run = run_run,
};
