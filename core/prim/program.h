/* prim/program.h: other programs, run for what they print: toolchains and what they built.
 *
 * Standard output and error of the program come as one stream; its standard input is empty. */
#ifndef STW_PRIM_PROGRAM_H
#define STW_PRIM_PROGRAM_H

#include <stwlab/base.h>

#include <stdint.h>
#include <stdio.h>

struct stw_program {
    int32_t pid;
    FILE *output;
    uint64_t cpu_ns; /* user + system; known from its end on, as the next */
    uint64_t rss_peak_bytes;
};

/* Starts arguments[0], searched on PATH, in `folder` (null: this one), with `settings` in its
 * environment: "NAME=VALUE", null at the end. STW_E_IO with the system's words. */
stw_status stw_program_start(char *const *arguments, const char *const *settings,
                             const char *folder, struct stw_program *program,
                             struct stw_error *error);
/* Waits for its end, however it comes, and sets what it used, with its own children's part. The
 * exit status, or minus the signal that ended it. */
int32_t stw_program_end(struct stw_program *program);
/* Ends this process by the signal that ended a program. */
void stw_program_die(int32_t signal_number);

#endif
