/* gc/limiter.h: a leaky bucket that says when the collector has taken too much (limiter.c).
 *
 * Nanoseconds of processors that went to the collector fill it, those that went to mutators drain
 * it; it holds one second of each processor. All times come from the caller. Go: gcCPULimiter,
 * runtime/mgclimit.go.
 *
 * B1  0 <= fill_ns <= capacity_ns.
 * B2  `on` is 1 from the moment the bucket is full until it has room, and for 10 ms at least.
 * Threads: all functions by anyone; a bucket that was never initialised is never on. */
#ifndef STW_GC_LIMITER_H
#define STW_GC_LIMITER_H

#include <pthread.h>
#include <stdint.h>

struct stw_gc;

struct stw_limiter {
    pthread_mutex_t lock;
    int64_t capacity_ns;   /* 0: no limiter */
    int64_t fill_ns;
    uint64_t full_ns;      /* when it was full last */
    uint64_t seen_ns;      /* atomic: what came before is in the bucket */
    uint64_t spent_ns;     /* atomic: marking that is not */
    uint64_t idle_ns;      /* atomic: the same, on processors that were idle otherwise */
    uint32_t processors;
    uint32_t on;           /* atomic: gc.B2 */
    uint32_t was_on;       /* atomic: it was, in this cycle */
};

void stw__limiter_check(const struct stw_limiter *limiter); /* the lock is held */
void stw__limiter_init(struct stw_limiter *limiter, uint32_t processors, uint64_t now_ns);
/* Marking that ended just now; an update counts it. */
void stw__limiter_spend(struct stw_limiter *limiter, uint64_t ns, int idle);
/* Counts what has happened until now, while `running` processors were in use. */
void stw__limiter_update(struct stw_limiter *limiter, uint32_t running, uint64_t now_ns);
/* The world was stopped from `from_ns` until now: all processors worked for the collector. */
void stw__limiter_stopped(struct stw_limiter *limiter, uint32_t running, uint64_t from_ns,
                          uint64_t now_ns);
/* 1: the limiter was on at some time in the cycle that ends here. */
int stw__limiter_end_cycle(struct stw_limiter *limiter);

static inline int stw__limiter_is_on(const struct stw_limiter *limiter)
{
    return __atomic_load_n(&limiter->on, __ATOMIC_RELAXED) != 0;
}

/* Of the collector: a thread has marked for so long, until now: instead of application code, or on
 * a processor that was idle. */
void stw__limiter_note(struct stw_gc *gc, uint64_t spent_ns, int idle);
void stw__limiter_note_stop(struct stw_gc *gc, uint64_t from_ns); /* until now */
int stw__limiter_stops_assists(struct stw_gc *gc);

#endif
