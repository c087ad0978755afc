/* gc/deaths.c: notices of the death of cells, for plugins with memory that is not the heap's.
 *
 * A notice hangs at the record of its cell's span, as Go's specials do (mspan.specials): so cells,
 * types and fast paths know nothing of it, and the sweep of a span without notices looks at one
 * word. A sweep may run in a stop, where nobody may call `free`. So it only finds the dead; a
 * mutator tells when it next leaves a slow allocation or a collection: with schedule `stepped`
 * always the same one.
 * DE1  a notice is told once: after a sweep has found its cell dead, or at the trial's end.
 * Threads: lists change under `lock`. A list that is read empty without it has no dead cell: who
 * asks for a notice holds the cell, so the last mark phase has marked it, or it is younger. */
#include "gc/deaths.h"

#include "base/breach.h"
#include "gc/collector.h"

#include <stdlib.h>

struct stw_death {
    struct stw_death *next;
    stw_death_notice notice;
    void *context;
    uint32_t cell, plugin;
};

stw_status stw_gc_death_notice_add(struct stw_gc *gc, const void *cell, stw_death_notice notice,
                                   void *context, uint32_t plugin)
{
    struct stw_span_record *record = stw_heap_span_at(&gc->heap, (uintptr_t)cell);
    if (!record)
        STW_BREACH("H9", STW_BREACH_CALLER, "asked for a notice of the death of what is no cell");
    struct stw_death *death = malloc(sizeof *death);
    if (!death)
        return STW_E_NOMEM;
    /* Of layout MIXED the granule where it begins, whose bits are the cell's. */
    uint64_t index = ((uintptr_t)cell - record->span.base) / record->span.cell_bytes;
    *death = (struct stw_death){NULL, notice, context, (uint32_t)index, plugin};
    pthread_mutex_lock(&gc->deaths.lock);
    death->next = record->deaths;
    __atomic_store_n(&record->deaths, death, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&gc->deaths.lock);
    return STW_OK;
}

void stw__deaths_find(struct stw_gc *gc, struct stw_span_record *record)
{
    struct stw_death *kept = NULL, *next;
    if (STW_LIKELY(!STW_LOAD(record->deaths)))
        return;
    pthread_mutex_lock(&gc->deaths.lock);
    for (struct stw_death *death = record->deaths; death; death = next) {
        next = death->next;
        if (stw_cell_is_marked(&(struct stw_heap_cell){record, 0, death->cell})) {
            death->next = kept;
            kept = death;
        } else {
            death->next = gc->deaths.dead;
            __atomic_store_n(&gc->deaths.dead, death, __ATOMIC_RELAXED);
        }
    }
    __atomic_store_n(&record->deaths, kept, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&gc->deaths.lock);
}

/* Takes a list, and tells it. `m` may be null: no mutator runs. */
static void tell(struct stw_gc *gc, struct stw_mutator *m, struct stw_death **list)
{
    pthread_mutex_lock(&gc->deaths.lock);
    struct stw_death *death = *list, *next;
    __atomic_store_n(list, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&gc->deaths.lock);
    for (; death; death = next) {
        next = death->next;
        if (m)
            stw_trace(m, death->plugin, STW_CALL_DEATH_NOTICE);
        death->notice(death->context);
        free(death);
    }
}

void stw__deaths_tell(struct stw_mutator_record *m)
{
    if (STW_UNLIKELY(STW_LOAD(m->gc->deaths.dead) != NULL))
        tell(m->gc, &m->mutator, &m->gc->deaths.dead);
}

void stw_gc_deaths_tell_all(struct stw_gc *gc)
{
    tell(gc, NULL, &gc->deaths.dead);
    for (struct stw_span_record *r = gc->heap.all; r; r = r->all_next)
        tell(gc, NULL, &r->deaths);
}
