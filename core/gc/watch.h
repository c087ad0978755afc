/* gc/watch.h: plugin code inside a stop: where it is called, and what is counted of it. How, and
 * what the counts mean: gc/watched.h. */
#ifndef STW_GC_WATCH_H
#define STW_GC_WATCH_H

#include <stdint.h>

#define STW_CYCLE_HOOKS 16u

/* Places where plugins are called: slots of the allocator, then the cycle hooks one by one. */
#define STW_WATCH_FLUSH 0u
#define STW_WATCH_SWEEP 1u
#define STW_WATCH_CYCLE_END 2u
#define STW_WATCH_AUDIT 3u
#define STW_WATCH_STATS 4u /* of audits */
#define STW_WATCH_REFILL 5u
#define STW_WATCH_LARGE 6u
#define STW_WATCH_RELEASE 7u
#define STW_WATCH_HOOK 8u /* + its index */
#define STW_WATCH_PLACES (STW_WATCH_HOOK + STW_CYCLE_HOOKS)
/* "flush", ..., "cycle hook"; never null. */
const char *stw_watch_place_name(uint32_t place);

/* Calls under way on threads that have no flight recorder: stw_gc_options.under_way. An entry as of
 * stw_trace, 0: none. Atomic. */
#define STW_UNDER_WAY_STOP 0u  /* of whoever stopped the world */
#define STW_UNDER_WAY_SWEEP 1u /* of the background thread */
#define STW_UNDER_WAYS 2u

struct stw_watch_counts {
    uint64_t calls;
    uint64_t faults; /* page faults */
    uint64_t blocks; /* waits without a page fault (gc.V1); 0 where sees_waits is */
    uint64_t allocs; /* calls of malloc & co; 0 where sees_allocs is */
};

#endif
