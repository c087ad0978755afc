/* plan/cache.c: a folder for programs that were built for this user, and that are executed.
 * Rejected: to end the run when others may write the cache, because a folder that a group may write
 * is usual where each user has a group. */
#include "plan/cache.h"

#include "base/error.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder; /* once it is known */
static int is_fresh;

/* The user's cache, by the environment or the system; allocated, or null. */
static char *cache_home(void)
{
    struct stw_text path = {0};
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/') {
        stw_text_add(&path, "%s", cache);
        return path.bytes;
    }
    if (!home || *home != '/') {
        const struct passwd *user = getpwuid(geteuid());
        home = user ? user->pw_dir : NULL;
    }
    if (home && *home == '/')
        stw_text_add(&path, "%s/.cache", home);
    return path.bytes;
}

/* Why others could change what is in this folder, or null. `is_last`: programs lie in it. */
static const char *breach_of(const struct stat *about, int is_last)
{
    int is_own = about->st_uid == geteuid();
    int is_shared = (about->st_mode & (S_IWGRP | S_IWOTH)) != 0;
    int is_sticky = (about->st_mode & S_ISVTX) != 0;
    if (!is_own && (is_last || about->st_uid != 0))
        return "belongs to another user";
    return is_shared && (is_last || !is_sticky) ? "can be written by others" : NULL;
}

/* Whether a path without links keeps to CA1. What breaks it is told. */
static int is_safe(const char *path)
{
    char *copy = stw_strdup(path);
    size_t length = strlen(path);
    const char *breach = NULL;
    for (size_t i = 1; !breach && i <= length; i++) {
        struct stat about;
        if (path[i] != '/' && path[i] != '\0')
            continue;
        copy[i] = '\0';
        breach = lstat(copy, &about) != 0 ? strerror(errno) : breach_of(&about, i == length);
        if (breach)
            fprintf(stderr, "stwlab: nothing is executed from %s: %s %s\n", path, copy, breach);
        copy[i] = path[i];
    }
    free(copy);
    return !breach;
}

/* The user's folder, without links; allocated, or null. */
static char *usual_folder(void)
{
    char *home = cache_home(), *resolved = NULL;
    struct stw_text path = {0};
    if (!home)
        return NULL;
    mkdir(home, 0700);
    stw_text_add(&path, "%s/stwlab", home);
    if (mkdir(path.bytes, 0700) == 0 || errno == EEXIST)
        resolved = realpath(path.bytes, NULL);
    if (!resolved)
        fprintf(stderr, "stwlab: %s cannot be made: %s\n", path.bytes, strerror(errno));
    if (resolved && !is_safe(resolved)) {
        free(resolved);
        resolved = NULL;
    }
    stw_text_free(&path);
    free(home);
    return resolved;
}

static char *fresh_folder(void)
{
    struct stw_text path = {0};
    const char *place = getenv("TMPDIR");
    stw_text_add(&path, "%s/stwlab-XXXXXX", place && *place == '/' ? place : "/tmp");
    char *made = mkdtemp(path.bytes) ? realpath(path.bytes, NULL) : NULL;
    if (made && !is_safe(made)) {
        rmdir(made);
        free(made);
        made = NULL;
        errno = EPERM;
    }
    stw_text_free(&path);
    return made;
}

stw_status stw_cache_folder(const char **path, struct stw_error *error)
{
    if (!folder)
        folder = usual_folder();
    if (!folder) {
        folder = fresh_folder();
        is_fresh = folder != NULL;
        if (folder)
            fprintf(stderr, "stwlab: programs are built for this run alone, in %s\n", folder);
    }
    *path = folder;
    return folder ? STW_OK
                  : stw_error_set(error, STW_E_IO, NULL, "there is no folder to build programs in: "
                                  "neither the user's cache nor a temporary one: %s",
                                  strerror(errno));
}

int stw_cache_has_program(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return 0;
    const char *breach = S_ISREG(about.st_mode) ? breach_of(&about, 1) : "is no file";
    if (breach)
        fprintf(stderr, "stwlab: %s %s: it is built anew\n", path, breach);
    return !breach && access(path, X_OK) == 0;
}

/* With what is in it; Go makes what it caches read-only. */
static void remove_folder(const char *path)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        struct stw_text child = {0};
        struct stat about;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        stw_text_add(&child, "%s/%s", path, entry->d_name);
        if (lstat(child.bytes, &about) == 0 && S_ISDIR(about.st_mode))
            remove_folder(child.bytes);
        else
            unlink(child.bytes);
        stw_text_free(&child);
    }
    if (entries)
        closedir(entries);
    rmdir(path);
}

void stw_cache_end(void)
{
    if (is_fresh)
        remove_folder(folder);
    free(folder);
    folder = NULL;
    is_fresh = 0;
}
