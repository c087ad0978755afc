/* report/noise.c: reads what tells of a busy machine, and judges it.
 *
 * NO1  a run of which nothing was measured is not called quiet for that: it has no finding, and is
 *      not busy either. What is not known is no evidence.
 * NO2  the run's own work is no noise: other programs' time is that of all less the run's own. An
 *      idle thread's late wakes do not count where more threads of its program ran than there are
 *      processors; where as many did, mutators or the collector's workers, they count only when
 *      others are known to have taken their share as well (STW_NOISE_FULL).
 * NO3  one accident is no verdict: late wakes count from ten on, times from 200 ticks on.
 *
 * Rejected: the load average, where anything else is known. It lags by a minute, so that it tells
 * of the build before the run, and from the first trial on of the run itself. */
#include "report/noise.h"

#include "base/array.h"
#include "base/error.h"
#include "base/histogram.h"
#include "base/utf8.h"
#include "report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Times are judged from so much processor time on. The system gives whole ticks of 10 ms to whom it
 * finds working: of 200 ticks the share is off by 3.5 % at most (one standard deviation, half of
 * them busy), a third of STW_NOISE_TIMES. */
#define MEASURED_NS_MIN 2e9
/* NO3. Fewer events are an accident of a few, as beyond a percentile (report/compare.h). */
#define LATE_MIN 10
/* A stop that is called long, as a wake that is called late (trial/losses.c): far above what stops
 * of the lab's collector take, and what claims are about. */
#define LONG_STOP_NS 1000000
/* Load average a processor, where nothing better is known: one program that runs all the time for
 * every two processors. */
#define LOAD_LIMIT 0.5

/* From here on a histogram tells operations apart no more. */
#define MOST_NS stw_histogram_bucket_low(STW_HISTOGRAM_BUCKETS)
#define INDENT 4u /* of what goes on in another line */

/* Told by their addresses, too: add_avoided. */
static const char avoid_tails[] = "p99, max and other tails";
static const char avoid_times[] = "times, not even medians";

/* Reading. */

/* What a cell has for a setting, or null. */
static const char *setting(const struct stw_results *results, const struct stw_result_cell *cell,
                           const char *key)
{
    const char *value = stw_pairs_get(&cell->axes, key);
    for (uint32_t i = 0; !value && i < results->info.count; i++) {
        const char *constant = stw_results_constant(&results->info.items[i]);
        if (constant && strcmp(constant, key) == 0)
            value = results->info.items[i].value;
    }
    return value;
}

static unsigned long number(const char *text)
{
    return text ? strtoul(text, NULL, 10) : 0;
}

/* NO2: how the cell's own threads fill the processors. */
enum { ROOM, FULL, CROWDED };
static int crowding(const struct stw_results *results, const struct stw_result_cell *cell)
{
    unsigned long processors = number(stw_pairs_get(&results->environment, "processors"));
    unsigned long mutators = number(setting(results, cell, "mutators"));
    unsigned long of_gc = number(setting(results, cell, "gc.processors")); /* 0: all there are */
    int collects = number(setting(results, cell, "gogc")) > 0;             /* "off" is no number */
    if (!processors)
        return ROOM;
    if (mutators > processors || of_gc > processors)
        return CROWDED;
    return mutators == processors || (collects && (!of_gc || of_gc == processors)) ? FULL : ROOM;
}

/* Columns: capacity and time of others, of steal, of throttling. A lap of which one is not known
 * says nothing of it. */
static const char times_sql[] =
    "SELECT sum(CASE WHEN busy_ns NOT NULL AND own_ns NOT NULL THEN wall_ns * processors END),"
    " sum(busy_ns - own_ns),"
    " sum(CASE WHEN steal_ns NOT NULL THEN wall_ns * processors END), sum(steal_ns),"
    " sum(CASE WHEN throttled_ns NOT NULL THEN wall_ns * processors END), sum(throttled_ns)"
    " FROM machine_times";

static void take_times(sqlite3_stmt *row, void *context)
{
    struct stw_noise_numbers *noise = &((struct stw_results *)context)->noise;
    struct stw_time_share *const shares[] = {&noise->others, &noise->steal, &noise->throttled};
    for (int i = 0; i < 3; i++)
        *shares[i] = (struct stw_time_share){sqlite3_column_double(row, 2 * i + 1),
                                             sqlite3_column_double(row, 2 * i)};
}

