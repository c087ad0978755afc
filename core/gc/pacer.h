/* gc/pacer.h: when the next cycle begins, and what an allocated byte owes (pacer.c). */
#ifndef STW_GC_PACER_H
#define STW_GC_PACER_H

#include <stwlab/base.h>

struct stw_gc;

struct stw_pacer {
    int32_t percent;       /* atomic: GOGC, or STW_GC_OFF */
    int32_t percent_meant; /* atomic: what it should be: as configured, or as a strategy set it */
    uint32_t percent_setter; /* atomic: ordinal of the plugin that set it last; 0: not known */
    uint32_t padding;
    uint64_t heap_marked;  /* by the last cycle */
    uint64_t goal, trigger; /* atomic; UINT64_MAX: never */
    uint64_t limit_bytes;  /* atomic: of memory (GOMEMLIMIT); UINT64_MAX: none */
    uint64_t limit_goal;   /* what the memory limit leaves for the heap; UINT64_MAX: no limit */
    uint64_t limit_most;   /* likewise where the goal is passed: half of the room that it keeps */
    uint64_t live_most;    /* atomic: a cycle's live heap; UINT64_MAX: the limit does not count */
    uint64_t sweep_least;  /* no trigger below it, so that sweeping has time; 0: it was done */
    uint64_t triggered;    /* live heap at window 1; UINT64_MAX: no cycle is under way */
    uint64_t scannable;    /* atomic: bytes with pointers, live by the last cycle or new */
    uint64_t retain_bytes; /* atomic: of pages; those beyond it are given back */
    uint64_t last_goal, last_used_bytes; /* goal of the last cycle, pages in use when it ended */
    uint64_t last_scan_bytes, last_stack_bytes, last_root_bytes;
    double cons_mark;      /* allocation rate over marking rate */
    double cons_mark_before[4];
    uint64_t mark_start_ns;
    uint64_t cycles_noted; /* atomic: written to the embedder's memory, where plugins may write */
    uint32_t debtors;      /* atomic: mutators that wait for credit */
    uint32_t credit_grew;  /* futex: +1 when one of them, or all, should look */
    int64_t credit;        /* atomic: background work not yet claimed by assists */
    uint64_t assist_ns, idle_ns; /* atomic: in this cycle */
};

/* Adds to the live heap, or takes from it. Any thread. */
void stw__pacer_charge(struct stw_gc *gc, int64_t bytes);
void stw__pacer_check(const struct stw_pacer *pacer); /* gc.P1; under the world's lock */
/* World stopped. */
void stw__pacer_init(struct stw_gc *gc);
void stw__pacer_begin(struct stw_gc *gc);
void stw__pacer_end(struct stw_gc *gc);
double stw__pacer_assist_ratio(const struct stw_gc *gc); /* scan bytes owed per allocated byte */
/* What a mutator may have paid for in advance (gc.P4). */
int64_t stw__pacer_ahead_max(const struct stw_gc *gc);
/* Checks gc.P1 and gc.P3. World stopped. */
stw_status stw__pacer_audit(const struct stw_gc *gc, struct stw_error *error);

#endif
