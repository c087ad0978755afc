/* stwlab/allocator.h: the allocator kind: how cells are found in the heap.
 *
 * The host owns pages, the page map, span records, mark and allocation bits, and hands out cells
 * from runs. The allocator decides which sizes there are and which span the next run comes from,
 * keeps spans in whatever lists it likes, and says which of them still have to be swept. What the
 * live heap is, which paces the collector, the host works out from what it is granted.
 *
 * L1  every page of a live cell belongs to exactly one registered span.
 * L2  a span that a mutator's cache holds is in no list; only its owner touches it, and serves one
 *     of its runs from it.
 * L3  a span's free cells are exactly those without an allocation bit, minus cells of granted runs
 *     that are not yet retired. The host sets allocation bits when it retires a run.
 * L4  after a mark phase (cycle_end) every span must be swept once before the next begins; a cell
 *     of an unswept span may not be granted.
 * L5  a span has the layout and the cell size that the size table has for its class.
 * L6  refill and large return STW_OK, or STW_E_NOMEM when the host has no pages; nothing else.
 * L7  destroy returns all spans and pages.
 * L8  a span has whole pages that the allocator acquired, and room for its cells; what is released
 *     was acquired, and what is disowned was adopted.
 * Breaches of L1 to L6 and L8 are noticed at once, of L7 with audits; the trial is invalid.
 * Lifecycle: create -> attach per mutator -> refill/large/sweep... -> detach -> destroy.
 *
 * Layout MIXED: a span's cells have any sizes. It is cut into granules of 16 bytes, and these are
 * what is counted: cell_bytes is 16, bit i of alloc_bits says that a cell begins at granule i. Each
 * cell begins with a header (stw_header) that says how many granules it has. What is free is told
 * by lines of 128 bytes: a line is free when no part of an allocated cell lies in it. Grants are
 * made of whole lines; what the host does not use of one is free again after the next sweep. */
#ifndef STWLAB_ALLOCATOR_H
#define STWLAB_ALLOCATOR_H

#include "mutator.h"
#include "manifest.h"

#define STW_PAGE_BYTES 8192u     /* Go: runtime/malloc.go, pageSize */
#define STW_ARENA_BYTES 67108864u /* Go on 64-bit Linux: heapArenaBytes */

#define STW_GRANULE_BYTES 16u /* of layout MIXED */
#define STW_LINE_GRANULES 8u  /* a line: 128 bytes, as in Immix (Blackburn, McKinley 2008) */

/* A span: adjacent pages cut into equal cells, or of layout MIXED. The record is the host's; fields
 * marked (A) belong to the allocator, all others are read-only to it. */
struct stw_span {
    uint32_t struct_size;
    uint32_t span_class; /* which run it serves; the allocator's own number, if it is large */
    uintptr_t base;
    uint64_t page_count;
    uint64_t cell_bytes;
    uint32_t cell_count;
    uint32_t layout;           /* STW_LAYOUT_* (mutator.h) */
    uint32_t sweep_generation; /* atomic; equal to the heap's: swept */
    uint32_t needs_zero;       /* cells were used before */
    uint32_t live_count;       /* cells with an allocation bit, as of the last sweep or retire */
    uint32_t free_index;       /* (A) first cell not yet examined for a run */
    uint64_t *alloc_bits; /* bit i: cell i is allocated; exact in flush, sweep, detach, audit */
    struct stw_span *next;     /* (A) links of the allocator's lists */
    struct stw_span *prev;     /* (A) */
    uint64_t allocator_word;   /* (A) */
    uint64_t *line_bits; /* layout MIXED, else null; bit i: line i was not free at the last sweep */
};

STW_FROZEN(struct stw_span, base, 8);
STW_FROZEN(struct stw_span, cell_bytes, 24);
STW_FROZEN(struct stw_span, sweep_generation, 40);
STW_FROZEN(struct stw_span, free_index, 52);
STW_FROZEN(struct stw_span, alloc_bits, 56);
STW_FROZEN(struct stw_span, allocator_word, 80);

/* What a refill grants: cell_count adjacent free cells from first_cell on. Cells of one span are
 * granted to one mutator at a time: its runs are written to alloc_bits without a lock. */
struct stw_grant {
    struct stw_span *span;
    uint32_t first_cell;
    uint32_t cell_count;
};

struct stw_allocator_stats {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t spans_cached;  /* in mutators' caches */
    uint64_t spans_partial; /* in central lists, with free cells */
    uint64_t spans_full;
    uint64_t spans_unswept;
    uint64_t pages_kept; /* acquired pages in no span, for later use; exact while stopped */
};

