/* gc/processors.h: who holds a processor, and who waits for one (processors.c). */
#ifndef STW_GC_PROCESSORS_H
#define STW_GC_PROCESSORS_H

#include <pthread.h>
#include <stdint.h>

#define STW_TURN_NS 10000000 /* Go: sysmon's forcePreemptNS, when mutators share processors */

struct stw_gc;
struct stw_mutator_record;

/* A place in the queue for a processor. */
struct stw_turn {
    struct stw_turn *next;
    uint32_t granted; /* futex: 1 when a processor was handed over */
    uint32_t padding;
};

struct stw_processors {
    pthread_mutex_t lock;
    uint32_t total;
    uint32_t free;    /* atomic read */
    uint32_t waiting; /* atomic read */
    struct stw_turn *first, *last;
};

/* The lock is held. */
void stw__processors_check(const struct stw_processors *p);
void stw__processor_enter(struct stw_mutator_record *m); /* waits for one */
/* Waits at the head of the queue; asks a running mutator to yield. */
void stw__processor_enter_first(struct stw_gc *gc, struct stw_turn *turn);
void stw__processor_yield(struct stw_mutator_record *m); /* to whoever waits, if anyone does */
/* Whether someone waits and m has had its processor for a turn. */
int stw__processor_is_due(const struct stw_mutator_record *m, uint64_t now_ns);

#endif
