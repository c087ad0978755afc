/* base/facts.h: what can be counted or measured, declared once.
 *
 * The lab's own facts are lines of base/facts.def; plugins declare theirs in their manifests, other
 * runtimes say theirs when they are asked (plan/peers.h). Worker, record, store, reports and docs
 * know facts by their declarations alone.
 *
 * Over the trials of a cell: of what a trial has once, the lower median; of stops, steps, cycles
 * and operations, all of all ok trials together. */
#ifndef STW_BASE_FACTS_H
#define STW_BASE_FACTS_H

#include <stdint.h>

/* Where a fact is kept: the view of the results. */
#define STW_IN_COUNTERS 0u
#define STW_IN_TRIALS 1u
#define STW_IN_PAUSES 2u
#define STW_IN_STEPS 3u
#define STW_IN_CYCLES 4u
#define STW_IN_OPS 5u
#define STW_IN_MMU 6u
#define STW_IN_HICCUPS 7u
#define STW_IN_OTHERS 8u /* nowhere: it is worked out of others */

/* What becomes of several mutators' values. */
#define STW_ADDS_NONE 0u  /* it is no mutator's: measured once */
#define STW_ADDS_SUM 1u
#define STW_ADDS_MAX 2u
#define STW_ADDS_LEAST 3u
#define STW_ADDS_LAST 4u  /* a gauge: what it was set to last */
#define STW_ADDS 5u

/* Whether it is the same on every run. */
#define STW_WHEN_EXACT 0u   /* with schedule = stepped it is */
#define STW_WHEN_TIMED 1u
#define STW_WHEN_THREADS 2u /* timed, and absent with schedule = stepped */
#define STW_WHENS 3u

#define STW_BETTER_NEITHER 0u
#define STW_BETTER_LESS 1u
#define STW_BETTER_MORE 2u
#define STW_BETTERS 3u

/* Which runtimes have it. */
#define STW_RUNTIMES_LAB 0u  /* the lab's own alone */
#define STW_RUNTIMES_SOME 1u /* and those others that say so */
#define STW_RUNTIMES_ALL 2u
#define STW_RUNTIMES_PEER 3u /* another one's own */
#define STW_RUNTIMES 4u

struct stw_fact {
    const char *name; /* "gc.cycles"; unique */
    const char *unit; /* "ns", "bytes", "words", "share", "1/s", a plugin's word; "": a number */
    uint32_t place;   /* STW_IN_* */
    uint32_t adds, when, better, runtimes;
    const char *where;  /* the column or expression, the step; else null. Of STW_IN_OTHERS an
                         * expression over facts in braces */
    uint64_t window_ns; /* of STW_IN_MMU */
    const char *help;   /* one line */
};

enum stw_fact_id {
#define COLLECTOR(id, ...) STW_FACT_##id,
#define COUNTER(id, ...) STW_FACT_##id,
#define TRIAL(id, ...) STW_FACT_##id,
#define STOP(id, ...) STW_FACT_##id,
#define STEP(id, ...) STW_FACT_##id,
#define CYCLE(id, ...) STW_FACT_##id,
#define OPERATION(id, ...) STW_FACT_##id,
#define WINDOW(id, ...) STW_FACT_##id,
#define HICCUP(id, ...) STW_FACT_##id,
#define DERIVED(id, ...) STW_FACT_##id,
#include "base/facts.def"
    STW_FACTS
};

/* By id, in the order of base/facts.def. */
extern const struct stw_fact stw_facts[STW_FACTS];
/* Null when the lab itself has no such fact. */
const struct stw_fact *stw_fact_find(const char *name);

/* Which stops: in names of metrics, "stop.mark-termination.p50". */
struct stw_stop_kind {
    const char *word;
    const char *rows; /* of the view `pauses`: a condition over its columns */
    const char *help;
};
extern const struct stw_stop_kind stw_stop_kinds[];
extern const uint32_t stw_stop_kind_count;

/* A short word for a fact. */
struct stw_fact_alias {
    const char *word, *name;
};
extern const struct stw_fact_alias stw_fact_aliases[];
extern const uint32_t stw_fact_alias_count;

/* Words for people and files: "trial", "stop", "cycle", "operation", "mutator";
 * "none", "sum", "max", "least", "last"; "exact", "timed", "threads"; "neither", "less", "more";
 * "stwlab", "some", "all", "other". */
const char *stw_fact_scope(const struct stw_fact *fact);
const char *stw_fact_adds(uint32_t adds);
const char *stw_fact_when(uint32_t when);
const char *stw_fact_better(uint32_t better);
const char *stw_fact_runtimes(uint32_t runtimes);

#endif
