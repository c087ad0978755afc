/* lab/outcome.h: what became of a trial. */
#ifndef STW_LAB_OUTCOME_H
#define STW_LAB_OUTCOME_H

#include <stdint.h>

#define STW_OUTCOME_OK 0u
#define STW_OUTCOME_CRASHED 1u       /* by a signal, or an exit nobody asked for */
#define STW_OUTCOME_TIMED_OUT 2u
#define STW_OUTCOME_OUT_OF_MEMORY 3u
#define STW_OUTCOME_REFUSED 4u       /* a plugin was not admitted, or its create failed */
#define STW_OUTCOME_INVALID 5u       /* audit or checksum */
#define STW_OUTCOME_SKIPPED 6u       /* excluded */
#define STW_OUTCOMES 7u

struct stw_outcome {
    uint32_t kind;
    int32_t signal;         /* CRASHED by a signal: which */
    char detail[1024];      /* one line: why; with the last ABI calls when it crashed or hung */
    uint64_t wall_ns;       /* fork to reaped */
    uint64_t start_ns;      /* exec to the first operation; 0 if it never came */
    uint64_t coordinator_ns; /* the coordinator's own time before the commit */
    uint64_t cpu_ns;        /* user + system, of the worker */
    uint64_t rss_peak_bytes;
};

/* "ok", "crashed", "timed-out", "out-of-memory", "refused", "invalid", "skipped". */
const char *stw_outcome_name(uint32_t kind);

#endif
