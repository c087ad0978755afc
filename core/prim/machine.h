/* prim/machine.h: what the machine does beside this process, from where the kernel publishes it.
 *
 * What it does not publish stays unknown; nothing fails. Paths are below a folder: "" is the
 * machine itself, any other a copy of its files of that name, for tests. One thread. */
#ifndef STW_PRIM_MACHINE_H
#define STW_PRIM_MACHINE_H

#include "base/text.h"

#include <stdint.h>

#define STW_MACHINE_UNKNOWN UINT64_MAX

/* All of them only grow. */
struct stw_machine_times {
    /* Of the processors that this process may run on. The system counts in ticks, of 10 ms as a
     * rule, and gives a tick to whom it finds there: over seconds that is right within 1 or 2 %. */
    uint64_t busy_ns;  /* working, for whomever */
    uint64_t steal_ns; /* having work, but the hypervisor let another machine run */
    /* Of the control group and those above it: kept waiting by a quota, all processors added up. */
    uint64_t throttled_ns;
    /* Processor time of this process and of all children that were waited for: exact. */
    uint64_t own_ns;
};

/* What happened between two readings. */
struct stw_machine_lap {
    uint64_t wall_ns;    /* 0: there was no reading */
    uint32_t processors; /* that this process may run on */
    struct stw_machine_times times;
};

struct stw_machine {
    char *root;
    char allowed[1024];      /* "0-1,4": processors that this process may run on; "": all */
    struct stw_text group;   /* of control groups: the folder of this process's; empty: none */
    size_t group_top;        /* where in it the topmost group's folder ends */
    int is_group_v1;
    uint64_t read_ns;        /* the last reading */
    struct stw_machine_times last;
};

/* Readings that are closer than this are not made: they would tell nothing but ticks. */
#define STW_LAP_NS_MIN 20000000u

/* Finds the files, and reads for the first time. */
void stw_machine_open(struct stw_machine *machine, const char *root);
void stw_machine_close(struct stw_machine *machine);
void stw_machine_read(const struct stw_machine *machine, struct stw_machine_times *times);
/* What happened since the last reading that was made. With two processors it takes some 50 us. */
void stw_machine_lap(struct stw_machine *machine, struct stw_machine_lap *lap);

/* The quota that leaves the least of a processor: "50000 100000", us of each period. 0: there is
 * none. */
int stw_machine_quota(const struct stw_machine *machine, char *text, size_t bytes);
/* Threads of the whole machine that run or wait for a processor, without the one that asks;
 * STW_MACHINE_UNKNOWN. */
uint64_t stw_machine_running(const struct stw_machine *machine);
/* Whether DAMON watches accesses to memory now, by which of its users: "admin", "reclaim",
 * "lru_sort"; null: none does. */
const char *stw_machine_watcher(const struct stw_machine *machine);
/* The governors of the processors, each once: "performance", "performance, powersave". */
void stw_machine_governors(const struct stw_machine *machine, struct stw_text *governors);

/* The least step of the monotonic clock, as the system tells, and how long a reading takes. */
uint64_t stw_clock_step_ns(void);
uint64_t stw_clock_reading_ns(void);

#endif