/* All that counters tell, in one scan, in the order of cells. */
static const char counters_sql[] =
    "SELECT cell, name, value FROM counters WHERE name IN ('machine.hiccups',"
    " 'machine.hiccups_over_1ms', 'machine.hiccup_max_ns', 'taken.lost') ORDER BY cell, trial";

struct counting {
    struct stw_results *results;
    uint32_t reached;        /* the cell that the rows have come to */
    struct stw_wakes *wakes; /* that its wakes belong to; null: none */
};

/* Whether the row is of a cell that there is. */
static int reach_cell(struct counting *counting, int64_t number)
{
    struct stw_results *results = counting->results;
    uint32_t at = counting->reached;
    while (at < results->cell_count && results->cells[at].cell < number)
        at++;
    if (at == results->cell_count || results->cells[at].cell != number)
        return 0;
    if (at != counting->reached || !counting->wakes) {
        int how = crowding(results, &results->cells[at]);
        counting->wakes = how == CROWDED ? NULL
                        : how == FULL    ? &results->noise.full : &results->noise.roomy;
    }
    counting->reached = at;
    return 1;
}

static void take_counter(sqlite3_stmt *row, void *context)
{
    struct counting *counting = context;
    const char *name = (const char *)sqlite3_column_text(row, 1);
    int64_t value = sqlite3_column_int64(row, 2);
    if (!name || !reach_cell(counting, sqlite3_column_int64(row, 0)))
        return;
    struct stw_wakes *wakes = counting->wakes;
    if (strcmp(name, "taken.lost") == 0) {
        counting->results->cells[counting->reached].intervals_lost += value;
        counting->results->noise.pieces_lost += value;
    } else if (wakes && strcmp(name, "machine.hiccups") == 0) {
        wakes->count += value;
    } else if (wakes && strcmp(name, "machine.hiccups_over_1ms") == 0) {
        wakes->late += value;
    } else if (wakes && value > wakes->late_ns_max) {
        wakes->late_ns_max = value;
    }
}

static void count_stops_lost(struct stw_results *results)
{
    for (uint32_t i = 0; i < results->cell_count; i++)
        results->noise.stops_lost += results->cells[i].stops_lost;
}

static void take_clipped(sqlite3_stmt *row, void *context)
{
    ((struct stw_results *)context)->noise.clipped_cells = sqlite3_column_int64(row, 0);
}

/* Trial by trial: its last buckets are found by an index. */
static stw_status read_clipped(struct stw_reader *reader, struct stw_results *results)
{
    char sql[192];
    snprintf(sql, sizeof sql, "SELECT count(DISTINCT t.cell) FROM trials t WHERE EXISTS (SELECT 1"
             " FROM ops o WHERE o.cell = t.cell AND o.trial = t.trial AND o.high_ns >= %" PRIu64
             ")", MOST_NS);
    return stw_reader_query(reader, sql, NULL, take_clipped, results);
}

static void take_load(sqlite3_stmt *row, void *context)
{
    struct stw_noise_numbers *noise = &((struct stw_results *)context)->noise;
    double load = sqlite3_column_double(row, 0); /* the first number of the text */
    noise->load_max = load > noise->load_max ? load : noise->load_max;
}

/* Of the starts at which somebody else was running, or that do not tell. */
static const char load_sql[] =
    "SELECT CAST(l.value AS REAL) FROM starts l WHERE l.key = 'load' AND NOT EXISTS"
    " (SELECT 1 FROM starts r WHERE r.start = l.start AND r.key = 'running' AND r.value = '0')";

/* Long stops, and late wakes that may have made them; both in the order of cells and trials. */
struct span {
    int64_t cell, trial, begin_ns, end_ns;
};
struct spans {
    struct span *items;
    uint32_t count;
};
struct meeting {
    struct stw_noise_numbers *noise;
    struct spans wakes;
    uint32_t reached; /* the first wake that is not of an earlier trial */
};

static struct span span_of(sqlite3_stmt *row)
{
    int64_t begin_ns = sqlite3_column_int64(row, 2);
    return (struct span){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), begin_ns,
                         begin_ns + sqlite3_column_int64(row, 3)};
}

static void take_wake(sqlite3_stmt *row, void *context)
{
    struct spans *wakes = context;
    *STW_APPEND(wakes->items, wakes->count) = span_of(row);
}

static int is_before(const struct span *a, const struct span *b)
{
    return a->cell < b->cell || (a->cell == b->cell && a->trial < b->trial);
}

