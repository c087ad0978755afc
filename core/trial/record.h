/* trial/record.h: what a worker tells the coordinator, in memory that both map.
 *
 * The coordinator creates the record (a memory file), passes its descriptor to the worker, and
 * reads it after the worker has ended, however it ended: everything here survives a crash.
 * Fixed-width fields only. One writer a field; `state` is written last in each step.
 *
 * Layout of the file: struct stw_record, struct stw_pause[pause_capacity], and as many struct
 * stw_cycle.
 *
 * RE1  a record is whole before a worker sees it: its sizes are those of this build, the settings
 *      end within it, and it tells of nothing yet. */
#ifndef STW_TRIAL_RECORD_H
#define STW_TRIAL_RECORD_H

#include "base/facts.h"
#include "base/histogram.h"
#include "gc/gc.h"
#include "gc/pause.h"
#include "gc/watch.h"
#include "plan/settings.h"
#include "prim/module.h"
#include "trial/bins.h"

#include <stwlab/manifest.h>
#include <stwlab/mutator.h>

#define STW_RECORD_MAGIC 0x3130524c57545353ull
#define STW_RECORD_PAUSES (1u << 20) /* sparse: only touched pages take memory */
#define STW_RECORD_MUTATORS 256u
#define STW_RECORD_COUNTERS 320u /* the lab's, and as many as a chain of plugins can declare */
#define STW_RECORD_NAME_BYTES 96u /* "watch.faults:" and a plugin's kind and id */
enum {
    STW_RECORD_WINDOWS = 0
#define WINDOW(...) + 1
#include "base/facts.def"
};
#define STW_RECORD_HICCUPS 8u
#define STW_RECORD_CLASS_BYTES 24u
#define STW_OP_TIMES (1u + 2u * STW_CLASSES_MAX)

/* How far the worker came. */
#define STW_RECORD_EMPTY 0u
#define STW_RECORD_STARTED 1u  /* main reached */
#define STW_RECORD_LOADED 2u   /* plugins loaded and created */
#define STW_RECORD_RUNNING 3u  /* first operation begun */
#define STW_RECORD_DONE 4u     /* all numbers are final */

/* What the worker says of itself; the coordinator adds what it saw from outside. */
#define STW_VERDICT_NONE 0u
#define STW_VERDICT_OK 1u
#define STW_VERDICT_REFUSED 2u
#define STW_VERDICT_OUT_OF_MEMORY 3u
#define STW_VERDICT_INVALID 4u

struct stw_record_counter {
    char name[STW_RECORD_NAME_BYTES]; /* "gc.cycles"; empty: unused */
    uint64_t value;
};

/* The machine woke an idle thread late. */
struct stw_hiccup {
    uint64_t at_ns;   /* when it should have woken, since main_ns */
    uint64_t late_ns; /* 0: unused */
};

struct stw_record_trace {
    uint64_t count; /* calls ever recorded */
    uint32_t calls[STW_TRACE_CALLS];
};

#define STW_CALLS_BYTES 192u

/* Where a thread was when the trial crashed, or its time was up. */
struct stw_record_where {
    uint32_t is_told; /* atomic; 1: but for `calls`, which may be cut off; 2: all of it */
    uint32_t mutator; /* its index + 1; 0: it was none */
    struct stw_code_place place;
    char site[STW_SITE_BYTES];
    char calls[STW_CALLS_BYTES]; /* "map/x.assign < workload/y.operate": the slots it was in */
    struct stw_gc_hold world;
};
#define STW_RECORD_WHERES 16u /* the main thread, and mutators from 0 on */

struct stw_record {
    uint64_t magic;
    uint64_t bytes;          /* of the whole file */
    uint64_t pause_capacity;
    uint32_t state;          /* atomic, STW_RECORD_* */
    uint32_t verdict;        /* STW_VERDICT_* */
    char message[512];       /* why, one line */
    char field[64];

    /* In: one "key\tvalue\n" a setting, terminated by a zero byte. */
    char settings[STW_SETTINGS_BYTES_MAX];

