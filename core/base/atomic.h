/* base/atomic.h: relaxed loads and sums, for what is counted and for what is only looked at. */
#ifndef STW_BASE_ATOMIC_H
#define STW_BASE_ATOMIC_H

#include <stdint.h>

#define STW_ADD(target, delta) __atomic_fetch_add(&(target), (delta), __ATOMIC_RELAXED)
#define STW_LOAD(source) __atomic_load_n(&(source), __ATOMIC_RELAXED)

/* Raises a maximum. */
static inline void stw_raise(uint64_t *most, uint64_t value)
{
    uint64_t seen = STW_LOAD(*most);
    while (value > seen
           && !__atomic_compare_exchange_n(most, &seen, value, 1, __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED))
        ;
}

#endif
