/* tsan/criterion.c: runs the tests that criterion/criterion.h registers.
 *
 * Each test runs in a process of its own, forked from a parent with one thread, as
 * ThreadSanitizer wants it. A test passes if it ends as it should, no check failed in it or in a
 * process that it forked, and the sanitizer is silent: that one's exit status is never expected.
 * Usage: PROGRAM [--jobs N] [--filter SUITE/NAME]; the tests run one by one whatever N is. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOWER 4.0 /* than without the sanitizer: as tests/CMakeLists.txt scales CTest's limits */

/* Shared with the processes of the test that runs. */
struct verdict {
    unsigned failed;   /* atomic: checks */
    unsigned returned; /* atomic: the test came to its end */
};

static struct stw_tsan_test *first, **last = &first;
static struct verdict *verdict;
static FILE *report; /* tests may redirect their own stderr */

void stw_tsan_register(struct stw_tsan_test *test)
{
    *last = test;
    last = &test->next;
}

void stw_tsan_failed(int fatal, const char *file, int line, const char *check, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, check);
    const char *format = va_arg(arguments, const char *);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fprintf(report, "%s:%d: failed: %s%s%s\n", file, line, check, *message ? ": " : "", message);
    __atomic_add_fetch(&verdict->failed, 1, __ATOMIC_SEQ_CST);
    if (fatal)
        _exit(EXIT_FAILURE);
}

static _Noreturn void finish(void)
{
    __atomic_store_n(&verdict->returned, 1, __ATOMIC_SEQ_CST);
    exit(EXIT_SUCCESS);
}

_Noreturn void stw_tsan_skip(const char *file, int line, const char *why)
{
    fprintf(report, "%s:%d: skipped: %s\n", file, line, why);
    finish();
}

static void call(void (*function)(void))
{
    if (function)
        function();
}

static _Noreturn void run_here(const struct stw_tsan_test *test, const struct stw_tsan_test *suite)
{
    double timeout = test->timeout > 0 ? test->timeout : suite->timeout;
    if (timeout > 0)
        alarm((unsigned)ceil(SLOWER * timeout));
    call(suite->init);
    call(test->init);
    test->run();
    call(test->fini);
    call(suite->fini);
    finish();
}

/* 1: it ended as it should. */
static int judge(const struct stw_tsan_test *test, int status)
{
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    int must_return = !test->signal && !test->exit_code;
    int as_expected = number == test->signal && code == test->exit_code
                   && verdict->returned == (unsigned)must_return;
    if (!as_expected)
        fprintf(report, "%s/%s: ended by signal %d or with status %d, %s\n", test->suite,
                test->name, number, code, verdict->returned ? "at its end" : "before its end");
    return as_expected && verdict->failed == 0;
}

static int run_forked(const struct stw_tsan_test *test, const struct stw_tsan_test *suite)
{
    int status = 0;
    *verdict = (struct verdict){0, 0};
    pid_t child = fork();
    if (child == 0)
        run_here(test, suite);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    int passed = judge(test, status);
    if (!passed)
        fprintf(report, "%s/%s: FAILED\n", test->suite, test->name);
    return passed;
}

static const struct stw_tsan_test *suite_of(const struct stw_tsan_test *test)
{
    static const struct stw_tsan_test none;
    for (const struct stw_tsan_test *each = first; each; each = each->next)
        if (!each->name && strcmp(each->suite, test->suite) == 0)
            return each;
    return &none;
}

static int is_wanted(const struct stw_tsan_test *test, const char *filter)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", test->suite, test->name ? test->name : "");
    return test->name && (!filter || fnmatch(filter, path, 0) == 0);
}

int main(int argument_count, char **arguments)
{
    const char *filter = NULL;
    unsigned count = 0, passed = 0;
    for (int i = 1; i + 1 < argument_count; i++)
        if (strcmp(arguments[i], "--filter") == 0)
            filter = arguments[i + 1];
    report = fdopen(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0), "w");
    verdict = mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                   0);
    if (!report || verdict == MAP_FAILED) {
        perror(arguments[0]);
        return EXIT_FAILURE;
    }
    setvbuf(report, NULL, _IOLBF, 0);
    for (const struct stw_tsan_test *test = first; test; test = test->next) {
        if (!is_wanted(test, filter))
            continue;
        count++;
        passed += (unsigned)run_forked(test, suite_of(test));
    }
    fprintf(report, "%u tests, %u passed\n", count, passed);
    return count > 0 && passed == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
