/* report/noise.h: whether the machine was busy while a run was measured, and what not to read.
 *
 * Who only looks at a table takes what a busy machine did to the program for the program's doing.
 * So it is judged from what was stored beside the trials, told on the first line after every table
 * and in every JSON, and a quiet machine says nothing. docs/reference/results.md has the words. */
#ifndef STW_REPORT_NOISE_H
#define STW_REPORT_NOISE_H

#include "report/cells.h"
#include "report/json.h"
#include "report/reader.h"

/* Both limits are shares of the time, or of moments that were looked at.
 * TAILS: what befalls more than one moment in a hundred is in every p99, whatever the program did.
 * TIMES: it makes what goes on all the time longer by a tenth, and a tenth is what 20 trials of one
 * cell against another can show: no time is the program's any more, medians included. */
#define STW_NOISE_TAILS 0.01
#define STW_NOISE_TIMES 0.10
/* Late wakes beside as many of the run's own threads as processors, which keep an idle thread
 * waiting themselves: they count when others took as large a share of the time as well. On two
 * processors that did nothing else, where others took 1 to 2 %, 0.9 to 1.25 % of wakes were late
 * (merge-threshold, nine runs), 4.2 % (live-graph of 8 MiB in three modes) and 14 % (alloc-small,
 * whose collector always works); 5.2 % while other programs took 8.6 %. */
#define STW_NOISE_FULL 0.05

#define STW_NOISE_NOTE 0u       /* no reason not to read something; in JSON only */
#define STW_NOISE_INCOMPLETE 1u /* the record lacks something, whatever the machine did */
#define STW_NOISE_BUSY 2u

struct stw_finding {
    uint32_t severity;
    const char *kind;  /* "others", "steal", "throttled", "load", "hiccups", "stops",
                        * "stops-lost", "pieces-lost", "clipped" */
    uint32_t run;      /* 0: there is only one; 1, 2: of the first, the second */
    double share;      /* that was found; negative: it is no share */
    double limit;      /* from which on it counts; negative: any does */
    char *words;
    const char *avoid; /* what not to read, or null: nothing */
};

/* Zero-initialise. */
struct stw_noise {
    struct stw_finding *items; /* the severest first, as they were found */
    uint32_t count;
};

/* Reads what results->noise holds, and the cells' intervals_lost: cells and trials are there. */
stw_status stw_noise_read(struct stw_reader *reader, struct stw_results *results);
/* Adds what is found in a run: `run` is its number, 0 when there is only one. */
void stw_noise_judge(const struct stw_results *results, uint32_t run, struct stw_noise *noise);
int stw_noise_is_busy(const struct stw_noise *noise);
/* Lines of at most `width` columns (0: however long), none when there is nothing to be said. */
void stw_noise_text(const struct stw_noise *noise, uint32_t width, struct stw_text *out);
/* The member "noise" of an object: {"busy", "findings": [...]}. */
void stw_noise_json(const struct stw_noise *noise, struct stw_json *json);
void stw_noise_free(struct stw_noise *noise);

#endif
