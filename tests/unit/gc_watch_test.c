/* unit/gc_watch_test.c: goal: what plugin code does inside a stop is counted where it happened, and
 * what it may do is not held against it (gc.V1, gc.V2).
 * Method: the real runtime in this process with cycle hooks that sleep, fault, allocate and take
 * free locks, and cycles forced; then the counts of malloc alone, function by function. */
/* sources: plugins/allocators/go.c tests/support/gc_rig.c */
#include "gc/collector.h"
#include "gc_rig.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CYCLES 3u
#define PAGES 8u
#define PAGE_BYTES 4096u
#define TOLD 3 /* exit status of a process that was told of an allocation */

static struct stw_gc *gc;
static struct stw_mutator *m;

static void start(uint32_t watch, stw_cycle_hook hook)
{
    gc_rig_options.gc.watch = watch;
    gc_rig_start();
    gc = stw_runtime_gc();
    m = gc_rig_attach(0);
    if (hook)
        cr_assert_eq(gc->options.host->cycle_hook_add(gc->options.host, hook, NULL), STW_OK);
}

static struct stw_watch_counts run_cycles(void)
{
    for (uint32_t i = 0; i < CYCLES; i++)
        m->host->collect(m->host, m);
    cr_assert_eq(gc->watch.places[STW_WATCH_HOOK].calls, CYCLES);
    return gc->watch.places[STW_WATCH_HOOK];
}

static void nap(void)
{
    const struct timespec ms = {0, 1000000};
    nanosleep(&ms, NULL);
}

static void fault(void)
{
    char *fresh = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(fresh, MAP_FAILED);
    madvise(fresh, PAGES * PAGE_BYTES, MADV_NOHUGEPAGE);
    for (uint32_t i = 0; i < PAGES; i++)
        ((volatile char *)fresh)[i * PAGE_BYTES] = 1;
}

static void sleeping_hook(void *context)
{
    (void)context;
    nap();
}

Test(gc_watch, a_wait_is_a_block)
{
    start(1, sleeping_hook);
    nap(); /* the code of nanosleep is in memory now: no call faults for it */
    struct stw_watch_counts counts = run_cycles();
    cr_assert_eq(counts.blocks, gc->watch.sees_waits ? CYCLES : 0);
#if !STW_TSAN /* its shadow memory is touched for the first time, too */
    cr_assert_eq(counts.faults, 0);
#endif
#if !defined(STW_HOSTILE) && !STW_TSAN
    cr_assert_eq(gc->watch.sees_waits, 1);
#endif
}

static void faulting_hook(void *context)
{
    (void)context;
    fault();
    nap(); /* as if the system had waited for a lock while it served a fault */
}

Test(gc_watch, a_wait_with_page_faults_proves_nothing)
{
    start(1, faulting_hook);
    struct stw_watch_counts counts = run_cycles();
    cr_assert_geq(counts.faults, CYCLES * PAGES);
    cr_assert_eq(counts.blocks, 0, "gc.V1");
}

static void harmless_hook(void *context)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint32_t word;
    (void)context;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    stw_futex_wake(&word, STW_FUTEX_ALL);
    sched_yield();
    stw_clock_ns();
}

Test(gc_watch, what_a_plugin_may_do_counts_as_nothing)
{
    start(1, harmless_hook);
    struct stw_watch_counts counts = run_cycles();
    cr_assert_eq(counts.blocks, 0, "gc.V2");
    cr_assert_eq(counts.allocs, 0);
}

static void mallocing_hook(void *context)
{
    (void)context;
    void *volatile memory = malloc(24);
    free(memory);
}

Test(gc_watch, malloc_and_free_are_allocations_where_they_are_seen)
{
    start(1, mallocing_hook);
    uint64_t each = gc->watch.sees_allocs ? 2 : 0;
    cr_assert_eq(run_cycles().allocs, CYCLES * each);
#ifdef STW_GUARD
    cr_assert_eq(gc->watch.sees_allocs, 1);
#endif
}

Test(gc_watch, every_slot_called_in_a_stop_is_watched)
{
    gc_rig_options.gc.mode = STW_MODE_STW; /* caches are flushed in the stop, too */
    start(1, NULL);
    for (uint32_t i = 0; i < CYCLES; i++) {
        stw_alloc(m, 64, NULL);
        m->host->collect(m->host, m);
    }
    for (uint32_t place = 0; place < STW_WATCH_REFILL; place++) { /* the rest is not in stops */
        const struct stw_watch_counts *counts = &gc->watch.places[place];
        cr_assert_geq(counts->calls, CYCLES, "%s", stw_watch_place_name(place));
        cr_assert_eq(counts->blocks, 0);
        cr_assert_eq(counts->allocs, 0);
    }
    cr_assert_eq(gc->watch.places[STW_WATCH_HOOK].calls, 0, "there is no hook");
}

Test(gc_watch, a_stop_has_the_page_faults_of_its_hooks)
{
    start(1, faulting_hook);
    run_cycles();
    for (uint64_t i = 0; i < gc_rig_pause_count; i++)
        if (gc_rig_pause(i)->kind == STW_PAUSE_SWEEP_TERMINATION)
            cr_assert(gc_rig_pause(i)->page_faults >= PAGES
                      && gc_rig_pause(i)->page_faults < 1000 * PAGES);
}

