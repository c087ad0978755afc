/* prim/calls.c: the table of system calls.
 *
 * CL1  a call that is in neither table is forbidden: what the kernel will learn later is, too.
 * CL2  what is allowed reaches nothing outside of the process and the files that it has open: no
 *      other process, no file by name, no limit, priority or clock of the system, and nothing that
 *      stays when the process has ended.
 * Rejected: libseccomp. It translates names between architectures and orders large filters, neither
 * of which is needed for one list on one architecture; its filters are built with malloc, and so
 * cannot be made between vfork and exec; and it would be one more package that `./lab` installs. */
#include "prim/calls.h"

#include "prim/sandbox.h"

#include <string.h>

#ifdef __x86_64__
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/prctl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

/* Younger than the headers of Debian 12. */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#define SYS_fchmodat2 452
#define SYS_map_shadow_stack 453
#define SYS_futex_wake 454
#define SYS_futex_wait 455
#define SYS_futex_requeue 456
#define SYS_mseal 462
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#endif

#define A(name) SYS_##name
static const uint16_t allowed[] = {
    /* memory of its own */
    A(brk), A(madvise), A(mbind), A(membarrier), A(mincore), A(mlock), A(mlock2), A(mlockall),
    A(mmap), A(mprotect), A(mremap), A(msync), A(munlock), A(munlockall), A(munmap),
    A(get_mempolicy), A(set_mempolicy), A(set_mempolicy_home_node), A(pkey_alloc), A(pkey_free),
    A(pkey_mprotect), A(remap_file_pages), A(memfd_create), A(map_shadow_stack), A(mseal),
    /* threads, waiting, time */
    A(arch_prctl), A(exit), A(exit_group), A(futex), A(futex_waitv), A(futex_wake), A(futex_wait),
    A(futex_requeue), A(get_robust_list), A(set_robust_list), A(get_thread_area),
    A(set_thread_area), A(set_tid_address), A(gettid), A(rseq), A(sched_yield), A(getcpu),
    A(alarm), A(clock_getres), A(clock_gettime), A(clock_nanosleep), A(getitimer),
    A(gettimeofday), A(nanosleep), A(pause), A(setitimer), A(time), A(timer_create),
    A(timer_delete), A(timer_getoverrun), A(timer_gettime), A(timer_settime), A(timerfd_create),
    A(timerfd_gettime), A(timerfd_settime), A(times), A(restart_syscall),
    /* signals that it gets */
    A(rt_sigaction), A(rt_sigpending), A(rt_sigprocmask), A(rt_sigreturn), A(rt_sigsuspend),
    A(rt_sigtimedwait), A(sigaltstack), A(signalfd), A(signalfd4),
    /* what it is and where it runs */
    A(capget), A(getegid), A(geteuid), A(getgid), A(getgroups), A(getpgid), A(getpgrp), A(getpid),
    A(getppid), A(getpriority), A(getrandom), A(getresgid), A(getresuid), A(getrlimit),
    A(getrusage), A(getsid), A(getuid), A(ioprio_get), A(sched_get_priority_max),
    A(sched_get_priority_min), A(sched_getaffinity), A(sched_getattr), A(sched_getparam),
    A(sched_getscheduler), A(sched_rr_get_interval), A(sysinfo), A(uname), A(umask), A(wait4),
    A(waitid),
    /* files: by descriptor, or without a change */
    A(access), A(cachestat), A(chdir), A(close), A(close_range), A(copy_file_range), A(dup),
    A(dup2), A(dup3), A(epoll_create), A(epoll_create1), A(epoll_ctl), A(epoll_pwait),
    A(epoll_pwait2), A(epoll_wait), A(eventfd), A(eventfd2), A(faccessat), A(faccessat2),
    A(fadvise64), A(fallocate), A(fchdir), A(fdatasync), A(fgetxattr), A(flistxattr), A(fstat),
    A(fstatfs), A(fsync), A(ftruncate), A(getcwd), A(getdents), A(getdents64), A(getxattr),
    A(inotify_add_watch), A(inotify_init), A(inotify_init1), A(inotify_rm_watch), A(lgetxattr),
    A(listxattr), A(llistxattr), A(lseek), A(lstat), A(name_to_handle_at), A(newfstatat), A(pipe),
    A(pipe2), A(poll), A(ppoll), A(pread64), A(preadv), A(preadv2), A(pselect6), A(pwrite64),
    A(pwritev), A(pwritev2), A(read), A(readahead), A(readlink), A(readlinkat), A(readv),
    A(select), A(sendfile), A(splice), A(stat), A(statfs), A(statx), A(sync_file_range), A(tee),
    A(vmsplice), A(write), A(writev),
};
#undef A

