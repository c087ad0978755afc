/* prim/warden.h: watches over a sandboxed process from its parent.
 *
 * The process's filter asks the warden about each call that it does not allow by itself. Calls that
 * change files by name within the scratch folder, and the affinity of its own threads, go on;
 * whatever else comes is forbidden: it never returns, and the process is to be killed.
 * WA1  what the warden allows, Landlock checks again: the process may change a path after the
 *      warden has read it, and wins nothing by that but a refusal without a name.
 * WA2  what the warden remembers is out of the reach of the process. */
#ifndef STW_PRIM_WARDEN_H
#define STW_PRIM_WARDEN_H

#include <stwlab/base.h>

#include <stdint.h>

#define STW_WARDEN_CONTROL 4 /* the number of the socket in the child */
#define STW_WARDEN_PATH_BYTES 512u

/* The call that ended a process; is_set: there was one. */
struct stw_forbidden {
    int32_t is_set;
    uint32_t call;  /* number */
    int32_t thread; /* that made it */
    char path[STW_WARDEN_PATH_BYTES]; /* that it was to change; "": not that, or not known */
};

struct stw_warden {
    int socket;   /* where the filter's end comes from; -1: not any more */
    int listener; /* the filter's end; -1: none (yet) */
    int child;    /* the child's end of the socket, until it is started */
    const char *scratch; /* its folder without links, borrowed */
    struct stw_forbidden forbidden;
};

/* None at all. */
void stw_warden_init(struct stw_warden *warden, const char *scratch);
/* Before the process is started, and after. STW_E_IO. */
stw_status stw_warden_begin(struct stw_warden *warden);
void stw_warden_started(struct stw_warden *warden);
void stw_warden_end(struct stw_warden *warden);
/* What to poll for reading; -1: nothing. */
int stw_warden_descriptor(const struct stw_warden *warden);
/* When that has something to tell; 1: the process is to be killed. Without `is_asked` nobody is
 * left in the sandbox to ask, and it is not polled any more: the process takes a while to end, and
 * until then polling it would never wait. */
int stw_warden_answer(struct stw_warden *warden, int is_asked);

/* In the child: gives the filter's end away and closes both. Async-signal-safe. */
stw_status stw__warden_hand_over(int socket, int listener);

#endif
