/* prim/usage.h: what the calling thread does to the system: page faults, waits, calls of malloc.
 *
 * Faults and waits are the system's own counts for a thread. Faults tell of its code in every
 * build; waits do not under ThreadSanitizer, whose runtime waits for locks of its own, and in
 * hostile builds, where functions of the host sleep. Calls of malloc and its kin (free included) by
 * any code of the process, shared objects too, are seen
 *   in builds with STW_GUARD: the executable defines malloc & co, and forwards to the C library;
 *   with AddressSanitizer or ThreadSanitizer: by the hook that their malloc offers, the latter not
 *     of aligned_alloc and its kin;
 *   in release builds: never.
 * Not seen anywhere: memory that is taken from the system without malloc (mmap, brk). */
#ifndef STW_PRIM_USAGE_H
#define STW_PRIM_USAGE_H

#include "base/sanitizer.h"

#include <stdint.h>

#if STW_TSAN
#define STW_ALLOCS_BY_HOOK 1
#define STW_WAITS_BLURRED 1
#elif STW_ASAN
#define STW_ALLOCS_BY_HOOK 1
#endif
#ifdef STW_HOSTILE
#define STW_WAITS_BLURRED 1
#endif
#if !defined(STW_ALLOCS_BY_HOOK) && defined(STW_GUARD) && defined(__GLIBC__)
#define STW_ALLOCS_BY_NAME 1
#endif

/* Of the calling thread, since it began. */
struct stw_thread_use {
    uint64_t faults; /* of pages, with and without reading from a disk */
    uint64_t waits;  /* times that it gave its processor up before its time slice had ended */
};
/* About 0.2 us. */
void stw_thread_use(struct stw_thread_use *use);
/* Whether waits tell of a thread's code in this build. */
int stw_waits_tell(void);

/* Begins to see calls of malloc; 0: this build cannot. Before other threads are started. */
int stw_allocs_see(void);
/* Counts the calling thread's calls of malloc & co from begin to end; does not nest. */
void stw_allocs_begin(void);
uint64_t stw_allocs_end(void);
/* Called by whatever sees a call. */
void stw_allocs_note(void);

#endif
