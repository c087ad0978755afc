/* gc/audit.h: traces the heap on its own and compares (audit.c). */
#ifndef STW_GC_AUDIT_H
#define STW_GC_AUDIT_H

#include <stwlab/base.h>

struct stw_gc;
struct stw_mutator_record;

/* World stopped by `self` (null: a collector thread), runs retired, nothing grey. */
stw_status stw__gc_audit(struct stw_gc *gc, struct stw_mutator_record *self,
                         struct stw_error *error);
/* Checks that all is swept (gc.U3, gc.U5), and pages (gc.U6). World stopped, sweeping finished. */
stw_status stw__gc_audit_swept(struct stw_gc *gc, struct stw_error *error);

#endif
