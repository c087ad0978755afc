/* report/history.c: reads and tells the starts of a run.
 *
 * HI1  a run is mixed when trials of two starts ran in different programs, or on different machines
 *      (store/start.c has the rule). Then every table says so, whoever asked for it.
 * HI2  what was planned is told when it is more than a number, or changed between starts: who looks
 *      at results and then asks for more has chosen when to stop. */
#include "report/history.h"

#include "base/array.h"
#include "report/units.h"
#include "store/environment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *text_or_null(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? NULL : stw_reader_text(row, column);
}

static void take_start(sqlite3_stmt *row, void *context)
{
    struct stw_history *history = context;
    *STW_APPEND(history->starts, history->start_count) = (struct stw_run_start){
        .start = sqlite3_column_int64(row, 0), .trials = stw_reader_text(row, 1),
        .time_ns = sqlite3_column_int64(row, 2), .cells = sqlite3_column_int64(row, 3),
        .added = text_or_null(row, 4), .ended = text_or_null(row, 5),
        .ended_trials = sqlite3_column_int64(row, 6)};
}

/* Rows come by their keys. */
static void take_value(sqlite3_stmt *row, void *context)
{
    struct stw_history *history = context;
    struct stw_start_fact *last =
        history->fact_count ? &history->facts[history->fact_count - 1] : NULL;
    char *key = stw_reader_text(row, 0);
    if (last && strcmp(last->key, key) == 0) {
        free(key);
    } else {
        *STW_APPEND(history->facts, history->fact_count) = (struct stw_start_fact){.key = key};
        last = &history->facts[history->fact_count - 1];
    }
    *STW_APPEND(last->values, last->count) =
        (struct stw_start_value){sqlite3_column_int64(row, 1), text_or_null(row, 2)};
}

/* Of the starts that have trials each fact that any of them has. */
static const char facts_sql[] =
    "WITH used AS (SELECT DISTINCT start FROM trials WHERE start IS NOT NULL),"
    " keys AS (SELECT DISTINCT f.key FROM starts f JOIN used u ON u.start = f.start)"
    " SELECT k.key, u.start, f.value FROM keys k CROSS JOIN used u"
    " LEFT JOIN starts f ON f.start = u.start AND f.key = k.key ORDER BY k.key, u.start";

stw_status stw_history_read(struct stw_reader *reader, struct stw_history *history)
{
    stw_status status = stw_reader_query(
        reader, "SELECT start, trials, time_ns, cells, added, ended, ended_trials FROM plans"
        " ORDER BY start", NULL, take_start, history);
    return status == STW_OK ? stw_reader_query(reader, facts_sql, NULL, take_value, history)
                            : status;
}

void stw_history_free(struct stw_history *history)
{
    for (uint32_t i = 0; i < history->start_count; i++) {
        free(history->starts[i].trials);
        free(history->starts[i].added);
        free(history->starts[i].ended);
    }
    for (uint32_t i = 0; i < history->fact_count; i++) {
        for (uint32_t v = 0; v < history->facts[i].count; v++)
            free(history->facts[i].values[v].value);
        free(history->facts[i].values);
        free(history->facts[i].key);
    }
    free(history->starts);
    free(history->facts);
    *history = (struct stw_history){0};
}

