/* prim/identity.h: what a file holds, known by its content. Any thread.
 *
 * ID1  the content is hashed once; who only wants to know whether a file is still the same looks at
 *      its stamp (device, inode, size, times of change), and at the content when that differs. */
#ifndef STW_PRIM_IDENTITY_H
#define STW_PRIM_IDENTITY_H

#include <stwlab/base.h>

#define STW_CONTENT_BYTES 33 /* hex of 128 bits */
#define STW_STAMP_BYTES 112

struct stw_identity {
    char content[STW_CONTENT_BYTES]; /* "": not known */
    char stamp[STW_STAMP_BYTES];
};

#define STW_SELF_FILE "/proc/self/exe" /* this program, also when its path is another file's now */

/* STW_E_IO with the system's words. */
stw_status stw_identity_take(const char *path, struct stw_identity *identity,
                             struct stw_error *error);
/* STW_E_STATE: the file is another than it was; STW_E_IO: it cannot be told. */
stw_status stw_identity_check(const char *path, const struct stw_identity *was,
                              struct stw_error *error);

#endif
