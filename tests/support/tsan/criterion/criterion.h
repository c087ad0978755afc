/* criterion/criterion.h: what our tests use of Criterion, for builds with ThreadSanitizer.
 *
 * The real library cannot start under ThreadSanitizer (Snaipe/Criterion#274), so this folder takes
 * its place there: the same tests, compiled against these macros and run by criterion.c beside
 * this folder. It has what the tests use and nothing else; a test that needs more does not compile
 * with the preset tsan. The texts of failures are our own. */
#ifndef STW_TSAN_CRITERION_H
#define STW_TSAN_CRITERION_H

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Options of a test, or of all tests of a suite. */
struct stw_tsan_options {
    void (*init)(void), (*fini)(void);
    int signal, exit_code; /* how it is to end; 0: it returns */
    double timeout;        /* seconds; 0: CTest's limit alone */
};

struct stw_tsan_test {
    const char *suite, *name; /* no name: the options of the suite */
    void (*run)(void);
    struct stw_tsan_options options;
    struct stw_tsan_test *next;
};

/* Before main, from constructors. */
void stw_tsan_register(struct stw_tsan_test *test);
/* Of any thread of the test or of a process that it forked; a `fatal` one ends the process. */
void stw_tsan_failed(int fatal, const char *file, int line, const char *condition,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Ends the test, which counts as passed. */
_Noreturn void stw_tsan_skip(const char *file, int line, const char *why);

#define STW_TSAN_TEST(symbol, suite_text, name_text, function, ...)                               \
    static struct stw_tsan_test symbol = {.suite = suite_text, .name = name_text,                 \
                                          .run = function, .options = {__VA_ARGS__}};             \
    __attribute__((constructor)) static void symbol##_register(void)                              \
    {                                                                                             \
        stw_tsan_register(&symbol);                                                               \
    }
#define Test(suite, name, ...)                                                                    \
    static void suite##_##name##_run(void);                                                       \
    STW_TSAN_TEST(suite##_##name, #suite, #name, suite##_##name##_run, __VA_ARGS__)               \
    static void suite##_##name##_run(void)
#define TestSuite(suite, ...)                                                                     \
    STW_TSAN_TEST(suite##_suite, #suite, NULL, NULL, __VA_ARGS__)                                 \
    struct stw_tsan_test /* takes the semicolon */

/* The message is a literal, or there is none. */
#define STW_TSAN_CHECK(fatal, condition, text, ...)                                               \
    ((condition) ? (void)0                                                                        \
                 : stw_tsan_failed(fatal, __FILE__, __LINE__, text, "" __VA_ARGS__))

#define cr_skip_test(why) stw_tsan_skip(__FILE__, __LINE__, why)
#define cr_assert_fail(...) STW_TSAN_CHECK(1, 0, "failed", __VA_ARGS__)
#define cr_assert(c, ...) STW_TSAN_CHECK(1, c, #c, __VA_ARGS__)
#define cr_expect(c, ...) STW_TSAN_CHECK(0, c, #c, __VA_ARGS__)
#define cr_assert_not(c, ...) STW_TSAN_CHECK(1, !(c), "not " #c, __VA_ARGS__)
#define cr_expect_not(c, ...) STW_TSAN_CHECK(0, !(c), "not " #c, __VA_ARGS__)
#define cr_assert_null(p, ...) STW_TSAN_CHECK(1, (p) == NULL, #p " is null", __VA_ARGS__)
#define cr_expect_null(p, ...) STW_TSAN_CHECK(0, (p) == NULL, #p " is null", __VA_ARGS__)
#define cr_assert_not_null(p, ...) STW_TSAN_CHECK(1, (p) != NULL, #p " is not null", __VA_ARGS__)
#define cr_expect_not_null(p, ...) STW_TSAN_CHECK(0, (p) != NULL, #p " is not null", __VA_ARGS__)

#define cr_assert_eq(a, b, ...) STW_TSAN_CHECK(1, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) STW_TSAN_CHECK(0, (a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) STW_TSAN_CHECK(1, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) STW_TSAN_CHECK(0, (a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) STW_TSAN_CHECK(1, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) STW_TSAN_CHECK(0, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) STW_TSAN_CHECK(1, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) STW_TSAN_CHECK(0, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) STW_TSAN_CHECK(1, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) STW_TSAN_CHECK(0, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) STW_TSAN_CHECK(1, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) STW_TSAN_CHECK(0, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, by, ...)                                                         \
    STW_TSAN_CHECK(1, fabs((a) - (b)) <= (by), #a " == " #b " but for " #by, __VA_ARGS__)
#define cr_expect_float_eq(a, b, by, ...)                                                         \
    STW_TSAN_CHECK(0, fabs((a) - (b)) <= (by), #a " == " #b " but for " #by, __VA_ARGS__)

#define STW_TSAN_STRINGS(fatal, a, sign, b, ...)                                                  \
    STW_TSAN_CHECK(fatal, strcmp(a, b) sign 0, #a " " #sign " " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) STW_TSAN_STRINGS(1, a, ==, b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) STW_TSAN_STRINGS(0, a, ==, b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) STW_TSAN_STRINGS(1, a, !=, b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) STW_TSAN_STRINGS(0, a, !=, b, __VA_ARGS__)
#define cr_assert_str_empty(s, ...) STW_TSAN_CHECK(1, *(s) == '\0', #s " is empty", __VA_ARGS__)
#define cr_expect_str_empty(s, ...) STW_TSAN_CHECK(0, *(s) == '\0', #s " is empty", __VA_ARGS__)

#define STW_TSAN_ARRAYS(fatal, a, sign, b, bytes, ...)                                            \
    STW_TSAN_CHECK(fatal, memcmp(a, b, bytes) sign 0, "bytes of " #a " " #sign " " #b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, bytes, ...) STW_TSAN_ARRAYS(1, a, ==, b, bytes, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, bytes, ...) STW_TSAN_ARRAYS(0, a, ==, b, bytes, __VA_ARGS__)
#define cr_assert_arr_neq(a, b, bytes, ...) STW_TSAN_ARRAYS(1, a, !=, b, bytes, __VA_ARGS__)
#define cr_expect_arr_neq(a, b, bytes, ...) STW_TSAN_ARRAYS(0, a, !=, b, bytes, __VA_ARGS__)

#endif