    /* Crash handler's. */
    int32_t crash_signal;
    uint32_t crash_at_limit; /* the process was at its memory limit when it crashed */
    uint64_t crash_address;
    uint64_t crash_stack_bytes; /* the thread that crashed had overflowed its stack: how large */
    uint32_t crash_mutator;     /* its index + 1; 0: it was none */
    uint32_t crash_used_freed;  /* a register held what swept cells are filled with */
    struct stw_record_where crash_where, wheres[STW_RECORD_WHERES];
    uint64_t rss_peak_bytes; /* as the worker saw it at its end, however it ended; 0: it did not */
    char plugin_names[16][64]; /* by ordinal: "strategy/pool"; "host" is 0 */
    struct stw_record_trace traces[STW_RECORD_MUTATORS];
    int32_t threads[STW_RECORD_MUTATORS]; /* of the mutators, as the system numbers them */
    uint32_t under_way[STW_UNDER_WAYS]; /* atomic; gc/watch.h */

    /* Out. Times in ns on the monotonic clock. */
    uint64_t main_ns;        /* main reached */
    uint64_t first_op_ns;    /* atomic; first operation begun, of all mutators; 0: none was */
    uint64_t last_op_ns;     /* last operation ended, of all mutators; 0: not known yet */
    uint64_t checksum;
    uint64_t is_expected;    /* each mutator's part is what the workload worked out without maps */
    uint64_t operations;
    uint64_t pause_count;    /* atomic; pauses stored */
    uint64_t pauses_lost;    /* did not fit */
    uint64_t cycle_count;    /* atomic; cycles stored */
    struct stw_record_counter counters[STW_RECORD_COUNTERS];
    /* The most that a mutator lost in any window of each length; UINT64_MAX: no such window. */
    uint64_t worst_ns[STW_RECORD_WINDOWS];
    uint64_t are_windows_known; /* 0: nothing was measured */
    struct stw_hiccup hiccups[STW_RECORD_HICCUPS]; /* longest first */
    /* What a peer's program used, without its worker; 0: there is none, the worker did the work. */
    uint64_t program_cpu_ns;
    uint64_t program_rss_peak_bytes;
    struct stw_histogram op_ns;
    struct stw_bins op_bins, stop_bins; /* of the same moments, since main_ns; count 0: none */
    /* Further times of operations, STW_OP_*; empty: no operation has such a time. */
    char op_classes[STW_CLASSES_MAX][STW_RECORD_CLASS_BYTES]; /* as the workload declares them */
    struct stw_histogram op_times_ns[STW_OP_TIMES];
};

/* Which of op_times_ns: from when operations were due; those of a class; both. */
#define STW_OP_INTENDED 0u
#define STW_OP_CLASS(number) (1u + 2u * (number))
#define STW_OP_CLASS_INTENDED(number) (2u + 2u * (number))

/* Exit status of a worker that had no memory to map its record, and so says nothing in it. */
#define STW_EXIT_NO_RECORD 4

/* Of the whole file. */
#define STW_RECORD_BYTES                                                                           \
    (sizeof(struct stw_record)                                                                     \
     + STW_RECORD_PAUSES * (sizeof(struct stw_pause) + sizeof(struct stw_cycle)))

/* Lengths of the windows of worst_ns, ascending: 100 us to 1 s. */
extern const uint64_t stw_record_windows_ns[STW_RECORD_WINDOWS];

/* A new record for a trial with these settings, mapped from a descriptor that a worker inherits.
 * Null with an error: STW_E_NOMEM, or STW_E_INVALID for settings that are too long. */
struct stw_record *stw_record_new(const char *settings, int *descriptor, struct stw_error *error);
/* RE1, of a new one. What a worker has had is not trusted: stw_record_problem tells of it. */
void stw__record_check(const struct stw_record *record);
/* Records a fact that the lab counts, once a trial. */
void stw_record_count(struct stw_record *record, enum stw_fact_id fact, uint64_t value);
/* Likewise one that is a plugin's or another runtime's. 0: there is no place left. */
int stw_record_count_as(struct stw_record *record, const char *name, uint64_t value);
/* Says what became of the trial; `field` may be null. 0: a verdict is there, and stays. Any
 * thread. */
int stw_record_judge(struct stw_record *record, uint32_t verdict, const char *field,
                     const char *message);
/* "op.intended", "op:read", "op.intended:read": the name of op_times_ns[at]. */
void stw_record_op_name(const struct stw_record *record, uint32_t at, char *name,
                        uint32_t name_bytes);

static inline struct stw_pause *stw_record_pauses(struct stw_record *record)
{
    return (struct stw_pause *)(record + 1);
}

/* Of a record that is only read, too. */
static inline struct stw_cycle *stw_record_cycles(const struct stw_record *record)
{
    const char *pauses = (const char *)(record + 1);
    return (struct stw_cycle *)(uintptr_t)(pauses + STW_RECORD_PAUSES * sizeof(struct stw_pause));
}

#endif
