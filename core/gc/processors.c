/* gc/processors.c: as many mutators and collector threads run as there are processors (G4).
 *
 * Go's P, reduced to what stops need: a thread that runs managed code, or marks in the background,
 * holds one of `total` processors. With more threads than processors the system would take a
 * mutator off its core at any instruction, and a stop would wait for its next time slice.
 * First come, first served. */
#include "gc/gc.h"

/* The caller is off managed code: running mutators never wait here. */
void stw_processor_enter(struct stw_mutator_record *m)
{
    struct stw_processors *p = &m->gc->processors;
    pthread_mutex_lock(&p->lock);
    int granted = p->free > 0 && !p->first;
    if (granted) {
        p->free--;
    } else {
        __atomic_store_n(&m->turn, 0, __ATOMIC_RELAXED);
        m->turn_next = NULL;
        if (p->last)
            p->last->turn_next = m;
        else
            p->first = m;
        p->last = m;
        __atomic_store_n(&p->waiting, p->waiting + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&p->lock);
    if (!granted) {
        stw_worker_wake(m->gc);
        while (!__atomic_load_n(&m->turn, __ATOMIC_ACQUIRE))
            stw_futex_wait(&m->turn, 0, 0);
    }
    __atomic_store_n(&m->turn_start_ns, stw_clock_ns(), __ATOMIC_RELAXED);
}

void stw_processor_leave(struct stw_gc *gc)
{
    struct stw_processors *p = &gc->processors;
    pthread_mutex_lock(&p->lock);
    struct stw_mutator_record *heir = p->first;
    if (heir) {
        p->first = heir->turn_next;
        if (!p->first)
            p->last = NULL;
        __atomic_store_n(&p->waiting, p->waiting - 1, __ATOMIC_RELEASE);
        __atomic_store_n(&heir->turn, 1, __ATOMIC_RELEASE);
    } else {
        p->free++;
    }
    pthread_mutex_unlock(&p->lock);
    if (heir)
        stw_futex_wake(&heir->turn, 1);
}

int stw_processor_try_enter(struct stw_gc *gc)
{
    struct stw_processors *p = &gc->processors;
    pthread_mutex_lock(&p->lock);
    int granted = p->free > 0 && !p->first;
    if (granted)
        p->free--;
    pthread_mutex_unlock(&p->lock);
    return granted;
}

void stw_processor_yield(struct stw_mutator_record *m)
{
    if (!__atomic_load_n(&m->gc->processors.waiting, __ATOMIC_ACQUIRE))
        return;
    stw_block_begin(&m->mutator);
    stw_block_end(&m->mutator);
}
