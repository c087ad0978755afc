/* gc/gc.h: the collector: its parts, their state, and what holds between them.
 *
 * Mark and sweep, non-moving, non-generational, after Go's collector since 1.8
 * (docs/design/collector.md). A cycle in mode `concurrent`:
 *
 *   off --window 1--> mark, mutators running --window 2--> off, sweeping while mutators run
 *
 * Window 1 turns the barrier on. Then stacks are scanned one at a time, each by its own mutator at
 * a safepoint or by another thread while it is blocked; the others run on meanwhile. Marking is
 * done by mutators at safepoints (a fraction of their time, and assists in proportion to
 * allocation) and by worker threads on processors of their own (dedicated) or idle ones. When no
 * work is left, every mutator flushes its barrier buffer once; if that brings no new work, window 2
 * turns the barrier off, sets the next goal, and sweeping begins.
 * Mode `stw` does all of it in one stop. Mode `rescan` is Go before 1.8: the barrier records new
 * pointers only, so window 2 scans all stacks again and marks what they hide.
 * With `stepped` there are no threads but mutators, one processor, and no clock: marking is done in
 * fixed quanta at slow allocations, so every count repeats exactly.
 *
 * G1  while marking, every cell reachable at window 1 is marked or reachable from a grey cell, an
 *     unflushed barrier entry, an unscanned root or an unscanned stack (hybrid barrier).
 * G2  cells handed out while marking are black: their mark bits are set when their run is.
 * G3  `marking`, `phase` and the sweep generation change only while the world is stopped.
 * G4  a mutator that runs holds a processor; there are never more running threads than processors.
 * G5  nothing but a marker inside stw_mark_drain holds grey cells in a local buffer.
 *
 * One collector a process. Parts: world.c (stop, start, handshakes), processors.c, mutator.c
 * (runs), alloc.c, barrier.c, work.c (what is grey), mark.c, scan.c, roots.c, cycle.c, share.c
 * (mutators' share of marking), worker.c, background.c, sweep.c, pacer.c, limiter.c, audit.c. */
#ifndef STW_GC_GC_H
#define STW_GC_GC_H

#include "base/check.h"
#include "base/limits.h"
#include "gc/limiter.h"
#include "gc/pause.h"
#include "gc/timeline.h"
#include "gc/watch.h"
#include "heap/heap.h"
#include "prim/hostile.h"
#include "prim/thread.h"

#define STW_MUTATORS 256u
#define STW_FRAME_WORDS 16u

/* gc->mode */
#define STW_MODE_STW 0u
#define STW_MODE_CONCURRENT 1u
#define STW_MODE_RESCAN 2u /* concurrent, with the insertion barrier alone (Go before 1.8) */
/* gc->phase */
#define STW_PHASE_OFF 0u
#define STW_PHASE_MARK 1u

/* Bits of stw_mutator.poll, served in this order. */
#define STW_POLL_STOP 1u    /* park until the world starts */
#define STW_POLL_CACHES 2u  /* give cached spans back: a mark phase ended */
#define STW_POLL_SCAN 4u    /* scan your stack */
#define STW_POLL_FLUSH 8u   /* flush your barrier buffer */
#define STW_POLL_YIELD 16u  /* pass your processor on */
#define STW_POLL_WORK 32u   /* do your fraction of marking */

/* stw_mutator_record.state */
#define STW_STATE_RUNNING 0u
#define STW_STATE_PARKED 1u  /* at a safepoint, while the world is stopped */
#define STW_STATE_BLOCKED 2u /* outside managed code; counts as stopped */
#define STW_STATE_HELD 3u    /* blocked, and a collector thread works on its behalf */
#define STW_STATE_AWAITED 4u /* held, and somebody sleeps until it no longer is */

/* Grey cells. */
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

#define STW_TURN_NS 10000000 /* Go: sysmon's forcePreemptNS, when mutators share processors */

/* A place in the queue for a processor. */
struct stw_turn {
    struct stw_turn *next;
    uint32_t granted; /* futex: 1 when a processor was handed over */
    uint32_t padding;
};

