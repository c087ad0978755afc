/* cli/cli.c: options and messages of the subcommands. */
#include "cli/cli.h"

#include "base/error.h"
#include "base/text.h"
#include "host/registry.h"
#include "prim/self.h"
#include "report/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTIONS_MAX 32u
#define WIDTH_DEFAULT 80u
#define WIDTH_MIN STW_LOOK_WIDTH_MIN

int stw_cli_help(const struct stw_command *command)
{
    printf("stwlab %s: %s\n\n%s", command->name, command->summary, command->help);
    return STW_EXIT_DONE;
}

int stw_cli_usage_error(const struct stw_command *command, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "stwlab %s: ", command->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "; see stwlab help %s\n", command->name);
    return STW_EXIT_BAD_INPUT;
}

int stw_cli_failure(const struct stw_command *command, const struct stw_error *error)
{
    int environment = error->status == STW_E_IO || error->status == STW_E_NOMEM;
    fprintf(stderr, "stwlab %s: %s\n", command->name,
            error->message[0] ? error->message : "failed without a reason");
    return environment ? STW_EXIT_ENVIRONMENT : STW_EXIT_BAD_INPUT;
}

int stw_cli_require_quiet(const struct stw_command *command, int is_busy, int status)
{
    if (!is_busy || status != STW_EXIT_DONE)
        return status;
    fprintf(stderr, "stwlab %s: the machine was busy, and --require-quiet was given\n",
            command->name);
    return STW_EXIT_BUSY;
}

/* "--resume" that is nearest to `name`, or null. */
static const char *nearest_option(const struct stw_command *command, const char *name)
{
    const char *names[OPTIONS_MAX];
    uint32_t count = 0;
    for (; count < OPTIONS_MAX && command->options[count].name; count++)
        names[count] = command->options[count].name;
    return stw_nearest(name, names, count);
}

/* The option that `name`, of `length` bytes, is the beginning of; `*count`: how many there are. */
static const struct option *complete(const struct stw_command *command, const char *name,
                                     size_t length, uint32_t *count)
{
    const struct option *found = NULL;
    *count = 0;
    for (const struct option *option = command->options; option->name; option++) {
        if (strncmp(option->name, name, length) != 0)
            continue;
        found = option;
        ++*count;
    }
    return found;
}

/* Whether getopt's '?' is about the long option in `argument`. It says so (optopt is 0) unless that
 * option exists and was given a value that it does not take. */
static int is_about_long(const struct stw_command *command, const char *argument)
{
    uint32_t count;
    const char *equals = strchr(argument, '=');
    if (optopt == 0 || strncmp(argument, "--", 2) != 0 || !equals)
        return optopt == 0;
    const struct option *option =
        complete(command, argument + 2, (size_t)(equals - argument) - 2, &count);
    return count == 1 && option->has_arg == no_argument && option->val == optopt;
}

static void say_wrong_long(const struct stw_command *command, const char *argument)
{
    char *name = stw_strdup(argument + 2);
    name[strcspn(name, "=")] = '\0';
    const char *nearest = nearest_option(command, name);
    uint32_t count;
    complete(command, name, strlen(name), &count);
    if (count > 1)
        stw_cli_usage_error(command, "option --%s is short for more than one", name);
    else if (count == 1)
        stw_cli_usage_error(command, "option --%s takes no value", name);
    else if (nearest)
        stw_cli_usage_error(command, "unknown option --%s; did you mean --%s?", name, nearest);
    else
        stw_cli_usage_error(command, "unknown option --%s", name);
    free(name);
}

int stw_cli_next(const struct stw_command *command, int argument_count, char **arguments)
{
    opterr = 0;
    int option = getopt_long(argument_count, arguments, command->short_options, command->options,
                             NULL);
    if (option != '?' && option != ':')
        return option;
    const char *argument = arguments[optind - 1];
    if (option == ':')
        stw_cli_usage_error(command, "option %s needs a value", argument);
    else if (is_about_long(command, argument))
        say_wrong_long(command, argument);
    else
        stw_cli_usage_error(command, "unknown option -%c", optopt);
    return STW_CLI_WRONG;
}

int stw_cli_plugins(const struct stw_command *command, const char *const *paths, uint32_t count,
                    struct stw_registry **registry)
{
    struct stw_error error = STW_ERROR_INIT;
    *registry = stw_registry_new();
    for (uint32_t i = 0; i < count; i++)
        if (stw_registry_add(*registry, paths[i], &error) != STW_OK) {
            stw_cli_failure(command, &error);
            return STW_EXIT_BAD_INPUT;
        }
    return stw_registry_add_defaults(*registry, &error) == STW_OK
        ? STW_EXIT_DONE : stw_cli_failure(command, &error);
}

/* This program, or the one that STWLAB_WORKER names: a script that runs this one, with the
 * arguments it is given, under a debugger. */
stw_status stw_cli_worker(char *path, size_t bytes, struct stw_error *error)
{
    const char *worker = getenv("STWLAB_WORKER");
    if (!worker || !*worker)
        return stw_self_path(path, bytes, error);
    if (*worker != '/' || snprintf(path, bytes, "%s", worker) >= (int)bytes)
        return stw_error_set(error, STW_E_INVALID, NULL,
                             "STWLAB_WORKER is not an absolute path: %s", worker);
    return STW_OK;
}

int stw_cli_is_styled(int descriptor)
{
    const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(descriptor) && !(refused && *refused)
        && !(terminal && strcmp(terminal, "dumb") == 0);
}

uint32_t stw_cli_width(int descriptor)
{
    const char *columns = getenv("COLUMNS");
    char *end = NULL;
    unsigned long width = columns ? strtoul(columns, &end, 10) : 0;
    if (!columns || *columns < '0' || *columns > '9' || *end || width == 0 || width > UINT16_MAX)
        width = stw_self_columns(descriptor);
    if (width == 0)
        width = WIDTH_DEFAULT;
    return width < WIDTH_MIN ? WIDTH_MIN : (uint32_t)width;
}
