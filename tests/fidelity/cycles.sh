#!/bin/sh
# fidelity/cycles.sh: goal: cycles come as often as Go's, each with Go's goal and trigger. Method:
# the cases below in both; cycle by cycle where Go's own runs repeat (docs/reference/fidelity.md
# says when), else by their number. How fast marking is has a say in all of it, and other work on
# the machine delays marking: what differs is tried again, and counts if it does so three times.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

failed=0 cases=0 attempts=3

# case_of NUMBER NAME RULE KEY=VALUE...: workload=NAME is the experiment's, all else is fixed.
# RULE: number, of cycles alone; last, the goal at the end too; or GOAL:TRIGGER, the first cycles of
# which goals and triggers are compared.
case_of()
{
    number=$1 name=$2 rule=$3
    shift 3
    [ "${nth:-$number}" = "$number" ] || return 0
    for setting; do
        shift
        case $setting in
        workload=*) set -- "$@" --set "experiment.$setting" ;;
        *) set -- "$@" --set "fixed.$setting" ;;
        esac
    done
    cases=$((cases + 1)) attempt=1
    until attempt_of "$@"; do
        if [ $attempt -eq $attempts ]; then
            failed=1
            cat "$work/mismatches"
            echo "  reproduce: $again --only cycles --nth $number"
            break
        fi
        echo "      once more: $(head -1 "$work/mismatches")"
        attempt=$((attempt + 1))
    done
    [ -z "$nth" ] || show_cycles
}

# attempt_of OPTION...: runs the case; what differs is in $work/mismatches
attempt_of()
{
    : >"$work/mismatches"
    both cycles --set "experiment.seed=$seed" "$@"
    broken=$(sql "SELECT id || ' is ' || outcome || ': ' || detail FROM trials
        WHERE outcome != 'ok'")
    if [ -n "$broken" ]; then
        mismatch "$broken"
    else
        compare
    fi
    [ ! -s "$work/mismatches" ]
}

mismatch() # WHAT
{
    echo "MISMATCH cycles $number ($name): $1" >>"$work/mismatches"
}

# The cycles of both side by side.
pairs="
    WITH lab AS (SELECT * FROM cycles WHERE id LIKE 'runtime=stwlab%'),
         go AS (SELECT * FROM cycles WHERE id LIKE 'runtime=go%'),
         pair AS (SELECT lab.cycle AS cycle,
            lab.goal_bytes AS lab_goal, go.goal_bytes AS go_goal,
            lab.triggered_bytes AS lab_trigger, go.triggered_bytes AS go_trigger,
            100.0 * (lab.goal_bytes - go.goal_bytes) / go.goal_bytes AS goal_off,
            100.0 * (lab.triggered_bytes - go.triggered_bytes) / go.triggered_bytes AS trigger_off
            FROM lab JOIN go ON lab.cycle = go.cycle WHERE go.goal_bytes IS NOT NULL),
         total AS (SELECT (SELECT count(*) FROM lab) AS labs, (SELECT count(*) FROM go) AS gos)"

show_cycles()
{
    sqlite3 -readonly -column -header "$work/run/results.sqlite" "$pairs SELECT * FROM pair"
}

compare()
{
    sql "$pairs SELECT printf('  %d %s: %d cycles, go %d', $number, '$name', labs, gos) FROM total"
    wrong=$(sql "$pairs SELECT printf('%d cycles, go %d', labs, gos) FROM total
        WHERE gos = 0 OR abs(labs - gos) > max(1, 0.05 * gos)")
    [ -z "$wrong" ] || mismatch "$wrong"
    case $rule in
    last) compare_last ;;
    *:*) compare_each "${rule%:*}" "${rule#*:}" ;;
    esac
}

compare_last()
{
    off="SELECT lab.value AS lab, go.value AS go, 100.0 * (lab.value - go.value) / go.value AS off
        FROM counters AS lab JOIN counters AS go ON lab.name = go.name
        WHERE lab.name = 'heap.goal_bytes' AND lab.id LIKE 'runtime=stwlab%'
            AND go.id LIKE 'runtime=go%'"
    sql "SELECT printf('      goal at the end %+.2f %%', off) FROM ($off)"
    wrong=$(sql "SELECT printf('goal at the end %d, go %d (%+.1f %%)', lab, go, off) FROM ($off)
        WHERE abs(off) > 2")
    [ -z "$wrong" ] || mismatch "$wrong"
}

compare_each() # GOAL TRIGGER
{
    told=$(sql "$pairs SELECT printf('%d goals within %.2f %%, %d triggers within %.2f %%',
            count(*) FILTER (WHERE cycle >= $1), max(abs(goal_off)) FILTER (WHERE cycle >= $1),
            count(*) FILTER (WHERE cycle >= $2), max(abs(trigger_off)) FILTER (WHERE cycle >= $2))
        FROM pair")
    echo "      $told"
    case $told in 0* | *' 0 triggers'*) mismatch 'no cycle can be compared' ;; esac
    wrong=$(sql "$pairs
        SELECT printf('cycle %d: goal %d, go %d (%+.1f %%); trigger %d, go %d (%+.1f %%)', cycle,
            lab_goal, go_goal, goal_off, lab_trigger, go_trigger, trigger_off)
        FROM pair WHERE cycle >= $1 AND abs(goal_off) > 2
            OR cycle >= $2 AND abs(trigger_off) > 2 LIMIT 3")
    [ -z "$wrong" ] || mismatch "$wrong"
}

# Not at full speed: the less garbage is made while a cycle marks, the less the runway varies.
plain='workload=steady-heap force=1 operations=4 work=3000'
# shellcheck disable=SC2086 # word splitting wanted
{
    case_of 1 'no pointers, GOGC=100' 2:2 $plain live=256MiB gogc=100 pieces=82000
    case_of 2 'no pointers, GOGC=50' 2:2 $plain live=256MiB gogc=50 pieces=41000
    case_of 3 'no pointers, GOGC=200' 2:2 $plain live=128MiB gogc=200 pieces=82000
}
case_of 4 'pointers, GOGC=100' 2:6 workload=steady-heap force=1 operations=6 live=128MiB \
    pointers=8 pieces=41000
case_of 5 'limit of 1 GiB' 3:3 workload=steady-heap live=128MiB gogc=off gc.limit=1GiB \
    operations=24 pieces=41000 work=3000
case_of 6 'forced' last workload=tree depth=20 operations=20
case_of 7 'merges, 64 maps live' number workload=map-merge n=65536 live=64 merges=600 key=int
case_of 8 'pointers, slow' number workload=steady-heap live=32MiB pointers=8 operations=60 \
    work=20000
echo "cycles: $cases cases, $([ $failed -eq 0 ] && echo no mismatch || echo MISMATCHES)"
exit $failed
