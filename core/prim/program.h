/* prim/program.h: other programs, run for what they print: toolchains and what they built.
 *
 * Standard output and error of the program come as one stream; its standard input is empty.
 * PG1  a program dies with the process that started it, and when its time is up. */
#ifndef STW_PRIM_PROGRAM_H
#define STW_PRIM_PROGRAM_H

#include <stwlab/base.h>

#include <stddef.h>
#include <stdint.h>

struct stw_program {
    int32_t pid;
    int output;
    uint64_t deadline_ns; /* by the monotonic clock; UINT64_MAX: none */
    int is_late;          /* it was killed because its time was up */
    uint32_t held, at;    /* bytes of its output that were read, and given out */
    char bytes[4096];
    uint64_t cpu_ns;      /* user + system; known from its end on, as the next */
    uint64_t rss_peak_bytes;
};

/* Programs that are started from now on enter the sandbox before they run: its `program` is their
 * arguments[0], with a slash in it. Borrowed; null: none. */
struct stw_sandbox;
void stw_program_confine(const struct stw_sandbox *sandbox);
/* Starts arguments[0], searched on PATH, in `folder` (null: this one), with `settings` in its
 * environment: "NAME=VALUE", null at the end. It has `limit_ns` to end; 0: as long as it likes.
 * STW_E_IO with the system's words. By the main thread: its death would count as the process's. */
stw_status stw_program_start(char *const *arguments, const char *const *settings,
                             const char *folder, uint64_t limit_ns, struct stw_program *program,
                             struct stw_error *error);
/* The next line that it printed, as by fgets: with its end, or without when it is longer than
 * `room`. 0: there is none any more, or its time is up, and then it has been killed. */
int stw_program_line(struct stw_program *program, char *line, size_t room);
/* Waits for its end, however it comes, and sets what it used, with its own children's part. The
 * exit status, or minus the signal that ended it. */
int32_t stw_program_end(struct stw_program *program);
/* Ends this process by the signal that ended a program. */
void stw_program_die(int32_t signal_number);

#endif
