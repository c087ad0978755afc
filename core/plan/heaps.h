/* plan/heaps.h: heap limits in multiples of the least in which a cell completes. */
#ifndef STW_PLAN_HEAPS_H
#define STW_PLAN_HEAPS_H

#include "plan/experiment.h"

#define STW_HEAP "heap"         /* the key of multiples */
#define STW_HEAP_OFF "off"
#define STW_HEAP_LIMIT "gc.limit" /* what they become */

/* Parses a value of `heap`: "off" (0) or "1.3x". STW_E_INVALID. */
stw_status stw_heap_parse(const char *text, double *multiple, struct stw_error *error);
/* Whether some cell has a multiple for its limit. */
int stw_heap_is_used(const struct stw_experiment *experiment);
/* The limit of a cell that has a multiple; 0: it has none, or its least heap is not known.
 * `hash`: of the cell without a limit. */
uint64_t stw_heap_limit(const struct stw_experiment *experiment, const struct stw_cell *cell,
                        const char *hash);
/* Whether the cell has a multiple. */
int stw_heap_has(const struct stw_experiment *experiment, const struct stw_cell *cell);
/* "5MiB" */
void stw_heap_format(uint64_t bytes, char *text, uint32_t text_bytes);

#endif