/* What is governed: its rule, and the permission that allows it as it is; 0: none does. */
struct governed {
    uint16_t number;
    uint8_t rule, permission;
    const char *name;
};
#define G(name, rule, permission) {SYS_##name, STW_RULE_##rule, permission, #name}
#define FILES(name, rule) G(name, rule, STW_PERMIT_FILES)
#define NETWORK(name) G(name, FORBID, STW_PERMIT_NETWORK)
#define PROCESSES(name, rule) G(name, rule, STW_PERMIT_PROCESSES)
#define SCHEDULING(name, rule) G(name, rule, STW_PERMIT_SCHEDULING)
#define NEVER(name) G(name, FORBID, 0)
static const struct governed governed[] = {
    FILES(open, OPEN), FILES(openat, OPENAT), FILES(creat, PATHS), FILES(truncate, PATHS),
    FILES(unlink, PATHS), FILES(unlinkat, PATHS), FILES(rename, PATHS), FILES(renameat, PATHS),
    FILES(renameat2, PATHS), FILES(link, PATHS), FILES(linkat, PATHS), FILES(symlink, PATHS),
    FILES(symlinkat, PATHS), FILES(mkdir, PATHS), FILES(mkdirat, PATHS), FILES(rmdir, PATHS),
    FILES(mknod, PATHS), FILES(mknodat, PATHS),
    /* Landlock does not know of these: not in the scratch folder either. */
    FILES(chmod, FORBID), FILES(fchmod, FORBID), FILES(fchmodat, FORBID),
    FILES(fchmodat2, FORBID), FILES(chown, FORBID), FILES(fchown, FORBID),
    FILES(fchownat, FORBID), FILES(lchown, FORBID), FILES(utime, FORBID), FILES(utimes, FORBID),
    FILES(utimensat, FORBID), FILES(futimesat, FORBID), FILES(setxattr, FORBID),
    FILES(lsetxattr, FORBID), FILES(fsetxattr, FORBID), FILES(setxattrat, FORBID),
    FILES(removexattr, FORBID), FILES(lremovexattr, FORBID), FILES(fremovexattr, FORBID),
    FILES(removexattrat, FORBID), FILES(flock, FORBID), FILES(fcntl, FCNTL), FILES(sync, FORBID),
    FILES(syncfs, FORBID),
    NETWORK(socket), NETWORK(socketpair), NETWORK(connect), NETWORK(bind), NETWORK(listen),
    NETWORK(accept), NETWORK(accept4), NETWORK(sendto), NETWORK(sendmmsg),
    G(sendmsg, CONTROL, STW_PERMIT_NETWORK),
    NETWORK(recvfrom), NETWORK(recvmsg), NETWORK(recvmmsg), NETWORK(shutdown),
    NETWORK(getsockname), NETWORK(getpeername), NETWORK(getsockopt), NETWORK(setsockopt),
    PROCESSES(clone, THREAD), PROCESSES(fork, FORBID), PROCESSES(vfork, FORBID),
    PROCESSES(execve, EXEC), PROCESSES(execveat, FORBID), PROCESSES(kill, OWN),
    PROCESSES(tgkill, OWN), PROCESSES(tkill, FORBID), PROCESSES(rt_sigqueueinfo, OWN),
    PROCESSES(rt_tgsigqueueinfo, OWN), PROCESSES(setpgid, FORBID), PROCESSES(setsid, FORBID),
    PROCESSES(pidfd_open, FORBID), PROCESSES(pidfd_send_signal, FORBID),
    SCHEDULING(sched_setaffinity, OWN_THREAD), SCHEDULING(sched_setscheduler, FORBID),
    SCHEDULING(sched_setattr, FORBID), SCHEDULING(sched_setparam, FORBID),
    SCHEDULING(setpriority, FORBID), SCHEDULING(ioprio_set, FORBID),
    SCHEDULING(prlimit64, PRLIMIT), SCHEDULING(setrlimit, FORBID),
    G(clone3, MISSING, 0), G(openat2, MISSING, 0), G(process_vm_readv, OWN, 0),
    G(process_vm_writev, OWN, 0), G(prctl, PRCTL, 0), G(ioctl, IOCTL, 0),
    G(personality, PERSONALITY, 0),
    NEVER(ptrace), NEVER(pidfd_getfd), NEVER(process_madvise), NEVER(process_mrelease),
    NEVER(kcmp), NEVER(migrate_pages), NEVER(move_pages), NEVER(mount), NEVER(umount2),
    NEVER(mount_setattr), NEVER(move_mount), NEVER(open_tree), NEVER(fsopen), NEVER(fsconfig),
    NEVER(fsmount), NEVER(fspick), NEVER(pivot_root), NEVER(chroot), NEVER(unshare), NEVER(setns),
    NEVER(bpf), NEVER(perf_event_open), NEVER(userfaultfd), NEVER(io_uring_setup),
    NEVER(io_uring_enter), NEVER(io_uring_register), NEVER(io_setup), NEVER(io_submit),
    NEVER(io_cancel), NEVER(io_destroy), NEVER(io_getevents), NEVER(io_pgetevents),
    NEVER(keyctl), NEVER(add_key), NEVER(request_key), NEVER(memfd_secret), NEVER(seccomp),
    NEVER(landlock_create_ruleset), NEVER(landlock_add_rule), NEVER(landlock_restrict_self),
    NEVER(capset), NEVER(setuid), NEVER(setgid), NEVER(setreuid), NEVER(setregid),
    NEVER(setresuid), NEVER(setresgid), NEVER(setfsuid), NEVER(setfsgid), NEVER(setgroups),
    NEVER(shmget), NEVER(shmat), NEVER(shmctl), NEVER(shmdt), NEVER(semget), NEVER(semop),
    NEVER(semctl), NEVER(semtimedop), NEVER(msgget), NEVER(msgsnd), NEVER(msgrcv),
    NEVER(msgctl), NEVER(mq_open), NEVER(mq_unlink), NEVER(mq_timedsend),
    NEVER(mq_timedreceive), NEVER(mq_notify), NEVER(mq_getsetattr), NEVER(fanotify_init),
    NEVER(fanotify_mark), NEVER(open_by_handle_at), NEVER(quotactl), NEVER(quotactl_fd),
    NEVER(swapon), NEVER(swapoff), NEVER(reboot), NEVER(kexec_load), NEVER(kexec_file_load),
    NEVER(init_module), NEVER(finit_module), NEVER(delete_module), NEVER(settimeofday),
    NEVER(clock_settime), NEVER(clock_adjtime), NEVER(adjtimex), NEVER(sethostname),
    NEVER(setdomainname), NEVER(acct), NEVER(syslog), NEVER(vhangup), NEVER(iopl),
    NEVER(ioperm), NEVER(modify_ldt),
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

void stw__calls_rules(uint32_t permitted, uint8_t rules[STW_CALLS_TABLE])
{
    memset(rules, STW_RULE_FORBID, STW_CALLS_TABLE);
    for (size_t i = 0; i < COUNT(allowed); i++)
        rules[allowed[i]] = STW_RULE_ALLOW;
    for (size_t i = 0; i < COUNT(governed); i++)
        rules[governed[i].number] =
            governed[i].permission & permitted ? STW_RULE_ALLOW : governed[i].rule;
}

const char *stw_call_title(uint32_t number)
{
    for (size_t i = 0; i < COUNT(governed); i++)
        if (governed[i].number == number)
            return governed[i].name;
    return NULL;
}

static const uint32_t fcntls[] = {
    F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETOWN, F_DUPFD_CLOEXEC, F_GET_SEALS,
    F_ADD_SEALS, F_SETPIPE_SZ, F_GETPIPE_SZ,
};
static const uint32_t ioctls[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX};
/* Names, page policies, and questions: nothing that unties the process from its parent or hides it
 * from it. */
static const uint32_t prctls[] = {
    PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_PDEATHSIG, PR_GET_TIMERSLACK,
    PR_SET_TIMERSLACK, PR_CAPBSET_READ, PR_SET_VMA, PR_GET_THP_DISABLE, PR_SET_THP_DISABLE,
    PR_GET_NO_NEW_PRIVS, PR_SET_NO_NEW_PRIVS, PR_GET_SPECULATION_CTRL, PR_GET_SECCOMP,
    PR_GET_TID_ADDRESS, PR_GET_CHILD_SUBREAPER,
};

const uint32_t *stw__calls_arguments(uint32_t rule, size_t *count)
{
    *count = rule == STW_RULE_FCNTL ? COUNT(fcntls)
           : rule == STW_RULE_IOCTL ? COUNT(ioctls) : COUNT(prctls);
    return rule == STW_RULE_FCNTL ? fcntls : rule == STW_RULE_IOCTL ? ioctls : prctls;
}

#else

void stw__calls_rules(uint32_t permitted, uint8_t rules[STW_CALLS_TABLE])
{
    (void)permitted;
    memset(rules, STW_RULE_ALLOW, STW_CALLS_TABLE);
}

const char *stw_call_title(uint32_t number)
{
    (void)number;
    return NULL;
}

const uint32_t *stw__calls_arguments(uint32_t rule, size_t *count)
{
    static const uint32_t none;
    (void)rule;
    *count = 0;
    return &none;
}

#endif
