/* base/text.h: a growing string, and the nearest word of a list for "did you mean".
 * Memory of the C library, never of the managed heap. Running out of it aborts, or exits. */
#ifndef STW_BASE_TEXT_H
#define STW_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; `bytes` is null or terminated. */
struct stw_text {
    char *bytes;
    size_t length;
    size_t capacity;
};

void stw_text_add(struct stw_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void stw_text_add_bytes(struct stw_text *text, const char *bytes, size_t length);
/* Frees the memory and makes `text` empty again. */
void stw_text_free(struct stw_text *text);
/* The string, never null. */
const char *stw_text_get(const struct stw_text *text);

/* From now on who runs out of memory says so and exits with this status, instead of an abort: for a
 * program that its user can give more memory. */
void stw_memory_exit_with(int exit_status);
/* Copies; aborts when memory runs out. */
char *stw_strdup(const char *text);
/* calloc that aborts when memory runs out. */
void *stw_new(size_t count, size_t bytes);
/* realloc that aborts when memory runs out. */
void *stw_grow(void *memory, size_t count, size_t bytes);

/* The ending of a noun after a count: "s", or "" after 1. */
const char *stw_plural(uint64_t count);

/* The word of words[0 .. count) nearest to `word` by edit distance, upper and lower case being the
 * same, or null when none is nearer than about a third of its length. */
const char *stw_nearest(const char *word, const char *const *words, size_t count);

#endif
