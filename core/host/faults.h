/* host/faults.h: strategies that delay safepoints and slow allocations, or refuse one (faults.c);
 * private to core/host. */
#ifndef STW_HOST_FAULTS_H
#define STW_HOST_FAULTS_H

#include "host/load.h"

/* Those of the chain that have the slots safepoint or alloc_slow, the outermost first. They outlive
 * all calls. Main thread, before there are mutators. */
void stw__faults_set(const struct stw_loaded *strategies, uint32_t count);
void stw__faults_safepoint(struct stw_mutator *m);
/* Not 0: one of them refuses. All are asked. */
uint32_t stw__faults_alloc(struct stw_mutator *m, uint64_t bytes, const struct stw_type *type);

#endif
