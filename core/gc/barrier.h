/* gc/barrier.h: the buffer of the write barrier (barrier.c). */
#ifndef STW_GC_BARRIER_H
#define STW_GC_BARRIER_H

#include <stwlab/mutator.h>

struct stw_mutator_record;

static inline uint64_t stw__barrier_words(const struct stw_mutator *m)
{
    return (uint64_t)(m->barrier_next - m->barrier_buffer);
}
void stw__barrier_reset(struct stw_mutator_record *m);

#endif