Test(gc_watch, nothing_is_counted_unasked)
{
    start(0, faulting_hook);
    m->host->collect(m->host, m);
    for (uint32_t place = 0; place < STW_WATCH_PLACES; place++)
        cr_assert_eq(gc->watch.places[place].calls + gc->watch.places[place].faults, 0);
    for (uint64_t i = 0; i < gc_rig_pause_count; i++)
        cr_assert_eq(gc_rig_pause(i)->page_faults, STW_FAULTS_UNKNOWN);
}

static void allocating_hook(void *context)
{
    (void)context;
    stw_alloc(m, 1u << 16, NULL);
}

static void told(uint32_t place, const char *function)
{
    _exit(place == STW_WATCH_HOOK && !function ? TOLD : 1);
}

Test(gc_watch, a_managed_allocation_is_noticed_without_watching, .exit_code = TOLD)
{
    gc_rig_options.gc.broke_in_stop = told;
    start(0, allocating_hook);
    stw_alloc(m, 1u << 16, NULL); /* outside a stop */
    m->host->collect(m->host, m);
}

static uint32_t call_under_way[STW_UNDER_WAYS];
static void *words[1];

static void call_root_add(void)
{
    m->host->root_add(m->host, words, 1);
}
static void call_root_remove(void)
{
    m->host->root_remove(m->host, words);
}
static void call_safepoint(void)
{
    m->host->safepoint(m->host, m);
}
static void call_yield(void)
{
    m->host->yield(m->host, m);
}
static void call_block_begin(void)
{
    m->host->block_begin(m->host, m);
}
static void call_block_end(void)
{
    m->host->block_end(m->host, m);
}
static void call_collect(void)
{
    m->host->collect(m->host, m);
}
static void call_set_gc_percent(void)
{
    m->host->set_gc_percent(m->host, m, 50);
}

/* All functions of the table that may wait, but allocation. */
static const struct waiting {
    const char *name;
    void (*call)(void);
} waiting[] = {
    {"root_add", call_root_add},       {"root_remove", call_root_remove},
    {"safepoint", call_safepoint},     {"yield", call_yield},
    {"block_begin", call_block_begin}, {"block_end", call_block_end},
    {"collect", call_collect},         {"set_gc_percent", call_set_gc_percent},
};
static const struct waiting *called;

static void waiting_hook(void *context)
{
    (void)context;
    called->call();
    _exit(1); /* the host has not noticed: it would have waited, or has not begun to */
}

static void told_of_wait(uint32_t place, const char *function)
{
    int is_right = place == STW_WATCH_HOOK && function && strcmp(function, called->name) == 0
                && call_under_way[STW_UNDER_WAY_STOP] == STW_CALL_CYCLE_HOOK;
    _exit(is_right ? TOLD : 1);
}

Test(gc_watch, a_function_that_waits_is_noticed_without_watching)
{
    if (STW_TSAN)
        cr_skip_test("ThreadSanitizer ends a process that has forked and starts threads");
    gc_rig_options.gc.broke_in_stop = told_of_wait;
    gc_rig_options.gc.under_way = call_under_way;
    start(0, waiting_hook);
    for (called = waiting; called < waiting + sizeof waiting / sizeof *waiting; called++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            m->host->collect(m->host, m);
            _exit(2);
        }
        int status = 0;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == TOLD, "%s: %x", called->name, status);
    }
}

/* Calls of malloc & co by the calling thread, one after the other. */
static uint64_t call_all(void)
{
    void *volatile memory[8] = {NULL};
    void *aligned = NULL;
    stw_allocs_begin();
    memory[0] = malloc(10);
    memory[1] = calloc(3, 10);
    memory[0] = realloc(memory[0], 10000);
    memory[2] = aligned_alloc(64, 128);
    memory[3] = memalign(256, 10);
    memory[4] = valloc(10);
    memory[5] = pvalloc(10);
    memory[6] = reallocarray(NULL, 3, 10);
    int failed = posix_memalign(&aligned, 4096, 10);
    memory[7] = aligned;
    uint64_t calls = stw_allocs_end();
    cr_assert(!failed && (uintptr_t)memory[7] % 4096 == 0 && (uintptr_t)memory[3] % 256 == 0);
    for (uint32_t i = 0; i < 30; i++)
        cr_assert_eq(((char *)memory[1])[i], 0);
    stw_allocs_begin();
    for (uint32_t i = 0; i < 8; i++)
        free(memory[i]);
    free(NULL);
    return calls + stw_allocs_end();
}

Test(gc_watch, every_function_of_the_family_is_counted)
{
    if (!stw_allocs_see())
        cr_skip_test("this build does not see calls of malloc");
    uint64_t calls = call_all();
#ifdef STW_ALLOCS_BY_NAME
    cr_assert_eq(calls, 9 + 8);
    void *unset = NULL;
    cr_assert_eq(posix_memalign(&unset, 24, 8), EINVAL);
    cr_assert_null(unset);
#else
    /* A realloc may be several there; ThreadSanitizer keeps quiet on aligned_alloc and its kin. */
    cr_assert_geq(calls, (STW_TSAN ? 4 : 9) + 8);
#endif
}

static void *allocate_much(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < 100; i++) {
        void *volatile memory = malloc(10);
        free(memory);
    }
    return NULL;
}

Test(gc_watch, other_threads_and_other_times_do_not_count)
{
    pthread_t other;
    allocate_much(NULL);
    cr_assert_eq(pthread_create(&other, NULL, allocate_much, NULL), 0);
    stw_allocs_begin();
    nap(); /* the other thread is at it meanwhile */
    cr_assert_eq(stw_allocs_end(), 0);
    pthread_join(other, NULL);
    allocate_much(NULL);
    cr_assert_eq(stw_allocs_end(), 0);
}
