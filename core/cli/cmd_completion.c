/* cli/cmd_completion.c: stwlab completion: what a shell needs to complete a command line, made of
 * what the help tells. */
#include "cli/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};

/* Names of metrics, as a shell's command: the first column of a table, below its header. */
#define METRICS "stwlab facts 2>/dev/null | awk 'NR > 1 { print $1 }'"
#define SHELLS "bash zsh fish"

typedef void option_writer(const struct stw_command *command, const struct stw_told_option *told);

static void each_option(const struct stw_command *command, option_writer *write)
{
    for (const struct option *option = command->options; option->name; option++) {
        struct stw_told_option told = stw_told_of(command, option);
        write(command, &told);
        stw_told_free(&told);
    }
}

/* Inside '...'; `escaped`: characters with a backslash before them. */
static void write_quoted(const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'')
            printf("'\\''");
        else
            printf("%s%c", strchr(escaped, *text) ? "\\" : "", *text);
    }
}

/* bash. */

static void bash_option(const struct stw_command *command, const struct stw_told_option *told)
{
    (void)command;
    printf(" --%s", told->name);
}

static const char *bash_kind(enum stw_told_kind kind)
{
    static const char *const names[] = {[STW_TOLD_ANYTHING] = "anything", [STW_TOLD_INI] = "ini",
                                        [STW_TOLD_PATH] = "path", [STW_TOLD_METRIC] = "metric",
                                        [STW_TOLD_SHELL] = "shell",
                                        [STW_TOLD_COMMAND] = "command"};
    return names[kind];
}

static void bash_value(const struct stw_command *command, const struct stw_told_option *told)
{
    if (!told->has_value)
        return;
    printf("    \"%s --%s\"", command->name, told->name);
    if (told->letter)
        printf(" | \"%s -%c\"", command->name, told->letter);
    printf(") kind=%s ;;\n", bash_kind(stw_told_kind_of(stw_text_get(&told->value))));
}

static void write_bash(void)
{
    const struct stw_command *command;
    printf("# bash completion for stwlab, as stwlab completion bash prints it\n"
           "_stwlab()\n{\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} kind options\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++)
        printf("%s ", command->name);
    printf("help --help --version\" -- \"$word\"))\n        return\n    fi\n"
           "    case $command in\n");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++) {
        printf("    %s) kind=%s options=\"", command->name, bash_kind(stw_told_arguments(command)));
        each_option(command, bash_option);
        printf("\" ;;\n");
    }
    printf("    help) kind=command ;;\n    esac\n"
           "    case \"$command ${COMP_WORDS[COMP_CWORD - 1]}\" in\n");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++)
        each_option(command, bash_value);
    printf("    *) case $word in\n"
           "       -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;; esac ;;\n"
           "    esac\n"
           "    case $kind in\n"
           "    ini) compopt -o filenames; COMPREPLY=($(compgen -f -X '!*.ini' -- \"$word\")\n"
           "        $(compgen -d -- \"$word\")) ;;\n"
           "    path) compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
           "    metric) COMPREPLY=($(compgen -P \"${word%%\"${word##*,}\"}\" -W \"$(" METRICS ")\""
           " -- \"${word##*,}\")) ;;\n" /* the last of a list with commas */
           "    shell) COMPREPLY=($(compgen -W \"" SHELLS "\" -- \"$word\")) ;;\n"
           "    command) COMPREPLY=($(compgen -W \"");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++)
        printf("%s ", command->name);
    printf("\" -- \"$word\")) ;;\n    esac\n}\ncomplete -F _stwlab stwlab\n");
}

/* zsh. */

static void zsh_action(enum stw_told_kind kind)
{
    static const char *const actions[] = {
        [STW_TOLD_ANYTHING] = " ", [STW_TOLD_INI] = "_files -g \"*.ini\"",
        [STW_TOLD_PATH] = "_files", [STW_TOLD_METRIC] = "_stwlab_metrics",
        [STW_TOLD_SHELL] = "(" SHELLS ")", [STW_TOLD_COMMAND] = "_stwlab_commands"};
    printf("%s", actions[kind]);
}

