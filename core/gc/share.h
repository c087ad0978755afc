/* gc/share.h: a mutator's part of marking (share.c). */
#ifndef STW_GC_SHARE_H
#define STW_GC_SHARE_H

#include <stdint.h>

struct stw_gc;
struct stw_mutator_record;

void stw__share_fraction(struct stw_mutator_record *m); /* of its time */
void stw__share_assist(struct stw_mutator_record *m);   /* pays the allocation debt */
void stw__share_step(struct stw_mutator_record *m);     /* stepped: one quantum */
/* Credits bytes that were scanned beside the application; wakes a debtor. */
void stw__share_credit(struct stw_gc *gc, int64_t work);
void stw__share_release(struct stw_gc *gc); /* marking has ended: nobody owes anything */

#endif
