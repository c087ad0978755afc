/* cli/cmd_compare.c: stwlab compare: two cells of a run, by one metric, with an interval. */
#include "base/error.h"
#include "cli/cli.h"
#include "report/compare.h"

#include <errno.h>
#include <stdlib.h>

#define RESAMPLES 10000u /* ends of the interval repeat within 1 % of its width from seed to seed */
#define RESAMPLES_MAX 10000000u
#define CONFIDENCE 95u

static const struct option options[] = {
    {"metric", required_argument, NULL, 'm'},
    {"json", no_argument, NULL, 'j'},
    {"lower-edges", no_argument, NULL, 'e'},
    {"seed", required_argument, NULL, 's'},
    {"resamples", required_argument, NULL, 'r'},
    {"confidence", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* 1, or 0 when the text is no number from `least` to `most`. */
static int take_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *number >= least && *number <= most;
}

static int take_option(struct stw_compare_options *compare, int option)
{
    uint64_t number = 0;
    int good = 1;
    if (option == 'm')
        compare->metric = optarg;
    else if (option == 'e')
        compare->as_lower_edges = 1;
    else if (option == 's' && (good = take_number(optarg, 0, UINT64_MAX, &number)))
        compare->bootstrap.seed = number;
    else if (option == 'r' && (good = take_number(optarg, 1, RESAMPLES_MAX, &number)))
        compare->bootstrap.resamples = (uint32_t)number;
    else if (option == 'c' && (good = take_number(optarg, 1, 99, &number)))
        compare->bootstrap.confidence = (uint32_t)number;
    return good;
}

static int compare(const struct stw_command *command, const struct stw_compare_options *options_,
                   int is_json, char **words)
{
    struct stw_results results;
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    struct stw_comparison comparison;
    stw_status status = stw_results_read(words[0], &results, &error);
    if (status == STW_OK)
        status = stw_compare(&results, words[1], words[2], options_, &comparison, &error);
    if (status == STW_OK && is_json)
        stw_compare_json(&comparison, options_, stdout);
    else if (status == STW_OK)
        stw_compare_text(&comparison, options_, &text);
    fputs(stw_text_get(&text), stdout);
    stw_text_free(&text);
    stw_results_free(&results);
    if (status == STW_OK)
        return STW_EXIT_DONE;
    int exit_status = stw_cli_failure(command, &error);
    return status == STW_E_STATE ? STW_EXIT_NOT_OK : exit_status;
}

static int run_compare(const struct stw_command *command, int argument_count, char **arguments)
{
    struct stw_compare_options compare_by = {"pause.p50", {1, RESAMPLES, CONFIDENCE}, 0};
    int option, is_json = 0;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        is_json |= option == 'j';
        if (!take_option(&compare_by, option))
            return stw_cli_usage_error(command, "'%s' is not a number that makes sense there",
                                       optarg);
    }
    if (argument_count - optind < 2)
        return stw_cli_usage_error(command, "which? RUN and a cell are needed");
    if (argument_count - optind > 3)
        return stw_cli_usage_error(command, "two cells at a time: '%s' is too much",
                                   arguments[optind + 3]);
    return compare(command, &compare_by, is_json, arguments + optind);
}

const struct stw_command stw_command_compare = {
    .name = "compare",
    .summary = "two cells of a run by one metric: medians, ratio, interval",
    .help = "usage: stwlab compare [OPTION]... RUN CELL [CELL]\n\n"
            "A cell is named by its id, or by KEY=VALUE of its axes, with commas between several:\n"
            "runtime=go1.23,strategy=presize. With one cell, its value has the interval.\n\n"
            "      --metric M      default pause.p50. Percentiles of stops: pause.p99, also\n"
            "                      stopping, working, restarting. Medians over the trials:\n"
            "                      op.p50, op.mean, cpu, rss, wall, start. rate: trials a second\n"
            "      --json          one JSON object; times in ns\n"
            "      --lower-edges   stops that Go told: lower edges of their buckets, not middles\n"
            "      --seed N        of the resampling; default 1\n"
            "      --resamples N   default 10000\n"
            "      --confidence N  percent; default 95\n"
            "  -h, --help          this text\n\n"
            "Trials are drawn with replacement, each with all of its stops or operations.\n",
    .short_options = ":h",
    .options = options,
    .run = run_compare,
};
