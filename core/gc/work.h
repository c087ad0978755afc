/* gc/work.h: grey cells and grey spans of a marker, and how markers share them (work.c). */
#ifndef STW_GC_WORK_H
#define STW_GC_WORK_H

#include "base/limits.h"
#include "heap/heap.h"

struct stw_gc;
struct stw_marker;

#define STW_BUFFER_CELLS STW_LIMIT_BUFFER_CELLS
struct stw_work_buffer {
    struct stw_work_buffer *next;
    uint64_t count;
    uintptr_t cells[STW_BUFFER_CELLS];
};

/* Spans with grey cells, linked by grey_next. */
struct stw_span_queue {
    struct stw_span_record *first, *last;
    uint64_t count; /* of the global queue: atomic read */
};

void stw__span_queue_check(const struct stw_span_queue *queue); /* its ends and its count agree */

/* What is to be scanned next: a span, or else a cell by its address. */
struct stw_grey {
    uintptr_t address;
    struct stw_span_record *span;
};

/* Where a marking thread offers grey cells and spans to others that run dry. */
#define STW_WORK_SLOTS 64u
struct stw_work_slot {
    struct stw_work_buffer *offer; /* atomic; null: none. Owner puts, anyone takes. */
    struct stw_span_record *spans; /* the same: a chain */
    char padding[48];              /* a cache line each */
};

void stw__work_slot_check(const struct stw_work_slot *slot); /* one that nobody owns: gc.K9 */

/* What no marker holds. */
struct stw_work_lists {
    pthread_mutex_t lock;
    struct stw_work_buffer *full, *empty;
    uint64_t full_count;  /* atomic read */
    struct stw_span_queue spans;
    uint64_t slots_taken; /* atomic: bit per slot */
    struct stw_work_slot slots[STW_WORK_SLOTS];
};

/* After give_back all of a marker's are where anyone finds them (gc.K1). */
void stw__work_push(struct stw_marker *marker, uintptr_t address);
/* One of the span's cells has been marked. */
void stw__work_push_span(struct stw_marker *marker, struct stw_span_record *record);
int stw__work_pop(struct stw_marker *marker, struct stw_grey *grey); /* 0: nothing is grey */
/* A span that was popped: a visit begins; it ends (0: not yet, more cells have been marked); or it
 * is given up with grey cells left. */
void stw__work_visit(struct stw_span_record *record);
int stw__work_visited(struct stw_span_record *record);
void stw__work_leave(struct stw_marker *marker, struct stw_span_record *record);
void stw__work_share(struct stw_marker *marker); /* offers some, if others could starve */
void stw__work_give_back(struct stw_marker *marker);
int stw__work_is_found(struct stw_gc *gc); /* a thread that looked now would find something */

#endif
