/* gc/gc.h: the collector as other folders see it: its life, what it knows of itself, and what it
 * does for mutators and plugins.
 *
 * One a process. Its state is known to core/gc alone (gc/collector.h); who wants to look inside
 * takes a snapshot. Plugins reach these functions through the host's table (host/api.c).
 * Other public headers: gc/pause.h (records of stops and cycles), gc/timeline.h (what mutators
 * lose), gc/watch.h (what plugins do inside stops). */
#ifndef STW_GC_GC_H
#define STW_GC_GC_H

#include "base/breach.h"
#include "gc/block.h"
#include "gc/pause.h"
#include "gc/timeline.h"
#include "gc/watch.h"

#include <stwlab/plugin.h>

#define STW_MUTATORS 256u

/* stw_gc_options.mode: the words of `gc.mode`, in their order. */
#define STW_MODE_STW 0u
#define STW_MODE_CONCURRENT 1u
#define STW_MODE_RESCAN 2u /* concurrent, with the insertion barrier alone (Go before 1.8) */
/* stw_gc_snapshot.phase */
#define STW_PHASE_OFF 0u
#define STW_PHASE_MARK 1u

/* What the embedder chooses. */
struct stw_gc_options {
    int32_t percent;
    uint32_t processors;
#define NUMBER(field, ...) uint64_t field;
#define SWITCH(field, ...) uint32_t field;
#define CHOICE(field, ...) uint32_t field;
#include "base/settings.def"
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
    /* An invariant does not hold, or the allocator breaks a rule: the same. Any thread. */
    void (*audit_failed)(const struct stw_error *error);
    /* Plugin code at `place` (STW_WATCH_*) allocates managed memory (function: null) or calls a
     * function of the host that may wait: the same. */
    void (*broke_in_stop)(uint32_t place, const char *function);
    uint32_t *under_way; /* [STW_UNDER_WAYS], for the flight recorder; may be null */
};

/* Counted since the start; base/facts.def says what each is. */
struct stw_totals {
#define COLLECTOR(id, field, ...) uint64_t field;
#include "base/facts.def"
    uint64_t tiny_objects;  /* alloc_objects has them in a snapshot only */
    uint64_t worker_cpu_ns; /* of worker threads, marking outside of stops */
    uint64_t help_cpu_ns;   /* of worker threads, in stops */
    uint64_t counters[STW_COUNTERS]; /* maps' */
};

/* What the collector knows of itself. Each value is read by itself: while mutators run they are not
 * of the same moment. */
struct stw_gc_snapshot {
    struct stw_totals totals;
    uint32_t phase;
    uint32_t is_stopped;  /* the world is */
    uint32_t cycles_done; /* mark phases that have ended */
    uint32_t generation;  /* of sweeping */
    int64_t live_bytes;
    int32_t percent;       /* GOGC, or STW_GC_OFF */
    int32_t percent_configured;
    int32_t percent_meant; /* what it should be: as configured, or as a strategy set it */
    uint32_t percent_setter; /* ordinal of the plugin that set it last; 0: not known */
    uint32_t processors_waiting; /* mutators that wait for one */
    uint32_t is_watched;   /* what plugins do inside stops is counted; of it: */
    uint32_t sees_waits, sees_allocs; /* blocks, and allocs */
    struct stw_watch_counts watched[STW_WATCH_PLACES];
    uint32_t hook_owners[STW_CYCLE_HOOKS]; /* ordinals */
    uint32_t hook_count;
};

/* Why mutators may be waiting. */
struct stw_gc_hold {
    uint32_t is_stopping; /* a stop waits for mutators, or */
    uint32_t is_stopped;  /* the world is stopped, */
    uint64_t for_ns;      /* and has been for so long */
    uint32_t mutator;     /* index + 1 of the first that a stop waits for, or 0 */
    uint32_t padding;
};

/* CPU time of the collector's threads. */
struct stw_gc_cpu {
    uint64_t workers_ns; /* all of the workers'; of it: */
    uint64_t marking_ns, helping_ns; /* outside of stops, and in them */
    uint64_t background_ns, stopping_ns; /* of the background thread; apart from that in stops */
};

