/* report/settle.h: cells whose operations never settle: at the end of a trial they take longer than
 * in its middle, or shorter, in one trial as in the others. Then a longer trial would have another
 * mean, and what the table says of the cell depends on how long its trials are. */
#ifndef STW_REPORT_SETTLE_H
#define STW_REPORT_SETTLE_H

#include "report/cells.h"
#include "report/json.h"

struct stw_unsettled {
    const struct stw_result_cell *cell;
    double trend; /* the mean operation of the last third, divided by that of the middle one */
    double p;     /* that of all cells of the run that were asked */
};

/* Zero-initialise. */
struct stw_unsettled_list {
    struct stw_unsettled *items;
    uint32_t count;
};

/* Of a run that is open. Nothing is found in runs of more than STW_SETTLE_TRIALS trials. */
#define STW_SETTLE_TRIALS 20000
stw_status stw_settle_find(const struct stw_results *results, struct stw_unsettled_list *list,
                           struct stw_error *error);
/* A line for each; nothing when there is none. */
void stw_settle_text(const struct stw_unsettled_list *list, struct stw_text *out);
/* The member "unsettled": an array. */
void stw_settle_json(const struct stw_unsettled_list *list, struct stw_json *json);
void stw_settle_free(struct stw_unsettled_list *list);

#endif
