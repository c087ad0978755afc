/* cli/cmd_settings.c: stwlab settings: the keys of the runtime, as they are declared. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/params.h"
#include "host/runtime_params.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>

#define AS_MARKDOWN 'm'

static const struct option options[] = {
    {"markdown", no_argument, NULL, AS_MARKDOWN},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char *const headers[] = {"key", "default", "values", "meaning"};
#define HEADERS (sizeof headers / sizeof *headers)

/* The values of a text are in its help. Sizes are written with their unit. */
static void add_values(const struct stw_param *param, struct stw_text *out)
{
    if (param->type != STW_TYPE_TEXT)
        stw_cli_param_range(param, out);
    if (param->type == STW_TYPE_U64 && *param->unit && strcmp(param->unit, "bytes") != 0)
        stw_text_add(out, " %s", param->unit);
}

static void add_table(struct stw_text *out)
{
    struct stw_table table = {0};
    for (size_t i = 0; i < HEADERS; i++)
        stw_table_column(&table, headers[i], STW_TABLE_LEFT);
    for (uint32_t i = 0; i < stw_runtime_param_count; i++) {
        const struct stw_param *param = &stw_runtime_params[i];
        struct stw_text values = {0};
        add_values(param, &values);
        stw_table_row(&table);
        stw_table_set(&table, 0, param->name);
        stw_table_set(&table, 1, param->default_text);
        stw_table_set(&table, 2, stw_text_get(&values));
        stw_table_set(&table, 3, param->help);
        stw_text_free(&values);
    }
    stw_table_print(&table, 0, out);
    stw_table_free(&table);
}

/* A bar would end the field. */
static void add_escaped(struct stw_text *out, const char *text)
{
    for (; *text; text++)
        stw_text_add(out, *text == '|' ? "\\|" : "%c", *text);
}

static void add_markdown(struct stw_text *out)
{
    for (size_t i = 0; i < HEADERS; i++)
        stw_text_add(out, "| %s ", headers[i]);
    stw_text_add(out, "|\n");
    for (size_t i = 0; i < HEADERS; i++)
        stw_text_add(out, "|---");
    stw_text_add(out, "|\n");
    for (uint32_t i = 0; i < stw_runtime_param_count; i++) {
        const struct stw_param *param = &stw_runtime_params[i];
        struct stw_text values = {0};
        add_values(param, &values);
        stw_text_add(out, "| `%s` | %s | ", param->name, param->default_text);
        add_escaped(out, stw_text_get(&values));
        stw_text_add(out, "%s| ", values.length ? " " : "");
        add_escaped(out, param->help);
        stw_text_add(out, " |\n");
        stw_text_free(&values);
    }
}

static int run_settings(const struct stw_command *command, int argument_count, char **arguments)
{
    int option, as_markdown = 0;
    struct stw_text text = {0};
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        if (option == 'h')
            return stw_cli_help(command);
        as_markdown = 1;
    }
    if (optind < argument_count)
        return stw_cli_usage_error(command, "'%s' is too much", arguments[optind]);
    if (as_markdown)
        add_markdown(&text);
    else
        add_table(&text);
    fputs(text.bytes, stdout);
    stw_text_free(&text);
    return STW_EXIT_DONE;
}

const struct stw_command stw_command_settings = {
    .name = "settings",
    .summary = "the runtime's own keys of an experiment: defaults, values, meanings",
    .help = "usage: stwlab settings [--markdown]\n\n"
            "The keys of [axes] and [fixed] that are no plugin's parameters; those are listed by\n"
            "stwlab plugins.\n\n"
            "  --markdown  a table as in docs/reference/experiments.md\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_settings,
};
