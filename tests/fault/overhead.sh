#!/bin/sh
# fault/overhead.sh: what a trial costs beside itself: medians of start (fork to first operation) and of
# the coordinator's own time (durable commit included) are under 10 ms.
. "$(dirname "$0")/common.sh"

[ -z "${STW_SANITIZE:-}" ] || skip "sanitizers are slow on purpose"
experiment 15 'none, presize' "$work/x.ini"
run "$work/x.ini" "$work/run"
expect "exit status" $? 0
for column in start_ns coordinator_ns; do
    median=$(sql "$work/run" "SELECT $column FROM trials ORDER BY $column LIMIT 1 OFFSET 30")
    echo "$column: median $median"
    [ "$median" -gt 0 ] && [ "$median" -lt 10000000 ] || fail "$column: median $median"
done
