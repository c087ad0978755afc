/* stwlab/host.h: what the host offers to plugins.
 *
 * A plugin's handle is a const table, and `create` gets it. Every function takes the handle that it
 * is called through first: that is how the host knows whose the roots, hooks and settings are. Use
 * your own, and m->host, which is nobody's, where you have none; both live as long as the process.
 * Who may call is in the annotations. */
#ifndef STWLAB_HOST_H
#define STWLAB_HOST_H

#include "mutator.h"

/* Call numbers of the flight recorder. Appended to, never renumbered. */
#define STW_CALL_NONE 0u
#define STW_CALL_CREATE 1u
#define STW_CALL_DESTROY 2u
#define STW_CALL_ALLOCATOR_ATTACH 3u
#define STW_CALL_ALLOCATOR_DETACH 4u
#define STW_CALL_ALLOCATOR_REFILL 5u
#define STW_CALL_ALLOCATOR_LARGE 6u
#define STW_CALL_ALLOCATOR_FLUSH 7u
#define STW_CALL_ALLOCATOR_SWEEP 8u
#define STW_CALL_WORKLOAD_SETUP 9u
#define STW_CALL_WORKLOAD_OPERATE 10u
#define STW_CALL_WORKLOAD_CHECKSUM 11u
#define STW_CALL_WORKLOAD_TEARDOWN 12u
#define STW_CALL_STRATEGY_BEGIN 13u
#define STW_CALL_STRATEGY_END 14u
#define STW_CALL_STRATEGY_NEED_MAP 15u
#define STW_CALL_STRATEGY_DONE_MAP 16u
#define STW_CALL_STRATEGY_MERGE 17u
#define STW_CALL_STRATEGY_NEED_SCRATCH 18u
#define STW_CALL_STRATEGY_DONE_SCRATCH 19u
#define STW_CALL_STRATEGY_REQUEST_BEGIN 20u
#define STW_CALL_STRATEGY_REQUEST_END 21u
#define STW_CALL_STRATEGY_BATCH_BOUNDARY 22u
#define STW_CALL_MAP_MAKE 23u
#define STW_CALL_MAP_MERGE 24u
#define STW_CALL_MAP_CLEAR 25u
#define STW_CALL_WORKLOAD_LAST_MAP 26u
#define STW_CALL_LOAD 27u /* dlopen: constructors run */
#define STW_CALL_ALLOCATOR_CYCLE_END 28u
#define STW_CALL_ALLOCATOR_RELEASE 29u
#define STW_CALL_ALLOCATOR_AUDIT 30u
#define STW_CALL_ALLOCATOR_SIZES 31u
#define STW_CALL_ALLOCATOR_USABLE 32u
#define STW_CALL_CYCLE_HOOK 33u
#define STW_CALL_MAP_AUDIT 34u
#define STW_CALL_MAP_COUNT 35u
#define STW_CALL_WORKLOAD_OPERATIONS 36u
#define STW_CALL_WORKLOAD_EXPECTED 37u
#define STW_CALL_MAP_ACCEPT 38u
#define STW_CALL_MAP_DONE 39u
#define STW_CALL_STRATEGY_LINKED 40u
#define STW_CALL_WORKLOAD_MAP_TYPE 41u
#define STW_CALL_ALLOCATOR_STATS 42u
#define STW_CALL_CYCLE_END_HOOK 43u
#define STW_CALL_STRATEGY_SAFEPOINT 44u
#define STW_CALL_STRATEGY_ALLOC_SLOW 45u
#define STW_CALL_MAP_ASSIGN 46u
#define STW_CALL_MAP_FIND 47u
#define STW_CALL_MAP_ERASE 48u
#define STW_CALL_MAP_WALK 49u
#define STW_CALL_MAP_STEP 50u
#define STW_CALL_MAP_STATS 51u
#define STW_CALL_MAP_HASH 52u
#define STW_CALL_MAP_RESERVE 53u
#define STW_CALL_DEATH_NOTICE 54u
#define STW_CALLS 55u

/* What a span is to be; see allocator.h. page_count pages at `base` came from pages_acquire, or are
 * adopted. */
struct stw_span_request {
    uint32_t struct_size;
    uint32_t span_class;
    uintptr_t base;
    uint64_t page_count;
    uint64_t cell_bytes;
    uint32_t cell_count;
    uint32_t layout;
    uint32_t needs_zero;
    uint32_t reserved;
};

/* Called in the first stop of each cycle, after all mutators stopped and before marking: the moment
 * at which Go empties its pools. What registered roots hold may be moved around without the
 * barrier; no function of the host that may wait (with a STW_MAY_*) may be called. */
