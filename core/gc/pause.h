/* gc/pause.h: the record of one stop of the world, and of one cycle.
 *
 * Records live in memory that the lab provides (shared with the coordinator, so that they survive a
 * crash). The stopper fills a record; the last mutator to resume writes restarting_ns, and then the
 * record is complete. Nothing allocates or locks to measure a stop. */
#ifndef STW_GC_PAUSE_H
#define STW_GC_PAUSE_H

#include <stdint.h>

/* Why the world stopped. */
#define STW_PAUSE_SWEEP_TERMINATION 0u /* concurrent: barrier on */
#define STW_PAUSE_MARK_TERMINATION 1u  /* concurrent: barrier off */
#define STW_PAUSE_FULL 2u              /* stw: mark and sweep in one stop */
#define STW_PAUSE_OTHER 3u             /* settings changed, audits asked for */
#define STW_PAUSE_PEER 4u              /* another runtime's: which of its stops is unknown */

/* Named steps inside a stop; what each does is in docs/design/collector.md. */
#define STW_STEP_FINISH_SWEEP 0u
#define STW_STEP_HOOKS 1u        /* pools are emptied */
#define STW_STEP_RETIRE_RUNS 2u  /* allocation bits made exact, current runs blackened */
#define STW_STEP_PACER 3u
#define STW_STEP_BARRIER_FLUSH 4u
#define STW_STEP_ROOTS 5u        /* stw mode: roots and stacks */
#define STW_STEP_MARK 6u         /* stw mode: drain */
#define STW_STEP_SWEEP 7u        /* stw mode: sweep */
#define STW_STEP_PHASE 8u        /* phase switch: barrier flags, generations, list roles */
#define STW_STEP_AUDIT 9u        /* only with audits on */
#define STW_STEPS 10u
/* "finish-sweep", "hooks", ...; never null. */
const char *stw_step_name(uint32_t step);
const char *stw_pause_kind_name(uint32_t kind);

#define STW_NO_MUTATOR UINT32_MAX
#define STW_FAULTS_UNKNOWN UINT32_MAX
#define STW_CPU_UNKNOWN UINT64_MAX
/* What another runtime does not tell of a stop. */
#define STW_UNTOLD_PARTS 1u   /* stopping and working: all of it is in working_ns */
#define STW_UNTOLD_RESTART 2u /* restarting: it is in working_ns */
#define STW_UNTOLD_ALL 3u
#define STW_SITE_BYTES 32u

struct stw_pause {
    uint64_t cycle;         /* from 1 */
    uint32_t kind;          /* STW_PAUSE_* */
    uint32_t last_mutator;  /* the last to stop, or STW_NO_MUTATOR */
    uint64_t start_ns;      /* of the request, since the trial's start */
    uint64_t stopping_ns;   /* request -> all stopped */
    uint64_t working_ns;    /* all stopped -> release */
    uint64_t restarting_ns; /* release -> the last mutator runs again */
    uint64_t step_ns[STW_STEPS];
    uint64_t scan_bytes;    /* the rest: work done inside this stop */
    uint64_t mark_objects;
    uint64_t root_words;
    uint64_t barrier_words; /* those of mutators on their way to it, too */
    uint64_t spans_swept;
    uint64_t stopper_cpu_ns; /* CPU time of the thread that stopped the world, from just before the
                              * request until it has released all; or STW_CPU_UNKNOWN */
    uint64_t late_cpu_ns; /* CPU time of last_mutator, from when the stop went to sleep for it
                           * (STW_LIMIT_SPINS after the request) until it had stopped: what of
                           * stopping_ns it was at work, and not waiting for a processor. Or
                           * STW_CPU_UNKNOWN: nobody was that late */
    uint32_t mutators;      /* that had to be stopped */
    uint32_t complete;      /* atomic; 1: all fields are final */
    uint32_t page_faults;   /* of the stopping thread, or STW_FAULTS_UNKNOWN */
    uint32_t last_call;     /* strategy_call of last_mutator, if the stop slept for it */
    uint32_t told_phase;    /* of a peer's: STW_TRIAL_* (trial/phase.h); else its times tell */
    uint32_t untold;        /* of a peer's: STW_UNTOLD_* */
    uint32_t is_forced;     /* of a cycle that a mutator asked for; of a peer's not known */
    char last_site[STW_SITE_BYTES]; /* where last_mutator was; may be empty */
};

/* A cycle as the pacer saw it. Written when its marking ends, while the world is stopped. Another
 * runtime may not tell all of it: STW_BYTES_UNKNOWN. */
struct stw_cycle {
    uint64_t triggered_bytes; /* the live heap when it began */
    uint64_t goal_bytes;      /* that it had when it ended; none: STW_BYTES_UNKNOWN */
    uint64_t live_bytes;      /* the live heap when marking ended, before the dead were taken off */
    uint64_t marked_bytes;    /* what was found alive */
};

#define STW_BYTES_UNKNOWN UINT64_MAX

#endif
