/* host/notes.h: finds the notes of a shared object in its file, without loading it. */
#ifndef STW_HOST_NOTES_H
#define STW_HOST_NOTES_H

#include "host/manifest.h"

#include <stddef.h>

#define STW_FILE_HEAD_BYTES 4096u

/* A file that is open for reading, and where its readers say what is wrong with it. */
struct stw_file {
    int descriptor;
    uint64_t bytes;
    struct stw_error *error;
    size_t head_bytes; /* read already: headers and notes are there, as linkers write files */
    char head[STW_FILE_HEAD_BYTES];
};

struct stw_notes {
    uint32_t manifests;      /* notes of owner "stwlab" and type 1 */
    uint64_t manifest_at;    /* where the description of the first is in the file */
    uint64_t manifest_bytes; /* and how long; lies within the file */
    char build_id[STW_BUILD_ID_BYTES]; /* hex; empty when there is none */
};

/* Reads [at, at + bytes), all of it or an error: STW_E_REFUSED when the file is too short,
 * STW_E_IO when the system refuses. */
stw_status stw__file_read(const struct stw_file *file, uint64_t at, void *into, size_t bytes);

/* STW_E_REFUSED: no ELF file, or not a shared object for this machine, or damaged. A file without
 * any note is no error. */
stw_status stw__notes_find(const struct stw_file *file, struct stw_notes *notes);

#endif
