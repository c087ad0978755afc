/* gc/ends.h: hooks that are called when a cycle has ended (ends.c). */
#ifndef STW_GC_ENDS_H
#define STW_GC_ENDS_H

#include "gc/gc.h"

#include <pthread.h>

struct stw_ends {
    struct stw_end_hook hooks[STW_CYCLE_HOOKS];
    uint32_t hook_count;
    uint32_t told;        /* atomic: cycles_done as of the last call of the hooks */
    pthread_mutex_t lock; /* held while they are called; nobody waits for it */
};

struct stw_mutator_record;

/* By a mutator that has allocated or collected, when it may poll. */
void stw__ends_tell(struct stw_mutator_record *m);

#endif
