/* plan/problems.h: collects what is wrong with an experiment, so that all of it is said in one go.
 *
 * Each problem becomes one line: "FILE:LINE: [section] key: what", without the parts that it has
 * not, or "--set TEXT: what". Control characters of hostile input are shown as '?'. */
#ifndef STW_PLAN_PROBLEMS_H
#define STW_PLAN_PROBLEMS_H

#include "base/text.h"

#include <stdint.h>

/* Where a problem is. Everything but the path is optional. */
struct stw_place {
    int line;             /* 0: of no line */
    const char *override; /* the text of --set, or null */
    const char *section;
    const char *key;
};

struct stw_problem {
    int line; /* what it is sorted by; overrides come after the file */
    uint32_t order;
    char *text;
};

/* Initialise with the path; borrowed. */
struct stw_problems {
    const char *path;
    struct stw_problem *items;
    uint32_t count;
    uint32_t remarks; /* of them */
};

void stw_problem_add(struct stw_problems *problems, const struct stw_place *place,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for what does not keep the experiment from being used. */
void stw_problem_remark(struct stw_problems *problems, const struct stw_place *place,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Sorts them by line and adds them to `text`, one a line. */
void stw_problems_write(struct stw_problems *problems, struct stw_text *text);
void stw_problems_free(struct stw_problems *problems);

#endif
