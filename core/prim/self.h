/* prim/self.h: this process: its executable and its standard files. Main thread only. */
#ifndef STW_PRIM_SELF_H
#define STW_PRIM_SELF_H

#include <stwlab/base.h>

#include <stddef.h>

/* The absolute path of the running executable. STW_E_IO. */
stw_status stw_self_path(char *path, size_t path_bytes, struct stw_error *error);
/* Makes output safe to check: a closed pipe or the limit of a file's size becomes a failed write
 * instead of a silent death, and standard files that the caller closed are opened again such that
 * writing to them fails; without that the next file opened would take their number and receive what
 * is printed. */
void stw_self_guard_output(void);
/* How many columns the terminal has that the descriptor is; 0: it is none, or does not tell. */
uint32_t stw_self_columns(int descriptor);

/* From /proc/PID/status, or this process's for 0; zeros when it cannot be read: the process has
 * ended. Safe in a signal handler. */
struct stw_process_memory {
    uint64_t rss_peak_bytes; /* the most that was resident */
    uint64_t data_bytes;     /* private and writable, as RLIMIT_DATA counts */
};
struct stw_process_memory stw_memory_of(int32_t pid);
/* What a process and its descendants hold of memory that is no file's; shared pages are counted for
 * each of them. */
uint64_t stw_memory_of_tree(int32_t pid);
/* The largest of the children that were waited for; 0: there was none. */
uint64_t stw_children_rss_peak_bytes(void);

#endif