typedef void (*stw_cycle_hook)(void *context)
    STW_ON_COLLECTOR STW_EXCLUSIVE STW_WHEN_CREATED STW_WORLD_STOPPED;

/* Called after a mark phase has ended and the world runs again, on a mutator that has just
 * allocated or collected: the place for what tunes GOGC or the memory limit. Cycles that end before
 * a mutator comes by are told as one. It may set both, and must not allocate. */
typedef void (*stw_cycle_end_hook)(void *context, struct stw_mutator *m)
    STW_ON_MUTATOR STW_EXCLUSIVE STW_WHEN_RUNNING STW_MAY_POLL STW_MAY_BLOCK;

/* A cell has died. Called once, between two slow allocations of any mutator, after the cell was
 * swept; at the trial's end for all that were not called, before plugins are destroyed. The cell is
 * gone: what `context` leads to may be freed and credited, no managed memory touched. */
typedef void (*stw_death_notice)(void *context) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;

/* The heap as the pacer sees it. Each value by itself, while mutators run. */
struct stw_heap_stats {
    uint32_t struct_size;
    int32_t gc_percent;      /* GOGC, or STW_GC_OFF */
    uint64_t cycles;         /* mark phases that have ended */
    uint64_t live_bytes;     /* marked by the last cycle, or allocated since */
    uint64_t marked_bytes;   /* by the last cycle */
    uint64_t goal_bytes;     /* UINT64_MAX: none */
    uint64_t trigger_bytes;  /* likewise */
    uint64_t limit_bytes;    /* UINT64_MAX: none */
    uint64_t pages_bytes;    /* of the allocator's pages, adopted ones included */
};

#define STW_GC_OFF (-1)