/* Words of a stopped mutator that are not on its stack from stack_low up. */
struct stw_saved_words {
    uintptr_t registers[STW_REGISTERS];
    uintptr_t frame[STW_FRAME_WORDS]; /* while blocked: what block_begin's frame saved */
};

/* A mutator: the public prefix, then the host's part. */
struct stw_mutator_record {
    struct stw_mutator mutator;
    struct stw_gc *gc;
    uint32_t state;   /* atomic; futex word while held */
    uint32_t counted; /* the stop under way saw it parked */
    uint32_t is_rejoining;     /* it comes from outside, and a stop may act for it */
    uint32_t are_runs_black;   /* it blackened its runs before it parked */
    uint32_t are_runs_closed;  /* from window 2 until it gives its caches back */
    uint32_t is_in_cycle;      /* its time is logged as a cycle's already */
    uint32_t detached; /* atomic: its thread has ended; nothing of its stack counts */
    uint32_t is_sweeping; /* inside stw_sweep_some, which logs the time */
    uint64_t parked_ns; /* atomic */
    uint64_t flushed_words; /* on its way to window 2, which takes them back */
    uintptr_t stack_low, stack_top; /* scanned words while parked, blocked or polling */
    struct stw_saved_words saved;
    struct stw_marker marker;
    uint64_t active_runs[STW_SPAN_CLASSES / 64]; /* classes whose run has a span */
    struct {
        struct stw_span_record *record;
        uintptr_t start; /* cells from here to the cursor are not yet in alloc_bits */
        uintptr_t end;   /* of the grant; under stress the run shows one cell of it at a time */
    } run_spans[STW_SPAN_CLASSES];
    int64_t assist_balance; /* bytes allowed before the next assist; negative: debt */
    uint64_t mark_work_ns;  /* fractional work in this cycle */
    uint64_t slow_allocs;
    uint64_t scannable;     /* granted cells with pointers, in bytes, not in pacer.scannable yet */
    uint64_t marked;        /* handed out black, in bytes, not in gc.marked_bytes yet */
    uint64_t turn_start_ns; /* when it got its processor */
    struct stw_turn turn;
    /* Counters; own thread, or world stopped. */
    uint64_t alloc_objects, alloc_bytes, alloc_large;
    uint64_t barrier_words, barrier_flushes;
    uint64_t assist_ns, work_ns;
    uint64_t asleep_ns; /* spent in futexes of the runtime */
    struct stw_timeline timeline;
};

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

struct stw_processors {
    pthread_mutex_t lock;
    uint32_t total;
    uint32_t free;    /* atomic read */
    uint32_t waiting; /* atomic read */
    struct stw_turn *first, *last;
};

/* Threads that only mark: one a processor, made before the first cycle. */
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
    uint32_t asleep;     /* atomic: how many, and whether one of them is on its way (worker.c) */
    uint32_t stop;       /* atomic: end */
    uint32_t help_wanted; /* atomic: by the thread that stopped the world */
    uint32_t helpers;     /* atomic: workers that may be marking in the stop */
};

/* Who sets GOGC while a trial runs. */
struct stw_percent_setter {
    uint32_t plugin;      /* its ordinal; 0: not known */
    uint32_t is_strategy; /* what it sets is what operations are to run with */
};

