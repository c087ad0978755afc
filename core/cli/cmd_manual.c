/* cli/cmd_manual.c: stwlab manual: manual pages, made of what the help tells.
 * In the form of scdoc, which makes a page for man of it. */
#include "cli/told.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};

/* As it is: scdoc takes what is behind a backslash for itself. */
static void write_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (ispunct((unsigned char)text[i]) && !strchr(",()/'\"", text[i]))
            putchar('\\');
        putchar(text[i]);
    }
}

static void write_text(const char *text)
{
    write_plain(text, strlen(text));
}

/* Each line as a paragraph of its own would be too far apart: "++" ends a line within one. */
static void write_lines(const char *text, const char *before)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        printf("%s", before);
        write_plain(line, length);
        line += length + (line[length] == '\n');
        printf("%s\n", *line && *line != '\n' && length ? "++" : "");
    }
}

/* Lines of a paragraph flow, but for those that are set in. */
static void write_paragraphs(const char *text)
{
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n"), indent = strspn(line, " ");
        const char *next = line + length + (line[length] == '\n');
        write_plain(line + indent, length - indent);
        printf("%s\n", (indent || *next == ' ') && *next && *next != '\n' ? "++" : "");
        line = next;
    }
}

static void write_option(const struct stw_told_option *told)
{
    if (told->letter)
        printf("*-%c*, ", told->letter);
    printf("*--");
    write_text(told->name);
    printf("*");
    if (told->has_value) {
        printf(" _");
        write_text(stw_text_get(&told->value));
        printf("_");
    }
    printf("\n\t");
    write_text(stw_text_get(&told->words));
    printf("\n\n");
}

static void write_options(const struct stw_command *command)
{
    printf("# OPTIONS\n\n");
    for (const struct option *option = command->options; option->name; option++) {
        struct stw_told_option told = stw_told_of(command, option);
        write_option(&told);
        stw_told_free(&told);
    }
}

static void write_statuses(void)
{
    printf("# EXIT STATUS\n\n");
    write_lines(stw_cli_statuses, "");
    printf("\n");
}

static void write_command(const struct stw_command *command)
{
    struct stw_text forms = {0}, paragraphs = {0};
    stw_told_usage(command, &forms);
    stw_told_paragraphs(command, &paragraphs);
    printf("stwlab-%s(1)\n\n# NAME\n\nstwlab-%s - ", command->name, command->name);
    write_text(command->summary);
    printf("\n\n# SYNOPSIS\n\n");
    struct stw_text before = {0};
    stw_text_add(&before, "*stwlab %s* ", command->name);
    write_lines(stw_text_get(&forms), before.bytes);
    printf("\n");
    if (paragraphs.length) {
        printf("# DESCRIPTION\n\n");
        write_paragraphs(paragraphs.bytes);
        printf("\n");
    }
    write_options(command);
    write_statuses();
    printf("# SEE ALSO\n\n*stwlab*(1)\n");
    stw_text_free(&before);
    stw_text_free(&forms);
    stw_text_free(&paragraphs);
}

static void write_program(void)
{
    printf("stwlab(1)\n\n# NAME\n\nstwlab - ");
    write_text(stw_cli_summary);
    printf("\n\n# SYNOPSIS\n\n*stwlab* _COMMAND_ \\[_OPTION_\\]... \\[_ARGUMENT_\\]...\n\n");
    printf("# COMMANDS\n\n");
    const struct stw_command *command;
    for (uint32_t i = 0; (command = stw_cli_command(i)); i++) {
        printf("*stwlab-%s*(1)\n\t", command->name);
        write_text(command->summary);
        printf("\n\n");
    }
    write_statuses();
}

static int run_manual(const struct stw_command *command, int argument_count, char **arguments)
{
    int option;
    while ((option = stw_cli_next(command, argument_count, arguments)) != STW_CLI_END) {
        if (option == STW_CLI_WRONG)
            return STW_EXIT_BAD_INPUT;
        return stw_cli_help(command);
    }
    if (optind + 1 < argument_count)
        return stw_cli_usage_error(command, "one page at a time: '%s' is too much",
                                   arguments[optind + 1]);
    if (optind == argument_count) {
        write_program();
        return STW_EXIT_DONE;
    }
    const struct stw_command *about = stw_cli_find(arguments[optind]);
    if (!about)
        return stw_cli_unknown(arguments[optind]);
    write_command(about);
    return STW_EXIT_DONE;
}

const struct stw_command stw_command_manual = {
    .name = "manual",
    .summary = "the source of a manual page, for scdoc",
    .help = "usage: stwlab manual [COMMAND]\n\n"
            "Prints the page of stwlab, or of one of its commands:\n\n"
            "    stwlab manual run | scdoc >stwlab-run.1\n\n"
            "  -h, --help  this text\n",
    .short_options = ":h",
    .options = options,
    .run = run_manual,
};
