/* prim/calls.h: the system calls that a sandboxed process may make, for prim/sandbox.c and
 * prim/warden.c. Linux on x86-64. */
#ifndef STW_PRIM_CALLS_H
#define STW_PRIM_CALLS_H

#include <stddef.h>
#include <stdint.h>

#define STW_CALLS_TABLE 512u /* numbers above are all forbidden */

/* What the filter does with a call. All but the first five look at an argument. */
#define STW_RULE_FORBID 0u
#define STW_RULE_ALLOW 1u
#define STW_RULE_MISSING 2u    /* as on a system without it: libraries then use an older call */
#define STW_RULE_PATHS 3u      /* changes files by name: within the scratch folder only */
#define STW_RULE_OPEN 4u       /* flags are the second argument: when they write, as PATHS */
#define STW_RULE_OPENAT 5u     /* the third */
#define STW_RULE_OWN 6u        /* the first is this process */
#define STW_RULE_OWN_THREAD 7u /* the first is 0, the calling thread; others' are looked up */
#define STW_RULE_THREAD 8u     /* clone: threads of this process */
#define STW_RULE_PRLIMIT 9u    /* looks at own limits, or sets that of open files */
#define STW_RULE_FCNTL 10u     /* no locks, leases, signals to others */
#define STW_RULE_IOCTL 11u
#define STW_RULE_PRCTL 12u
#define STW_RULE_PERSONALITY 13u /* only asks */
#define STW_RULE_CONTROL 14u   /* to the warden, before that socket is closed */
#define STW_RULE_EXEC 15u      /* the one program that the process is there to start */

/* Sets the rule of every call for a process that is permitted `permitted` (STW_PERMIT_*). */
void stw__calls_rules(uint32_t permitted, uint8_t rules[STW_CALLS_TABLE]);
/* "socket"; null for a call that has no name here: all that are ever forbidden have one, unless
 * they are younger than this table. */
const char *stw_call_title(uint32_t number);
/* Arguments that are allowed, of fcntl, ioctl and prctl. */
const uint32_t *stw__calls_arguments(uint32_t rule, size_t *count);

#endif
