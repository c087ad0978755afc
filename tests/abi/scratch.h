/* abi/scratch.h: a folder of a test's own, and files in it. */
#ifndef STW_TESTS_SCRATCH_H
#define STW_TESTS_SCRATCH_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char folder[64];
};

/* Bytes of a file. */
struct image {
    unsigned char *bytes;
    size_t count;
};

static inline struct scratch scratch_new(void)
{
    struct scratch scratch;
    snprintf(scratch.folder, sizeof scratch.folder, "/tmp/stwlab-abi-XXXXXX");
    cr_assert_not_null(mkdtemp(scratch.folder));
    return scratch;
}

static inline void scratch_free(const struct scratch *scratch)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch->folder);
    cr_assert_eq(system(command), 0);
}

/* "FOLDER/name", valid until the next call but three. */
static inline const char *scratch_path(const struct scratch *scratch, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch->folder, name);
    return path;
}

static inline void write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, count, file), count);
    cr_assert_eq(fclose(file), 0);
}

static inline struct image read_image(const char *path)
{
    struct image image = {0};
    struct stat about;
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fstat(fileno(file), &about), 0);
    image.count = (size_t)about.st_size;
    image.bytes = malloc(image.count);
    cr_assert_eq(fread(image.bytes, 1, image.count, file), image.count);
    fclose(file);
    return image;
}

#endif
