/* report/gate.h: conditions that a comparison must not meet: what fails a job of continuous
 * integration.
 *
 * "stop.p50 > 1.1x": a cell's stop.p50 is more than 1.1 times its baseline's. It fails when that is
 * shown, and passes when the opposite is; else it is undecided, which is no pass. What is asked is
 * whether a - 1.1 b is above 0, by the test that every comparison has (report/compare.h), and
 * Holm's correction is over all that one call asks. */
#ifndef STW_REPORT_GATE_H
#define STW_REPORT_GATE_H

#include "report/compare.h"

struct stw_gate {
    const char *text; /* borrowed */
    char *metric;
    int is_more;      /* > and >=; else < and <= */
    int holds_equal;  /* >= and <= */
    double factor;
};

enum stw_gate_verdict { STW_GATE_PASSES, STW_GATE_FAILS, STW_GATE_UNDECIDED };

struct stw_gated {
    const struct stw_gate *gate;
    const struct stw_cells_compared *compared; /* a, and b as many times as the gate says */
    enum stw_gate_verdict verdict;
    const char *without; /* undecided whatever the number of trials: why; else null */
    double trials;       /* undecided: about so many would decide; 0: not known */
};

/* Zero-initialise. */
struct stw_gates {
    struct stw_gate *items;
    uint32_t count;
    struct stw_comparisons asked; /* of each pair of cells, one for each gate */
    struct stw_gated *gated;      /* when judged: one for each of `asked` */
};

/* Adds a gate; `text` is borrowed. STW_E_INVALID: what is wrong with it. */
stw_status stw_gates_add(struct stw_gates *gates, const char *text, struct stw_error *error);
/* Reads two cells for all gates. As stw_compare_cells. */
stw_status stw_gates_ask(struct stw_gates *gates, const struct stw_compare_side *a,
                         const struct stw_compare_side *b,
                         const struct stw_compare_options *options, struct stw_error *error);
/* When all are asked, and options->noise is judged. */
void stw_gates_judge(struct stw_gates *gates, const struct stw_compare_options *options);
uint32_t stw_gates_count(const struct stw_gates *gates, enum stw_gate_verdict verdict);
/* One line: "1.34 times BASELINE (1.2 to 1.5), p = 0.001", or why nothing is known. */
void stw_gated_words(const struct stw_gated *gated, struct stw_text *text);
/* A line for each gate, and below it each pair of cells that did not pass. */
void stw_gates_text(const struct stw_gates *gates, uint32_t width, struct stw_text *text);
/* The member "fail_if" of an object: what the gates say of one comparison. */
void stw_gates_json(const struct stw_gates *gates, const struct stw_cells_compared *compared,
                    struct stw_json *json);
/* A JUnit file: a test for each gate and pair of cells; what is undecided is skipped, or failed if
 * `is_strict`. Errors of writing are left in the file. */
void stw_gates_junit(const struct stw_gates *gates, const char *suite,
                     const struct stw_compare_options *options, int is_strict, FILE *file);
void stw_gates_free(struct stw_gates *gates);

#endif
