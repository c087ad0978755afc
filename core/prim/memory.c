/* prim/memory.c: address space and pages, by mmap. */
#include "prim/memory.h"

#include "base/sanitizer.h"
#include "prim/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define RESERVE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/* 1: the call that is about to be made counts as failed. */
static int fails(void)
{
    if (!stw_hostile_fails())
        return 0;
    errno = ENOMEM;
    return 1;
}

uintptr_t stw_memory_reserve(uintptr_t hint, size_t bytes, size_t align)
{
    if (fails())
        return 0;
    /* ThreadSanitizer makes address 0 of a hint outside its ranges, and dies if that is granted. */
    if (hint && !STW_TSAN) {
        void *wanted = (void *)hint;
        void *at = mmap(wanted, bytes, PROT_NONE, RESERVE_FLAGS | MAP_FIXED_NOREPLACE, -1, 0);
        if (at == wanted)
            return hint;
        if (at != MAP_FAILED)
            munmap(at, bytes);
    }
    void *at = mmap(NULL, bytes + align, PROT_NONE, RESERVE_FLAGS, -1, 0);
    if (at == MAP_FAILED)
        return 0;
    uintptr_t start = (uintptr_t)at, aligned = (start + align - 1) & ~(uintptr_t)(align - 1);
    if (aligned > start)
        munmap(at, aligned - start);
    if (start + align > aligned)
        munmap((void *)(aligned + bytes), start + align - aligned);
    return aligned;
}

stw_status stw_memory_commit(uintptr_t base, size_t bytes)
{
    int failed = fails() || mprotect((void *)base, bytes, PROT_READ | PROT_WRITE);
    return failed ? STW_E_NOMEM : STW_OK;
}

void stw_memory_release(uintptr_t base, size_t bytes)
{
    madvise((void *)base, bytes, MADV_DONTNEED);
}

void stw_memory_populate(uintptr_t base, size_t bytes)
{
    if (!fails() && madvise((void *)base, bytes, MADV_POPULATE_WRITE) == 0)
        return;
    for (size_t at = 0; at < bytes; at += STW_SMALL_PAGE_BYTES) /* before Linux 5.14 */
        __atomic_fetch_or((char *)(base + at), 0, __ATOMIC_RELAXED); /* it may hold something */
}

void *stw_memory_map(size_t bytes)
{
    if (fails())
        return NULL;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, RESERVE_FLAGS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void stw_memory_unmap(void *memory, size_t bytes)
{
    munmap(memory, bytes);
}

int stw_memory_share(const char *name, size_t bytes)
{
    if (fails())
        return -1;
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    int descriptor = memfd_create(name, MFD_ALLOW_SEALING);
    if (descriptor >= 0
        && (ftruncate(descriptor, (off_t)bytes) != 0
            || fcntl(descriptor, F_ADD_SEALS, seals) != 0)) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

void *stw_memory_map_shared(int descriptor, size_t bytes)
{
    if (fails())
        return NULL;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return at == MAP_FAILED ? NULL : at;
}