/* Whether the wake was late during at least half of the stop. */
static int covers(const struct span *wake, const struct span *stop)
{
    int64_t begin_ns = wake->begin_ns > stop->begin_ns ? wake->begin_ns : stop->begin_ns;
    int64_t end_ns = wake->end_ns < stop->end_ns ? wake->end_ns : stop->end_ns;
    return end_ns - begin_ns >= (stop->end_ns - stop->begin_ns) / 2;
}

static void take_stop(sqlite3_stmt *row, void *context)
{
    struct meeting *meeting = context;
    const struct spans *wakes = &meeting->wakes;
    struct span stop = span_of(row);
    int is_machines = 0;
    while (meeting->reached < wakes->count && is_before(&wakes->items[meeting->reached], &stop))
        meeting->reached++;
    for (uint32_t i = meeting->reached;
         i < wakes->count && !is_before(&stop, &wakes->items[i]) && !is_machines; i++)
        is_machines = covers(&wakes->items[i], &stop);
    meeting->noise->long_stops++;
    meeting->noise->machine_stops += is_machines;
}

/* A wake that was late by less than half a long stop made none. */
static stw_status read_stops(struct stw_reader *reader, struct stw_noise_numbers *noise)
{
    struct meeting meeting = {.noise = noise};
    char wakes_of[192], stops[224];
    snprintf(wakes_of, sizeof wakes_of, "SELECT cell, trial, at_ns, late_ns FROM hiccups"
             " WHERE late_ns >= %d ORDER BY cell, trial", LONG_STOP_NS / 2);
    snprintf(stops, sizeof stops, "SELECT cell, trial, start_ns, pause_ns FROM pauses"
             " WHERE pause_ns >= %d AND phase = 'timed' AND kind <> 'peer' ORDER BY cell, trial",
             LONG_STOP_NS);
    stw_status status = stw_reader_query(reader, wakes_of, NULL, take_wake, &meeting.wakes);
    if (status == STW_OK && meeting.wakes.count) /* else none can be the machine's */
        status = stw_reader_query(reader, stops, NULL, take_stop, &meeting);
    free(meeting.wakes.items);
    return status;
}

stw_status stw_noise_read(struct stw_reader *reader, struct stw_results *results)
{
    struct counting counting = {.results = results};
    count_stops_lost(results);
    STW_TRY(stw_reader_query(reader, times_sql, NULL, take_times, results));
    STW_TRY(stw_reader_query(reader, counters_sql, NULL, take_counter, &counting));
    STW_TRY(stw_reader_query(reader, load_sql, NULL, take_load, results));
    STW_TRY(read_clipped(reader, results));
    return read_stops(reader, &results->noise);
}

/* Judging. */

/* Takes `words`. */
static void add(struct stw_noise *noise, struct stw_finding finding, struct stw_text *words)
{
    uint32_t at = noise->count;
    finding.words = words->bytes;
    *words = (struct stw_text){0};
    *STW_APPEND(noise->items, noise->count) = finding;
    for (; at > 0 && noise->items[at - 1].severity < finding.severity; at--)
        noise->items[at] = noise->items[at - 1];
    noise->items[at] = finding;
}

/* "43 %", "7.3 %" */
static struct stw_short_text percent(double share)
{
    struct stw_short_text out;
    snprintf(out.text, sizeof out.text, "%.*f %%", share < 0.0995 ? 1 : 0, 100 * share);
    return out;
}

static struct stw_finding busy(const char *kind, double share, double limit, uint32_t run)
{
    return (struct stw_finding){.severity = STW_NOISE_BUSY, .kind = kind, .run = run,
                                .share = share, .limit = limit,
                                .avoid = share >= STW_NOISE_TIMES ? avoid_times : avoid_tails};
}

static int is_known(const struct stw_time_share *time)
{
    return time->of_ns >= MEASURED_NS_MIN;
}

/* A share of processor time that somebody else had: "WORDS 43 % of the processors' time". */
static void judge_time(const struct stw_time_share *time, const char *kind, double limit,
                       const char *words, uint32_t run, struct stw_noise *noise)
{
    double share = is_known(time) ? time->ns / time->of_ns : 0;
    struct stw_text text = {0};
    if (share < limit)
        return;
    stw_text_add(&text, "%s %s", words, percent(share).text);
    stw_text_add(&text, " of the processors' time");
    add(noise, busy(kind, share, limit, run), &text);
}

