/* prim/scratch.c: makes and removes a folder that somebody else has filled.
 *
 * Folders are flattened, not descended into: what is in one is removed or, if it is a folder, moved
 * to the top under a new name. So depth takes neither stack nor long paths, and each entry is
 * touched twice at most. Nobody writes there meanwhile: the trial's processes have ended.
 * One that a trial has left empty serves the next: to make and remove one for each trial is work
 * for the file system's journal, which the store waits for. */
#include "prim/scratch.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static stw_status failed(struct stw_error *error, const char *what, const char *path)
{
    return stw_error_set(error, STW_E_IO, NULL, "cannot %s the trials' scratch folder %s: %s", what,
                         path, strerror(errno));
}

static int is_self(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Opens a folder, whatever its mode. Null: it is none, or cannot be opened. */
static DIR *open_folder(int at, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int descriptor = openat(at, name, flags);
    if (descriptor < 0 && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
        descriptor = openat(at, name, flags);
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!folder && descriptor >= 0)
        close(descriptor);
    return folder;
}

/* Removes what is in a folder; folders move to `top` under fresh names. -1: something stays. */
static int empty(DIR *folder, int top, unsigned int *moved)
{
    int result = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[32];
        if (is_self(entry->d_name))
            continue;
        if (unlinkat(dirfd(folder), entry->d_name, 0) == 0
            || unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR) == 0)
            continue;
        do
            snprintf(name, sizeof name, "%u", ++*moved);
        while (faccessat(top, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
        if (renameat(dirfd(folder), entry->d_name, top, name) != 0)
            result = -1;
    }
    return result;
}

/* One round over the folders at the top: -1: no progress is possible; else how many it found. */
static long flatten(DIR *top, unsigned int *moved)
{
    long found = 0;
    rewinddir(top);
    for (struct dirent *entry; (entry = readdir(top));) {
        if (is_self(entry->d_name))
            continue;
        found++;
        if (unlinkat(dirfd(top), entry->d_name, 0) == 0)
            continue;
        DIR *folder = open_folder(dirfd(top), entry->d_name);
        int stuck = !folder || fchmod(dirfd(folder), 0700) != 0
                 || empty(folder, dirfd(top), moved) != 0;
        if (folder)
            closedir(folder);
        if (stuck || unlinkat(dirfd(top), entry->d_name, AT_REMOVEDIR) != 0)
            return -1;
    }
    return found;
}

stw_status stw_scratch_remove(const char *path, struct stw_error *error)
{
    unsigned int moved = 0;
    if (rmdir(path) == 0 || errno == ENOENT || (errno == ENOTDIR && unlink(path) == 0))
        return STW_OK;
    DIR *top = open_folder(AT_FDCWD, path);
    if (!top)
        return failed(error, "open", path);
    long found;
    do
        found = flatten(top, &moved);
    while (found > 0);
    stw_status status = found < 0 || rmdir(path) != 0 ? failed(error, "remove", path) : STW_OK;
    closedir(top);
    return status;
}

/* Whether a folder is there as we make it. */
static int is_as_made(const char *path)
{
    struct stat about;
    struct dirent *entry;
    DIR *folder = open_folder(AT_FDCWD, path);
    int is_so = folder && fstat(dirfd(folder), &about) == 0 && about.st_uid == geteuid()
             && (about.st_mode & 07777) == 0700;
    while (is_so && (entry = readdir(folder)))
        is_so = is_self(entry->d_name);
    if (folder)
        closedir(folder);
    return is_so;
}

stw_status stw_scratch_make(const char *path, struct stw_error *error)
{
    if (is_as_made(path))
        return STW_OK;
    STW_TRY(stw_scratch_remove(path, error));
    return mkdir(path, 0700) == 0 ? STW_OK : failed(error, "make", path);
}
