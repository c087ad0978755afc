/* base/breach.c: where a plugin's breach ends. */
#include "base/breach.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void (*stw_breach_told)(const struct stw_breach *breach);

_Noreturn void stw_breach_end(const char *rule, uint32_t plugin, const void *code,
                              const char *format, ...)
{
    struct stw_breach breach = {.rule = rule, .plugin = plugin, .code = code};
    va_list values;
    va_start(values, format);
    vsnprintf(breach.text, sizeof breach.text, format, values);
    va_end(values);
    if (stw_breach_told)
        stw_breach_told(&breach);
    fprintf(stderr, "stwlab: breach of %s: a plugin %s\n", rule, breach.text);
    abort();
}
