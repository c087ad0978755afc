/* gc/deaths.h: notices of the death of cells (deaths.c). */
#ifndef STW_GC_DEATHS_H
#define STW_GC_DEATHS_H

#include "gc/gc.h"

#include <pthread.h>

struct stw_death;

struct stw_deaths {
    pthread_mutex_t lock;   /* a leaf: of spans' lists and of `dead` */
    struct stw_death *dead; /* atomic; found by sweeps, not told yet */
};

struct stw_mutator_record;
struct stw_span_record;

/* By whoever sweeps the span, before its marks become allocations. */
void stw__deaths_find(struct stw_gc *gc, struct stw_span_record *record);
/* By a mutator that has allocated or collected. */
void stw__deaths_tell(struct stw_mutator_record *m);

#endif
