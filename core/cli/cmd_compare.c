/* cli/cmd_compare.c: stwlab compare: cells of a run, or of two runs, beside each other. */
#include "base/array.h"
#include "base/error.h"
#include "cli/cli.h"
#include "report/compare.h"
#include "report/difference.h"
#include "report/gate.h"
#include "report/pairs.h"
#include "report/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESAMPLES_MAX 10000000u
#define METRIC "stop.p50"
#define USUAL {STW_BOOTSTRAP_SEED, STW_BOOTSTRAP_RESAMPLES, STW_BOOTSTRAP_CONFIDENCE}

static const struct option options[] = {
    {"metric", required_argument, NULL, 'm'},
    {"baseline", required_argument, NULL, 'b'},
    {"by", required_argument, NULL, 'y'},
    {"json", no_argument, NULL, 'j'},
    {"fail-if", required_argument, NULL, 'f'},
    {"strict", no_argument, NULL, 't'},
    {"junit", required_argument, NULL, 'u'},
    {"lower-edges", no_argument, NULL, 'e'},
    {"seed", required_argument, NULL, 's'},
    {"resamples", required_argument, NULL, 'r'},
    {"confidence", required_argument, NULL, 'c'},
    {"require-quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* What is asked, and the runs that it is asked of. */
struct question {
    struct stw_compare_options options;
    const char *metrics; /* with commas between several */
    const char *baseline, *by;
    const char *junit; /* a file to write */
    int is_json, requires_quiet, is_strict;
    struct stw_noise noise;
    struct stw_results results[2];
    struct stw_reader readers[2]; /* the results' own */
    struct stw_comparisons comparisons;
    struct stw_gates gates;
    uint32_t without_trials; /* cells that are left out */
};

/* 1, or 0 when the text is no number from `least` to `most`. */
static int take_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number >= least && *number <= most;
}

/* 0 when the text is not what the option wants: `error` says why, or nothing. */
static int take_option(struct question *question, int option, struct stw_error *error)
{
    struct stw_bootstrap *bootstrap = &question->options.bootstrap;
    uint64_t number = 0;
    int good = 1;
    if (option == 'm')
        question->metrics = optarg;
    else if (option == 'b')
        question->baseline = optarg;
    else if (option == 'y')
        question->by = optarg;
    else if (option == 'j')
        question->is_json = 1;
    else if (option == 'e')
        question->options.as_lower_edges = 1;
    else if (option == 'q')
        question->requires_quiet = 1;
    else if (option == 't')
        question->is_strict = 1;
    else if (option == 'u')
        question->junit = optarg;
    else if (option == 'f')
        good = stw_gates_add(&question->gates, optarg, error) == STW_OK;
    else if (option == 's' && (good = take_number(optarg, 0, UINT64_MAX, &number)))
        bootstrap->seed = number;
    else if (option == 'r' && (good = take_number(optarg, 1, RESAMPLES_MAX, &number)))
        bootstrap->resamples = (uint32_t)number;
    else if (option == 'c' && (good = take_number(optarg, 1, 99, &number)))
        bootstrap->confidence = (uint32_t)number;
    return good;
}

static stw_status open_run(struct question *question, uint32_t at, const char *run,
                           struct stw_error *error)
{
    STW_TRY(stw_results_read(run, &question->results[at], error));
    question->options.histories[at] = &question->results[at].history;
    question->readers[at] = question->results[at].reader;
    return STW_OK;
}

/* By each metric. `metrics` is cut into its words, which the comparisons borrow. */
static stw_status compare_by_metrics(struct question *question, const struct stw_compare_side *a,
                                     const struct stw_compare_side *b, char **metrics,
                                     uint32_t count, struct stw_error *error)
{
    for (uint32_t i = 0; i < count; i++)
        STW_TRY(stw_compare_cells(metrics[i], a, b, &question->options, &question->comparisons,
                                  error));
    return b ? stw_gates_ask(&question->gates, a, b, &question->options, error) : STW_OK;
}

static stw_status compare_pairs(struct question *question, const struct stw_cell_pairs *pairs,
                                uint32_t other, char **metrics, uint32_t count,
                                struct stw_error *error)
{
    question->options.are_many = 1;
    for (uint32_t i = 0; i < pairs->count; i++) {
        const struct stw_compare_side a = {&question->results[0], &question->readers[0],
                                           pairs->items[i].cell};
        const struct stw_compare_side b = {&question->results[other], &question->readers[other],
                                           pairs->items[i].baseline};
        STW_TRY(compare_by_metrics(question, &a, &b, metrics, count, error));
    }
    return STW_OK;
}

static stw_status compare_cells(struct question *question, char **words, char **metrics,
                                uint32_t count, struct stw_error *error)
{
    struct stw_compare_side a = {&question->results[0], &question->readers[0], NULL}, b = a;
    STW_TRY(stw_select_cell(a.results, words[0], &a.cell, error));
    if (words[1])
        STW_TRY(stw_select_cell(b.results, words[1], &b.cell, error));
    return compare_by_metrics(question, &a, words[1] ? &b : NULL, metrics, count, error);
}

static stw_status compare_with_baselines(struct question *question, char **metrics, uint32_t count,
                                         struct stw_error *error)
{
    struct stw_cell_pairs pairs;
    stw_status status = stw_pair_cells(&question->results[0], question->baseline, question->by,
                                       &pairs, &question->without_trials, error);
    if (status == STW_OK)
        status = compare_pairs(question, &pairs, 0, metrics, count, error);
    free(pairs.items);
    return status;
}

static stw_status compare_runs(struct question *question, const char *run, char **metrics,
                               uint32_t count, struct stw_error *error)
{
    struct stw_cell_pairs pairs;
    STW_TRY(open_run(question, 1, run, error));
    stw_pair_runs(&question->results[0], &question->results[1], &pairs);
    stw_status status =
        pairs.count ? compare_pairs(question, &pairs, 1, metrics, count, error)
                    : stw_error_set(error, STW_E_STATE, NULL, "%s and %s have no cell in common: "
                                    "their settings differ everywhere", question->results[0].path,
                                    question->results[1].path);
    free(pairs.items);
    return status;
}

/* A second word that is there as a file or folder is a run. */
static int is_run(const char *word)
{
    return word && access(word, F_OK) == 0;
}

static void print(struct question *question)
{
    struct stw_text text = {0};
    const struct stw_results *other = question->results[1].path ? &question->results[1] : NULL;
    stw_compare_judge(&question->comparisons, &question->options);
    stw_noise_judge(&question->results[0], other ? 1 : 0, &question->noise);
    if (other)
        stw_noise_judge(other, 2, &question->noise);
    question->options.noise = &question->noise;
    stw_gates_judge(&question->gates, &question->options);
    question->options.gates = question->gates.count ? &question->gates : NULL;
    if (question->is_json) {
        stw_compare_json(&question->comparisons, &question->results[0], &question->options, stdout);
        return;
    }
    if (other)
        stw_difference_text(&question->results[0], other, &text);
    stw_compare_text(&question->comparisons, &question->results[0], &question->options, &text);
    if (question->without_trials)
        stw_text_add(&text, "%u cell%s left out: without an ok trial there or in the baseline\n",
                     question->without_trials, stw_plural(question->without_trials));
    stw_gates_text(&question->gates, stw_cli_width(STDOUT_FILENO), &text);
    fputs(stw_text_get(&text), stdout);
    stw_text_free(&text);
}

static stw_status write_junit(const struct question *question, struct stw_error *error)
{
    FILE *file = question->junit ? fopen(question->junit, "we") : NULL;
    if (!question->junit)
        return STW_OK;
    if (file)
        stw_gates_junit(&question->gates, question->results[0].path, &question->options,
                        question->is_strict, file);
    int is_written = file && !ferror(file);
    if ((file && fclose(file) != 0) || !is_written)
        return stw_error_set(error, STW_E_IO, NULL, "--junit: %s: %s", question->junit,
                             strerror(errno));
    return STW_OK;
}

/* What it exits with, when everything could be read. */
static int status_of(const struct stw_command *command, const struct question *question)
{
    int is_busy = question->requires_quiet && stw_noise_is_busy(&question->noise);
    if (stw_gates_count(&question->gates, STW_GATE_FAILS))
        return STW_EXIT_NOT_OK;
    if (question->is_strict && stw_gates_count(&question->gates, STW_GATE_UNDECIDED))
        return STW_EXIT_BUSY;
    return stw_cli_require_quiet(command, is_busy, STW_EXIT_DONE);
}

/* Metrics of --metric, then those of gates; the default if there is neither. */
static char **list_metrics(struct question *question, char *words, uint32_t *count)
{
    char **metrics = NULL, *word;
    while (words && (word = strsep(&words, ",")))
        *STW_APPEND(metrics, *count) = word;
    for (uint32_t i = 0; i < question->gates.count; i++) {
        uint32_t at = 0;
        while (at < *count && strcmp(metrics[at], question->gates.items[i].metric) != 0)
            at++;
        if (at == *count)
            *STW_APPEND(metrics, *count) = question->gates.items[i].metric;
    }
    return metrics;
}

static int compare(const struct stw_command *command, struct question *question, char **words)
{
    struct stw_error error = STW_ERROR_INIT;
    const char *asked = question->metrics ? question->metrics
                      : question->gates.count ? NULL : METRIC;
    char *list = asked ? stw_strdup(asked) : NULL;
    uint32_t count = 0;
    char **metrics = list_metrics(question, list, &count);
    stw_status status = open_run(question, 0, words[0], &error);
    if (status != STW_OK)
        ; /* told below */
    else if (question->baseline || question->by)
        status = compare_with_baselines(question, metrics, count, &error);
    else if (is_run(words[1]))
        status = compare_runs(question, words[1], metrics, count, &error);
    else
        status = compare_cells(question, words + 1, metrics, count, &error);
    if (status == STW_OK) {
        print(question);
        status = write_junit(question, &error);
    }
    int exit_status = status == STW_OK ? status_of(command, question) : STW_EXIT_NOT_OK;
    stw_gates_free(&question->gates);
    stw_comparisons_free(&question->comparisons);
    for (uint32_t i = 0; i < 2; i++)
        stw_results_free(&question->results[i]);
    free(metrics);
    free(list);
    stw_noise_free(&question->noise);
    if (status == STW_OK)
        return exit_status;
    int failure = stw_cli_failure(command, &error);
    return status == STW_E_STATE ? STW_EXIT_NOT_OK : failure;
}

static int run_compare(const struct stw_command *command, int argument_count, char **arguments)
{
    struct question question = {.options.bootstrap = USUAL, };
    struct stw_error error = STW_ERROR_INIT;
    int option;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        if (!take_option(&question, option, &error))
            return *error.message ? stw_cli_usage_error(command, "%s", error.message)
                                  : stw_cli_usage_error(command, "'%s' is not a number that makes "
                                                                 "sense there", optarg);
    }
    int given = argument_count - optind, are_all = question.baseline || question.by;
    if (given < 1 || (given < 2 && !are_all))
        return stw_cli_usage_error(command, "which? RUN and a cell are needed, or --baseline, "
                                            "--by or another RUN");
    if (!question.gates.count && (question.junit || question.is_strict))
        return stw_cli_usage_error(command, "--junit and --strict need --fail-if, which says what "
                                            "is a failure");
    if (question.gates.count && given == 2 && !are_all && !is_run(arguments[optind + 1]))
        return stw_cli_usage_error(command, "--fail-if needs something to compare with: a second "
                                            "cell, --baseline, --by or another RUN");
    if (given > (are_all ? 1 : 3))
        return stw_cli_usage_error(command, are_all ? "with --baseline or --by all cells are "
                                                      "compared: '%s' is too much"
                                                    : "two cells at a time: '%s' is too much",
                                   arguments[optind + (are_all ? 1 : 3)]);
    return compare(command, &question, arguments + optind);
}

