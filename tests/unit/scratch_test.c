/* unit/scratch_test.c: the folder that trials write to. Whatever one has left there, the next finds
 * an empty folder, and nothing outside of it is gone (prim.SC1). */
#include "prim/scratch.h"

#include "base/error.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/stw-scratch.XXXXXX";

static void open_base(void)
{
    cr_assert_not_null(mkdtemp(base));
    cr_assert_eq(chdir(base), 0);
    cr_assert_eq(mkdir("outside", 0700), 0);
    cr_assert_geq(open("outside/canary", O_CREAT | O_WRONLY, 0600), 0);
}

static void close_base(void)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stat about;
    cr_assert_eq(stat("outside/canary", &about), 0, "the canary is gone");
    cr_assert_eq(about.st_mode & 07777, 0600);
    cr_assert_eq(stw_scratch_remove(base, &error), STW_OK, "%s", error.message);
}

TestSuite(scratch, .init = open_base, .fini = close_base);

/* Makes it, and returns its number in the file system. */
static ino_t make(void)
{
    struct stw_error error = STW_ERROR_INIT;
    struct stat about;
    uint32_t entries = 0;
    cr_assert_eq(stw_scratch_make("scratch", &error), STW_OK, "%s", error.message);
    cr_assert_eq(lstat("scratch", &about), 0);
    cr_assert(S_ISDIR(about.st_mode));
    cr_assert_eq(about.st_mode & 07777, 0700);
    DIR *folder = opendir("scratch");
    while (readdir(folder))
        entries++;
    closedir(folder);
    cr_assert_eq(entries, 2, "%u entries instead of . and ..", entries);
    return about.st_ino;
}

Test(scratch, one_that_was_left_empty_serves_again)
{
    ino_t first = make();
    cr_assert_eq(make(), first);
}

Test(scratch, what_was_left_in_it_is_gone)
{
    make();
    cr_assert_geq(open("scratch/-rf \n*", O_CREAT | O_WRONLY, 0000), 0);
    cr_assert_geq(open("scratch/1", O_CREAT | O_WRONLY, 0600), 0); /* a name that we choose, too */
    cr_assert_eq(mkfifo("scratch/.fifo", 0600), 0);
    cr_assert_eq(mkdir("scratch/closed", 0700), 0);
    cr_assert_eq(mkdir("scratch/closed/inner", 0700), 0);
    cr_assert_eq(chmod("scratch/closed", 0000), 0);
    make();
}

Test(scratch, links_are_removed_and_not_followed)
{
    make();
    cr_assert_eq(symlink("../outside", "scratch/folder"), 0);
    cr_assert_eq(symlink("../outside/canary", "scratch/file"), 0);
    cr_assert_eq(symlink("nowhere", "scratch/dangling"), 0);
    cr_assert_eq(link("outside/canary", "scratch/hard"), 0);
    make();
}

Test(scratch, depth_beyond_any_path_is_no_obstacle)
{
    make();
    cr_assert_eq(chdir("scratch"), 0);
    for (int i = 0; i < 2500; i++) { /* 5000 bytes of path */
        cr_assert_eq(mkdir("d", 0700), 0);
        cr_assert_eq(chdir("d"), 0);
    }
    cr_assert_eq(chdir(base), 0);
    make();
}

Test(scratch, another_mode_or_a_link_in_its_place_is_replaced)
{
    make();
    cr_assert_eq(chmod("scratch", 0755), 0);
    make();
    cr_assert_eq(rmdir("scratch"), 0);
    cr_assert_eq(symlink("outside", "scratch"), 0);
    make();
    cr_assert_eq(rmdir("scratch"), 0);
    cr_assert_eq(mkfifo("scratch", 0600), 0);
    make();
}

Test(scratch, what_cannot_be_made_is_told)
{
    struct stw_error error = STW_ERROR_INIT;
    cr_assert_eq(stw_scratch_make("missing/scratch", &error), STW_E_IO);
    cr_assert_str_eq(error.message, "cannot make the trials' scratch folder missing/scratch: "
                                    "No such file or directory");
    cr_assert_eq(stw_scratch_remove("missing/scratch", &error), STW_OK);
}
