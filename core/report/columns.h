/* report/columns.h: the columns that `show` has: metrics, and numbers of events.
 *
 * A column is named by its metric (base/metric.h); NAME.count, of stops, cycles, hiccups and
 * operations, is how many there were in all trials of the cell. */
#ifndef STW_REPORT_COLUMNS_H
#define STW_REPORT_COLUMNS_H

#include "report/measure.h"

struct stw_column {
    struct stw_metric metric;
    char *name;   /* "pause.p50", "pause.count" */
    char *header; /* of a table, in lines */
    char *metric_name;
    int is_count; /* how many events the metric is over, not what it is */
    uint32_t rank; /* when there is no room, columns with higher ranks go first */
};

/* In the order of the table. Zero-initialise. */
struct stw_columns {
    struct stw_column *items;
    uint32_t count;
    int are_chosen; /* by the user, so none is dropped because it says little */
};

/* Columns that are named, with commas between; null: those that a table has without being asked.
 * STW_E_INVALID: there is no such metric; the message has the nearest. Free in any case. */
stw_status stw_columns_read(const struct stw_fact_list *facts, const char *names,
                            struct stw_columns *columns, struct stw_error *error);
void stw_columns_free(struct stw_columns *columns);

/* The value of the column in a row: 0 when it is not known. */
int stw_column_value(const struct stw_column *column, const struct stw_estimate *estimate,
                     double *value);
/* "12.3 us", "~1.00 ms", "488": as a table has it; thin percentiles are marked. */
void stw_column_format(const struct stw_column *column, const struct stw_estimate *estimate,
                       struct stw_text *text);

#endif
