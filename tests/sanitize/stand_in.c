/* sanitize/stand_in.c: goal: the stand-in for Criterion notices whatever can go wrong in a test.
 * Method: tests whose names say how they must end, judged by stand_in.sh. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int prepared;

static void prepare(void)
{
    prepared++;
}

static void end_with_seven(void)
{
    if (prepared)
        _exit(7);
}

TestSuite(suite, .init = prepare);

Test(suite, passes_when_every_check_holds)
{
    char word[] = "one", other[] = "two";
    cr_assert(prepared == 1);
    cr_expect_not(prepared == 2);
    cr_assert_eq(prepared, 1, "not %d", prepared);
    cr_assert_str_eq(word, "one");
    cr_assert_str_neq(word, other);
    cr_assert_arr_neq(word, other, 3);
    cr_assert_float_eq(0.5, 0.51, 0.1);
    cr_assert_null(NULL);
}

Test(suite, passes_by_its_signal, .signal = SIGABRT)
{
    abort();
}

Test(suite, passes_by_its_exit_code, .exit_code = 7, .init = end_with_seven)
{
}

Test(suite, passes_when_skipped)
{
    cr_skip_test("on purpose");
}

Test(suite, fails_at_an_assertion)
{
    cr_assert_lt(2, 1, "two is %s", "more");
    _exit(0);
}

Test(suite, fails_by_an_expectation_and_goes_on)
{
    cr_expect_str_eq("a", "b");
    cr_expect_gt(1, 2);
}

Test(suite, fails_in_a_process_that_it_forked)
{
    pid_t child = fork();
    if (child == 0)
        cr_assert_fail();
    waitpid(child, NULL, 0);
}

Test(suite, fails_without_its_signal, .signal = SIGABRT)
{
}

Test(suite, fails_by_a_signal)
{
    raise(SIGTERM);
}

Test(suite, fails_by_leaving_early)
{
    exit(0);
}

Test(suite, fails_when_its_time_is_up, .timeout = 0.25)
{
    pause();
}

static void *count_up(void *counter)
{
    ++*(volatile int *)counter;
    return NULL;
}

Test(suite, fails_by_a_race)
{
    int counter = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, count_up, &counter);
    count_up(&counter);
    pthread_join(thread, NULL);
}
