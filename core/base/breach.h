/* base/breach.h: a plugin broke a rule that a public header states. Not a check of ours: the trial
 * ends as `invalid`, with the rule's name, the plugin, and what it did. */
#ifndef STW_BASE_BREACH_H
#define STW_BASE_BREACH_H

#include <stddef.h>
#include <stdint.h>

#define STW_BREACH_TEXT_BYTES 256u
/* In place of an ordinal: the plugin whose code is innermost on the calling thread's stack. */
#define STW_BREACH_CALLER UINT32_MAX

struct stw_breach {
    const char *rule;
    uint32_t plugin;  /* its ordinal, or STW_BREACH_CALLER */
    uint32_t reserved;
    const void *code; /* an address in the plugin's code that says which it is, or null */
    char text[STW_BREACH_TEXT_BYTES]; /* what it did: "granted cell 7, already allocated" */
};

/* Ends the trial. Null, as in tests of parts: the breach is printed, and the process aborts.
 * Written before there are threads. */
extern void (*stw_breach_told)(const struct stw_breach *breach);

_Noreturn void stw_breach_end(const char *rule, uint32_t plugin, const void *code,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

#define STW_BREACH(rule, plugin, ...) stw_breach_end(rule, plugin, NULL, __VA_ARGS__)

#endif