const struct stw_command stw_command_compare = {
    .name = "compare",
    .summary = "cells beside each other: values, ratio, interval, verdict",
    .help = "usage: stwlab compare [OPTION]... RUN CELL [CELL]\n"
            "       stwlab compare [OPTION]... RUN --baseline CELLS\n"
            "       stwlab compare [OPTION]... RUN --by AXIS\n"
            "       stwlab compare [OPTION]... RUN RUN\n\n"
            "A cell is named by its number, by its id, by some KEY=VALUE of it with commas\n"
            "between (runtime=go1.23,n=2^16), or by a condition ('n > 64k && strategy != none').\n"
            "With one cell, its value has the interval. Cells of two runs are the same when\n"
            "their settings are; they get no verdict: two runs of one build differ too.\n\n"
            "      --metric M,...   default stop.p50. Any fact (stwlab facts RUN); of stops,\n"
            "                       steps, cycles, operations with .p50, .p99.9, .max, .mean,\n"
            "                       .total or .over(1ms): how many of a trial's are longer.\n"
            "                       Stops of a kind: stop.mark-termination.p50; their parts:\n"
            "                       stop.stopping.p99; by where the last to stop was:\n"
            "                       stop.stopping@SITE.p99. They are those between the first\n"
            "                       operation and the last\n"
            "      --baseline CELLS compares each other cell with the nearest of these\n"
            "      --by AXIS        compares cells that differ in this axis alone, with its\n"
            "                       first value or the baseline's\n"
            "      --fail-if COND   exit status 1 if COND is shown of a cell: 'stop.p50 > 1.1x',\n"
            "                       more than 1.1 times the baseline's; >, >=, <, <=; repeatable\n"
            "      --strict         exit status 4 if --fail-if leaves something undecided\n"
            "      --junit FILE     also writes what --fail-if found, as a JUnit file\n"
            "      --json           one JSON object, or an array of them; times in ns\n"
            "      --lower-edges    stops that Go told: lower edges of buckets, not middles\n"
            "      --seed N         of the resampling; default 1\n"
            "      --resamples N    default 10000\n"
            "      --confidence N   percent; default 95\n"
            "      --require-quiet  exit status 4 when the machine was busy during a run\n"
            "  -h, --help           this text\n\n"
            "Blocks (one trial of every cell) are drawn with replacement, the same for both\n"
            "cells. A difference is shown when p, corrected for all that was asked at once, is\n"
            "small enough. Fewer than 6 trials, maxima, percentiles with fewer than 10 events\n"
            "beyond them, and cells with stops that were not recorded get no verdict.\n",
    .short_options = ":h",
    .options = options,
    .run = run_compare,
};
