/* stwlab/slice.h: slices that grow as Go's: what append does when the capacity is used up.
 *
 * The rule is that of Go 1.18 and later (runtime/slice.go, growslice and nextslicecap): twice the
 * capacity, or what is needed if that is more; from 256 elements on a quarter and 192 elements more
 * at each step until it is enough. Then the bytes are rounded up to what the allocator would grant
 * anyway (msize.go, roundupsize), and the capacity is what fits. The old elements are copied; the
 * old array is garbage. Capacities are those of the loaded allocator: with allocator `go`, Go's. */
#ifndef STWLAB_SLICE_H
#define STWLAB_SLICE_H

#include "host.h"

#define STW_SLICE_DOUBLES_BELOW 256u /* elements */

/* The first word is a pointer; a type that holds a slice says so. All zero: empty. */
struct stw_slice {
    void *items;
    uint64_t length;   /* elements in use */
    uint64_t capacity; /* elements that there is room for */
};

/* The capacity that a full slice of `capacity` elements grows to when it shall hold `length`
 * (> capacity); of more than there are addresses for, as many as there are, which no allocation
 * gets. `scan`: elements have pointers. Allocates nothing. */
static inline uint64_t stw_slice_capacity(struct stw_mutator *m, uint64_t capacity, uint64_t length,
                                          uint64_t element_bytes, uint32_t scan)
{
    uint64_t grown = 2 * capacity, most = UINT64_MAX / element_bytes;
    if (length > grown)
        grown = length;
    else if (capacity >= STW_SLICE_DOUBLES_BELOW)
        for (grown = capacity; grown < length;)
            grown += (grown + 3 * STW_SLICE_DOUBLES_BELOW) / 4;
    if (grown > most)
        return most;
    return m->host->usable_bytes(m->host, m, grown * element_bytes, scan) / element_bytes;
}

/* Makes room for `length` elements if there is none; a safepoint. `slice` is on the stack or in a
 * managed cell that is alive. Elements have `type`, or `element_bytes` and no pointers if it is
 * null. Those from slice->length on are zero. */
static inline void stw_slice_reserve(struct stw_mutator *m, struct stw_slice *slice,
                                     uint64_t length, uint64_t element_bytes,
                                     const struct stw_type *type)
{
    if (length <= slice->capacity)
        return;
    uint64_t capacity = stw_slice_capacity(m, slice->capacity, length, element_bytes, type ? 1 : 0);
    void *items = stw_alloc(m, capacity * element_bytes, type);
    if (slice->length > 0)
        stw_copy(m, items, slice->items, slice->length * element_bytes, type);
    stw_store(m, &slice->items, items);
    slice->capacity = capacity;
}

#endif