/* Who sets GOGC while a trial runs. */
struct stw_percent_setter {
    uint32_t plugin;      /* its ordinal; 0: not known */
    uint32_t is_strategy; /* what it sets is what operations are to run with */
};

struct stw_hook {
    stw_cycle_hook run;
    void *context;
    uint32_t plugin; /* ordinal of its owner */
};

struct stw_end_hook {
    stw_cycle_end_hook run;
    void *context;
    uint32_t plugin;
};

struct stw_gc;

struct stw_gc *stw_gc_of_process(void); /* never null */

/* Life. Init reserves the heap and makes the collector usable for roots and hooks. The background
 * thread runs from start to stop. */
stw_status stw_gc_init(struct stw_gc *gc, uint64_t heap_reserve_bytes, struct stw_error *error);
stw_status stw_gc_start(struct stw_gc *gc, const struct stw_gc_options *options,
                        struct stw_error *error);
void stw_gc_stop(struct stw_gc *gc);

/* Looking inside. */
struct stw_gc_snapshot stw_gc_snapshot(const struct stw_gc *gc);
struct stw_gc_hold stw_gc_hold(const struct stw_gc *gc); /* any time; safe in a signal handler */
struct stw_gc_cpu stw_gc_cpu(struct stw_gc *gc); /* between start and stop; system calls */

/* Before the first cycle. STW_E_NOMEM: there are STW_CYCLE_HOOKS already. */
stw_status stw_gc_hook_add(struct stw_gc *gc, const struct stw_hook *hook);
stw_status stw_gc_end_hook_add(struct stw_gc *gc, const struct stw_end_hook *hook);

/* By the mutator that has the cell, for the plugin of that ordinal. STW_E_NOMEM. */
stw_status stw_gc_death_notice_add(struct stw_gc *gc, const void *cell, stw_death_notice notice,
                                   void *context, uint32_t plugin);
/* When no mutator runs any more, before plugins are destroyed: all that were not told. */
void stw_gc_deaths_tell_all(struct stw_gc *gc);

/* Mutators: attach makes the calling thread one; `trace` is its flight recorder. */
stw_status stw_mutator_attach(struct stw_gc *gc, uint32_t index, uint32_t *trace,
                              struct stw_mutator **mutator);
void stw_mutator_detach(struct stw_mutator *m);
struct stw_mutator *stw_mutator_self(void); /* that the calling thread is, or null */
/* Whether the calling thread is a mutator outside managed code; `block` says who began that. */
int stw_mutator_is_blocked(struct stw_block *block);
/* Bytes of cells that the calling mutator has allocated so far. */
uint64_t stw_mutator_allocated_bytes(struct stw_mutator *m);
/* Valid after detach, too. */
struct stw_timeline *stw_mutator_timeline(struct stw_mutator *m);
void stw_mutator_yield(struct stw_mutator *m); /* its processor, to whoever waits, if anyone does */

/* The slow halves of stwlab/mutator.h and stwlab/alloc.h, by the mutator's own thread. */
void stw_safepoint(struct stw_mutator *m);
void stw_block_begin(struct stw_mutator *m);
void stw_block_end(struct stw_mutator *m);
/* The same as slots of the host table: what lies between is the program's own time. */
void stw_block_begin_slot(const struct stw_host *host, struct stw_mutator *m);
void stw_block_end_slot(struct stw_mutator *m);
void stw_barrier_flush(struct stw_mutator *m);
void stw_barrier_copy(struct stw_mutator *m, void *to, const void *from, uint64_t bytes,
                      const struct stw_type *type);
void *stw_alloc_slow_path(struct stw_mutator *m, uint64_t bytes, const struct stw_type *type);

/* A whole cycle; returns after its sweep. */
void stw_gc_collect(struct stw_mutator *m);
/* Go: SetGCPercent. Returns what it was. Off: waits for a mark phase that is under way. By mutator
 * `m`, or by none (null). `setter` may be null: none that is known. */
