/* prim/self.c: this process: its executable, its standard files, its memory; and others' memory. */
#include "prim/self.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

stw_status stw_self_path(char *path, size_t path_bytes, struct stw_error *error)
{
    ssize_t length = readlink("/proc/self/exe", path, path_bytes);
    if (length < 0)
        return stw_error_set(error, STW_E_IO, NULL, "cannot find this program's file: %s",
                             strerror(errno));
    if ((size_t)length >= path_bytes)
        return stw_error_set(error, STW_E_IO, NULL, "the path of this program's file is too long");
    path[length] = '\0';
    return STW_OK;
}

void stw_self_guard_output(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    /* The lowest free number is the closed one, because those below are open by then. */
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", O_RDONLY);
}

uint32_t stw_self_columns(int descriptor)
{
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

#define STATUS_BYTES 4096u /* of /proc/PID/status at a time; a user of many groups has more */
#define LINE_BYTES 64u     /* of a line that is looked for, at most */

/* "/proc/PID/status" without stdio, for signal handlers. */
static void status_path(int32_t pid, char path[32])
{
    char digits[12];
    size_t count = 0, at = sizeof "/proc/" - 1;
    memcpy(path, "/proc/", at);
    for (uint32_t left = (uint32_t)pid; left > 0; left /= 10)
        digits[count++] = (char)('0' + left % 10);
    while (count > 0)
        path[at++] = digits[--count];
    if (pid == 0) {
        memcpy(path + at, "self", 4);
        at += 4;
    }
    memcpy(path + at, "/status", sizeof "/status");
}

/* "\nNAME:   1234 kB\n" in bytes; 0 when it is not there as a whole. */
static uint64_t status_bytes(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    uint64_t number = 0;
    if (!at || !strchr(at + 1, '\n'))
        return 0;
    at += strlen(name);
    while (*at == ' ' || *at == '\t')
        at++;
    for (; *at >= '0' && *at <= '9'; at++)
        number = 10 * number + (uint64_t)(*at - '0');
    return number * 1024u;
}

struct stw_process_memory stw_memory_of(int32_t pid)
{
    char path[32], text[STATUS_BYTES];
    status_path(pid, path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stw_process_memory memory = {0};
    size_t held = 0;
    ssize_t got = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    for (; got > 0 && !memory.data_bytes; got = read(descriptor, text + held, STATUS_BYTES / 2)) {
        held += (size_t)got;
        text[held] = '\0';
        if (!memory.rss_peak_bytes)
            memory.rss_peak_bytes = status_bytes(text, "\nVmHWM:");
        memory.data_bytes = status_bytes(text, "\nVmData:");
        size_t kept = held < LINE_BYTES ? held : LINE_BYTES;
        memmove(text, text + held - kept, kept);
        held = kept;
    }
    if (descriptor >= 0)
        close(descriptor);
    return memory;
}

#define TREE_MAX 64u /* processes that are looked at */

/* Anonymous and shared pages that are resident; 0 when it cannot be read. */
static uint64_t resident_bytes(int32_t pid)
{
    char path[32], text[STATUS_BYTES];
    status_path(pid, path);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    if (descriptor >= 0)
        close(descriptor);
    return status_bytes(text, "\nRssAnon:") + status_bytes(text, "\nRssShmem:");
}

static uint32_t add_children_of(int32_t pid, long thread, int32_t *list, uint32_t count)
{
    char path[96], numbers[1024];
    snprintf(path, sizeof path, "/proc/%d/task/%ld/children", pid, thread);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = descriptor < 0 ? 0 : read(descriptor, numbers, sizeof numbers - 1);
    numbers[got > 0 ? got : 0] = '\0';
    if (descriptor >= 0)
        close(descriptor);
    char *at = numbers, *end;
    for (long child = strtol(at, &end, 10); end != at && count < TREE_MAX;
         at = end, child = strtol(at, &end, 10))
        list[count++] = (int32_t)child;
    return count;
}

/* Adds the children of a process, whichever of its threads started them, to the list. */
static uint32_t add_children(int32_t pid, int32_t *list, uint32_t count)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    for (struct dirent *entry; threads && (entry = readdir(threads));)
        if (entry->d_name[0] != '.')
            count = add_children_of(pid, strtol(entry->d_name, NULL, 10), list, count);
    if (threads)
        closedir(threads);
    return count;
}

uint64_t stw_memory_of_tree(int32_t pid)
{
    int32_t list[TREE_MAX] = {pid};
    uint32_t count = 1;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        bytes += resident_bytes(list[i]);
        count = add_children(list[i], list, count);
    }
    return bytes;
}

uint64_t stw_children_rss_peak_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_CHILDREN, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024u : 0;
}
