/* criterion/criterion.h: what our tests use of Criterion, for builds with ThreadSanitizer.
 *
 * The real library cannot start under ThreadSanitizer (Snaipe/Criterion#274), so this folder takes
 * its place there: the same tests, compiled against these macros and run by criterion.c beside
 * this folder. It has what the tests use and nothing else; a test that needs more does not compile
 * with the preset tsan. The texts of failures are our own. */
#ifndef STW_TSAN_CRITERION_H
#define STW_TSAN_CRITERION_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct stw_tsan_test {
    const char *suite, *name; /* no name: the options of all tests of the suite */
    void (*run)(void);
    struct stw_tsan_test *next;
    /* Options, by the names that Criterion gives them. */
    void (*init)(void), (*fini)(void);
    int signal, exit_code; /* how it is to end; 0: it returns */
    double timeout;        /* seconds; 0: CTest's limit alone */
};

/* Before main, from constructors. */
void stw_tsan_register(struct stw_tsan_test *test);
/* Of any thread of the test or of a process that it forked; a `fatal` one ends the process. `check`
 * is its text, the format and what it takes come last. (No format attribute: "" follows them.) */
void stw_tsan_failed(int fatal, const char *file, int line, const char *check, ...);
/* Ends the test, which counts as passed. */
_Noreturn void stw_tsan_skip(const char *file, int line, const char *why);

/* Every public macro takes "..." alone and adds an argument, because C17 wants at least one there
 * where our tests may give none. */
#define STW_TSAN_TEST(symbol, suite_text, name_text, function, ...)                               \
    static struct stw_tsan_test symbol = {.suite = suite_text, .name = name_text,                 \
                                          .run = function, __VA_ARGS__};                          \
    __attribute__((constructor)) static void symbol##_register(void)                              \
    {                                                                                             \
        stw_tsan_register(&symbol);                                                               \
    }
