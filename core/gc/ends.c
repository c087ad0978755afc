/* gc/ends.c: hooks that are called when a cycle has ended.
 *
 * Whoever ends a mark phase may be any thread, in a handshake or in a drain: no place for a plugin
 * that sets GOGC, which waits for locks. So a mutator calls the hooks when it next leaves a slow
 * allocation or a collection: with schedule `stepped` always the same one.
 * EN1  hooks are called by one mutator at a time, after a mark phase has ended, and once for all
 *      that have ended since the last call. */
#include "gc/ends.h"

#include "gc/collector.h"

stw_status stw_gc_end_hook_add(struct stw_gc *gc, const struct stw_end_hook *hook)
{
    if (gc->ends.hook_count == STW_CYCLE_HOOKS)
        return STW_E_NOMEM;
    gc->ends.hooks[gc->ends.hook_count++] = *hook;
    return STW_OK;
}

void stw__ends_tell(struct stw_mutator_record *m)
{
    struct stw_gc *gc = m->gc;
    struct stw_ends *ends = &gc->ends;
    uint32_t done = STW_LOAD(gc->cycles_done);
    if (ends->hook_count == 0 || done == STW_LOAD(ends->told)
        || pthread_mutex_trylock(&ends->lock) != 0)
        return;
    if (done != STW_LOAD(ends->told)) {
        __atomic_store_n(&ends->told, done, __ATOMIC_RELAXED);
        for (uint32_t i = 0; i < ends->hook_count; i++) {
            stw_trace(&m->mutator, ends->hooks[i].plugin, STW_CALL_CYCLE_END_HOOK);
            ends->hooks[i].run(ends->hooks[i].context, &m->mutator);
        }
    }
    pthread_mutex_unlock(&ends->lock);
}