int32_t stw_gc_set_percent(struct stw_gc *gc, struct stw_mutator *m, int32_t percent,
                           const struct stw_percent_setter *setter);

/* Go: SetMemoryLimit. 0: none. Returns what it was. By `m`, or by none (null). */
uint64_t stw_gc_set_limit(struct stw_gc *gc, struct stw_mutator *m, uint64_t bytes);
void stw_gc_heap_stats(const struct stw_gc *gc, struct stw_heap_stats *stats);
/* The next grant that m needs is refused once, as if there were no memory. */
void stw_mutator_refuse_grant(struct stw_mutator *m);

/* Any thread; not inside a stop. */
stw_status stw_roots_add(struct stw_gc *gc, void **words, uint64_t count);
void stw_roots_remove(struct stw_gc *gc, void **words);

/* For allocators (stwlab/host.h says what each slot of the table promises). */
stw_status stw_gc_pages_acquire(struct stw_gc *gc, uint64_t page_count, uintptr_t *base,
                                uint32_t *needs_zero);
void stw_gc_pages_release(struct stw_gc *gc, uintptr_t base, uint64_t page_count);
void stw_gc_pages_adopt(struct stw_gc *gc, uint64_t page_count);
void stw_gc_pages_disown(struct stw_gc *gc, uint64_t page_count);
/* What the allocator tells of itself. By a mutator, or while none runs. */
void stw_gc_allocator_stats(struct stw_gc *gc, struct stw_allocator_stats *stats);
/* Whether the allocator, which was destroyed, has returned all spans and pages (L7). */
stw_status stw_gc_check_returned(const struct stw_gc *gc, struct stw_error *error);
stw_status stw_gc_span_register(struct stw_gc *gc, const struct stw_span_request *request,
                                struct stw_span **span);
void stw_gc_span_unregister(struct stw_gc *gc, struct stw_span *span);
uint32_t stw_gc_span_sweep(struct stw_gc *gc, struct stw_span *span);
uint32_t stw_gc_sweep_generation(const struct stw_gc *gc);
/* Memory of plugins that is not the heap's; a charge by mutator `m`, which may be null, may begin a
 * cycle. */
void stw_gc_external_add(struct stw_gc *gc, struct stw_mutator *m, int64_t bytes);
/* A growth of a map, of STW_GROWTH_*, took that long in the write that began it. */
void stw_gc_growth_note(struct stw_gc *gc, uint32_t kind, uint64_t ns);

/* The rule that a type breaks (M6, or A2), and in `text` what it is: "type \"pair\", whose ...".
 * Null: none. */
const char *stw_type_breach(const struct stw_type *type, char text[STW_BREACH_TEXT_BYTES]);

/* For a thread that is no mutator and keeps stepped mutators from running meanwhile. */
int stw_processor_try_enter(struct stw_gc *gc);
void stw_processor_leave(struct stw_gc *gc);

/* `function` of the host table is called, which may wait: if the calling thread is inside plugin
 * code that a stop waits for, the embedder is told and the trial ends. Any thread. */
void stw_watch_wait(struct stw_gc *gc, const char *function);
/* Whether it is. */
int stw_watch_is_inside(void);

/* Clears what lies dead below the caller's frame. It would lie between the variables of the frames
 * to come, and how many dead cells a conservative scan keeps would depend on how the C library uses
 * the stack, which differs under valgrind. */
void stw_stack_clear_dead(void);

/* The records of stops, held against what the mutators saw. Every mutator that a stop had to stop
 * logged it by its own clock: from its safepoint to its departure. That must hold the whole working
 * segment, and must lie between the request and the moment at which the record says that the last
 * one ran again. */
struct stw_testimony {
    uint64_t examined; /* stops while all mutators logged */
    uint64_t disputed; /* of them: fewer mutators saw them so than had to be stopped */
};
/* After the mutators have detached, before their timelines are united. Nothing is examined when a
 * timeline has lost intervals, or was never begun. */
struct stw_testimony stw_witnesses_hear(const struct stw_gc *gc);

#endif
