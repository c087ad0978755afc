/* prim/warden.c: answers the filter of a sandboxed process (prim/sandbox.c).
 *
 * Threads: the parent's one thread that waits for processes. A call waits in the kernel until it is
 * answered; when the parent has died it fails with ENOSYS, so that nothing is allowed by accident.
 * Rejected: SIGSYS and a handler in the process. It takes no second process to name a call, but a
 * signal that is blocked is not delivered, and the C library blocks them all while it starts a
 * process; other runtimes have handlers of their own; and the plugin can write over what the
 * handler noted. */
#include "prim/warden.h"

#include "prim/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void stw_warden_init(struct stw_warden *warden, const char *scratch)
{
    *warden = (struct stw_warden){.socket = -1, .listener = -1, .child = -1, .scratch = scratch};
}

stw_status stw_warden_begin(struct stw_warden *warden)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return STW_E_IO;
    warden->socket = pair[0];
    warden->child = pair[1];
    return STW_OK;
}

static void drop(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

void stw_warden_started(struct stw_warden *warden)
{
    drop(&warden->child);
}

void stw_warden_end(struct stw_warden *warden)
{
    drop(&warden->socket);
    drop(&warden->child);
    drop(&warden->listener);
}

int stw_warden_descriptor(const struct stw_warden *warden)
{
    return warden->listener >= 0 ? warden->listener : warden->socket;
}

/* One byte with a descriptor beside it. */
union descriptor_message {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

stw_status stw__warden_hand_over(int socket, int listener)
{
    union descriptor_message control = {{0}};
    char byte = 0;
    struct iovec body = {&byte, 1};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof listener), .cmsg_level = SOL_SOCKET,
                             .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &listener, sizeof listener);
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    close(listener);
    close(socket);
    return sent == 1 ? STW_OK : STW_E_IO;
}

static void take_listener(struct stw_warden *warden)
{
    union descriptor_message control;
    char byte;
    struct iovec body = {&byte, 1};
    struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(warden->socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&warden->listener, CMSG_DATA(head), sizeof(int));
    drop(&warden->socket);
}

/* What a call says of one path: which argument it is, and where relative ones begin. */
struct named {
    uint32_t call;
    int8_t folder, path; /* arguments; folder -1: the working folder */
    int8_t follows;      /* a link at its end is followed */
};
#ifdef __x86_64__
static const struct named named[] = {
    {SYS_open, -1, 0, 1},       {SYS_openat, 0, 1, 1},    {SYS_creat, -1, 0, 1},
    {SYS_truncate, -1, 0, 1},   {SYS_unlink, -1, 0, 0},   {SYS_unlinkat, 0, 1, 0},
    {SYS_rename, -1, 0, 0},     {SYS_rename, -1, 1, 0},   {SYS_renameat, 0, 1, 0},
    {SYS_renameat, 2, 3, 0},    {SYS_renameat2, 0, 1, 0}, {SYS_renameat2, 2, 3, 0},
    {SYS_link, -1, 0, 1},       {SYS_link, -1, 1, 0},     {SYS_linkat, 0, 1, 1},
    {SYS_linkat, 2, 3, 0},      {SYS_symlink, -1, 1, 0},  {SYS_symlinkat, 1, 2, 0},
    {SYS_mkdir, -1, 0, 0},      {SYS_mkdirat, 0, 1, 0},   {SYS_rmdir, -1, 0, 0},
    {SYS_mknod, -1, 0, 0},      {SYS_mknodat, 0, 1, 0},
};
#define NAMED (sizeof named / sizeof *named)
#else
static const struct named named[1];
#define NAMED 0u
#endif

/* A text of the process; 0: it cannot be read, or does not end. */
static int read_text(int32_t thread, uint64_t at, char *text, size_t bytes)
{
    size_t got = 0;
    while (got < bytes) {
        size_t page = 4096 - (size_t)((at + got) % 4096);
        size_t wanted = page < bytes - got ? page : bytes - got;
        struct iovec here = {text + got, wanted}, there = {(void *)(uintptr_t)(at + got), wanted};
        ssize_t part = process_vm_readv(thread, &here, 1, &there, 1, 0);
        if (part <= 0)
            return 0;
        if (memchr(text + got, '\0', (size_t)part))
            return 1;
        got += (size_t)part;
    }
    return 0;
}

