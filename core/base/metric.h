/* base/metric.h: the names of metrics: a fact, and what is made of the many values that a trial may
 * have of it. Who compares cells and who checks claims know the same ones.
 *
 *   FACT               of what a trial has once
 *   FACT.p50 ...       of stops, steps, cycles, hiccups and operations: a percentile, p1 to p100
 *   FACT.max           the largest, p100
 *   FACT.mean .sum     of all of these but operations */
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
 * what "op" is. */
const struct stw_fact *stw_facts_get(const struct stw_fact_list *list, const char *name);
/* Whether a trial has many of it, one by one; or as a histogram of operations. */
int stw_fact_is_event(const struct stw_fact *fact);
int stw_fact_is_operation(const struct stw_fact *fact);

struct stw_metric_name {
    const struct stw_fact *fact;
    uint32_t fact_bytes;   /* of the name: the fact's, with what stands behind a colon */
    uint32_t percent;      /* 0: no percentile */
    const char *aggregate; /* "avg", "sum", or null */
};

/* STW_E_INVALID: there is no such metric; the message has the nearest one. */
stw_status stw_metric_name_parse(const struct stw_fact_list *facts, const char *name,
                                 struct stw_metric_name *parsed, struct stw_error *error);

#endif
