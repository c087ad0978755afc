/* report/show_parts.h: what the machine-readable forms of cells and of trials have in common. */
#ifndef STW_REPORT_SHOW_PARTS_H
#define STW_REPORT_SHOW_PARTS_H

#include "report/json.h"
#include "report/show.h"

/* Members of an object: the run's, a cell's, a row's. */
void stw_show_json_run(struct stw_json *json, const struct stw_results *results);
void stw_show_json_axes(struct stw_json *json, const struct stw_result_cell *cell);
void stw_show_json_metrics(struct stw_json *json, const struct stw_shown *shown, uint32_t row);

/* A row is collected with ',' before each field. */
void stw_csv_text(struct stw_text *row, const char *text);
/* "GROUP.NAME". */
void stw_csv_name(struct stw_text *row, const char *group, const char *name);
/* Writes the row, and frees it. */
void stw_csv_end(struct stw_text *row, FILE *file);
/* What all rows have alike: constants, environment, what the run is mixed by, sandbox. Their names,
 * or their values. */
void stw_show_csv_run(struct stw_text *row, const struct stw_results *results, int is_header);
/* The fields of the shown row, or their names. */
#define STW_CSV_HEADER UINT32_MAX
void stw_show_csv_metrics(struct stw_text *row, const struct stw_shown *shown, uint32_t number);

#endif
