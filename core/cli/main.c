/* cli/main.c: finds the subcommand, and makes sure that what was printed has arrived. */
#include "base/text.h"
#include "cli/cli.h"
#include "prim/self.h"
#include "trial/worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct stw_command *const commands[] = {
    &stw_command_run,
    &stw_command_minheap,
    &stw_command_plugins,
    &stw_command_facts,
    &stw_command_settings,
    &stw_command_show,
    &stw_command_cells,
    &stw_command_compare,
    &stw_command_doctor,
    &stw_command_completion,
    &stw_command_manual,
};

#define COMMANDS (sizeof commands / sizeof *commands)

const char stw_cli_summary[] = "a laboratory for stop-the-world pauses";
const char stw_cli_statuses[] = "0 done\n"
                                "1 some trial was not ok, or what --fail-if names is so\n"
                                "2 bad input\n"
                                "3 the environment lacks something\n"
                                "4 the machine is too busy to measure, or --strict left something"
                                " open\n";

const struct stw_command *stw_cli_command(uint32_t number)
{
    return number < COMMANDS ? commands[number] : NULL;
}

static void print_help(FILE *file)
{
    fprintf(file, "stwlab: %s\n\n"
                  "usage: stwlab COMMAND [OPTION]... [ARGUMENT]...\n\n", stw_cli_summary);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(file, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(file, "  %-10s %s\n\n"
                  "stwlab help COMMAND tells more. stwlab --version prints the version.\n\n"
                  "exit status:\n", "help", "this text, or a command's");
    for (const char *line = stw_cli_statuses; *line; line += strcspn(line, "\n") + 1)
        fprintf(file, "  %.*s\n", (int)strcspn(line, "\n"), line);
}

const struct stw_command *stw_cli_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

int stw_cli_unknown(const char *name)
{
    const char *names[COMMANDS + 1];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    names[COMMANDS] = "help";
    const char *nearest = stw_nearest(name, names, COMMANDS + 1);
    const char *what = *name == '-' ? "option" : "command";
    if (nearest)
        fprintf(stderr, "stwlab: unknown %s '%s'; did you mean '%s'?\n", what, name, nearest);
    else
        fprintf(stderr, "stwlab: unknown %s '%s'; see stwlab --help\n", what, name);
    return STW_EXIT_BAD_INPUT;
}

static int help(const char *name)
{
    const struct stw_command *command = name ? stw_cli_find(name) : NULL;
    if (name && !command && strcmp(name, "help") != 0)
        return stw_cli_unknown(name);
    if (command)
        return stw_cli_help(command);
    print_help(stdout);
    return STW_EXIT_DONE;
}

static int dispatch(int argument_count, char **arguments)
{
    if (argument_count < 2) {
        print_help(stderr);
        return STW_EXIT_BAD_INPUT;
    }
    const char *name = arguments[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(arguments[2]);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("stwlab %s (plugin ABI %u.%u)\n", STW_VERSION, STW_ABI_MAJOR, STW_ABI_MINOR);
        return STW_EXIT_DONE;
    }
    const struct stw_command *command = stw_cli_find(name);
    if (!command)
        return stw_cli_unknown(name);
    return command->run(command, argument_count - 1, arguments + 1);
}

/* Output that did not arrive outranks success. */
static int finish_output(int status)
{
    errno = 0;
    int failed = ferror(stdout);
    failed |= fflush(stdout) != 0;
    if (!failed)
        return status;
    fprintf(stderr, "stwlab: cannot write the output: %s\n",
            errno ? strerror(errno) : "a write failed");
    return STW_EXIT_ENVIRONMENT;
}

int main(int argument_count, char **arguments)
{
    if (argument_count > 1 && strcmp(arguments[1], "worker") == 0)
        return stw_worker_main(argument_count - 1, arguments + 1);
    stw_self_guard_output();
    stw_memory_exit_with(STW_EXIT_ENVIRONMENT);
    return finish_output(dispatch(argument_count, arguments));
}
