/* base/array.h: arrays that grow by one element.
 *
 * A1  an array of n elements has room for the next power of two from n on.
 *
 * So only an element behind a power of two of them, or behind none, needs memory, and no capacity
 * is kept beside the count. Elements may leave at the end. Who allocates or cuts such an array by
 * other means breaks A1. */
#ifndef STW_BASE_ARRAY_H
#define STW_BASE_ARRAY_H

#include <stddef.h>

/* Makes room for one element of `bytes` behind the `count` that there are; returns the array. As
 * stw_grow does, it aborts when memory runs out, and at 2^31 elements: indices have 32 bits. */
void *stw_array_room(void *items, size_t count, size_t bytes);

/* Counts one element more; its address, for a value to be stored there, which must not read `items`
 * or `count`. Both are evaluated more than once. */
#define STW_APPEND(items, count)                                                                   \
    ((items) = stw_array_room((items), (count), sizeof *(items)), &(items)[(count)++])

#endif
