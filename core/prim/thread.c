/* prim/thread.c: threads, futexes and clocks on Linux. */
#include "prim/thread.h"

#include "prim/hostile.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ALTERNATE_BYTES 16384u /* of a thread's stack for signals: the kernel's frame, and /proc */
/* Above a thread's first frame: that, and the system's (thread-local variables). */
#define ABOVE_BYTES (2 * ALTERNATE_BYTES)
/* Below the stack: frames that are larger, untouched at their beginning, jump over it. */
#define GUARD_BYTES (256u * 1024u)

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t stw_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t stw_clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t stw_clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t stw_clock_cpu_of_ns(pthread_t thread)
{
    clockid_t clock;
    return pthread_getcpuclockid(thread, &clock) == 0 ? read_clock(clock) : 0;
}

clockid_t stw_clock_id(void)
{
    clockid_t id;
    return pthread_getcpuclockid(pthread_self(), &id) == 0 ? id : CLOCK_THREAD_CPUTIME_ID;
}

uint64_t stw_clock_by_id_ns(clockid_t id)
{
    struct timespec time;
    if (id == CLOCK_THREAD_CPUTIME_ID || clock_gettime(id, &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* schedstat: ns on a processor, ns waiting for one, times that it got one (proc(5)). */
uint64_t stw_clock_thread_delay_ns(void)
{
    char line[96], *rest = NULL;
    int file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, line, sizeof line - 1);
    if (file >= 0)
        close(file);
    if (length <= 0)
        return STW_DELAY_UNKNOWN;
    line[length] = '\0';
    uint64_t ran_ns = strtoull(line, &rest, 10);
    uint64_t delay_ns = strtoull(rest, NULL, 10);
    return ran_ns ? delay_ns : STW_DELAY_UNKNOWN; /* 0: not counted by this system */
}

uint64_t stw_thread_sleep_count(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw : 0;
}

uint32_t stw_processor_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (uint32_t)count : 1;
}

int stw_thread_is_main(void)
{
    return gettid() == getpid();
}

int32_t stw_thread_id(void)
{
    return gettid();
}

void stw_thread_pin(uint32_t index)
{
    cpu_set_t all, one;
    CPU_ZERO(&all);
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) == 0)
        return;
    uint32_t left = index % (uint32_t)CPU_COUNT(&all);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all) || left-- > 0)
            continue;
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

/* What a thread is to run. Allocated and never freed, but used again when its thread has read it: a
 * thread that calls malloc or free gets an arena of its own, which costs seven system calls and a
 * dozen page faults. */
struct start {
    void *(*run)(void *);
    void *context;
    size_t stack_bytes; /* 0: the default */
    struct start *next;
    int is_free; /* atomic; the thread sets it, stw_thread_start clears it under the lock */
};

static struct {
    pthread_mutex_t lock;
    struct start *first;
} starts = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* Null when there is no memory. */
static struct start *take_start(void)
{
    pthread_mutex_lock(&starts.lock);
    struct start *start = starts.first;
    while (start && !__atomic_load_n(&start->is_free, __ATOMIC_ACQUIRE))
        start = start->next;
    if (start) {
        start->is_free = 0;
    } else if ((start = calloc(1, sizeof *start))) {
        start->next = starts.first;
        starts.first = start;
    }
    pthread_mutex_unlock(&starts.lock);
    return start;
}

static _Thread_local uintptr_t first_frame; /* of a thread that stw_thread_start started */
static _Thread_local size_t own_stack_bytes; /* likewise; 0: the default */

static __attribute__((noinline)) void *begin(struct start *start)
{
    void *(*run)(void *) = start->run;
    void *context = start->context;
    cpu_set_t all, own; /* of the main thread, which is never bound; of who started this one */
    own_stack_bytes = start->stack_bytes;
    __atomic_store_n(&start->is_free, 1, __ATOMIC_RELEASE);
    if (sched_getaffinity(getpid(), sizeof all, &all) == 0
        && sched_getaffinity(0, sizeof own, &own) == 0 && !CPU_EQUAL(&all, &own))
        sched_setaffinity(0, sizeof all, &all); /* a sandbox lets a thread change its own alone */
    first_frame = (uintptr_t)__builtin_frame_address(0);
    void *result = run(context);
    __asm__ volatile("" : : : "memory"); /* no tail call: the frame stays */
    return result;
}

/* A thread whose stack has overflowed handles the signal on another one, which lies above its
 * first frame: no scan of the stack sees it. Sanitizers have made one already, and unmap it
 * themselves. */
static void *begin_with_alternate(void *given)
{
    char alternate[ALTERNATE_BYTES];
    stack_t old, stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    int is_ours = sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE)
               && sigaltstack(&stack, NULL) == 0;
    void *result = begin(given);
    stack.ss_flags = SS_DISABLE;
    if (is_ours)
        sigaltstack(&stack, NULL);
    return result;
}

size_t stw_thread_overflow(uintptr_t address)
{
    if (!own_stack_bytes || address >= first_frame)
        return 0;
    size_t depth = first_frame - address;
    int is_below = depth + ABOVE_BYTES >= own_stack_bytes
                && depth <= own_stack_bytes + ABOVE_BYTES + GUARD_BYTES;
    return is_below ? own_stack_bytes : 0;
}

stw_status stw_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
                            void *context)
{
    pthread_attr_t attributes;
    if (stw_hostile_fails() || pthread_attr_init(&attributes) != 0)
        return STW_E_NOMEM;
    struct start *start = take_start();
    int failed = !start || pthread_attr_setguardsize(&attributes, GUARD_BYTES)
              || (stack_bytes && pthread_attr_setstacksize(&attributes, stack_bytes + ABOVE_BYTES));
    if (!failed) {
        start->run = run;
        start->context = context;
        start->stack_bytes = stack_bytes;
        failed = pthread_create(thread, &attributes, begin_with_alternate, start);
    }
    if (failed && start)
        __atomic_store_n(&start->is_free, 1, __ATOMIC_RELEASE);
    pthread_attr_destroy(&attributes);
    return failed ? STW_E_NOMEM : STW_OK;
}

uintptr_t stw_thread_stack_top(void)
{
    if (first_frame)
        return first_frame;
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t bytes = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return 0;
    pthread_attr_getstack(&attributes, &lowest, &bytes);
    pthread_attr_destroy(&attributes);
    return (uintptr_t)lowest + bytes;
}

void stw_thread_yield(void)
{
    sched_yield();
}

int stw_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct timespec timeout = {(time_t)(timeout_ns / 1000000000u),
                               (long)(timeout_ns % 1000000000u)};
    return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns ? &timeout : NULL,
                   NULL, 0) == 0;
}

void stw_futex_wake(uint32_t *word, uint32_t waiters)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters, NULL, NULL, 0);
}
