/* base/text.c: growing strings and nearest words. */
#include "base/text.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAREST_BYTES_MAX 63u /* longer words are compared by their first 63 bytes */

static int exit_status; /* 0: abort */

void stw_memory_exit_with(int status)
{
    exit_status = status;
}

static _Noreturn void run_out(const char *file, int line)
{
    if (!exit_status)
        stw_check_failed(file, line, "memory");
    fprintf(stderr, "stwlab: out of memory\n");
    _Exit(exit_status);
}

void *stw_new(size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes ? bytes : 1);
    if (!memory)
        run_out(__FILE__, __LINE__);
    return memory;
}

void *stw_grow(void *memory, size_t count, size_t bytes)
{
    STW_REQUIRE(bytes == 0 || count <= SIZE_MAX / bytes);
    size_t total = count * bytes;
    void *grown = realloc(memory, total > 0 ? total : 1);
    if (!grown)
        run_out(__FILE__, __LINE__);
    return grown;
}

char *stw_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(stw_new(bytes, 1), text, bytes);
}

static void reserve(struct stw_text *text, size_t more)
{
    if (text->length + more + 1 <= text->capacity)
        return;
    text->capacity = 2 * (text->length + more + 1);
    text->bytes = stw_grow(text->bytes, text->capacity, 1);
}

void stw_text_add(struct stw_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    STW_REQUIRE(length >= 0);
    reserve(text, (size_t)length);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

void stw_text_add_bytes(struct stw_text *text, const char *bytes, size_t length)
{
    reserve(text, length);
    if (length)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void stw_text_free(struct stw_text *text)
{
    free(text->bytes);
    *text = (struct stw_text){0};
}

const char *stw_text_get(const struct stw_text *text)
{
    return text->bytes ? text->bytes : "";
}

const char *stw_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein distance, one row at a time; case does not count. */
static size_t distance(const char *a, const char *b)
{
    size_t a_length = smaller(strlen(a), NEAREST_BYTES_MAX);
    size_t b_length = smaller(strlen(b), NEAREST_BYTES_MAX);
    size_t row[NEAREST_BYTES_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            size_t change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            row[j] = smaller(change, smaller(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[b_length];
}

const char *stw_nearest(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, words[i]);
        if (d < least) {
            least = d;
            nearest = words[i];
        }
    }
    return nearest;
}
