/* unit/thread_test.c: where threads may run.
 *
 * Goal: a bound mutator does not bind the collector threads that it happens to start: marking on
 * idle processors would share the mutator's instead. Method: the processors of a thread that a
 * bound one starts. */
#include "prim/thread.h"

#include <criterion/criterion.h>

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
