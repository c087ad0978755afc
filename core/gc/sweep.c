/* gc/sweep.c: drives the allocator's sweeping.
 *
 * After a mark phase every span outside mutators' caches is unswept. Allocating mutators sweep what
 * they need, the background thread sweeps on idle processors, and the next cycle sweeps the rest
 * before it stops the world. The allocator owns the lists, the heap flips the bits.
 * Thread rules: a sweeper raises `active` before it looks at `pending`, and the finisher clears
 * `pending` before it waits for `active`: after that nobody sweeps. */
#include "gc/gc.h"

uint32_t stw_sweep_some(struct stw_gc *gc, uint32_t span_max)
{
    uint32_t swept = 0;
    __atomic_fetch_add(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&gc->sweep.pending, __ATOMIC_SEQ_CST))
        swept = gc->options.allocator->sweep(gc->options.allocator_self, span_max);
    __atomic_fetch_sub(&gc->sweep.active, 1, __ATOMIC_SEQ_CST);
    return swept;
}

void stw_sweep_finish(struct stw_gc *gc)
{
    while (stw_sweep_some(gc, UINT32_MAX))
        ;
    __atomic_store_n(&gc->sweep.pending, 0, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&gc->sweep.active, __ATOMIC_SEQ_CST) != 0)
        stw_spin_pause();
}