struct stw_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;

    /* For anyone. */

    /* Fills `error`; long texts are cut. Returns `status`, so that `return set_error(...)`
     * reads. */
    stw_status (*set_error)(const struct stw_host *host, struct stw_error *error,
                            stw_status status, const char *field,
                            const char *message) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Monotonic clock, ns. */
    uint64_t (*clock_ns)(const struct stw_host *host) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Makes [words, words + count) roots, scanned precisely. Write them with stw_store once the
     * caller is a mutator. STW_E_NOMEM. Rule `roots`: they are aligned words, which stay until they
     * are removed by the same address. */
    stw_status (*root_add)(const struct stw_host *host, void **words, uint64_t count)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED STW_MAY_POLL;
    void (*root_remove)(const struct stw_host *host, void **words)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED STW_MAY_POLL;
    stw_status (*cycle_hook_add)(const struct stw_host *host, stw_cycle_hook hook, void *context)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_CREATED STW_MAY_BLOCK;
    /* Before the first cycle. STW_E_NOMEM: there are 16 already. */
    stw_status (*cycle_end_hook_add)(const struct stw_host *host, stw_cycle_end_hook hook,
                                     void *context)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_CREATED STW_MAY_BLOCK;
    void (*heap_stats)(const struct stw_host *host, struct stw_heap_stats *stats)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* How many mutators this trial has. */
    uint32_t (*mutator_count)(const struct stw_host *host)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;

    /* For mutators. */

    void (*safepoint)(const struct stw_host *host, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;
    void (*barrier_flush)(const struct stw_host *host, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    void *(*alloc_slow)(const struct stw_host *host, struct stw_mutator *m, uint64_t bytes,
                        const struct stw_type *type)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_ALLOC;
    void (*copy_slow)(const struct stw_host *host, struct stw_mutator *m, void *to,
                      const void *from, uint64_t bytes,
                      const struct stw_type *type) STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Bytes that a request really gets. */
    uint64_t (*usable_bytes)(const struct stw_host *host, struct stw_mutator *m, uint64_t bytes,
                             uint32_t scan) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Gives the processor to another mutator that waits for one (Go: runtime.Gosched). */
    void (*yield)(const struct stw_host *host, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;
    /* Brackets a blocking call. In between the mutator counts as stopped and must not touch managed
     * memory; cells that its stack held at begin stay alive. Rule `blocked`: in between no other
     * function of the host is called and no intent is stated, and both are in one slot. */
    void (*block_begin)(const struct stw_host *host, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;
    void (*block_end)(const struct stw_host *host, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;
    /* Runs a whole cycle, sweep included, before it returns (Go: runtime.GC). */
    void (*collect)(const struct stw_host *host, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;
    /* Sets GOGC: percent, or STW_GC_OFF. Returns the setting before. It is the process's: of
     * mutators that save and restore it, only the first and the last may (abi.md, A21). */
    int32_t (*set_gc_percent)(const struct stw_host *host, struct stw_mutator *m,
                              int32_t percent)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;

    /* Ends the trial for want of something: with STW_E_NOMEM as out of memory, with STW_E_AUDIT as
     * invalid, because somebody broke a rule, else as refused. `text` is one line; the plugin's
     * name is put before it. Does not return. */
    void (*fail)(const struct stw_host *host, struct stw_mutator *m, stw_status status,
                 const char *text) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Charges (or, negative, credits) memory that the plugin has from elsewhere for the workload's
     * data to the live heap that paces the collector; a charge may begin a cycle. `m` may be null
     * when there is none, in `destroy` above all. What is charged after the plugin's destroy has
     * returned has leaked: invalid, with `audit`. */
    void (*external_bytes)(const struct stw_host *host, struct stw_mutator *m, int64_t delta)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED STW_MAY_POLL;

    /* In an operation of an open loop, where work arrives whether or not the one before is done: it
     * was due at `due_ns` of clock_ns, and its turn comes now. Its time counts from here, and once
     * more from due_ns (op.intended): that is what one waits for who asked. */
    void (*operation_intended)(const struct stw_host *host, struct stw_mutator *m, uint64_t due_ns)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* In an operation: it is of this class, 0 the first that the manifest declares. Its times count
     * there too (op:NAME, op.intended:NAME). */
    void (*operation_class)(const struct stw_host *host, struct stw_mutator *m, uint32_t number)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;

    /* A map's growth (map.h, STW_GROWTH_*) has taken `ns` of the write that began it. */
    void (*growth)(const struct stw_host *host, struct stw_mutator *m, uint32_t kind, uint64_t ns)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Sets the memory limit (Go: SetMemoryLimit); 0 or UINT64_MAX: none. Returns the one before. It
     * is the process's. */
    uint64_t (*set_memory_limit)(const struct stw_host *host, struct stw_mutator *m,
                                 uint64_t bytes)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING STW_MAY_POLL;

    /* For allocators. */

    /* `page_count` adjacent pages, first fit by address. `*needs_zero` is 0 if all of them are
     * fresh from the system. STW_E_NOMEM when the system or a limit refuses. */
    stw_status (*pages_acquire)(const struct stw_host *host, uint64_t page_count, uintptr_t *base,
                                uint32_t *needs_zero) STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    void (*pages_release)(const struct stw_host *host, uintptr_t base, uint64_t page_count)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Pages that the allocator has from elsewhere and will register spans in: they count for the
     * memory limit and for heap.pages_peak_bytes. Aligned to STW_PAGE_BYTES. Disown reverses it. */
    void (*pages_adopt)(const struct stw_host *host, uintptr_t base, uint64_t page_count)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    void (*pages_disown)(const struct stw_host *host, uintptr_t base, uint64_t page_count)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Registers a span with the page map; its bits are clear, its generation is the heap's. */
    stw_status (*span_register)(const struct stw_host *host,
                                const struct stw_span_request *request, struct stw_span **span)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* The reverse; the pages stay the caller's. */
    void (*span_unregister)(const struct stw_host *host, struct stw_span *span)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Sweeps one unswept span that the caller owns: marked cells become the allocated ones;
     * live_count, free_index (0), needs_zero and line_bits are set. Returns live_count. */
    uint32_t (*span_sweep)(const struct stw_host *host, struct stw_span *span)
        STW_ON_COLLECTOR STW_CONCURRENT STW_WHEN_CREATED;
    /* The heap's sweep generation; changes only while the world is stopped. */
    uint32_t (*sweep_generation)(const struct stw_host *host)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;

    /* Asks for a notice of the death of `cell`, the address that the allocation returned: for what
     * has memory of the C library's. Its span's sweeps look for it, those of others do not. A cell
     * of less than 16 bytes without pointers may outlive its last use by that of its neighbours.
     * STW_E_NOMEM. */
    stw_status (*death_notice_add)(const struct stw_host *host, struct stw_mutator *m, void *cell,
                                   stw_death_notice notice, void *context)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
};

static inline void stw_slow_safepoint(struct stw_mutator *m)
{
    m->host->safepoint(m->host, m);
}
static inline void stw_slow_barrier(struct stw_mutator *m)
{
    m->host->barrier_flush(m->host, m);
}
static inline void *stw_slow_alloc(struct stw_mutator *m, uint64_t bytes,
                                   const struct stw_type *type)
{
    return m->host->alloc_slow(m->host, m, bytes, type);
}
static inline void stw_slow_copy(struct stw_mutator *m, void *to, const void *from, uint64_t bytes,
                                 const struct stw_type *type)
{
    m->host->copy_slow(m->host, m, to, from, bytes, type);
}

#endif
