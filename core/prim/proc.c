/* prim/proc.c: reads files of /proc. */
#include "prim/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void stw_proc_read(const char *path, struct stw_text *text)
{
    char bytes[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : 1;
    while (got > 0 || (got < 0 && errno == EINTR)) {
        got = read(file, bytes, sizeof bytes);
        if (got > 0)
            stw_text_add_bytes(text, bytes, (size_t)got);
    }
    if (file >= 0)
        close(file);
}
