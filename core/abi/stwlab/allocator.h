/* stwlab/allocator.h: the allocator kind: how cells are found in the heap.
 *
 * The host owns pages, the page map, span records, mark and allocation bits, and hands out cells
 * from runs. The allocator decides which span of which size the next run comes from, keeps spans in
 * whatever lists it likes, and says which of them still have to be swept.
 *
 * L1  every page of a live cell belongs to exactly one registered span.
 * L2  a span that a mutator's cache holds is in no list; only its owner touches it.
 * L3  a span's free cells are exactly those without an allocation bit, minus cells of granted runs
 *     that are not yet retired. The host sets allocation bits when it retires a run.
 * L4  after a mark phase (cycle_end) every span must be swept once before the next begins; a cell
 *     of an unswept span may not be granted.
 * Lifecycle: create -> attach per mutator -> refill/large/sweep... -> detach -> destroy. */
#ifndef STWLAB_ALLOCATOR_H
#define STWLAB_ALLOCATOR_H

#include "mutator.h"
#include "manifest.h"

#define STW_PAGE_BYTES 8192u     /* Go: runtime/malloc.go, pageSize */
#define STW_ARENA_BYTES 67108864u /* Go on 64-bit Linux: heapArenaBytes */

/* Where a span's cells keep their pointer maps. */
#define STW_LAYOUT_NOSCAN 0u /* pointer-free: marked, never scanned */
#define STW_LAYOUT_BITMAP 1u /* one page, cells <= 512 B, pointer bits in the last 128 bytes */
#define STW_LAYOUT_HEADER 2u /* the first word of each cell is its type; user data follows */
#define STW_LAYOUT_LARGE 3u  /* one cell; the type is in the span record */

/* A span: adjacent pages cut into equal cells. The record is the host's; fields marked (A) belong
 * to the allocator, all others are read-only to it. */
struct stw_span {
    uint32_t struct_size;
    uint32_t span_class; /* 2 * size class + (1 if pointer-free) */
    uintptr_t base;
    uint64_t page_count;
    uint64_t cell_bytes;
    uint32_t cell_count;
    uint32_t layout;           /* STW_LAYOUT_* */
    uint32_t sweep_generation; /* atomic; equal to the heap's: swept */
    uint32_t needs_zero;       /* cells were used before */
    uint32_t live_count;       /* cells with an allocation bit, as of the last sweep or retire */
    uint32_t free_index;       /* (A) first cell not yet examined for a run */
    uint64_t *alloc_bits; /* bit i: cell i is allocated; exact in flush, sweep, detach, audit */
    struct stw_span *next;     /* (A) links of the allocator's lists */
    struct stw_span *prev;     /* (A) */
    uint64_t allocator_word;   /* (A) */
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
};

/* Reports whether `span`'s cell `index` has its allocation bit set. Owner or world stopped. */
static inline uint32_t stw_span_is_allocated(const struct stw_span *span, uint32_t index)
{
    uint64_t word = __atomic_load_n(&span->alloc_bits[index / 64], __ATOMIC_RELAXED);
    return (uint32_t)(word >> (index % 64)) & 1u;
}

struct stw_allocator_ops {
    uint32_t struct_size;
    uint32_t reserved;

    /* Mandatory. Makes an instance. On failure `*self` is untouched and `error` says why. */
    stw_status (*create)(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self) STW_ON_MAIN STW_MAY_BLOCK;
    /* Mandatory. All mutators are detached. */
    void (*destroy)(void *self) STW_ON_MAIN STW_MAY_BLOCK;
    /* Mandatory. The size classes; the table lives as long as the instance. */
    const struct stw_size_classes *(*size_classes)(void *self) STW_ON_ANY STW_CONCURRENT;
    /* Mandatory. Sets m->allocator_state / releases it; detach returns all cached spans. The host
     * has retired m's runs before detach. */
    stw_status (*attach)(void *self, struct stw_mutator *m) STW_ON_MAIN STW_MAY_BLOCK;
    void (*detach)(void *self, struct stw_mutator *m) STW_ON_MAIN STW_MAY_BLOCK;
    /* Mandatory. Grants the next run of `span_class`; the previous run of that class is consumed
     * and retired. Free cells of a span newly taken into the cache are reported with
     * host->heap_live_add. STW_E_NOMEM when the host has no pages. No cell may be allocated
     * here. */
    stw_status (*refill)(void *self, struct stw_mutator *m, uint32_t span_class,
                         struct stw_grant *grant) STW_ON_MUTATOR STW_CONCURRENT;
    /* Mandatory. A span of one cell of at least `bytes`; `scan` non-zero: layout LARGE, else
     * NOSCAN. The host publishes it, zeroes it and charges its pages to the live heap. */
    stw_status (*large)(void *self, struct stw_mutator *m, uint64_t bytes, uint32_t scan,
                        struct stw_span **span) STW_ON_MUTATOR STW_CONCURRENT;
    /* Mandatory. Bytes that a request really gets (Go: roundupsize). */
    uint64_t (*usable_bytes)(void *self, uint64_t bytes, uint32_t scan) STW_ON_ANY STW_CONCURRENT;
    /* Mandatory. A mark phase has ended: every span outside mutators' caches is now unswept. */
    void (*cycle_end)(void *self) STW_ON_COLLECTOR STW_EXCLUSIVE STW_WORLD_STOPPED;
    /* Mandatory. Returns m's cached spans to the central lists, unswept if their generation is not
     * the heap's. Called after cycle_end, before m allocates again; m's runs are retired. `m` may
     * be another thread's mutator that is held. */
    void (*flush)(void *self, struct stw_mutator *m) STW_ON_COLLECTOR STW_CONCURRENT;
    /* Mandatory. Takes up to `span_max` unswept spans off the lists, calls host->span_sweep on
     * each and puts or frees it; returns how many. 0: none is left outside caches. */
    uint32_t (*sweep)(void *self, uint32_t span_max) STW_ON_COLLECTOR STW_CONCURRENT;
    /* Optional. Gives memory kept in private caches back to the host's page heap. */
    void (*release)(void *self) STW_ON_COLLECTOR STW_CONCURRENT;
    /* Optional. Cheap, approximate while mutators run. */
    void (*stats)(void *self, struct stw_allocator_stats *stats) STW_ON_ANY STW_CONCURRENT;
    /* Optional. Checks L1-L4 and its own lists; STW_E_AUDIT with the invariant's name. */
    stw_status (*audit)(void *self, struct stw_error *error)
        STW_ON_COLLECTOR STW_EXCLUSIVE STW_WORLD_STOPPED;
};

#endif
