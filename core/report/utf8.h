/* report/utf8.h: UTF-8 as it comes from files and plugins: checked, never trusted. */
#ifndef STW_REPORT_UTF8_H
#define STW_REPORT_UTF8_H

#include "base/text.h"

#include <stdint.h>

#define STW_UTF8_REPLACEMENT 0xfffdu

/* Decodes the character at *text, which must not be at the terminator, and moves *text behind it.
 * A byte that is not part of a well-formed character is skipped as one STW_UTF8_REPLACEMENT. */
uint32_t stw_utf8_next(const char **text);
/* Appends one character. */
void stw_utf8_add(struct stw_text *out, uint32_t character);
/* Appends `text` fit for one line of a terminal: control characters become a space, malformed bytes
 * the replacement character. */
void stw_utf8_add_line(struct stw_text *out, const char *text);
/* Columns that `text` takes on a terminal. */
uint32_t stw_utf8_width(const char *text);

#endif
