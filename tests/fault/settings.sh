#!/bin/sh
# fault/settings.sh: goal: a trial that did not run with its settings is invalid, and says which, and
# who changed it (trial.E1); what a strategy changes is what the trial is to run with. Method: workloads
# that lose GOGC in set-up and in operations, alone and under strategies that set it.
. "$(dirname "$0")/common.sh"

matrix() # WORKLOAD STRATEGIES [LINE OF [fixed]]
{
    printf '[experiment]\nname = s\nquestion = q\nworkload = %s\ntrials = 1\n' "$1"
    printf '[axes]\nstrategy = %s\nmutators = 1, 2\n[fixed]\n%s\n' "$2" "${3:-}"
}
of() # WORKLOAD STRATEGY: outcome and detail, of either number of mutators
{
    sql "$work/$1" "SELECT group_concat(said, ' and ') FROM (SELECT DISTINCT outcome || ': '
        || substr(detail, 1, instr(detail || '; last calls', '; last calls') - 1) AS said
        FROM trials WHERE id LIKE 'strategy=$2 %')"
}

chains='none, gc-off, percent-sets, percent-sets + gc-off'
for workload in leaves loses keeps; do
    matrix percent-$workload "$chains" >"$work/x.ini"
    run "$work/x.ini" "$work/$workload"
done
by_hand='workload/percent-leaves set it last'
expect "left in set-up" "$(of leaves none)" \
    "invalid: gogc: it was 50 when the operations began, not 100 as configured; $by_hand"
expect "left under gc-off" "$(of leaves gc-off)" \
    "invalid: gogc: it was 50 when the operations began, not off as a strategy wants; $by_hand"
by_hand='workload/percent-loses set it last'
expect "lost in an operation" "$(of loses none)" \
    "invalid: gogc: it was off when the operations ended, not 100 as configured; $by_hand"
expect "lost under a strategy" "$(of loses percent-sets)" \
    "invalid: gogc: it was off when the operations ended, not 75 as a strategy wants; $by_hand"
expect "off is off" "$(of loses gc-off)" 'ok: '
for strategy in none gc-off percent-sets 'percent-sets + gc-off'; do
    expect "put back under $strategy" "$(of keeps "$strategy")" 'ok: '
done
matrix percent-loses none 'gogc = off' >"$work/x.ini"
run "$work/x.ini" "$work/off"
expect "off, as configured" "$(sql "$work/off" "SELECT count(*) FROM trials
    WHERE outcome = 'ok'")" 2
