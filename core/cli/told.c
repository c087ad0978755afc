/* cli/told.c: reads a command's help.
 *
 * TD1  a line that begins with blanks and an option is of that option, and so are the lines below
 *      it that are set in further than that: to the next option, or to an empty line. The word
 *      behind the option is its value, if it takes one. */
#include "cli/told.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The line that is `line`'s next; null: there is none. */
static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    return end && end[1] ? end + 1 : NULL;
}

/* "  -o, --output RUN": where the long name begins; null: the line begins with no option. */
static const char *option_of(const char *line)
{
    const char *at = line + strspn(line, " ");
    if (at == line)
        return NULL;
    if (at[0] == '-' && isalpha((unsigned char)at[1]) && at[2] == ',')
        at += 3 + strspn(at + 3, " ");
    return at[0] == '-' && at[1] == '-' && islower((unsigned char)at[2]) ? at + 2 : NULL;
}

static int is_name(const char *at, const char *name)
{
    size_t length = strlen(name);
    return strncmp(at, name, length) == 0 && strchr(" \n", at[length]);
}

/* Adds the line's words, up to its end, behind what is there. */
static void add_words(struct stw_text *out, const char *at)
{
    at += strspn(at, " ");
    size_t length = strcspn(at, "\n");
    if (length && out->length)
        stw_text_add(out, " ");
    stw_text_add_bytes(out, at, length);
}

static const char *find_line(const struct stw_command *command, const char *name)
{
    for (const char *line = command->help; line; line = line_after(line)) {
        const char *at = option_of(line);
        if (at && is_name(at, name))
            return line;
    }
    return NULL;
}

struct stw_told_option stw_told_of(const struct stw_command *command, const struct option *option)
{
    struct stw_told_option told = {.name = option->name,
                                   .has_value = option->has_arg != no_argument};
    const char *line = find_line(command, option->name);
    if (!line)
        return told;
    const char *at = line + strspn(line, " ");
    size_t indent = (size_t)(at - line);
    told.letter = at[1] == '-' ? 0 : at[1];
    at = option_of(line) + strlen(option->name);
    if (told.has_value) {
        at += strspn(at, " ");
        size_t length = strcspn(at, " \n");
        stw_text_add_bytes(&told.value, at, length);
        at += length;
    }
    add_words(&told.words, at);
    while ((line = line_after(line)) && strspn(line, " ") > indent + 2 && !option_of(line))
        add_words(&told.words, line);
    return told;
}

void stw_told_free(struct stw_told_option *told)
{
    stw_text_free(&told->value);
    stw_text_free(&told->words);
}

/* "usage: stwlab run [OPTION]... FILE.ini": where what is behind the command's name begins. */
static const char *form_of(const struct stw_command *command, const char *line)
{
    static const char usage[] = "usage: ", more[] = "       ", program[] = "stwlab ";
    if (strncmp(line, usage, sizeof usage - 1) != 0 && strncmp(line, more, sizeof more - 1) != 0)
        return NULL;
    line += sizeof usage - 1;
    if (strncmp(line, program, sizeof program - 1) != 0)
        return NULL;
    line += sizeof program - 1;
    size_t length = strlen(command->name);
    return strncmp(line, command->name, length) == 0 ? line + length + (line[length] == ' ') : NULL;
}

void stw_told_usage(const struct stw_command *command, struct stw_text *out)
{
    for (const char *line = command->help; line; line = line_after(line)) {
        const char *form = form_of(command, line);
        if (!form)
            return;
        stw_text_add_bytes(out, form, strcspn(form, "\n"));
        stw_text_add(out, "\n");
    }
}

void stw_told_paragraphs(const struct stw_command *command, struct stw_text *out)
{
    int is_of_option = 0, is_blank = 1;
    for (const char *line = command->help; line; line = line_after(line)) {
        int is_empty = *line == '\n';
        if (form_of(command, line))
            continue;
        is_of_option = !is_empty && (option_of(line) || (is_of_option && *line == ' '));
        if (is_of_option || (is_empty && is_blank))
            continue;
        stw_text_add_bytes(out, line, strcspn(line, "\n"));
        stw_text_add(out, "\n");
        is_blank = is_empty;
    }
}

enum stw_told_kind stw_told_kind_of(const char *word)
{
    static const struct { const char *word; enum stw_told_kind kind; } words[] = {
        {"FILE.ini", STW_TOLD_INI},      {"RUN", STW_TOLD_PATH},    {"PATH", STW_TOLD_PATH},
        {"[RUN]", STW_TOLD_PATH},        {"[PATH]...", STW_TOLD_PATH}, {"FILE", STW_TOLD_PATH},
        {"M,...", STW_TOLD_METRIC},      {"NAME,...", STW_TOLD_METRIC},
        {"NAME", STW_TOLD_METRIC},       {"SHELL", STW_TOLD_SHELL},
        {"[COMMAND]", STW_TOLD_COMMAND},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].kind;
    return STW_TOLD_ANYTHING;
}

enum stw_told_kind stw_told_arguments(const struct stw_command *command)
{
    struct stw_text forms = {0};
    enum stw_told_kind kind = STW_TOLD_ANYTHING;
    stw_told_usage(command, &forms);
    char *copy = stw_strdup(stw_text_get(&forms)), *rest = copy, *word;
    copy[strcspn(copy, "\n")] = '\0';
    while ((word = strsep(&rest, " ")) && kind == STW_TOLD_ANYTHING)
        kind = *word == '-' ? STW_TOLD_ANYTHING : stw_told_kind_of(word);
    free(copy);
    stw_text_free(&forms);
    return kind;
}
