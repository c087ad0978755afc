/* cli/cli.h: what the subcommands share: exit statuses, options, messages.
 * Messages go to stderr and begin with "stwlab"; results go to stdout. */
#ifndef STW_CLI_CLI_H
#define STW_CLI_CLI_H

#include <stwlab/base.h>

#include <getopt.h>
#include <stddef.h>

/* Exit statuses. */
#define STW_EXIT_DONE 0
#define STW_EXIT_NOT_OK 1      /* some trial was not ok, or not all of them ran; --fail-if */
#define STW_EXIT_BAD_INPUT 2   /* the command line, the experiment or a file is wrong */
#define STW_EXIT_ENVIRONMENT 3 /* the machine lacks or refuses something */
#define STW_EXIT_BUSY 4        /* all is well but the machine, which was busy: --require-quiet;
                                * or a gate is undecided: --strict */

struct stw_registry;

struct stw_command {
    const char *name;
    const char *summary;          /* one line */
    const char *help;             /* usage and options */
    const char *short_options;    /* as getopt wants them, beginning with ':' */
    const struct option *options; /* ends with zeros; help is 'h' */
    /* arguments[0] is the command's name. Returns the exit status. */
    int (*run)(const struct stw_command *command, int argument_count, char **arguments);
};

extern const struct stw_command stw_command_run;
extern const struct stw_command stw_command_minheap;
extern const struct stw_command stw_command_show;
extern const struct stw_command stw_command_cells;
extern const struct stw_command stw_command_compare;
extern const struct stw_command stw_command_plugins;
extern const struct stw_command stw_command_facts;
extern const struct stw_command stw_command_settings;
extern const struct stw_command stw_command_doctor;
extern const struct stw_command stw_command_completion;
extern const struct stw_command stw_command_manual;

/* What the program is, and what its exit statuses mean, one a line. */
extern const char stw_cli_summary[], stw_cli_statuses[];
/* All commands, in the order of the help; null behind the last one. */
const struct stw_command *stw_cli_command(uint32_t number);
/* The command of that name, or null. */
const struct stw_command *stw_cli_find(const char *name);
/* Says that there is no such command, and which is nearest. Returns STW_EXIT_BAD_INPUT. */
int stw_cli_unknown(const char *name);

/* What stw_cli_next returns besides an option's value. */
#define STW_CLI_END (-1)
#define STW_CLI_WRONG '?' /* said so already; exit with STW_EXIT_BAD_INPUT */

/* The next option, by getopt_long. Prints what is wrong with one. */
int stw_cli_next(const struct stw_command *command, int argument_count, char **arguments);
/* Prints the command's help to stdout. Returns STW_EXIT_DONE. */
int stw_cli_help(const struct stw_command *command);
/* Prints "stwlab COMMAND: message" and where help is. Returns STW_EXIT_BAD_INPUT. */
int stw_cli_usage_error(const struct stw_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints the error as "stwlab COMMAND: message". Returns the exit status that fits. */
int stw_cli_failure(const struct stw_command *command, const struct stw_error *error);
/* A registry of the plugins at `paths` and in the default places, which the caller frees in any
 * case. Says what is wrong. Returns an exit status. */
int stw_cli_plugins(const struct stw_command *command, const char *const *paths, uint32_t count,
                    struct stw_registry **registry);
/* The program that workers run. STW_E_INVALID, STW_E_IO. */
stw_status stw_cli_worker(char *path, size_t bytes, struct stw_error *error);
/* What a command that has come to `status` exits with when it was told to require a quiet machine:
 * says so when it was busy. Whatever else is wrong outranks it. */
int stw_cli_require_quiet(const struct stw_command *command, int is_busy, int status);
/* Whether `descriptor` is a terminal that wants colours. */
int stw_cli_is_styled(int descriptor);
/* How wide tables may be there: COLUMNS says, or the terminal does; a file or pipe has 80. */
uint32_t stw_cli_width(int descriptor);

#endif