struct stw_pacer {
    int32_t percent;       /* atomic: GOGC, or STW_GC_OFF */
    int32_t percent_meant; /* atomic: what it should be: as configured, or as a strategy set it */
    uint32_t percent_setter; /* atomic: ordinal of the plugin that set it last; 0: not known */
    uint32_t padding;
    uint64_t heap_marked;  /* by the last cycle */
    uint64_t goal, trigger; /* atomic; UINT64_MAX: never */
    uint64_t limit_goal;   /* what the memory limit leaves for the heap; UINT64_MAX: no limit */
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

struct stw_roots {
    pthread_mutex_t lock;
    struct stw_root_range {
        void **words; /* null: free */
        uint64_t count;
        uint64_t more; /* words behind it: it was cut, and goes on there */
        uint32_t next; /* place + 1 of the next of its bucket or, free, of the next that is free */
        uint32_t padding;
    } *ranges;
    uint32_t *buckets; /* [capacity], by hash of the address: place + 1 of the first */
    uint32_t count, capacity;
    uint32_t free;         /* place + 1 of the first that is free */
    uint32_t next_job;     /* atomic */
};

struct stw_totals {
#define COLLECTOR(id, field, ...) uint64_t field;
#include "base/facts.def"
    uint64_t tiny_objects;  /* alloc_objects has them in a copy only */
    uint64_t worker_cpu_ns; /* of worker threads, marking outside of stops */
    uint64_t help_cpu_ns;   /* of worker threads, in stops */
    uint64_t counters[STW_COUNTERS]; /* maps' */
};

/* What the embedder chooses. */
struct stw_gc_options {
    uint32_t mode;
    int32_t percent;
    uint32_t processors;
    uint32_t audit;
    uint32_t watch;             /* count what plugins do inside stops (gc/watch.h) */
    uint32_t stepped;           /* collector work in fixed quanta on the mutator that runs */
    uint64_t period_ns;         /* at most, between cycles while GOGC is on; 0: no limit */
    uint64_t limit_bytes;       /* of memory (GOMEMLIMIT); 0 or UINT64_MAX: none */
    uint64_t stress;            /* collect at every Nth slow allocation; 0: never */
    const struct stw_host *host;
    const struct stw_allocator_ops *allocator; /* no null slots */
    void *allocator_self;
    uint32_t allocator_ordinal; /* for the flight recorder */
    struct stw_pause *pauses;
    uint64_t pause_capacity;
    /* Atomic; in the embedder's memory, where plugins may write over them: never read again. */
    uint64_t *pause_count, *pauses_lost;
    struct stw_cycle *cycles;   /* may be null: not recorded; else as many as pauses fit */
    uint64_t *cycle_count;      /* atomic; the same */
    uint64_t origin_ns;
    /* The heap is exhausted: says so and does not return. Any thread. */
    void (*out_of_memory)(const char *message);
    /* An invariant does not hold: the same. World stopped. */
    void (*audit_failed)(const struct stw_error *error);
    /* Plugin code at `place` (STW_WATCH_*) allocates managed memory (function: null) or calls a
     * function of the host that may wait: the same. */
    void (*broke_in_stop)(uint32_t place, const char *function);
    uint32_t *under_way; /* [STW_UNDER_WAYS], for the flight recorder; may be null */
};

struct stw_hook {
    stw_cycle_hook run;
    void *context;
    uint32_t plugin; /* ordinal of its owner */
};

struct stw_gc {
    struct stw_heap heap;
    struct stw_gc_options options;
    uint32_t phase; /* atomic read */
    int64_t heap_live; /* atomic; with external_bytes */
    int64_t external_bytes; /* atomic; plugins' own memory, charged to the live heap */
    struct stw_world world;
    struct stw_processors processors;
    struct stw_pacer pacer;
    struct stw_limiter limiter;
    struct stw_roots roots;
    struct stw_mutator_record *mutators[STW_MUTATORS];
    uint32_t mutator_count; /* changes under world.lock */
    struct stw_hook hooks[STW_CYCLE_HOOKS];
    uint32_t hook_count; /* plugin: the ordinal of whose it is, for the flight recorder */
    struct stw_watch watch;

