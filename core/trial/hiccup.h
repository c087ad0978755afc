/* trial/hiccup.h: an idle thread that measures how late the machine wakes it.
 *
 * What it sees, no runtime has caused: another process, the hypervisor, a slow wake. It sleeps
 * STW_HICCUP_NS and notes by how much more than its shortest sleep each took; a hiccup that covers
 * several sleeps counts as all of them (jHiccup's method).
 * Thread rules: start and end by one thread, open and close by any; results after end. */
#ifndef STW_TRIAL_HICCUP_H
#define STW_TRIAL_HICCUP_H

#include "base/histogram.h"
#include "trial/record.h"

#include <stwlab/base.h>

#include <pthread.h>

#define STW_HICCUP_NS 2000000u /* 500 wakes a second: about 0.2 % of a processor */

struct stw_hiccup_meter {
    pthread_t thread;
    uint32_t is_started;
    uint32_t state; /* futex */
    uint64_t opened_ns; /* 0: it was not; published with the state */
    struct stw_histogram late_ns;
    struct stw_hiccup longest[STW_RECORD_HICCUPS]; /* longest first */
};

/* The thread exists from start on and measures between open and close. */
stw_status stw_hiccup_start(struct stw_hiccup_meter *meter);
void stw_hiccup_open(struct stw_hiccup_meter *meter);
void stw_hiccup_close(struct stw_hiccup_meter *meter);
void stw_hiccup_end(struct stw_hiccup_meter *meter);

#endif
