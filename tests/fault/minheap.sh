#!/bin/sh
# fault/minheap.sh: stwlab minheap finds the least heap of each cell (plan.MH1), and all of its probes
# are trials of one run. Method: trees of two sizes, whose least heaps are held against each other and
# against what is stored.
. "$(dirname "$0")/common.sh"

[ "${STW_AUDITED:-}" != ON ] || skip "an audit build collects at every chance: no limit changes that"
printf '[experiment]\nname = least\nquestion = What do trees need?\nworkload = tree\ntrials = 7\n' >"$work/x.ini"
printf '[axes]\ndepth = 13, 17\nruntime = stwlab\n[fixed]\noperations = 3\ngc.limit = 1GiB\n' >>"$work/x.ini"
minheap() # OPTION...
{
    "$STWLAB" minheap "$work/x.ini" "$@" >"$work/out" 2>"$work/err"
}

minheap -o "$work/run" --trials 2 --quiet --json || fail "$(cat "$work/err")"
least() # DEPTH
{
    sqlite3 :memory: "SELECT json_extract(value, '$.least_bytes') FROM json_each(readfile('$work/out'))
        WHERE json_extract(value, '$.id') LIKE 'depth=$1 %'"
}
small=$(least 13) large=$(least 17)
[ "$large" -gt $((4 * small)) ] && [ "$large" -lt $((48 * small)) ] ||
    fail "16 times the tree needs $large bytes, not about 16 times $small"
# Each cell that needs as much or less was kept, and the next step below was not.
expect "probes of one run" "$(sql "$work/run" "SELECT min(n), max(n) FROM
    (SELECT count(*) AS n FROM trials GROUP BY cell)")" '2|2'
expect "cells without a limit" "$(sql "$work/run" "SELECT count(*) FROM cells
    WHERE json_extract(axes, '\$.\"gc.limit\"') = '0'")" 2
for depth in 13 17; do
    least=$(least $depth)
    kept=$(sql "$work/run" "SELECT max(k.value) FROM counters k JOIN axes a ON a.cell = k.cell
        JOIN axes d ON d.cell = k.cell WHERE k.name = 'heap.pages_peak_bytes' AND a.key = 'gc.limit'
        AND (a.value = '$((least / 1024))KiB' OR a.value = '$((least / 1048576))MiB')
        AND d.key = 'depth' AND d.value = '$depth'")
    [ -z "$kept" ] || [ "$kept" -le "$least" ] || fail "depth $depth: $kept bytes of pages in $least"
done
"$STWLAB" show "$work/run" >"$work/shown" || fail "show"
grep -q 'gc.limit' "$work/shown" || fail "show does not tell the limits: $(cat "$work/shown")"

# Multiples of them are limits.
sed '/gc.limit/d; s/^trials.*/trials = 2/' "$work/x.ini" >"$work/y.ini"
run "$work/y.ini" "$work/heaps" --set axes.heap=1.5x,off,4x --set experiment.minheap="$work/run" ||
    fail "multiples: $(cat "$work/err")"
expect "the limits" "$(sql "$work/heaps" "SELECT count(*), count(DISTINCT value) FROM axes
    WHERE key = 'gc.limit'")" '6|5'
expect "no limit where it is off" "$(sql "$work/heaps" "SELECT DISTINCT l.value FROM axes l JOIN axes h
    ON h.cell = l.cell WHERE l.key = 'gc.limit' AND h.key = 'heap' AND h.value = 'off'")" 0
grep -q 'gc.limit' "$work/out" || fail "the table has no limits: $(cat "$work/out")"
run "$work/y.ini" "$work/heaps" --resume --set axes.heap=1.5x,off,4x,2x \
    --set experiment.minheap="$work/run" || fail "further multiples: $(cat "$work/err")"
expect_whole "$work/heaps" 16
run "$work/y.ini" "$work/unknown" --set axes.heap=off,2x --set axes.depth=13,14 \
    --set experiment.minheap="$work/run" || fail "unknown: $(cat "$work/err")"
expect "a cell whose least heap is not known" "$(sql "$work/unknown" "SELECT id FROM trials
    WHERE outcome = 'skipped' AND detail LIKE 'heap: % does not know its least heap%'")" \
    'depth=14 heap=2x'

minheap -o "$work/wrong" --trials '6..9 until 5% of cpu'
expect "exit status with a rule" $? 2
minheap -o "$work/run"
expect "exit status for a run that exists" $? 2
minheap -o "$work/other" --trials 1 || fail "$(cat "$work/err")"
grep -q '^1 trial a probe, at limits 9 % apart' "$work/out" || fail "$(cat "$work/out")"
grep -q '^stwlab minheap: round 1: 2 cells' "$work/err" || fail "$(cat "$work/err")"

# A cell that is not ok whatever its heap.
experiment 1 'none, crash' "$work/x.ini"
minheap -o "$work/crash" --trials 1 --plugin-path "$STW_FAULT_PLUGINS"
expect "exit status with a cell that crashes" $? 1
grep -q 'not ok without a limit' "$work/out" || fail "$(cat "$work/out" "$work/err")"
