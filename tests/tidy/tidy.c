/* tidy/tidy.c: checks the C sources of the tree against the rules that a program can judge.
 *
 * Usage: stw_tidy ROOT. Prints "FILE:LINE: [rule] what" for each finding. Exit status: 0 none,
 * 1 some, 2 the tree could not be read. Rules, by the names that are printed:
 *   dependency       a folder of core includes itself and earlier folders only
 *   plugin-include   plugins, strategies and workloads include <stwlab/...>, the C library and
 *                    their own folder only; the public headers include each other and <stdint.h>,
 *                    kit.h, which is no part of the ABI, the C library, too
 *   system           the operating system's interfaces belong to core/prim
 *   function-length, file-length, line-length
 *   title            the first line is a comment that names the file
 *   typedef-struct   structs keep their tags
 *   marker           work that is not finished does not merge
 *   tab, blank       no tabs, no blanks at a line's end
 * It reads lines, not C: a function's body is what stands between { and } in the first column.
 * tests/tidy/tidy_selftest.sh shows that each rule finds what it looks for. */
#include "tidy.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FUNCTION_LINES_MAX 70u
#define FILE_LINES_MAX 1000u
#define LINE_COLUMNS_MAX 100u
#define PATH_BYTES 4096u
#define SOURCES "/* sources: " /* opens a line for tests/CMakeLists.txt, of any length */

static unsigned findings;

void stw_tidy_report(const struct stw_source *source, const char *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%u: [%s] ", source->path, source->line, rule);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    findings++;
}

int stw_tidy_is_under(const struct stw_source *source, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(source->path, folder, length) == 0 && source->path[length] == '/';
}

/* Copies `text` with comments, strings and character constants blanked out, so that what is left
 * is code; includes are read from the original. `*in_comment` carries over from line to line. */
static void strip(char *code, const char *text, int *in_comment)
{
    char quote = 0;
    size_t i = 0;
    for (; text[i]; i++) {
        code[i] = ' ';
        if (*in_comment) {
            if (text[i] == '*' && text[i + 1] == '/') {
                *in_comment = 0;
                code[++i] = ' ';
            }
        } else if (quote) {
            if (text[i] == '\\' && text[i + 1])
                code[++i] = ' ';
            else if (text[i] == quote)
                quote = 0;
        } else if (text[i] == '/' && text[i + 1] == '*') {
            *in_comment = 1;
            code[++i] = ' ';
        } else if (text[i] == '/' && text[i + 1] == '/') {
            break;
        } else if (text[i] == '"' || text[i] == '\'') {
            quote = text[i];
        } else {
            code[i] = text[i];
        }
    }
    code[i] = '\0';
}

static unsigned columns(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80; /* not a continuation byte of UTF-8 */
    return count;
}

/* A title names the file; tests, which open with goal and method, need a comment only. */
static void check_title(const struct stw_source *source, const char *text)
{
    const char *slash = strrchr(source->path, '/');
    const char *name = slash ? slash + 1 : source->path;
    const char *found = strstr(text, name);
    if (strncmp(text, "/* ", 3) != 0)
        stw_tidy_report(source, "title", "the file does not open with a comment");
    else if (!stw_tidy_is_under(source, "tests") && (!found || found[strlen(name)] != ':'))
        stw_tidy_report(source, "title", "the first line does not say \"%s: what it does\"", name);
}

static void check_markers(const struct stw_source *source, const char *text)
{
    /* In halves, so that this file passes itself. */
    static const char *const markers[] = {"FIX" "ME", "TO" "DO", "XX" "X"};
    for (size_t i = 0; i < sizeof markers / sizeof markers[0]; i++) {
        const char *at = strstr(text, markers[i]);
        size_t length = strlen(markers[i]);
        if (at && (at == text || !isalnum((unsigned char)at[-1]))
            && !isalnum((unsigned char)at[length]))
            stw_tidy_report(source, "marker", "unfinished work is marked here");
    }
}

