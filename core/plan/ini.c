/* plan/ini.c: reads an INI file through inih, line by line, from memory.
 *
 * inih splits lines into keys and values and strips comments. It sees good lines only: the reader
 * that it is given looks at each line first, and hands over an empty one in place of a line that
 * inih would cut, join or skip in silence. So the count of lines handed over is the line number.
 * Headings are read here: inih cuts their names at 49 bytes and ignores what follows ']'. */
#include "plan/ini.h"

#include "base/array.h"
#include "base/utf8.h"

#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (1u << 20)
#define ENTRIES_MAX 4096u /* of sections and of keys; bounds the search for duplicates */
#define KEY_BYTES_MAX 100u
#define WHAT_BYTES 160u /* of what is wrong with a line */

/* reading.section when there is none. */
#define SECTION_NONE (-1)   /* before the first heading */
#define SECTION_BROKEN (-2) /* after a bad heading: its keys are not looked at */

/* reading.value when there is none that an indented line could continue. */
#define VALUE_NONE (-1)
#define VALUE_BROKEN (-2) /* after a line that was refused: the indented ones are part of it */

static const char *const section_words[] = {"experiment", "axes", "fixed", "exclude",
                                            "permissions"};
#define SECTION_WORDS (sizeof section_words / sizeof *section_words)

struct reading {
    struct stw_ini *ini;
    struct stw_problems *problems;
    const char *next, *end; /* bytes not yet read */
    int line;
    int32_t section;
    int expects_entry; /* inih was given a line that has to come back as key and value */
    int32_t value;     /* the entry whose value an indented line continues */
    int continues;     /* the line that inih was given is an indented one */
};

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The part of [start, end) without white space around it, as a new string. */
static char *copy_trimmed(const char *start, const char *end)
{
    while (start < end && is_space(*start))
        start++;
    while (end > start && is_space(end[-1]))
        end--;
    char *copy = stw_new((size_t)(end - start) + 1, 1);
    return memcpy(copy, start, (size_t)(end - start));
}

static const char *section_name(const struct reading *r)
{
    return r->section >= 0 ? r->ini->sections[r->section].name : NULL;
}

static struct stw_place here(const struct reading *r, const char *key)
{
    return (struct stw_place){.line = r->line, .section = section_name(r), .key = key};
}

struct stw_place stw_ini_place(const struct stw_ini_entry *entry)
{
    return (struct stw_place){entry->line, entry->override, entry->section, entry->key};
}

static struct stw_ini_entry *find_entry(const struct stw_ini *ini, const char *section,
                                        const char *key)
{
    for (uint32_t i = 0; i < ini->entry_count; i++)
        if (strcmp(ini->entries[i].section, section) == 0
            && strcmp(ini->entries[i].key, key) == 0)
            return &ini->entries[i];
    return NULL;
}

const struct stw_ini_entry *stw_ini_find(const struct stw_ini *ini, const char *section,
                                         const char *key)
{
    return find_entry(ini, section, key);
}

static int32_t find_section(const struct stw_ini *ini, const char *name)
{
    for (uint32_t i = 0; i < ini->section_count; i++)
        if (strcmp(ini->sections[i].name, name) == 0)
            return (int32_t)i;
    return SECTION_NONE;
}

int stw_ini_section_line(const struct stw_ini *ini, const char *section)
{
    int32_t found = find_section(ini, section);
    return found >= 0 ? ini->sections[found].line : 0;
}

/* Takes ownership of `key` and `value`. */
static void add_entry(struct stw_ini *ini, struct stw_ini_entry entry)
{
    *STW_APPEND(ini->entries, ini->entry_count) = entry;
}

/* Whether these bytes may stand in a line; else says what is wrong. */
static int is_text(const char *start, size_t length, char what[WHAT_BYTES])
{
    const char *at = start, *end = start + length;
    what[0] = '\0';
    while (at < end && !what[0]) {
        uint32_t character = 0;
        size_t bytes = stw_utf8_decode(at, (size_t)(end - at), &character);
        if (!bytes)
            snprintf(what, WHAT_BYTES, "is not valid UTF-8");
        else if (character == 0)
            snprintf(what, WHAT_BYTES, "holds a zero byte");
        else if (stw_utf8_is_control(character) && character != '\t')
            snprintf(what, WHAT_BYTES, "holds a control character");
        else if (stw_utf8_is_hidden(character))
            snprintf(what, WHAT_BYTES, "holds the invisible character U+%04" PRIX32, character);
        at += bytes;
    }
    return !what[0];
}

