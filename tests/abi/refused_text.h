/* abi/refused_text.h: the text of a manifest that the parser must refuse. */
#ifndef STW_TESTS_REFUSED_TEXT_H
#define STW_TESTS_REFUSED_TEXT_H

#include "base/error.h"
#include "host/manifest_parts.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static inline void expect_text_refused(const char *text, const char *field, const char *message)
{
    static struct stw_manifest manifest; /* large */
    struct stw_error error = STW_ERROR_INIT;
    char *exact = malloc(strlen(text) + 1); /* so that AddressSanitizer sees its end */
    strcpy(exact, text);
    cr_assert_eq(stw__manifest_parse(exact, strlen(text) + 1, &manifest, &error), STW_E_REFUSED,
                 "%s", text);
    cr_assert_str_eq(error.message, message);
    cr_assert_str_eq(error.field, field);
    free(exact);
}

#endif
