/* report/wrap.h: sentences for a terminal. */
#ifndef STW_REPORT_WRAP_H
#define STW_REPORT_WRAP_H

#include "base/text.h"

#define STW_WRAP_WIDTH 80u

/* Adds a line and its end, broken at blanks where it would be longer than `width` columns (0:
 * STW_WRAP_WIDTH); what follows is set in by two more blanks than it was. A word that is longer
 * stays whole. */
void stw_wrap_line(const char *line, uint32_t width, struct stw_text *out);

#endif
