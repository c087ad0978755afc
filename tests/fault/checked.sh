#!/bin/sh
# fault/checked.sh: goal: with --check, a plugin that does what the annotations of its slot do not
# allow ends its trial under the annotation's name, with its own and what it did; and whoever does
# nothing of the kind runs as without.
# Method: a workload and a strategy that do one such thing each (plugins/unruly.c); then all plugins
# that are installed. Rules: host.PX1-PX5.
. "$(dirname "$0")/common.sh"

# DOES|OUTCOME|DETAIL
workload='nothing|ok|
adds-hook|invalid|may-block: workload/unruly called cycle_hook_add in map_type, which may not wait*
counts-on-a-thread|invalid|on-mutator: workload/unruly called map/go-buckets.count on a thread that is no mutator*
grows-on-a-thread|invalid|on-mutator: workload/unruly called growth on a thread that is no mutator*
uses-anothers-mutator|invalid|on-mutator: workload/unruly called map/go-buckets.count for a mutator of another thread*
passes-its-own-self|invalid|A5: workload/unruly called count of a plugin with another'"'"'s self*
allocates|invalid|may-alloc: workload/unruly allocated managed memory in last_map, which may not*
allocates-much|invalid|may-alloc: workload/unruly called alloc_slow in last_map, which may not allocate*
polls|invalid|may-poll: workload/unruly called safepoint in last_map, which may not come to a safepoint*
needs-a-map|invalid|may-alloc: workload/unruly called strategy/unruly.need_map in last_map, which may not allocate*
assigns|invalid|may-alloc: workload/unruly called map/go-buckets.assign in last_map, which may not allocate*
sleeps|invalid|may-block: workload/unruly waited * ms in all in slots that may not, the last time in map_type*'
strategy='nothing|ok|
allocates-in-a-hook|invalid|may-alloc: strategy/unruly called alloc_slow in cycle end hook, which may not allocate*
calls-the-destroyed|invalid|lifecycle: strategy/unruly called strategy/none.begin, which is destroyed*
links-itself|invalid|exclusive: strategy/unruly called strategy/unruly.linked while another call of it is under way*
yields-at-safepoints|invalid|may-poll: strategy/unruly called yield in safepoint, which may not come to a safepoint*
begins-a-request|invalid|may-block: strategy/unruly called strategy/none.request_begin in need_map, which may not wait*'

# ThreadSanitizer tells races first, and waits by itself, so that waits are not judged there.
if [ "${STW_SANITIZE:-}" = thread ]; then
    skip_part "waits and races: ThreadSanitizer tells races first, and waits by itself"
    workload=$(echo "$workload" | grep -v -e '^uses-anothers-mutator|' -e '^sleeps|')
    strategy=$(echo "$strategy" | grep -v '^allocates-in-a-hook|')
fi

names() # TABLE: a list of them
{
    echo "$1" | cut -d '|' -f 1 | paste -s -d , -
}
matrix() # FILE AXIS
{
    {
        printf '[experiment]\nname = unruly\nquestion = What becomes of a trial?\n'
        printf 'workload = unruly\ntrials = 1\n[axes]\n%s\n' "$2"
        printf '[fixed]\nstrategy = unruly + none\nmutators = 2\n'
    } >"$1"
}
matrix "$work/w.ini" "does = $(names "$workload")"
run "$work/w.ini" "$work/workload" --check
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each workload 'does=%s' "$workload"
"$STWLAB" show --wide "$work/workload" >"$work/shown"
grep -q '^not for timing: measured with check=true$' "$work/shown" ||
    fail "show does not say that the trials were checked"

matrix "$work/s.ini" "strategy.unruly.does = $(names "$strategy")"
run "$work/s.ini" "$work/strategy" --check --set fixed.gc.stress=10
expect "exit status ($(head -3 "$work/err"))" $? 1
expect_each strategy 'strategy.unruly.does=%s' "$strategy"

# What nobody looks at is not judged: these are harmless.
matrix "$work/u.ini" 'does = allocates, assigns'
run "$work/u.ini" "$work/unchecked" --set fixed.check=false
expect "exit status unchecked ($(head -3 "$work/err"))" $? 0
"$STWLAB" show "$work/unchecked" | grep 'not for timing.*check' && fail "unchecked, and said to be"

# All that is installed.
every() # WORKLOAD LINE...: small trials, by threads and stepped, with each strategy and allocator
{
    workload=$1
    shift
    {
        printf '[experiment]\nname = every\nquestion = Is it invalid?\n'
        printf 'workload = %s\ntrials = 1\n[axes]\n' "$workload"
        printf 'strategy = pool, gc-off + presize + chunked-merge\n'
        printf 'allocator = go, bump\nschedule = threads, stepped\n'
        printf '[fixed]\nmutators = 2\n'
        for line; do printf '%s\n' "$line"; done
    } >"$work/e.ini"
    run "$work/e.ini" "$work/$workload" --check
    expect "exit status of $workload ($(cat "$work/err" "$work/out" | tail -8))" $? 0
}
every map-merge 'n = 500' 'merges = 10' 'gc.stress = 50'
every map-churn 'n = 500' 'maps = 3' 'gc.stress = 50'
every map-check 'steps = 300' 'operations = 4'
every map-steal 'keys = 300' 'operations = 1'
every alloc-check 'steps = 500' 'operations = 3'
every alloc-sizes 'count = 200' 'gc.stress = 50'
every alloc-small 'n = 2000' 'live = 64' 'operations = 3' 'gc.stress = 50'
every live-graph 'live = 256KiB' 'allocate = 64KiB' 'operations = 5'
every open-loop 'n = 500' 'operations = 500'
every slice-grow 'count = 100' 'gc.stress = 50'
every steady-heap 'live = 256KiB' 'operations = 5'
every tree 'depth = 6' 'operations = 5'
