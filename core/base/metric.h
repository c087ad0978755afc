/* base/metric.h: the names of metrics: a fact, and what is made of the many values that a trial may
 * have of it. Who compares cells and who checks claims know the same ones.
 *
 *   FACT               of what a trial has once
 *   FACT.p50 ...       of stops, steps, cycles, hiccups and operations: a percentile, above p0, to
 *                      p100; p99.9, too
 *   FACT.max           the largest, p100
 *   FACT.mean .total   of all of these but operations: of a trial's values; .sum is .total
 *   FACT.over(1ms)     of all of these: how many of a trial's are more than that
 *
 * Facts of stops may be those of some stops alone:
 *
 *   stop.KIND.p50, stop.KIND.stopping.p50 ...   of that kind (KIND in base/facts.def)
 *   stop.stopping@SITE.p50 ...                  for which the last to stop was there
 *
 * pause, stopping, working and restarting are short for stop, stop.stopping and so on. */
#ifndef STW_BASE_METRIC_H
#define STW_BASE_METRIC_H

#include "base/facts.h"

#include <stwlab/base.h>

/* Facts: the lab's own, and what plugins and other runtimes declare. */
struct stw_fact_list {
    struct stw_fact *items;
    uint32_t count;
    uint32_t own_count; /* the first: the lab's own, whose texts are static */
};

/* Null when there is none. "watch.faults:strategy/pool" is what "watch.faults" is, and "op:read"
 * what "op" is; "pause" is "stop". */
const struct stw_fact *stw_facts_get(const struct stw_fact_list *list, const char *name);
/* Whether a trial has many of it, one by one; or as a histogram of operations. */
int stw_fact_is_event(const struct stw_fact *fact);
int stw_fact_is_operation(const struct stw_fact *fact);

/* What is made of a trial's values, or of a cell's. */
enum stw_made {
    STW_MADE_VALUE,      /* nothing: there is one */
    STW_MADE_PERCENTILE,
    STW_MADE_MEAN,
    STW_MADE_TOTAL,
    STW_MADE_OVER        /* how many are above a bound */
};

struct stw_metric_name {
    const struct stw_fact *fact;
    uint32_t fact_bytes; /* of the name: the fact's, with what stands behind a colon */
    enum stw_made made;
    double percent;      /* STW_MADE_PERCENTILE: above 0, at most 100 */
    double bound;        /* STW_MADE_OVER: in the fact's unit */
    const struct stw_stop_kind *kind; /* of stops: those alone; null: all */
    const char *site;    /* likewise, in the name; null: all */
    uint32_t site_bytes;
};

/* STW_E_INVALID: there is no such metric; the message has the nearest one. */
stw_status stw_metric_name_parse(const struct stw_fact_list *facts, const char *name,
                                 struct stw_metric_name *parsed, struct stw_error *error);

#endif
