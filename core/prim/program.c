/* prim/program.c: starts a program with a pipe for its output. */
#include "prim/program.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int names_same(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* This process's environment with `settings` in it; free the array alone. */
static char **environment_new(const char *const *settings)
{
    size_t count = 0, added = 0, kept = 0;
    while (environ && environ[count])
        count++;
    while (settings[added])
        added++;
    char **all = stw_new(count + added + 1, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        int is_replaced = 0;
        for (size_t j = 0; j < added; j++)
            is_replaced |= names_same(settings[j], environ[i]);
        if (!is_replaced)
            all[kept++] = environ[i];
    }
    for (size_t j = 0; j < added; j++)
        all[kept++] = (char *)(uintptr_t)settings[j];
    return all;
}

/* As posix_spawn: 0 or an error number. */
static int spawn(char *const *arguments, char *const *environment, const char *folder, int output,
                 int32_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, standard;
    sigemptyset(&none);
    sigemptyset(&standard);
    sigaddset(&standard, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    if (folder)
        posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &standard);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

stw_status stw_program_start(char *const *arguments, const char *const *settings,
                             const char *folder, struct stw_program *program,
                             struct stw_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return stw_error_set(error, STW_E_IO, NULL, "%s: no pipe for its output: %s", arguments[0],
                             strerror(errno));
    char **environment = environment_new(settings);
    int failed = spawn(arguments, environment, folder, ends[1], &program->pid);
    free(environment);
    close(ends[1]);
    program->output = failed ? NULL : fdopen(ends[0], "r");
    if (program->output)
        return STW_OK;
    close(ends[0]);
    return stw_error_set(error, STW_E_IO, NULL, "%s: cannot be run: %s", arguments[0],
                         strerror(failed ? failed : errno));
}

static uint64_t ns_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

int32_t stw_program_end(struct stw_program *program)
{
    struct rusage usage = {0};
    int status = 0;
    fclose(program->output);
    while (wait4(program->pid, &status, 0, &usage) < 0 && errno == EINTR)
        ;
    program->cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
    program->rss_peak_bytes = (uint64_t)usage.ru_maxrss * 1024u;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void stw_program_die(int32_t signal_number)
{
    signal(signal_number, SIG_DFL);
    kill(getpid(), signal_number);
}
