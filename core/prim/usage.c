/* prim/usage.c: counts a thread's page faults, waits and calls of malloc.
 *
 * Threads: all of it belongs to the calling thread. Nothing in stw_allocs_note allocates or calls
 * anything: it runs inside malloc. */
#include "prim/usage.h"

#include "base/check.h"

#include <stddef.h>
#include <sys/resource.h>

static _Thread_local struct {
    uint64_t count;
    int is_on;
} allocs;

void stw_thread_use(struct stw_thread_use *use)
{
    struct rusage system;
    STW_REQUIRE(getrusage(RUSAGE_THREAD, &system) == 0);
    use->faults = (uint64_t)system.ru_minflt + (uint64_t)system.ru_majflt;
    use->waits = (uint64_t)system.ru_nvcsw;
}

int stw_waits_tell(void)
{
#ifdef STW_WAITS_BLURRED
    return 0;
#else
    return 1;
#endif
}

void stw_allocs_note(void)
{
    if (allocs.is_on)
        allocs.count++;
}

#ifdef STW_ALLOCS_BY_HOOK
/* sanitizer/allocator_interface.h; not every compiler installs that header. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    stw_allocs_note();
}

static void on_free(const volatile void *memory)
{
    (void)memory;
    stw_allocs_note();
}
#endif

int stw_allocs_see(void)
{
#if defined(STW_ALLOCS_BY_HOOK)
    static int is_installed;
    if (!is_installed)
        is_installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0;
    return is_installed;
#elif defined(STW_ALLOCS_BY_NAME)
    return 1;
#else
    return 0;
#endif
}

void stw_allocs_begin(void)
{
    allocs.count = 0;
    allocs.is_on = 1;
}

uint64_t stw_allocs_end(void)
{
    allocs.is_on = 0;
    return allocs.count;
}
