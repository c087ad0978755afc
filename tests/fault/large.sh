#!/bin/sh
# fault/large.sh: a large matrix starts within seconds, and one that is complete ends at once; a lack
# of memory is a message. Goal: work at the start grows with cells and trials, by little each, and a
# quiet run reads no results. Method: 100,000 cells of 20 trials, by processor time; trials and
# stops that SQL made.
. "$(dirname "$0")/common.sh"

[ -z "${STW_SANITIZE:-}" ] || skip "a sanitizer's times mean nothing"
ticks=$(getconf CLK_TCK)

# seconds PID: processor time so far, in hundredths
hundredths()
{
    awk -v ticks="$ticks" '{ print int(100 * ($14 + $15) / ticks) }' "/proc/$1/stat"
}

ten='1,2,3,4,5,6,7,8,9,10'
matrix() # TRIALS AXES
{
    printf '[experiment]\nname = large\nquestion = q\nworkload = steady-heap\ntrials = %s\ncanary = off\n' \
        "$1"
    printf '[axes]\nlive = 512,1024,2048,3072,4096,5120,6144,7168,8192,9216\n'
    for axis in $2; do printf '%s = %s\n' "$axis" "$ten"; done
}

matrix 20 'pieces work force operations' >"$work/x.ini"
"$STWLAB" run --quiet "$work/x.ini" -o "$work/run" >"$work/out" 2>"$work/err" &
coordinator=$!
await_trials "$work/run" 1
took=$(hundredths $coordinator)
kill -INT $coordinator
wait $coordinator
[ "$took" -lt 300 ] || fail "100,000 cells of 20 trials took $took hundredths of a second to start"

matrix 20 'pieces work' >"$work/y.ini"
"$STWLAB" run --quiet "$work/y.ini" -o "$work/full" >"$work/out" 2>"$work/err" &
coordinator=$!
await_trials "$work/full" 1
kill -INT $coordinator
wait $coordinator
sqlite3 "$work/full/results.sqlite" "
    WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t WHERE n < 19)
    INSERT OR IGNORE INTO trial(cell, cell_hash, trial, outcome, checksum)
        SELECT cell, hash, n, 'ok', '00' FROM cell, t;
    WITH RECURSIVE p(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM p WHERE n < 39)
    INSERT OR IGNORE INTO pause(trial_id, seq, pause_ns) SELECT trial_id, n, 10 FROM trial, p;
    SELECT count(*) FROM trial" >"$work/out" 2>&1 || fail "sqlite3: $(cat "$work/out")"
expect "trials" "$(cat "$work/out")" 20000
before=$(awk '{ print $16 + $17 }' /proc/$$/stat)
"$STWLAB" run --quiet --resume "$work/y.ini" -o "$work/full" 2>"$work/err" ||
    fail "a resume with nothing to do: $(cat "$work/err")"
took=$(awk -v before="$before" -v ticks="$ticks" \
    '{ print int(100 * ($16 + $17 - before) / ticks) }' /proc/$$/stat)
[ "$took" -lt 100 ] || fail "nothing to do took $took hundredths of a second"

"$STWLAB" run --dry-run "$work/x.ini" -o "$work/new" >"$work/out" 2>"$work/err"
expect "what it says while it plans" "$(cat "$work/err")" 'stwlab: planning 100000 cells'
( ulimit -v 22000; exec "$STWLAB" run "$work/x.ini" -o "$work/new" --dry-run --quiet ) >/dev/null 2>"$work/err"
expect "exit status without memory" $? 3
expect "what it says" "$(cat "$work/err")" 'stwlab: out of memory'

# A million cells are planned within 220 MB of address space: 200 MB and the program's own.
matrix 1 'piece pieces work force operations' >"$work/million.ini"
sed -i "s/^piece = .*/piece = 16,32,48,64,80,96,112,128,256,512/" "$work/million.ini"
( ulimit -v 225000; exec "$STWLAB" run "$work/million.ini" -o "$work/new" --dry-run ) >"$work/out" 2>"$work/err" ||
    fail "a million cells: $(cat "$work/err")"
expect "rows of a million cells" "$(grep -c ' 1$' "$work/out")" 1000000
