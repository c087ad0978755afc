/* tests/support/gc_rig.h: a real runtime in the test's own process: heap, collector, allocator:
 * `go`, unless the caller names another one's entry in gc_rig_entry.
 *
 * One a process. The caller changes `gc_rig_options` before gc_rig_start and becomes mutator 0 by
 * gc_rig_attach; more mutators attach from their own threads. */
#ifndef STW_TESTS_GC_RIG_H
#define STW_TESTS_GC_RIG_H

#include "host/runtime.h"

#define GC_RIG_PAUSES (1u << 18)

/* Audits are on; mode concurrent, GOGC 100, two processors. */
extern struct stw_runtime_options gc_rig_options;
extern uint64_t gc_rig_pause_count;

/* Of the allocator, linked statically. */
extern stw_plugin_entry gc_rig_entry;
/* Changes the allocator's slots before it is created: tests put others in their place. May be
 * null. */
extern void (*gc_rig_change)(struct stw_allocator_ops *ops);

void gc_rig_start(void);
struct stw_mutator *gc_rig_attach(uint32_t index);
const struct stw_pause *gc_rig_pause(uint64_t index);

#endif