/* Reports whether `span`'s cell `index` has its allocation bit set. Owner or world stopped. */
static inline uint32_t stw_span_is_allocated(const struct stw_span *span, uint32_t index)
{
    uint64_t word = __atomic_load_n(&span->alloc_bits[index / 64], __ATOMIC_RELAXED);
    return (uint32_t)(word >> (index % 64)) & 1u;
}

/* Slots may take short locks: leaves (nothing of the host is called under them that has a
 * STW_MAY_*), held for bounded work. A stop may wait for whoever holds one; within a stop nobody
 * else does, since all others are outside the allocator then. */
struct stw_allocator_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Mandatory. Makes an instance. On failure `*self` is untouched and `error` says why. */
    stw_status (*create)(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
        STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_LOADED STW_MAY_BLOCK;
    /* Mandatory. All mutators are detached. Unregisters all spans and releases all pages (L7). */
    void (*destroy)(void *self) STW_ON_MAIN STW_EXCLUSIVE STW_WHEN_FINISHED STW_MAY_BLOCK;
    /* Mandatory. The size table, which lives as long as the instance and never changes. A trial
     * with one that breaks a rule of mutator.h (Z1-Z3) is refused; the message names the row. */
    const struct stw_size_table *(*size_table)(void *self)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Mandatory. Sets m->allocator_state / releases it; detach returns all cached spans. The host
     * has retired m's runs before detach. On the thread that becomes a mutator, or was one: one at
     * a time, while other mutators run. */
    stw_status (*attach)(void *self, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_CREATED;
    void (*detach)(void *self, struct stw_mutator *m)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Mandatory. Grants the next run of `span_class`, with room for a cell of `cell_bytes` at
     * least; what is left of the previous run of that class is less than that, and retired. No cell
     * may be allocated here. A span stays the mutator's until refill grants another one to that
     * class, or flush or detach. */
    stw_status (*refill)(void *self, struct stw_mutator *m, uint32_t span_class,
                         uint64_t cell_bytes, struct stw_grant *grant)
        STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Mandatory. A span of one cell of at least `bytes`; `scan` non-zero: layout LARGE, else
     * NOSCAN. The host publishes it, zeroes it and charges its pages to the live heap. */
    stw_status (*large)(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span) STW_ON_MUTATOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Mandatory. Bytes that a request really gets (Go: roundupsize). */
    uint64_t (*usable_bytes)(void *self, uint64_t bytes, uint32_t scan)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Mandatory. A mark phase has ended: all spans are now unswept. Those in mutators' caches are
     * swept when they are given back, by flush or detach. */
    void (*cycle_end)(void *self) STW_ON_COLLECTOR STW_EXCLUSIVE STW_WHEN_CREATED STW_WORLD_STOPPED;
    /* Mandatory. Returns m's cached spans to the central lists, and sweeps those whose generation
     * is not the heap's. Called after cycle_end, before m allocates again; m's runs are retired. By
     * m's own thread while others run, or in a stop by whoever made it, for an m that is
     * stopped. */
    void (*flush)(void *self, struct stw_mutator *m)
        STW_ON_COLLECTOR STW_CONCURRENT STW_WHEN_RUNNING;
    /* Mandatory. Takes up to `span_max` unswept spans off the lists, calls host->span_sweep on
     * each and puts or frees it; returns how many. 0: none is left outside caches; that answer
     * takes the same short time for any heap, since every cycle's first stop asks once more. */
    uint32_t (*sweep)(void *self, uint32_t span_max)
        STW_ON_COLLECTOR STW_CONCURRENT STW_WHEN_CREATED;
    /* Optional. Gives the pages that are kept (stats) back to the host. Called when free memory
     * goes back to the system, and before memory counts as exhausted. */
    void (*release)(void *self) STW_ON_COLLECTOR STW_CONCURRENT STW_WHEN_CREATED;
    /* Optional. Cheap, approximate while mutators run. */
    void (*stats)(void *self, struct stw_allocator_stats *stats)
        STW_ON_ANY STW_CONCURRENT STW_WHEN_CREATED;
    /* Optional. Checks L1-L5 and its own lists; STW_E_AUDIT with the invariant's name. */
    stw_status (*audit)(void *self, struct stw_error *error)
        STW_ON_COLLECTOR STW_EXCLUSIVE STW_WHEN_CREATED STW_WORLD_STOPPED;
};

#endif
