/* gc/barrier.c: the slow half of the hybrid write barrier.
 *
 * The fast half (stwlab/mutator.h) records the overwritten and the new pointer of every store while
 * marking. Here the buffer's words are marked. Shading the old value keeps the snapshot of window 1
 * reachable (Yuasa); shading the new one covers stores into cells that are black already when the
 * storing mutator's stack was not scanned yet (Dijkstra). Go 1.8 and later do both, always. Before,
 * and in mode rescan, only the new one, every second word, is shaded.
 * Thread rules: a mutator's own thread, or a thread that holds it, or the world stopped. */
#include "gc/barrier.h"

#include "gc/collector.h"

void stw__barrier_reset(struct stw_mutator_record *m)
{
    m->mutator.barrier_next = m->mutator.barrier_buffer;
    m->mutator.barrier_end = m->mutator.barrier_buffer + STW_LIMIT_BARRIER_WORDS;
}

void stw_barrier_flush(struct stw_mutator *mutator)
{
    struct stw_mutator_record *m = stw__record_of(mutator);
    uint64_t words = stw__barrier_words(mutator);
    if (words == 0)
        return;
    STW_EDGE("barrier.flush");
    uint64_t step = m->gc->options.mode == STW_MODE_RESCAN ? 2 : 1;
    stw__marker_begin(&m->marker, m->gc);
    for (uint64_t i = step - 1; i < words; i += step)
        stw__mark_precise(&m->marker, (uintptr_t)mutator->barrier_buffer[i]);
    if (m->marker.mark_objects > 0)
        __atomic_store_n(&m->gc->mark.flush_found, 1, __ATOMIC_SEQ_CST);
    stw__marker_end(&m->marker);
    stw__barrier_reset(m);
    m->barrier_words += words;
    m->barrier_flushes++;
}

void stw_barrier_copy(struct stw_mutator *mutator, void *to, const void *from, uint64_t bytes,
                      const struct stw_type *type)
{
    uint64_t element_words = type->element_bytes / 8;
    uint64_t *target = to;
    const uint64_t *source = from;
    for (uint64_t i = 0; i < bytes / 8; i++) {
        uint64_t word = i % element_words;
        uint64_t value = source ? STW_LOAD(source[i]) : 0;
        if (word * 8 < type->pointer_bytes && type->pointer_mask[word / 64] >> (word % 64) & 1)
            stw_store(mutator, &target[i], (void *)(uintptr_t)value);
        else
            target[i] = value;
    }
}
