/* gc/background.h: the thread that sweeps, gives memory back and passes processors on
 * (background.c). */
#ifndef STW_GC_BACKGROUND_H
#define STW_GC_BACKGROUND_H

#include "gc/processors.h"

#include <stwlab/base.h>

struct stw_background {
    pthread_t thread;
    uint32_t running, stop;
    uint32_t wake;        /* futex */
    uint32_t is_ticking;  /* atomic: it looks every half millisecond */
    struct stw_turn turn;
    uint64_t stop_cpu_ns; /* atomic: its CPU time in stops that it made */
    uint64_t release_ns;  /* atomic: no free memory is given back before that */
    uint64_t released_ns; /* its own: time spent giving it back since then */
};

stw_status stw__background_start(struct stw_gc *gc);
void stw__background_stop(struct stw_gc *gc);
void stw__background_wake(struct stw_gc *gc);
/* A mark phase has begun or ended: wakes it unless what there is to do can wait for its tick. */
void stw__background_tell(struct stw_gc *gc);

#endif
