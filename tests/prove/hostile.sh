#!/bin/sh
# prove/hostile.sh: goal: no order of threads, no tiny limit and no failing system call makes the
# collector lose a cell, stand still, or a trial compute something else.
# Method: hostile builds (tiny limits, delays at every edge) and builds with delays alone run rounds
# until the time is up: the stress program in a mode drawn from the seed, or a small matrix with
# audits, or all calls for memory failing one after the other. A round's seed is all its chance: it
# is printed first, and a failure comes with the one line that repeats it.
# usage: hostile.sh --seconds N [--seed S]      S: of the first round; default: from the clock
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

seconds=120 seed=$(($(date +%s) % 1000000))
while [ $# -gt 0 ]; do
    case $1 in
    --seconds) seconds=$2 ;;
    --seed) seed=$2 ;;
    *) echo "usage: hostile.sh --seconds N [--seed S]"; exit 2 ;;
    esac
    shift 2
done
need sqlite3
build hostile product gc_stress
build delays gc_stress

# draw COUNT: a number below it into $drawn; a linear congruence, good enough to pick settings
draw()
{
    state=$(((state * 1103515245 + 12345) % 2147483648))
    drawn=$(((state / 65536) % $1))
}

# pick WORD...: one of them into $picked
pick()
{
    draw $#
    shift $drawn
    picked=$1
}

# attempt COMMAND...: from the root; a failure ends it all
attempt()
{
    line=
    for word; do
        case $word in *' '*) line="$line '$word'" ;; *) line="$line $word" ;; esac
    done
    echo "seed $seed:$line"
    status=0
    (cd -- "$root" && timeout --foreground -s KILL 100 "$@") >"$work/log" 2>&1 || status=$?
    [ $status -ne 0 ] || return 0
    tail -20 "$work/log"
    keep "$work/log" "hostile-seed-$seed.log"
    [ $status -ne 137 ] || echo "it hangs"
    fail "seed $seed; again:$line"
}

stress_round()
{
    pick hostile hostile delays; preset=$picked
    pick stw concurrent concurrent rescan; set -- "mode=$picked"
    pick 1 2 3 4 8 16; mutators=$picked
    pick 1 2 3 4; set -- "$@" "processors=$picked"
    if [ $mutators -lt 8 ]; then pick 0 0 0 1 3 17; else pick 0 50; fi
    set -- "$@" "stress=$picked"
    pick 5 20 50 200; set -- "$@" "gogc=$picked"
    pick 0 0 100 2000; set -- "$@" "period=$picked"
    draw 8
    if [ $drawn -eq 0 ]; then
        mutators=1
        set -- "$@" stepped=1
    fi
    attempt "build/$preset/tests/gc_stress" "seed=$seed" ms=1500 "$@" "mutators=$mutators"
    stresses=$((stresses + 1))
}

matrix_round()
{
    pick none presize chunked-merge; strategies=$picked
    pick gc-off 'gc-off + presize' pool; strategies="$strategies, $picked"
    draw 200; n="$((drawn + 1)), $((drawn + 9))"
    pick stw concurrent rescan; mode=$picked
    pick int string; key=$picked
    pick 20 100 400; gogc=$picked
    draw 3; mutators=$((drawn + 1))
    pick threads threads stepped; schedule=$picked
    [ "$schedule" = threads ] || mutators=1
    rm -rf "$root/$run"
    attempt env "STW_SEED=$seed" build/hostile/stwlab run experiments/merge-threshold/matrix.ini \
        -o $run --quiet --audit --set experiment.trials=1 --set "axes.n=$n" \
        --set "axes.strategy=$strategies" --set "fixed.gc.mode=$mode" --set "fixed.key=$key" \
        --set "fixed.gogc=$gogc" --set "fixed.mutators=$mutators" \
        --set "fixed.schedule=$schedule" --set fixed.merges=3 --set fixed.live=2
    trials=$((trials + $(sql "$root/$run" "SELECT count(*) FROM trials WHERE outcome = 'ok'")))
}

failure_round()
{
    pick stw concurrent rescan
    attempt env "STW_SEED=$seed" sh tests/prove/failures.sh build/hostile/stwlab "$picked"
    set -- $(tail -1 "$work/log")
    failures=$((failures + $1 + ${10}))
}

run=build/hostile/hostile-round
first=$seed stresses=0 trials=0 failures=0 began=$(date +%s)
while [ $(($(date +%s) - began)) -lt "$seconds" ]; do
    state=$seed
    draw 1 # the first number hardly depends on the seed
    draw 12
    case $drawn in
    0) failure_round ;;
    1 | 2 | 3) matrix_round ;;
    *) stress_round ;;
    esac
    seed=$((seed + 1))
done
echo "seeds $first to $((seed - 1)): $stresses stress runs, $trials trials audited," \
    "$failures calls failed"
