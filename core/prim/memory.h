/* prim/memory.h: address space and pages. Sizes and addresses are multiples of 4096 bytes. */
#ifndef STW_PRIM_MEMORY_H
#define STW_PRIM_MEMORY_H

#include <stwlab/base.h>

#include <stddef.h>
#include <stdint.h>

#define STW_SMALL_PAGE_BYTES 4096u

/* Reserves address space that cannot be touched yet, at `hint` if that is free and the build allows
 * it (sanitizers claim part of the space), else anywhere; aligned to `align`. 0 on failure. */
uintptr_t stw_memory_reserve(uintptr_t hint, size_t bytes, size_t align);
/* Makes reserved pages readable and writable; they read as zero. STW_E_NOMEM. */
stw_status stw_memory_commit(uintptr_t base, size_t bytes);
/* Gives the pages' memory back; they stay committed and read as zero when touched again. */
void stw_memory_release(uintptr_t base, size_t bytes);
/* Backs committed pages with memory at once, so that touching them later faults no more. What they
 * hold stays. */
void stw_memory_populate(uintptr_t base, size_t bytes);
/* Zeroed memory outside the managed heap, for records; lazily backed. Null on failure. */
void *stw_memory_map(size_t bytes);
void stw_memory_unmap(void *memory, size_t bytes);
/* A shared, sparse, zeroed file in memory without a name, whose size nobody can change. Returns a
 * descriptor, or -1. */
int stw_memory_share(const char *name, size_t bytes);
/* Maps such a descriptor, readable and writable. Null on failure. */
void *stw_memory_map_shared(int descriptor, size_t bytes);

#endif
