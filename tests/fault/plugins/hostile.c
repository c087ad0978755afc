/* fault/plugins/hostile.c: a strategy that attacks in one of many ways, by its parameter. */
#define _GNU_SOURCE
#include <stwlab/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct attack {
    const char *way;
    void (*run)(void);
};

#define WAY(name, ...) static void way_##name(void) { __VA_ARGS__; }
static const struct rlimit none = {0, 0};
static void lock(void)
{
    struct flock whole = {.l_type = F_RDLCK};
    int file = open("../results.sqlite", O_RDONLY);
    fcntl(file, F_SETLK, &whole);
}
WAY(clone, if (fork() == 0) pause()) /* a process that stays */
WAY(execve, execl("/bin/true", "true", NULL))
WAY(kill, kill(getppid(), SIGKILL))             /* the coordinator */
WAY(group, kill(0, SIGKILL))
WAY(stop, kill(getppid(), SIGSTOP))
WAY(tgkill, syscall(SYS_tgkill, getppid(), getppid(), SIGKILL))
WAY(tkill, syscall(SYS_tkill, getppid(), SIGKILL))
WAY(pidfd, syscall(SYS_pidfd_open, getppid(), 0))
WAY(setpgid, setpgid(0, getpgid(getppid())))    /* into its group */
WAY(setsid, setsid())
WAY(traceme, ptrace(PTRACE_TRACEME, 0, NULL, NULL))
WAY(attach, ptrace(PTRACE_ATTACH, getppid(), NULL, NULL))
WAY(vmwrite, syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0))
WAY(socket, socket(AF_INET, SOCK_STREAM, 0))
WAY(pair, int two[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, two))
WAY(lock, lock()) /* the results: the store would wait */
WAY(cut, truncate("../results.sqlite", 0))
WAY(overwrite, open("../results.sqlite", O_WRONLY))
WAY(unlink, unlink("../results.sqlite"))
WAY(rename, rename("../results.sqlite", "mine"))
WAY(link, symlink("..", "up"); open("up/results.sqlite", O_RDWR))
WAY(create, open("../left-behind", O_CREAT | O_WRONLY, 0600))
WAY(mkdir, mkdir("../left-behind", 0700))
WAY(chmod, chmod("..", 0))
WAY(shm, shm_open("/stw-left-behind", O_CREAT | O_RDWR, 0600))
WAY(prlimit, prlimit(getppid(), RLIMIT_AS, &none, NULL))
WAY(nice, setpriority(PRIO_PROCESS, (id_t)getppid(), 19))
WAY(fifo, struct sched_param p = {1}; sched_setscheduler(0, SCHED_FIFO, &p))
WAY(affinity, cpu_set_t set; CPU_ZERO(&set); CPU_SET(0, &set);
    sched_setaffinity(getppid(), sizeof set, &set))
WAY(untie, prctl(PR_SET_PDEATHSIG, 0)) /* it would outlive the coordinator */
WAY(hide, prctl(PR_SET_DUMPABLE, 0))
WAY(filter, prctl(PR_SET_SECCOMP, 1))
WAY(unshare, unshare(CLONE_NEWUSER))
WAY(blocked, sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL);
    socket(AF_INET, SOCK_STREAM, 0))
#define A(name) {#name, way_##name}
static const struct attack attacks[] = {
    A(clone), A(execve), A(kill), A(group), A(stop), A(tgkill), A(tkill), A(pidfd), A(setpgid),
    A(setsid), A(traceme), A(attach), A(vmwrite), A(socket), A(pair), A(lock), A(cut), A(overwrite),
    A(unlink), A(rename), A(link), A(create), A(mkdir), A(chmod), A(shm), A(prlimit), A(nice),
    A(fifo), A(affinity), A(untie), A(hide), A(filter), A(unshare), A(blocked),
};

static stw_status create(const struct stw_host *host, const struct stw_config *config,
                         struct stw_error *error, void **self)
{
    const char *way = stw_config_text(config, "way");
    (void)host;
    (void)error;
    *self = NULL;
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        if (strcmp(attacks[i].way, way) == 0)
            attacks[i].run();
    return STW_OK;
}

static const struct stw_strategy_ops ops = {.struct_size = sizeof ops, .create = create};

STW_MANIFEST(STW_PLUGIN("strategy", "hostile", "Attacks those outside of its process")
             STW_PARAM_TEXT("way", "none", "how"));
STW_EXPORT(STW_OFFER(STW_KIND_STRATEGY, "hostile", &ops));
