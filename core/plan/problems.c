/* plan/problems.c: problems of an experiment: worded, sorted, written. */
#include "plan/problems.h"

#include "base/array.h"
#include "base/utf8.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than anybody reads; a binary file has a problem in every line. */
#define WRITTEN_MAX 100u
#define OVERRIDE_BYTES_MAX 200

static void add_place(struct stw_text *text, const char *path, const struct stw_place *place)
{
    if (place->override) {
        size_t shown = stw_utf8_whole(place->override, OVERRIDE_BYTES_MAX);
        stw_text_add(text, "--set %.*s%s: ", (int)shown, place->override,
                     place->override[shown] ? "..." : "");
        return;
    }
    stw_text_add(text, "%s:", path);
    if (place->line)
        stw_text_add(text, "%d:", place->line);
    if (place->section)
        stw_text_add(text, " [%s]", place->section);
    if (place->key)
        stw_text_add(text, " %s", place->key);
    stw_text_add(text, place->section || place->key ? ": " : " ");
}

/* Control characters as '?', hidden ones by their number. */
static struct stw_text show(char *text)
{
    struct stw_text shown = {0};
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    stw_utf8_add_line(&shown, text);
    return shown;
}

static void add(struct stw_problems *problems, const struct stw_place *place, const char *format,
                va_list arguments)
{
    struct stw_text text = {0};
    char what[1024];
    int length = vsnprintf(what, sizeof what, format, arguments);
    if (length >= (int)sizeof what)
        what[stw_utf8_whole(what, sizeof what)] = '\0';
    add_place(&text, problems->path, place);
    stw_text_add(&text, "%s", what);
    struct stw_text clean = show(text.bytes);
    stw_text_free(&text);
    uint32_t order = problems->count;
    *STW_APPEND(problems->items, problems->count) = (struct stw_problem){
        .line = place->override ? INT_MAX : place->line, .order = order, .text = clean.bytes};
}

void stw_problem_add(struct stw_problems *problems, const struct stw_place *place,
                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, place, format, arguments);
    va_end(arguments);
}

void stw_problem_remark(struct stw_problems *problems, const struct stw_place *place,
                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, place, format, arguments);
    va_end(arguments);
    problems->remarks++;
}

static int by_line(const void *a, const void *b)
{
    const struct stw_problem *p = a, *q = b;
    if (p->line != q->line)
        return p->line < q->line ? -1 : 1;
    return p->order < q->order ? -1 : p->order > q->order;
}

void stw_problems_write(struct stw_problems *problems, struct stw_text *text)
{
    if (problems->count > 1)
        qsort(problems->items, problems->count, sizeof *problems->items, by_line);
    for (uint32_t i = 0; i < problems->count && i < WRITTEN_MAX; i++)
        stw_text_add(text, "%s\n", problems->items[i].text);
    if (problems->count > WRITTEN_MAX)
        stw_text_add(text, "%s: %u more problem%s\n", problems->path,
                     problems->count - WRITTEN_MAX, stw_plural(problems->count - WRITTEN_MAX));
}

void stw_problems_free(struct stw_problems *problems)
{
    for (uint32_t i = 0; i < problems->count; i++)
        free(problems->items[i].text);
    free(problems->items);
    *problems = (struct stw_problems){0};
}
