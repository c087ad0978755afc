/* report/canary.h: how much one cell differs from itself: the noise floor of a run.
 *
 * The canary has run in each block beside the cell that it repeats (plan/experiment.h). What an
 * interval of their ratio holds, differences between other cells may be, too, without being more
 * than noise. */
#ifndef STW_REPORT_CANARY_H
#define STW_REPORT_CANARY_H

#include "report/cells.h"
#include "report/json.h"
#include "report/reader.h"

/* Reads what results->canary holds. */
stw_status stw_canary_read(struct stw_reader *reader, struct stw_results *results);
/* An empty line and "noise floor: ..."; nothing when there is no canary, or none that tells. */
void stw_canary_text(const struct stw_results *results, struct stw_text *out);
/* The member "canary" of an object: null, or {"of", "trials", "ok", "floor": [...]}. */
void stw_canary_json(const struct stw_results *results, struct stw_json *json);

#endif
