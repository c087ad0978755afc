#!/bin/sh
# fault/large_show.sh: goal: the table of a large run comes within seconds: of 200,000 cells, and of
# 100,000 trials. Method: runs that SQL made of a small one; processor time, in release builds; what the
# table says of a cell is compared with what the view says. report.ME2, report.SU2
. "$(dirname "$0")/common.sh"

case $STWLAB in */release/*) limit=300 ;; *) limit=6000 ;; esac
# On a machine that is slow now, 1.5 times what SQLite has taken to make the run.
ticks=$(getconf CLK_TCK)

experiment 1 none "$work/x.ini"
run "$work/x.ini" "$work/cells" || fail "$(cat "$work/err")"
cp -r "$work/cells" "$work/trials"

# make RUN CELLS TRIALS: so many cells of three axes, with so many trials each
make()
{
    began=$(awk '{ print $16 + $17 }' /proc/$$/stat)
    sqlite3 "$work/$1/results.sqlite" "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; BEGIN;
        DELETE FROM trial; DELETE FROM counter; DELETE FROM pause; DELETE FROM pause_step;
        DELETE FROM op_bucket; DELETE FROM cell_axis; DELETE FROM cell; DELETE FROM worst_window;
        WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < $2 - 1)
        INSERT INTO cell SELECT n, printf('%016x', n),
            'n=' || n % 100 || ' m=' || n / 100 % 100 || ' k=' || n / 10000, NULL FROM c;
        INSERT INTO cell_axis SELECT cell, 0, 'n', cell % 100 FROM cell;
        INSERT INTO cell_axis SELECT cell, 1, 'm', cell / 100 % 100 FROM cell;
        INSERT INTO cell_axis SELECT cell, 2, 'k', cell / 10000 FROM cell;
        WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < $3 - 1)
        INSERT INTO trial(cell, cell_hash, trial, outcome, operations, wall_ns, start_ns,
                coordinator_ns, cpu_ns, rss_peak_bytes, span_ns, op_sum_ns, pauses_lost, start)
            SELECT cell, hash, n, 'ok', 20, 5000, 10, 10, 4000 + cell % 997 + n, 4096, 3000, 2000, 0, 1
            FROM t, cell;
        WITH RECURSIVE p(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM p WHERE n < 9)
        INSERT INTO pause(trial_id, seq, kind, stopping_ns, working_ns, restarting_ns, pause_ns, phase)
            SELECT trial_id, n, 'sweep-termination', 10 + trial_id % 50, n, 3, 13 + trial_id % 50 + n,
                'timed' FROM trial, p WHERE trial.trial < 20;
        WITH RECURSIVE p(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM p WHERE n < 4)
        INSERT INTO op_bucket SELECT trial_id, 100 * n + 100 + trial_id % 7, 4 FROM trial, p;
        WITH RECURSIVE p(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM p WHERE n < 8)
        INSERT INTO counter SELECT trial_id, 'some.counter' || n, n FROM trial, p;
        INSERT INTO counter SELECT trial_id, 'timed.cycles', trial_id % 5 FROM trial;
        COMMIT" >"$work/out" 2>&1 || fail "sqlite3: $(cat "$work/out")"
    made=$(awk -v before="$began" -v ticks="$ticks" \
        '{ print int(150 * ($16 + $17 - before) / ticks) }' /proc/$$/stat)
}

# show RUN ROWS: prints it in time
show()
{
    before=$(awk '{ print $16 + $17 }' /proc/$$/stat)
    "$STWLAB" show "$work/$1" >"$work/table" 2>"$work/err" || fail "show $1: $(cat "$work/err")"
    took=$(awk -v before="$before" -v ticks="$ticks" \
        '{ print int(100 * ($16 + $17 - before) / ticks) }' /proc/$$/stat)
    rows=$(grep -cE '^ *[0-9]+ +[0-9]+ ' "$work/table")
    expect "rows of $1" "$rows" "$2"
    [ -n "${STW_SANITIZE:-}" ] || [ "$took" -lt "$limit" ] || [ "$took" -lt "$made" ] ||
        fail "show $1 took $took hundredths of a second, SQLite $made for 1.5 times the making"
    expect "lines of $1 that are too long" "$(awk 'length($0) > 80' "$work/table" | wc -l)" 0
    echo "show $1: $took hundredths of a second"
}

scale=1
[ -z "${STW_SANITIZE:-}" ] || scale=50
make cells $((200000 / scale)) 1
show cells $((200000 / scale))
make trials $((5000 / scale)) 20
show trials $((5000 / scale))

"$STWLAB" show "$work/trials" --columns pause.max,op.max,cpu --where 17 --csv >"$work/csv" ||
    fail "--csv"
right=$(sql "$work/trials" "SELECT max(pause_ns) FROM pauses WHERE cell = 17")
got=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "metrics.pause.max") at = i }
    NR == 2 { print $at }' "$work/csv")
expect "the longest stop" "$got" "$right"