static int is_alike(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* store.ST2 */
static int is_known(const struct stw_start_fact *fact, uint32_t at)
{
    return fact->values[at].value || !stw_environment_is_file(fact->key);
}

/* The first value, or one that is not the one before: of those that are known. */
static int is_new(const struct stw_start_fact *fact, uint32_t at)
{
    if (!is_known(fact, at))
        return 0;
    for (uint32_t i = at; i-- > 0;)
        if (is_known(fact, i))
            return !is_alike(fact->values[i].value, fact->values[at].value);
    return 1;
}

int stw_history_is_mixed_by(const struct stw_start_fact *fact)
{
    uint32_t values = 0;
    for (uint32_t i = 0; i < fact->count; i++)
        values += is_new(fact, i) != 0;
    return values > 1 && !stw_environment_is_passing(fact->key);
}

int stw_history_is_mixed(const struct stw_history *history)
{
    int is_mixed = 0;
    for (uint32_t i = 0; i < history->fact_count; i++)
        is_mixed |= stw_history_is_mixed_by(&history->facts[i]);
    return is_mixed;
}

/* Text. */

#define MARGIN "           "

static void add_end(const struct stw_run_start *start, struct stw_text *out)
{
    const char *ended = start->ended;
    if (!ended || strcmp(ended, "planned") == 0)
        return;
    stw_text_add(out, MARGIN "ended after %" PRId64 " trial%s of a cell: ", start->ended_trials,
                 stw_plural((uint64_t)start->ended_trials));
    if (strcmp(ended, "enough") == 0)
        stw_text_add(out, "enough; so intervals are a little too narrow\n");
    else
        stw_text_add(out, strcmp(ended, "time") == 0 ? "its time was over\n" : "interrupted\n");
}

static int is_same_plan(const struct stw_run_start *a, const struct stw_run_start *b)
{
    return strcmp(a->trials, b->trials) == 0 && a->time_ns == b->time_ns && !b->added;
}

/* Whether a start is worth a line. */
static int is_told(const struct stw_history *history, uint32_t at)
{
    const struct stw_run_start *start = &history->starts[at];
    int is_changed = at > 0 && !is_same_plan(&history->starts[at - 1], start);
    int is_to_change = at + 1 < history->start_count
                    && !is_same_plan(start, &history->starts[at + 1]);
    int is_plain = strspn(start->trials, "0123456789") == strlen(start->trials) && !start->time_ns;
    return is_changed || is_to_change || !is_plain;
}

static void add_plan(const struct stw_run_start *start, struct stw_text *out)
{
    stw_text_add(out, "trials = %s", start->trials);
    if (start->time_ns)
        stw_text_add(out, ", time = %s", stw_format_wait((double)start->time_ns / 1e9).text);
    stw_text_add(out, "\n");
    if (start->added)
        stw_text_add(out, MARGIN "cells added: %s\n", start->added);
    add_end(start, out);
}

static void add_plans(const struct stw_history *history, struct stw_text *out)
{
    int is_later = 0, is_first = 1;
    for (uint32_t i = 0; i < history->start_count; i++) {
        if (!is_told(history, i))
            continue;
        stw_text_add(out, is_first ? "planned:   " : MARGIN);
        if (history->start_count > 1)
            stw_text_add(out, "at start %" PRId64 ": ", history->starts[i].start);
        add_plan(&history->starts[i], out);
        is_later |= i > 0 && !is_same_plan(&history->starts[i - 1], &history->starts[i]);
        is_first = 0;
    }
    if (is_later)
        stw_text_add(out, MARGIN "a later plan was made when results were there\n");
}

static void add_mixed(const struct stw_history *history, struct stw_text *out)
{
    const char *heading =
        "mixed:     not all trials are of the same programs on the same machine:\n";
    for (uint32_t i = 0; i < history->fact_count; i++) {
        const struct stw_start_fact *fact = &history->facts[i];
        if (!stw_history_is_mixed_by(fact))
            continue;
        stw_text_add(out, "%s", heading);
        heading = "";
        for (uint32_t v = 0; v < fact->count; v++)
            if (is_new(fact, v))
                stw_text_add(out, MARGIN "%s from start %" PRId64 " on: %s\n", fact->key,
                             fact->values[v].start,
                             fact->values[v].value ? fact->values[v].value : "not there");
    }
}

void stw_history_text(const struct stw_history *history, struct stw_text *out)
{
    add_plans(history, out);
    add_mixed(history, out);
}

void stw_history_keys(const struct stw_history *history, struct stw_text *out)
{
    for (uint32_t i = 0, count = 0; i < history->fact_count; i++)
        if (stw_history_is_mixed_by(&history->facts[i]))
            stw_text_add(out, "%s%s", count++ ? " " : "", history->facts[i].key);
}

void stw_history_mark(const struct stw_history *history, struct stw_text *out)
{
    if (!stw_history_is_mixed(history))
        return;
    stw_text_add(out, "mixed: not all trials are of the same programs on the same machine: ");
    stw_history_keys(history, out);
    stw_text_add(out, "\n");
}

/* JSON. */

static void json_text(struct stw_json *json, const char *key, const char *text)
{
    stw_json_key(json, key);
    if (text)
        stw_json_string(json, text);
    else
        stw_json_null(json);
}

static void json_number(struct stw_json *json, const char *key, int64_t number, int is_known)
{
    stw_json_key(json, key);
    if (is_known)
        stw_json_i64(json, number);
    else
        stw_json_null(json);
}

static void json_plan(struct stw_json *json, const struct stw_run_start *start)
{
    stw_json_object_begin(json);
    json_number(json, "start", start->start, 1);
    json_text(json, "trials", start->trials);
    json_number(json, "time_ns", start->time_ns, start->time_ns > 0);
    json_number(json, "cells", start->cells, 1);
    json_text(json, "added", start->added);
    json_text(json, "ended", start->ended);
    json_number(json, "ended_trials", start->ended_trials, start->ended != NULL);
    stw_json_object_end(json);
}

static void json_mixed(struct stw_json *json, const struct stw_start_fact *fact)
{
    stw_json_object_begin(json);
    json_text(json, "key", fact->key);
    stw_json_key(json, "values");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < fact->count; i++) {
        stw_json_object_begin(json);
        json_number(json, "start", fact->values[i].start, 1);
        json_text(json, "value", fact->values[i].value);
        stw_json_object_end(json);
    }
    stw_json_array_end(json);
    stw_json_object_end(json);
}

void stw_history_json(struct stw_json *json, const struct stw_history *history)
{
    stw_json_key(json, "plans");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < history->start_count; i++)
        json_plan(json, &history->starts[i]);
    stw_json_array_end(json);
    stw_json_key(json, "mixed");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < history->fact_count; i++)
        if (stw_history_is_mixed_by(&history->facts[i]))
            json_mixed(json, &history->facts[i]);
    stw_json_array_end(json);
}

char *stw_history_value(const struct stw_start_fact *fact)
{
    struct stw_text text = {0};
    for (uint32_t i = 0; i < fact->count; i++)
        if (is_new(fact, i))
            stw_text_add(&text, "%s%s", text.length ? ", then " : "",
                         fact->values[i].value ? fact->values[i].value : "not there");
    return text.bytes;
}
