/* prim/sandbox.h: what a trial's process may do to the rest of the machine: nearly nothing.
 *
 * SB1  a sandboxed process changes files in its scratch folder alone, and no file's owner, mode,
 *      times or locks.
 * SB2  it opens no socket; starts, signals, traces and reads no other process; and changes no
 *      limit, priority or affinity but the affinity of its own threads.
 * SB3  it cannot leave: what it starts, threads or programs, is in the same sandbox, and nothing
 *      that it may call takes a rule back.
 * SB4  a call that is not allowed is not carried out; the warden (prim/warden.h) is told which one,
 *      whatever the process has done to its signals.
 * By seccomp, for calls, and Landlock, for files and signals. docs/decisions/0008-sandbox.md */
#ifndef STW_PRIM_SANDBOX_H
#define STW_PRIM_SANDBOX_H

#include <stwlab/base.h>

#include <stdint.h>

/* What may be permitted in spite of it. */
#define STW_PERMIT_FILES 1u      /* to change files wherever its user may, and to lock them */
#define STW_PERMIT_NETWORK 2u    /* sockets */
#define STW_PERMIT_PROCESSES 4u  /* to start, and to signal what it started */
#define STW_PERMIT_SCHEDULING 8u /* limits, priorities, affinities */
#define STW_PERMITS 4u
/* "files" for bit 0, and so on. */
const char *stw_permit_name(uint32_t bit);

/* What the machine has for it. */
struct stw_sandbox_support {
    int32_t landlock; /* version of its ABI; 0: none */
    int32_t filters;  /* 1: seccomp with filters that a warden answers */
};
struct stw_sandbox_support stw_sandbox_support(void);

struct stw_sandbox {
    uint32_t permitted;  /* STW_PERMIT_* */
    int32_t control;     /* the warden's socket, closed by it */
    const char *program; /* the one that it may execute, compared as a pointer; null: none */
};
/* Puts the calling process, of one thread, into the sandbox for good; its working folder is its
 * scratch folder. What the machine does not have is left out (stw_sandbox_support tells); STW_E_IO
 * when what it has does not work. */
stw_status stw_sandbox_enter(const struct stw_sandbox *sandbox, struct stw_error *error);

#endif
