/* stwlab/mutator.h: the stable prefix of a mutator, and the three fast paths compiled into plugins:
 * safepoint poll, write barrier, allocation. None of them calls through a vtable.
 *
 * A mutator is a thread that runs application code over the managed heap. Its stack and registers
 * are scanned conservatively, so a cell whose address (or an address inside it) is in a local
 * variable is alive. Everywhere else a pointer must be stored with stw_store into a word that the
 * cell's type calls a pointer, or into a registered root.
 *
 * M1  cells never move.
 * M2  a mutator is stopped, scanned or handshaken with only inside stw_poll, an allocation, or a
 *     host function marked STW_MAY_POLL; between those it runs undisturbed.
 * M3  a cell is zeroed when it is handed out.
 * M4  the stack of a thread that becomes a mutator while others mark is not scanned in that cycle:
 *     a cell that it is to work on must be in a root or in another cell when it attaches.
 * M5  what is in struct stw_mutator is written by the functions of these headers alone, but for
 *     what they say; m->host never. Faults have slots of their own (strategy.h).
 * M6  a type says what its cells hold: elements of a multiple of 8 bytes, of which the mask's last
 *     pointer ends at pointer_bytes; it lives until destroy returns, and bytes asked for are whole
 *     elements. */
#ifndef STWLAB_MUTATOR_H
#define STWLAB_MUTATOR_H

#include "base.h"
#include "manifest.h"

#define STW_SPAN_CLASSES 256u  /* runs of a mutator; Go's allocator uses 136 */
#define STW_SMALL_BYTES_MAX 65536u /* the most that a size table may cover */
#define STW_TINY_BLOCK_BYTES 16u   /* Go: maxTinySize */
#define STW_BARRIER_WORDS 512u /* Go: runtime/mwbbuf.go, wbBufEntries */
#define STW_TRACE_CALLS 32u    /* ABI calls that the flight recorder keeps, a power of two */

/* Describes where a cell's pointers are. A cell that holds an array of elements repeats the mask.
 * Borrowed by the host for the life of the process: make it static const. */
struct stw_type {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t element_bytes;      /* > 0, a multiple of 8 */
    uint64_t pointer_bytes;      /* bytes up to and including the last pointer; > 0 */
    const uint64_t *pointer_mask; /* bit i set: word i of an element is a pointer */
    const char *name;
};

/* A run of free, zeroed memory, consumed by bumping the cursor. */
struct stw_run {
    uintptr_t cursor; /* next cell */
    uintptr_t limit;  /* end of the run; what is left may be too short for the next cell */
};

/* Where the cells of a span keep their pointer maps. */
#define STW_LAYOUT_NOSCAN 0u /* pointer-free: marked, never scanned */
#define STW_LAYOUT_BITMAP 1u /* one page, cells <= 512 B, pointer bits in the last 128 bytes */
#define STW_LAYOUT_HEADER 2u /* the first word of each cell is its type; user data follows */
#define STW_LAYOUT_LARGE 3u  /* one cell; the type is in the span record */
#define STW_LAYOUT_MIXED 4u  /* cells of any sizes, each with a header: allocator.h */

/* How requests of one size in words are served: one row of the size table. */
struct stw_fit {
    uint32_t cell_bytes; /* that the cell takes of the run, its header included */
    uint8_t run;         /* index in stw_mutator.runs: the span class */
    uint8_t layout;      /* of the run's spans: BITMAP, HEADER or MIXED; without a type NOSCAN or
                          * MIXED */
    uint16_t granules;   /* MIXED: cell_bytes / 16; else 0 */
};

/* How the loaded allocator serves sizes; shared by all mutators, constant during a trial, and
 * checked by the host when the allocator has been created:
 * Z1  a row's cell holds its request, and the header of 8 bytes if its layout has one.
 * Z2  a run serves one layout and, unless that is MIXED, one cell size, a multiple of 8.
 * Z3  a larger request never gets a smaller cell. */
