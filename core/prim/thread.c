/* prim/thread.c: threads, futexes and clocks on Linux. */
#include "prim/thread.h"

#include "prim/hostile.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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

static void *begin(void *given)
{
    struct start *start = given;
    void *(*run)(void *) = start->run;
    void *context = start->context;
    cpu_set_t all, own; /* of the main thread, which is never bound; of who started this one */
    __atomic_store_n(&start->is_free, 1, __ATOMIC_RELEASE);
    if (sched_getaffinity(getpid(), sizeof all, &all) == 0
        && sched_getaffinity(0, sizeof own, &own) == 0 && !CPU_EQUAL(&all, &own))
        sched_setaffinity(0, sizeof all, &all); /* a sandbox lets a thread change its own alone */
    first_frame = (uintptr_t)__builtin_frame_address(0);
    return run(context);
}

stw_status stw_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
                            void *context)
{
    pthread_attr_t attributes;
    if (stw_hostile_fails() || pthread_attr_init(&attributes) != 0)
        return STW_E_NOMEM;
    struct start *start = take_start();
    int failed = !start || (stack_bytes && pthread_attr_setstacksize(&attributes, stack_bytes));
    if (!failed) {
        start->run = run;
        start->context = context;
        failed = pthread_create(thread, &attributes, begin, start);
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
