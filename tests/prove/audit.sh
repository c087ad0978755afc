#!/bin/sh
# prove/audit.sh: goal: the demo's matrices compute what they should, and after every cycle of every
# trial the heap is what an independent trace finds. Method: both matrices with --audit; a violation
# makes a trial invalid, and the run fail.
# usage: audit.sh [TRIALS]      of each cell, default 2
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

trials=${1:-2}
need sqlite3
build release product
all=0 cycles=0
for matrix in matrix strings; do
    run=$work/$matrix
    "$root/build/release/stwlab" run "$root/experiments/merge-threshold/$matrix.ini" -o "$run" \
        --quiet --audit --set "experiment.trials=$trials" >"$work/log" 2>&1 || {
        cat "$work/log"
        sql "$run" "SELECT id, outcome, detail FROM trials WHERE outcome != 'ok'"
        keep "$run" "audit-$matrix"
        fail "experiments/merge-threshold/$matrix.ini"
    }
    all=$((all + $(sql "$run" "SELECT count(*) FROM trials WHERE outcome = 'ok'")))
    cycles=$((cycles + $(sql "$run" "SELECT sum(value) FROM counters WHERE name = 'gc.cycles'")))
done
[ $cycles -gt 0 ] || fail "no cycle was audited"
echo "$(digits $all) trials ok, $(digits $cycles) cycles audited"