struct stw_size_table {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t small_bytes_max; /* larger requests get spans of their own (allocator.h, large); a
                               * multiple of 8, 16 to STW_SMALL_BYTES_MAX */
    uint64_t tiny_bytes_max;  /* smaller pointer-free ones share blocks of STW_TINY_BLOCK_BYTES, at
                               * most that; 0: none */
    /* [small_bytes_max / 8 + 1], indexed by ceil(bytes / 8). */
    const struct stw_fit *with_pointers, *without_pointers;
};

/* What every map counts, for stw_count_map. Totals over a trial. */
#define STW_COUNT_MAP_GROW 0u      /* growths started */
#define STW_COUNT_MAP_EVACUATED 1u /* buckets moved out of an old array */
#define STW_COUNT_MAP_OVERFLOW 2u  /* overflow buckets handed out */
#define STW_COUNT_MAP_MOVED_ENTRIES 3u /* by growths */
#define STW_COUNT_MAP_MOVED_BYTES 4u   /* keys and values of them */
#define STW_COUNTERS 8u

/* The stable prefix. The bits of `poll` say what is asked at the next safepoint; which says what is
 * the host's business. */
struct stw_mutator {
    uint32_t struct_size;  /* of this public prefix */
    uint32_t index;        /* 0 .. mutators - 1 */
    uint32_t poll;         /* atomic; non-zero: call host->safepoint. Set by any thread. */
    uint32_t marking;      /* non-zero: barrier on, allocate black. Changes only while stopped. */
    const struct stw_host *host; /* M5 */
    const struct stw_size_table *sizes;
    uintptr_t tiny_cursor; /* next free byte of the current tiny block; 0: none */
    uintptr_t tiny_limit;
    uint64_t *barrier_next; /* next free word of barrier_buffer; words left are always even */
    uint64_t *barrier_end;
    const char *site;          /* what the code is doing, for the pause record; static string */
    void *allocator_state;     /* the allocator's per-mutator cache */
    uint32_t *trace;           /* flight recorder ring, [STW_TRACE_CALLS] */
    uint64_t trace_count;      /* ABI calls recorded so far */
    uint64_t tiny_objects;     /* objects placed in tiny blocks */
    uint64_t requested_bytes;  /* that allocations asked for */
    uint64_t *counts;          /* of all plugins' counters, this mutator's part */
    uint32_t map_call;         /* STW_CALL_MAP_*: the slot of a map that was called last */
    uint32_t strategy_call;    /* atomic: the strategy's slot that runs, as in the recorder; its
                                * ordinal is 0 where the host, the map or the workload does */
    uint64_t counters[STW_COUNTERS];
    struct stw_run runs[STW_SPAN_CLASSES];
    uint64_t barrier_buffer[STW_BARRIER_WORDS];
};

/* Slow paths, defined with the host table (host.h). */
static inline void stw_slow_safepoint(struct stw_mutator *m);
static inline void stw_slow_barrier(struct stw_mutator *m);
static inline void *stw_slow_alloc(struct stw_mutator *m, uint64_t bytes,
                                   const struct stw_type *type);
static inline void stw_slow_copy(struct stw_mutator *m, void *to, const void *from, uint64_t bytes,
                                 const struct stw_type *type);

/* Safepoint. Call it at least every few microseconds of straight-line work. */
static inline void stw_poll(struct stw_mutator *m)
{
    if (STW_UNLIKELY(__atomic_load_n(&m->poll, __ATOMIC_RELAXED) != 0))
        stw_slow_safepoint(m);
}

/* Stores a pointer into a pointer word of a managed cell or of a registered root. Hybrid barrier:
 * while marking, the overwritten and the new pointer are both recorded (Go:
 * runtime/mbarrier.go). */
static inline void stw_store(struct stw_mutator *m, void *slot, const void *value)
{
    void **word = (void **)slot;
    if (STW_UNLIKELY(m->marking)) {
        m->barrier_next[0] = (uint64_t)(uintptr_t)__atomic_load_n(word, __ATOMIC_RELAXED);
        m->barrier_next[1] = (uint64_t)(uintptr_t)value;
        m->barrier_next += 2;
        if (m->barrier_next == m->barrier_end)
            stw_slow_barrier(m);
    }
    __atomic_store_n(word, (void *)(uintptr_t)value, __ATOMIC_RELEASE);
}

