/* unit/thread_test.c: where threads may run.
 *
 * Goal: a bound mutator does not bind the collector threads that it happens to start: marking on
 * idle processors would share the mutator's instead. Method: the processors of a thread that a
 * bound one starts.
 *
 * Goal: whoever overflows its stack can still handle the signal, and says what it was; no other
 * fault is called that. Method: threads that recurse without end, or write to null. */
#include "prim/thread.h"

#include "base/sanitizer.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#define STACK_BYTES (1u << 20)
#define NO_OVERFLOW 3 /* exit statuses */
#define OVERFLOW    4

static uint32_t bound_count, child_count;

static void *count(void *context)
{
    (void)context;
    child_count = stw_processor_count();
    return NULL;
}

static void *bind_and_start(void *context)
{
    (void)context;
    pthread_t child;
    stw_thread_pin(0);
    bound_count = stw_processor_count();
    if (stw_thread_start(&child, 0, count, NULL) == STW_OK)
        pthread_join(child, NULL);
    return NULL;
}

Test(thread, started_by_a_bound_one_runs_anywhere)
{
    pthread_t parent;
    cr_assert_eq(stw_thread_start(&parent, 0, bind_and_start, NULL), STW_OK);
    pthread_join(parent, NULL);
    cr_assert_eq(bound_count, 1);
    cr_assert_eq(child_count, stw_processor_count());
}

#if !STW_ASAN && !STW_TSAN /* which have stacks of their own for signals */
static void tell(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    size_t bytes = stw_thread_overflow((uintptr_t)info->si_addr);
    _exit(bytes == STACK_BYTES ? OVERFLOW : bytes ? 1 : NO_OVERFLOW);
}

static void catch_faults(void)
{
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
}

static __attribute__((noinline)) uint64_t recurse(volatile uint64_t *above)
{
    volatile uint64_t words[64];
    words[0] = *above + 1;
    return words[0] ? recurse(words) + words[0] : 0;
}

static void *overflow(void *context)
{
    volatile uint64_t first = 1;
    (void)context;
    return recurse(&first) ? &child_count : NULL;
}

static void *write_to_null(void *context)
{
    *(volatile int *)context = 1;
    return NULL;
}

static void run_to_fault(void *(*run)(void *))
{
    pthread_t thread;
    catch_faults();
    cr_assert_eq(stw_thread_start(&thread, STACK_BYTES, run, NULL), STW_OK);
    pthread_join(thread, NULL);
}

Test(thread, that_overflows_its_stack_is_told_so, .exit_code = OVERFLOW)
{
    run_to_fault(overflow);
}
Test(thread, that_writes_to_null_has_not_overflowed, .exit_code = NO_OVERFLOW)
{
    run_to_fault(write_to_null);
}
#endif
