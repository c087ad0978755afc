#!/bin/sh
# fault/pause_watch.sh: goal: what a plugin may not do inside a stop is found, and the plugin named.
# Method: strategies whose cycle hooks sleep, call malloc, touch fresh memory, and allocate managed
# memory, alone and behind a blameless one of the same file, in trials that collect often: without
# gc.watch, where only the last is noticed, and with it. Calls of malloc are not seen in release
# builds, waits not where threads wait for the build's own reasons (core/prim/usage.h). The pool
# (pool.P5) and the allocator must come out clean. Rules: host.HH1.
. "$(dirname "$0")/common.sh"

names='pause-nothing, pause-sleeps, pause-mallocs, pause-touches, pause-allocates'
names="$names, pause-nothing + pause-sleeps, pause-mallocs + pause-nothing, pool"
experiment 1 "$names" "$work/x.ini"

run_with() # WATCH MODE
{
    run "$work/x.ini" "$work/$1-$2" --set axes.n=200 --set fixed.gc.stress=2 \
        --set fixed.gc.watch="$1" --set fixed.gc.mode="$2"
    expect "exit status" $? 1
}
of() # RUN STRATEGY COLUMN
{
    sql "$work/$1" "SELECT $3 FROM trials WHERE id = 'strategy=$2'"
}
counter() # RUN STRATEGY NAME
{
    sql "$work/$1" "SELECT value FROM counters WHERE id = 'strategy=$2' AND name = '$3'"
}
expect_invalid() # RUN STRATEGY BEGINNING END
{
    expect "$1 $2" "$(of "$1" "$2" outcome)" invalid
    case $(of "$1" "$2" detail) in
    "$3"*"$4 while the world was stopped (cycle hook)"*) ;;
    *) fail "$1 $2: $(of "$1" "$2" detail)" ;;
    esac
}
expect_blocks() # RUN STRATEGY
{
    expect_invalid "$1" "$2" 'stop-blocks: strategy/pause-sleeps blocked ' ' times'
}
expect_allocates() # RUN
{
    expect_invalid "$1" pause-allocates \
        'stop-allocates: strategy/pause-allocates allocated managed memory' ''
}
expect_mallocs() # RUN STRATEGY
{
    expect_invalid "$1" "$2" \
        'stop-allocates: strategy/pause-mallocs called malloc or free 10' ' times'
}
expect_clean() # RUN STRATEGY
{
    expect "$1 $2" "$(of "$1" "$2" "outcome || ' ' || detail")" 'ok '
    [ "$(counter "$1" "$2" watch.calls)" -ge 20 ] || fail "$1 $2: hardly a call was watched"
}

# Untold, builds for finding faults watch and others do not.
experiment 1 none "$work/default.ini"
run "$work/default.ini" "$work/default" --set axes.n=200 --set fixed.gc.stress=2
expect "exit status" $? 0
build=$(sql "$work/default" "SELECT value FROM environment WHERE key = 'build_type'")
watched=$(sql "$work/default" "SELECT count(*) > 0 FROM counters WHERE name = 'watch.calls'")
is_default=1 sees_malloc=yes
case $build in release*) is_default=0 ;; esac
[ "$build${STW_SANITIZE:-}" != release ] || sees_malloc=no
expect "watched by default" "$watched" $is_default

for mode in stw concurrent; do
    off=false-$mode on=true-$mode
    run_with false $mode
    expect_allocates $off
    expect "others, unwatched" "$(sql "$work/$off" "SELECT count(*) FROM trials
        WHERE outcome = 'ok'")" 7
    expect "counters, unwatched" "$(sql "$work/$off" "SELECT count(*) FROM counters
        WHERE name LIKE 'watch.%'")" 0
    expect "faults, unwatched" "$(sql "$work/$off" "SELECT count(page_faults) FROM pauses")" 0

    run_with true $mode
    expect_allocates $on
    expect_clean $on pause-nothing
    expect_clean $on pause-touches
    expect_clean $on pool
    faults=$(counter $on pause-touches watch.faults:strategy/pause-touches)
    [ "${faults:-0}" -ge 80 ] || fail "five times 16 pages make ${faults:-no} faults"
    within=$(sql "$work/$on" "SELECT sum(page_faults) FROM pauses
        WHERE id = 'strategy=pause-touches'")
    [ "$within" -ge "$faults" ] || fail "$faults faults of hooks, $within of whole stops"
    if [ "$sees_malloc" = yes ]; then
        expect_mallocs $on pause-mallocs
        expect_mallocs $on 'pause-mallocs + pause-nothing'
    else
        expect_clean $on pause-mallocs
        expect "$on counts malloc" "$(counter $on pause-nothing watch.allocs)" ''
    fi
    [ -n "$(counter $on pause-nothing watch.blocks)" ] ||
        { skip_part "waits in mode $mode: this build has its own"; continue; }
    expect_blocks $on pause-sleeps
    expect_blocks $on 'pause-nothing + pause-sleeps'
done
