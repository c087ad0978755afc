/* base/utf8.h: UTF-8 as it comes from files and plugins: checked, never trusted. */
#ifndef STW_BASE_UTF8_H
#define STW_BASE_UTF8_H

#include "base/text.h"

#include <stdint.h>

#define STW_UTF8_REPLACEMENT 0xfffdu

/* Decodes the character that `text` begins with. Returns its bytes, or 0: none is well-formed there
 * within `bytes`. */
size_t stw_utf8_decode(const char *text, size_t bytes, uint32_t *character);
/* Decodes the character at *text, which must not be at the terminator, and moves *text behind it.
 * A byte that is not part of a well-formed character is skipped as one STW_UTF8_REPLACEMENT. */
uint32_t stw_utf8_next(const char **text);
/* How many of the first `bytes` of `text` (fewer if it ends before) to keep so that no character is
 * cut. */
size_t stw_utf8_whole(const char *text, size_t bytes);
int stw_utf8_is_control(uint32_t character);
/* Whether a reader does not see it, or it changes the order of what he sees: U+202E, U+200B. */
int stw_utf8_is_hidden(uint32_t character);

/* Appends one character. */
void stw_utf8_add(struct stw_text *out, uint32_t character);
/* Appends `text` fit for one line of a terminal: control characters become a space, hidden ones
 * "<U+202E>", malformed bytes the replacement character. */
void stw_utf8_add_line(struct stw_text *out, const char *text);
/* Likewise for text from somewhere in a stream: runs of blanks and control characters become one
 * space, with none at either end; a character that the first or last byte cuts is left out. */
void stw_utf8_add_words(struct stw_text *out, const char *text, size_t bytes);
/* Columns that `text` takes on a terminal. */
uint32_t stw_utf8_width(const char *text);
/* How many bytes of `text` take at most `columns` on a terminal. */
size_t stw_utf8_fitting(const char *text, uint32_t columns);
/* Appends `line`, which is fit for one (stw_utf8_add_line), broken at blanks into lines of at most
 * `columns`, at least 2, the further ones indented. A word that is longer is broken anywhere. With
 * 0 columns nothing is broken. */
void stw_utf8_add_wrapped(struct stw_text *out, const char *line, uint32_t columns,
                          uint32_t indent);

#endif
