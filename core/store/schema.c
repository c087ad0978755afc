/* store/schema.c: the tables and views of results.sqlite.
 *
 * Tables are STRICT and may change with STW_STORE_VERSION; the views cells, axes, trials, attempts,
 * starts, plans, output, pauses, steps, ops, op_times, cycles, counters, mmu, hiccups,
 * machine_times, canary, canary_pauses and facts are public and stable.
 * Percentiles are nearest rank: the ceil(q * N)-th smallest of all values of a cell's ok trials;
 * the median of a counter is the lower one, so that it is a value that occurred. Integers but for
 * utilisation: the record's checks (trial/outcome.c) keep sums in range. */
#include "store/schema.h"

/* Count, percentiles, maximum and sum per cell of one column of the view pauses, in one phase, of
 * stops that tell it. */
#define PAUSE_SUMMARY(name, column, phase)                                                         \
    "CREATE VIEW summary_of_" name " AS"                                                           \
    " SELECT cell, count(*) AS count,"                                                             \
    "  max(CASE WHEN rank = (n * 50 + 99) / 100 THEN value END) AS p50_ns,"                        \
    "  max(CASE WHEN rank = (n * 99 + 99) / 100 THEN value END) AS p99_ns,"                        \
    "  max(value) AS max_ns, sum(value) AS sum_ns"                                                 \
    " FROM (SELECT cell, " column " AS value,"                                                     \
    "   row_number() OVER (PARTITION BY cell ORDER BY " column ") AS rank,"                        \
    "   count(*) OVER (PARTITION BY cell) AS n FROM pauses WHERE phase = '" phase "'"              \
    "   AND " column " IS NOT NULL)"                                                               \
    " GROUP BY cell"

#define SUMMARY_COLUMNS(name)                                                                      \
    " coalesce(" name ".count, 0) AS " name "_count, " name ".p50_ns AS " name "_p50_ns, "         \
    name ".p99_ns AS " name "_p99_ns, " name ".max_ns AS " name "_max_ns, "                        \
    name ".sum_ns AS " name "_sum_ns,"

#define SUMMARY_JOIN(name) " LEFT JOIN summary_of_" name " AS " name " ON " name ".cell = c.cell"

/* The number of what is no cell (plan/experiment.h): its trials are in no other view. */

#define OUTCOME_COLUMN(outcome, column)                                                            \
    " (SELECT count(*) FROM trial t WHERE t.cell = c.cell AND t.outcome = '" outcome "') AS "      \
    column ","