#define STW_TSAN_NAMED(suite, name, ...)                                                          \
    static void suite##_##name##_run(void);                                                       \
    STW_TSAN_TEST(suite##_##name, #suite, #name, suite##_##name##_run, __VA_ARGS__)               \
    static void suite##_##name##_run(void)
#define Test(...) STW_TSAN_NAMED(__VA_ARGS__, )
#define TestSuite(suite, ...)                                                                     \
    STW_TSAN_TEST(suite##_suite, #suite, NULL, NULL, __VA_ARGS__)                                 \
    struct stw_tsan_test /* takes the semicolon */
#define cr_skip_test(why) stw_tsan_skip(__FILE__, __LINE__, why)

#define STW_TSAN_CHECK(fatal, text, condition, ...)                                               \
    ((condition) ? (void)0 : stw_tsan_failed(fatal, __FILE__, __LINE__, text, __VA_ARGS__))
#define STW_TSAN_ONE(fatal, text, before, after, a, ...)                                          \
    STW_TSAN_CHECK(fatal, text, before(a) after, __VA_ARGS__)
#define STW_TSAN_TWO(fatal, text, sign, a, b, ...)                                                \
    STW_TSAN_CHECK(fatal, text, (a) sign (b), __VA_ARGS__)
#define STW_TSAN_NEAR(fatal, text, a, b, by, ...)                                                 \
    STW_TSAN_CHECK(fatal, text, fabs((a) - (b)) <= (by), __VA_ARGS__)
#define STW_TSAN_TEXTS(fatal, text, sign, a, b, ...)                                              \
    STW_TSAN_CHECK(fatal, text, strcmp(a, b) sign 0, __VA_ARGS__)
#define STW_TSAN_BYTES(fatal, text, sign, a, b, bytes, ...)                                       \
    STW_TSAN_CHECK(fatal, text, memcmp(a, b, bytes) sign 0, __VA_ARGS__)

#define cr_assert_fail(...) STW_TSAN_CHECK(1, "fail", 0, "" __VA_ARGS__)
#define cr_assert(...) STW_TSAN_ONE(1, "assert(" #__VA_ARGS__ ")", , , __VA_ARGS__, "")
#define cr_expect(...) STW_TSAN_ONE(0, "expect(" #__VA_ARGS__ ")", , , __VA_ARGS__, "")
#define cr_assert_not(...) STW_TSAN_ONE(1, "not(" #__VA_ARGS__ ")", !, , __VA_ARGS__, "")
#define cr_expect_not(...) STW_TSAN_ONE(0, "not(" #__VA_ARGS__ ")", !, , __VA_ARGS__, "")
#define cr_assert_null(...) STW_TSAN_ONE(1, "null(" #__VA_ARGS__ ")", , == NULL, __VA_ARGS__, "")
#define cr_expect_null(...) STW_TSAN_ONE(0, "null(" #__VA_ARGS__ ")", , == NULL, __VA_ARGS__, "")
#define cr_assert_not_null(...)                                                                   \
    STW_TSAN_ONE(1, "not_null(" #__VA_ARGS__ ")", , != NULL, __VA_ARGS__, "")
#define cr_expect_not_null(...)                                                                   \
    STW_TSAN_ONE(0, "not_null(" #__VA_ARGS__ ")", , != NULL, __VA_ARGS__, "")
#define cr_assert_str_empty(...)                                                                  \
    STW_TSAN_ONE(1, "str_empty(" #__VA_ARGS__ ")", *, == 0, __VA_ARGS__, "")
#define cr_expect_str_empty(...)                                                                  \
    STW_TSAN_ONE(0, "str_empty(" #__VA_ARGS__ ")", *, == 0, __VA_ARGS__, "")
#define cr_assert_eq(...) STW_TSAN_TWO(1, "eq(" #__VA_ARGS__ ")", ==, __VA_ARGS__, "")
#define cr_expect_eq(...) STW_TSAN_TWO(0, "eq(" #__VA_ARGS__ ")", ==, __VA_ARGS__, "")
#define cr_assert_neq(...) STW_TSAN_TWO(1, "neq(" #__VA_ARGS__ ")", !=, __VA_ARGS__, "")
#define cr_expect_neq(...) STW_TSAN_TWO(0, "neq(" #__VA_ARGS__ ")", !=, __VA_ARGS__, "")
#define cr_assert_lt(...) STW_TSAN_TWO(1, "lt(" #__VA_ARGS__ ")", <, __VA_ARGS__, "")
#define cr_expect_lt(...) STW_TSAN_TWO(0, "lt(" #__VA_ARGS__ ")", <, __VA_ARGS__, "")
#define cr_assert_leq(...) STW_TSAN_TWO(1, "leq(" #__VA_ARGS__ ")", <=, __VA_ARGS__, "")
#define cr_expect_leq(...) STW_TSAN_TWO(0, "leq(" #__VA_ARGS__ ")", <=, __VA_ARGS__, "")
#define cr_assert_gt(...) STW_TSAN_TWO(1, "gt(" #__VA_ARGS__ ")", >, __VA_ARGS__, "")
#define cr_expect_gt(...) STW_TSAN_TWO(0, "gt(" #__VA_ARGS__ ")", >, __VA_ARGS__, "")
#define cr_assert_geq(...) STW_TSAN_TWO(1, "geq(" #__VA_ARGS__ ")", >=, __VA_ARGS__, "")
#define cr_expect_geq(...) STW_TSAN_TWO(0, "geq(" #__VA_ARGS__ ")", >=, __VA_ARGS__, "")
#define cr_assert_float_eq(...) STW_TSAN_NEAR(1, "float_eq(" #__VA_ARGS__ ")", __VA_ARGS__, "")
#define cr_expect_float_eq(...) STW_TSAN_NEAR(0, "float_eq(" #__VA_ARGS__ ")", __VA_ARGS__, "")
#define cr_assert_str_eq(...) STW_TSAN_TEXTS(1, "str_eq(" #__VA_ARGS__ ")", ==, __VA_ARGS__, "")
#define cr_expect_str_eq(...) STW_TSAN_TEXTS(0, "str_eq(" #__VA_ARGS__ ")", ==, __VA_ARGS__, "")
#define cr_assert_str_neq(...) STW_TSAN_TEXTS(1, "str_neq(" #__VA_ARGS__ ")", !=, __VA_ARGS__, "")
#define cr_assert_arr_eq(...) STW_TSAN_BYTES(1, "arr_eq(" #__VA_ARGS__ ")", ==, __VA_ARGS__, "")
#define cr_expect_arr_eq(...) STW_TSAN_BYTES(0, "arr_eq(" #__VA_ARGS__ ")", ==, __VA_ARGS__, "")
#define cr_assert_arr_neq(...) STW_TSAN_BYTES(1, "arr_neq(" #__VA_ARGS__ ")", !=, __VA_ARGS__, "")
#define cr_expect_arr_neq(...) STW_TSAN_BYTES(0, "arr_neq(" #__VA_ARGS__ ")", !=, __VA_ARGS__, "")

#endif
