/* base/sanitizer.h: which sanitizer this build has; gcc and clang say it in different ways.
 * Every use of these is listed with its reason in docs/reference/sanitizers.md. */
#ifndef STW_BASE_SANITIZER_H
#define STW_BASE_SANITIZER_H

#ifdef __has_feature /* clang */
#define STW_HAS_FEATURE(name) __has_feature(name)
#else
#define STW_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || STW_HAS_FEATURE(address_sanitizer)
#define STW_ASAN 1
#else
#define STW_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || STW_HAS_FEATURE(thread_sanitizer)
#define STW_TSAN 1
#else
#define STW_TSAN 0
#endif

#endif