/* Copies `bytes` (a multiple of 8) of elements of `type` between managed cells, with the barrier.
 * A null type means pointer-free. A null `from` clears. The ranges do not overlap. */
static inline void stw_copy(struct stw_mutator *m, void *to, const void *from, uint64_t bytes,
                            const struct stw_type *type)
{
    if (STW_UNLIKELY(type && m->marking))
        stw_slow_copy(m, to, from, bytes, type);
    else if (from)
        __builtin_memcpy(to, from, bytes);
    else
        __builtin_memset(to, 0, bytes);
}

/* The word before the user's data in layouts HEADER and MIXED: the type's address in its low 48
 * bits (0: pointer-free), above it the cell's granules of 16 bytes (layout HEADER: 0). */
static inline uint64_t stw_header(const struct stw_type *type, uint64_t granules)
{
    return (uint64_t)(uintptr_t)type | granules << 48;
}
static inline const struct stw_type *stw_header_type(uint64_t header)
{
    return (const struct stw_type *)(uintptr_t)(header & 0xffffffffffffull);
}
static inline uint64_t stw_header_granules(uint64_t header)
{
    return header >> 48;
}

/* Writes the pointer bits of a cell in a span with a bitmap (cells up to 512 bytes, spans of one
 * 8 KiB page, bits in the span's last 128 bytes; Go 1.22: runtime/mbitmap.go, heapSetTypeNoHeader).
 * Only the span's owner writes them. */
static inline void stw_set_pointer_bits(uintptr_t cell, uint64_t cell_bytes, uint64_t bytes,
                                        const struct stw_type *type)
{
    uint64_t *bits = (uint64_t *)((cell & ~(uintptr_t)8191) + 8192 - 128);
    uint64_t word = (cell & 8191) / 8, words = cell_bytes / 8, mask = type->pointer_mask[0];
    for (uint64_t at = type->element_bytes / 8; at < bytes / 8; at += type->element_bytes / 8)
        mask |= type->pointer_mask[0] << at;
    uint64_t shift = word & 63, cover = words == 64 ? ~0ull : (1ull << words) - 1;
    uint64_t *low = bits + word / 64;
    __atomic_store_n(low, (__atomic_load_n(low, __ATOMIC_RELAXED) & ~(cover << shift))
                              | ((mask & cover) << shift), __ATOMIC_RELAXED);
    if (shift + words > 64) {
        uint64_t *high = low + 1, back = 64 - shift;
        __atomic_store_n(high, (__atomic_load_n(high, __ATOMIC_RELAXED) & ~(cover >> back))
                                   | ((mask & cover) >> back), __ATOMIC_RELAXED);
    }
}

/* Writes the pointer map of a new cell where its layout has it; returns the user's memory. */
static inline void *stw_cell_open(uintptr_t cell, const struct stw_fit *fit, uint64_t bytes,
                                  const struct stw_type *type)
{
    if (!type && fit->layout == STW_LAYOUT_NOSCAN)
        return (void *)cell;
    if (STW_LIKELY(fit->layout == STW_LAYOUT_BITMAP)) {
        stw_set_pointer_bits(cell, fit->cell_bytes, bytes, type);
        return (void *)cell;
    }
    *(uint64_t *)cell = stw_header(type, fit->granules);
    return (void *)(cell + 8);
}

/* Allocates a zeroed cell of at least `bytes` (> 0). With a type, `bytes` is a multiple of its
 * element size and the cell is scanned by its mask; without one it is pointer-free and never
 * scanned. Never returns null: when memory runs out the trial ends with that outcome. A
 * safepoint. */
