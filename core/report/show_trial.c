/* report/show_trial.c: one trial: what became of it, its stops by phase, and what it printed. */
#include "report/show.h"

#include "base/error.h"
#include "base/utf8.h"
#include "report/json.h"
#include "report/noise.h"
#include "report/reader.h"
#include "report/table.h"
#include "report/units.h"
#include "trial/phase.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of one phase. */
struct stops {
    int64_t count, p50_ns, max_ns, sum_ns; /* without any, the times are 0 */
};

/* A row of the view trials with that of the view output, if there is one, and what the view pauses
 * has of it: an ok trial. */
struct trial {
    const char *cell;
    uint32_t trial;
    int is_there;
    char *outcome, *detail, *note;
    int64_t bytes; /* that it printed */
    struct stw_text head, tail;
    struct stops stops[STW_TRIAL_PHASES];
    struct stw_noise noise; /* of its run */
};

/* Bytes of any kind: no text of C can hold a NUL. */
static void take_bytes(sqlite3_stmt *row, int column, struct stw_text *text)
{
    const char *bytes = sqlite3_column_blob(row, column);
    int count = sqlite3_column_bytes(row, column);
    for (int i = 0; i < count; i++)
        if (bytes[i])
            stw_text_add_bytes(text, &bytes[i], 1);
        else
            stw_utf8_add(text, STW_UTF8_REPLACEMENT);
}

static void take_trial(sqlite3_stmt *row, void *context)
{
    struct trial *trial = context;
    trial->is_there = 1;
    trial->outcome = stw_reader_text(row, 0);
    trial->detail = stw_reader_text(row, 1);
    trial->note = stw_reader_text(row, 2);
    trial->bytes = sqlite3_column_int64(row, 3);
    take_bytes(row, 4, &trial->head);
    take_bytes(row, 5, &trial->tail);
}

static void take_stops(sqlite3_stmt *row, void *context)
{
    struct trial *trial = context;
    char *name = stw_reader_text(row, 0);
    uint32_t phase = stw_phase_find(name);
    if (phase < STW_TRIAL_PHASES)
        trial->stops[phase] =
            (struct stops){sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2),
                           sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4)};
    free(name);
}

static stw_status read_stops(struct stw_reader *reader, struct trial *trial)
{
    struct stw_text sql = {0};
    stw_text_add(&sql, "SELECT phase, n,"
                       " max(CASE WHEN rank = (n * 50 + 99) / 100 THEN pause_ns END),"
                       " max(pause_ns), sum(pause_ns) FROM (SELECT phase, pause_ns,"
                       "  row_number() OVER (PARTITION BY phase ORDER BY pause_ns) AS rank,"
                       "  count(*) OVER (PARTITION BY phase) AS n FROM pauses"
                       "  WHERE id = ?1 AND trial = %" PRIu32 ") GROUP BY phase", trial->trial);
    stw_status status = stw_reader_query(reader, sql.bytes, trial->cell, take_stops, trial);
    stw_text_free(&sql);
    return status;
}

static stw_status read_trial(struct stw_reader *reader, struct trial *trial)
{
    struct stw_text sql = {0};
    stw_text_add(&sql, "SELECT t.outcome, t.detail, t.note, o.bytes, o.head, o.tail FROM trials t"
                       " LEFT JOIN output o ON o.cell = t.cell AND o.trial = t.trial"
                       " WHERE t.id = ?1 AND t.trial = %" PRIu32, trial->trial);
    stw_status status = stw_reader_query(reader, sql.bytes, trial->cell, take_trial, trial);
    stw_text_free(&sql);
    if (status == STW_OK && !trial->is_there)
        status = stw_error_set(reader->error, STW_E_INVALID, NULL,
                               "%s: cell '%s' has no trial %" PRIu32 "; the first is 0",
                               reader->path, trial->cell, trial->trial);
    return status == STW_OK ? read_stops(reader, trial) : status;
}

static void add_line(struct stw_text *out, const char *line, size_t bytes)
{
    struct stw_text copy = {0};
    stw_text_add_bytes(&copy, line, bytes);
    stw_text_add(out, "  | ");
    stw_utf8_add_line(out, stw_text_get(&copy));
    stw_text_add(out, "\n");
    stw_text_free(&copy);
}

static void add_lines(struct stw_text *out, const struct stw_text *text)
{
    const char *at = stw_text_get(text);
    while (*at) {
        size_t bytes = strcspn(at, "\n");
        add_line(out, at, bytes);
        at += bytes + (at[bytes] == '\n');
    }
}

