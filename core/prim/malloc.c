/* prim/malloc.c: malloc and its kin of guard builds: noted, then the C library's own.
 *
 * An executable's definitions come before those of the C library for every object of the process,
 * plugins included, if they are exported; the linker exports what an object that it links with
 * defines too, and the C library does. Memory stays the C library's: what was allocated before or
 * past this file may be freed through it, and the other way round.
 * reallocarray, strdup and all others of the library call these. */
#include "prim/usage.h"

#ifdef STW_ALLOCS_BY_NAME
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

/* glibc's names for its own, kept for this purpose since 2.2.5. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void *__libc_valloc(size_t bytes);
void *__libc_pvalloc(size_t bytes);
void __libc_free(void *memory);

EXPORTED void *malloc(size_t bytes)
{
    stw_allocs_note();
    return __libc_malloc(bytes);
}

EXPORTED void *calloc(size_t count, size_t bytes)
{
    stw_allocs_note();
    return __libc_calloc(count, bytes);
}

EXPORTED void *realloc(void *memory, size_t bytes)
{
    stw_allocs_note();
    return __libc_realloc(memory, bytes);
}

EXPORTED void *memalign(size_t alignment, size_t bytes)
{
    stw_allocs_note();
    return __libc_memalign(alignment, bytes);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

EXPORTED int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void *allocated = memalign(alignment, bytes);
    if (!allocated)
        return ENOMEM;
    *memory = allocated;
    return 0;
}

EXPORTED void *valloc(size_t bytes)
{
    stw_allocs_note();
    return __libc_valloc(bytes);
}

EXPORTED void *pvalloc(size_t bytes)
{
    stw_allocs_note();
    return __libc_pvalloc(bytes);
}

EXPORTED void free(void *memory)
{
    if (memory)
        stw_allocs_note();
    __libc_free(memory);
}
#endif
