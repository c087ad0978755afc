/* gc/scan.h: reads the pointers of grey cells and spans (scan.c). */
#ifndef STW_GC_SCAN_H
#define STW_GC_SCAN_H

#include "gc/collector.h"

/* Of a grey cell, of any layout but BITMAP; or of all that are grey of a span of that layout: fewer
 * if the limit's owner is wanted elsewhere. Returns how many. */
void stw__scan_cell(struct stw_marker *marker, uintptr_t address);
uint32_t stw__scan_span(struct stw_marker *marker, struct stw_span_record *record,
                        const struct stw_drain_limit *limit);

static inline int stw__mark_must_leave(const struct stw_drain_limit *limit)
{
    if (limit->mutator)
        return (__atomic_load_n(&limit->mutator->mutator.poll, __ATOMIC_RELAXED)
                & (STW_POLL_STOP | STW_POLL_YIELD)) != 0;
    if (limit->worker)
        return __atomic_load_n(&limit->worker->world.stopping, __ATOMIC_RELAXED) != 0
               || (limit->idle && STW_LOAD(limit->worker->processors.waiting) != 0);
    return 0;
}

#endif
