/* gc/timeline.h: when a mutator's thread did not run application code, and how long in all.
 *
 * A mutator logs intervals in the order of their ends; they may be nested (a stop inside an assist)
 * and are united when read. The innermost kind owns the time: `taken_ns` counts no nanosecond
 * twice. Only what lies between begin and end is logged, so that the log covers the timed
 * operations. Room is bounded: what does not fit is still in the sums, and counted as lost.
 * Thread rules: all writing is done by the mutator's own thread, never inside a stop that others
 * wait for; others read after it has detached. */
#ifndef STW_GC_TIMELINE_H
#define STW_GC_TIMELINE_H

#include <stdint.h>

#define STW_TAKEN_STOP 0u      /* the world was stopped, by itself or by another */
#define STW_TAKEN_ASSIST 1u    /* marked for what it allocated, or for the cycle that it forced */
#define STW_TAKEN_MARK 2u      /* its fraction of marking */
#define STW_TAKEN_HANDSHAKE 3u /* stack scan, barrier flush, caches given back */
#define STW_TAKEN_SWEEP 4u
#define STW_TAKEN_TURN 5u      /* waited for a processor */
#define STW_TAKEN_CYCLE 6u     /* began or ended a cycle, outside of its stops; or asked for it */
#define STW_TAKEN_KINDS 7u
/* "stop", "assist", ...; never null. */
const char *stw_taken_name(uint32_t kind);

struct stw_taken_interval {
    uint64_t start_ns;
    uint64_t length_kind; /* ns times 8, plus STW_TAKEN_* */
};

/* 64 KiB a chunk; 16 MiB, which is a million intervals, a mutator. */
#define STW_TIMELINE_CHUNK 4096u
#define STW_TIMELINE_CHUNKS 256u

struct stw_timeline {
    uint64_t asleep_ns; /* spent in futexes of the runtime since the mutator attached */
    uint64_t blocked_ns; /* between block_begin and block_end, without what it computed there: the
                          * program waited of its own will */
    uint64_t block_ns, block_cpu_ns; /* when that began, and its CPU time then; 0: it did not */
    uint64_t begin_ns;
    uint64_t end_ns;   /* final when it is no longer open */
    uint64_t is_open;
    uint64_t count, lost;
    uint64_t taken_ns[STW_TAKEN_KINDS]; /* wall, each nanosecond with its innermost kind */
    uint64_t cpu_ns[STW_TAKEN_KINDS];   /* where it was measured: not of handshakes and sweeping */
    struct stw_taken_interval *chunks[STW_TIMELINE_CHUNKS];
};

/* Forgets what was logged; logs from `now_ns` on. */
void stw_timeline_begin(struct stw_timeline *timeline, uint64_t now_ns);
void stw_timeline_end(struct stw_timeline *timeline, uint64_t now_ns);

/* Replaces the log by its union: disjoint intervals, ascending; kinds mean nothing any more. */
void stw_timeline_unite(struct stw_timeline *timeline);
/* United: the most time that was taken out of any window of `window_ns` between begin and end.
 * Minimum mutator utilisation is what is left of the window (Cheng and Blelloch, PLDI 2001). Exact
 * unless intervals were lost. STW_TIMELINE_NONE: the log is shorter than the window. */
#define STW_TIMELINE_NONE UINT64_MAX
uint64_t stw_timeline_worst_ns(const struct stw_timeline *timeline, uint64_t window_ns);

#endif
