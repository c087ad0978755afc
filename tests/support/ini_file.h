/* support/ini_file.h: writes a text to a file of its own and makes messages about it comparable. */
#ifndef STW_TESTS_INI_FILE_H
#define STW_TESTS_INI_FILE_H

#include "base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ini_file {
    char path[64];
};

static inline struct ini_file ini_file_make(const void *bytes, size_t length)
{
    struct ini_file file = {"/tmp/stwlab-ini-test-XXXXXX"};
    int descriptor = mkstemp(file.path);
    cr_assert(descriptor >= 0);
    cr_assert(write(descriptor, bytes, length) == (ssize_t)length);
    close(descriptor);
    return file;
}

/* `text` with every mention of the file as "FILE"; the caller frees it. */
static inline char *ini_file_generalise(const struct ini_file *file, const char *text)
{
    struct stw_text general = {0};
    const char *mention;
    while ((mention = strstr(text, file->path))) {
        stw_text_add_bytes(&general, text, (size_t)(mention - text));
        stw_text_add(&general, "FILE");
        text = mention + strlen(file->path);
    }
    stw_text_add(&general, "%s", text);
    return general.bytes;
}

#endif