static void judge_load(const struct stw_results *results, uint32_t run, struct stw_noise *noise)
{
    const char *processors = stw_pairs_get(&results->environment, "processors");
    double count = processors ? strtod(processors, NULL) : 0, load = results->noise.load_max;
    struct stw_text text = {0};
    if (is_known(&results->noise.others) || count < 1 || load / count < LOAD_LIMIT)
        return;
    stw_text_add(&text, "the load was %.1f at a start, on %.0f processor%s", load, count,
                 count == 1 ? "" : "s");
    struct stw_finding finding = busy("load", -1, -1, run);
    finding.avoid = avoid_times;
    add(noise, finding, &text);
}

static void judge_wakes(const struct stw_wakes *wakes, double limit, const char *where,
                        uint32_t run, struct stw_noise *noise)
{
    struct stw_text text = {0};
    double share = wakes->count ? (double)wakes->late / (double)wakes->count : 0;
    if (wakes->late < LATE_MIN || share < limit)
        return;
    stw_text_add(&text, "an idle thread woke over 1 ms late in %s of %" PRId64
                 " sleeps%s, by %s at most", percent(share).text, wakes->count, where,
                 stw_format_ns((uint64_t)wakes->late_ns_max).text);
    add(noise, busy("hiccups", share, limit, run), &text);
}

/* A note: whose stops they are, not how many there may be. */
static void judge_stops(const struct stw_noise_numbers *found, uint32_t run,
                        struct stw_noise *noise)
{
    struct stw_text text = {0};
    if (found->machine_stops == 0)
        return;
    int is_one = found->machine_stops == 1;
    stw_text_add(&text, "%" PRId64 " of %" PRId64 " stop%s over 1 ms coincide%s with a late wake:"
                 " %s the machine's", found->machine_stops, found->long_stops,
                 stw_plural((uint64_t)found->long_stops), is_one ? "s" : "",
                 is_one ? "it is" : "they are");
    add(noise, (struct stw_finding){.severity = STW_NOISE_NOTE, .kind = "stops", .run = run,
                                    .share = (double)found->machine_stops
                                           / (double)found->long_stops,
                                    .limit = -1}, &text);
}

static void judge_missing(const struct stw_results *results, uint32_t run,
                          struct stw_noise *noise)
{
    const struct stw_noise_numbers *found = &results->noise;
    struct stw_finding finding = {.severity = STW_NOISE_INCOMPLETE, .run = run, .share = -1,
                                  .limit = -1};
    struct stw_text text = {0};
    if (found->stops_lost) {
        finding.kind = "stops-lost";
        finding.avoid = "counts, sums and percentiles of stops";
        stw_text_add(&text, "%" PRId64 " stop%s not stored", found->stops_lost,
                     found->stops_lost == 1 ? " is" : "s are");
        add(noise, finding, &text);
    }
    if (found->pieces_lost) {
        finding.kind = "pieces-lost";
        finding.avoid = "utilisations (mmu): they are too high";
        stw_text_add(&text, "%" PRId64 " piece%s of taken time %s not stored", found->pieces_lost,
                     stw_plural((uint64_t)found->pieces_lost),
                     found->pieces_lost == 1 ? "is" : "are");
        add(noise, finding, &text);
    }
    if (found->clipped_cells) {
        finding.kind = "clipped";
        finding.avoid = "percentiles of operations";
        stw_text_add(&text, "operations of %" PRId64 " cell%s took longer than their histogram"
                     " reaches (%s)", found->clipped_cells,
                     stw_plural((uint64_t)found->clipped_cells), stw_format_ns(MOST_NS).text);
        add(noise, finding, &text);
    }
}

void stw_noise_judge(const struct stw_results *results, uint32_t run, struct stw_noise *noise)
{
    const struct stw_noise_numbers *found = &results->noise;
    judge_time(&found->others, "others", STW_NOISE_TIMES, "other programs took", run, noise);
    judge_time(&found->steal, "steal", STW_NOISE_TAILS, "the hypervisor gave other machines", run,
               noise);
    judge_time(&found->throttled, "throttled", STW_NOISE_TAILS, "the control group's quota took",
               run, noise);
    judge_load(results, run, noise);
    judge_wakes(&found->roomy, STW_NOISE_TAILS, "", run, noise);
    if (is_known(&found->others) && found->others.ns >= STW_NOISE_FULL * found->others.of_ns)
        judge_wakes(&found->full, STW_NOISE_FULL, " where the run filled the processors", run,
                    noise);
    judge_stops(found, run, noise);
    judge_missing(results, run, noise);
}