/* The folder that a relative path begins at; 0: unknown. */
static int folder_of(int32_t thread, int32_t folder, char path[PATH_MAX])
{
    char link[64];
    if (folder == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/%d/cwd", thread);
    else
        snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, folder);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0;
}

static int is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Its own output, whatever it is: the process has that open already. */
static int is_own_output(const char *path)
{
    static const char *const begins[] = {"/dev/stdout", "/dev/stderr", "/dev/fd/",
                                         "/proc/self/fd/"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(path, begins[i], strlen(begins[i])) == 0)
            return strstr(path, "..") == NULL;
    return strcmp(path, "/dev/null") == 0;
}

/* Whether an absolute path leads into the scratch folder. Where nothing is, nothing changes. */
static int leads_inside(const struct stw_warden *warden, const char *path, int follows)
{
    char resolved[PATH_MAX], parent[PATH_MAX];
    if (follows && realpath(path, resolved))
        return is_below(resolved, warden->scratch) || strcmp(resolved, "/dev/null") == 0;
    ssize_t link = follows ? readlink(path, resolved, sizeof resolved) : -1;
    snprintf(parent, sizeof parent, "%s", path);
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/')
        parent[--length] = '\0';
    char *last = strrchr(parent, '/');
    if (link >= 0 || !last)
        return 0; /* a link to what is not there: where to is the kernel's to find out */
    int is_dots = strcmp(last, "/..") == 0 || strcmp(last, "/.") == 0;
    if (!is_dots)
        last[last == parent] = '\0';
    if (!realpath(parent, resolved))
        return 1;
    return is_below(resolved, warden->scratch);
}

/* 1: forbidden. Notes the path. */
static int is_outside(struct stw_warden *warden, const struct seccomp_notif *asked,
                      const struct named *what)
{
    char path[PATH_MAX], whole[2 * PATH_MAX];
    int32_t thread = (int32_t)asked->pid;
    int32_t folder = what->folder < 0 ? AT_FDCWD : (int32_t)asked->data.args[what->folder];
    if (!read_text(thread, asked->data.args[what->path], path, sizeof path))
        return 0; /* the kernel cannot read it either; or it is not for us to read: WA1 */
    if (is_own_output(path))
        return 0;
    whole[0] = '\0';
    if (path[0] != '/' && !folder_of(thread, folder, whole))
        return 0;
    size_t length = strlen(whole);
    snprintf(whole + length, sizeof whole - length, "%s%s", length ? "/" : "", path);
    if (strlen(whole) < PATH_MAX && leads_inside(warden, whole, what->follows))
        return 0;
    snprintf(warden->forbidden.path, sizeof warden->forbidden.path, "%.*s",
             (int)sizeof warden->forbidden.path - 1, path);
    return 1;
}

static int is_own_thread(const struct seccomp_notif *asked)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%u/task/%d", asked->pid, (int32_t)asked->data.args[0]);
    return (int32_t)asked->data.args[0] > 0 && access(path, F_OK) == 0;
}

static int is_forbidden(struct stw_warden *warden, const struct seccomp_notif *asked)
{
    uint32_t call = (uint32_t)asked->data.nr, found = 0;
#ifdef __x86_64__
    if (call == SYS_sched_setaffinity)
        return !is_own_thread(asked);
#endif
    for (uint32_t i = 0; i < NAMED; i++) {
        if (named[i].call != call)
            continue;
        found = 1;
        if (is_outside(warden, asked, &named[i]))
            return 1;
    }
    return !found;
}

int stw_warden_answer(struct stw_warden *warden, int is_asked)
{
    struct seccomp_notif asked;
    if (warden->listener < 0) {
        take_listener(warden);
        return 0;
    }
    memset(&asked, 0, sizeof asked);
    if (!is_asked || ioctl(warden->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) {
        if (!is_asked || (errno != EINTR && errno != ENOENT)) /* ENOENT: who asked has ended */
            drop(&warden->listener);
        return 0;
    }
    if (is_forbidden(warden, &asked)) {
        warden->forbidden.is_set = 1;
        warden->forbidden.call = (uint32_t)asked.data.nr;
        warden->forbidden.thread = (int32_t)asked.pid;
        return 1;
    }
    struct seccomp_notif_resp go_on = {.id = asked.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    ioctl(warden->listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
    return 0;
}
