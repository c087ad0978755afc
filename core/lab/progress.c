/* lab/progress.c: says on standard error how far a run is.
 *
 * On a terminal one line that is redrawn in place, at most every 50 ms, and cut to the terminal's
 * width, because a line that wraps cannot be erased. Elsewhere a line every tenth of the trials and
 * one for every failure. */
#include "lab/progress.h"

#include "base/utf8.h"
#include "prim/self.h"
#include "prim/thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDRAW_NS 50000000u
#define COLUMNS_DEFAULT 80u
#define ERASE_LINE "\r\x1b[K"
#define RED "\x1b[31m"
#define PLAIN "\x1b[0m"

static int is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

static uint32_t columns_of_terminal(void)
{
    uint32_t columns = stw_self_columns(STDERR_FILENO);
    return columns ? columns : COLUMNS_DEFAULT;
}

void stw_progress_begin(struct stw_progress *progress, uint64_t total, uint64_t stored,
                        uint64_t trials, int is_most, int quiet)
{
    const char *terminal = getenv("TERM");
    int is_able = terminal && *terminal && strcmp(terminal, "dumb") != 0;
    *progress = (struct stw_progress){
        .total = total,
        .stored = stored,
        .trials = trials,
        .is_most = is_most,
        .begun_ns = stw_clock_ns(),
        .is_terminal = is_able && isatty(STDERR_FILENO),
        .is_colored = !is_set("NO_COLOR"),
        .is_quiet = quiet,
    };
    progress->told_tenth = total ? 10 * stored / total : 0;
}

/* "0:42", "at most 1:02:03"; "?" before the first trial has ended. */
static void time_left(const struct stw_progress *progress, char *text, size_t bytes)
{
    uint64_t left = progress->total - progress->stored - progress->run;
    if (progress->run == 0) {
        snprintf(text, bytes, "?");
        return;
    }
    uint64_t each_ns = (stw_clock_ns() - progress->begun_ns) / progress->run;
    uint64_t seconds = (left * each_ns + 999999999u) / 1000000000u;
    uint64_t hours = seconds / 3600, minutes = seconds / 60 % 60;
    const char *most = progress->is_most ? "at most " : "";
    if (hours)
        snprintf(text, bytes, "%s%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, most, hours, minutes,
                 seconds % 60);
    else
        snprintf(text, bytes, "%s%" PRIu64 ":%02" PRIu64, most, minutes, seconds % 60);
}

static int digits_of(uint64_t number)
{
    return snprintf(NULL, 0, "%" PRIu64, number);
}

static void add_position(const struct stw_progress *progress, uint64_t done,
                         struct stw_text *line)
{
    stw_text_add(line, "[%*" PRIu64 "/%" PRIu64 "] ", digits_of(progress->total), done,
                 progress->total);
}

/* The line in its parts: the cell's id gives way when the terminal is narrow. */
struct line {
    struct stw_text position, counts;
    char failed[40], left[40];
};

static void compose(const struct stw_progress *progress, uint32_t trial, struct line *line)
{
    char left[32];
    time_left(progress, left, sizeof left);
    *line = (struct line){0};
    add_position(progress, progress->stored + progress->run + 1, &line->position);
    stw_text_add(&line->counts, "  trial %u/%" PRIu64 "  ok %" PRIu64 "  ", trial + 1,
                 progress->trials, progress->ok);
    snprintf(line->failed, sizeof line->failed, "failed %" PRIu64, progress->run - progress->ok);
    snprintf(line->left, sizeof line->left, "  left %s", left);
}

static void draw(const struct stw_progress *progress, const struct line *line, const char *id)
{
    size_t room = columns_of_terminal() - 1, fixed = line->position.length + line->counts.length
                                       + strlen(line->failed) + strlen(line->left);
    int is_red = progress->is_colored && progress->run > progress->ok;
    if (fixed > room)
        fprintf(stderr, ERASE_LINE "%.*s", (int)room, line->position.bytes);
    else
        fprintf(stderr, ERASE_LINE "%s%.*s%s%s%s%s%s", line->position.bytes,
                (int)stw_utf8_whole(id, room - fixed), id, line->counts.bytes,
                is_red ? RED : "", line->failed, is_red ? PLAIN : "", line->left);
    fflush(stderr);
}

void stw_progress_trial(struct stw_progress *progress, const struct stw_cell *cell, uint32_t trial)
{
    uint64_t now_ns = stw_clock_ns();
    int is_due = !progress->is_drawn || now_ns - progress->drawn_ns >= REDRAW_NS;
    if (progress->is_quiet || !progress->is_terminal || !is_due)
        return;
    struct line line;
    compose(progress, trial, &line);
    draw(progress, &line, cell->id);
    stw_text_free(&line.position);
    stw_text_free(&line.counts);
    progress->drawn_ns = now_ns;
    progress->is_drawn = 1;
}

static void tell_plainly(struct stw_progress *progress, const struct stw_cell *cell,
                         uint32_t trial, const struct stw_outcome *outcome)
{
    uint64_t done = progress->stored + progress->run, tenth = 10 * done / progress->total;
    struct stw_text line = {0};
    add_position(progress, done, &line);
    if (outcome->kind != STW_OUTCOME_OK)
        fprintf(stderr, "%s%s trial %u: %s: %s\n", line.bytes, cell->id, trial,
                stw_outcome_name(outcome->kind), outcome->detail);
    if (tenth > progress->told_tenth) {
        char left[32];
        time_left(progress, left, sizeof left);
        fprintf(stderr, "%sok %" PRIu64 "  failed %" PRIu64 "  left %s\n", line.bytes,
                progress->ok, progress->run - progress->ok, left);
        progress->told_tenth = tenth;
    }
    stw_text_free(&line);
}

void stw_progress_outcome(struct stw_progress *progress, const struct stw_cell *cell,
                          uint32_t trial, const struct stw_outcome *outcome)
{
    progress->run++;
    progress->ok += outcome->kind == STW_OUTCOME_OK;
    if (!progress->is_quiet && !progress->is_terminal)
        tell_plainly(progress, cell, trial, outcome);
}

void stw_progress_clear(struct stw_progress *progress)
{
    if (progress->is_drawn)
        fputs(ERASE_LINE, stderr);
    progress->is_drawn = 0;
}
