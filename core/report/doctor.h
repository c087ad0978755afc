/* report/doctor.h: whether this machine can carry a measurement now, and what to do about it.
 *
 * First it is looked at, for some seconds; then what was seen is judged, by the same limits as what
 * is stored of a run (report/noise.h). */
#ifndef STW_REPORT_DOCTOR_H
#define STW_REPORT_DOCTOR_H

#include "base/text.h"
#include "prim/machine.h"
#include "report/cells.h"

#include <stdio.h>

/* What was seen. */
struct stw_examination {
    struct stw_pairs environment; /* as a start of a run would store it */
    uint32_t seconds;
    struct stw_machine_lap lap;   /* while the doctor itself did nothing */
    uint64_t wakes, late_wakes;   /* of an idle thread; by more than 1 ms */
    uint64_t late_ns_p99, late_ns_max;
    uint64_t clock_step_ns, clock_reading_ns;
    int can_pin;     /* a thread may choose its processor */
    int knows_delay; /* the system tells how long a thread waited for one */
};

#define STW_HEALTH_OK 0u
#define STW_HEALTH_NOTE 1u /* good to know */
#define STW_HEALTH_BAD 2u  /* times that are measured now are not to be read */

struct stw_check_up {
    const char *about; /* "governor" */
    uint32_t health;
    char *words;
    const char *advice; /* null: nothing to be done */
};

/* Zero-initialise. */
struct stw_diagnosis {
    struct stw_check_up *items;
    uint32_t count;
};

/* Takes `seconds`. STW_E_NOMEM: the thread that is to be idle did not start. */
stw_status stw_doctor_examine(uint32_t seconds, struct stw_examination *seen,
                              struct stw_error *error);
void stw_doctor_judge(const struct stw_examination *seen, struct stw_diagnosis *diagnosis);
/* No check is bad. */
int stw_doctor_is_fit(const struct stw_diagnosis *diagnosis);
void stw_doctor_text(const struct stw_diagnosis *diagnosis, struct stw_text *out);
/* {"fit", "checks": [{"about", "health", "words", "advice"}]} */
void stw_doctor_json(const struct stw_diagnosis *diagnosis, FILE *file);
void stw_examination_free(struct stw_examination *seen);
void stw_diagnosis_free(struct stw_diagnosis *diagnosis);

#endif
