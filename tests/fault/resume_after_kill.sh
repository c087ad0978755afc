#!/bin/sh
# fault/resume_after_kill.sh: the coordinator is killed at 20 seeded random moments of a run and the
# run goes on each time. In the end every trial is there once, nothing is torn, no worker is left
# (store.S2).
. "$(dirname "$0")/common.sh"

trials=200 latest_ms=250
[ -z "${STW_SANITIZE:-}" ] || latest_ms=2500 # a trial takes ten times as long
experiment $trials 'none, presize' "$work/x.ini"
total=$((4 * trials))
delays=$(awk -v latest_ms=$latest_ms \
    'BEGIN { srand(20); for (i = 0; i < 20; i++) printf "%.3f ", rand() * latest_ms / 1000 }')
round=0
for delay in $delays; do
    round=$((round + 1))
    "$STWLAB" run "$work/x.ini" -o "$work/run" --resume >"$work/out" 2>"$work/err" &
    coordinator=$!
    sleep "$delay"
    kill -9 $coordinator 2>/dev/null
    wait $coordinator 2>/dev/null
    expect_no_workers
    if [ -s "$work/run/results.sqlite" ]; then
        # Not read-only: what the killed run left half-written is rolled back first.
        expect "integrity after kill $round" \
            "$(sqlite3 "$work/run/results.sqlite" 'PRAGMA integrity_check')" ok
    fi
done
[ "$(sql "$work/run" 'SELECT count(*) FROM trial')" -gt 0 ] || fail "no trial survived a kill"
run "$work/x.ini" "$work/run" --resume
expect "exit status of the last run" $? 0
expect_whole "$work/run" $total
expect "outcomes" "$(sql "$work/run" 'SELECT DISTINCT outcome FROM trials')" ok
