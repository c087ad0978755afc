/* gc/grants.h: asks the allocator for runs and large cells, and checks what it grants
 * (grants.c). */
#ifndef STW_GC_GRANTS_H
#define STW_GC_GRANTS_H

#include <stwlab/plugin.h>

struct stw_mutator_record;

/* The next run that serves `fit`; the run before is retired. Does not return without one. */
void stw__grant_ask(struct stw_mutator_record *m, const struct stw_fit *fit,
                    struct stw_grant *grant);
/* A span of one cell, likewise. */
struct stw_span *stw__grant_ask_large(struct stw_mutator_record *m, uint64_t bytes, uint32_t scan);

#endif
