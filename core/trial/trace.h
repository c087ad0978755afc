/* trial/trace.h: reads the flight recorder of a worker that has ended. */
#ifndef STW_TRIAL_TRACE_H
#define STW_TRIAL_TRACE_H

#include "base/text.h"
#include "trial/record.h"

/* "merge", "refill", ... for STW_CALL_*; "?" for a number that is none. */
const char *stw_call_name(uint32_t call);
/* Appends the newest calls of every mutator that made any, newest first:
 * "allocator/go.refill x 4 < workload/map-merge.operate; mutator 1: ...". Trusts no record. */
void stw_trace_describe(const struct stw_record *record, struct stw_text *text);
/* Appends "workload/x", whose code a thread ran last: by the newest call of its mutator, or of the
 * first for a thread that is none. Nothing when there is no call. */
void stw_trace_plugin(const struct stw_record *record, int32_t thread, struct stw_text *text);

/* Appends "strategy/x.need_map" for a call that a strategy got; nothing for others. */
void stw_trace_strategy(const struct stw_record *record, uint32_t call, struct stw_text *text);

#endif
