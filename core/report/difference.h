/* report/difference.h: what two runs were not alike in: programs, plugins, environment. */
#ifndef STW_REPORT_DIFFERENCE_H
#define STW_REPORT_DIFFERENCE_H

#include "base/text.h"
#include "report/cells.h"

/* What ran, by its content, and the environment: a table of what differs, or a line that says that
 * nothing does; and a warning. */
void stw_difference_text(const struct stw_results *a, const struct stw_results *b,
                         struct stw_text *text);

#endif
