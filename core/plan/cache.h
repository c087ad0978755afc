/* plan/cache.h: a folder for programs that were built for this user, and that are executed.
 *
 * CA1  nothing is executed from a folder that somebody else may write: every folder on the way to
 *      it is root's or the user's own, and not writable by others unless it is sticky; the last one
 *      and the programs in it are the user's own, and writable by nobody else.
 * The main thread of the coordinator. */
#ifndef STW_PLAN_CACHE_H
#define STW_PLAN_CACHE_H

#include <stwlab/base.h>

/* The folder, made if it was not there: $XDG_CACHE_HOME/stwlab, else ~/.cache/stwlab, of $HOME or
 * of the home that the system knows. When that cannot be made, or breaks CA1, which is told on
 * stderr, a fresh one that stw_cache_end removes. STW_E_IO. The path is valid until the end. */
stw_status stw_cache_folder(const char **path, struct stw_error *error);
/* Whether there is a program at `path` in the folder that keeps to CA1. One that does not is told.
 */
int stw_cache_has_program(const char *path);
void stw_cache_end(void);

#endif
