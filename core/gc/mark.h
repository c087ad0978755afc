/* gc/mark.h: markers: who may mark, and marking of one cell (mark.c). */
#ifndef STW_GC_MARK_H
#define STW_GC_MARK_H

#include "gc/work.h"

/* What a marking thread carries; counters are added to the totals when it leaves the drain. */
struct stw_marker {
    struct stw_gc *gc;
    struct stw_work_buffer *active, *spare; /* null outside a drain */
    struct stw_span_queue spans;            /* empty outside a drain */
    struct stw_work_slot *slot;             /* null: none was free */
    uint32_t in_stop;       /* begun while the world was stopped */
    uint32_t padding;
    uint64_t steals;        /* buffers taken from others' slots */
    uint64_t scan_bytes;    /* up to the last pointer of each cell, as Go's heapScanWork */
    uint64_t stack_bytes;
    uint64_t mark_objects;
    uint64_t marked_bytes;
    uint64_t root_words;
};

/* Of the phase that is under way. */
struct stw_marking {
    uint64_t begins;      /* atomic: how often a thread entered */
    uint32_t active;      /* atomic: threads inside, between begin and end */
    uint32_t stack_count; /* mutators at window 1: whose stacks are roots */
    uint32_t next_stack;  /* atomic: the next to be asked for its stack */
    uint32_t stacks_left; /* atomic: stacks not scanned yet */
    uint32_t flush_left;  /* atomic: mutators that owe a flush; 0: no round under way */
    uint32_t flush_round; /* atomic: 1 while a round is under way */
    uint32_t flush_found; /* atomic: a flush brought new grey cells */
};

/* Only between begin and end may a marker be used. Begin is for mutators and for the thread that
 * stopped the world; begin_outside is for all others, who must not mark while the world is stopped:
 * it waits that out. The phase cannot change from mark to off before end. */
/* Outside begin..end: it holds nothing (gc.K1). */
void stw__marker_check(const struct stw_marker *marker);
void stw__marker_begin(struct stw_marker *marker, struct stw_gc *gc);
void stw__marker_begin_outside(struct stw_marker *marker, struct stw_gc *gc);
void stw__marker_end(struct stw_marker *marker);
/* Marks the cell at `address`. Conservative candidates are checked for allocation. */
void stw__mark_precise(struct stw_marker *marker, uintptr_t address);
void stw__mark_candidate(struct stw_marker *marker, uintptr_t address);
/* Precise, for many pointers: what one of them leads to, its span's record and then its mark, is
 * prefetched while those before it are marked. Zero to begin with. End marks what is left; whoever
 * reads pointers ahead calls it before it returns (gc.K6). */
struct stw_ahead {
    uint32_t read, resolved, marked; /* pointers so far */
    uint32_t padding;
    struct stw_heap_cell cells[STW_LIMIT_AHEAD_CELLS]; /* base: the pointer until it is resolved */
};
void stw__mark_ahead(struct stw_marker *marker, struct stw_ahead *ahead, uintptr_t address);
void stw__mark_ahead_end(struct stw_marker *marker, struct stw_ahead *ahead);
/* Scans grey cells and roots. Ends when no work is left (returns 1), or when `scan_bytes_max` is
 * done, `deadline_ns` (0: none) has passed, or `until` asks for it (returns 0). */
struct stw_drain_limit {
    uint64_t scan_bytes_max;
    uint64_t deadline_ns;
    struct stw_mutator_record *mutator; /* leave when its poll has STOP or YIELD; may be null */
    struct stw_gc *worker; /* leave when a stop is asked for; or null */
    uint32_t idle;         /* worker: leave when a mutator waits for a processor, too */
};
int stw__mark_drain(struct stw_marker *marker, const struct stw_drain_limit *limit);
/* Whether anything is grey or unscanned outside of markers; exact when none is inside. */
int stw__mark_is_left(struct stw_gc *gc);
/* Nothing is left and no marker is inside. Exact at that moment; a mutator may turn cells grey
 * right after. */
int stw__mark_is_idle(struct stw_gc *gc);

#endif
