/* plan/ini.h: an INI file as a flat list of entries, with every trap of inih closed.
 *
 * What a file may hold: "[section]", "key = value", indented lines that continue the value above
 * them, blank lines, and comments.
 * A line whose first visible character is '#' or ';' is a comment; inside a line a comment begins
 * with a ';' that follows white space ('#' does not begin one there). UTF-8, with or without a byte
 * order mark; lines end with LF or CRLF. Everything else is a problem with its line number:
 *
 * I1  a line that inih's buffer (200 bytes in Debian's build) cannot hold is refused, never cut,
 *     and never shifts the numbers of the lines after it.
 * I2  an indented line continues the value of the line above, comments between them left out, and
 *     nothing else: inih would let it continue any value before. One that reads like "key = value"
 *     is refused.
 * I3  a section is opened once, a key is set once in it.
 * I4  values hold no control characters but tabs, and are valid UTF-8.
 *
 * A key whose line is refused is listed with a null value, so that nobody reports it missing. */
#ifndef STW_PLAN_INI_H
#define STW_PLAN_INI_H

#include "plan/problems.h"

struct stw_ini_section {
    char *name;
    int line;
};

struct stw_ini_entry {
    const char *section; /* borrowed from the sections, or static */
    char *key;
    char *value;          /* null: unusable, its problem is reported */
    int line;             /* 0: of --set */
    const char *override; /* the text of --set, borrowed; else null */
};

struct stw_ini {
    char *text; /* the file as read; null when it cannot be read */
    size_t text_bytes;
    struct stw_ini_section *sections;
    uint32_t section_count;
    struct stw_ini_entry *entries;
    uint32_t entry_count;
};

/* Reads problems->path. `ini` is zeroed by the caller; free it in any case. */
void stw_ini_read(struct stw_ini *ini, struct stw_problems *problems);
/* Applies one "section.key=value" of --set, read like a line; `text` must outlive `ini`. A key
 * that moves between [axes] and [fixed] leaves the other. */
void stw_ini_override(struct stw_ini *ini, const char *text, struct stw_problems *problems);
void stw_ini_free(struct stw_ini *ini);

/* Null when there is none. */
const struct stw_ini_entry *stw_ini_find(const struct stw_ini *ini, const char *section,
                                         const char *key);
/* Treats the entries of a section as those of section `name`, which is static. */
void stw_ini_rename(struct stw_ini *ini, const struct stw_ini_section *section, const char *name);
/* The line that opens `section`, or 0. */
int stw_ini_section_line(const struct stw_ini *ini, const char *section);
struct stw_place stw_ini_place(const struct stw_ini_entry *entry);

#endif
