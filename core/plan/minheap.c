/* plan/minheap.c: halves the steps between a limit that fails and one that is kept.
 *
 * MH1  a limit that is kept is above one that is not, by one step when the search ends: so the
 *      answer is at most 9 % too large, if the cell does alike each time. What it takes without a
 *      limit is kept; less than the first step is not. */
#include "plan/minheap.h"

#define STEPS 8 /* to a power of two */
#define KIB 1024u
#define STEP_MAX (30 * STEPS) /* 64 TiB */

static uint64_t bytes_of(int32_t step)
{
    /* 64 times 2^(1/8), 2^(2/8) and so on, rounded up. */
    static const uint64_t first_kib[STEPS] = {64, 70, 77, 83, 91, 99, 108, 118};
    return (first_kib[step % STEPS] << (step / STEPS)) * KIB;
}

void stw_minheap_begin(struct stw_minheap *search, uint64_t peak_bytes)
{
    *search = (struct stw_minheap){.fails = -1, .peak_bytes = peak_bytes};
    while (bytes_of(search->keeps) < peak_bytes && search->keeps < STEP_MAX)
        search->keeps++;
}

static int32_t middle(const struct stw_minheap *search)
{
    return search->fails + (search->keeps - search->fails) / 2;
}

uint64_t stw_minheap_next(const struct stw_minheap *search)
{
    return search->keeps - search->fails > 1 ? bytes_of(middle(search)) : 0;
}

void stw_minheap_note(struct stw_minheap *search, int is_kept)
{
    *(is_kept ? &search->keeps : &search->fails) = middle(search);
    search->probes++;
}

uint64_t stw_minheap_least(const struct stw_minheap *search)
{
    return bytes_of(search->keeps);
}
