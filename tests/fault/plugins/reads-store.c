/* fault/plugins/reads-store.c: a strategy that is a reader of its own run from when it is loaded,
 * while the trial before is stored: the store waits for it, and it never ends. */
#include <stwlab/plugin.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where SQLite's readers have their locks. */
#define SHARED_FIRST 0x40000002
#define SHARED_BYTES 510

static void __attribute__((constructor)) read_store(void)
{
    char path[64], target[4096];
    const struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST,
                               .l_len = SHARED_BYTES};
    for (int number = 3; number < 20; number++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", getppid(), number);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        const char *name = strrchr(target, '/');
        int file = name && strcmp(name, "/results.sqlite") == 0 ? open(target, O_RDONLY) : -1;
        while (file >= 0 && fcntl(file, F_SETLK, &lock) != 0)
            usleep(100);
        if (file >= 0)
            for (;;)
                pause();
    }
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops};

STW_MANIFEST(STW_PLUGIN("strategy", "reads-store", "Reads the run that it is part of"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "reads-store", &ops));
