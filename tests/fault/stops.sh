#!/bin/sh
# fault/stops.sh: goal: a plugin that waits for the world to start from inside a stop ends its trial
# at once, under a rule's name; one that crashes or hangs in a stop, or aborts in a slot that is
# called once, is named. Method: cycle hooks and a workload that do so, watched and unwatched.
. "$(dirname "$0")/common.sh"

experiment 1 'stop-roots, stop-crashes, stop-hangs' "$work/x.ini" 'timeout = 3s'
run "$work/x.ini" "$work/run" --set axes.n=200 --set fixed.gc.stress=2 --set fixed.mutators=2 \
    --set axes.gc.watch=false,true
expect "exit status" $? 1

expect_both() # WHAT STRATEGY BEGINNING PART
{
    expect "$1" "$(sql "$work/run" "SELECT count(*) FROM trials WHERE id LIKE '%strategy=$2%'
        AND outcome || ': ' || detail LIKE '$3%' AND detail LIKE '%$4%'")" 2
}
rule='stop-blocks: strategy/stop-roots called root_add while the world was stopped (cycle hook)'
expect_both "a root in a hook" stop-roots "invalid: $rule" 'in a stop: strategy/stop-roots.cycle_hook'
expect_both "a crash in a hook" stop-crashes 'crashed: SIGSEGV' \
    'last calls: in a stop: strategy/stop-crashes.cycle_hook; mutator '
expect_both "a hook that hangs" stop-hangs 'timed-out: ' \
    'last calls: in a stop: strategy/stop-hangs.cycle_hook; mutator '
expect "nobody waited for the rule" "$(sql "$work/run" "SELECT max(wall_ns) < 2500000000 FROM trials
    WHERE id LIKE '%strategy=stop-roots%'")" 1

printf '[experiment]\nname = a\nquestion = q\nworkload = aborts\ntrials = 1\n[axes]\nlate = no, yes\n' \
    >"$work/y.ini"
run "$work/y.ini" "$work/aborts"
expect "exit status" $? 1
for slot in no:operations yes:expected; do
    detail=$(sql "$work/aborts" "SELECT outcome || ': ' || detail FROM trials
        WHERE id LIKE '%late=${slot%:*}'")
    case $detail in
    "crashed: SIGABRT"*"last calls: workload/aborts.${slot#*:} < "*) ;;
    *) fail "aborts in ${slot#*:}: $detail" ;;
    esac
done