static void check_text(const struct stw_source *source, const char *text)
{
    size_t length = strlen(text);
    if (strchr(text, '\t'))
        stw_tidy_report(source, "tab", "a tab");
    if (length && (text[length - 1] == ' ' || text[length - 1] == '\r'))
        stw_tidy_report(source, "blank", "a blank at the line's end");
    if (columns(text) > LINE_COLUMNS_MAX && strncmp(text, SOURCES, strlen(SOURCES)) != 0)
        stw_tidy_report(source, "line-length", "%u columns, at most %u", columns(text),
                        LINE_COLUMNS_MAX);
    check_markers(source, text);
}

/* Follows the first column; a body that opens there closes there. */
static void check_function(struct stw_source *source, const char *code)
{
    size_t length = strlen(code);
    while (length && code[length - 1] == ' ')
        length--;
    int opens = length && code[length - 1] == '{'
                && (code[0] == '{' || (!isspace((unsigned char)code[0]) && strchr(code, '(')));
    if (opens && !source->body_line)
        source->body_line = source->line;
    if (source->body_line && code[0] == '}') {
        unsigned lines = source->line - source->body_line + 1;
        if (lines > FUNCTION_LINES_MAX)
            stw_tidy_report(source, "function-length", "the function that begins in line %u has "
                            "%u lines, at most %u", source->body_line, lines, FUNCTION_LINES_MAX);
        source->body_line = 0;
    }
}

static void check_line(struct stw_source *source, const char *text, const char *code)
{
    source->line++;
    if (source->line == 1)
        check_title(source, text);
    check_text(source, text);
    check_function(source, code);
    if (strncmp(code, "typedef struct", 14) == 0 || strncmp(code, "typedef union", 13) == 0)
        stw_tidy_report(source, "typedef-struct", "a typedef hides a struct or a union");
    stw_tidy_check_include(source, text, code);
    stw_tidy_check_calls(source, code);
}

static int check_file(const char *root, const char *path)
{
    char full[2 * PATH_BYTES], *text = NULL;
    snprintf(full, sizeof full, "%s/%s", root, path);
    FILE *file = fopen(full, "r");
    if (!file) {
        fprintf(stderr, "tidy: %s: %s\n", full, strerror(errno));
        return 2;
    }
    struct stw_source source = {.path = path};
    size_t capacity = 0;
    int in_comment = 0;
    for (ssize_t length; (length = getline(&text, &capacity, file)) >= 0;) {
        if (length && text[length - 1] == '\n')
            text[length - 1] = '\0';
        char *code = malloc(strlen(text) + 2);
        if (!code)
            abort();
        strip(code, text, &in_comment);
        check_line(&source, text, code);
        free(code);
    }
    if (source.line > FILE_LINES_MAX)
        stw_tidy_report(&source, "file-length", "%u lines, at most %u", source.line,
                        FILE_LINES_MAX);
    free(text);
    fclose(file);
    return 0;
}

static int is_source(const char *name)
{
    size_t length = strlen(name);
    return length > 2 && name[length - 2] == '.' && strchr("ch", name[length - 1]);
}

/* Checks the files of a folder and below, in sorted order. An absent folder has no faults. */
static int check_folder(const char *root, const char *folder)
{
    char full[2 * PATH_BYTES];
    struct dirent **entries;
    snprintf(full, sizeof full, "%s/%s", root, folder);
    int count = scandir(full, &entries, NULL, alphasort), status = 0;
    if (count < 0 && errno != ENOENT) {
        fprintf(stderr, "tidy: %s: %s\n", full, strerror(errno));
        return 2;
    }
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES + 256];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        snprintf(full, sizeof full, "%s/%s", root, path);
        int failed = 0;
        if (entries[i]->d_name[0] != '.' && lstat(full, &about) == 0) {
            if (S_ISDIR(about.st_mode))
                failed = check_folder(root, path);
            else if (S_ISREG(about.st_mode) && is_source(path))
                failed = check_file(root, path);
        }
        status = failed ? failed : status;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return status;
}

int main(int argument_count, char **arguments)
{
    static const char *const folders[] = {"core", "experiments", "plugins", "strategies", "tests"};
    struct stat about;
    if (argument_count != 2 || stat(arguments[1], &about) != 0 || !S_ISDIR(about.st_mode)) {
        fprintf(stderr, "usage: stw_tidy ROOT\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (check_folder(arguments[1], folders[i]))
            return 2;
    printf("%u findings\n", findings);
    return findings ? 1 : 0;
}
