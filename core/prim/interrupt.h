/* prim/interrupt.h: SIGINT and SIGTERM: as something that ends the process with a word, or as
 * something to be counted, so that what is in hand can be finished first.
 *
 * IN1  an interrupt always works, whatever the process waits for: before and after it is counted it
 *      ends the process at once; while it is counted, the third does.
 * Main thread. The same signal within 20 ms is the same interrupt: programs that time others out
 * send it to the process and to its group. */
#ifndef STW_PRIM_INTERRUPT_H
#define STW_PRIM_INTERRUPT_H

#include <stwlab/base.h>

#include <signal.h>
#include <stdint.h>

/* From now on an interrupt writes the words to standard error and ends the process with that
 * status, unless it is counted. The words are borrowed. */
void stw_interrupts_quit(const char *words, int status);

struct stw_interrupts {
    int descriptor; /* readable while there is one that was not counted */
    struct sigaction before[2];
    sigset_t mask;
};
/* Begins to count. STW_E_IO. Does not nest. */
stw_status stw_interrupts_begin(struct stw_interrupts *interrupts);
/* How many came since begin. */
uint32_t stw_interrupts_count(struct stw_interrupts *interrupts);
void stw_interrupts_end(struct stw_interrupts *interrupts);

#endif