static void add_stops(const struct trial *trial, struct stw_text *out)
{
    static const char *const headers[] = {"stops", "count", "p50", "max", "total"};
    struct stw_table table = {0};
    for (uint32_t i = 0; i < sizeof headers / sizeof *headers; i++)
        stw_table_column(&table, headers[i], i ? STW_TABLE_RIGHT : STW_TABLE_LEFT);
    for (uint32_t phase = 0; phase < STW_TRIAL_PHASES; phase++) {
        const struct stops *stops = &trial->stops[phase];
        char count[24];
        if (stops->count == 0)
            continue;
        snprintf(count, sizeof count, "%" PRId64, stops->count);
        stw_table_row(&table);
        stw_table_set(&table, 0, stw_phase_name(phase));
        stw_table_set(&table, 1, count);
        stw_table_set(&table, 2, stw_format_percentile(stops->p50_ns, stops->count, 50).text);
        stw_table_set(&table, 3, stw_format_ns((uint64_t)stops->max_ns).text);
        stw_table_set(&table, 4, stw_format_ns((uint64_t)stops->sum_ns).text);
    }
    if (table.row_count) {
        stw_table_print(&table, 0, out);
        stw_noise_text(&trial->noise, 0, out);
    }
    stw_table_free(&table);
    stw_show_marks(out);
}

/* Bytes of the middle, which were not kept. */
static int64_t lost_bytes(const struct trial *trial)
{
    int64_t kept = 2 * (int64_t)STW_PROCESS_HEAD_BYTES;
    return trial->bytes > kept ? trial->bytes - kept : 0;
}

static void add_text(const struct trial *trial, struct stw_text *out)
{
    stw_utf8_add_line(out, trial->cell);
    stw_text_add(out, ", trial %" PRIu32 ": %s\n", trial->trial, trial->outcome);
    for (int i = 0; i < 2; i++) {
        const char *said = i ? trial->note : trial->detail;
        if (!*said)
            continue;
        stw_utf8_add_line(out, said);
        stw_text_add(out, "\n");
    }
    add_stops(trial, out);
    if (trial->bytes == 0) {
        stw_text_add(out, "it printed nothing\n");
        return;
    }
    stw_text_add(out, "it printed %" PRId64 " byte%s:\n", trial->bytes,
                 stw_plural((uint64_t)trial->bytes));
    if (lost_bytes(trial)) {
        add_lines(out, &trial->head);
        stw_text_add(out, "  ... %" PRId64 " bytes were not kept ...\n", lost_bytes(trial));
        add_lines(out, &trial->tail);
        return;
    }
    struct stw_text whole = {0};
    stw_text_add(&whole, "%s%s", stw_text_get(&trial->head), stw_text_get(&trial->tail));
    add_lines(out, &whole);
    stw_text_free(&whole);
}

static void member(struct stw_json *json, const char *key, const char *text)
{
    stw_json_key(json, key);
    stw_json_string(json, text);
}

static void add_json_stops(const struct trial *trial, struct stw_json *json)
{
    stw_json_key(json, "stops");
    stw_json_object_begin(json);
    for (uint32_t phase = 0; phase < STW_TRIAL_PHASES; phase++) {
        const struct stops *stops = &trial->stops[phase];
        const int64_t times[] = {stops->p50_ns, stops->max_ns};
        static const char *const keys[] = {"p50", "max"};
        stw_json_key(json, stw_phase_name(phase));
        stw_json_object_begin(json);
        stw_json_key(json, "count");
        stw_json_i64(json, stops->count);
        for (uint32_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            stw_json_key(json, keys[i]);
            if (stops->count)
                stw_json_i64(json, times[i]);
            else
                stw_json_null(json);
        }
        stw_json_key(json, "sum");
        stw_json_i64(json, stops->sum_ns);
        stw_json_object_end(json);
    }
    stw_json_object_end(json);
}

static void add_json(const struct trial *trial, struct stw_text *out)
{
    struct stw_json json = stw_json_to_text(out, 2);
    stw_json_object_begin(&json);
    member(&json, "cell", trial->cell);
    stw_json_key(&json, "trial");
    stw_json_u64(&json, trial->trial);
    member(&json, "outcome", trial->outcome);
    member(&json, "detail", trial->detail);
    member(&json, "note", trial->note);
    add_json_stops(trial, &json);
    stw_json_key(&json, "printed");
    stw_json_object_begin(&json);
    stw_json_key(&json, "bytes");
    stw_json_i64(&json, trial->bytes);
    member(&json, "head", stw_text_get(&trial->head));
    member(&json, "tail", stw_text_get(&trial->tail));
    stw_json_object_end(&json);
    stw_noise_json(&trial->noise, &json);
    stw_json_object_end(&json);
    stw_json_finish(&json);
}

stw_status stw_show_trial(const struct stw_results *results, const char *cell, uint32_t number,
                          int as_json, struct stw_text *out, struct stw_error *error)
{
    struct stw_reader reader;
    struct trial trial = {.cell = cell, .trial = number};
    stw_status status = stw_reader_open(results->path, &reader, error);
    stw_noise_judge(results, 0, &trial.noise);
    if (status == STW_OK)
        status = read_trial(&reader, &trial);
    if (status == STW_OK && as_json)
        add_json(&trial, out);
    else if (status == STW_OK)
        add_text(&trial, out);
    stw_reader_close(&reader);
    free(trial.outcome);
    free(trial.detail);
    free(trial.note);
    stw_text_free(&trial.head);
    stw_text_free(&trial.tail);
    stw_noise_free(&trial.noise);
    return status;
}
