#!/bin/sh
# fault/canary.sh: goal: one cell runs once more in each block, and tells how much it differs from
# itself, without being a cell of any table, view or comparison.
# Method: runs with and without a canary, resumed; and one whose canary's numbers are changed.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

cells() # RUN
{
    "$STWLAB" show "$1" --csv | tail -n +2 | wc -l
}

stored() # RUN
{
    sql "$1" "SELECT count(*) || ' ' || sum(cell = 2147483647) FROM trial"
}

experiment 6 none "$work/on.ini" 'canary = on'
experiment 6 none "$work/unsaid.ini"

# Beside its cell: twelve trials of two cells, and six more.
"$STWLAB" run "$work/on.ini" -o "$work/on" --dry-run >"$work/out"
grep -qx 'canary: cell 0 runs once more in each block' "$work/out" ||
    fail "--dry-run: $(cat "$work/out")"
grep -q '^trials: 18 to run' "$work/out" || fail "--dry-run: $(cat "$work/out")"
run "$work/on.ini" "$work/on" || fail "the run: $(cat "$work/err")"
expect "trials" "$(stored "$work/on")" "18 6"
expect "blocks" "$(sql "$work/on" "SELECT count(DISTINCT trial) FROM canary
    WHERE outcome = 'ok' AND id = 'n=100'")" 6
tr -s '\n ' ' ' <"$work/out" |
    grep -q 'noise floor: 6 trials of n=100 against themselves: .*op.mean [0-9.]* to [0-9.]*, ' ||
    fail "no noise floor: $(cat "$work/out")"
grep -q 'canary of' "$work/out" && fail "it is in the table: $(cat "$work/out")"

# It is no cell.
expect "cells" "$(cells "$work/on")" 2
for view in trials attempts counters ops; do
    expect "cells of $view" "$(sql "$work/on" "SELECT count(DISTINCT cell) FROM $view")" 2
done
"$STWLAB" compare "$work/on" --by n --metric op.mean --json >"$work/out" || fail "compare --by"
expect "comparisons" "$(grep -o '"metric"' "$work/out" | wc -l)" 1
"$STWLAB" compare "$work/on" 2 >"$work/out" 2>&1 && fail "it can be compared"
expect "laps of all trials" "$(sql "$work/on" "SELECT count(*) =
    (SELECT count(*) FROM machine_time) FROM machine_times")" 1
"$STWLAB" show "$work/on" --json >"$work/json"
expect "JSON" "$(sqlite3 :memory: "SELECT json_extract(j, '\$.canary.of') || ' '
    || json_extract(j, '\$.canary.trials') || ' '
    || (json_extract(j, '\$.canary.floor[0].low') > 0)
    FROM (SELECT CAST(readfile('$work/json') AS TEXT) AS j)")" "n=100 6 1"

# A run goes on as it began.
run "$work/on.ini" "$work/on" --resume --set experiment.trials=8 || fail "more: $(cat "$work/err")"
expect "more trials" "$(stored "$work/on")" "24 8"
run "$work/unsaid.ini" "$work/off" || fail "without: $(cat "$work/err")"
expect "trials without" "$(stored "$work/off")" "12 0"
grep -q 'noise floor' "$work/out" && fail "a floor without a canary"
run "$work/on.ini" "$work/off" --resume && fail "a canary beside later blocks alone"
grep -q 'was begun without a canary: was canary = off, is on' "$work/err" ||
    fail "no word of it: $(cat "$work/err")"
"$STWLAB" run "$work/on.ini" -o "$work/off" --resume --dry-run >"$work/out" 2>&1 &&
    fail "--dry-run does not refuse it"

# What nobody has said of a run that began small does not change when it grows.
sed 's/^n = .*/n = 1, 2, 3, 4, 5, 6, 7, 8/' "$work/unsaid.ini" >"$work/grows.ini"
run "$work/grows.ini" "$work/grows" --set experiment.trials=1 || fail "small: $(cat "$work/err")"
run "$work/grows.ini" "$work/grows" --resume || fail "grows: $(cat "$work/err")"
expect "trials of what grew" "$(stored "$work/grows")" "48 0"
run "$work/grows.ini" "$work/usual" || fail "usual: $(cat "$work/err")"
expect "trials with eight cells" "$(stored "$work/usual")" "54 6"

# It stays with its cell when cells are added in front, which get numbers of their own; and only that
# cell's trials go on beside it.
cp -r "$work/on" "$work/front"
run "$work/on.ini" "$work/front" --resume --set axes.n=50,100,200 --set experiment.trials=8 ||
    fail "cells in front: $(cat "$work/err")"
expect "trials of the canary, and of its cell" "$(sql "$work/front" "SELECT count(*), min(id),
    (SELECT count(*) FROM trials WHERE id = 'n=100') FROM canary")" "8|n=100|8"
grep -q 'cells added' "$work/out" || fail "cells in front are not told: $(cat "$work/out")"

# It is chosen with its cell.
for n in 100 200; do
    run "$work/on.ini" "$work/only-$n" --only "n=$n" || fail "--only: $(cat "$work/err")"
done
expect "trials of its cell alone" "$(stored "$work/only-100")" "12 6"
expect "trials of another cell alone" "$(stored "$work/only-200")" "6 0"

# One that differs shows.
sqlite3 "$work/on/results.sqlite" "UPDATE trial SET cpu_ns = 3 * cpu_ns + (trial_id % 2)
    WHERE cell = 2147483647"
"$STWLAB" show "$work/on" >"$work/out"
high=$(tr -s '\n ' ' ' <"$work/out" | sed -n 's/.* cpu [0-9.]* to  *\([0-9]*\)\..*/\1/p')
[ "${high:-0}" -ge 2 ] || fail "cpu of a canary of three times as much: $(cat "$work/out")"