static void zsh_option(const struct stw_command *command, const struct stw_told_option *told)
{
    (void)command;
    printf(" \\\n            ");
    if (told->letter)
        printf("{-%c,--%s}", told->letter, told->name);
    else
        printf("--%s", told->name);
    printf("'[");
    write_quoted(stw_text_get(&told->words), "[]:\\");
    printf("]");
    if (told->has_value) {
        printf(":");
        write_quoted(stw_text_get(&told->value), ":\\");
        printf(":");
        zsh_action(stw_told_kind_of(stw_text_get(&told->value)));
    }
    printf("'");
}

static void write_zsh(void)
{
    const struct stw_command *command;
    printf("#compdef stwlab\n# zsh completion for stwlab, as stwlab completion zsh prints it\n"
           "_stwlab_metrics()\n{\n    local -a names\n    names=($(" METRICS "))\n"
           "    _values -s , metric $names\n}\n"
           "_stwlab_commands()\n{\n    local -a commands\n    commands=(\n");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++) {
        printf("        '%s:", command->name);
        write_quoted(command->summary, "\\");
        printf("'\n");
    }
    printf("        'help:this text, or that of a command')\n"
           "    _describe command commands\n}\n"
           "_stwlab()\n{\n    if (( CURRENT == 2 )); then\n        _stwlab_commands\n"
           "        return\n    fi\n"
           "    shift words\n    (( CURRENT-- ))\n    case $words[1] in\n");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++) {
        printf("    %s)\n        _arguments", command->name);
        each_option(command, zsh_option);
        printf(" \\\n            '*:argument:");
        zsh_action(stw_told_arguments(command));
        printf("' ;;\n");
    }
    printf("    help) _stwlab_commands ;;\n    esac\n}\n_stwlab \"$@\"\n");
}

/* fish. */

static void fish_option(const struct stw_command *command, const struct stw_told_option *told)
{
    enum stw_told_kind kind = stw_told_kind_of(stw_text_get(&told->value));
    printf("complete -c stwlab -n '__fish_seen_subcommand_from %s' -l %s", command->name,
           told->name);
    if (told->letter)
        printf(" -s %c", told->letter);
    if (told->has_value)
        printf(" -r%s", kind == STW_TOLD_PATH || kind == STW_TOLD_INI ? " -F" : " -f");
    if (kind == STW_TOLD_METRIC)
        printf(" -a \"(stwlab facts 2>/dev/null | string match -rg '^([a-z]\\S*)')\"");
    printf(" -d \"");
    for (const char *at = stw_text_get(&told->words); *at; at++)
        printf("%s%c", strchr("\"$\\", *at) ? "\\" : "", *at);
    printf("\"\n");
}

static void write_fish(void)
{
    const struct stw_command *command;
    printf("# fish completion for stwlab, as stwlab completion fish prints it\n"
           "complete -c stwlab -f\n");
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++) {
        printf("complete -c stwlab -n __fish_use_subcommand -a %s -d \"%s\"\n", command->name,
               command->summary);
        enum stw_told_kind kind = stw_told_arguments(command);
        if (kind == STW_TOLD_PATH || kind == STW_TOLD_INI)
            printf("complete -c stwlab -n '__fish_seen_subcommand_from %s' -F\n", command->name);
        if (kind == STW_TOLD_COMMAND)
            printf("complete -c stwlab -n '__fish_seen_subcommand_from %s' -a '(stwlab --help | "
                   "string match -rg \"^  ([a-z]+) \")'\n", command->name);
        if (kind == STW_TOLD_SHELL)
            printf("complete -c stwlab -n '__fish_seen_subcommand_from %s' -a '" SHELLS "'\n",
                   command->name);
        each_option(command, fish_option);
    }
}

static int run_completion(const struct stw_command *command, int argument_count, char **arguments)
{
    static const struct { const char *name; void (*write)(void); } shells[] = {
        {"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    int option;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        return stw_cli_help(command);
    }
    if (optind + 1 != argument_count)
        return stw_cli_usage_error(command, "for which shell? bash, zsh or fish");
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(arguments[optind], shells[i].name) == 0) {
            shells[i].write();
            return STW_EXIT_DONE;
        }
    return stw_cli_usage_error(command, "there is bash, zsh and fish, not '%s'", arguments[optind]);
}

const struct stw_command stw_command_completion = {
    .name = "completion",
    .summary = "what a shell needs to complete command lines of stwlab",
    .help = "usage: stwlab completion SHELL\n\n"
            "SHELL is bash, zsh or fish. For this session:\n\n"
            "    eval \"$(stwlab completion bash)\"\n\n"
            "An installed stwlab has put it where these shells look for it.\n\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_completion,
};
