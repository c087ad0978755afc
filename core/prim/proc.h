/* prim/proc.h: reads files of /proc. */
#ifndef STW_PRIM_PROC_H
#define STW_PRIM_PROC_H

#include "base/text.h"

/* Adds the whole of a file, or as much of it as can be read: such files have no size, and what they
 * tell of may end meanwhile. */
void stw_proc_read(const char *path, struct stw_text *text);

#endif
