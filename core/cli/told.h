/* cli/told.h: what a command's help tells of its options, for whoever tells it in another form:
 * manual pages, completion in shells. The help is the only place where it is written. */
#ifndef STW_CLI_TOLD_H
#define STW_CLI_TOLD_H

#include "base/text.h"
#include "cli/cli.h"

struct stw_told_option {
    const char *name;      /* "output" */
    char letter;           /* 'o', or 0: it has none */
    int has_value;
    struct stw_text value; /* "RUN"; empty when it has none */
    struct stw_text words; /* one line, however many the help has */
};

/* What the help tells of an option. Free with stw_told_free. */
struct stw_told_option stw_told_of(const struct stw_command *command, const struct option *option);
void stw_told_free(struct stw_told_option *told);

/* The command line's forms: "[OPTION]... FILE.ini", one a line. */
void stw_told_usage(const struct stw_command *command, struct stw_text *out);
/* The help's paragraphs without usage and options, as they are. */
void stw_told_paragraphs(const struct stw_command *command, struct stw_text *out);

/* What may stand where the help has this word. */
enum stw_told_kind {
    STW_TOLD_ANYTHING,
    STW_TOLD_INI,    /* "FILE.ini" */
    STW_TOLD_PATH,   /* "RUN", "PATH" */
    STW_TOLD_METRIC, /* "M,...", "NAME,...", "NAME" */
    STW_TOLD_SHELL,  /* "SHELL" */
    STW_TOLD_COMMAND /* "[COMMAND]" */
};
enum stw_told_kind stw_told_kind_of(const char *word);
/* What the command's arguments are, by the last word of its first form. */
enum stw_told_kind stw_told_arguments(const struct stw_command *command);

#endif
