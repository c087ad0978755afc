/* base/check.h: checks by cost. REQUIRE always, ASSERT in guard builds, AUDIT in audit builds.
 * A failed check is a programming error: it prints file, line and text, and aborts. */
#ifndef STW_BASE_CHECK_H
#define STW_BASE_CHECK_H

_Noreturn void stw_check_failed(const char *file, int line, const char *text);

#define STW_REQUIRE(condition)                                                                     \
    ((condition) ? (void)0 : stw_check_failed(__FILE__, __LINE__, #condition))

#ifdef STW_GUARD
#define STW_ASSERT(condition) STW_REQUIRE(condition)
#else
#define STW_ASSERT(condition) ((void)sizeof(condition))
#endif

#ifdef STW_AUDITED
#define STW_AUDIT(condition) STW_REQUIRE(condition)
#else
#define STW_AUDIT(condition) ((void)sizeof(condition))
#endif

#endif
