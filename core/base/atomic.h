/* base/atomic.h: relaxed loads and sums, for what is counted and for what is only looked at. */
#ifndef STW_BASE_ATOMIC_H
#define STW_BASE_ATOMIC_H

#define STW_ADD(target, delta) __atomic_fetch_add(&(target), (delta), __ATOMIC_RELAXED)
#define STW_LOAD(source) __atomic_load_n(&(source), __ATOMIC_RELAXED)

#endif