/* Where the key of a line ends, or null: it has none. */
static const char *key_end(const char *start, size_t length)
{
    for (const char *at = start; at < start + length; at++)
        if (*at == '=' || *at == ':')
            return at;
    return NULL;
}

/* Reports a line that inih may not see, under its key if one can be made out. */
static void refuse_line(struct reading *r, const char *start, size_t length, const char *what)
{
    const char *end = key_end(start, length);
    char *key = end ? copy_trimmed(start, end) : stw_strdup("");
    char ignored[WHAT_BYTES];
    int is_key = *key && strlen(key) <= KEY_BYTES_MAX && !strpbrk(key, "[;#")
                 && is_text(start, (size_t)((end ? end : start) - start), ignored);
    struct stw_place place = here(r, is_key ? key : NULL);
    stw_problem_add(r->problems, &place, "the line %s", what);
    if (is_key && r->section >= 0 && !find_entry(r->ini, section_name(r), key))
        add_entry(r->ini, (struct stw_ini_entry){section_name(r), key, NULL, r->line, NULL});
    else
        free(key);
    if (length && start[strspn(start, " \t")] == '[')
        r->section = SECTION_BROKEN;
}

static void open_section(struct reading *r, char *name)
{
    struct stw_ini *ini = r->ini;
    r->section = find_section(ini, name);
    if (r->section >= 0) {
        struct stw_place place = here(r, NULL);
        stw_problem_add(r->problems, &place, "this section was opened before, on line %d",
                        ini->sections[r->section].line);
        free(name);
        return;
    }
    r->section = (int32_t)ini->section_count;
    *STW_APPEND(ini->sections, ini->section_count) = (struct stw_ini_section){name, r->line};
}

/* Whether nothing but white space and a comment is in [at, end). */
static int is_blank(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && is_space(*at))
        at++;
    return at == end || (at > start && *at == ';');
}

/* "[name]" */
static void read_heading(struct reading *r, const char *start, size_t length)
{
    const char *end = start + length, *close = memchr(start, ']', length);
    char *name = close ? copy_trimmed(start + 1, close) : NULL;
    r->section = SECTION_BROKEN;
    struct stw_place place = here(r, NULL);
    if (!name)
        stw_problem_add(r->problems, &place, "the section's name has no closing \"]\"");
    else if (!*name)
        stw_problem_add(r->problems, &place, "the section has no name");
    else if (!is_blank(close + 1, end))
        stw_problem_add(r->problems, &place,
                        "text after \"[%s]\"; a key belongs on a line of its own", name);
    else {
        open_section(r, name);
        return;
    }
    free(name);
}

/* "key =", but not "a == b" */
static int looks_like_key(const char *start, const char *end)
{
    const char *at = start;
    while (at < end && !is_space(*at) && !strchr("=,()<>!&|\"'", *at))
        at++;
    int has_word = at > start;
    while (at < end && is_space(*at))
        at++;
    return has_word && at < end && *at == '=' && (at + 1 == end || at[1] != '=');
}

/* What is wrong with a line that is neither heading nor comment, or null. */
static const char *entry_problem(const struct reading *r, const char *start, size_t length,
                                 size_t indent)
{
    const char *separator = key_end(start, length);
    if (indent && r->value == VALUE_NONE)
        return "is indented, and there is no value above that it could continue";
    if (indent && looks_like_key(start + indent, start + length))
        return "is indented, so it would continue the value above; a key begins its line";
    if (!indent && separator && *separator == ':')
        return "has a \":\" where a \"=\" belongs, between key and value";
    return NULL;
}

