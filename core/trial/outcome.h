/* trial/outcome.h: what became of a trial. */
#ifndef STW_TRIAL_OUTCOME_H
#define STW_TRIAL_OUTCOME_H

#include "prim/machine.h"
#include "prim/process.h"

#include <stdint.h>

#define STW_OUTCOME_OK 0u
#define STW_OUTCOME_CRASHED 1u       /* by a signal, or an exit nobody asked for */
#define STW_OUTCOME_TIMED_OUT 2u
#define STW_OUTCOME_OUT_OF_MEMORY 3u
#define STW_OUTCOME_REFUSED 4u       /* a plugin was not admitted, or its create failed */
#define STW_OUTCOME_INVALID 5u       /* audit or checksum */
#define STW_OUTCOME_FORBIDDEN 6u     /* a call that its sandbox forbids */
#define STW_OUTCOME_SKIPPED 7u       /* excluded */
#define STW_OUTCOMES 8u

/* What a trial's checksum counts for. */
#define STW_CHECKSUM_NONE 0u     /* nothing: the trial was not ok by itself */
#define STW_CHECKSUM_COMPARED 1u /* only other trials can tell whether it is right */
#define STW_CHECKSUM_EXPECTED 2u /* and its workload worked out the same without maps */

#define STW_USAGE_UNKNOWN UINT64_MAX

struct stw_outcome {
    uint32_t kind;
    uint32_t checksum;      /* STW_CHECKSUM_* */
    int32_t signal;         /* CRASHED by a signal: which */
    char detail[1024];      /* one line: why; with the last ABI calls unless it has its result */
    char note[192];         /* what is to be said beside the outcome, ok or not; may be empty */
    struct stw_printed printed; /* by the process: borrowed from it, set when it is stored */
    uint64_t wall_ns;       /* vfork to reaped */
    uint64_t start_ns;      /* exec to the first operation; 0 if it never came */
    uint64_t coordinator_ns; /* from the end of the process before to the vfork */
    uint64_t cpu_ns;        /* user + system, of the worker, or of the peer's program alone; or
                             * STW_USAGE_UNKNOWN */
    uint64_t rss_peak_bytes; /* likewise; 0: not known */
    struct stw_machine_lap lap; /* what the machine did meanwhile, and since the lap before */
};

/* "ok", "crashed", "timed-out", "out-of-memory", "refused", "invalid", "forbidden",
 * "skipped". */
const char *stw_outcome_name(uint32_t kind);

struct stw_record;

/* What is wrong with a record that a worker left, or null. A record with a problem gives no
 * numbers: whatever ran in the worker could write to it. */
const char *stw_record_problem(const struct stw_record *record);
/* Sets kind, checksum, signal, detail, cpu_ns and rss_peak_bytes from how the process ended and
 * what its record says. `record` is null when it cannot be read at all; `timed_out`: its time was
 * up. */
void stw_outcome_classify(const struct stw_process *process, const struct stw_process_end *end,
                          const struct stw_record *record, int timed_out,
                          struct stw_outcome *outcome);
/* Sets the detail; one that is too long is cut between letters. */
void stw_outcome_tell(struct stw_outcome *outcome, const char *text);
/* Adds to the note, whatever the kind. */
__attribute__((format(printf, 2, 3))) void stw_outcome_note(struct stw_outcome *outcome,
                                                            const char *format, ...);

#endif
