/* gc/sweep.c: drives the allocator's sweeping.
 *
 * After a mark phase every span outside mutators' caches is unswept. Allocating mutators sweep what
 * they need, the background thread sweeps on idle processors, and the next cycle sweeps the rest
 * before it stops the world. The allocator owns the lists, the heap flips the bits. */
#include "gc/gc.h"

uint32_t stw_sweep_some(struct stw_gc *gc, uint32_t span_max)
{
    if (!__atomic_load_n(&gc->sweep.pending, __ATOMIC_ACQUIRE))
        return 0;
    __atomic_fetch_add(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
    uint32_t swept = gc->options.allocator->sweep(gc->options.allocator_self, span_max);
    STW_ADD(gc->totals.spans_swept, swept);
    __atomic_fetch_sub(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
    return swept;
}

void stw_sweep_all(struct stw_gc *gc)
{
    while (stw_sweep_some(gc, UINT32_MAX))
        ;
}
