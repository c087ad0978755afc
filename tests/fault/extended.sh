#!/bin/sh
# fault/extended.sh: a run that goes on with more trials, more cells, other programs or elsewhere leaves
# a trace of it in every table (store.S4, store.ST1, store.PL1, report.HI1, report.HI2, lab.R7).
# Method: small matrices, resumed with what is not the same; what is stored, shown and refused.
. "$(dirname "$0")/common.sh"

experiment 2 'none' "$work/x.ini"
run "$work/x.ini" "$work/run" || fail "$(cat "$work/err")"
cp "$work/out" "$work/first"
grep -q '^planned: \|^mixed: ' "$work/first" && fail "a plain run tells of its plan: $(cat "$work/first")"

# An axis has gained values in front, between and behind; a fixed key has become an axis.
run "$work/x.ini" "$work/run" --resume --set 'axes.n=50, 100, 150, 200' --dry-run ||
    fail "a dry run with more cells: $(cat "$work/err")"
grep -q '^trials: 4 to run, 4 stored' "$work/out" || fail "the dry run: $(cat "$work/out")"
run "$work/x.ini" "$work/run" --resume --set 'axes.n=50, 100, 150, 200' ||
    fail "more cells: $(cat "$work/err")"
grep -q '4 trials run, 4 stored before' "$work/out" || fail "more cells: $(cat "$work/out")"
grep -q 'cells added: n: was 100, 200, is 50, 100, 150, 200' "$work/out" ||
    fail "more cells are not told: $(cat "$work/out")"
expect_whole "$work/run" 8
expect "cells in the order of the axis" "$(sql "$work/run" "SELECT group_concat(id) FROM
    (SELECT id FROM cells ORDER BY cell)")" 'n=50,n=100,n=150,n=200'
expect "the start of each cell" "$(sql "$work/run" "SELECT group_concat(told) FROM
    (SELECT DISTINCT id || ' ' || start AS told FROM trials ORDER BY cell)")" \
    'n=50 2,n=100 1,n=150 2,n=200 1'
run "$work/x.ini" "$work/run" --resume --set 'axes.n=50, 100, 150, 200' --set 'axes.merges=2, 3' \
    --trials 1 || fail "another axis: $(cat "$work/err")"
expect "trials of the new cells" "$(sql "$work/run" "SELECT group_concat(DISTINCT start) FROM trials
    WHERE id LIKE '% merges=3'")" 3
expect "plans" "$(sql "$work/run" "SELECT group_concat(trials || ' ' || cells || ' ' || ended, ', ')
    FROM plans")" '2 2 planned, 2 4 planned, 1 8 planned'

# Cells of two starts share no block: nothing is judged between them.
run "$work/x.ini" "$work/later" --trials 6 --set axes.n=100 || fail "$(cat "$work/err")"
run "$work/x.ini" "$work/later" --trials 6 --set axes.n=100,200 --resume || fail "$(cat "$work/err")"
"$STWLAB" compare --metric cpu "$work/later" n=100 n=200 >"$work/out" 2>"$work/err" ||
    fail "compare: $(cat "$work/err")"
grep -q 'no verdict: fewer than 6 blocks have trials of both' "$work/out" ||
    fail "a verdict across starts: $(cat "$work/out")"

# What is gone is refused, with the key and both values.
run "$work/x.ini" "$work/run" --resume
expect "exit status with fewer cells" $? 2
grep -q 'n: was 50, 100, 150, 200, is 100, 200; merges: was 2, 3, is 2' "$work/err" ||
    fail "fewer cells: $(cat "$work/err")"

# Another environment, and another build of a plugin.
run "$work/x.ini" "$work/mixed" || fail "$(cat "$work/err")"
MALLOC_ARENA_MAX=1 run "$work/x.ini" "$work/mixed" --resume --trials 3
expect "exit status elsewhere" $? 2
grep -q 'of another environment, MALLOC_ARENA_MAX: was not there, is 1; use another -o, or --mixed' \
    "$work/err" || fail "elsewhere: $(cat "$work/err")"
