/* base/check.c: where a failed check ends. One write: lines do not mix. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void stw_check_failed(const char *file, int line, const char *text)
{
    fprintf(stderr, "stwlab: check failed at %s:%d: %s\n", file, line, text);
    abort();
}
