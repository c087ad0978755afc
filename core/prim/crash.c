/* prim/crash.c: the worker's crash handler (prim/process.h).
 *
 * The handler runs on whatever is left of a broken process: it reads two numbers from /proc, writes
 * four words to shared memory, has the embedder tell where it is, and lets the signal end the
 * process. What is told last may fail: the note is written by then. Async-signal-safe calls only.
 * The first thread to crash notes it; others that crash meanwhile wait, because their default
 * action would end the process before the note is written. The alternate stack here serves the main
 * thread; threads of stw_thread_start have their own. */
#include "prim/process.h"

#include "prim/module.h"
#include "prim/self.h"
#include "prim/thread.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define SLACK_BYTES (32ull << 20)
#define STACK_BYTES 65536u
#define NOTE_WAIT_MS 1000 /* for another thread's note */

static const int caught[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};

/* One process, one handler: signals leave no other place for its state. */
static struct stw_crash_note note;
static uint64_t limit_bytes; /* 0: none */
static pid_t crashed;        /* atomic: the thread that notes its crash, or 0 */
static uint32_t is_noted;    /* atomic: and has told everything */
static void (*tell)(const struct stw_code_place *place, int crashed);
static char stack[STACK_BYTES];

static uint32_t is_at_limit(uint64_t data_bytes)
{
    uint64_t slack = limit_bytes / 20 > SLACK_BYTES ? limit_bytes / 20 : SLACK_BYTES;
    return limit_bytes && data_bytes + slack >= limit_bytes;
}

static void await_note(void)
{
    const struct timespec turn = {0, 1000000};
    for (int i = 0; i < NOTE_WAIT_MS && !__atomic_load_n(&is_noted, __ATOMIC_ACQUIRE); i++)
        nanosleep(&turn, NULL);
}

static void note_overflow(uint64_t address)
{
    *note.stack_bytes = address ? stw_thread_overflow((uintptr_t)address) : 0;
    *note.thread = *note.stack_bytes ? note.who() : 0;
}

static const void *counter_of(const void *context)
{
    const ucontext_t *at = context;
#if defined(__x86_64__)
    return (const void *)(uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (const void *)(uintptr_t)at->uc_mcontext.pc;
#else
#error "crash: where this processor keeps its program counter is missing"
#endif
}

/* Whoever follows a pointer that lay in freed memory has it in a register, with an offset or
 * without. */
static uint32_t holds_freed(const void *context)
{
    const ucontext_t *at = context;
    uint32_t holds = 0;
#if defined(__x86_64__)
    for (int i = REG_R8; i < REG_RIP; i++) /* rsp is among them */
        holds |= ((uint64_t)at->uc_mcontext.gregs[i] ^ note.freed_word) >> 16 == 0;
#elif defined(__aarch64__)
    for (int i = 0; i < 31; i++)
        holds |= (at->uc_mcontext.regs[i] ^ note.freed_word) >> 16 == 0;
#endif
    return holds;
}

static void tell_place(const void *context, int is_crash)
{
    struct stw_code_place place;
    if (!tell)
        return;
    stw_code_place(counter_of(context), &place);
    tell(&place, is_crash);
}

/* Whoever is asked is about to be killed: with a sleep cut short it might yet end well. */
static void handle_question(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    tell_place(context, 0);
    for (;;)
        pause();
}

static void handle(int number, siginfo_t *info, void *context)
{
    pid_t first = 0, self = gettid();
    if (__atomic_compare_exchange_n(&crashed, &first, self, 0, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
        *note.address = info->si_code > 0 ? (uint64_t)(uintptr_t)info->si_addr : 0;
        if (note.stack_bytes)
            note_overflow(*note.address);
        if (note.used_freed)
            *note.used_freed = holds_freed(context);
        const struct stw_process_memory memory = stw_memory_of(0);
        *note.at_limit = is_at_limit(memory.data_bytes);
        *note.rss_peak_bytes = memory.rss_peak_bytes;
        __atomic_store_n(note.signal, number, __ATOMIC_RELEASE);
        tell_place(context, 1);
        __atomic_store_n(&is_noted, 1, __ATOMIC_RELEASE);
    } else if (first != self) {
        await_note();
    }
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    raise(number); /* delivered when this returns */
}

void stw_crash_handler_install(const struct stw_crash_note *where)
{
    struct rlimit data;
    note = *where;
    if (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY)
        limit_bytes = data.rlim_cur;
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        sigaction(caught[i], &action, NULL);
}

void stw_crash_tell_install(void (*function)(const struct stw_code_place *place, int crashed))
{
    tell = function;
    struct sigaction action = {.sa_sigaction = handle_question,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(STW_ASK_SIGNAL, &action, NULL);
}
