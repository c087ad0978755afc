#!/bin/sh
# prove/capacity.sh: goal: 8 GiB of live heap, 100,000 pauses in one trial and 64 mutators work; and
# stops grow with what they should. Method: a trial each; the tables of experiments/stop-scaling.
. "$(dirname -- "$(readlink -f -- "$0")")/common.sh"

need sqlite3
free_gib=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) >> 20))
[ $free_gib -ge 18 ] || skip "needs 18 GiB of free memory, there are $free_gib"
build release product
stwlab=$root/build/release/stwlab
scaling=$root/experiments/stop-scaling

# run NAME FILE [OPTION]...: every trial has to be ok
run()
{
    name=$1 file=$2
    shift 2
    from=$(date +%s)
    "$stwlab" run "$file" -o "$work/$name" --quiet "$@" >"$work/log" 2>&1 && {
        echo "$name: $(($(date +%s) - from)) s"
        return 0
    }
    cat "$work/log"
    sql "$work/$name" "SELECT id, outcome, detail FROM trials WHERE outcome != 'ok'"
    keep "$work/$name" "capacity-$name"
    fail "$name"
}

# matrix MUTATORS STRESS MERGES: a cell of small merges
matrix()
{
    cat <<END
[experiment]
name     = capacity
question = Does it work?
workload = map-merge
trials   = 1
seed     = 1
timeout  = 600s
[axes]
n        = 1000
[fixed]
mutators  = $1
gc.stress = $2
merges    = $3
live      = 2
key       = string
END
}

matrix 1 1 1200 >"$work/pauses.ini"
run pauses "$work/pauses.ini"
pauses=$(sql "$work/pauses" "SELECT count(*) FROM pauses")
[ "$pauses" -ge 100000 ] || fail "only $pauses pauses in a trial"

matrix 64 100 20 >"$work/mutators.ini"
run mutators "$work/mutators.ini" --audit --set fixed.gc.processors=2
crowd=$(sql "$work/mutators" "SELECT count(*) FROM pauses")
[ "$crowd" -gt 0 ] || fail "64 mutators were never stopped"

run heap "$scaling/heap.ini" --set experiment.trials=1
run heap-8g "$scaling/heap-8g.ini"
run modes "$scaling/modes.ini" --set experiment.trials=1
echo 'the median stop against the live heap, mode concurrent:'
sh "$scaling/table.sh" "$work/heap" "$work/heap-8g" | tee "$work/heap.tsv"
echo 'stops against live heap and stack, three modes:'
sh "$scaling/table.sh" "$work/modes" | tee "$work/modes.tsv"
keep "$work/heap.tsv" capacity-heap.tsv
keep "$work/modes.tsv" capacity-modes.tsv
echo "8 GiB live, $(digits "$pauses") pauses in a trial, 64 mutators with $(digits "$crowd") stops"
