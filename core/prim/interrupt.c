/* prim/interrupt.c: a handler for SIGINT and SIGTERM.
 *
 * Rejected: blocking the signals and reading them from a signalfd: then nothing ends a process that
 * waits where it does not look (a write to a terminal that nobody reads).
 * Threads: the handler may run on any; all that it reads is set before it is installed, or is one
 * word. */
#include "prim/interrupt.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MERGE_NS 20000000u
#define COUNT_MAX 3 /* the last of them ends the process */

static const int numbers[2] = {SIGINT, SIGTERM};

static struct {
    const char *volatile words; /* may be null */
    volatile sig_atomic_t status, is_counting, count;
    int last;         /* the handler's, as the next */
    uint64_t last_ns;
    int event;
} state = {.status = 1, .event = -1};

/* Async-signal-safe, as all of the handler. */
static _Noreturn void quit(void)
{
    const char *words = state.words;
    ssize_t ignored = words ? write(STDERR_FILENO, words, strlen(words)) : 0;
    (void)ignored;
    _exit(state.status);
}

static void on_interrupt(int number)
{
    static const uint64_t one = 1;
    struct timespec now;
    int error = errno;
    if (!state.is_counting)
        quit();
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    int is_same = state.last == number && now_ns - state.last_ns < MERGE_NS;
    state.last = number;
    state.last_ns = now_ns;
    if (!is_same) {
        state.count = state.count + 1;
        ssize_t ignored = write(state.event, &one, sizeof one);
        (void)ignored;
    }
    if (state.count >= COUNT_MAX)
        quit();
    errno = error;
}

/* And lets them through, in case that whoever started us does not. */
static void install(struct sigaction before[2], sigset_t *mask)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 2; i++)
        sigaddset(&action.sa_mask, numbers[i]);
    for (int i = 0; i < 2; i++)
        sigaction(numbers[i], &action, before ? &before[i] : NULL);
    pthread_sigmask(SIG_UNBLOCK, &action.sa_mask, mask);
}

void stw_interrupts_quit(const char *words, int status)
{
    state.words = words;
    state.status = status;
    install(NULL, NULL);
}

stw_status stw_interrupts_begin(struct stw_interrupts *interrupts)
{
    interrupts->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (interrupts->descriptor < 0)
        return STW_E_IO;
    state.event = interrupts->descriptor;
    state.count = 0;
    state.last = 0;
    state.is_counting = 1;
    install(interrupts->before, &interrupts->mask);
    return STW_OK;
}

uint32_t stw_interrupts_count(struct stw_interrupts *interrupts)
{
    uint64_t seen;
    ssize_t ignored = read(interrupts->descriptor, &seen, sizeof seen);
    (void)ignored;
    return (uint32_t)state.count;
}

void stw_interrupts_end(struct stw_interrupts *interrupts)
{
    pthread_sigmask(SIG_SETMASK, &interrupts->mask, NULL);
    for (int i = 0; i < 2; i++)
        sigaction(numbers[i], &interrupts->before[i], NULL);
    state.is_counting = 0;
    state.event = -1;
    close(interrupts->descriptor);
}
