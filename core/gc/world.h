/* gc/world.h: stops of the world, and handshakes with single mutators (world.c). */
#ifndef STW_GC_WORLD_H
#define STW_GC_WORLD_H

#include "gc/pause.h"

#include <pthread.h>

struct stw_gc;
struct stw_mutator_record;

/* Work done so far; the difference over a stop goes into its record. */
struct stw_work {
    uint64_t scan_bytes, mark_objects, root_words, spans_swept;
};

struct stw_world {
    pthread_mutex_t lock;  /* one stop, attach or detach at a time */
    uint32_t stopping;     /* atomic: a stop is under way or done */
    uint32_t kind;         /* atomic: STW_PAUSE_*; says what mutators prepare before they park */
    uint32_t stopped;      /* atomic: all mutators are stopped */
    uint32_t settled;      /* atomic: so are all markers; whoever marks now, marks in the stop */
    uint32_t epoch;        /* futex: +1 at each start */
    const void *awaited;   /* atomic: the word whose change the stopper sleeps for, or soon will */
    uint32_t arrivals;     /* futex: +1 when that word has changed */
    uint32_t resuming;     /* atomic: parked mutators that do not run yet */
    uint32_t sleepers;     /* atomic: threads that sleep until the world starts */
    uint32_t writers;      /* atomic: of the last words in the record: stopper, last to resume */
    uint64_t came_ns;     /* when the stopper wanted to stop the world */
    uint64_t came_cpu_ns; /* its CPU time when it could */
    uint64_t released_ns;
    struct stw_pause *pause; /* of the stop under way or being left */
    struct stw_pause spill;  /* when the log is full */
    uint64_t step_from_ns;
    struct stw_work before; /* totals when the world had stopped */
};

/* For the thread that holds world.lock. */
void stw__world_check(const struct stw_world *world);
/* `self` is the calling mutator, or null for a collector thread. A stop for sweep or mark
 * termination leaves with the runs blackened, or the buffers flushed, of all mutators that were
 * running, `self` included. */
void stw__world_stop(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t kind);
void stw__world_step(struct stw_gc *gc, uint32_t step); /* ends a named step */
void stw__world_start(struct stw_gc *gc);
/* Gives those that were stopped a moment to run again, before others are woken who would take their
 * processors: without it 19 of 1,272 stops ended 100 to 450 us late (docs/decisions/0006). */
void stw__world_let_go(struct stw_gc *gc);
/* Takes world.lock without keeping a stop from happening meanwhile. */
void stw__world_lock(struct stw_gc *gc, struct stw_mutator_record *self);
/* For the thread that holds world.lock: waits until is_over(gc, word). Whoever makes it so changes
 * *word and then calls stw__world_tell. */
void stw__world_await(struct stw_gc *gc, const void *word,
                      int (*is_over)(struct stw_gc *gc, const void *word));
int stw__world_is_zero(struct stw_gc *gc, const void *word); /* *word, a uint32_t */
void stw__world_wake_stopper(struct stw_world *world);
static inline void stw__world_tell(struct stw_world *world, const void *word)
{
    if (__atomic_load_n(&world->awaited, __ATOMIC_SEQ_CST) == word)
        stw__world_wake_stopper(world);
}
/* For a thread that no stop waits for: returns while no stop is under way. */
void stw__world_await_start(struct stw_gc *gc);
/* Calls act(m->gc, m) with m's own stack and registers recorded, so that they can be scanned. */
void stw__with_stack(struct stw_mutator_record *m,
                     void (*act)(struct stw_gc *, struct stw_mutator_record *));
/* stw_block_begin and _end without their processor: the caller keeps it, or has it. */
void stw__managed_leave(struct stw_mutator_record *m);
void stw__managed_enter(struct stw_mutator_record *m);
/* Claims a blocked mutator so that the caller can act for it; 0 if it is not blocked. */
int stw__mutator_hold(struct stw_mutator_record *m);
void stw__mutator_unhold(struct stw_mutator_record *m);
/* World stopped: keeps m from running even the code that leads to its parking, so that its stack
 * and registers are still. 1: it is held, and must be let go. Not while SCAN or FLUSH is owed: a
 * mutator that is held relies on its holder to serve it (tests/model, pinned-while-asked). */
int stw__mutator_pin(struct stw_mutator_record *m);
/* Serves poll bits CACHES, SCAN and FLUSH of a held mutator, or of the caller's own. What is
 * returned must be passed to stw__served when the caller holds no mutator and marks nothing. */
uint32_t stw__mutator_serve(struct stw_mutator_record *m);
/* The same for a mutator that is blocked; one that runs will see its poll word. Whoever holds it
 * may have looked before the bit was set, so that is waited for. */
uint32_t stw__mutator_serve_blocked(struct stw_mutator_record *m);
#define STW_SERVED_SCAN 1u       /* the next stack is due */
#define STW_SERVED_LAST_FLUSH 2u /* the last of a round */
void stw__served(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t served);

#endif