run "$work/x.ini" "$work/mixed" --mixed
expect "exit status of --mixed without --resume" $? 2
expect "trials so far" "$(sql "$work/mixed" 'SELECT count(*) FROM trial')" 4
MALLOC_ARENA_MAX=1 run "$work/x.ini" "$work/mixed" --resume --trials 3 --mixed ||
    fail "--mixed: $(cat "$work/err")"
grep -q 'not as at the last start: MALLOC_ARENA_MAX: was not there, is 1' "$work/err" ||
    fail "--mixed does not tell: $(cat "$work/err")"
grep -q '^mixed: ' "$work/out" || fail "the table of a mixed run: $(cat "$work/out")"
grep -q 'at start 2: trials = 3' "$work/out" || fail "more trials are not told: $(cat "$work/out")"
"$STWLAB" show --cell n=100 "$work/mixed" | grep -q '^mixed: .*MALLOC_ARENA_MAX' || fail "show --cell"
"$STWLAB" show --json "$work/mixed" | tr -d ' \n' |
    grep -q '"mixed":\[{"key":"MALLOC_ARENA_MAX","values":\[{"start":1,"value":null},{"start":2,"value":"1"}' ||
    fail "show --json"
"$STWLAB" show --csv "$work/mixed" | tail -n 1 | grep -q ',MALLOC_ARENA_MAX,' || fail "show --csv"
"$STWLAB" compare --metric cpu "$work/mixed" n=100 n=200 | grep -q '^mixed: .*MALLOC_ARENA_MAX' ||
    fail "compare"
"$STWLAB" compare --json --metric cpu "$work/mixed" n=100 n=200 | tr -d ' ' | grep -q '"mixed":true' ||
    fail "compare --json"
"$STWLAB" compare --metric cpu "$work/mixed" "$work/run" >"$work/out" 2>"$work/err"
grep -q '^MALLOC_ARENA_MAX  *not there, then 1  *not there' "$work/out" ||
    fail "compare RUN RUN: $(cat "$work/out" "$work/err")"
grep -q 'of the same programs and plugins' "$work/out" || fail "compare RUN RUN: $(cat "$work/out")"

# A rule that is kept at once, one that never is, and a time.
run "$work/x.ini" "$work/enough" --trials '6..40 until 100% of op.mean' || fail "$(cat "$work/err")"
expect "trials of a cell" "$(sql "$work/enough" "SELECT DISTINCT n FROM
    (SELECT count(*) AS n FROM trial GROUP BY cell)")" "$(sql "$work/enough" "SELECT value FROM run
    WHERE key = 'trials'")"
grep -q 'planned:   trials = 6..40 until 100% of op.mean' "$work/out" || fail "$(cat "$work/out")"
tr -s '\n ' ' ' <"$work/out" | grep -q 'enough; so intervals are a little too narrow' ||
    fail "$(cat "$work/out")"
grep -q 'not complete' "$work/out" && fail "enough, and not complete: $(cat "$work/out")"
run "$work/x.ini" "$work/never" --trials '6..8 until 0.000001% of op.mean' ||
    fail "$(cat "$work/err")"
expect_whole "$work/never" 16
expect "how it ended" "$(sql "$work/never" 'SELECT ended FROM plans')" planned
run "$work/x.ini" "$work/timed" --trials 5000 --time 300ms || fail "$(cat "$work/err")"
grep -q 'its time is over, after .* of a cell; --resume goes on' "$work/err" ||
    fail "time: $(cat "$work/err")"
expect "whole blocks" "$(sql "$work/timed" "SELECT count(DISTINCT n) FROM
    (SELECT count(*) AS n FROM trial GROUP BY cell)")" 1
expect "how it ended" "$(sql "$work/timed" 'SELECT ended, time_ns FROM plans')" 'time|300000000'
run "$work/x.ini" "$work/wrong" --trials '20..10 until 5% of cpu'
expect "exit status of a wrong rule" $? 2
grep -q -- '--set experiment.trials=20..10 until 5% of cpu: "20..10": the second number' "$work/err" ||
    fail "a wrong rule: $(cat "$work/err")"