    struct {
        pthread_mutex_t lock;
        struct stw_work_buffer *full, *empty;
        uint64_t full_count;  /* atomic read */
        struct stw_span_queue spans;
        uint64_t begins;      /* atomic: how often a thread entered */
        uint32_t active;      /* atomic: threads inside, between begin and end */
        uint32_t stack_count; /* mutators at window 1: whose stacks are roots */
        uint32_t next_stack;  /* atomic: the next to be asked for its stack */
        uint32_t stacks_left; /* atomic: stacks not scanned yet */
        uint64_t slots_taken; /* atomic: bit per slot */
        struct stw_work_slot slots[STW_WORK_SLOTS];
        uint32_t flush_left;  /* atomic: mutators that owe a flush; 0: no round under way */
        uint32_t flush_round; /* atomic: 1 while a round is under way */
        uint32_t flush_found; /* atomic: a flush brought new grey cells */
    } mark;
    struct {
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
    } sweep;
    uint64_t marked_bytes; /* atomic: this cycle */
    uint64_t cycle_scan_bytes, cycle_stack_bytes, cycle_root_bytes; /* atomic */
    pthread_mutex_t cycle_lock; /* held while a cycle is being started */
    uint32_t cycles_done;       /* futex: +1 when a mark phase ends */
    uint32_t end_waiters;       /* atomic: mutators that sleep until it does */
    uint64_t marked_ns;         /* atomic: when that was; 0: never, or there is no gc.period */
    uint32_t cycles_begun;      /* atomic */
    struct stw_totals totals;   /* atomic adds */
    struct stw_workers workers;
    struct {
        pthread_t thread;
        uint32_t running, stop;
        uint32_t wake; /* futex */
        uint32_t is_ticking; /* atomic: it looks every half millisecond */
        struct stw_turn turn;
        uint64_t stop_cpu_ns; /* atomic: its CPU time in stops that it made */
    } background;
};

static inline struct stw_mutator_record *stw_record_of(struct stw_mutator *m)
{
    return (struct stw_mutator_record *)m;
}
static inline int stw_is_detached(const struct stw_mutator_record *m)
{
    return __atomic_load_n(&m->detached, __ATOMIC_ACQUIRE) != 0;
}
static inline uint32_t stw_phase(const struct stw_gc *gc)
{
    return __atomic_load_n(&gc->phase, __ATOMIC_ACQUIRE);
}
#define STW_ADD(target, delta) __atomic_fetch_add(&(target), (delta), __ATOMIC_RELAXED)
#define STW_LOAD(source) __atomic_load_n(&(source), __ATOMIC_RELAXED)

/* How many of options.pauses are in use. */
static inline uint64_t stw_pauses_stored(const struct stw_gc *gc)
{
    uint64_t pauses = STW_LOAD(gc->totals.pauses), capacity = gc->options.pause_capacity;
    return pauses < capacity ? pauses : capacity;
}

/* gc.c: life of a collector. Init makes a zeroed one usable for roots and hooks; the caller has
 * initialised the heap before start. The background thread runs from start to stop. */
void stw_gc_init(struct stw_gc *gc);
stw_status stw_gc_start(struct stw_gc *gc, const struct stw_gc_options *options,
                        struct stw_error *error);
void stw_gc_stop(struct stw_gc *gc);
/* Sums detached mutators' counters and the collector's. No mutator is attached. */
void stw_gc_totals(struct stw_gc *gc, struct stw_totals *totals);

/* mutator.c: attach makes the calling thread a mutator; `trace` is its flight recorder. */
stw_status stw_mutator_attach(struct stw_gc *gc, uint32_t index, uint32_t *trace,
                              struct stw_mutator **mutator);
void stw_mutator_detach(struct stw_mutator *m);
/* The mutator that the calling thread is, or null. */
struct stw_mutator_record *stw_mutator_self(void);
/* stw_futex_wait by the calling mutator m (may be null), counted in asleep_ns. */
int stw_mutator_sleep(struct stw_mutator_record *m, uint32_t *word, uint32_t expected,
                      uint64_t timeout_ns);
/* Waits until nobody has the lock, which is not taken: another may be faster. For the calling
 * mutator, blocked; without its processor, if who holds the lock may wait for one. */
void stw_mutator_await_lock(struct stw_mutator_record *m, pthread_mutex_t *lock);
/* Runs (gc.R1-R3). World stopped, or m's own thread, or a thread that holds m. Blacken makes
 * allocation bits exact and marks what is left of the runs; close counts them as marked, and leaves
 * bits as they are unless there are audits; drop makes bits exact and gives the runs up. */
void stw_mutator_blacken_runs(struct stw_mutator_record *m);
void stw_mutator_close_runs(struct stw_mutator_record *m);
void stw_mutator_drop_runs(struct stw_mutator_record *m);
/* At each new span, not at each run: an atomic add waits for all stores before it, 80 ns a run. */
void stw_mutator_tell_bytes(struct stw_mutator_record *m);
void stw_mutator_retire_run(struct stw_mutator_record *m, uint32_t span_class);

/* world.c. `self` is the calling mutator, or null for a collector thread. A stop for sweep
 * or mark termination leaves with the runs blackened, or the buffers flushed, of all mutators that
 * were running, `self` included. */
void stw_world_stop(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t kind);
void stw_world_step(struct stw_gc *gc, uint32_t step); /* ends a named step */
void stw_world_start(struct stw_gc *gc);
/* Gives those that were stopped a moment to run again, before others are woken who would take their
 * processors: without it 19 of 1,272 stops ended 100 to 450 us late (docs/decisions/0006). */
void stw_world_let_go(struct stw_gc *gc);
/* Takes world.lock without keeping a stop from happening meanwhile. */
void stw_world_lock(struct stw_gc *gc, struct stw_mutator_record *self);
/* For the thread that holds world.lock: waits until is_over(gc, word). Whoever makes it so changes
 * *word and then calls stw_world_tell. */
void stw_world_await(struct stw_gc *gc, const void *word,
                     int (*is_over)(struct stw_gc *gc, const void *word));
int stw_world_is_zero(struct stw_gc *gc, const void *word); /* *word, a uint32_t */
void stw_world_wake_stopper(struct stw_gc *gc);
static inline void stw_world_tell(struct stw_gc *gc, const void *word)
{
    if (__atomic_load_n(&gc->world.awaited, __ATOMIC_SEQ_CST) == word)
        stw_world_wake_stopper(gc);
}
/* For a thread that no stop waits for: returns while no stop is under way. */
void stw_world_await_start(struct stw_gc *gc);
/* One that was woken found nothing to do, and sleeps again (gc.N4). */
static inline void stw_futile_wake(struct stw_gc *gc)
{
    STW_ADD(gc->totals.futile_wakes, 1);
}
void stw_safepoint(struct stw_mutator *m);
/* Calls act(m->gc, m) with m's own stack and registers recorded, so that they can be scanned. */
void stw_with_stack(struct stw_mutator_record *m,
                    void (*act)(struct stw_gc *, struct stw_mutator_record *));
void stw_block_begin(struct stw_mutator *m);
/* The same as a slot of the host table. */
void stw_block_begin_slot(const struct stw_host *host, struct stw_mutator *m);
void stw_block_end(struct stw_mutator *m);
/* The two without their processor: the caller keeps it, or has it. */
void stw_managed_leave(struct stw_mutator_record *m);
void stw_managed_enter(struct stw_mutator_record *m);
/* Claims a blocked mutator so that the caller can act for it; 0 if it is not blocked. */
int stw_mutator_hold(struct stw_mutator_record *m);
void stw_mutator_unhold(struct stw_mutator_record *m);
/* World stopped: keeps m from running even the code that leads to its parking, so that its stack
 * and registers are still. 1: it is held, and must be let go. Not while SCAN or FLUSH is owed: a
 * mutator that is held relies on its holder to serve it (tests/model, pinned-while-asked). */
int stw_mutator_pin(struct stw_mutator_record *m);
/* Serves poll bits CACHES, SCAN and FLUSH of a held mutator, or of the caller's own. What is
 * returned must be passed to stw_served when the caller holds no mutator and marks nothing. */
uint32_t stw_mutator_serve(struct stw_mutator_record *m);
/* The same for a mutator that is blocked; one that runs will see its poll word. Whoever holds it
 * may have looked before the bit was set, so that is waited for. */
uint32_t stw_mutator_serve_blocked(struct stw_mutator_record *m);
#define STW_SERVED_SCAN 1u       /* the next stack is due */
#define STW_SERVED_LAST_FLUSH 2u /* the last of a round */
void stw_served(struct stw_gc *gc, struct stw_mutator_record *self, uint32_t served);

/* processors.c */
void stw_processor_enter(struct stw_mutator_record *m); /* waits for one */
void stw_processor_leave(struct stw_gc *gc);
int stw_processor_try_enter(struct stw_gc *gc);
/* Waits at the head of the queue; asks a running mutator to yield. */
void stw_processor_enter_first(struct stw_gc *gc, struct stw_turn *turn);
void stw_processor_yield(struct stw_mutator_record *m); /* to whoever waits, if anyone does */
/* Whether someone waits and m has had its processor for a turn. */
int stw_processor_is_due(const struct stw_mutator_record *m, uint64_t now_ns);

/* barrier.c */
static inline uint64_t stw_barrier_words(const struct stw_mutator *m)
{
    return (uint64_t)(m->barrier_next - m->barrier_buffer);
}
void stw_barrier_flush(struct stw_mutator *m);
void stw_barrier_reset(struct stw_mutator_record *m);
void stw_barrier_copy(struct stw_mutator *m, void *to, const void *from, uint64_t bytes,
                      const struct stw_type *type);

/* alloc.c */
void *stw_alloc_slow_path(struct stw_mutator *m, uint64_t bytes, const struct stw_type *type);
void stw_heap_live_add(struct stw_gc *gc, int64_t bytes);
/* Memory of plugins that is not the heap's; a charge by a mutator may begin a cycle. */
void stw_external_add(struct stw_gc *gc, struct stw_mutator_record *m, int64_t bytes);

/* mark.c. Only between begin and end may a marker be used. Begin is for mutators and for the thread
 * that stopped the world; begin_outside is for all others, who must not mark while the world is
 * stopped: it waits that out. The phase cannot change from mark to off before end. */
void stw_marker_begin(struct stw_marker *marker, struct stw_gc *gc);
void stw_marker_begin_outside(struct stw_marker *marker, struct stw_gc *gc);
void stw_marker_end(struct stw_marker *marker);
/* Marks the cell at `address`. Conservative candidates are checked for allocation. */
void stw_mark_precise(struct stw_marker *marker, uintptr_t address);
void stw_mark_candidate(struct stw_marker *marker, uintptr_t address);
/* Precise, for many pointers: what one of them leads to, its span's record and then its mark, is
 * prefetched while those before it are marked. Zero to begin with. End marks what is left; whoever
 * reads pointers ahead calls it before it returns (gc.K6). */
struct stw_ahead {
    uint32_t read, resolved, marked; /* pointers so far */
    uint32_t padding;
    struct stw_cell cells[STW_LIMIT_AHEAD_CELLS]; /* base: the pointer until it is resolved */
};
void stw_mark_ahead(struct stw_marker *marker, struct stw_ahead *ahead, uintptr_t address);
void stw_mark_ahead_end(struct stw_marker *marker, struct stw_ahead *ahead);
/* Scans grey cells and roots. Ends when no work is left (returns 1), or when `scan_bytes_max` is
 * done, `deadline_ns` (0: none) has passed, or `until` asks for it (returns 0). */
struct stw_drain_limit {
    uint64_t scan_bytes_max;
    uint64_t deadline_ns;
    struct stw_mutator_record *mutator; /* leave when its poll has STOP or YIELD; may be null */
    struct stw_gc *worker; /* leave when a stop is asked for; or null */
    uint32_t idle;         /* worker: leave when a mutator waits for a processor, too */
};
int stw_mark_drain(struct stw_marker *marker, const struct stw_drain_limit *limit);
static inline int stw_mark_must_leave(const struct stw_drain_limit *limit)
{
    if (limit->mutator)
        return (__atomic_load_n(&limit->mutator->mutator.poll, __ATOMIC_RELAXED)
                & (STW_POLL_STOP | STW_POLL_YIELD)) != 0;
    if (limit->worker)
        return __atomic_load_n(&limit->worker->world.stopping, __ATOMIC_RELAXED) != 0
               || (limit->idle && STW_LOAD(limit->worker->processors.waiting) != 0);
    return 0;
}
/* Whether anything is grey or unscanned outside of markers; exact when none is inside. */
int stw_mark_is_left(struct stw_gc *gc);
/* Nothing is left and no marker is inside. Exact at that moment; a mutator may turn cells grey
 * right after. */
int stw_mark_is_idle(struct stw_gc *gc);

/* scan.c: reads the pointers of a grey cell, of any layout but BITMAP; or of all that are grey of a
 * span of that layout: fewer if the limit's owner is wanted elsewhere. Returns how many. */
void stw_scan_cell(struct stw_marker *marker, uintptr_t address);
uint32_t stw_scan_span(struct stw_marker *marker, struct stw_span_record *record,
                       const struct stw_drain_limit *limit);

/* work.c: grey cells and spans of a marker. After give_back all are where anyone finds them
 * (gc.K1). */
void stw_work_push(struct stw_marker *marker, uintptr_t address);
/* One of the span's cells has been marked. */
void stw_work_push_span(struct stw_marker *marker, struct stw_span_record *record);
int stw_work_pop(struct stw_marker *marker, struct stw_grey *grey); /* 0: nothing is grey */
/* A span that was popped: a visit begins; it ends (0: not yet, more cells have been marked); or it
 * is given up with grey cells left. */
void stw_work_visit(struct stw_span_record *record);
int stw_work_visited(struct stw_span_record *record);
void stw_work_leave(struct stw_marker *marker, struct stw_span_record *record);
void stw_work_share(struct stw_marker *marker);    /* offers some, if others could starve */
void stw_work_give_back(struct stw_marker *marker);
int stw_work_is_found(struct stw_gc *gc); /* a thread that looked now would find something */

/* roots.c */
stw_status stw_roots_add(struct stw_gc *gc, void **words, uint64_t count);
void stw_roots_remove(struct stw_gc *gc, void **words);
int stw_roots_scan_next(struct stw_marker *marker); /* 0: no job left */
void stw_stack_scan(struct stw_marker *marker, struct stw_mutator_record *m);
/* Asks the next mutators for their stacks: up to one that runs, which does it at its next
 * safepoint. */
void stw_stacks_ask(struct stw_gc *gc);
/* Clears what lies dead below the caller's frame. It would lie between the variables of the frames
 * to come, and how many dead cells a conservative scan keeps would depend on how the C library uses
 * the stack, which differs under valgrind. */
void stw_stack_clear_dead(void);
/* Copies words of a live stack; sanitizers do not look. */
void stw_stack_copy(uintptr_t *to, uintptr_t from, uint32_t words);

/* cycle.c */
void stw_cycle_maybe_start(struct stw_mutator_record *m); /* if the trigger is reached */
void stw_cycle_force(struct stw_mutator_record *m);       /* returns after its sweep */
/* When the background thread is to begin a cycle because none has ended for gc.period: in so long,
 * 0: now, UINT64_MAX: not before something changes. Go: gcTriggerTime; not before the first cycle
 * has ended, nor with GOGC off. */
uint64_t stw_cycle_time_left_ns(const struct stw_gc *gc);
/* Begins it, if it is still due. For the background thread alone, with a processor. */
void stw_cycle_begin_timed(struct stw_gc *gc);
void stw_cycle_wait_for_mark(struct stw_mutator_record *m); /* if a mark phase is under way */
/* Called when a marker found nothing to do; may end the mark phase. */
int stw_cycle_can_finish(struct stw_gc *gc); /* it would try, at this moment */
int stw_cycle_try_finish(struct stw_gc *gc, struct stw_mutator_record *self); /* 1: it tried */
void stw_cycle_flush_done(struct stw_gc *gc, struct stw_mutator_record *self);

/* share.c: a mutator's part of marking. */
void stw_share_fraction(struct stw_mutator_record *m); /* of its time */
void stw_share_assist(struct stw_mutator_record *m);   /* pays the allocation debt */
/* Credits bytes that were scanned beside the application; wakes a debtor. */
void stw_share_credit(struct stw_gc *gc, int64_t work);
void stw_share_release(struct stw_gc *gc); /* marking has ended: nobody owes anything */
void stw_share_step(struct stw_mutator_record *m);     /* stepped: one quantum */

/* worker.c */
void stw_workers_plan(struct stw_gc *gc);          /* how many, from the processors */
stw_status stw_workers_start(struct stw_gc *gc);   /* once; not while stopped */
void stw_workers_stop(struct stw_gc *gc);
/* How many may mark on idle processors in the cycle that is about to begin. Phase off. */
void stw_workers_limit_idle(struct stw_gc *gc, int timed);
uint64_t stw_workers_cpu_ns(struct stw_gc *gc); /* of all so far, whatever they did; not stopped */
/* There may be work for a worker, or a place: wakes one, if it is worth it (gc.N2). */
void stw_workers_enlist(struct stw_gc *gc);
/* The same, however little there is: nobody else may do it (gc.N3). */
void stw_workers_look_after(struct stw_gc *gc);
/* Marks until nothing is grey, with all workers. World stopped by the caller. */
void stw_workers_mark_stopped(struct stw_gc *gc, struct stw_marker *marker);

/* background.c: the thread that sweeps, gives memory back and passes processors on. */
stw_status stw_background_start(struct stw_gc *gc);
void stw_background_stop(struct stw_gc *gc);
void stw_background_wake(struct stw_gc *gc);
/* A mark phase has begun or ended: wakes it unless what there is to do can wait for its tick. */
void stw_background_tell(struct stw_gc *gc);

/* sweep.c */
/* A mark phase has ended: every span is unswept. World stopped. */
void stw_sweep_begin(struct stw_gc *gc);
/* Spreads what is left to sweep over what may be allocated before the trigger. World stopped, or
 * world.lock. */
void stw_sweep_pace(struct stw_gc *gc);
/* Sweeps up to `span_max` spans; 0: none left outside caches. */
uint32_t stw_sweep_some(struct stw_gc *gc, uint32_t span_max);
/* What m owes before it takes a span of `bytes`. May poll. */
void stw_sweep_pay(struct stw_mutator_record *m, uint64_t bytes);
/* Waits until nobody sweeps outside of the stop. World stopped. */
void stw_sweep_end_outside(struct stw_gc *gc);
/* Sweeps the rest, after end_outside and when caches are flushed. World stopped. */
void stw_sweep_finish(struct stw_gc *gc);
/* Gives up to `page_max` adjacent free pages beyond the goals back to the system; returns how many.
 * For the background thread alone: waits while the world is stopped. */
uint64_t stw_scavenge_some(struct stw_gc *gc, uint64_t page_max);
/* For whoever has just taken memory: gives free pages back, now, for what is beyond the memory
 * limit and, beyond the pacer's goal, for what the heap has grown by (null: it was no page). May be
 * called wherever the allocator may take pages; a stop waits for the caller. */
void stw_scavenge_taken(struct stw_gc *gc, const struct stw_growth *growth);
/* For a marker between begin and end, so that a stop waits for it, when it has counted what it is
 * about to take: makes room below the memory limit. Does nothing in a stop. */
void stw_scavenge_for_marker(struct stw_gc *gc);
/* For the thread that made a stop, whichever it is: what markers took in it. */
void stw_scavenge_after_stop(struct stw_gc *gc);

/* limiter.c; the bucket itself: gc/limiter.h. */
/* A thread has marked for so long, until now: instead of application code, or on a processor that
 * was idle. */
void stw_limiter_note(struct stw_gc *gc, uint64_t spent_ns, int idle);
void stw_limiter_note_stop(struct stw_gc *gc, uint64_t from_ns); /* until now */
int stw_limiter_stops_assists(struct stw_gc *gc);

/* pacer.c. World stopped, but for set_percent (world.lock). */
void stw_pacer_init(struct stw_gc *gc);
void stw_pacer_begin(struct stw_gc *gc);
void stw_pacer_end(struct stw_gc *gc);
double stw_pacer_assist_ratio(const struct stw_gc *gc); /* scan bytes owed per allocated byte */
/* Go: SetGCPercent. Off: waits for a mark phase that is under way. `setter` may be null: none that
 * is known. */
int32_t stw_pacer_set_percent(struct stw_gc *gc, struct stw_mutator_record *self, int32_t percent,
                              const struct stw_percent_setter *setter);
/* Checks gc.P1 and gc.P3. World stopped. */
stw_status stw_pacer_audit(const struct stw_gc *gc, struct stw_error *error);

/* audit.c: traces the heap on its own and compares. World stopped by `self` (null: a collector
 * thread), runs retired, nothing grey. */
stw_status stw_gc_audit(struct stw_gc *gc, struct stw_mutator_record *self,
                        struct stw_error *error);
/* Checks that all is swept (gc.U3, gc.U5), and pages (gc.U6). World stopped, sweeping finished. */
stw_status stw_gc_audit_swept(struct stw_gc *gc, struct stw_error *error);

#endif
