/* prim/scratch.h: the folder that a trial may write to.
 *
 * SC1  each trial finds it empty, and what the trial before left in it, however deep and however
 *      named, is gone; nothing outside is removed, whatever links there are. */
#ifndef STW_PRIM_SCRATCH_H
#define STW_PRIM_SCRATCH_H

#include <stwlab/base.h>

/* Makes, of what is there or anew, an empty folder that only its owner may enter. STW_E_IO with the
 * system's words. */
stw_status stw_scratch_make(const char *path, struct stw_error *error);
/* Removes it with all that is in it; nothing happens when it is not there. Main thread only. */
stw_status stw_scratch_remove(const char *path, struct stw_error *error);

#endif
