#!/bin/sh
# fault/overhead.sh: what a trial costs beside itself: medians of start (vfork to first operation,
# the durable commit of the trial before included) and of the coordinator's own time are under 10 ms.
. "$(dirname "$0")/common.sh"

[ -z "${STW_SANITIZE:-}" ] || skip "sanitizers are slow on purpose"
experiment 15 'none, presize' "$work/x.ini"

# A busy machine makes everything slow, the start of the same program as well: on one, a trial may
# cost as much as five of those, measured in turn with it. The run is kept in memory where that can be
# had, so that no disk is measured.
memory=$(mktemp -d /dev/shm/stw-fault.XXXXXX 2>/dev/null) || memory=$(mktemp -d "$work/run.XXXXXX")
trap 'rm -rf "$work" "$memory"' EXIT

starts()
{
    for each in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        from=$(date +%s%N)
        "$STWLAB" --version >/dev/null
        echo $(($(date +%s%N) - from))
    done >>"$work/starts"
}

measure() # RUN
{
    : >"$work/starts"
    starts
    run "$work/x.ini" "$memory/$1"
    expect "exit status" $? 0
    starts
    start=$(sort -n "$work/starts" | sed -n 15p)
    limit=$((5 * start > 10000000 ? 5 * start : 10000000))
    for column in start_ns coordinator_ns; do
        median=$(sql "$memory/$1" "SELECT $column FROM trials ORDER BY $column LIMIT 1 OFFSET 29")
        echo "$column: median $median, the limit is $limit"
        [ "$median" -gt 0 ] || fail "$column was not measured"
        [ "$median" -lt $limit ] || return 1
    done
}

for attempt in 1 2 3; do
    measure "run$attempt" && exit 0
done
fail "none of three runs stayed below the limit"
