/* base/error.h: fills struct stw_error (stwlab/base.h) from inside the host. */
#ifndef STW_BASE_ERROR_H
#define STW_BASE_ERROR_H

#include <stwlab/base.h>

#define STW_ERROR_INIT {.struct_size = sizeof(struct stw_error)}

/* A step that all that follow need: unless it ends with STW_OK, so does its function, with the same
 * status. What has to be released either way is released by the caller of such a function. */
#define STW_TRY(step)                                                                              \
    do {                                                                                           \
        stw_status status_of_step = (step);                                                        \
        if (status_of_step != STW_OK)                                                              \
            return status_of_step;                                                                 \
    } while (0)

/* Fills `error` (may be null) and returns `status`. `field` may be null. Long texts are cut. */
stw_status stw_error_set(struct stw_error *error, stw_status status, const char *field,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "ok", "invalid", ...; never null. */
const char *stw_status_name(stw_status status);

#endif
