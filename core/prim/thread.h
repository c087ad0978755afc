/* prim/thread.h: threads, futexes, the monotonic clock, registers and stack bounds. */
#ifndef STW_PRIM_THREAD_H
#define STW_PRIM_THREAD_H

#include <stwlab/base.h>

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Monotonic clock in ns. */
uint64_t stw_clock_ns(void);
/* CPU time of the calling thread, ns. */
uint64_t stw_clock_thread_cpu_ns(void);
/* CPU time of the whole process, and of one of its threads that nobody has joined. */
uint64_t stw_clock_process_cpu_ns(void);
uint64_t stw_clock_cpu_of_ns(pthread_t thread);
/* The calling thread's CPU clock, for other threads to read; 0 when that thread is gone. */
clockid_t stw_clock_id(void);
uint64_t stw_clock_by_id_ns(clockid_t id);
/* How long the calling thread could have run but had no processor of the machine, since it began;
 * STW_DELAY_UNKNOWN where the system does not say. */
#define STW_DELAY_UNKNOWN UINT64_MAX
uint64_t stw_clock_thread_delay_ns(void);
/* How often the calling thread left its processor in order to sleep; not when it had to. */
uint64_t stw_thread_sleep_count(void);
/* Processors that this process may run on, at least 1. */
uint32_t stw_processor_count(void);

/* The calling thread's number in the system. */
int32_t stw_thread_id(void);
/* Whether the caller is the thread that the process began with. */
int stw_thread_is_main(void);

/* Binds the calling thread, not the main one, to the processor that is number `index` of those that
 * it may run on, counted round. Does nothing where the system refuses. */
void stw_thread_pin(uint32_t index);

/* Starts a joinable thread with a stack of `stack_bytes` (0: the default). It may run wherever the
 * main thread may, also when the caller is bound: collector threads are started by whichever
 * mutator needs them first, and would all share its processor. STW_E_NOMEM. */
stw_status stw_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
                            void *context);
/* The calling thread's stack: one past its highest address. Of a thread that stw_thread_start
 * started, where its first frame begins: what lies above is the system's, thread-local variables
 * among it, 20 KiB and with ThreadSanitizer 800. */
uintptr_t stw_thread_stack_top(void);

/* If `address` lies just below the calling thread's stack, whose overflow it then is: how large
 * that stack is, else 0. Of a thread that stw_thread_start started with a size. For signal
 * handlers. */
size_t stw_thread_overflow(uintptr_t address);

/* Sleeps while *word == expected, at most `timeout_ns` (0: for ever). Wakes may be spurious. 1: it
 * slept, and was woken by stw_futex_wake. */
int stw_futex_wait(uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void stw_futex_wake(uint32_t *word, uint32_t waiters);
#define STW_FUTEX_ALL 0x7fffffffu

/* Lets another thread run. */
void stw_thread_yield(void);

/* One turn of a spin loop. */
static inline void stw_spin_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Callee-saved registers; all others are on the stack at a call. */
#define STW_REGISTERS 12u
static inline void stw_registers_save(uintptr_t registers[STW_REGISTERS])
{
#if defined(__x86_64__)
    __asm__ volatile("movq %%rbx, 0(%0)\n\tmovq %%rbp, 8(%0)\n\tmovq %%r12, 16(%0)\n\t"
                     "movq %%r13, 24(%0)\n\tmovq %%r14, 32(%0)\n\tmovq %%r15, 40(%0)"
                     : : "r"(registers) : "memory");
#elif defined(__aarch64__)
    __asm__ volatile("stp x19, x20, [%0]\n\tstp x21, x22, [%0, #16]\n\tstp x23, x24, [%0, #32]\n\t"
                     "stp x25, x26, [%0, #48]\n\tstp x27, x28, [%0, #64]\n\tstr x29, [%0, #80]"
                     : : "r"(registers) : "memory");
#else
#error "stw_registers_save: this processor is not supported yet"
#endif
}

#endif
