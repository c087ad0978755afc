/* base/error.c: error texts and status names. */
#include "base/error.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

stw_status stw_error_set(struct stw_error *error, stw_status status, const char *field,
                         const char *format, ...)
{
    if (!error)
        return status;
    va_list arguments;
    error->status = status;
    snprintf(error->field, sizeof error->field, "%s", field ? field : "");
    va_start(arguments, format);
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof error->message)
        error->message[stw_utf8_whole(error->message, sizeof error->message)] = '\0';
    return status;
}

const char *stw_status_name(stw_status status)
{
    static const char *const names[] = {"ok",          "invalid", "out of memory", "input/output",
                                        "unsupported", "refused", "audit",         "state"};
    return status >= 0 && (unsigned)status < sizeof names / sizeof *names ? names[status]
                                                                          : "unknown";
}