int stw_noise_is_busy(const struct stw_noise *noise)
{
    return noise->count > 0 && noise->items[0].severity == STW_NOISE_BUSY;
}

/* Telling. */

/* What not to read for findings of a severity, each once; the widest alone of the two about
 * times. */
static void add_avoided(const struct stw_noise *noise, uint32_t severity, struct stw_text *out)
{
    const char *gap = "";
    int has_times = 0;
    for (uint32_t i = 0; i < noise->count; i++)
        has_times |= noise->items[i].avoid == avoid_times;
    for (uint32_t i = 0; i < noise->count; i++) {
        const struct stw_finding *finding = &noise->items[i];
        uint32_t before = 0;
        while (noise->items[before].avoid != finding->avoid)
            before++;
        if (finding->severity != severity || !finding->avoid || before < i
            || (has_times && finding->avoid == avoid_tails))
            continue;
        stw_text_add(out, "%s%s", gap, finding->avoid);
        gap = "; ";
    }
}

static void add_findings(const struct stw_noise *noise, uint32_t severity, uint32_t width,
                         struct stw_text *out)
{
    static const char *const runs[] = {"", "first run: ", "second run: "};
    for (uint32_t i = 0; i < noise->count; i++) {
        const struct stw_finding *finding = &noise->items[i];
        struct stw_text line = {0};
        if (finding->severity != severity)
            continue;
        stw_text_add(&line, "  %s%s", runs[finding->run], finding->words);
        stw_utf8_add_wrapped(out, line.bytes, width, INDENT);
        stw_text_add(out, "\n");
        stw_text_free(&line);
    }
}

static int has_severity(const struct stw_noise *noise, uint32_t severity)
{
    for (uint32_t i = 0; i < noise->count; i++)
        if (noise->items[i].severity == severity)
            return 1;
    return 0;
}

static void add_severity(const struct stw_noise *noise, uint32_t severity, const char *heading,
                         uint32_t width, struct stw_text *out)
{
    struct stw_text line = {0};
    if (!has_severity(noise, severity))
        return;
    stw_text_add(&line, "%s: do not read ", heading);
    add_avoided(noise, severity, &line);
    stw_utf8_add_wrapped(out, line.bytes, width, INDENT);
    stw_text_add(out, "\n");
    stw_text_free(&line);
    add_findings(noise, severity, width, out);
}

void stw_noise_text(const struct stw_noise *noise, uint32_t width, struct stw_text *out)
{
    add_severity(noise, STW_NOISE_BUSY, "The machine was busy", width, out);
    if (stw_noise_is_busy(noise))
        add_findings(noise, STW_NOISE_NOTE, width, out);
    add_severity(noise, STW_NOISE_INCOMPLETE, "Not all is there", width, out);
}

static void write_share(struct stw_json *json, const char *key, double share)
{
    stw_json_key(json, key);
    if (share < 0)
        stw_json_null(json);
    else
        stw_json_f64(json, share);
}

static void write_finding(struct stw_json *json, const struct stw_finding *finding)
{
    static const char *const severities[] = {"note", "incomplete", "busy"};
    stw_json_object_begin(json);
    stw_json_key(json, "severity");
    stw_json_string(json, severities[finding->severity]);
    stw_json_key(json, "kind");
    stw_json_string(json, finding->kind);
    if (finding->run) {
        stw_json_key(json, "run");
        stw_json_u64(json, finding->run);
    }
    write_share(json, "share", finding->share);
    write_share(json, "limit", finding->limit);
    stw_json_key(json, "words");
    stw_json_string(json, finding->words);
    stw_json_key(json, "avoid");
    if (finding->avoid)
        stw_json_string(json, finding->avoid);
    else
        stw_json_null(json);
    stw_json_object_end(json);
}

void stw_noise_json(const struct stw_noise *noise, struct stw_json *json)
{
    stw_json_key(json, "noise");
    stw_json_object_begin(json);
    stw_json_key(json, "busy");
    stw_json_bool(json, stw_noise_is_busy(noise));
    stw_json_key(json, "findings");
    stw_json_array_begin(json);
    for (uint32_t i = 0; i < noise->count; i++)
        write_finding(json, &noise->items[i]);
    stw_json_array_end(json);
    stw_json_object_end(json);
}

void stw_noise_free(struct stw_noise *noise)
{
    for (uint32_t i = 0; i < noise->count; i++)
        free(noise->items[i].words);
    free(noise->items);
    *noise = (struct stw_noise){0};
}