/* Looks at a line before inih does; whether inih may see it. */
static int admit_line(struct reading *r, const char *start, size_t length, size_t length_max)
{
    char what[WHAT_BYTES];
    int is_bad = !is_text(start, length, what);
    if (!is_bad && length > length_max) {
        snprintf(what, sizeof what, "is %zu bytes long; at most %zu are allowed, and a value goes "
                 "on in a line that is indented", length, length_max);
        is_bad = 1;
    }
    size_t indent = 0;
    while (indent < length && is_space(start[indent]))
        indent++;
    int is_comment = indent == length || start[indent] == '#' || start[indent] == ';';
    int is_heading = length && *start == '[';
    const char *problem = is_bad                     ? what
                          : is_comment || is_heading ? NULL
                                                     : entry_problem(r, start, length, indent);
    if (indent && !is_comment && r->value == VALUE_BROKEN)
        return 0;
    if (problem) {
        refuse_line(r, start, length, problem);
        r->value = VALUE_BROKEN;
        return 0;
    }
    if (is_comment) {
        r->value = indent == length ? VALUE_NONE : r->value; /* an empty line ends a value */
        return 0;
    }
    if (is_heading) {
        read_heading(r, start, length);
        r->value = VALUE_NONE;
        return 0;
    }
    r->continues = indent > 0;
    if (!indent)
        r->value = VALUE_BROKEN; /* until it comes back */
    r->expects_entry = 1;
    return 1;
}

/* The line before was given to inih; did it come back? */
static void settle_line(struct reading *r)
{
    struct stw_place place = here(r, NULL);
    if (r->expects_entry)
        stw_problem_add(r->problems, &place, "neither \"key = value\" nor a \"[section]\"");
    r->expects_entry = 0;
}

/* inih's reader, like fgets: `bytes` is the size of `buffer`. */
static char *next_line(char *buffer, int bytes, void *stream)
{
    struct reading *r = stream;
    settle_line(r);
    if (r->next == r->end)
        return NULL;
    r->line++;
    if (r->ini->entry_count > ENTRIES_MAX || r->ini->section_count > ENTRIES_MAX) {
        struct stw_place place = {.line = r->line};
        stw_problem_add(r->problems, &place, "more than %u keys or sections", ENTRIES_MAX);
        return NULL;
    }
    const char *start = r->next, *newline = memchr(start, '\n', (size_t)(r->end - start));
    const char *end = newline ? newline : r->end;
    r->next = newline ? newline + 1 : r->end;
    if (end > start && end[-1] == '\r')
        end--;
    size_t length = (size_t)(end - start);
    if (!admit_line(r, start, length, (size_t)bytes - 2))
        length = 0;
    memcpy(buffer, start, length);
    memcpy(buffer + length, "\n", 2);
    return buffer;
}

/* Where a value ends: at a comment, which inih sees in the first line only. */
static const char *value_end(const char *value)
{
    const char *at = value;
    while (*at && !(*at == ';' && at > value && is_space(at[-1])))
        at++;
    return at;
}

/* "a b" of the lines "key = a" and " b" */
static void continue_value(struct stw_ini_entry *entry, const char *more)
{
    struct stw_text value = {0};
    char *added = copy_trimmed(more, value_end(more));
    stw_text_add(&value, "%s%s%s", entry->value, *entry->value ? " " : "", added);
    free(added);
    free(entry->value);
    entry->value = value.bytes;
}

/* inih's handler. The section is the reader's own, and so is the key that a value continues. */
static int take_entry(void *user, const char *section, const char *key, const char *value)
{
    struct reading *r = user;
    (void)section;
    r->expects_entry = 0;
    if (r->continues) {
        continue_value(&r->ini->entries[r->value], value);
        return 1;
    }
    if (r->section == SECTION_BROKEN)
        return 1;
    struct stw_place place = here(r, *key ? key : NULL);
    const struct stw_ini_entry *before =
        r->section >= 0 ? find_entry(r->ini, section_name(r), key) : NULL;
    if (!*key)
        stw_problem_add(r->problems, &place, "there is no key before \"=\"");
    else if (r->section == SECTION_NONE)
        stw_problem_add(r->problems, &place, "the key is before the first [section]");
    else if (before)
        stw_problem_add(r->problems, &place, "this key was set before, on line %d", before->line);
    else {
        r->value = (int32_t)r->ini->entry_count;
        add_entry(r->ini, (struct stw_ini_entry){section_name(r), stw_strdup(key),
                                                 stw_strdup(value), r->line, NULL});
    }
    return 1;
}

/* The whole file, or null with a problem. */
static char *read_file(const char *path, size_t *length, struct stw_problems *problems)
{
    struct stw_place place = {0};
    char *bytes = stw_new(FILE_BYTES_MAX + 2, 1);
    *length = 0;
    errno = 0;
    FILE *file = fopen(path, "rbe");
    if (file) {
        *length = fread(bytes, 1, FILE_BYTES_MAX + 1, file);
        int code = ferror(file) ? errno : 0;
        fclose(file);
        errno = code;
    }
    if (errno)
        stw_problem_add(problems, &place, "cannot be read: %s", strerror(errno));
    else if (*length > FILE_BYTES_MAX)
        stw_problem_add(problems, &place, "is larger than 1 MiB");
    else
        return bytes;
    free(bytes);
    return NULL;
}

