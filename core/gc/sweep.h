/* gc/sweep.h: what is left to sweep, who owes it, and memory that goes back (sweep.c). */
#ifndef STW_GC_SWEEP_H
#define STW_GC_SWEEP_H

#include <stdint.h>

struct stw_gc;
struct stw_growth;
struct stw_mutator_record;

struct stw_sweeping {
    uint32_t active;  /* atomic: threads inside the sweeper */
    uint32_t pending; /* atomic: unswept spans may be left */
    uint32_t owed;    /* atomic: whoever takes a span sweeps first, in proportion */
    uint64_t pages_due;   /* atomic: in spans when the mark phase ended */
    uint64_t basis_pages, basis_live; /* atomic: where the line of proportion begins */
    double pages_per_byte; /* atomic: its slope */
    /* Atomic adds of each sweep of a span: one cache line. */
    _Alignas(64) uint64_t pages_swept; /* of those due */
    uint64_t live_bytes;  /* in cells that the sweep kept */
    uint64_t spans_total; /* spans swept since the start */
};

/* A mark phase has ended: every span is unswept. World stopped. */
void stw__sweep_begin(struct stw_gc *gc);
/* Spreads what is left to sweep over what may be allocated before the trigger. World stopped, or
 * world.lock. */
void stw__sweep_pace(struct stw_gc *gc);
/* Sweeps up to `span_max` spans; 0: none left outside caches. */
uint32_t stw__sweep_some(struct stw_gc *gc, uint32_t span_max);
/* What m owes before it takes a span of `bytes`. May poll. */
void stw__sweep_pay(struct stw_mutator_record *m, uint64_t bytes);
/* Waits until nobody sweeps outside of the stop. World stopped. */
void stw__sweep_end_outside(struct stw_gc *gc);
/* Sweeps the rest, after end_outside and when caches are flushed. World stopped. */
void stw__sweep_finish(struct stw_gc *gc);
/* Gives up to `page_max` adjacent free pages beyond the goals back to the system; returns how many.
 * For the background thread alone: waits while the world is stopped. */
uint64_t stw__scavenge_some(struct stw_gc *gc, uint64_t page_max);
/* For whoever has just taken memory: gives free pages back, now, for what is beyond the memory
 * limit and, beyond the pacer's goal, for what the heap has grown by (null: it was no page). May be
 * called wherever the allocator may take pages; a stop waits for the caller. */
void stw__scavenge_taken(struct stw_gc *gc, const struct stw_growth *growth);
/* For a marker between begin and end, so that a stop waits for it, when it has counted what it is
 * about to take: makes room below the memory limit. Does nothing in a stop. */
void stw__scavenge_for_marker(struct stw_gc *gc);
/* For the thread that made a stop, whichever it is: what markers took in it. */
void stw__scavenge_after_stop(struct stw_gc *gc);

#endif
