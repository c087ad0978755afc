/* plan/minheap.h: searches the least heap limit in which a cell completes.
 *
 * Limits are steps of an eighth of a power of two (9 %) from 64 KiB on, so that cells that need
 * about the same are tried at the same ones. */
#ifndef STW_PLAN_MINHEAP_H
#define STW_PLAN_MINHEAP_H

#include <stdint.h>

/* Begin with stw_minheap_begin. */
struct stw_minheap {
    int32_t fails, keeps; /* steps: the most that is known to fail, the least that is known to do */
    uint64_t peak_bytes;  /* without a limit */
    uint32_t probes;
};

/* `peak_bytes`: what the cell takes without a limit. */
void stw_minheap_begin(struct stw_minheap *search, uint64_t peak_bytes);
/* The limit to be tried next; 0: it is found. */
uint64_t stw_minheap_next(const struct stw_minheap *search);
/* What became of that one. */
void stw_minheap_note(struct stw_minheap *search, int is_kept);
/* The least limit that is kept, as far as it is known. */
uint64_t stw_minheap_least(const struct stw_minheap *search);

#endif
