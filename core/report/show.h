/* report/show.h: the cells of a run as text, JSON or CSV. */
#ifndef STW_REPORT_SHOW_H
#define STW_REPORT_SHOW_H

#include "base/text.h"
#include "report/cells.h"

#include <stdio.h>

/* The table of cells, what is constant above it, footnotes below. `styled`: with colours. */
void stw_show_text(const struct stw_results *results, int styled, struct stw_text *out);
/* The cell that is called `id`, or null; then *nearest may be one with a similar id. */
const struct stw_result_cell *stw_show_find(const struct stw_results *results, const char *id,
                                            const char **nearest);
/* What that cell's mutators lost: processor time, taken time, longest gap, utilisation. */
void stw_show_cell(const struct stw_result_cell *cell, struct stw_text *out);
/* One trial of a cell, by its number in the view trials: what became of it, what it printed. As
 * text or as one object. STW_E_INVALID: there is none. */
stw_status stw_show_trial(const struct stw_results *results, const char *cell, uint32_t number,
                          int as_json, struct stw_text *out, struct stw_error *error);
/* One object; docs/reference/results.md has its shape. */
void stw_show_json(const struct stw_results *results, FILE *file);
/* RFC 4180: a header and one row a cell. Names are the JSON's, joined by points. Empty fields are
 * JSON's null or absent. */
void stw_show_csv(const struct stw_results *results, FILE *file);

#endif
