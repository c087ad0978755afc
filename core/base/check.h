/* base/check.h: checks by cost: REQUIRE always, ASSERT and CHECK in guard builds. What walks the
 * heap is an audit (gc/audit.c). A failed check is a programming error: it prints file, line and
 * text, and aborts. */
#ifndef STW_BASE_CHECK_H
#define STW_BASE_CHECK_H

_Noreturn void stw_check_failed(const char *file, int line, const char *text);

#define STW_REQUIRE(condition)                                                                     \
    ((condition) ? (void)0 : stw_check_failed(__FILE__, __LINE__, #condition))

#ifdef STW_GUARD
#define STW_ASSERT(condition) STW_REQUIRE(condition)
/* Where a long-lived struct is entered and left: the call of its check function. */
#define STW_CHECK(call) (call)
#else
#define STW_ASSERT(condition) ((void)sizeof(condition))
#define STW_CHECK(call) ((void)0)
#endif

/* What audits fill swept cells with: whoever uses one is seen by it. */
#define STW_POISON 0xdbu
#define STW_POISON_WORD 0xdbdbdbdbdbdbdbdbull

#endif
