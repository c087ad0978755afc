/* report/history.h: how a run came about: what was planned at each of its starts, and in what the
 * starts were not alike. */
#ifndef STW_REPORT_HISTORY_H
#define STW_REPORT_HISTORY_H

#include "base/text.h"
#include "report/json.h"
#include "report/reader.h"

struct stw_run_start {
    int64_t start;
    char *trials;  /* planned: "20", "20..200 until 5% of stop.p50" */
    int64_t time_ns; /* 0: not bounded */
    int64_t cells;
    char *added;   /* what was new in the matrix; or null */
    char *ended;   /* "planned", "enough", "time", "interrupted"; null: it goes on, or was killed */
    int64_t ended_trials;
};

/* A fact of the starts that have trials. */
struct stw_start_value {
    int64_t start;
    char *value; /* null: it was not there */
};
struct stw_start_fact {
    char *key;
    struct stw_start_value *values; /* of each start, ascending */
    uint32_t count;
};

struct stw_history {
    struct stw_run_start *starts;
    uint32_t start_count;
    struct stw_start_fact *facts; /* sorted by key */
    uint32_t fact_count;
};

stw_status stw_history_read(struct stw_reader *reader, struct stw_history *history);
void stw_history_free(struct stw_history *history);

/* Whether the fact tells starts apart, so that trials of both do not belong in one cell. */
int stw_history_is_mixed_by(const struct stw_start_fact *fact);
int stw_history_is_mixed(const struct stw_history *history);

/* What the run is mixed by, with blanks between; and a line that says so, if it is. */
void stw_history_keys(const struct stw_history *history, struct stw_text *out);
void stw_history_mark(const struct stw_history *history, struct stw_text *out);
/* Lines for the head of a table, none for a run of one start and a plain plan: what was planned and
 * what became of it; that the run is mixed, and by what. */
void stw_history_text(const struct stw_history *history, struct stw_text *out);
/* "plans" and "mixed", two members. */
void stw_history_json(struct stw_json *json, const struct stw_history *history);
/* The fact's value at all starts, or its values, one after the other; null: none. Free it. */
char *stw_history_value(const struct stw_start_fact *fact);

#endif