static inline void *stw_alloc(struct stw_mutator *m, uint64_t bytes, const struct stw_type *type)
{
    const struct stw_size_table *k = m->sizes;
    if (STW_LIKELY(bytes <= k->small_bytes_max) && (type || bytes >= k->tiny_bytes_max)) {
        const struct stw_fit *fit =
            &(type ? k->with_pointers : k->without_pointers)[(bytes + 7) / 8];
        struct stw_run *run = &m->runs[fit->run];
        uintptr_t cell = run->cursor, end = cell + fit->cell_bytes;
        if (STW_LIKELY(end <= run->limit)) {
            run->cursor = end;
            m->requested_bytes += bytes;
            return stw_cell_open(cell, fit, bytes, type);
        }
    } else if (!type && bytes < k->tiny_bytes_max) {
        uint64_t align = bytes % 8 == 0 ? 8 : bytes % 4 == 0 ? 4 : bytes % 2 == 0 ? 2 : 1;
        uintptr_t at = (m->tiny_cursor + align - 1) & ~(uintptr_t)(align - 1);
        if (STW_LIKELY(m->tiny_cursor && at + bytes <= m->tiny_limit)) {
            m->tiny_cursor = at + bytes;
            m->tiny_objects++;
            m->requested_bytes += bytes;
            return (void *)at;
        }
    }
    return stw_slow_alloc(m, bytes, type);
}

static inline void stw_count_map(struct stw_mutator *m, uint32_t counter, uint64_t delta)
{
    m->counters[counter] += delta;
}

/* Counters and gauges that the plugin has declared (manifest.h): adds to a sum. */
static inline void stw_count(struct stw_mutator *m, struct stw_counter counter, uint64_t delta)
{
    m->counts[counter.index] += delta;
}
/* Raises a maximum. */
static inline void stw_count_max(struct stw_mutator *m, struct stw_counter counter, uint64_t value)
{
    if (value > m->counts[counter.index])
        m->counts[counter.index] = value;
}
/* Adds to a sum where no mutator is at hand, from any thread. */
static inline void stw_count_shared(struct stw_counter counter, uint64_t delta)
{
    __atomic_fetch_add(counter.shared, delta, __ATOMIC_RELAXED);
}
/* Sets a gauge, from any thread. */
static inline void stw_gauge(struct stw_counter gauge, uint64_t value)
{
    __atomic_store_n(gauge.shared, value, __ATOMIC_RELAXED);
}

/* Names what the mutator does now; returns the name before, to be restored. */
static inline const char *stw_site(struct stw_mutator *m, const char *site)
{
    const char *before = m->site;
    __atomic_store_n(&m->site, site, __ATOMIC_RELAXED);
    return before;
}

/* Flight recorder: plugin ordinal in the high half, call number (host.h) in the low. The entry
 * after the newest is 0: so the ring alone says what was last, when the rest of the process is
 * gone. */
static inline void stw_trace(struct stw_mutator *m, uint32_t plugin, uint32_t call)
{
    uint64_t at = m->trace_count++;
    m->trace[(at + 1) & (STW_TRACE_CALLS - 1)] = 0;
    m->trace[at & (STW_TRACE_CALLS - 1)] = plugin << 16 | call;
}

#include "host.h"

STW_FROZEN(struct stw_mutator, index, 4);
STW_FROZEN(struct stw_mutator, poll, 8);
STW_FROZEN(struct stw_mutator, marking, 12);
STW_FROZEN(struct stw_mutator, host, 16);
STW_FROZEN(struct stw_mutator, sizes, 24);
STW_FROZEN(struct stw_mutator, tiny_cursor, 32);
STW_FROZEN(struct stw_mutator, barrier_next, 48);
STW_FROZEN(struct stw_mutator, site, 64);
STW_FROZEN(struct stw_mutator, allocator_state, 72);
STW_FROZEN(struct stw_mutator, trace, 80);
STW_FROZEN(struct stw_mutator, counts, 112);
STW_FROZEN(struct stw_mutator, counters, 128);
STW_FROZEN(struct stw_mutator, runs, 192);
STW_FROZEN(struct stw_mutator, barrier_buffer, 4288);

#endif
