/* trial/whereabouts.h: where the threads of a trial are when it crashes or its time is up. */
#ifndef STW_TRIAL_WHEREABOUTS_H
#define STW_TRIAL_WHEREABOUTS_H

#include "base/text.h"
#include "trial/record.h"

struct stw_process;

/* In the worker, once its crash handler is there: what is told goes into the record. */
void stw_whereabouts_install(struct stw_record *record);
/* Asks a worker that is to be killed, and waits for the answers, briefly. */
void stw_whereabouts_ask(const struct stw_process *process, const struct stw_record *record);
/* Appends " in x.so+0x1139 (assign), at site "merge" of mutator 1", for the thread that crashed,
 * and what the world did. Nothing where nothing was told. Trusts no record. */
void stw_whereabouts_of_crash(const struct stw_record *record, struct stw_text *text);
/* Appends "; a stop has waited for mutator 0 for 2900 ms; mutator 0 was in ...". */
void stw_whereabouts_of_late(const struct stw_record *record, struct stw_text *text);

#endif
