/* prim/identity.c: what a file holds, known by its content. */
#include "prim/identity.h"

#include "base/error.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES 65536u

static stw_status unreadable(const char *path, struct stw_error *error)
{
    return stw_error_set(error, STW_E_IO, "file", "%s: cannot be read: %s", path, strerror(errno));
}

static uint64_t ns_of(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void make_stamp(const struct stat *about, char stamp[STW_STAMP_BYTES])
{
    snprintf(stamp, STW_STAMP_BYTES, "%" PRIx64 ":%" PRIx64 ":%" PRIx64 ":%" PRIx64 ":%" PRIx64,
             (uint64_t)about->st_dev, (uint64_t)about->st_ino, (uint64_t)about->st_size,
             ns_of(about->st_mtim), ns_of(about->st_ctim));
}

static stw_status hash_file(const char *path, int file, char content[STW_CONTENT_BYTES],
                            struct stw_error *error)
{
    char block[BLOCK_BYTES];
    stw_hash128 hash = STW_HASH128_START;
    ssize_t got;
    while ((got = read(file, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return unreadable(path, error);
        hash = stw_hash_bytes(hash, block, (size_t)got);
    }
    snprintf(content, STW_CONTENT_BYTES, "%016" PRIx64 "%016" PRIx64, (uint64_t)(hash >> 64),
             (uint64_t)hash);
    return STW_OK;
}

stw_status stw_identity_take(const char *path, struct stw_identity *identity,
                             struct stw_error *error)
{
    struct stat about;
    *identity = (struct stw_identity){0};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return unreadable(path, error);
    /* The stamp first: what is written meanwhile changes it. */
    stw_status status = fstat(file, &about) == 0 ? STW_OK : unreadable(path, error);
    if (status == STW_OK) {
        make_stamp(&about, identity->stamp);
        status = hash_file(path, file, identity->content, error);
    }
    close(file);
    return status;
}

stw_status stw_identity_check(const char *path, const struct stw_identity *was,
                              struct stw_error *error)
{
    struct stat about;
    struct stw_identity now;
    if (stat(path, &about) != 0)
        return unreadable(path, error);
    make_stamp(&about, now.stamp);
    if (strcmp(now.stamp, was->stamp) == 0)
        return STW_OK;
    stw_status status = stw_identity_take(path, &now, error);
    if (status != STW_OK || strcmp(now.content, was->content) == 0)
        return status;
    return stw_error_set(error, STW_E_STATE, "file", "%s was replaced during the run: its content "
                         "is %s, it was %s", path, now.content, was->content);
}