const char *const stw_schema[] = {
    "CREATE TABLE run(key TEXT PRIMARY KEY, value TEXT) STRICT",
    "CREATE TABLE environment(key TEXT PRIMARY KEY, value TEXT) STRICT",
    "CREATE TABLE plugin(kind TEXT, id TEXT, path TEXT, build_id TEXT, compiler TEXT, abi TEXT,"
    " manifest TEXT, content TEXT, PRIMARY KEY(kind, id)) STRICT",
    "CREATE TABLE runtime(label TEXT PRIMARY KEY, command TEXT, version TEXT, settings TEXT,"
    " content TEXT) STRICT",
    "CREATE TABLE start(start INTEGER PRIMARY KEY, utc TEXT) STRICT",
    "CREATE TABLE start_fact(start INTEGER, key TEXT, value TEXT, PRIMARY KEY(start, key)) STRICT,"
    " WITHOUT ROWID",
    "CREATE TABLE plan(start INTEGER PRIMARY KEY, trials TEXT, time_ns INTEGER, cells INTEGER,"
    " added TEXT, ended TEXT, ended_trials INTEGER) STRICT",
    "CREATE TABLE fact(name TEXT UNIQUE, unit TEXT, scope TEXT, adds TEXT, exact TEXT,"
    " better TEXT, runtimes TEXT, help TEXT) STRICT",
    "CREATE TABLE claim(id TEXT PRIMARY KEY, says TEXT, expect TEXT) STRICT",
    "CREATE TABLE cell(cell INTEGER PRIMARY KEY, hash TEXT UNIQUE, id TEXT, excluded TEXT) STRICT",
    "CREATE TABLE cell_axis(cell INTEGER, position INTEGER, key TEXT, value TEXT,"
    " PRIMARY KEY(cell, position)) STRICT, WITHOUT ROWID",
    "CREATE TABLE trial(trial_id INTEGER PRIMARY KEY, cell INTEGER NOT NULL,"
    " cell_hash TEXT NOT NULL, trial INTEGER NOT NULL, outcome TEXT NOT NULL, signal INTEGER,"
    " detail TEXT, checksum TEXT, operations INTEGER, wall_ns INTEGER, start_ns INTEGER,"
    " coordinator_ns INTEGER, cpu_ns INTEGER, rss_peak_bytes INTEGER, span_ns INTEGER,"
    " op_sum_ns INTEGER, pauses_lost INTEGER, load TEXT, stored_utc TEXT,"
    " expected INTEGER, note TEXT, attempt INTEGER NOT NULL DEFAULT 1, start INTEGER,"
    " UNIQUE(cell_hash, trial)) STRICT",
    "CREATE INDEX trial_of_cell ON trial(cell, trial, outcome)",
    "CREATE TABLE attempt(one INTEGER PRIMARY KEY CHECK(one = 1), cell INTEGER NOT NULL,"
    " cell_hash TEXT NOT NULL, trial INTEGER NOT NULL, started_utc TEXT) STRICT",
    "CREATE TABLE earlier(cell INTEGER, cell_hash TEXT, trial INTEGER, attempt INTEGER,"
    " outcome TEXT NOT NULL, signal INTEGER, detail TEXT, wall_ns INTEGER, cpu_ns INTEGER,"
    " rss_peak_bytes INTEGER, utc TEXT,"
    " PRIMARY KEY(cell_hash, trial, attempt)) STRICT, WITHOUT ROWID",
    "CREATE TABLE pause(trial_id INTEGER, seq INTEGER, cycle INTEGER, kind TEXT, start_ns INTEGER,"
    " stopping_ns INTEGER, working_ns INTEGER, restarting_ns INTEGER, pause_ns INTEGER,"
    " last_mutator INTEGER, last_site TEXT, mutators INTEGER, scan_bytes INTEGER,"
    " mark_objects INTEGER, root_words INTEGER, barrier_words INTEGER, spans_swept INTEGER,"
    " page_faults INTEGER,"
    " stopper_cpu_ns INTEGER,"
    " late_cpu_ns INTEGER,"
    " phase TEXT NOT NULL,"
    " is_forced INTEGER,"
    " PRIMARY KEY(trial_id, seq)) STRICT, WITHOUT ROWID",
    "CREATE TABLE cycle(trial_id INTEGER, cycle INTEGER, triggered_bytes INTEGER,"
    " goal_bytes INTEGER, live_bytes INTEGER, marked_bytes INTEGER,"
    " PRIMARY KEY(trial_id, cycle)) STRICT, WITHOUT ROWID",
    "CREATE TABLE pause_step(trial_id INTEGER, seq INTEGER, step TEXT, ns INTEGER,"
    " PRIMARY KEY(trial_id, seq, step)) STRICT, WITHOUT ROWID",
    "CREATE TABLE counter(trial_id INTEGER, name TEXT, value INTEGER,"
    " PRIMARY KEY(trial_id, name)) STRICT, WITHOUT ROWID",
    "CREATE TABLE op_bucket(trial_id INTEGER, high_ns INTEGER, count INTEGER,"
    " PRIMARY KEY(trial_id, high_ns)) STRICT, WITHOUT ROWID",
    "CREATE TABLE op_time_bucket(trial_id INTEGER, name TEXT, high_ns INTEGER, count INTEGER,"
    " PRIMARY KEY(trial_id, name, high_ns)) STRICT, WITHOUT ROWID",
    "CREATE TABLE worst_window(trial_id INTEGER, window_ns INTEGER, taken_ns INTEGER,"
    " PRIMARY KEY(trial_id, window_ns)) STRICT, WITHOUT ROWID",
    "CREATE TABLE hiccup(trial_id INTEGER, seq INTEGER, at_ns INTEGER, late_ns INTEGER,"
    " PRIMARY KEY(trial_id, seq)) STRICT, WITHOUT ROWID",
    /* Small numbers take little room: there are as many rows as of all else of a trial. */
    "CREATE TABLE bin(trial_id INTEGER, number INTEGER, log_width INTEGER, op_count INTEGER,"
    " op_sum_ns INTEGER, op_max_ns INTEGER, stop_count INTEGER, stop_sum_ns INTEGER,"
    " stop_max_ns INTEGER, PRIMARY KEY(trial_id, number)) STRICT, WITHOUT ROWID",
    "CREATE TABLE trial_output(trial_id INTEGER PRIMARY KEY, bytes INTEGER, head BLOB, tail BLOB)"
    " STRICT",
    "CREATE TABLE machine_time(trial_id INTEGER PRIMARY KEY, wall_ns INTEGER, processors INTEGER,"
    " busy_ns INTEGER, own_ns INTEGER, steal_ns INTEGER, throttled_ns INTEGER) STRICT",

    "CREATE VIEW axes AS SELECT a.cell, c.id, a.position, a.key, a.value"
    " FROM cell_axis a JOIN cell c ON c.cell = a.cell",
    "CREATE VIEW trials AS SELECT t.cell, c.id, t.trial, t.outcome, t.signal, t.detail,"
    " t.checksum, t.operations, t.wall_ns, t.start_ns, t.coordinator_ns, t.cpu_ns,"
    " t.rss_peak_bytes, t.span_ns, t.op_sum_ns, t.expected, t.note, t.attempt,"
    " t.start, t.pauses_lost"
    " FROM trial t JOIN cell c ON c.cell = t.cell",
    "CREATE VIEW attempts AS SELECT a.cell, c.id, a.trial, a.attempt, a.outcome, a.signal,"
    " a.detail, a.wall_ns, a.cpu_ns, a.rss_peak_bytes, a.utc FROM ("
    "SELECT cell, trial, attempt, outcome, signal, detail, wall_ns, cpu_ns, rss_peak_bytes, utc"
    " FROM earlier UNION ALL"
    " SELECT cell, trial, attempt, outcome, signal, detail, wall_ns, cpu_ns, rss_peak_bytes,"
    " stored_utc FROM trial) a JOIN cell c ON c.cell = a.cell",
    "CREATE VIEW output AS SELECT t.cell, c.id, t.trial, o.bytes, o.head, o.tail"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN trial_output o ON o.trial_id = t.trial_id",
    "CREATE VIEW starts AS SELECT s.start, s.utc, f.key, f.value"
    " FROM start s JOIN start_fact f ON f.start = s.start",
    "CREATE VIEW plans AS SELECT start, trials, time_ns, cells, added, ended, ended_trials"
    " FROM plan",
    "CREATE VIEW pauses AS SELECT t.cell, c.id, t.trial, p.seq, p.cycle, p.kind, p.start_ns,"
    " p.pause_ns, p.stopping_ns, p.working_ns, p.restarting_ns, p.last_mutator, p.last_site,"
    " p.mutators, p.scan_bytes, p.mark_objects, p.root_words, p.barrier_words, p.spans_swept,"
    " p.page_faults,"
    " p.stopper_cpu_ns,"
    " p.late_cpu_ns,"
    " p.is_forced,"
    " p.phase"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN pause p ON p.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",
    "CREATE VIEW steps AS SELECT t.cell, c.id, t.trial, s.seq, s.step, s.ns, p.phase"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN pause_step s ON s.trial_id = t.trial_id"
    " JOIN pause p ON p.trial_id = s.trial_id AND p.seq = s.seq WHERE t.outcome = 'ok'",
    "CREATE VIEW facts AS SELECT rowid, name, unit, scope, adds, exact, better, runtimes, help"
    " FROM fact",
    "CREATE VIEW ops AS SELECT t.cell, c.id, t.trial, b.high_ns, b.count"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN op_bucket b ON b.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",
    "CREATE VIEW op_times AS SELECT t.cell, c.id, t.trial, b.name, b.high_ns, b.count"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN op_time_bucket b"
    " ON b.trial_id = t.trial_id WHERE t.outcome = 'ok'",
    "CREATE VIEW cycles AS SELECT t.cell, c.id, t.trial, y.cycle, y.triggered_bytes,"
    " y.goal_bytes, y.live_bytes, y.marked_bytes"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN cycle y ON y.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",
    "CREATE VIEW counters AS SELECT t.cell, c.id, t.trial, k.name, k.value"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN counter k ON k.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",
    "CREATE VIEW mmu AS SELECT t.cell, c.id, t.trial, w.window_ns,"
    " CAST(w.window_ns - w.taken_ns AS REAL) / w.window_ns AS utilisation"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN worst_window w ON w.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",
    "CREATE VIEW bins AS SELECT t.cell, c.id, t.trial, b.number << b.log_width AS start_ns,"
    " 1 << b.log_width AS width_ns, b.op_count, b.op_sum_ns, b.op_max_ns, b.stop_count,"
    " b.stop_sum_ns, b.stop_max_ns"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN bin b ON b.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",
    "CREATE VIEW hiccups AS SELECT t.cell, c.id, t.trial, h.at_ns, h.late_ns"
    " FROM trial t JOIN cell c ON c.cell = t.cell JOIN hiccup h ON h.trial_id = t.trial_id"
    " WHERE t.outcome = 'ok'",

    "CREATE VIEW machine_times AS SELECT t.cell, coalesce(c.id, 'canary') AS id, t.trial, t.start,"
    " m.wall_ns, m.processors, m.busy_ns, m.own_ns, m.steal_ns, m.throttled_ns"
    " FROM trial t LEFT JOIN cell c ON c.cell = t.cell"
    " JOIN machine_time m ON m.trial_id = t.trial_id",
    "CREATE VIEW canary AS SELECT c.cell, c.id, t.trial, t.outcome, t.detail, t.operations,"
    " t.wall_ns, t.cpu_ns, t.op_sum_ns"
    " FROM run r JOIN cell c ON c.cell = CAST(r.value AS INTEGER)"
    " JOIN trial t ON t.cell = " STW_STORE_CANARY " WHERE r.key = 'canary'",
    "CREATE VIEW canary_pauses AS SELECT t.trial, p.kind, p.pause_ns, p.phase"
    " FROM trial t JOIN pause p ON p.trial_id = t.trial_id"
    " WHERE t.cell = " STW_STORE_CANARY " AND t.outcome = 'ok'",

    PAUSE_SUMMARY("pause", "pause_ns", "timed"),
    PAUSE_SUMMARY("stopping", "stopping_ns", "timed"),
    PAUSE_SUMMARY("working", "working_ns", "timed"),
    PAUSE_SUMMARY("restarting", "restarting_ns", "timed"),
    PAUSE_SUMMARY("setup_pause", "pause_ns", "setup"),
    PAUSE_SUMMARY("after_pause", "pause_ns", "after"),
    "CREATE VIEW summary_of_op AS"
    " SELECT q.cell, max(n) AS count,"
    "  min(CASE WHEN seen >= (n * 50 + 99) / 100 THEN high_ns END) AS p50_ns,"
    "  min(CASE WHEN seen >= (n * 99 + 99) / 100 THEN high_ns END) AS p99_ns,"
    "  max(high_ns) AS max_ns,"
    "  (SELECT sum(t.op_sum_ns) FROM trial t WHERE t.cell = q.cell AND t.outcome = 'ok')"
    "   AS sum_ns"
    " FROM (SELECT cell, high_ns,"
    "   sum(count) OVER (PARTITION BY cell ORDER BY high_ns) AS seen,"
    "   sum(count) OVER (PARTITION BY cell) AS n"
    "  FROM (SELECT t.cell, b.high_ns, sum(b.count) AS count"
    "   FROM trial t JOIN op_bucket b ON b.trial_id = t.trial_id WHERE t.outcome = 'ok'"
    "   GROUP BY t.cell, b.high_ns)) AS q"
    " GROUP BY q.cell",
    "CREATE VIEW summary_of_counters AS"
    " SELECT cell, json_group_object(name, value) AS object"
    " FROM (SELECT cell, name, value FROM"
    "   (SELECT cell, name, value,"
    "     row_number() OVER (PARTITION BY cell, name ORDER BY value) AS rank,"
    "     count(*) OVER (PARTITION BY cell, name) AS n FROM counters)"
    "  WHERE rank = (n + 1) / 2 ORDER BY cell, name)"
    " GROUP BY cell",

    "CREATE VIEW cells AS SELECT c.cell, c.id, c.hash,"
    " (SELECT json_group_object(key, value) FROM"
    "   (SELECT key, value FROM cell_axis a WHERE a.cell = c.cell ORDER BY position)) AS axes,"
    OUTCOME_COLUMN("ok", "ok")
    OUTCOME_COLUMN("crashed", "crashed")
    OUTCOME_COLUMN("timed-out", "timed_out")
    OUTCOME_COLUMN("out-of-memory", "out_of_memory")
    OUTCOME_COLUMN("refused", "refused")
    OUTCOME_COLUMN("invalid", "invalid")
    OUTCOME_COLUMN("forbidden", "forbidden")
    OUTCOME_COLUMN("skipped", "skipped")
    SUMMARY_COLUMNS("pause")
    SUMMARY_COLUMNS("stopping")
    SUMMARY_COLUMNS("working")
    SUMMARY_COLUMNS("restarting")
    SUMMARY_COLUMNS("op")
    SUMMARY_COLUMNS("setup_pause")
    SUMMARY_COLUMNS("after_pause")
    " coalesce(counters.object, '{}') AS counters"
    " FROM cell c"
    SUMMARY_JOIN("pause")
    SUMMARY_JOIN("stopping")
    SUMMARY_JOIN("working")
    SUMMARY_JOIN("restarting")
    SUMMARY_JOIN("op")
    SUMMARY_JOIN("setup_pause")
    SUMMARY_JOIN("after_pause")
    " LEFT JOIN summary_of_counters AS counters ON counters.cell = c.cell"
    " ORDER BY c.cell",
    0,
};
