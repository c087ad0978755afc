/* gc/mark_workers.h: threads that only mark: one a processor, made before the first cycle
 * (mark_workers.c). */
#ifndef STW_GC_MARK_WORKERS_H
#define STW_GC_MARK_WORKERS_H

#include "gc/mark.h"
#include "gc/processors.h"

struct stw_worker {
    struct stw_gc *gc;
    pthread_t thread;
    uint32_t has_worked; /* since it was last up */
    uint32_t padding;
    struct stw_turn turn;
    struct stw_marker marker;
};

struct stw_workers {
    struct stw_worker *all; /* null until the first cycle */
    uint32_t count;
    uint32_t started;    /* atomic: whose threads there are */
    uint32_t useful;     /* of them, at once: the processors of the machine */
    uint32_t dedicated;  /* places for those that keep a processor as long as there is work */
    uint32_t dedicated_count; /* atomic: taken */
    uint32_t idle_max;   /* atomic: that may mark on idle processors; set before a cycle */
    uint32_t idle_count; /* atomic: that do, or are about to */
    double fraction;     /* of every mutator's time, for what is left of the marking share */
    uint32_t wake;       /* futex */
    uint32_t asleep;     /* atomic: how many, and whether one of them is on its way */
    uint32_t stop;       /* atomic: end */
    uint32_t help_wanted; /* atomic: by the thread that stopped the world */
    uint32_t helpers;     /* atomic: workers that may be marking in the stop */
};

void stw__workers_plan(struct stw_gc *gc);        /* how many, from the processors */
stw_status stw__workers_start(struct stw_gc *gc); /* once; not while stopped */
void stw__workers_stop(struct stw_gc *gc);
/* How many may mark on idle processors in the cycle that is about to begin. Phase off. */
void stw__workers_limit_idle(struct stw_gc *gc, int timed);
uint64_t stw__workers_cpu_ns(struct stw_gc *gc); /* of all so far, whatever they did; not stopped */
/* There may be work for a worker, or a place: wakes one, if it is worth it (gc.N2). */
void stw__workers_enlist(struct stw_gc *gc);
/* The same, however little there is: nobody else may do it (gc.N3). */
void stw__workers_look_after(struct stw_gc *gc);
/* Marks until nothing is grey, with all workers. World stopped by the caller. */
void stw__workers_mark_stopped(struct stw_gc *gc, struct stw_marker *marker);

#endif
