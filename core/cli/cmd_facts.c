/* cli/cmd_facts.c: stwlab facts: what can be measured, or is in a run. */
#include "base/error.h"
#include "cli/cli.h"
#include "report/facts.h"

#define AS_TEXT 't'
#define AS_JSON 'j'
#define AS_MARKDOWN 'm'

static const struct option options[] = {
    {"json", no_argument, NULL, AS_JSON},
    {"markdown", no_argument, NULL, AS_MARKDOWN},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int print(const struct stw_command *command, const char *run, int form)
{
    struct stw_fact_list list = {0};
    struct stw_error error = STW_ERROR_INIT;
    struct stw_text text = {0};
    stw_status status = run ? stw_facts_of_run(run, &list, &error) : STW_OK;
    if (!run)
        stw_facts_of_lab(&list);
    if (status == STW_OK && form == AS_JSON)
        stw_facts_json(&list, stdout);
    else if (status == STW_OK && form == AS_MARKDOWN)
        stw_facts_markdown(&list, &text);
    else if (status == STW_OK)
        stw_facts_text(&list, &text);
    fputs(stw_text_get(&text), stdout);
    stw_text_free(&text);
    stw_facts_free(&list);
    return status == STW_OK ? STW_EXIT_DONE : stw_cli_failure(command, &error);
}

static int run_facts(const struct stw_command *command, int argument_count, char **arguments)
{
    int option, form = AS_TEXT;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        if (form != AS_TEXT && form != option)
            return stw_cli_usage_error(command, "--json and --markdown exclude each other");
        form = option;
    }
    if (optind + 1 < argument_count)
        return stw_cli_usage_error(command, "one run at a time: '%s' is too much",
                                   arguments[optind + 1]);
    return print(command, arguments[optind], form);
}

const struct stw_command stw_command_facts = {
    .name = "facts",
    .summary = "what can be measured, or is in a run: names, units, meanings",
    .help = "usage: stwlab facts [--json | --markdown] [RUN]\n\n"
            "Without RUN all that the lab counts and measures. With one what its trials have, and\n"
            "that is also what its plugins and other runtimes count. Each is a metric of stwlab\n"
            "compare; what a trial has many of, with an ending: stop.p50, step.hooks.total.\n\n"
            "  --json      one JSON object\n"
            "  --markdown  a table as in docs/reference/results.md\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_facts,
};