void stw_ini_read(struct stw_ini *ini, struct stw_problems *problems)
{
    ini->text = read_file(problems->path, &ini->text_bytes, problems);
    if (!ini->text)
        return;
    struct reading r = {.ini = ini, .problems = problems, .section = SECTION_NONE,
                        .value = VALUE_NONE};
    r.next = ini->text;
    r.end = ini->text + ini->text_bytes;
    if (ini->text_bytes >= 3 && memcmp(ini->text, "\xef\xbb\xbf", 3) == 0)
        r.next += 3;
    ini_parse_stream(next_line, &r, take_entry, &r);
}

static void remove_entry(struct stw_ini *ini, struct stw_ini_entry *entry)
{
    free(entry->key);
    free(entry->value);
    size_t after = (size_t)(ini->entries + ini->entry_count - (entry + 1));
    memmove(entry, entry + 1, after * sizeof *entry);
    ini->entry_count--;
}

/* Takes ownership of `key` and `value`. */
static void put_override(struct stw_ini *ini, struct stw_ini_entry entry)
{
    int is_axis = strcmp(entry.section, "axes") == 0;
    int is_fixed = strcmp(entry.section, "fixed") == 0;
    struct stw_ini_entry *other =
        is_axis || is_fixed ? find_entry(ini, is_axis ? "fixed" : "axes", entry.key) : NULL;
    if (other)
        remove_entry(ini, other);
    struct stw_ini_entry *same = find_entry(ini, entry.section, entry.key);
    if (!same) {
        add_entry(ini, entry);
        return;
    }
    free(same->key);
    free(same->value);
    *same = entry;
}

/* The static name of the section that [start, end) names, or null with a problem. */
static const char *override_section(const char *start, const char *end, const char *text,
                                    struct stw_problems *problems)
{
    struct stw_place place = {.override = text};
    char *name = copy_trimmed(start, end);
    const char *section = NULL;
    for (size_t i = 0; i < SECTION_WORDS; i++)
        if (strcmp(name, section_words[i]) == 0)
            section = section_words[i];
    const char *near = section ? NULL : stw_nearest(name, section_words, SECTION_WORDS);
    if (near)
        stw_problem_add(problems, &place, "there is no section \"%s\"; did you mean \"%s\"?", name,
                        near);
    else if (!section)
        stw_problem_add(problems, &place, "there is no section \"%s\" to set; there are "
                        "experiment, axes, fixed, exclude and permissions", name);
    free(name);
    return section;
}

void stw_ini_override(struct stw_ini *ini, const char *text, struct stw_problems *problems)
{
    struct stw_place place = {.override = text};
    const char *equals = strchr(text, '='), *dot = strchr(text, '.');
    if (!equals || !dot || dot > equals) {
        stw_problem_add(problems, &place, "expected SECTION.KEY=VALUE, as in axes.n=1,2");
        return;
    }
    char what[WHAT_BYTES];
    if (!is_text(text, strlen(text), what)) {
        stw_problem_add(problems, &place, "the text %s", what);
        return;
    }
    const char *section = override_section(text, dot, text, problems);
    if (!section)
        return;
    char *key = copy_trimmed(dot + 1, equals);
    if (!*key) {
        stw_problem_add(problems, &place, "there is no key before \"=\"");
        free(key);
        return;
    }
    char *value = copy_trimmed(equals + 1, value_end(equals + 1));
    put_override(ini, (struct stw_ini_entry){section, key, value, 0, text});
}

void stw_ini_rename(struct stw_ini *ini, const struct stw_ini_section *section, const char *name)
{
    for (uint32_t i = 0; i < ini->entry_count; i++)
        if (ini->entries[i].section == section->name)
            ini->entries[i].section = name;
}

void stw_ini_free(struct stw_ini *ini)
{
    for (uint32_t i = 0; i < ini->entry_count; i++) {
        free(ini->entries[i].key);
        free(ini->entries[i].value);
    }
    for (uint32_t i = 0; i < ini->section_count; i++)
        free(ini->sections[i].name);
    free(ini->entries);
    free(ini->sections);
    free(ini->text);
    *ini = (struct stw_ini){0};
}
