/* prim/self.c: this process: its executable and its standard files. */
#include "prim/self.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

stw_status stw_self_path(char *path, size_t path_bytes, struct stw_error *error)
{
    ssize_t length = readlink("/proc/self/exe", path, path_bytes);
    if (length < 0)
        return stw_error_set(error, STW_E_IO, NULL, "cannot find this program's file: %s",
                             strerror(errno));
    if ((size_t)length >= path_bytes)
        return stw_error_set(error, STW_E_IO, NULL, "the path of this program's file is too long");
    path[length] = '\0';
    return STW_OK;
}

void stw_self_guard_output(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* The lowest free number is the closed one, because those below are open by then. */
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", O_RDONLY);
}
