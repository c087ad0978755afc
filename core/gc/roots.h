/* gc/roots.h: registered root ranges, and stacks (roots.c). */
#ifndef STW_GC_ROOTS_H
#define STW_GC_ROOTS_H

#include <pthread.h>
#include <stdint.h>

struct stw_gc;
struct stw_marker;
struct stw_mutator_record;

struct stw_root_range {
    void **words; /* null: free */
    uint64_t count;
    uint64_t more; /* words behind it: it was cut, and goes on there */
    uint32_t next; /* place + 1 of the next of its bucket or, free, of the next that is free */
    uint32_t padding;
};

struct stw_roots {
    pthread_mutex_t lock;
    struct stw_root_range *ranges;
    uint32_t *buckets; /* [capacity], by hash of the address: place + 1 of the first */
    uint32_t count, capacity;
    uint32_t free;     /* place + 1 of the first that is free */
    uint32_t next_job; /* atomic */
};

void stw__roots_check(const struct stw_roots *roots); /* the lock is held */
int stw__roots_scan_next(struct stw_marker *marker); /* 0: no job left */
void stw__stack_scan(struct stw_marker *marker, struct stw_mutator_record *m);
/* Asks the next mutators for their stacks: up to one that runs, which does it at its next
 * safepoint. */
void stw__stacks_ask(struct stw_gc *gc);
/* Copies words of a live stack; sanitizers do not look. */
void stw__stack_copy(uintptr_t *to, uintptr_t from, uint32_t words);

#endif
