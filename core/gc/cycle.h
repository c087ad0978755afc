/* gc/cycle.h: beginning and ending cycles (cycle.c). */
#ifndef STW_GC_CYCLE_H
#define STW_GC_CYCLE_H

#include <stdint.h>

struct stw_gc;
struct stw_mutator_record;

void stw__cycle_maybe_start(struct stw_mutator_record *m); /* if the trigger is reached */
/* When the background thread is to begin a cycle because none has ended for gc.period: in so long,
 * 0: now, UINT64_MAX: not before something changes. Go: gcTriggerTime; not before the first cycle
 * has ended, nor with GOGC off. */
uint64_t stw__cycle_time_left_ns(const struct stw_gc *gc);
/* Begins it, if it is still due. For the background thread alone, with a processor. */
void stw__cycle_begin_timed(struct stw_gc *gc);
void stw__cycle_wait_for_mark(struct stw_mutator_record *m); /* if a mark phase is under way */
/* Called when a marker found nothing to do; may end the mark phase. */
int stw__cycle_can_finish(struct stw_gc *gc); /* it would try, at this moment */
int stw__cycle_try_finish(struct stw_gc *gc, struct stw_mutator_record *self); /* 1: it tried */
void stw__cycle_flush_done(struct stw_gc *gc, struct stw_mutator_record *self);

#endif
