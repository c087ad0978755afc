/* report/difference.h: what two runs were not alike in: machine, build, environment. */
#ifndef STW_REPORT_DIFFERENCE_H
#define STW_REPORT_DIFFERENCE_H

#include "base/text.h"
#include "report/cells.h"

/* A table of keys that differ, and a warning; "same environment" when none does. */
void stw_difference_text(const struct stw_results *a, const struct stw_results *b,
                         struct stw_text *text);

#endif
