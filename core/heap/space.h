/* heap/space.h: the reserved address range of the heap and the pages in it.
 *
 * One range is reserved at a fixed hint address (so that trials repeat exactly), cut into 64 MiB
 * arenas and 8 KiB pages, and made usable from its low end in steps of 4 MiB (Go: heapArenaBytes,
 * pageSize, and sysHeap growth in mheap.grow). Pages are handed out first fit by address, which
 * keeps the heap dense (Go: runtime/mpagealloc.go).
 *
 * S1  a page is handed out at most once until it is given back.
 * S2  a page that is not dirty reads as zero.
 * S3  free_in_chunk[c] is the number of free committed pages of chunk c.
 * Threads: every function may be called by any thread; one lock, held for bounded work and never
 * over a system call that gives memory back: a stop may need it. */
#ifndef STW_HEAP_SPACE_H
#define STW_HEAP_SPACE_H

#include "base/limits.h"

#include <stwlab/plugin.h>

#include <pthread.h>

#define STW_CHUNK_PAGES STW_LIMIT_CHUNK_PAGES /* a multiple of 64 */
#define STW_SPACE_HINT ((uintptr_t)0x200000000000u) /* free under the kernel's and ASan's layouts */

struct stw_space {
    pthread_mutex_t lock;
    uintptr_t base;
    uint64_t page_limit;      /* reserved pages */
    uint64_t committed_pages; /* usable: [0, committed_pages) */
    uint64_t used_pages;      /* atomic, relaxed: read without the lock for statistics */
    uint64_t held_pages;      /* committed and not given back; atomic as used_pages */
    uint64_t scavenged_pages; /* given back so far, again and again counted; atomic */
    uint64_t releasing_pages; /* marked in `used`, though free: on their way to the system */
    uint64_t low_free;        /* no free page below this one */
    uint64_t *used;           /* bit per page: handed out */
    uint64_t *dirty;          /* bit per page: touched since it was last zero */
    uint16_t *free_in_chunk;
};

/* Reserves `bytes` (rounded to arenas). STW_E_NOMEM. */
stw_status stw_space_init(struct stw_space *space, uint64_t bytes, struct stw_error *error);
/* `page_count` adjacent pages; `*needs_zero` is 0 if none is dirty. They count as dirty from now
 * on. STW_E_NOMEM: the range or a limit of the system is exhausted. */
stw_status stw_space_acquire(struct stw_space *space, uint64_t page_count, uintptr_t *base,
                             uint32_t *needs_zero);
/* The same, and by how much it had to extend the committed part. */
struct stw_growth {
    uint64_t pages;       /* 0: it did not */
    uint64_t held_before; /* held_pages before the call */
};
stw_status stw_space_acquire_grown(struct stw_space *space, uint64_t page_count, uintptr_t *base,
                                   uint32_t *needs_zero, struct stw_growth *growth);
void stw_space_release(struct stw_space *space, uintptr_t base, uint64_t page_count);

/* Pages that are out of circulation while the system gets their memory back. */
struct stw_idle_pages {
    uint64_t first, count;
};

/* Takes the highest run of free dirty pages out of circulation, at most `page_max` of them; 0:
 * there is none. Each of `_take` and `_put` takes the lock once, the `_release` between them does
 * not. Go: the scavenger, runtime/mgcscavenge.go. */
int stw_space_idle_take(struct stw_space *space, uint64_t page_max, struct stw_idle_pages *pages);
void stw_space_idle_release(struct stw_space *space, const struct stw_idle_pages *pages);
void stw_space_idle_put(struct stw_space *space, const struct stw_idle_pages *pages);
/* All three, until `page_max` pages are given back or none is left. Returns how many. */
uint64_t stw_space_scavenge(struct stw_space *space, uint64_t page_max);
/* Pages whose memory the process holds: those in use, and free ones that were not given back (nor
 * are on their way). No lock. */
uint64_t stw_space_held_pages(const struct stw_space *space);
/* Checks S3 and the counts. Takes the lock: memory is given back while the world is stopped too. */
stw_status stw_space_audit(struct stw_space *space, struct stw_error *error);

#endif
