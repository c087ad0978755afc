/* report/least.h: the least that a counter is in any cell that does the same work. */
#ifndef STW_REPORT_LEAST_H
#define STW_REPORT_LEAST_H

#include "base/facts.h"
#include "report/reader.h"

/* Of the reader's own: name, cell, value. A cell without the counter has no row. */
#define STW_LEAST_TABLE "least"

/* Fills the table for the counter, once a reader: for each cell the least median there is among the
 * cells with the same parameters of the workload and as many mutators. */
stw_status stw_least_find(struct stw_reader *reader, const struct stw_fact *counter);

#endif
